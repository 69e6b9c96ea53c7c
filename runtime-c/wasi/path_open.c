// Opening files.
#include "internal.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <time.h>

enum { OFLAG_CREAT = 1, OFLAG_DIRECTORY = 2, OFLAG_EXCL = 4, OFLAG_TRUNC = 8 };

static int host_flags(uint32_t oflags, uint32_t fdflags, uint64_t rights) {
  int flags = O_CLOEXEC | O_NOCTTY; // a terminal of the guest's choice must not become ours
  bool writes = (rights & RIGHT_FD_WRITE) != 0;
  flags |= writes ? (rights & RIGHT_FD_READ ? O_RDWR : O_WRONLY) : O_RDONLY;
  if (oflags & OFLAG_CREAT)
    flags |= O_CREAT;
  if (oflags & OFLAG_DIRECTORY)
    flags |= O_DIRECTORY;
  if (oflags & OFLAG_EXCL)
    flags |= O_EXCL;
  if (oflags & OFLAG_TRUNC)
    flags |= O_TRUNC;
  if (fdflags & FDFLAG_APPEND)
    flags |= O_APPEND;
  if (fdflags & FDFLAG_DSYNC)
    flags |= O_DSYNC;
  if (fdflags & FDFLAG_NONBLOCK)
    flags |= O_NONBLOCK;
  if (fdflags & (FDFLAG_RSYNC | FDFLAG_SYNC))
    flags |= O_SYNC;
  return flags;
}

// Whether a guest must not have this file although it stands below a granted directory. The files
// of procfs are the kernel's view of processes: /proc/self/mem is this very program's memory, by
// which a guest that was granted "/" would leave its sandbox; environ has the variables that were
// not granted. Only who grants a directory of procfs itself means them, and nobody may write them.
static bool is_withheld(const struct wasmaot_descriptor *parent, int host,
                        const struct stat *status) {
  // None of them takes up space, which spares nearly all other files the system call.
  return CHECKS_PATHS && !parent->is_of_processes && !S_ISDIR(status->st_mode) &&
         status->st_blocks == 0 && wasmaot_is_of_procfs(host);
}

// ---- In a host that may interrupt -------------------------------------------------------------
//
// In openat the kernel waits for the other end of a FIFO, and for another process to give up its
// lease of a file. An interruption does not end that, for its signal restarts calls. So the guest's
// files are opened without waiting there, and what the kernel would have waited for is looked for
// again and again.

#define GLANCE_NANOSECONDS 10000000

// 1 for an event, 0 after a short time without, or -EINTR for an interruption.
static long glance(const struct wasmaot_wasi *wasi, struct pollfd *polled, uint32_t count) {
  const struct timespec time = {.tv_nsec = GLANCE_NANOSECONDS};
  long result = wasmaot_wasi_ppoll(wasi, polled, count, &time);
  return result == -EINTR && !wasmaot_wasi_is_interrupted(wasi) ? 0 : result;
}

static bool is_fifo(int directory, const char *path, int flags) {
  struct stat status;
  int node = wasmaot_open_beneath(directory, path, O_PATH | O_CLOEXEC | (flags & O_NOFOLLOW), 0);
  bool result = node >= 0 && wasmaot_host_stat(node, &status) == 0 && S_ISFIFO(status.st_mode);
  if (node >= 0)
    sys1(SYS_close, node);
  return result;
}

static int open_glancing(const struct wasmaot_wasi *wasi, int directory, const char *path,
                         int flags, uint32_t mode) {
  for (;;) {
    int host = wasmaot_open_beneath(directory, path, flags | O_NONBLOCK, mode);
    // Leased; or a FIFO that nobody reads. (ENXIO is also what sockets have to say, and devices
    // that are not there.)
    if (host != -EAGAIN && (host != -ENXIO || !is_fifo(directory, path, flags)))
      return host;
    long glanced = glance(wasi, NULL, 0);
    if (sys_failed(glanced))
      return (int)glanced;
  }
}

// For a FIFO that was opened to be read, which succeeds at once: waits until somebody writes. 0 or
// -errno.
static long await_writer(const struct wasmaot_wasi *wasi, int host) {
  // What is read must stay for the guest: the kernel takes nothing out that it can't store. 0: no
  // writer; -EAGAIN: one that has written nothing yet; -EFAULT: bytes. (poll tells of bytes, and of
  // a writer that came and went, but not of one that has just come.)
  static const uint8_t unwritable = 0;
  struct pollfd polled = {.fd = host, .events = POLLIN};
  long glanced = 0;
  while (glanced == 0 && sys3(SYS_read, host, &unwritable, 1) == 0)
    glanced = glance(wasi, &polled, 1);
  return glanced < 0 ? glanced : 0;
}

// What opening it as the guest wanted to would have done beyond that. 0 or -errno.
static int finish_glancing(const struct wasmaot_wasi *wasi, int host, int flags,
                           const struct stat *status) {
  long result = 0;
  if (S_ISFIFO(status->st_mode) && (flags & O_ACCMODE) == O_RDONLY)
    result = await_writer(wasi, host);
  return (int)(result != 0 ? result : sys3(SYS_fcntl, host, F_SETFL, flags & O_APPEND));
}

// ---- Call -------------------------------------------------------------------------------------

uint32_t wasmaot_wasip1_path_open(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t lookup,
                                  uint32_t path_pointer, uint32_t path_size, uint32_t oflags,
                                  uint64_t rights, uint64_t rights_inheriting, uint32_t fdflags,
                                  uint32_t result) {
  (void)rights_inheriting; // see below
  struct wasmaot_path path;
  PINNED struct wasmaot_descriptor *parent = NULL;
  uint64_t needed = RIGHT_PATH_OPEN;
  if (oflags & OFLAG_CREAT)
    needed |= RIGHT_PATH_CREATE_FILE;
  if (oflags & OFLAG_TRUNC)
    needed |= RIGHT_PATH_FILESTAT_SET_SIZE;
  // Truncation and creation change the directory's tree even if the descriptor can't write. (An
  // attack on other runtimes: O_TRUNC through a read-only grant.)
  bool changes = (oflags & (OFLAG_CREAT | OFLAG_TRUNC)) != 0 || (rights & RIGHT_FD_WRITE) != 0;
  uint32_t error = changes ? wasmaot_wasi_pin_to_change(wasi, fd, needed, &parent)
                           : wasmaot_wasi_pin(wasi, fd, needed, &parent);
  if (error == WASI_SUCCESS)
    error = wasmaot_wasi_path(wasi, path_pointer, path_size, &path);
  if (error != WASI_SUCCESS)
    return error;
  if (oflags > 15 || fdflags > 31)
    return WASI_EINVAL;
  // Older kernels make a file, and then say that it is no directory.
  if ((oflags & (OFLAG_CREAT | OFLAG_DIRECTORY)) == (OFLAG_CREAT | OFLAG_DIRECTORY))
    return WASI_EINVAL;
  // The result is stored last, when failing would leave the guest a descriptor it doesn't know.
  if (!wasmaot_guest(wasi, result, sizeof(uint32_t)))
    return WASI_EFAULT;
  if ((rights & (RIGHT_FD_READ | RIGHT_FD_WRITE)) & ~parent->rights_inheriting)
    return WASI_ENOTCAPABLE;

  uint32_t opened;
  struct wasmaot_descriptor *descriptor;
  error = wasmaot_wasi_reserve(wasi, &opened, &descriptor);
  if (error != WASI_SUCCESS)
    return error;
  int flags = host_flags(oflags, fdflags, rights);
  if ((lookup & LOOKUP_SYMLINK_FOLLOW) == 0)
    flags |= O_NOFOLLOW;
  uint32_t mode = oflags & OFLAG_CREAT ? 0666 : 0;
  bool glances = wasi->interrupted && (flags & O_NONBLOCK) == 0;
  int host = glances ? open_glancing(wasi, parent->host, path.bytes, flags, mode)
                     : wasmaot_open_beneath(parent->host, path.bytes, flags, mode);
  struct stat status;
  int failure = host < 0 ? host : wasmaot_host_stat(host, &status);
  if (failure >= 0 && is_withheld(parent, host, &status))
    failure = -EACCES;
  if (failure >= 0 && glances)
    failure = finish_glancing(wasi, host, flags, &status);
  if (failure < 0) {
    wasmaot_wasi_abandon(wasi, opened);
    if (host >= 0)
      sys1(SYS_close, host);
    return wasmaot_wasi_path_errno(failure);
  }
  descriptor->host = host;
  descriptor->is_directory = S_ISDIR(status.st_mode);
  descriptor->is_terminal = S_ISCHR(status.st_mode) && wasmaot_wasi_is_terminal(host);
  descriptor->may_wait =
      !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode) && !S_ISBLK(status.st_mode);
  descriptor->read_only = parent->read_only;
  descriptor->is_of_processes = parent->is_of_processes;
  // All that the parent may pass on and the kind of file has, but reading and writing only as asked
  // for. (Guests are written against runtimes that grant more than is asked for, and rights that a
  // module denies itself protect nobody.)
  uint64_t granted = descriptor->is_directory ? RIGHTS_OF_DIRECTORY : RIGHTS_OF_FILE;
  granted &= parent->rights_inheriting;
  if (!descriptor->is_directory)
    granted &= rights | ~(RIGHT_FD_READ | RIGHT_FD_WRITE);
  descriptor->rights = granted;
  descriptor->rights_inheriting = descriptor->is_directory ? parent->rights_inheriting : 0;
  wasmaot_wasi_publish(descriptor);
  return wasmaot_guest_store_u32(wasi, result, opened);
}
