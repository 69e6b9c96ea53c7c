// Contexts: what a guest was given, and the lock around its descriptors.
#include "internal.h"

// The kernel's <linux/futex.h>, which musl's headers do not bring.
#define FUTEX_WAIT_PRIVATE 128
#define FUTEX_WAKE_PRIVATE 129

size_t wasmaot_wasi_size(void) { return sizeof(struct wasmaot_wasi); }

void wasmaot_wasi_start(struct wasmaot_wasi *wasi, bool has_threads) {
  // The descriptors, pages of them, are left alone: each is written when it is taken.
  memset(wasi, 0, offsetof(struct wasmaot_wasi, descriptors));
  wasi->has_threads = has_threads;
}

void wasmaot_wasi_set_memory(struct wasmaot_wasi *wasi, uint8_t *const *base,
                             const uint64_t *bytes) {
  wasi->memory_base = base;
  wasi->memory_bytes = bytes;
}

void wasmaot_wasi_set_arguments(struct wasmaot_wasi *wasi, uint32_t count,
                                const char *const *arguments) {
  wasi->argument_count = count;
  wasi->arguments = arguments;
}

void wasmaot_wasi_set_variables(struct wasmaot_wasi *wasi, uint32_t count,
                                const char *const *variables) {
  wasi->variable_count = count;
  wasi->variables = variables;
}

bool wasmaot_wasi_has_exited(const struct wasmaot_wasi *wasi, uint32_t *status) {
  *status = wasi->exit_status;
  return wasi->has_exited;
}

void wasmaot_wasi_set_hosted(struct wasmaot_wasi *wasi, const volatile uint32_t *interrupted) {
  wasi->is_hosted = true;
  wasi->interrupted = interrupted;
}

void wasmaot_wasi_set_raw_terminal(struct wasmaot_wasi *wasi) { wasi->raw_terminal = true; }

// ---- Locks ------------------------------------------------------------------------------------

// Mostly held for a few instructions, so that whoever comes second hardly ever waits. (Drepper,
// "Futexes are tricky", the second mutex.) libc's would need its threads.
void wasmaot_wasi_lock(const struct wasmaot_wasi *wasi, uint32_t *lock) {
  if (!wasi->has_threads)
    return;
  uint32_t state = 0;
  if (__atomic_compare_exchange_n(lock, &state, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
    return;
  while (__atomic_exchange_n(lock, 2, __ATOMIC_ACQUIRE) != 0)
    sys4(SYS_futex, lock, FUTEX_WAIT_PRIVATE, 2, NULL);
}

void wasmaot_wasi_unlock(const struct wasmaot_wasi *wasi, uint32_t *lock) {
  if (wasi->has_threads && __atomic_exchange_n(lock, 0, __ATOMIC_RELEASE) == 2)
    sys3(SYS_futex, lock, FUTEX_WAKE_PRIVATE, 1);
}
