// Where a thrown exception goes. A call that may throw has no test behind it: compiled code that
// leaves a function with an exception pending calls wasmaot_exception_raise, which walks the frames
// by the unwind tables up to one with a landing pad for its call, and goes on there. The wrappers
// through which the runtime calls wasm have one each, so there always is such a frame.
//
// What the tables say of a return address is kept: programs that throw do so in few places, over
// and over. A frame then costs a few loads.
#include "runtime.h"

// exceptions_threads.c compiles this file, too, for programs with threads.
#ifdef WASMAOT_THREADS
#define KNOWN_FRAMES _Thread_local struct known_frame
#define RAISE "wasmaot_thread_exception_raise"
#define FIND_HANDLER "wasmaot_thread_exception_find_handler"
#define wasmaot_exception_find_handler wasmaot_thread_exception_find_handler
#else
#define KNOWN_FRAMES struct known_frame
#define RAISE "wasmaot_exception_raise"
#define FIND_HANDLER "wasmaot_exception_find_handler"
#endif

struct known_frame {
  uint64_t return_address; // 0 if the place is free
  uint64_t landing;        // 0: the exception passes
  struct wasmaot_frame frame;
};

// Each address has a set of places. 14 KB in all, of which a program touches what it needs.
#define SETS_LOG 5
#define WAYS 4
static KNOWN_FRAMES known_frames[1u << SETS_LOG][WAYS];

static _Noreturn void tables_make_no_sense(void) {
  wasmaot_fail(WASMAOT_EXIT_TRAP, "internal error: no way to the handler of an exception", NULL,
               NULL);
}

// Puts an address in front of its set; the last one is forgotten. For want of stack a trap may end
// this in one of the calls, and be recovered from: until they are done the place has no address.
static __attribute__((noinline, cold)) void learn(uint64_t return_address,
                                                  struct known_frame *set) {
  for (int way = WAYS - 1; way > 0; way--)
    set[way] = set[way - 1];
  struct wasmaot_unwind_area area = {0};
  wasmaot_find_frame_header(&area);
  // The address may already be in the next function.
  uint64_t pc = return_address - 1;
  set->return_address = 0;
  if (!wasmaot_find_frame(&area, pc, &set->frame) ||
      !wasmaot_find_landing(&set->frame, pc, &set->landing))
    tables_make_no_sense();
  __asm__ volatile("" ::: "memory");
  set->return_address = return_address;
}

static const struct known_frame *known_at(uint64_t return_address) {
  struct known_frame *set = known_frames[return_address * 0x9e3779b97f4a7c15u >> (64 - SETS_LOG)];
  for (int way = 0; way < WAYS; way++)
    if (set[way].return_address == return_address)
      return &set[way];
  learn(return_address, set);
  return set;
}

// Takes the registers of who raises to where the exception is handled. Of those that are not listed
// nobody expects anything, then.
__attribute__((used)) void wasmaot_exception_find_handler(struct wasmaot_registers *registers) {
  // rbx, rbp, r12 to r15
  static const uint8_t saved[] = {3, WASMAOT_RBP, 12, 13, 14, 15, WASMAOT_PC};
  uint64_t *values = registers->values;
  for (;;) {
    const struct known_frame *known = known_at(values[WASMAOT_PC]);
    if (known->landing != 0) {
      // The code there takes what was pushed for the call off the stack.
      values[WASMAOT_RSP] += known->frame.arguments;
      values[WASMAOT_PC] = known->landing;
      return;
    }
    uint64_t cfa = values[known->frame.cfa_register] + (uint64_t)(int64_t)known->frame.cfa_offset;
    if (cfa <= values[WASMAOT_RSP]) // callers lie above: no loops
      tables_make_no_sense();
    for (size_t i = 0; i < sizeof saved; i++) {
      int64_t offset = known->frame.saved[saved[i]];
      if (offset != 0)
        values[saved[i]] = *(const uint64_t *)(cfa + (uint64_t)offset); // NOLINT: in the frame
    }
    values[WASMAOT_RSP] = cfa;
  }
}

// It has a frame pointer, as all functions of the runtime have: a trap for want of stack in what it
// calls finds the guest's frames by it.
__asm__(".section .text." RAISE ",\"ax\",@progbits\n"
        ".hidden " RAISE "\n"
        ".globl " RAISE "\n"
        ".type " RAISE ",@function\n" RAISE ":\n"
        "  push %rbp\n"
        "  mov %rsp, %rbp\n"
        "  sub $144, %rsp\n" // struct wasmaot_registers, in the order of DWARF's numbers
        "  mov %rbx, 24(%rsp)\n"
        "  mov (%rbp), %rax\n"
        "  mov %rax, 48(%rsp)\n" // rbp
        "  lea 16(%rbp), %rax\n"
        "  mov %rax, 56(%rsp)\n" // rsp behind the call
        "  mov %r12, 96(%rsp)\n"
        "  mov %r13, 104(%rsp)\n"
        "  mov %r14, 112(%rsp)\n"
        "  mov %r15, 120(%rsp)\n"
        "  mov 8(%rbp), %rax\n"
        "  mov %rax, 128(%rsp)\n" // where it would return to
        "  mov %rsp, %rdi\n"
        "  call " FIND_HANDLER "\n"
        "  mov 24(%rsp), %rbx\n"
        "  mov 48(%rsp), %rbp\n"
        "  mov 96(%rsp), %r12\n"
        "  mov 104(%rsp), %r13\n"
        "  mov 112(%rsp), %r14\n"
        "  mov 120(%rsp), %r15\n"
        "  mov 128(%rsp), %rax\n"
        "  mov 56(%rsp), %rsp\n"
        "  jmp *%rax\n"
        ".size " RAISE ", . - " RAISE "\n"
        ".previous\n");
