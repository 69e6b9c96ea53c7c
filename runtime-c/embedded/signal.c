// Faults of wasm become traps, and interruptions find their thread. The only global state of the
// runtime: the handlers that were there before.
//
// A fault is a guest's trap only if all of this holds: its thread is in an activation, in
// MODE_GUEST; the program counter is in code of the activation's store; and the address is in the
// inaccessible part of one of the store's memories, or in the guard of the stack, or the
// instruction is a failed check. The stack may also be exhausted on the way into wasm and in the
// runtime's functions that wasm calls. Anything else is a bug (of the host, the runtime, the
// compiler) and must not be passed off as the guest's: it goes to the handler that was there
// before.
//
// An interruption may come anywhere. In wasm code, on the way into it, and in the runtime's
// functions that wasm calls once they are back in MODE_GUEST, the handler ends the activation. In
// MODE_HOST it does nothing: guest_resume and wasmaot_switch look at the flag. In MODE_GUEST with
// another program counter, the signal arrived in another signal's handler, which must come to its
// end: see postpone.
#include "runtime.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

static const int fault_signals[] = {SIGSEGV, SIGBUS, SIGILL};
#define FAULT_SIGNALS (sizeof fault_signals / sizeof fault_signals[0])
static struct sigaction previous_faults[FAULT_SIGNALS];
static struct sigaction previous_urgent;

static atomic_uint fork_generation;

uint32_t wasmaot_fork_generation(void) { return atomic_load(&fork_generation); }

// ---- Classification ---------------------------------------------------------------------------

static bool is_guest_facing(uint64_t pc) {
  return pc >= (uint64_t)(uintptr_t)__start_wasmaot_guest_facing &&
         pc < (uint64_t)(uintptr_t)__stop_wasmaot_guest_facing;
}

// Whether the program counter is in one of the functions that wasmaot_switch calls to get into
// wasm: they need not be among wasm code.
static bool is_entering(const struct wasmaot_store *store, uint64_t pc) {
  const struct module_uses *uses = atomic_load_explicit(&store->modules, memory_order_acquire);
  for (uint32_t i = 0; uses && i < uses->count; i++) {
    const struct wasmaot_code *code = uses->uses[i].module->code;
    uint64_t start = wasmaot_function_start(&uses->uses[i].module->area, pc);
    for (uint32_t signature = 0; start != 0 && signature < code->signature_count; signature++)
      if ((uint64_t)(uintptr_t)code->signatures[signature].enter == start)
        return true;
  }
  return false;
}

// Whether this code runs on behalf of the guest: wasm, what leads into it, and the runtime's
// functions that wasm calls (while they are in MODE_GUEST).
static bool is_guest_code(const struct wasmaot_store *store, uint64_t pc) {
  return wasmaot_store_find_code(store, pc) || is_guest_facing(pc) || is_entering(store, pc);
}

// llvm.ubsantrap(kind) is `ud1l kind(%eax), %eax`: 67 0f b9 40 kind. 0 for any other instruction.
static uint32_t decode_check(uint64_t pc, uint64_t code_end) {
  const uint8_t *code = (const uint8_t *)pc; // NOLINT: inside code
  if (code_end - pc < 5)
    return 0;
  if (code[0] != 0x67 || code[1] != 0x0f || code[2] != 0xb9 || code[3] != 0x40)
    return 0;
  return code[4] <= WASMAOT_TRAP_LAST ? code[4] : 0;
}

// Where no handler's frame fits on what is left of the stack, for a handler without SA_ONSTACK, the
// kernel sends SIGSEGV instead of the signal, without address. More than any frame of its.
#define SIGNAL_FRAME ((uint64_t)64 << 10)

static bool is_stack_overflow(const struct activation *activation, const siginfo_t *info,
                              uint64_t stack_pointer) {
  uint64_t low = activation->stack->low;
  uint64_t address = (uint64_t)(uintptr_t)info->si_addr;
  if (info->si_code == SI_KERNEL)
    return address == 0 && stack_pointer >= low - STACK_GUARD && stack_pointer < low + SIGNAL_FRAME;
  return address >= low - STACK_GUARD && address < low;
}

// The access need only be made again.
#define RETRY UINT32_MAX

static uint32_t classify(const struct activation *activation, int signal, const siginfo_t *info,
                         const greg_t *machine) {
  if (info->si_code <= 0) // sent by a process, not by the CPU
    return 0;
  uint64_t pc = (uint64_t)machine[REG_RIP];
  const struct wasmaot_store *store = activation->store;
  const struct module_use *use = wasmaot_store_find_code(store, pc);
  if (signal == SIGILL) {
    if (is_guest_facing(pc)) // guest_suspend's
      return decode_check(pc, (uint64_t)(uintptr_t)__stop_wasmaot_guest_facing);
    return use ? decode_check(pc, use->text_end) : 0;
  }
  if (is_stack_overflow(activation, info, (uint64_t)machine[REG_RSP]))
    return is_guest_code(store, pc) ? WASMAOT_TRAP_STACK_OVERFLOW : 0;
  enum access access =
      use ? wasmaot_memory_explain(store, (uint64_t)(uintptr_t)info->si_addr) : ACCESS_UNEXPLAINED;
  if (access == ACCESS_OUT_OF_BOUNDS)
    return WASMAOT_TRAP_MEMORY_OUT_OF_BOUNDS;
  // (SEGV_ACCERR: what is mapped may not be accessed. Any other reason would be one still.)
  return access == ACCESS_RETRY && signal == SIGSEGV && info->si_code == SEGV_ACCERR ? RETRY : 0;
}

// ---- Leaving ----------------------------------------------------------------------------------

// Makes the handler return to wasmaot_leave rather than to wasm. The kernel restores the signal
// mask and the state of the alternate stack, as for any handler that returns.
static void end_activation(struct activation *activation, ucontext_t *context, uint32_t end) {
  // In the order of DWARF's register numbers.
  static const uint8_t order[WASMAOT_REGISTERS] = {
      REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
      REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
  greg_t *machine = context->uc_mcontext.gregs;
  struct wasmaot_registers registers;
  for (int i = 0; i < WASMAOT_REGISTERS; i++)
    registers.values[i] = (uint64_t)machine[order[i]];
  activation->mode = MODE_HOST;
  wasmaot_backtrace(activation, &registers);
  machine[REG_RDI] = (greg_t)(uintptr_t)activation;
  machine[REG_RSI] = (greg_t)end;
  machine[REG_RIP] = (greg_t)(uintptr_t)wasmaot_leave;
}

// Hands a signal that is not ours to whoever was there before. False: nobody was.
static bool pass_on(const struct sigaction *previous, int signal, siginfo_t *info, void *context) {
  if ((previous->sa_flags & SA_SIGINFO) != 0) {
    previous->sa_sigaction(signal, info, context);
    return true;
  }
  if (previous->sa_handler == SIG_DFL || previous->sa_handler == SIG_IGN)
    return false;
  previous->sa_handler(signal);
  return true;
}

static void on_fault(int signal, siginfo_t *info, void *context) {
  struct activation *activation = wasmaot_activation;
  if (activation && activation->mode == MODE_GUEST) {
    uint32_t trap = classify(activation, signal, info, ((ucontext_t *)context)->uc_mcontext.gregs);
    if (trap == RETRY)
      return;
    if (trap != 0) {
      end_activation(activation, context, trap);
      return;
    }
  }
  bool is_sent = info->si_code <= 0;
  for (size_t i = 0; i < FAULT_SIGNALS; i++) {
    if (fault_signals[i] != signal)
      continue;
    // A fault can't be ignored, what somebody sends can.
    if (pass_on(&previous_faults[i], signal, info, context) ||
        (is_sent && previous_faults[i].sa_handler == SIG_IGN))
      return;
  }
  // The default action: the faulting instruction runs again and ends the process. A signal that was
  // sent must be sent again: to return without would leave all to come without a handler.
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigaction(signal, &action, NULL);
  if (is_sent || info->si_code == SI_KERNEL)
    syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), signal);
}

// ---- Interruptions ----------------------------------------------------------------------------

void wasmaot_signal_thread(int thread) {
  // Should the thread be gone, or its number another's by now: SIGURG does nothing to those who
  // don't expect it.
  int saved_errno = errno; // a signal's handler may ask for the interruption
  syscall(SYS_tgkill, getpid(), thread, SIGURG);
  errno = saved_errno;
}

// The signal arrived in the handler of another one (an alarm, a profiler), which may itself have
// asked for the interruption. It is sent again, and blocked until that handler returns: the kernel
// then restores the mask of wasm code, where it is not blocked, and delivers it there. (Should
// there be no such handler, but code that nobody told us of, the end of the call unblocks it.)
static void postpone(ucontext_t *context) {
  wasmaot_is_postponed = true;
  sigaddset(&context->uc_sigmask, SIGURG);
  wasmaot_signal_thread((int)syscall(SYS_gettid));
}

static void on_urgent(int signal, siginfo_t *info, void *context) {
  struct activation *activation = wasmaot_activation;
  if (activation && activation->mode == MODE_GUEST &&
      atomic_load_explicit(activation->interrupted, memory_order_relaxed) != 0) {
    uint64_t pc = (uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    if (is_guest_code(activation->store, pc))
      end_activation(activation, context, END_INTERRUPTED);
    else
      postpone(context);
    return;
  }
  pass_on(&previous_urgent, signal, info, context);
}

// ---- Start ------------------------------------------------------------------------------------

static void forked(void) {
  atomic_fetch_add(&fork_generation, 1);
  wasmaot_thread_forked();
}

static void install(void) {
  pthread_atfork(NULL, NULL, forked);
  // SA_ONSTACK: when the stack is exhausted, no handler could run on it.
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  // An interruption waits until a trap has been dealt with.
  sigaddset(&action.sa_mask, SIGURG);
  for (size_t i = 0; i < FAULT_SIGNALS; i++)
    sigaction(fault_signals[i], &action, &previous_faults[i]);
  action.sa_sigaction = on_urgent;
  action.sa_flags |= SA_RESTART;
  sigaction(SIGURG, &action, &previous_urgent);
}

void wasmaot_signals_start(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, install);
}
