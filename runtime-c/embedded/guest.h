// For the functions that wasm calls.
#ifndef WASMAOT_EMBEDDED_GUEST_H
#define WASMAOT_EMBEDDED_GUEST_H

#include "runtime.h"

// Handlers know the caller's section only.
#define GUEST_INLINE static inline __attribute__((always_inline))

// The first thing that a function does which wasm calls: from here to guest_resume no signal ends
// the activation. Traps where less than `reserve` bytes of stack are left, for what the function
// calls probes no guard pages, and must not be cut off in the middle. That trap is a failed check
// in MODE_GUEST: its handler has a stack of its own. (Raising it here would run the backtrace on
// what is left, and a guest that chose its depth well could end the process.)
GUEST_INLINE struct activation *guest_suspend(uint64_t reserve) {
  struct activation *activation = wasmaot_activation;
  if ((uint64_t)(uintptr_t)__builtin_frame_address(0) - activation->stack->low < reserve) {
    __asm__ volatile(".byte 0x67, 0x0f, 0xb9, 0x40, %c0" ::"i"(WASMAOT_TRAP_STACK_OVERFLOW));
    __builtin_unreachable();
  }
  atomic_signal_fence(memory_order_seq_cst);
  activation->mode = MODE_HOST;
  atomic_signal_fence(memory_order_seq_cst);
  return activation;
}

// The last thing. An interruption that came meanwhile is seen here; one that comes later finds
// MODE_GUEST and a program counter in this section.
GUEST_INLINE void guest_resume(struct activation *activation) {
  atomic_signal_fence(memory_order_seq_cst);
  activation->mode = MODE_GUEST;
  atomic_signal_fence(memory_order_seq_cst);
  if (atomic_load_explicit(activation->interrupted, memory_order_relaxed) != 0) {
    activation->mode = MODE_HOST;
    wasmaot_raise(activation, END_INTERRUPTED);
  }
}

#endif
