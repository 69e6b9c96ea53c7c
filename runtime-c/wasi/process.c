// The process: its end, its signals, its turn on the CPU, its randomness.
#include "internal.h"

#include <errno.h>

// The binding ends the guest when this returns.
void wasmaot_wasip1_proc_exit(struct wasmaot_wasi *wasi, uint32_t status) {
  wasi->exit_status = status;
  wasi->has_exited = true;
}

// Guests don't send signals: there is nobody here but the guest itself.
uint32_t wasmaot_wasip1_proc_raise(struct wasmaot_wasi *wasi, uint32_t signal) {
  (void)wasi;
  (void)signal;
  return WASI_ENOTSUP;
}

uint32_t wasmaot_wasip1_sched_yield(struct wasmaot_wasi *wasi) {
  (void)wasi;
  return wasmaot_wasi_errno(sys0(SYS_sched_yield));
}

// What is made without a look at whether a host wants the guest back.
#define CHUNK (1u << 20)

uint32_t wasmaot_wasip1_random_get(struct wasmaot_wasi *wasi, uint32_t buffer, uint32_t size) {
  // Straight into the guest's memory, so no size of the guest's is allocated here.
  uint8_t *bytes = wasmaot_guest(wasi, buffer, size);
  if (!bytes)
    return WASI_EFAULT;
  for (uint64_t done = 0; done < size;) {
    // 4 GiB take seconds.
    if (wasmaot_wasi_is_interrupted(wasi))
      return WASI_EINTR;
    uint64_t left = size - done;
    long count = sys3(SYS_getrandom, bytes + done, left < CHUNK ? left : CHUNK, 0);
    if (count == -EINTR)
      continue;
    if (sys_failed(count))
      return wasmaot_wasi_errno(count);
    done += (uint64_t)count;
  }
  return WASI_SUCCESS;
}
