// Clocks. Times are nanoseconds in 64 bits.
#include "internal.h"

#include <time.h>

// WASI's numbers of clocks.
static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID,
                                   CLOCK_THREAD_CPUTIME_ID};
#define CLOCK_COUNT (sizeof clocks / sizeof clocks[0])

static uint64_t nanoseconds(const struct timespec *time) {
  return (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_nsec;
}

uint32_t wasmaot_wasip1_clock_res_get(struct wasmaot_wasi *wasi, uint32_t id, uint32_t result) {
  struct timespec time;
  if (id >= CLOCK_COUNT)
    return WASI_EINVAL;
  uint32_t error = wasmaot_wasi_errno(sys2(SYS_clock_getres, clocks[id], &time));
  return error != WASI_SUCCESS ? error : wasmaot_guest_store_u64(wasi, result, nanoseconds(&time));
}

uint32_t wasmaot_wasip1_clock_time_get(struct wasmaot_wasi *wasi, uint32_t id, uint64_t precision,
                                       uint32_t result) {
  (void)precision; // a hint
  struct timespec time;
  if (id >= CLOCK_COUNT)
    return WASI_EINVAL;
  // libc's, which reads the clock in the vDSO without entering the kernel.
  if (clock_gettime(clocks[id], &time) != 0)
    return WASI_EINVAL;
  return wasmaot_guest_store_u64(wasi, result, nanoseconds(&time));
}
