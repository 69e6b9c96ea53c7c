// Traps: how a fault in compiled code, or a failed check, becomes a message, a backtrace and exit
// status 134. Everything here may run in a signal handler: no allocation, no locks, no stdio.
#include "../common/sys.h"
#include "runtime.h"

#include <elf.h>
#include <signal.h>
#include <ucontext.h>

// As many as wasmtime shows.
#define BACKTRACE_FRAMES 20

static bool recovers;

void wasmaot_trap_recover(void) { recovers = true; }

void wasmaot_find_frame_header(struct wasmaot_unwind_area *area) {
  if (&__ehdr_start)
    area->frame_header =
        wasmaot_find_segment(&__ehdr_start, PT_GNU_EH_FRAME, &area->frame_header_size);
}

// ---- Backtrace --------------------------------------------------------------------------------

// The function that holds this address, or UINT32_MAX. The map is searched from end to end: the
// linker may have put the objects' parts in any order, and nothing is faster when it runs once.
static uint32_t function_at(uint64_t pc) {
  uint32_t found = UINT32_MAX;
  uint64_t best = 0;
  for (const struct wasmaot_funcmap_entry *entry = __start_wasmaot_funcmap;
       entry < __stop_wasmaot_funcmap; entry++) {
    uint64_t start = (uint64_t)(uintptr_t)entry + (uint64_t)(int64_t)entry->code_offset;
    if (start <= pc && start >= best) {
      best = start;
      found = entry->function;
    }
  }
  return found;
}

void wasmaot_trap_print_frame(unsigned number, uint64_t pc) {
  struct wasmaot_text text;
  text.length = 0;
  wasmaot_text_add(&text, number < 10 ? "   " : "  ");
  wasmaot_text_add_decimal(&text, number);
  wasmaot_text_add(&text, ": ");
  uint32_t function = function_at(pc);
  const uint32_t *offsets = wasmaot_module.name_offsets;
  if (offsets && function < wasmaot_module.function_count &&
      offsets[function] < offsets[function + 1]) {
    wasmaot_text_add_untrusted(&text, wasmaot_module.names + offsets[function],
                               offsets[function + 1] - offsets[function]);
  } else if (function != UINT32_MAX) {
    wasmaot_text_add(&text, "<wasm function ");
    wasmaot_text_add_decimal(&text, function);
    wasmaot_text_add(&text, ">");
  } else {
    wasmaot_text_add(&text, "<unknown>");
  }
  wasmaot_text_write(&text, 2);
}

static void print_backtrace(struct wasmaot_registers *registers) {
  struct wasmaot_unwind_area area = {.text_start = __start_wasmaot_text,
                                     .text_end = __stop_wasmaot_text};
  wasmaot_stack_bounds(&area.stack_low, &area.stack_high);
  wasmaot_find_frame_header(&area);
  bool is_call = false;
  if (!wasmaot_is_wasm_code(registers->values[WASMAOT_PC])) {
    if (!wasmaot_leave_native_code(&area, registers))
      return;
    is_call = true;
  }
  struct wasmaot_text text;
  text.length = 0;
  wasmaot_text_add(&text, " wasm backtrace:");
  wasmaot_text_write(&text, 2);
  for (unsigned i = 0; i < BACKTRACE_FRAMES; i++) {
    wasmaot_trap_print_frame(i, registers->values[WASMAOT_PC] - (is_call ? 1 : 0));
    if (!wasmaot_unwind(&area, registers, is_call))
      return;
    is_call = true;
  }
  wasmaot_text_add(&text, "      ... more frames");
  wasmaot_text_write(&text, 2);
}

static _Noreturn void trap(uint32_t code, struct wasmaot_registers *registers) {
  if (recovers)
    wasmaot_stack_leave(code);
  if (wasmaot_threads_end)
    wasmaot_threads_end(true);
  struct wasmaot_text text;
  text.length = 0;
  wasmaot_text_add(&text, "wasmaot: trap: ");
  wasmaot_text_add(&text, wasmaot_trap_message(code));
  // What was used up, as the user gave it.
  if (code == WASMAOT_TRAP_OUT_OF_FUEL && wasmaot_fuel_describe)
    wasmaot_fuel_describe(&text);
  if (code == WASMAOT_TRAP_INTERRUPTED && wasmaot_timeout_describe)
    wasmaot_timeout_describe(&text);
  if (wasmaot_threads_current && wasmaot_threads_current() != 0) {
    wasmaot_text_add(&text, "\n in thread ");
    wasmaot_text_add_decimal(&text, wasmaot_threads_current());
  }
  wasmaot_text_write(&text, 2);
  print_backtrace(registers);
  wasmaot_exit(WASMAOT_EXIT_TRAP);
}

_Noreturn void wasmaot_trap(uint32_t code) {
  struct wasmaot_registers registers = {{0}};
  registers.values[WASMAOT_RBP] = (uint64_t)(uintptr_t)__builtin_frame_address(0);
  trap(code, &registers);
}

// ---- Faults -----------------------------------------------------------------------------------

static const int fault_signals[] = {SIGSEGV, SIGBUS, SIGILL};
#define FAULT_SIGNALS (sizeof fault_signals / sizeof fault_signals[0])
static struct sys_sigaction previous_actions[FAULT_SIGNALS];

// llvm.ubsantrap(kind) is `ud1l kind(%eax), %eax`: 67 0f b9 40 kind. 0 for any other instruction.
static uint32_t decode_check(uint64_t pc) {
  const uint8_t *code = (const uint8_t *)pc; // NOLINT: inside compiled code
  if (__stop_wasmaot_text - code < 5)
    return 0;
  if (code[0] != 0x67 || code[1] != 0x0f || code[2] != 0xb9 || code[3] != 0x40)
    return 0;
  return code[4];
}

// The access need only be made again: another thread has grown the memory since it failed.
#define RETRY UINT32_MAX

// The trap that a fault means, or 0 where it is no trap but a bug (in the compiler, the runtime or
// the host), which must not be passed off as the guest's.
static uint32_t classify(int signal, const siginfo_t *info, uint64_t pc) {
  if (info->si_code <= 0) // sent by a process, not by the CPU
    return 0;
  if (signal == SIGILL) {
    if (!wasmaot_is_wasm_code(pc))
      return 0;
    uint32_t code = decode_check(pc);
    if (code == 0)
      wasmaot_check_cpu(wasmaot_module.required_features);
    return code;
  }
  uint64_t address = (uint64_t)(uintptr_t)info->si_addr;
  // Whoever runs on the stack of wasm: WASI's functions use it too. (But nobody executes it.)
  if (address != pc && wasmaot_stack_guard_contains(address))
    return WASMAOT_TRAP_STACK_OVERFLOW;
  if (!wasmaot_is_wasm_code(pc))
    return 0;
  if (wasmaot_memory_is_out_of_bounds(address))
    return WASMAOT_TRAP_MEMORY_OUT_OF_BOUNDS;
  // (SEGV_ACCERR: what is mapped may not be accessed. Any other reason would be one still.)
  if (wasmaot_threads_stack && signal == SIGSEGV && info->si_code == SEGV_ACCERR &&
      wasmaot_memory_has_grown_over(address))
    return RETRY;
  return 0;
}

// Hands a fault that is not ours to whoever was there before.
static void pass_on(int signal, siginfo_t *info, void *context) {
  for (size_t i = 0; i < FAULT_SIGNALS; i++) {
    const struct sys_sigaction *previous = &previous_actions[i];
    // 0 and 1 are SIG_DFL and SIG_IGN.
    if (fault_signals[i] != signal || previous->handler <= 1)
      continue;
    // Right for both forms of a handler: the simple one leaves the other arguments alone.
    ((void (*)(int, siginfo_t *, void *))previous->handler)(signal, info, context);
    return;
  }
  // The default action: the faulting instruction runs again and ends the process. A signal that was
  // sent must be sent again.
  struct sys_sigaction action = {0};
  sys_sigaction(signal, &action, NULL);
  if (info->si_code > 0)
    return;
  // No filter can allow signals to this process alone: then it ends as a shell would say.
  if (wasmaot_process.sandbox.mode != WASMAOT_SANDBOX_OFF)
    wasmaot_exit(128 + signal);
  else
    sys3(SYS_tgkill, sys0(SYS_getpid), sys0(SYS_gettid), signal);
}

static void on_fault(int signal, siginfo_t *info, void *context) {
  uint32_t code =
      classify(signal, info, (uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP]);
  if (code == 0) {
    pass_on(signal, info, context);
    return;
  }
  if (code == RETRY)
    return;
  // The kernel blocked the signal for this handler, which may not return: where the program goes on
  // after a trap, the next one must come through.
  if (recovers) {
    uint64_t set = 1ull << (signal - 1);
    sys4(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, NULL, sizeof set);
  }
  wasmaot_trap_at(code, context);
}

_Noreturn void wasmaot_trap_at(uint32_t code, void *context) {
  // In the order of DWARF's register numbers.
  static const uint8_t order[WASMAOT_REGISTERS] = {
      REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
      REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
  const greg_t *from = ((ucontext_t *)context)->uc_mcontext.gregs;
  struct wasmaot_registers registers;
  for (int i = 0; i < WASMAOT_REGISTERS; i++)
    registers.values[i] = (uint64_t)from[order[i]];
  trap(code, &registers);
}

__asm__(".section .text.wasmaot_signal_return,\"ax\",@progbits\n"
        ".hidden wasmaot_signal_return\n"
        ".globl wasmaot_signal_return\n"
        ".type wasmaot_signal_return,@function\n"
        "wasmaot_signal_return:\n"
        "  mov $15, %eax\n" // SYS_rt_sigreturn
        "  syscall\n"
        ".size wasmaot_signal_return, . - wasmaot_signal_return\n"
        ".previous\n");

void wasmaot_trap_start_thread(void) {
  size_t size;
  stack_t stack = {.ss_sp = wasmaot_stack_signal_stack(&size)};
  stack.ss_size = size;
  sys2(SYS_sigaltstack, &stack, NULL);
}

void wasmaot_trap_start(void) {
  wasmaot_trap_start_thread();
  // SA_ONSTACK: when the stack is exhausted, no handler could run on it.
  struct sys_sigaction action = {
      .handler = (uintptr_t)on_fault,
      .flags = SA_SIGINFO | SA_ONSTACK | SYS_SA_RESTORER,
      .restorer = wasmaot_signal_return,
  };
  for (size_t i = 0; i < FAULT_SIGNALS; i++)
    sys_sigaction(fault_signals[i], &action, &previous_actions[i]);
}
