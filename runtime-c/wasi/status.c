// Status of files.
#include "internal.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>

uint8_t wasmaot_wasi_filetype(uint32_t mode) {
  switch (mode & S_IFMT) {
  case S_IFBLK:
    return FILETYPE_BLOCK_DEVICE;
  case S_IFCHR:
    return FILETYPE_CHARACTER_DEVICE;
  case S_IFDIR:
    return FILETYPE_DIRECTORY;
  case S_IFREG:
    return FILETYPE_REGULAR_FILE;
  case S_IFSOCK:
    return FILETYPE_SOCKET_STREAM;
  case S_IFLNK:
    return FILETYPE_SYMBOLIC_LINK;
  default: // WASI has no pipe
    return FILETYPE_UNKNOWN;
  }
}

int wasmaot_host_stat(int host, struct stat *status) { return (int)sys2(SYS_fstat, host, status); }

bool wasmaot_is_of_procfs(int host) {
  struct statfs status;
  return !sys_failed(sys2(SYS_fstatfs, host, &status)) && status.f_type == 0x9fa0; // linux/magic.h
}

// ---- Files ------------------------------------------------------------------------------------

struct filestat {
  uint64_t device;
  uint64_t inode;
  uint64_t filetype; // one byte, then padding
  uint64_t links;
  uint64_t size;
  uint64_t access_time;
  uint64_t modification_time;
  uint64_t change_time;
};
// That of wasi_unstable counts links in 32 bits, behind the file's type.
struct unstable_filestat {
  uint64_t device;
  uint64_t inode;
  uint8_t filetype;
  uint8_t padding[3];
  uint32_t links;
  uint64_t size;
  uint64_t access_time;
  uint64_t modification_time;
  uint64_t change_time;
};
_Static_assert(sizeof(struct filestat) == 64 && sizeof(struct unstable_filestat) == 56,
               "layout of filestat");

static uint64_t nanoseconds(const struct timespec *time) {
  if (time->tv_sec < 0)
    return 0; // WASI's times begin in 1970
  uint64_t result;
  // They end in 2554; some file systems' don't.
  if (__builtin_mul_overflow((uint64_t)time->tv_sec, (uint64_t)1000000000, &result) ||
      __builtin_add_overflow(result, (uint64_t)time->tv_nsec, &result))
    return UINT64_MAX;
  return result;
}

static uint32_t store_filestat(const struct wasmaot_wasi *wasi, uint32_t result,
                               const struct stat *status) {
  struct filestat filestat = {
      .device = status->st_dev,
      .inode = status->st_ino,
      .filetype = wasmaot_wasi_filetype(status->st_mode),
      .links = status->st_nlink,
      .size = (uint64_t)status->st_size,
      .access_time = nanoseconds(&status->st_atim),
      .modification_time = nanoseconds(&status->st_mtim),
      .change_time = nanoseconds(&status->st_ctim),
  };
  return wasmaot_guest_store(wasi, result, &filestat, sizeof filestat) ? WASI_SUCCESS : WASI_EFAULT;
}

static uint32_t store_unstable_filestat(const struct wasmaot_wasi *wasi, uint32_t result,
                                        const struct stat *status) {
  struct unstable_filestat filestat = {
      .device = status->st_dev,
      .inode = status->st_ino,
      .filetype = wasmaot_wasi_filetype(status->st_mode),
      .links = (uint32_t)status->st_nlink,
      .size = (uint64_t)status->st_size,
      .access_time = nanoseconds(&status->st_atim),
      .modification_time = nanoseconds(&status->st_mtim),
      .change_time = nanoseconds(&status->st_ctim),
  };
  return wasmaot_guest_store(wasi, result, &filestat, sizeof filestat) ? WASI_SUCCESS : WASI_EFAULT;
}

static uint32_t stat_descriptor(struct wasmaot_wasi *wasi, uint32_t fd, struct stat *status) {
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = wasmaot_wasi_pin(wasi, fd, RIGHT_FD_FILESTAT_GET, &descriptor);
  return error != WASI_SUCCESS ? error
                               : wasmaot_wasi_errno(wasmaot_host_stat(descriptor->host, status));
}

uint32_t wasmaot_wasip1_fd_filestat_get(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t result) {
  struct stat status;
  uint32_t error = stat_descriptor(wasi, fd, &status);
  return error != WASI_SUCCESS ? error : store_filestat(wasi, result, &status);
}

uint32_t wasmaot_wasip1_unstable_fd_filestat_get(struct wasmaot_wasi *wasi, uint32_t fd,
                                                 uint32_t result) {
  struct stat status;
  uint32_t error = stat_descriptor(wasi, fd, &status);
  return error != WASI_SUCCESS ? error : store_unstable_filestat(wasi, result, &status);
}

uint32_t wasmaot_wasip1_fd_filestat_set_size(struct wasmaot_wasi *wasi, uint32_t fd,
                                             uint64_t size) {
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = wasmaot_wasi_pin_to_change(wasi, fd, RIGHT_FD_FILESTAT_SET_SIZE, &descriptor);
  return error != WASI_SUCCESS ? error
                               : wasmaot_wasi_errno(sys2(SYS_ftruncate, descriptor->host, size));
}

enum {
  FSTFLAG_ATIM = 1,
  FSTFLAG_ATIM_NOW = 2,
  FSTFLAG_MTIM = 4,
  FSTFLAG_MTIM_NOW = 8,
};

// One of the two times of utimensat.
static bool host_time(uint64_t time, bool given, bool now, struct timespec *result) {
  result->tv_sec = (time_t)(time / 1000000000u);
  result->tv_nsec = (long)(time % 1000000000u);
  if (now)
    result->tv_nsec = UTIME_NOW;
  else if (!given)
    result->tv_nsec = UTIME_OMIT;
  return !(given && now);
}

static uint32_t host_times(uint64_t access, uint64_t modification, uint32_t flags,
                           struct timespec times[2]) {
  bool valid = flags < 16;
  valid &= host_time(access, flags & FSTFLAG_ATIM, flags & FSTFLAG_ATIM_NOW, &times[0]);
  valid &= host_time(modification, flags & FSTFLAG_MTIM, flags & FSTFLAG_MTIM_NOW, &times[1]);
  return valid ? WASI_SUCCESS : WASI_EINVAL;
}

uint32_t wasmaot_wasip1_fd_filestat_set_times(struct wasmaot_wasi *wasi, uint32_t fd,
                                              uint64_t access, uint64_t modification,
                                              uint32_t flags) {
  struct timespec times[2];
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = wasmaot_wasi_pin_to_change(wasi, fd, RIGHT_FD_FILESTAT_SET_TIMES, &descriptor);
  if (error == WASI_SUCCESS)
    error = host_times(access, modification, flags, times);
  return error != WASI_SUCCESS
             ? error
             : wasmaot_wasi_errno(sys4(SYS_utimensat, descriptor->host, NULL, times, 0));
}

// ---- Files by path ----------------------------------------------------------------------------

// Opens what a path names, without the permission to read it, for those who then work on it by
// descriptor: between a check and a use of the path, a symbolic link could be put in its way.
static uint32_t open_node(struct wasmaot_wasi *wasi, const struct wasmaot_descriptor *descriptor,
                          uint32_t lookup, uint32_t path_pointer, uint32_t path_size, int *node) {
  struct wasmaot_path path;
  uint32_t error = wasmaot_wasi_path(wasi, path_pointer, path_size, &path);
  if (error != WASI_SUCCESS)
    return error;
  int follow = lookup & LOOKUP_SYMLINK_FOLLOW ? 0 : O_NOFOLLOW;
  *node = wasmaot_open_beneath(descriptor->host, path.bytes, O_PATH | O_CLOEXEC | follow, 0);
  return *node < 0 ? wasmaot_wasi_path_errno(*node) : WASI_SUCCESS;
}

static uint32_t stat_path(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t lookup, uint32_t path,
                          uint32_t size, struct stat *status) {
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = wasmaot_wasi_pin(wasi, fd, RIGHT_PATH_FILESTAT_GET, &descriptor);
  int node;
  if (error == WASI_SUCCESS)
    error = open_node(wasi, descriptor, lookup, path, size, &node);
  if (error != WASI_SUCCESS)
    return error;
  error = wasmaot_wasi_errno(wasmaot_host_stat(node, status));
  sys1(SYS_close, node);
  return error;
}

uint32_t wasmaot_wasip1_path_filestat_get(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t lookup,
                                          uint32_t path, uint32_t size, uint32_t result) {
  struct stat status;
  uint32_t error = stat_path(wasi, fd, lookup, path, size, &status);
  return error != WASI_SUCCESS ? error : store_filestat(wasi, result, &status);
}

uint32_t wasmaot_wasip1_unstable_path_filestat_get(struct wasmaot_wasi *wasi, uint32_t fd,
                                                   uint32_t lookup, uint32_t path, uint32_t size,
                                                   uint32_t result) {
  struct stat status;
  uint32_t error = stat_path(wasi, fd, lookup, path, size, &status);
  return error != WASI_SUCCESS ? error : store_unstable_filestat(wasi, result, &status);
}

uint32_t wasmaot_wasip1_path_filestat_set_times(struct wasmaot_wasi *wasi, uint32_t fd,
                                                uint32_t lookup, uint32_t path, uint32_t size,
                                                uint64_t access, uint64_t modification,
                                                uint32_t flags) {
  struct timespec times[2];
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  int node;
  uint32_t error = wasmaot_wasi_pin_to_change(wasi, fd, RIGHT_PATH_FILESTAT_SET_TIMES, &descriptor);
  if (error == WASI_SUCCESS)
    error = host_times(access, modification, flags, times);
  if (error == WASI_SUCCESS)
    error = open_node(wasi, descriptor, lookup, path, size, &node);
  if (error != WASI_SUCCESS)
    return error;
  error = wasmaot_wasi_errno(sys4(SYS_utimensat, node, "", times, AT_EMPTY_PATH));
  sys1(SYS_close, node);
  return error;
}

uint32_t wasmaot_wasip1_path_readlink(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t path,
                                      uint32_t path_size, uint32_t buffer, uint32_t buffer_size,
                                      uint32_t result) {
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  int node;
  uint32_t error = wasmaot_wasi_pin(wasi, fd, RIGHT_PATH_READLINK, &descriptor);
  void *bytes = wasmaot_guest(wasi, buffer, buffer_size);
  if (error == WASI_SUCCESS && !bytes)
    error = WASI_EFAULT;
  if (error == WASI_SUCCESS)
    error = open_node(wasi, descriptor, 0, path, path_size, &node);
  if (error != WASI_SUCCESS)
    return error;
  char target[WASI_PATH_MAX];
  long count = sys4(SYS_readlinkat, node, "", target, sizeof target);
  sys1(SYS_close, node);
  if (count == -ENOENT) // what Linux says of an empty path that is no symbolic link
    return WASI_EINVAL;
  if (sys_failed(count))
    return wasmaot_wasi_errno(count);
  // A guest has no absolute paths: this one is the host's, and tells how the host is laid out.
  if (target[0] == '/' && CHECKS_PATHS)
    return WASI_EPERM;
  if ((uint64_t)count > buffer_size)
    count = buffer_size; // as readlink cuts it off
  memcpy(bytes, target, (size_t)count);
  return wasmaot_guest_store_u32(wasi, result, (uint32_t)count);
}
