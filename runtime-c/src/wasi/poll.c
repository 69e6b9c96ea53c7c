// Waiting for clocks and descriptors.
#include "wasi.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <time.h>

enum { EVENT_CLOCK = 0, EVENT_FD_READ = 1, EVENT_FD_WRITE = 2 };
#define CLOCK_FLAG_ABSOLUTE 1u
#define EVENT_FLAG_HANGUP 1u

// What a guest may wait for at once; the host's arrays below are sized by it.
#define MAX_SUBSCRIPTIONS 1024

// One subscription of either layout.
struct subscription {
  uint64_t user_data;
  uint64_t timeout;
  uint32_t type;
  uint32_t id; // of the clock or the descriptor
  uint32_t clock_flags;
};

struct event {
  uint64_t user_data;
  uint16_t error;
  uint8_t type;
  uint8_t padding[5];
  uint64_t bytes;
  uint16_t flags;
  uint8_t more_padding[6];
};
_Static_assert(sizeof(struct event) == 32, "layout of event");

// Where the fields of a subscription are: wasi_unstable has an identifier before the clock.
struct layout {
  uint8_t size;
  uint8_t clock_id;
  uint8_t timeout;
  uint8_t clock_flags;
};

static struct subscription load(const uint8_t *bytes, const struct layout *layout) {
  struct subscription result = {0};
  memcpy(&result.user_data, bytes, 8);
  result.type = bytes[8];
  if (result.type == EVENT_CLOCK) {
    memcpy(&result.id, bytes + layout->clock_id, 4);
    memcpy(&result.timeout, bytes + layout->timeout, 8);
    memcpy(&result.clock_flags, bytes + layout->clock_flags, 2);
  } else {
    memcpy(&result.id, bytes + 16, 4);
  }
  return result;
}

static uint64_t now(uint32_t clock) {
  struct timespec time = {0, 0};
  sys2(SYS_clock_gettime, clock == 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// What is left to wait, in nanoseconds.
static uint64_t remaining(const struct subscription *subscription, uint64_t started) {
  uint64_t time = now(subscription->id);
  uint64_t until = subscription->timeout;
  if ((subscription->clock_flags & CLOCK_FLAG_ABSOLUTE) == 0)
    until = __builtin_add_overflow(until, started, &until) ? UINT64_MAX : until;
  return until > time ? until - time : 0;
}

struct poll_state {
  const uint8_t *subscriptions;
  uint8_t *events;
  const struct layout *layout;
  uint32_t count;
  uint32_t event_count;
  uint64_t started[2]; // realtime, monotonic
  struct pollfd polled[MAX_SUBSCRIPTIONS];
  uint16_t errors[MAX_SUBSCRIPTIONS];
};

static void put(struct poll_state *state, const struct subscription *subscription, uint16_t error,
                uint64_t bytes, uint16_t flags) {
  struct event event = {
      .user_data = subscription->user_data,
      .error = error,
      .type = (uint8_t)subscription->type,
      .bytes = bytes,
      .flags = flags,
  };
  memcpy(state->events + (uint64_t)state->event_count++ * sizeof event, &event, sizeof event);
}

// Sets up what to poll for, and finds the nearest timeout and the subscriptions that fail at once.
static void prepare(struct poll_state *state, uint64_t *timeout, bool *ready) {
  for (uint32_t i = 0; i < state->count; i++) {
    struct subscription subscription =
        load(state->subscriptions + (uint64_t)i * state->layout->size, state->layout);
    struct pollfd *polled = &state->polled[i];
    *polled = (struct pollfd){.fd = -1};
    state->errors[i] = WASI_SUCCESS;
    struct wasmaot_descriptor *descriptor;
    switch (subscription.type) {
    case EVENT_CLOCK:
      if (subscription.id > 1) {
        state->errors[i] = WASI_EINVAL;
      } else {
        uint64_t left = remaining(&subscription, state->started[subscription.id]);
        *timeout = left < *timeout ? left : *timeout;
      }
      break;
    case EVENT_FD_READ:
    case EVENT_FD_WRITE:
      state->errors[i] =
          (uint16_t)wasmaot_wasi_descriptor(subscription.id, RIGHT_POLL_FD_READWRITE, &descriptor);
      if (state->errors[i] == WASI_SUCCESS) {
        polled->fd = descriptor->host;
        polled->events = subscription.type == EVENT_FD_READ ? POLLIN : POLLOUT;
      }
      break;
    default:
      state->errors[i] = WASI_EINVAL;
      break;
    }
    *ready |= state->errors[i] != WASI_SUCCESS;
  }
}

static void put_descriptor(struct poll_state *state, const struct subscription *subscription,
                           const struct pollfd *polled) {
  int available = 0;
  if (subscription->type == EVENT_FD_READ)
    sys3(SYS_ioctl, polled->fd, FIONREAD, &available);
  uint16_t error = polled->revents & POLLNVAL  ? WASI_EBADF
                   : polled->revents & POLLERR ? WASI_EIO
                                               : WASI_SUCCESS;
  put(state, subscription, error, available > 0 ? (uint64_t)available : 0,
      polled->revents & POLLHUP ? EVENT_FLAG_HANGUP : 0);
}

static void collect(struct poll_state *state) {
  for (uint32_t i = 0; i < state->count; i++) {
    struct subscription subscription =
        load(state->subscriptions + (uint64_t)i * state->layout->size, state->layout);
    if (state->errors[i] != WASI_SUCCESS)
      put(state, &subscription, state->errors[i], 0, 0);
    else if (subscription.type != EVENT_CLOCK && state->polled[i].revents != 0)
      put_descriptor(state, &subscription, &state->polled[i]);
    else if (subscription.type == EVENT_CLOCK &&
             remaining(&subscription, state->started[subscription.id]) == 0)
      put(state, &subscription, WASI_SUCCESS, 0, 0);
  }
}

static uint32_t poll_layout(uint32_t subscriptions, uint32_t events, uint32_t count,
                            uint32_t result, const struct layout *layout) {
  struct poll_state state;
  if (count == 0)
    return WASI_EINVAL;
  if (count > MAX_SUBSCRIPTIONS)
    return WASI_ENOMEM;
  state.subscriptions = wasmaot_guest(subscriptions, (uint64_t)count * layout->size);
  state.events = wasmaot_guest(events, (uint64_t)count * sizeof(struct event));
  if (!state.subscriptions || !state.events)
    return WASI_EFAULT;
  state.layout = layout;
  state.count = count;
  state.event_count = 0;
  state.started[0] = now(0);
  state.started[1] = now(1);
  // Woken too early (a signal, or a clock that was set), it waits for the rest.
  while (state.event_count == 0) {
    uint64_t timeout = UINT64_MAX;
    bool ready = false;
    prepare(&state, &timeout, &ready);
    if (ready)
      timeout = 0;
    struct timespec time = {(time_t)(timeout / 1000000000u), (long)(timeout % 1000000000u)};
    long polled =
        sys5(SYS_ppoll, state.polled, count, timeout == UINT64_MAX ? NULL : &time, NULL, 0);
    if (sys_failed(polled) && polled != -EINTR)
      return wasmaot_wasi_errno(polled);
    if (!sys_failed(polled))
      collect(&state);
  }
  return wasmaot_guest_store_u32(result, state.event_count);
}

uint32_t wasmaot_wasi_poll_oneoff(uint32_t subscriptions, uint32_t events, uint32_t count,
                                  uint32_t result) {
  static const struct layout layout = {48, 16, 24, 40};
  return poll_layout(subscriptions, events, count, result, &layout);
}

uint32_t wasmaot_wasi_unstable_poll_oneoff(uint32_t subscriptions, uint32_t events, uint32_t count,
                                           uint32_t result) {
  static const struct layout layout = {56, 24, 32, 48};
  return poll_layout(subscriptions, events, count, result, &layout);
}
