// Moving bytes between the guest's buffers and the host's descriptors.
#include "internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#ifndef SYS_preadv2
#define SYS_preadv2 327
#define SYS_pwritev2 328
#endif
#ifndef RWF_NOWAIT
#define RWF_NOWAIT 0x8
#endif

struct guest_buffer {
  uint32_t pointer;
  uint32_t size;
};

uint32_t wasmaot_wasi_buffers(const struct wasmaot_wasi *wasi, uint32_t pointer, uint32_t count,
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

// ---- Waiting ----------------------------------------------------------------------------------

bool wasmaot_wasi_is_interrupted(const struct wasmaot_wasi *wasi) {
  return wasi->interrupted && __atomic_load_n(wasi->interrupted, __ATOMIC_RELAXED) != 0;
}

long wasmaot_wasi_ppoll(const struct wasmaot_wasi *wasi, struct pollfd *polled, uint32_t count,
                        const struct timespec *timeout) {
  if (!wasi->interrupted)
    return sys5(SYS_ppoll, polled, count, timeout, NULL, 0);
  // The signal of an interruption must come either before the flag is looked at, or while the
  // kernel waits: not in between.
  const uint64_t urgent = 1ull << (SIGURG - 1);
  uint64_t blocked = 0;
  sys4(SYS_rt_sigprocmask, SIG_BLOCK, &urgent, &blocked, sizeof blocked);
  long result = wasmaot_wasi_is_interrupted(wasi)
                    ? -EINTR
                    : sys5(SYS_ppoll, polled, count, timeout, &blocked, sizeof blocked);
  sys4(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, NULL, sizeof blocked);
  return result;
}

// ---- Borrowed descriptors ---------------------------------------------------------------------

// What a pipe takes at once when it says that it is ready (PIPE_BUF).
#define READY_SIZE 4096u

// Lets no more than READY_SIZE bytes stand in the buffers. How many are left.
static uint32_t shorten(struct iovec *buffers, uint32_t count) {
  size_t room = READY_SIZE;
  for (uint32_t i = 0; i < count; i++) {
    if (buffers[i].iov_len >= room) {
      buffers[i].iov_len = room;
      return i + 1;
    }
    room -= buffers[i].iov_len;
  }
  return count;
}

// 1 if the descriptor is ready for an event, 0 if it is not and nobody waits, or -errno.
static long await(const struct wasmaot_descriptor *descriptor, short event, bool waits) {
  struct pollfd polled = {.fd = descriptor->host, .events = event};
  struct timespec at_once = {0, 0};
  long ready;
  do
    ready = wasmaot_wasi_ppoll(descriptor->wasi, &polled, 1, waits ? NULL : &at_once);
  while (ready == -EINTR && !wasmaot_wasi_is_interrupted(descriptor->wasi));
  return ready;
}

static bool is_nonblocking(const struct wasmaot_descriptor *descriptor) {
  if (descriptor->is_borrowed)
    return (wasmaot_wasi_flags(descriptor) & FDFLAG_NONBLOCK) != 0;
  return (sys2(SYS_fcntl, descriptor->host, F_GETFL) & O_NONBLOCK) != 0;
}

// Past bytes that were moved. How many buffers are left, from `*buffers` on.
static uint32_t skip(struct iovec **buffers, uint32_t count, size_t size) {
  while (count > 0 && (*buffers)->iov_len <= size) {
    size -= (*buffers)->iov_len;
    ++*buffers;
    count--;
  }
  if (count > 0) {
    (*buffers)->iov_base = (uint8_t *)(*buffers)->iov_base + size;
    (*buffers)->iov_len -= size;
  }
  return count;
}

// In a host. What the kernel moves at once can be less than what it would have waited for.
static long transfer_polling(const struct wasmaot_descriptor *descriptor, short event,
                             wasmaot_transfer *once, struct iovec *buffers, uint32_t count,
                             uint32_t flags) {
  bool waits = !is_nonblocking(descriptor);
  bool waits_for_all = descriptor->is_socket && (flags & (MSG_WAITALL | MSG_PEEK)) == MSG_WAITALL;
  bool moves_all = waits && count > 0 && (event == POLLOUT || waits_for_all);
  // As much as without a host, so that a pipe is filled in the same steps.
  if (!waits && descriptor->is_borrowed && event == POLLOUT)
    count = shorten(buffers, count);
  long total = 0;
  for (;;) {
    long result = await(descriptor, event, waits);
    if (result >= 0)
      result = result == 0 ? -EAGAIN : once(descriptor, buffers, count, flags);
    if (result == -EAGAIN && waits) // another thread or process was quicker
      continue;
    if (sys_failed(result))
      return total > 0 ? total : result;
    total += result;
    if (!moves_all || result == 0)
      return total;
    count = skip(&buffers, count, (size_t)result);
    if (count == 0)
      return total;
  }
}

long wasmaot_wasi_transfer(const struct wasmaot_descriptor *descriptor, short event,
                           wasmaot_transfer *once, struct iovec *buffers, uint32_t count,
                           uint32_t flags) {
  if (wasmaot_wasi_only_polls(descriptor))
    return transfer_polling(descriptor, event, once, buffers, count, flags);
  if (!descriptor->is_borrowed)
    return once(descriptor, buffers, count, flags);
  if (is_nonblocking(descriptor)) {
    long ready = await(descriptor, event, false);
    if (ready != 1)
      return ready == 0 ? -EAGAIN : ready;
    return once(descriptor, buffers, event == POLLOUT ? shorten(buffers, count) : count, flags);
  }
  for (;;) {
    long result = once(descriptor, buffers, count, flags);
    // Another process may have made the open file non-blocking, which this guest did not ask for.
    if (result != -EAGAIN)
      return result;
    long ready = await(descriptor, event, true);
    if (sys_failed(ready))
      return ready;
  }
}

// ---- Without waiting --------------------------------------------------------------------------

// With the lock nobody else in the guest takes what ppoll saw. (Another process still can.)
long wasmaot_wasi_take(const struct wasmaot_descriptor *descriptor, wasmaot_transfer *once,
                       struct iovec *buffers, uint32_t count, uint32_t flags) {
  struct wasmaot_wasi *wasi = descriptor->wasi;
  wasmaot_wasi_lock(wasi, &wasi->take_lock);
  long result = await(descriptor, POLLIN, false);
  if (result >= 0)
    result = result == 0 ? -EAGAIN : once(descriptor, buffers, count, flags);
  wasmaot_wasi_unlock(wasi, &wasi->take_lock);
  return result;
}

static long read_host(const struct wasmaot_descriptor *descriptor, struct iovec *buffers,
                      uint32_t count, uint32_t flags) {
  (void)flags;
  return sys3(SYS_readv, descriptor->host, buffers, count);
}

// Whether the open file, or the kernel, has no RWF_NOWAIT: sockets and pipes do since Linux 6.4.
static bool lacks_nowait(long result) { return result == -EOPNOTSUPP || result == -ENOSYS; }

long wasmaot_wasi_readv(const struct wasmaot_descriptor *descriptor, struct iovec *buffers,
                        uint32_t count) {
  if (!wasmaot_wasi_only_polls(descriptor))
    return read_host(descriptor, buffers, count, 0);
  long result = sys6(SYS_preadv2, descriptor->host, (long)buffers, count, -1, -1, RWF_NOWAIT);
  if (!lacks_nowait(result))
    return result;
  struct wasmaot_message message = {.buffers = buffers, .count = count};
  result = sys3(SYS_recvmsg, descriptor->host, &message, MSG_DONTWAIT);
  return result == -ENOTSOCK ? wasmaot_wasi_take(descriptor, read_host, buffers, count, 0) : result;
}

// The first bytes, no more than what fits where ppoll saw room.
static long write_some(const struct wasmaot_descriptor *descriptor, const struct iovec *buffers,
                       uint32_t count) {
  while (count > 1 && buffers->iov_len == 0) {
    buffers++;
    count--;
  }
  struct iovec first = count > 0 ? *buffers : (struct iovec){0};
  return sys3(SYS_writev, descriptor->host, &first, shorten(&first, count > 0));
}

static long write_host(const struct wasmaot_descriptor *descriptor, const struct iovec *buffers,
                       uint32_t count) {
  if (!wasmaot_wasi_only_polls(descriptor))
    return sys3(SYS_writev, descriptor->host, buffers, count);
  long result = sys6(SYS_pwritev2, descriptor->host, (long)buffers, count, -1, -1, RWF_NOWAIT);
  if (!lacks_nowait(result))
    return result;
  // (sendmsg does not write there.)
  struct wasmaot_message message = {.buffers = (struct iovec *)(uintptr_t)buffers, .count = count};
  result = sys3(SYS_sendmsg, descriptor->host, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  return result == -ENOTSOCK ? write_some(descriptor, buffers, count) : result;
}

// ---- SIGPIPE ----------------------------------------------------------------------------------

// Programs ignore the signal. A host may have its own ideas of it, but not because a guest writes.
static long write_without_signal(const struct wasmaot_descriptor *descriptor,
                                 const struct iovec *buffers, uint32_t count) {
  const uint64_t pipe = 1ull << (SIGPIPE - 1);
  const struct timespec at_once = {0, 0};
  uint64_t pending = 0;
  uint64_t blocked = 0;
  sys2(SYS_rt_sigpending, &pending, sizeof pending);
  sys4(SYS_rt_sigprocmask, SIG_BLOCK, &pipe, &blocked, sizeof blocked);
  long result = write_host(descriptor, buffers, count);
  if (result == -EPIPE && (pending & pipe) == 0)
    while (sys4(SYS_rt_sigtimedwait, &pipe, NULL, &at_once, sizeof pipe) == -EINTR) {
    }
  sys4(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, NULL, sizeof blocked);
  return result;
}

long wasmaot_wasi_writev(const struct wasmaot_descriptor *descriptor, const struct iovec *buffers,
                         uint32_t count) {
  if (descriptor->wasi->is_hosted && descriptor->may_wait)
    return write_without_signal(descriptor, buffers, count);
  return write_host(descriptor, buffers, count);
}
