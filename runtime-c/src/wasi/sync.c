// What a file is told about its storage.
#include "wasi.h"

uint32_t wasmaot_wasi_fd_sync(uint32_t fd) {
  struct wasmaot_descriptor *descriptor;
  uint32_t error = wasmaot_wasi_descriptor(fd, RIGHT_FD_SYNC, &descriptor);
  return error != WASI_SUCCESS ? error : wasmaot_wasi_errno(sys1(SYS_fsync, descriptor->host));
}

uint32_t wasmaot_wasi_fd_datasync(uint32_t fd) {
  struct wasmaot_descriptor *descriptor;
  uint32_t error = wasmaot_wasi_descriptor(fd, RIGHT_FD_DATASYNC, &descriptor);
  return error != WASI_SUCCESS ? error : wasmaot_wasi_errno(sys1(SYS_fdatasync, descriptor->host));
}

uint32_t wasmaot_wasi_fd_advise(uint32_t fd, uint64_t offset, uint64_t size, uint32_t advice) {
  // normal, sequential, random, willneed, dontneed, noreuse
  static const uint8_t hosts[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                  POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
  struct wasmaot_descriptor *descriptor;
  uint32_t error = wasmaot_wasi_descriptor(fd, RIGHT_FD_ADVISE, &descriptor);
  if (error != WASI_SUCCESS)
    return error;
  if (advice >= sizeof hosts)
    return WASI_EINVAL;
  if (descriptor->is_directory)
    return WASI_EBADF;
  return wasmaot_wasi_errno(sys4(SYS_fadvise64, descriptor->host, offset, size, hosts[advice]));
}

uint32_t wasmaot_wasi_fd_allocate(uint32_t fd, uint64_t offset, uint64_t size) {
  struct wasmaot_descriptor *descriptor;
  uint32_t error = wasmaot_wasi_writable(fd, RIGHT_FD_ALLOCATE, &descriptor);
  return error != WASI_SUCCESS
             ? error
             : wasmaot_wasi_errno(sys4(SYS_fallocate, descriptor->host, 0, offset, size));
}
