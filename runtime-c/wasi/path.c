// Paths of the guest. They never lead outside the directory that they start from: not by "..", not
// by a symbolic link (whatever its target looks like when), not by a trailing slash that makes one
// be followed.
#include "internal.h"

#include <errno.h>

#ifndef SYS_openat2
#define SYS_openat2 437
#endif

// struct open_how and flags of linux/openat2.h, which C libraries don't bring along.
struct open_how {
  uint64_t flags;
  uint64_t mode;
  uint64_t resolve;
};
#define RESOLVE_NO_MAGICLINKS 0x02
#define RESOLVE_BENEATH 0x08

// How often a resolution is tried again when something was renamed under it (EAGAIN).
#define ATTEMPTS 128

uint32_t wasmaot_wasi_path(struct wasmaot_wasi *wasi, uint32_t pointer, uint32_t size,
                           struct wasmaot_path *path) {
  if (size >= sizeof path->bytes)
    return WASI_ENAMETOOLONG;
  const void *bytes = wasmaot_guest(wasi, pointer, size);
  if (!bytes)
    return WASI_EFAULT;
  memcpy(path->bytes, bytes, size);
  path->bytes[size] = 0;
  if (size == 0)
    return WASI_ENOENT;
  if (strlen(path->bytes) != size)
    return WASI_EILSEQ; // a NUL: what was checked is not what the kernel would see
  if (path->bytes[0] == '/' && CHECKS_PATHS)
    return WASI_EPERM;
  return WASI_SUCCESS;
}

int wasmaot_open_beneath(int directory, const char *path, int flags, uint32_t mode) {
  if (!CHECKS_PATHS)
    return (int)sys4(SYS_openat, directory, path, flags, mode);
  struct open_how how = {
      .flags = (uint64_t)(uint32_t)flags,
      .mode = mode,
      // The kernel refuses whatever would leave the directory, atomically. Magic links
      // (/proc/*/fd/*) jump to anywhere without a path.
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
  };
  long result = -EAGAIN;
  for (int i = 0; i < ATTEMPTS && result == -EAGAIN; i++)
    result = sys4(SYS_openat2, directory, path, &how, sizeof how);
  // Before Linux 5.6, and under filters of containers that don't know the call (EPERM); or
  // something is renamed so often that it never gets through (EAGAIN), which does not disturb the
  // walk. What is a real error comes again from there.
  if (result == -ENOSYS || result == -EPERM || result == -EAGAIN)
    return wasmaot_open_walking(directory, path, flags, mode);
  return (int)result;
}

uint32_t wasmaot_wasi_path_errno(int result) {
  return result == -EXDEV ? WASI_EPERM : wasmaot_wasi_errno(result);
}

uint32_t wasmaot_wasi_place(const struct wasmaot_descriptor *descriptor, struct wasmaot_path *path,
                            struct wasmaot_place *place) {
  char *bytes = path->bytes;
  size_t end = strlen(bytes);
  // Trailing slashes stay with the last component: the calls that take it look it up without
  // following, and know what a slash demands.
  while (end > 0 && bytes[end - 1] == '/')
    end--;
  size_t start = end;
  while (start > 0 && bytes[start - 1] != '/')
    start--;
  if (!CHECKS_PATHS)
    start = 0;
  place->last = bytes + start;
  place->owned = start > 0;
  place->directory = descriptor->host;
  // The calls that take the last component refuse to work on "." or "..", but in their own words,
  // and the second may lead out.
  if (end - start == 2 && memcmp(place->last, "..", 2) == 0) {
    int above = wasmaot_open_beneath(descriptor->host, bytes, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    place->owned &= above >= 0;
    if (above < 0)
      return wasmaot_wasi_path_errno(above);
    sys1(SYS_close, above);
  }
  if (!place->owned)
    return WASI_SUCCESS;
  bytes[start - 1] = 0;
  int opened = wasmaot_open_beneath(descriptor->host, bytes, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  if (opened < 0) {
    place->owned = false;
    return wasmaot_wasi_path_errno(opened);
  }
  place->directory = opened;
  return WASI_SUCCESS;
}

void wasmaot_wasi_leave(const struct wasmaot_place *place) {
  if (place->owned)
    sys1(SYS_close, place->directory);
}
