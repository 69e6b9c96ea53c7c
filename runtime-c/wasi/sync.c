// What a file is told about its storage.
#include "internal.h"

uint32_t wasmaot_wasip1_fd_sync(struct wasmaot_wasi *wasi, uint32_t fd) {
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = wasmaot_wasi_pin(wasi, fd, RIGHT_FD_SYNC, &descriptor);
  return error != WASI_SUCCESS ? error : wasmaot_wasi_errno(sys1(SYS_fsync, descriptor->host));
}

uint32_t wasmaot_wasip1_fd_datasync(struct wasmaot_wasi *wasi, uint32_t fd) {
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = wasmaot_wasi_pin(wasi, fd, RIGHT_FD_DATASYNC, &descriptor);
  return error != WASI_SUCCESS ? error : wasmaot_wasi_errno(sys1(SYS_fdatasync, descriptor->host));
}

uint32_t wasmaot_wasip1_fd_advise(struct wasmaot_wasi *wasi, uint32_t fd, uint64_t offset,
                                  uint64_t size, uint32_t advice) {
  // normal, sequential, random, willneed, dontneed, noreuse
  static const uint8_t hosts[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                  POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = wasmaot_wasi_pin(wasi, fd, RIGHT_FD_ADVISE, &descriptor);
  if (error != WASI_SUCCESS)
    return error;
  if (advice >= sizeof hosts || offset > INT64_MAX || size > INT64_MAX)
    return WASI_EINVAL;
  if (descriptor->is_directory)
    return WASI_EBADF;
  return wasmaot_wasi_errno(sys4(SYS_fadvise64, descriptor->host, offset, size, hosts[advice]));
}

uint32_t wasmaot_wasip1_fd_allocate(struct wasmaot_wasi *wasi, uint32_t fd, uint64_t offset,
                                    uint64_t size) {
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = wasmaot_wasi_pin_to_change(wasi, fd, RIGHT_FD_ALLOCATE, &descriptor);
  return error != WASI_SUCCESS
             ? error
             : wasmaot_wasi_errno(sys4(SYS_fallocate, descriptor->host, 0, offset, size));
}
