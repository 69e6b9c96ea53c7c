// Reading, writing and seeking.
#include "internal.h"

#include <errno.h>
#include <sys/uio.h>

// The kernel's own limit (IOV_MAX). A guest that names more has its request refused, before its
// array of that size is looked at.
#define MAX_BUFFERS 1024

struct guest_buffer {
  uint32_t pointer;
  uint32_t size;
};

// The guest's buffers as the host's. All are checked before any is used.
static uint32_t load_buffers(const struct wasmaot_wasi *wasi, uint32_t pointer, uint32_t count,
                             struct iovec *buffers) {
  if (count > MAX_BUFFERS)
    return WASI_EINVAL;
  const uint8_t *array =
      wasmaot_guest(wasi, pointer, (uint64_t)count * sizeof(struct guest_buffer));
  if (!array)
    return WASI_EFAULT;
  uint64_t total = 0;
  for (uint32_t i = 0; i < count; i++) {
    struct guest_buffer buffer;
    memcpy(&buffer, array + i * sizeof buffer, sizeof buffer);
    buffers[i].iov_base = wasmaot_guest(wasi, buffer.pointer, buffer.size);
    buffers[i].iov_len = buffer.size;
    if (!buffers[i].iov_base)
      return WASI_EFAULT;
    total += buffer.size;
  }
  // The result is 32 bits wide. (Buffers may overlap, so the sum can pass 4 GiB.)
  return total > UINT32_MAX ? WASI_EINVAL : WASI_SUCCESS;
}

static uint32_t finish(const struct wasmaot_wasi *wasi, long result, uint32_t size_pointer) {
  if (sys_failed(result))
    return wasmaot_wasi_errno(result);
  return wasmaot_guest_store_u32(wasi, size_pointer, (uint32_t)result);
}

uint32_t wasmaot_wasip1_fd_read(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t buffers_pointer,
                                uint32_t count, uint32_t size) {
  struct iovec buffers[MAX_BUFFERS];
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = wasmaot_wasi_pin(wasi, fd, RIGHT_FD_READ, &descriptor);
  if (error == WASI_SUCCESS)
    error = load_buffers(wasi, buffers_pointer, count, buffers);
  if (error != WASI_SUCCESS)
    return error;
  return finish(wasi, sys3(SYS_readv, descriptor->host, buffers, count), size);
}

uint32_t wasmaot_wasip1_fd_write(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t buffers_pointer,
                                 uint32_t count, uint32_t size) {
  struct iovec buffers[MAX_BUFFERS];
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = wasmaot_wasi_pin(wasi, fd, RIGHT_FD_WRITE, &descriptor);
  if (error == WASI_SUCCESS)
    error = load_buffers(wasi, buffers_pointer, count, buffers);
  if (error != WASI_SUCCESS)
    return error;
  return finish(wasi, sys3(SYS_writev, descriptor->host, buffers, count), size);
}

uint32_t wasmaot_wasip1_fd_pread(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t buffers_pointer,
                                 uint32_t count, uint64_t offset, uint32_t size) {
  struct iovec buffers[MAX_BUFFERS];
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = wasmaot_wasi_pin(wasi, fd, RIGHT_FD_READ | RIGHT_FD_SEEK, &descriptor);
  if (error == WASI_SUCCESS)
    error = load_buffers(wasi, buffers_pointer, count, buffers);
  if (error != WASI_SUCCESS)
    return error;
  return finish(wasi, sys5(SYS_preadv, descriptor->host, buffers, count, offset, 0), size);
}

uint32_t wasmaot_wasip1_fd_pwrite(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t buffers_pointer,
                                  uint32_t count, uint64_t offset, uint32_t size) {
  struct iovec buffers[MAX_BUFFERS];
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = wasmaot_wasi_pin(wasi, fd, RIGHT_FD_WRITE | RIGHT_FD_SEEK, &descriptor);
  if (error == WASI_SUCCESS)
    error = load_buffers(wasi, buffers_pointer, count, buffers);
  if (error != WASI_SUCCESS)
    return error;
  return finish(wasi, sys5(SYS_pwritev, descriptor->host, buffers, count, offset, 0), size);
}

// ---- Seeking ----------------------------------------------------------------------------------

static uint32_t seek(struct wasmaot_wasi *wasi, uint32_t fd, uint64_t rights, uint64_t offset,
                     int whence, uint32_t result) {
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = wasmaot_wasi_pin(wasi, fd, rights, &descriptor);
  if (error != WASI_SUCCESS)
    return error;
  long position = sys3(SYS_lseek, descriptor->host, offset, whence);
  return sys_failed(position) ? wasmaot_wasi_errno(position)
                              : wasmaot_guest_store_u64(wasi, result, (uint64_t)position);
}

uint32_t wasmaot_wasip1_fd_seek(struct wasmaot_wasi *wasi, uint32_t fd, uint64_t offset,
                                uint32_t whence, uint32_t result) {
  static const uint8_t hosts[] = {SEEK_SET, SEEK_CUR, SEEK_END};
  if (whence >= sizeof hosts)
    return WASI_EINVAL;
  return seek(wasi, fd, RIGHT_FD_SEEK, offset, hosts[whence], result);
}

uint32_t wasmaot_wasip1_unstable_fd_seek(struct wasmaot_wasi *wasi, uint32_t fd, uint64_t offset,
                                         uint32_t whence, uint32_t result) {
  static const uint8_t hosts[] = {SEEK_CUR, SEEK_END, SEEK_SET};
  if (whence >= sizeof hosts)
    return WASI_EINVAL;
  return seek(wasi, fd, RIGHT_FD_SEEK, offset, hosts[whence], result);
}

uint32_t wasmaot_wasip1_fd_tell(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t result) {
  return seek(wasi, fd, RIGHT_FD_TELL, 0, SEEK_CUR, result);
}
