// Sockets. A guest can only have one that it was started with (standard input may be a socket);
// there is no grant for others.
#include "internal.h"

#include <sys/socket.h>
#include <sys/stat.h>

static uint32_t find(struct wasmaot_wasi *wasi, uint32_t fd,
                     struct wasmaot_descriptor **descriptor) {
  uint32_t error = wasmaot_wasi_pin(wasi, fd, 0, descriptor);
  if (error != WASI_SUCCESS)
    return error;
  struct stat status;
  error = wasmaot_wasi_errno(wasmaot_host_stat((*descriptor)->host, &status));
  if (error == WASI_SUCCESS && !S_ISSOCK(status.st_mode))
    return WASI_ENOTSOCK;
  return error;
}

// No listening sockets are granted.
uint32_t wasmaot_wasip1_sock_accept(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t flags,
                                    uint32_t result) {
  (void)flags;
  (void)result;
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = find(wasi, fd, &descriptor);
  return error != WASI_SUCCESS ? error : WASI_ENOTSUP;
}

uint32_t wasmaot_wasip1_sock_recv(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t buffers,
                                  uint32_t count, uint32_t flags, uint32_t size,
                                  uint32_t result_flags) {
  (void)buffers;
  (void)count;
  (void)flags;
  (void)size;
  (void)result_flags;
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = find(wasi, fd, &descriptor);
  return error != WASI_SUCCESS ? error : WASI_ENOTSUP;
}

uint32_t wasmaot_wasip1_sock_send(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t buffers,
                                  uint32_t count, uint32_t flags, uint32_t size) {
  (void)buffers;
  (void)count;
  (void)flags;
  (void)size;
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = find(wasi, fd, &descriptor);
  return error != WASI_SUCCESS ? error : WASI_ENOTSUP;
}

uint32_t wasmaot_wasip1_sock_shutdown(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t how) {
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = find(wasi, fd, &descriptor);
  if (error != WASI_SUCCESS)
    return error;
  // WASI's read is bit 0, write bit 1; the host's SHUT_RD, SHUT_WR, SHUT_RDWR are 0, 1, 2.
  if (how == 0 || how > 3)
    return WASI_EINVAL;
  return wasmaot_wasi_errno(sys2(SYS_shutdown, descriptor->host, how - 1));
}
