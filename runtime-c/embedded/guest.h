// For the functions that wasm calls.
#ifndef WASMAOT_EMBEDDED_GUEST_H
#define WASMAOT_EMBEDDED_GUEST_H

#include "runtime.h"

// The first thing that a function does which wasm calls: from here to guest_resume no signal ends
// the activation. Traps where less than `reserve` bytes of stack are left, for what the function
// calls probes no guard pages, and must not be cut off in the middle.
static inline struct activation *guest_suspend(uint64_t reserve) {
  struct activation *activation = wasmaot_activation;
  activation->mode = MODE_HOST;
  atomic_signal_fence(memory_order_seq_cst);
  if ((uint64_t)(uintptr_t)__builtin_frame_address(0) - activation->stack->low < reserve)
    wasmaot_raise(activation, WASMAOT_TRAP_STACK_OVERFLOW);
  return activation;
}

// The last thing. An interruption that came meanwhile is seen here; one that comes later finds
// MODE_GUEST and a program counter in this section.
static inline void guest_resume(struct activation *activation) {
  atomic_signal_fence(memory_order_seq_cst);
  activation->mode = MODE_GUEST;
  atomic_signal_fence(memory_order_seq_cst);
  if (atomic_load_explicit(activation->interrupted, memory_order_relaxed) != 0) {
    activation->mode = MODE_HOST;
    wasmaot_raise(activation, END_INTERRUPTED);
  }
}

#endif
