// Calls from the host into wasm.
//
// Wasm runs on a stack of the engine's, which the outermost call of a thread takes. A call from
// within a function of the host that wasm called goes on on the stack that it is on. What ends a
// call early (a trap, an interruption, an error of the host) goes back to the innermost activation
// by restoring its stack pointer: nothing in between has anything to clean up, because wasm code
// has not, and the runtime's functions do before they raise.
#include "runtime.h"

#include <stdio.h>

#if !defined(__x86_64__)
#error "the runtime knows the calling convention of x86-64 only"
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HAS_ADDRESS_SANITIZER 1
#endif

_Static_assert(offsetof(struct activation, saved_stack_pointer) == 0, "known to assembly");
_Static_assert(offsetof(struct activation, mode) == 8, "known to assembly");
_Static_assert(offsetof(struct activation, interrupted) == 16, "known to assembly");
_Static_assert(END_INTERRUPTED == 0x100 && MODE_GUEST == 1, "known to assembly");

// Saves the callee-saved registers, and calls enter(code, context, values) on `stack`, or on the
// current one where that is 0. Returns how the activation ended.
//
// The order matters. MODE_GUEST comes after the stack pointer is saved, for from then on a signal
// may bring us back to it; the store's flag is looked at after that, so that no interruption is
// lost in between; MODE_HOST comes before the stack is left. rbp is cleared: it ends the chain of
// frame pointers.
uint32_t wasmaot_switch(struct activation *activation, wasmaot_enter_function *enter, void *code,
                        void *context, struct wasmaot_value *values, uint64_t stack);
// (In the section of functions that wasm calls: after MODE_GUEST an interruption may end it, too.)
__asm__(".section wasmaot_guest_facing,\"ax\",@progbits\n"
        ".hidden wasmaot_switch\n"
        ".globl wasmaot_switch\n"
        ".type wasmaot_switch,@function\n"
        "wasmaot_switch:\n"
        "  push %rbp\n"
        "  push %rbx\n"
        "  push %r12\n"
        "  push %r13\n"
        "  push %r14\n"
        "  push %r15\n"
        "  mov %rsp, (%rdi)\n"
        "  mov %rdi, %rbx\n"
        "  mov %rsi, %rax\n"
        "  mov %rdx, %rdi\n"
        "  mov %rcx, %rsi\n"
        "  mov %r8, %rdx\n"
        "  test %r9, %r9\n"
        "  cmovnz %r9, %rsp\n"
        "  and $-16, %rsp\n"
        "  xor %ebp, %ebp\n"
        "  mov 16(%rbx), %rcx\n"
        "  movl $1, 8(%rbx)\n"
        "  cmpl $0, (%rcx)\n"
        "  jne 1f\n"
        "  call *%rax\n"
        "  xor %esi, %esi\n"
        "  mov %rbx, %rdi\n"
        "  jmp wasmaot_leave\n"
        "1:\n"
        "  mov $0x100, %esi\n"
        "  mov %rbx, %rdi\n"
        ".hidden wasmaot_leave\n"
        ".globl wasmaot_leave\n"
        ".type wasmaot_leave,@function\n"
        "wasmaot_leave:\n"
        "  movl $0, 8(%rdi)\n"
        "  mov %esi, %eax\n"
        "  mov (%rdi), %rsp\n"
        "  cld\n"
        "  pop %r15\n"
        "  pop %r14\n"
        "  pop %r13\n"
        "  pop %r12\n"
        "  pop %rbx\n"
        "  pop %rbp\n"
        "  ret\n"
        ".size wasmaot_switch, . - wasmaot_switch\n"
        ".previous\n");

// Rounding to nearest, no exceptions, denormals kept: what the specification wants. A host that was
// linked with -ffast-math runs with others.
#define DEFAULT_MXCSR 0x1f80u
#define MXCSR_CONTROL 0xffc0u

static uint32_t read_mxcsr(void) {
  uint32_t value;
  __asm__ volatile("stmxcsr %0" : "=m"(value));
  return value;
}
static void write_mxcsr(uint32_t value) { __asm__ volatile("ldmxcsr %0" : : "m"(value)); }

// The stack that this thread is on, if it is one of wasm's.
static struct wasm_stack *current_stack(const struct activation *activation, uint64_t address) {
  if (activation && address >= activation->stack->low && address < activation->stack->high)
    return activation->stack;
  return NULL;
}

wasmaot_error *wasmaot_enter(struct wasmaot_store *store, wasmaot_enter_function *enter, void *code,
                             void *context, struct wasmaot_value *values) {
  int thread = wasmaot_thread_start();
  if (thread == 0)
    return wasmaot_error_memory();
  struct activation activation = {
      .interrupted = &store->interrupted,
      .store = store,
      .previous = wasmaot_activation,
      .store_previous = store->activation,
      .host_mxcsr = read_mxcsr(),
  };
  uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0);
  struct wasm_stack *own_stack = NULL;
  activation.stack = current_stack(activation.previous, here);
  if (!activation.stack) {
    own_stack = wasmaot_stack_take(store->engine);
    if (!own_stack)
      return wasmaot_error_memory();
    activation.stack = own_stack;
  }
  // What ended there before may have been of a module that is gone, and an interruption that is
  // waiting notes no frames.
  activation.stack->frame_count = 0;
  if (!own_stack && here - activation.stack->low < RUNTIME_RESERVE)
    return wasmaot_error_of_end(store, activation.stack, WASMAOT_TRAP_STACK_OVERFLOW);
  int outer_thread = atomic_load(&store->thread);
  uint64_t outer_limit = store->stack_limit;
  store->stack_limit = activation.stack->low + RUNTIME_RESERVE;
  // After this the thread gets the signal of an interruption; the flag is looked at later.
  if (outer_thread != thread)
    atomic_store(&store->thread, thread);
  store->activation = &activation;
  wasmaot_activation = &activation;
  if ((activation.host_mxcsr & MXCSR_CONTROL) != DEFAULT_MXCSR)
    write_mxcsr(DEFAULT_MXCSR);

  uint32_t end =
      wasmaot_switch(&activation, enter, code, context, values, own_stack ? own_stack->high : 0);

  if ((activation.host_mxcsr & MXCSR_CONTROL) != DEFAULT_MXCSR)
    write_mxcsr(activation.host_mxcsr);
  if (wasmaot_activation != &activation || store->activation != &activation) {
    // A fiber that was resumed on another thread, or not in order. Handlers would look at a stack
    // frame that is gone.
    fputs("wasmaot: calls into wasm of one thread, or of one store, did not end in the order in "
          "which "
          "they began\n",
          stderr);
    abort();
  }
  wasmaot_activation = activation.previous;
  store->activation = activation.store_previous;
  store->stack_limit = outer_limit;
  // A signal that is on its way finds nothing to do.
  if (outer_thread != thread)
    atomic_store_explicit(&store->thread, outer_thread, memory_order_release);
  if (wasmaot_is_postponed)
    wasmaot_thread_unblock();

  wasmaot_error *error = NULL;
  if (end != END_RETURNED) {
    store->pending = NULL;
    error = wasmaot_error_of_end(store, activation.stack, end);
  } else if (store->pending) {
    struct wasmaot_exception *exception = store->pending;
    store->pending = NULL;
    wasmaot_exception_to_error(store, exception);
    error = wasmaot_error_of_exception(exception);
  }
  if (!activation.store_previous) {
    // An interruption that came after the one that ended the call is for the next.
    unsigned delivered = INTERRUPTION_DELIVERED;
    if (atomic_load_explicit(&store->interrupted, memory_order_relaxed) == delivered)
      atomic_compare_exchange_strong(&store->interrupted, &delivered, NOT_INTERRUPTED);
  }
  if (own_stack)
    wasmaot_stack_give(store->engine, own_stack);
  return error;
}

// ---- What wasm calls --------------------------------------------------------------------------

#ifdef HAS_ADDRESS_SANITIZER
void __asan_unpoison_memory_region(void const volatile *address, size_t size);
#endif

_Noreturn void wasmaot_raise(struct activation *activation, uint32_t end) {
  struct wasmaot_registers registers = {{0}};
  registers.values[WASMAOT_RBP] = (uint64_t)(uintptr_t)__builtin_frame_address(0);
  wasmaot_backtrace(activation, &registers);
#ifdef HAS_ADDRESS_SANITIZER
  // The frames that are left behind won't clean up after themselves.
  uint64_t top = (uint64_t)(uintptr_t)activation->saved_stack_pointer;
  uint64_t high =
      top > activation->stack->low && top < activation->stack->high ? top : activation->stack->high;
  __asan_unpoison_memory_region((void *)(uintptr_t)activation->stack->low,
                                high - activation->stack->low);
#endif
  wasmaot_leave(activation, end);
}
