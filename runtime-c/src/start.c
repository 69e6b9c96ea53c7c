// The program's start: read what was decided at build time, instantiate, call the guest.
#include "../common/sys.h"
#include "runtime.h"

#include <elf.h>
#include <signal.h>
#include <sys/mman.h>

// What instructions of x86-64-v2 a CPU lacks, it refuses by SIGILL. (Without BMI and LZCNT others
// compute something else.)
#define REFUSED_FEATURES                                                                           \
  (1u << WASMAOT_X86_CX16 | 1u << WASMAOT_X86_SAHF | 1u << WASMAOT_X86_POPCNT |                    \
   1u << WASMAOT_X86_SSE3 | 1u << WASMAOT_X86_SSSE3 | 1u << WASMAOT_X86_SSE4_1 |                   \
   1u << WASMAOT_X86_SSE4_2)

void wasmaot_check_cpu(uint32_t features) {
  const char *feature = wasmaot_cpu_lacks(features);
  if (feature)
    wasmaot_fail(WASMAOT_EXIT_START, "this CPU lacks ", feature,
                 ", which the program was built for; build it with --cpu=baseline");
}

// RELRO: the tables that held no addresses before the program relocated itself (of functions, of
// the module) are made read-only, so that no error in memory safety can redirect them. musl's
// static programs don't do it by themselves; glibc's do, and it is done twice.
static void protect_relocated(void) {
  size_t size;
  uint8_t *segment =
      &__ehdr_start ? wasmaot_find_segment(&__ehdr_start, PT_GNU_RELRO, &size) : NULL;
  if (!segment)
    return;
  uint64_t start = (uint64_t)(uintptr_t)segment & ~(HOST_PAGE - 1);
  uint64_t end = ((uint64_t)(uintptr_t)segment + size) & ~(HOST_PAGE - 1);
  if (end > start && sys_failed(sys3(SYS_mprotect, start, end - start, PROT_READ)))
    wasmaot_fail(WASMAOT_EXIT_START, "cannot make the program's tables read-only", NULL, NULL);
}

_Noreturn void wasmaot_exit(int status) {
  if (wasmaot_process.reports_fuel && wasmaot_fuel_report)
    wasmaot_fuel_report();
  // Nothing is buffered and nothing registered: libc's exit would only link more in.
  if (wasmaot_threads_end)
    wasmaot_threads_end(false);
  for (;;)
    sys1(SYS_exit_group, status);
}

// Runs on the stack of wasm, so that a deep start function traps as cleanly as any other.
static void run(void *unused) {
  (void)unused;
  if (wasmaot_module.instantiation_trap)
    wasmaot_trap(wasmaot_module.instantiation_trap);
  if (wasmaot_module.start) {
    wasmaot_module.start();
    if (wasmaot_exception_check)
      wasmaot_exception_check();
  }
  if (wasmaot_invoke)
    wasmaot_invoke(NULL);
  else if (wasmaot_module.entry)
    wasmaot_module.entry();
  if (wasmaot_exception_check)
    wasmaot_exception_check();
}

int main(int argc, char **argv, char **environment) {
  // Writing to a closed pipe is an error that the guest sees (EPIPE), not the end of the process;
  // and where nobody reads its messages, a program still ends with its status. First, and in every
  // program: each can have a message to write, when its filter may not allow this call any more.
  struct sys_sigaction ignore = {.handler = (uintptr_t)SIG_IGN};
  sys_sigaction(SIGPIPE, &ignore, NULL);
  wasmaot_process.argc = argc;
  wasmaot_process.argv = argv;
  wasmaot_process.argument_start = argc > 0 ? 1 : 0;
  wasmaot_process.environment = environment;
  wasmaot_process.program_name = argc > 0 ? argv[0] : "";
  if (wasmaot_module.abi_version != WASMAOT_ABI_VERSION)
    wasmaot_fail(WASMAOT_EXIT_START, "the program and its runtime are of different versions", NULL,
                 NULL);
  protect_relocated();
  // CPUID leaves a virtual machine, which takes longer than all system calls of the start together:
  // what SIGILL will tell is asked then.
  bool has_handlers = (wasmaot_module.flags & WASMAOT_MODULE_CHECKS) == 0;
  wasmaot_check_cpu(wasmaot_module.required_features & ~(has_handlers ? REFUSED_FEATURES : 0));
  wasmaot_config_read();
  if (wasmaot_process.takes_grants && wasmaot_grants_parse)
    wasmaot_grants_parse();
  uint64_t above = wasmaot_stack_start((uint64_t)(uintptr_t)__builtin_frame_address(0));
  if (above > 0) // in this frame, so that all that is called from here lies below
    wasmaot_stack_place(__builtin_alloca(above));
  if (wasmaot_threads_start)
    wasmaot_threads_start();
  if (has_handlers)
    wasmaot_trap_start();
  if (wasmaot_process.timeout > 0 && wasmaot_timeout_start)
    wasmaot_timeout_start();
  wasmaot_memory_start();
  if (wasmaot_fuel_start)
    wasmaot_fuel_start();
  if (wasmaot_profile_start)
    wasmaot_profile_start();
  // Directories are opened before the guest's first instruction: what isn't open by then stays
  // shut.
  if (wasmaot_wasi_start_program)
    wasmaot_wasi_start_program();
  // Everything that the process needs it has by now.
  if (wasmaot_sandbox_start)
    wasmaot_sandbox_start();
  if (wasmaot_script)
    wasmaot_script();
  else
    wasmaot_stack_enter(run, NULL);
  wasmaot_exit(0);
}
