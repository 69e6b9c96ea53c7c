// The stack that wasm runs on: its size is the build's and not the shell's, and a guard region
// below it makes running out of it a trap.
//
//   | guard, no access | stack of wasm | extra | signal stack |
//
// Where compiled code compares the stack pointer itself (WASMAOT_MODULE_CHECKS) there is room below
// the stack, in which the runtime, and functions that call none, go on without a comparison, and no
// signal stack:
//
//   | guard, no access | room | stack of wasm | extra |
//
// The main thread's is the one that the kernel gave the process, further down, if it may be as
// large (RLIMIT_STACK): its mapping and its pages are there anyway. Threads' stacks, and what is
// too large for that, are mapped.
#include "../common/sys.h"
#include "runtime.h"

#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>

// Compiled code probes each page of a large frame, but libc and the runtime, which also run on this
// stack, do not: the guard is larger than any frame of theirs.
#define GUARD_SIZE (256ull << 10)
// Beside what the kernel needs to save the CPU's registers (AT_MINSIGSTKSZ).
#define SIGNAL_STACK_SIZE (32ull << 10)
// As for the guard; and to report the trap.
#define ROOM_SIZE GUARD_SIZE
// Below a process's first stack, Linux leaves free (mmap_base) what the limit was at exec, a gap of
// 1 MiB, and two random distances of up to 16 GiB and 1 TiB (128 MiB at least where addresses are
// not random). So beyond the limit it is all but certain that this much is free (but for 1 in 10^7
// starts), and nothing is lost where it is not: the kernel lets no stack grow to within 1 MiB of
// another mapping, so that it is exhausted early.
#define KERNEL_STACK_MAX (64ull << 20)
// What is left free of a page for the first frames of wasm: what the program uses of the WASI
// context lies in the rest of it.
#define FIRST_FRAMES 1536

uint64_t wasmaot_stack_limit;
static struct wasmaot_stack main_stack;
// The end of the kernel's stack, if the main stack is part of that.
static uint64_t kernel_stack_end;

static struct wasmaot_stack *current(void) {
  struct wasmaot_stack *stack = wasmaot_threads_stack ? wasmaot_threads_stack() : NULL;
  return stack ? stack : &main_stack;
}

static uint64_t round_to_pages(uint64_t size) { return (size + HOST_PAGE - 1) & ~(HOST_PAGE - 1); }

static bool is_checked(void) { return (wasmaot_module.flags & WASMAOT_MODULE_CHECKS) != 0; }

static uint64_t room_size(void) { return is_checked() ? ROOM_SIZE : 0; }

static uint64_t signal_stack_size(void) {
  return is_checked() ? 0 : round_to_pages(SIGNAL_STACK_SIZE + getauxval(AT_MINSIGSTKSZ));
}

bool wasmaot_stack_map(struct wasmaot_stack *stack, uint64_t extra) {
  uint64_t size = round_to_pages(wasmaot_process.stack_size);
  extra = round_to_pages(extra);
  uint64_t total = GUARD_SIZE + room_size() + size + extra + signal_stack_size();
  // Nothing of it is used until it is touched.
  long base = sys6(SYS_mmap, 0, (long)total, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (sys_failed(base))
    return false;
  if (sys_failed(sys3(SYS_mprotect, (uint64_t)base + GUARD_SIZE, total - GUARD_SIZE,
                      PROT_READ | PROT_WRITE))) {
    sys2(SYS_munmap, base, total);
    return false;
  }
  stack->low = (uint64_t)base + GUARD_SIZE;
  stack->limit = stack->low + room_size();
  stack->high = stack->limit + size;
  stack->signal_stack = stack->high + extra;
  return true;
}

uint8_t *wasmaot_stack_extra(const struct wasmaot_stack *stack) {
  return (uint8_t *)(uintptr_t)stack->high; // NOLINT: inside the mapping
}

void wasmaot_stack_unmap(const struct wasmaot_stack *stack) {
  uint64_t base = stack->low - GUARD_SIZE;
  sys2(SYS_munmap, base, stack->signal_stack + signal_stack_size() - base);
}

// ---- The main stack ----------------------------------------------------------------------------

static uint64_t main_extra(void) {
  return &wasmaot_wasi_context_size ? wasmaot_wasi_context_size : 0;
}

static void map_main_stack(void) {
  kernel_stack_end = 0;
  if (!wasmaot_stack_map(&main_stack, main_extra()))
    wasmaot_fail(
        WASMAOT_EXIT_START,
        "cannot map the stack: raise the limit on address space (ulimit -v), or build with a "
        "smaller --max-stack",
        NULL, NULL);
  wasmaot_stack_limit = main_stack.limit;
}

// Lets the kernel's stack grow to this size, if its hard limit allows that: a privileged process
// (CAP_SYS_RESOURCE) would raise the hard limit, too, which is the administrator's to do.
static bool limit_kernel_stack(uint64_t size) {
  struct rlimit limit = {size, size};
  struct rlimit previous;
  if (sys_failed(sys4(SYS_prlimit64, 0, RLIMIT_STACK, &limit, &previous)))
    return false;
  if (previous.rlim_max >= size)
    return true;
  sys4(SYS_prlimit64, 0, RLIMIT_STACK, &previous, NULL);
  return false;
}

uint64_t wasmaot_stack_start(uint64_t here) {
  // The name that the program was executed by is the last on the stack but for a null pointer.
  const char *name = (const char *)getauxval(AT_EXECFN); // NOLINT: a string on the stack
  uint64_t size = room_size() + round_to_pages(wasmaot_process.stack_size);
  uint64_t above = main_extra() + signal_stack_size();
  if (name && size <= KERNEL_STACK_MAX && above < here) {
    uint64_t high = ((here - above) & ~(HOST_PAGE - 1)) - HOST_PAGE + FIRST_FRAMES;
    kernel_stack_end = round_to_pages((uint64_t)(uintptr_t)name + strlen(name) + 1 + sizeof name);
    main_stack.low = (high - size) & ~(HOST_PAGE - 1); // the kernel grows it by pages
    // Before the caller reserves: what lies above the stack may be more than the shell's limit.
    if (limit_kernel_stack(kernel_stack_end - main_stack.low))
      return here - high;
  }
  map_main_stack();
  return 0;
}

void wasmaot_stack_place(uint8_t *high) {
  main_stack.high = (uint64_t)(uintptr_t)high;
  main_stack.signal_stack = main_stack.high + main_extra();
  main_stack.limit = main_stack.low + room_size();
  wasmaot_stack_limit = main_stack.limit;
}

uint8_t *wasmaot_stack_main_extra(void) { return wasmaot_stack_extra(&main_stack); }

void wasmaot_stack_bounds(uint64_t *low, uint64_t *high) {
  const struct wasmaot_stack *stack = current();
  *low = stack->low;
  *high = stack->high;
}

bool wasmaot_stack_guard_contains(uint64_t address) {
  const struct wasmaot_stack *stack = current();
  // What is above the limit the kernel may refuse, too (ulimit -v): its stack is mapped as it
  // grows.
  uint64_t end = stack == &main_stack && kernel_stack_end ? stack->high : stack->low;
  return address >= stack->low - GUARD_SIZE && address < end;
}

void *wasmaot_stack_signal_stack(size_t *size) {
  *size = signal_stack_size();
  return (void *)(uintptr_t)current()->signal_stack; // NOLINT: an address of a stack
}

// Saves the callee-saved registers where wasmaot_stack_restore finds them, and calls
// function(argument) with the given stack, or on this one if that is 0. rbp is cleared: it ends the
// chain of frame pointers.
_Noreturn void wasmaot_stack_restore(uint32_t result, void **saved);
__asm__(".section .text.wasmaot_stack_switch,\"ax\",@progbits\n"
        ".hidden wasmaot_stack_switch\n"
        ".globl wasmaot_stack_switch\n"
        ".type wasmaot_stack_switch,@function\n"
        "wasmaot_stack_switch:\n"
        "  push %rbp\n"
        "  push %rbx\n"
        "  push %r12\n"
        "  push %r13\n"
        "  push %r14\n"
        "  push %r15\n"
        "  mov %rsp, (%rcx)\n"
        "  test %rdx, %rdx\n"
        "  jnz 1f\n"
        "  lea -8(%rsp), %rdx\n" // aligned for the call
        "1:\n"
        "  mov %rdx, %rsp\n"
        "  mov %rcx, %rbx\n"
        "  mov %rdi, %rax\n"
        "  mov %rsi, %rdi\n"
        "  xor %ebp, %ebp\n"
        "  call *%rax\n"
        "  xor %edi, %edi\n"
        "  mov %rbx, %rsi\n"
        ".hidden wasmaot_stack_restore\n"
        ".globl wasmaot_stack_restore\n"
        ".type wasmaot_stack_restore,@function\n"
        "wasmaot_stack_restore:\n"
        "  mov %edi, %eax\n"
        "  mov (%rsi), %rsp\n"
        "  cld\n"
        "  pop %r15\n"
        "  pop %r14\n"
        "  pop %r13\n"
        "  pop %r12\n"
        "  pop %rbx\n"
        "  pop %rbp\n"
        "  ret\n"
        ".size wasmaot_stack_switch, . - wasmaot_stack_switch\n"
        ".previous\n");

uint32_t wasmaot_stack_enter(void (*function)(void *), void *argument) {
  return wasmaot_stack_switch(function, argument, kernel_stack_end ? 0 : main_stack.high,
                              &main_stack.saved_stack_pointer);
}

_Noreturn void wasmaot_stack_leave(uint32_t trap) {
  wasmaot_stack_restore(trap, &current()->saved_stack_pointer);
}

// ---- Checked stacks ----------------------------------------------------------------------------

// Entered by a jump from a prologue, at whatever alignment.
__attribute__((force_align_arg_pointer)) _Noreturn void wasmaot_stack_overflow(void) {
  wasmaot_trap(WASMAOT_TRAP_STACK_OVERFLOW);
}

// The jump leaves the caller's return address on top, so that the backtrace starts there.
__asm__(".section .text.wasmaot_stack_probe,\"ax\",@progbits\n"
        ".hidden wasmaot_stack_probe\n"
        ".globl wasmaot_stack_probe\n"
        ".type wasmaot_stack_probe,@function\n"
        "wasmaot_stack_probe:\n"
        "  push %rcx\n"
        "  mov %rsp, %rcx\n"
        "  sub %rax, %rcx\n"
        "  jb 1f\n" // a frame larger than the address space below: no wrapping around it
        "  cmp wasmaot_stack_limit(%rip), %rcx\n"
        "  jb 1f\n"
        "  pop %rcx\n"
        "  ret\n"
        "1:\n"
        "  pop %rcx\n"
        "  jmp wasmaot_stack_overflow\n"
        ".size wasmaot_stack_probe, . - wasmaot_stack_probe\n"
        ".previous\n");
