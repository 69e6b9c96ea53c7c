// The process: its end, its signals, its turn on the CPU, its randomness.
#include "wasi.h"

#include <errno.h>

_Noreturn void wasmaot_wasi_proc_exit(uint32_t status) { wasmaot_exit((int)status); }

// Guests don't send signals: there is nobody here but the guest itself.
uint32_t wasmaot_wasi_proc_raise(uint32_t signal) {
  (void)signal;
  return WASI_ENOTSUP;
}

uint32_t wasmaot_wasi_sched_yield(void) { return wasmaot_wasi_errno(sys0(SYS_sched_yield)); }

uint32_t wasmaot_wasi_random_get(uint32_t buffer, uint32_t size) {
  // Straight into the guest's memory, so no size of the guest's is allocated here.
  uint8_t *bytes = wasmaot_guest(buffer, size);
  if (!bytes)
    return WASI_EFAULT;
  for (uint64_t done = 0; done < size;) {
    long count = sys3(SYS_getrandom, bytes + done, size - done, 0);
    if (count == -EINTR)
      continue;
    if (sys_failed(count))
      return wasmaot_wasi_errno(count);
    done += (uint64_t)count;
  }
  return WASI_SUCCESS;
}
