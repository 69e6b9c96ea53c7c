// Where a thrown exception goes. A call that may throw has no test behind it: compiled code that
// leaves a function with an exception pending calls wasmaot_exception_raise, which walks the frames
// by the unwind tables up to one with a landing pad for its call, and goes on there. The wrappers
// through which the runtime calls wasm have one each, so there always is such a frame.
//
// What the tables say of a return address is kept: programs that throw do so in few places, over
// and over. A frame then costs a few loads.
#include "runtime.h"

#include <elf.h>

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

// Registers that a function keeps for its caller, besides rbp, in the order of struct context.
enum { RBX, R12, R13, R14, R15, RBP, SAVED };
static const uint8_t numbers[SAVED] = {3, 12, 13, 14, 15, WASMAOT_RBP};

// What wasmaot_exception_raise saves and loads.
struct context {
  uint64_t saved[SAVED];
  uint64_t rsp;
  uint64_t pc;
};

struct known_frame {
  uint64_t return_address; // 0 if the place is free
  uint64_t landing;        // 0: the exception passes
  // In bytes. Of the CFA, which is the stack pointer of the caller, from rsp or rbp.
  int32_t cfa;
  bool cfa_from_rbp;
  // Where the caller's registers are below the CFA; 0: where they are.
  int32_t saved[SAVED];
  int32_t arguments;
};

// Each address has a set of places. 14 KB in all, of which a program touches what it needs.
#define SETS_LOG 6
#define WAYS 4
static KNOWN_FRAMES known_frames[1u << SETS_LOG][WAYS];

static _Noreturn void tables_make_no_sense(void) {
  wasmaot_fail(WASMAOT_EXIT_TRAP, "internal error: no way to the handler of an exception", NULL,
               NULL);
}

static int32_t narrow(int64_t offset) {
  if (offset < INT32_MIN || offset > INT32_MAX)
    tables_make_no_sense();
  return (int32_t)offset;
}

// Puts an address in front of its set; the last one is forgotten.
static __attribute__((noinline, cold)) void learn(uint64_t return_address,
                                                  struct known_frame *set) {
  for (int way = WAYS - 1; way > 0; way--)
    set[way] = set[way - 1];
  struct known_frame *known = &set[0];
  struct wasmaot_unwind_area area = {0};
  if (&__ehdr_start)
    area.frame_header =
        wasmaot_find_segment(&__ehdr_start, PT_GNU_EH_FRAME, &area.frame_header_size);
  struct wasmaot_frame frame;
  // The address may already be in the next function.
  uint64_t pc = return_address - 1;
  if (!wasmaot_find_frame(&area, pc, &frame) || !wasmaot_find_landing(&frame, pc, &known->landing))
    tables_make_no_sense();
  if (frame.cfa_register != WASMAOT_RSP && frame.cfa_register != WASMAOT_RBP)
    tables_make_no_sense();
  known->cfa = narrow(frame.cfa_offset);
  known->cfa_from_rbp = frame.cfa_register == WASMAOT_RBP;
  for (int i = 0; i < SAVED; i++) {
    int64_t offset = frame.saved[numbers[i]];
    known->saved[i] = offset == WASMAOT_NOT_SAVED ? 0 : narrow(offset);
  }
  known->arguments = narrow((int64_t)frame.arguments);
  known->return_address = return_address;
}

static const struct known_frame *known_at(uint64_t return_address) {
  struct known_frame *set = known_frames[return_address * 0x9e3779b97f4a7c15u >> (64 - SETS_LOG)];
  for (int way = 0; way < WAYS; way++)
    if (set[way].return_address == return_address)
      return &set[way];
  learn(return_address, set);
  return &set[0];
}

// Takes the context of who raises to where the exception is handled.
__attribute__((used)) void wasmaot_exception_find_handler(struct context *context) {
  for (;;) {
    const struct known_frame *known = known_at(context->pc);
    if (known->landing != 0) {
      // The code there takes what was pushed for the call off the stack.
      context->rsp += (uint64_t)(int64_t)known->arguments;
      context->pc = known->landing;
      return;
    }
    uint64_t cfa =
        (known->cfa_from_rbp ? context->saved[RBP] : context->rsp) + (uint64_t)(int64_t)known->cfa;
    for (int i = 0; i < SAVED; i++) {
      if (known->saved[i] != 0)
        context->saved[i] = *(const uint64_t *)(cfa + (uint64_t)(int64_t)known->saved[i]); // NOLINT
    }
    // NOLINTNEXTLINE: where every call puts it
    context->pc = *(const uint64_t *)(cfa - 8);
    context->rsp = cfa;
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
        "  sub $64, %rsp\n"
        "  mov %rbx, (%rsp)\n"
        "  mov %r12, 8(%rsp)\n"
        "  mov %r13, 16(%rsp)\n"
        "  mov %r14, 24(%rsp)\n"
        "  mov %r15, 32(%rsp)\n"
        "  mov (%rbp), %rax\n" // rbp
        "  mov %rax, 40(%rsp)\n"
        "  lea 16(%rbp), %rax\n" // rsp behind the call
        "  mov %rax, 48(%rsp)\n"
        "  mov 8(%rbp), %rax\n" // where it would return to
        "  mov %rax, 56(%rsp)\n"
        "  mov %rsp, %rdi\n"
        "  call " FIND_HANDLER "\n"
        "  mov (%rsp), %rbx\n"
        "  mov 8(%rsp), %r12\n"
        "  mov 16(%rsp), %r13\n"
        "  mov 24(%rsp), %r14\n"
        "  mov 32(%rsp), %r15\n"
        "  mov 40(%rsp), %rbp\n"
        "  mov 56(%rsp), %rax\n"
        "  mov 48(%rsp), %rsp\n"
        "  jmp *%rax\n"
        ".size " RAISE ", . - " RAISE "\n"
        ".previous\n");
