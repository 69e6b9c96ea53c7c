// Path resolution without openat2: each component is opened without following symbolic links, each
// link is read and its target walked in the same way, and ".." goes back to a directory that was
// opened on the way here, so that no rename meanwhile can lead out.
#include "internal.h"

#include <errno.h>

// Directories between the start and where the walk is: as many as a path can name. (A descriptor
// each: a process that may have fewer gets EMFILE.)
#define MAX_DEPTH (WASI_PATH_MAX / 2)
// The kernel's limit on links that one path may follow.
#define MAX_LINKS 40
// The last component was a link, whose target is the rest of the path now. No -errno: those that
// openat can fail with include EAGAIN, of a file that another process has leased.
#define WAS_LINK (-4096)

struct walk {
  int directories[MAX_DEPTH]; // [0] is the caller's
  int depth;
  int links;
  size_t length;
  char rest[WASI_PATH_MAX]; // what is still to be walked
};

static void close_all(struct walk *walk) {
  while (walk->depth > 0)
    sys1(SYS_close, walk->directories[walk->depth--]);
}

// Puts the target of a link before the rest of the path. `slash` says that one followed the link's
// name.
static int follow(struct walk *walk, const char *name, bool slash) {
  char target[WASI_PATH_MAX];
  if (++walk->links > MAX_LINKS)
    return -ELOOP;
  long size = sys4(SYS_readlinkat, walk->directories[walk->depth], name, target, sizeof target - 1);
  if (sys_failed(size))
    return (int)size;
  if (size == 0)
    return -ENOENT;
  if (target[0] == '/')
    return -EXDEV;
  size_t rest = strlen(walk->rest);
  if ((size_t)size + 1 + rest + 1 > sizeof walk->rest)
    return -ENAMETOOLONG;
  if (slash)
    target[size++] = '/';
  memmove(walk->rest + size, walk->rest, rest + 1);
  memcpy(walk->rest, target, (size_t)size);
  return 0;
}

// Cuts the next component off the rest. `more` says that a slash followed it.
static int next(struct walk *walk, char *name, bool *more) {
  size_t length = 0;
  while (walk->rest[length] && walk->rest[length] != '/')
    length++;
  if (length > 255)
    return -ENAMETOOLONG;
  memcpy(name, walk->rest, length);
  name[length] = 0;
  size_t used = length;
  while (walk->rest[used] == '/')
    used++;
  *more = used > length;
  memmove(walk->rest, walk->rest + used, strlen(walk->rest + used) + 1);
  return 0;
}

static int enter(struct walk *walk, const char *name) {
  if (walk->depth + 1 == MAX_DEPTH)
    return -ENAMETOOLONG;
  long opened = sys4(SYS_openat, walk->directories[walk->depth], name,
                     O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
  if (opened == -ENOTDIR || opened == -ELOOP) {
    int followed = follow(walk, name, true);
    return followed == -EINVAL ? -ENOTDIR : followed; // EINVAL: no link, just no directory
  }
  if (sys_failed(opened))
    return (int)opened;
  walk->directories[++walk->depth] = (int)opened;
  return 0;
}

static int leave(struct walk *walk) {
  if (walk->depth == 0)
    return -EXDEV;
  sys1(SYS_close, walk->directories[walk->depth--]);
  return 0;
}

// Opens the last component: a descriptor, -errno or WAS_LINK.
static int open_last(struct walk *walk, const char *name, bool slash, int flags, uint32_t mode) {
  int here = walk->directories[walk->depth];
  if (slash && (flags & O_CREAT) != 0)
    return -EISDIR; // as Linux says
  bool follows =
      ((flags & O_NOFOLLOW) == 0 || slash) && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
  int wanted = flags | O_NOFOLLOW | (slash ? O_DIRECTORY : 0);
  for (;;) {
    // O_PATH opens links themselves, and O_DIRECTORY reports them as no directory: look first.
    char byte;
    if (follows && !sys_failed(sys4(SYS_readlinkat, here, name, &byte, 1))) {
      int followed = follow(walk, name, slash);
      return followed != 0 ? followed : WAS_LINK;
    }
    // Should a link have appeared since, O_NOFOLLOW makes this fail: look again, but not for ever.
    long opened = sys4(SYS_openat, here, name, wanted, mode);
    if (!follows || opened != -ELOOP || ++walk->links > MAX_LINKS)
      return (int)opened;
  }
}

int wasmaot_open_walking(int directory, const char *path, int flags, uint32_t mode) {
  struct walk walk;
  char name[256];
  walk.directories[0] = directory;
  walk.depth = 0;
  walk.links = 0;
  size_t size = strlen(path) + 1;
  if (size > sizeof walk.rest)
    return -ENAMETOOLONG;
  memcpy(walk.rest, path, size);
  int result = 0;
  while (result == 0) {
    bool slash;
    result = next(&walk, name, &slash);
    if (result != 0)
      break;
    bool last = walk.rest[0] == 0;
    bool is_dot = strcmp(name, ".") == 0;
    bool is_dot_dot = strcmp(name, "..") == 0;
    if (is_dot_dot && (result = leave(&walk)) != 0)
      break;
    if (last && (is_dot || is_dot_dot)) {
      result = (int)sys4(SYS_openat, walk.directories[walk.depth], ".", flags, mode);
      break;
    }
    if (is_dot || is_dot_dot)
      continue;
    if (!last) {
      result = enter(&walk, name);
      continue;
    }
    result = open_last(&walk, name, slash, flags, mode);
    if (result == WAS_LINK) {
      result = 0;
      continue;
    }
    break;
  }
  close_all(&walk);
  return result;
}
