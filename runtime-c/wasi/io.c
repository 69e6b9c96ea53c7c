// Reading, writing and seeking.
#include "internal.h"

#include <poll.h>
#include <sys/uio.h>

#ifndef SYS_pwritev2
#define SYS_pwritev2 328
#endif
#ifndef RWF_APPEND
#define RWF_APPEND 0x10
#endif

// ---- Kinds of transfers -----------------------------------------------------------------------

static long read_once(const struct wasmaot_descriptor *descriptor, struct iovec *buffers,
                      uint32_t count, uint32_t flags) {
  (void)flags;
  return wasmaot_wasi_readv(descriptor, buffers, count);
}

static long write_once(const struct wasmaot_descriptor *descriptor, struct iovec *buffers,
                       uint32_t count, uint32_t flags) {
  (void)flags;
  if (descriptor->is_terminal && !descriptor->wasi->raw_terminal)
    return wasmaot_wasi_write_terminal(descriptor, buffers, count);
  // (What may wait has no end to append to. It needs the other call's protection from SIGPIPE.)
  if (!descriptor->may_wait && (wasmaot_wasi_flags(descriptor) & FDFLAG_APPEND) != 0)
    return sys6(SYS_pwritev2, descriptor->host, (long)buffers, count, -1, -1, RWF_APPEND);
  return wasmaot_wasi_writev(descriptor, buffers, count);
}

static uint32_t finish(const struct wasmaot_wasi *wasi, long result, uint32_t size_pointer) {
  if (sys_failed(result))
    return wasmaot_wasi_errno(result);
  return wasmaot_guest_store_u32(wasi, size_pointer, (uint32_t)result);
}

// ---- Calls ------------------------------------------------------------------------------------

// The buffers of a transfer, and room for its size: what was read or written once can't be taken
// back, so where results go is looked at before.
static uint32_t check(const struct wasmaot_wasi *wasi, uint32_t buffers_pointer, uint32_t count,
                      struct iovec *buffers, uint32_t size) {
  uint32_t error = wasmaot_wasi_buffers(wasi, buffers_pointer, count, buffers);
  if (error == WASI_SUCCESS && !wasmaot_guest(wasi, size, sizeof(uint32_t)))
    error = WASI_EFAULT;
  return error;
}

static uint32_t transfer(struct wasmaot_wasi *wasi, uint32_t fd, uint64_t right,
                         uint32_t buffers_pointer, uint32_t count, uint32_t size, short event,
                         wasmaot_transfer *once) {
  struct iovec *buffers = ROOM_FOR_BUFFERS(count);
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = wasmaot_wasi_pin(wasi, fd, right, &descriptor);
  if (error == WASI_SUCCESS)
    error = check(wasi, buffers_pointer, count, buffers, size);
  if (error != WASI_SUCCESS)
    return error;
  return finish(wasi, wasmaot_wasi_transfer(descriptor, event, once, buffers, count, 0), size);
}

uint32_t wasmaot_wasip1_fd_read(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t buffers,
                                uint32_t count, uint32_t size) {
  return transfer(wasi, fd, RIGHT_FD_READ, buffers, count, size, POLLIN, read_once);
}

uint32_t wasmaot_wasip1_fd_write(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t buffers,
                                 uint32_t count, uint32_t size) {
  return transfer(wasi, fd, RIGHT_FD_WRITE, buffers, count, size, POLLOUT, write_once);
}

// At an offset, which only files have: nothing there ever waits. Where a file appends, Linux writes
// to its end.
static uint32_t transfer_at(struct wasmaot_wasi *wasi, uint32_t fd, uint64_t right,
                            uint32_t buffers_pointer, uint32_t count, uint64_t offset,
                            uint32_t size, long call) {
  struct iovec *buffers = ROOM_FOR_BUFFERS(count);
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = wasmaot_wasi_pin(wasi, fd, right | RIGHT_FD_SEEK, &descriptor);
  if (error == WASI_SUCCESS)
    error = check(wasi, buffers_pointer, count, buffers, size);
  if (error != WASI_SUCCESS)
    return error;
  return finish(wasi, sys5(call, descriptor->host, buffers, count, offset, 0), size);
}

uint32_t wasmaot_wasip1_fd_pread(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t buffers,
                                 uint32_t count, uint64_t offset, uint32_t size) {
  return transfer_at(wasi, fd, RIGHT_FD_READ, buffers, count, offset, size, SYS_preadv);
}

uint32_t wasmaot_wasip1_fd_pwrite(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t buffers,
                                  uint32_t count, uint64_t offset, uint32_t size) {
  return transfer_at(wasi, fd, RIGHT_FD_WRITE, buffers, count, offset, size, SYS_pwritev);
}

// ---- Seeking ----------------------------------------------------------------------------------

static uint32_t seek(struct wasmaot_wasi *wasi, uint32_t fd, uint64_t rights, uint64_t offset,
                     int whence, uint32_t result) {
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = wasmaot_wasi_pin(wasi, fd, rights, &descriptor);
  if (error != WASI_SUCCESS)
    return error;
  // A step that was taken can't be told from one that was not.
  if (!wasmaot_guest(wasi, result, sizeof(uint64_t)))
    return WASI_EFAULT;
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
