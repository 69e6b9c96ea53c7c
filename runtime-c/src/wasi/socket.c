// Sockets. A guest can only have one that it was started with (standard input may be a socket);
// there is no grant for others.
#include "wasi.h"

#include <sys/socket.h>
#include <sys/stat.h>

static uint32_t find(uint32_t fd, struct wasmaot_descriptor **descriptor) {
  uint32_t error = wasmaot_wasi_descriptor(fd, 0, descriptor);
  if (error != WASI_SUCCESS)
    return error;
  struct stat status;
  error = wasmaot_wasi_errno(wasmaot_host_stat((*descriptor)->host, &status));
  if (error == WASI_SUCCESS && !S_ISSOCK(status.st_mode))
    return WASI_ENOTSOCK;
  return error;
}

// No listening sockets are granted.
uint32_t wasmaot_wasi_sock_accept(uint32_t fd, uint32_t flags, uint32_t result) {
  (void)flags;
  (void)result;
  struct wasmaot_descriptor *descriptor;
  uint32_t error = find(fd, &descriptor);
  return error != WASI_SUCCESS ? error : WASI_ENOTSUP;
}

uint32_t wasmaot_wasi_sock_recv(uint32_t fd, uint32_t buffers, uint32_t count, uint32_t flags,
                                uint32_t size, uint32_t result_flags) {
  (void)buffers;
  (void)count;
  (void)flags;
  (void)size;
  (void)result_flags;
  struct wasmaot_descriptor *descriptor;
  uint32_t error = find(fd, &descriptor);
  return error != WASI_SUCCESS ? error : WASI_ENOTSUP;
}

uint32_t wasmaot_wasi_sock_send(uint32_t fd, uint32_t buffers, uint32_t count, uint32_t flags,
                                uint32_t size) {
  (void)buffers;
  (void)count;
  (void)flags;
  (void)size;
  struct wasmaot_descriptor *descriptor;
  uint32_t error = find(fd, &descriptor);
  return error != WASI_SUCCESS ? error : WASI_ENOTSUP;
}

uint32_t wasmaot_wasi_sock_shutdown(uint32_t fd, uint32_t how) {
  struct wasmaot_descriptor *descriptor;
  uint32_t error = find(fd, &descriptor);
  if (error != WASI_SUCCESS)
    return error;
  // WASI's read is bit 0, write bit 1; the host's SHUT_RD, SHUT_WR, SHUT_RDWR are 0, 1, 2.
  if (how == 0 || how > 3)
    return WASI_EINVAL;
  return wasmaot_wasi_errno(sys2(SYS_shutdown, descriptor->host, how - 1));
}
