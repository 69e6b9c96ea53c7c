// Sockets: what a guest does with listeners that it was given, the connections that it accepts
// there, and a standard stream that happens to be one.
#include "internal.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

enum { RECV_PEEK = 1, RECV_WAITALL = 2 };
enum { RECV_DATA_TRUNCATED = 1 };
enum { SHUTDOWN_READ = 1, SHUTDOWN_WRITE = 2 };

static uint32_t pin_socket(struct wasmaot_wasi *wasi, uint32_t fd, uint64_t right,
                           struct wasmaot_descriptor **descriptor) {
  uint32_t error = wasmaot_wasi_pin(wasi, fd, 0, descriptor);
  if (error != WASI_SUCCESS)
    return error;
  struct stat status;
  error = wasmaot_wasi_errno(wasmaot_host_stat((*descriptor)->host, &status));
  if (error == WASI_SUCCESS && !S_ISSOCK(status.st_mode))
    error = WASI_ENOTSOCK;
  else if (error == WASI_SUCCESS && (right & ~(*descriptor)->rights) != 0)
    error = WASI_ENOTCAPABLE;
  return error;
}

// ---- Accepting --------------------------------------------------------------------------------

static long accept_host(const struct wasmaot_descriptor *descriptor, struct iovec *buffers,
                        uint32_t count, uint32_t flags) {
  (void)buffers;
  (void)count;
  return sys4(SYS_accept4, descriptor->host, NULL, NULL, SOCK_CLOEXEC | (int)flags);
}

static long accept_once(const struct wasmaot_descriptor *descriptor, struct iovec *buffers,
                        uint32_t count, uint32_t flags) {
  return wasmaot_wasi_only_polls(descriptor)
             ? wasmaot_wasi_take(descriptor, accept_host, buffers, count, flags)
             : accept_host(descriptor, buffers, count, flags);
}

uint32_t wasmaot_wasip1_sock_accept(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t flags,
                                    uint32_t result) {
  PINNED struct wasmaot_descriptor *listener = NULL;
  uint32_t error = pin_socket(wasi, fd, RIGHT_SOCK_ACCEPT, &listener);
  if (error != WASI_SUCCESS)
    return error;
  if ((flags & ~(uint32_t)FDFLAG_NONBLOCK) != 0)
    return WASI_EINVAL;
  // Stored last, when failing would leave the guest a connection that it doesn't know.
  if (!wasmaot_guest(wasi, result, sizeof(uint32_t)))
    return WASI_EFAULT;
  uint32_t accepted;
  struct wasmaot_descriptor *connection;
  error = wasmaot_wasi_reserve(wasi, &accepted, &connection);
  if (error != WASI_SUCCESS)
    return error;
  long host = wasmaot_wasi_transfer(listener, POLLIN, accept_once, NULL, 0,
                                    flags & FDFLAG_NONBLOCK ? SOCK_NONBLOCK : 0);
  if (sys_failed(host)) {
    wasmaot_wasi_abandon(wasi, accepted);
    return wasmaot_wasi_errno(host);
  }
  connection->host = (int)host;
  connection->is_socket = true;
  connection->may_wait = true;
  connection->rights = listener->is_borrowed ? RIGHTS_OF_CONNECTION : listener->rights_inheriting;
  wasmaot_wasi_publish(connection);
  return wasmaot_guest_store_u32(wasi, result, accepted);
}

// ---- Connections ------------------------------------------------------------------------------

static long receive_once(const struct wasmaot_descriptor *descriptor, struct iovec *buffers,
                         uint32_t count, uint32_t flags) {
  struct wasmaot_message message = {.buffers = buffers, .count = count};
  if (wasmaot_wasi_only_polls(descriptor))
    flags |= MSG_DONTWAIT;
  long result = sys3(SYS_recvmsg, descriptor->host, &message, flags);
  if (!sys_failed(result) && (message.flags & MSG_TRUNC) != 0)
    result |= 1l << 32; // beside the size, which has 32 bits
  return result;
}

uint32_t wasmaot_wasip1_sock_recv(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t buffers_pointer,
                                  uint32_t count, uint32_t flags, uint32_t size,
                                  uint32_t result_flags) {
  struct iovec *buffers = ROOM_FOR_BUFFERS(count);
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = pin_socket(wasi, fd, RIGHT_FD_READ, &descriptor);
  if (error == WASI_SUCCESS && (flags & ~(uint32_t)(RECV_PEEK | RECV_WAITALL)) != 0)
    error = WASI_EINVAL;
  if (error == WASI_SUCCESS)
    error = wasmaot_wasi_buffers(wasi, buffers_pointer, count, buffers);
  // What is received once can't be received again: where results go is looked at before.
  if (error == WASI_SUCCESS && (!wasmaot_guest(wasi, size, sizeof(uint32_t)) ||
                                !wasmaot_guest(wasi, result_flags, sizeof(uint16_t))))
    error = WASI_EFAULT;
  if (error != WASI_SUCCESS)
    return error;
  int host = ((flags & RECV_PEEK) ? MSG_PEEK : 0) | ((flags & RECV_WAITALL) ? MSG_WAITALL : 0);
  long result =
      wasmaot_wasi_transfer(descriptor, POLLIN, receive_once, buffers, count, (uint32_t)host);
  if (sys_failed(result))
    return wasmaot_wasi_errno(result);
  uint16_t truncated = (uint64_t)result >> 32 ? RECV_DATA_TRUNCATED : 0;
  wasmaot_guest_store(wasi, result_flags, &truncated, sizeof truncated);
  return wasmaot_guest_store_u32(wasi, size, (uint32_t)result);
}

static long send_once(const struct wasmaot_descriptor *descriptor, struct iovec *buffers,
                      uint32_t count, uint32_t flags) {
  struct wasmaot_message message = {.buffers = buffers, .count = count};
  if (wasmaot_wasi_only_polls(descriptor))
    flags |= MSG_DONTWAIT;
  return sys3(SYS_sendmsg, descriptor->host, &message, flags);
}

uint32_t wasmaot_wasip1_sock_send(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t buffers_pointer,
                                  uint32_t count, uint32_t flags, uint32_t size) {
  struct iovec *buffers = ROOM_FOR_BUFFERS(count);
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = pin_socket(wasi, fd, RIGHT_FD_WRITE, &descriptor);
  if (error == WASI_SUCCESS && flags != 0)
    error = WASI_EINVAL; // none are defined
  if (error == WASI_SUCCESS)
    error = wasmaot_wasi_buffers(wasi, buffers_pointer, count, buffers);
  if (error == WASI_SUCCESS && !wasmaot_guest(wasi, size, sizeof(uint32_t)))
    error = WASI_EFAULT;
  if (error != WASI_SUCCESS)
    return error;
  long result = wasmaot_wasi_transfer(descriptor, POLLOUT, send_once, buffers, count, MSG_NOSIGNAL);
  return sys_failed(result) ? wasmaot_wasi_errno(result)
                            : wasmaot_guest_store_u32(wasi, size, (uint32_t)result);
}

uint32_t wasmaot_wasip1_sock_shutdown(struct wasmaot_wasi *wasi, uint32_t fd, uint32_t how) {
  static const uint8_t hosts[] = {[SHUTDOWN_READ] = SHUT_RD,
                                  [SHUTDOWN_WRITE] = SHUT_WR,
                                  [SHUTDOWN_READ | SHUTDOWN_WRITE] = SHUT_RDWR};
  PINNED struct wasmaot_descriptor *descriptor = NULL;
  uint32_t error = pin_socket(wasi, fd, RIGHT_SOCK_SHUTDOWN, &descriptor);
  if (error != WASI_SUCCESS)
    return error;
  if (how == 0 || how >= sizeof hosts)
    return WASI_EINVAL;
  return wasmaot_wasi_errno(sys2(SYS_shutdown, descriptor->host, hosts[how]));
}
