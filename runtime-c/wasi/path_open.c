// Opening files.
#include "internal.h"

#include <errno.h>
#include <sys/stat.h>

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
  int host = wasmaot_open_beneath(parent->host, path.bytes, flags, oflags & OFLAG_CREAT ? 0666 : 0);
  struct stat status;
  int failure = host < 0 ? host : wasmaot_host_stat(host, &status);
  if (failure >= 0 && is_withheld(parent, host, &status))
    failure = -EACCES;
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
