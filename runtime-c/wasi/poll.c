// Waiting for clocks and descriptors.
#include "internal.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>

enum { EVENT_CLOCK = 0, EVENT_FD_READ = 1, EVENT_FD_WRITE = 2 };
#define CLOCK_FLAG_ABSOLUTE 1u
#define EVENT_FLAG_HANGUP 1u
// WASI's numbers of the clocks that one can wait for.
enum { CLOCK_ID_REALTIME = 0, CLOCK_ID_MONOTONIC = 1 };

// What a guest may wait for at once; the host's arrays below are sized by it.
#define MAX_SUBSCRIPTIONS 1024

#define NO_DEADLINE UINT64_MAX

// One subscription of either layout, copied: another thread of the guest must not change it between
// check and use.
struct subscription {
  uint64_t user_data;
  uint64_t deadline;                     // of a clock: when, in its time
  struct wasmaot_descriptor *descriptor; // pinned, or null
  uint16_t error;
  uint16_t polled; // where in the state's array, if there is a descriptor
  uint8_t type;
  uint8_t clock;
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

struct poll_state {
  struct wasmaot_wasi *wasi;
  uint8_t *events;
  uint32_t count;
  uint32_t event_count;
  // Of descriptors alone: the kernel refuses arrays larger than the limit on open files.
  uint32_t polled_count;
  struct subscription subscriptions[MAX_SUBSCRIPTIONS];
  struct pollfd polled[MAX_SUBSCRIPTIONS];
};

static uint64_t now(uint8_t clock) {
  struct timespec time = {0, 0};
  clock_gettime(clock == CLOCK_ID_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// ---- Subscriptions ----------------------------------------------------------------------------

static void load_clock(struct subscription *subscription, const uint8_t *bytes,
                       const struct layout *layout) {
  uint32_t clock;
  uint64_t timeout;
  uint16_t flags;
  memcpy(&clock, bytes + layout->clock_id, sizeof clock);
  memcpy(&timeout, bytes + layout->timeout, sizeof timeout);
  memcpy(&flags, bytes + layout->clock_flags, sizeof flags);
  if (clock > CLOCK_ID_MONOTONIC || (flags & ~CLOCK_FLAG_ABSOLUTE) != 0) {
    subscription->error = WASI_EINVAL;
    return;
  }
  // A span of time has the same length by any clock; by this one, nobody can set it meanwhile.
  subscription->clock = CLOCK_ID_MONOTONIC;
  subscription->deadline = timeout;
  if (flags & CLOCK_FLAG_ABSOLUTE)
    subscription->clock = (uint8_t)clock;
  else if (__builtin_add_overflow(timeout, now(CLOCK_ID_MONOTONIC), &subscription->deadline))
    subscription->deadline = NO_DEADLINE;
}

static void load(struct poll_state *state, uint32_t index, const uint8_t *bytes,
                 const struct layout *layout) {
  struct subscription *subscription = &state->subscriptions[index];
  *subscription = (struct subscription){.type = bytes[8], .deadline = NO_DEADLINE};
  memcpy(&subscription->user_data, bytes, sizeof subscription->user_data);
  uint32_t fd;
  switch (subscription->type) {
  case EVENT_CLOCK:
    load_clock(subscription, bytes, layout);
    break;
  case EVENT_FD_READ:
  case EVENT_FD_WRITE:
    memcpy(&fd, bytes + 16, sizeof fd);
    subscription->error = (uint16_t)wasmaot_wasi_pin(state->wasi, fd, RIGHT_POLL_FD_READWRITE,
                                                     &subscription->descriptor);
    if (subscription->error == WASI_SUCCESS) {
      subscription->polled = (uint16_t)state->polled_count++;
      state->polled[subscription->polled] = (struct pollfd){
          .fd = subscription->descriptor->host,
          .events = subscription->type == EVENT_FD_READ ? POLLIN | POLLRDHUP : POLLOUT,
      };
    }
    break;
  default:
    subscription->error = WASI_EINVAL;
    break;
  }
}

// ---- Events -----------------------------------------------------------------------------------

static void put(struct poll_state *state, const struct subscription *subscription, uint16_t error,
                uint64_t bytes, uint16_t flags) {
  struct event event = {
      .user_data = subscription->user_data,
      .error = error,
      .type = subscription->type,
      .bytes = bytes,
      .flags = flags,
  };
  memcpy(state->events + (uint64_t)state->event_count++ * sizeof event, &event, sizeof event);
}

// How much can be read at once.
static uint64_t available(int host) {
  struct stat status;
  if (wasmaot_host_stat(host, &status) == 0 && S_ISREG(status.st_mode)) {
    long position = sys3(SYS_lseek, host, 0, SEEK_CUR);
    return !sys_failed(position) && status.st_size > position
               ? (uint64_t)(status.st_size - position)
               : 0;
  }
  int count = 0;
  sys3(SYS_ioctl, host, FIONREAD, &count);
  return count > 0 ? (uint64_t)count : 0;
}

static void put_descriptor(struct poll_state *state, const struct subscription *subscription) {
  const struct pollfd *polled = &state->polled[subscription->polled];
  if (polled->revents == 0)
    return;
  uint16_t error = polled->revents & POLLNVAL  ? WASI_EBADF
                   : polled->revents & POLLERR ? WASI_EIO
                                               : WASI_SUCCESS;
  put(state, subscription, error, subscription->type == EVENT_FD_READ ? available(polled->fd) : 0,
      polled->revents & (POLLHUP | POLLRDHUP) ? EVENT_FLAG_HANGUP : 0);
}

static void collect(struct poll_state *state) {
  for (uint32_t i = 0; i < state->count; i++) {
    const struct subscription *subscription = &state->subscriptions[i];
    if (subscription->error != WASI_SUCCESS)
      put(state, subscription, subscription->error, 0, 0);
    else if (subscription->type != EVENT_CLOCK)
      put_descriptor(state, subscription);
    else if (now(subscription->clock) >= subscription->deadline)
      put(state, subscription, WASI_SUCCESS, 0, 0);
  }
}

// ---- Waiting ----------------------------------------------------------------------------------

// Who waits for a time of day must look at the clock now and then: the kernel counts the span of
// the wait by a clock that nobody can set, and this one may be set forward past the deadline.
#define MAX_REALTIME_WAIT 1000000000u

// Nanoseconds to the nearest deadline, or until a clock is to be looked at; 0 if there is something
// to tell at once.
static uint64_t longest_wait(const struct poll_state *state) {
  uint64_t wait = NO_DEADLINE;
  for (uint32_t i = 0; i < state->count; i++) {
    const struct subscription *subscription = &state->subscriptions[i];
    if (subscription->error != WASI_SUCCESS)
      return 0;
    if (subscription->deadline == NO_DEADLINE)
      continue;
    uint64_t time = now(subscription->clock);
    uint64_t left = subscription->deadline > time ? subscription->deadline - time : 0;
    if (subscription->clock == CLOCK_ID_REALTIME && left > MAX_REALTIME_WAIT)
      left = MAX_REALTIME_WAIT;
    wait = left < wait ? left : wait;
  }
  return wait;
}

static uint32_t wait_for_events(struct poll_state *state) {
  // Woken too early (a signal, or a clock that was set), it waits for the rest.
  while (state->event_count == 0) {
    uint64_t wait = longest_wait(state);
    struct timespec time = {(time_t)(wait / 1000000000u), (long)(wait % 1000000000u)};
    long polled = wasmaot_wasi_ppoll(state->wasi, state->polled, state->polled_count,
                                     wait == NO_DEADLINE ? NULL : &time);
    if (sys_failed(polled) && (polled != -EINTR || wasmaot_wasi_is_interrupted(state->wasi)))
      return wasmaot_wasi_errno(polled);
    if (!sys_failed(polled))
      collect(state);
  }
  return WASI_SUCCESS;
}

static uint32_t poll_layout(struct wasmaot_wasi *wasi, uint32_t subscriptions, uint32_t events,
                            uint32_t count, uint32_t result, const struct layout *layout) {
  struct poll_state state;
  if (count == 0)
    return WASI_EINVAL;
  if (count > MAX_SUBSCRIPTIONS)
    return WASI_ENOMEM;
  const uint8_t *bytes = wasmaot_guest(wasi, subscriptions, (uint64_t)count * layout->size);
  state.wasi = wasi;
  state.events = wasmaot_guest(wasi, events, (uint64_t)count * sizeof(struct event));
  if (!bytes || !state.events)
    return WASI_EFAULT;
  state.count = count;
  state.event_count = 0;
  state.polled_count = 0;
  for (uint32_t i = 0; i < count; i++)
    load(&state, i, bytes + (uint64_t)i * layout->size, layout);
  uint32_t error = wait_for_events(&state);
  for (uint32_t i = 0; i < count; i++)
    wasmaot_wasi_unpin(&state.subscriptions[i].descriptor);
  return error != WASI_SUCCESS ? error : wasmaot_guest_store_u32(wasi, result, state.event_count);
}

uint32_t wasmaot_wasip1_poll_oneoff(struct wasmaot_wasi *wasi, uint32_t subscriptions,
                                    uint32_t events, uint32_t count, uint32_t result) {
  static const struct layout layout = {48, 16, 24, 40};
  return poll_layout(wasi, subscriptions, events, count, result, &layout);
}

uint32_t wasmaot_wasip1_unstable_poll_oneoff(struct wasmaot_wasi *wasi, uint32_t subscriptions,
                                             uint32_t events, uint32_t count, uint32_t result) {
  static const struct layout layout = {56, 24, 32, 48};
  return poll_layout(wasi, subscriptions, events, count, result, &layout);
}
