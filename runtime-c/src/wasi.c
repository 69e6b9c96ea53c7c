// The program's context of WASI, and the functions that need no more than that.
#include "wasi.h"

const uint64_t wasmaot_wasi_context_size = sizeof(struct wasmaot_wasi);
struct wasmaot_wasi *wasmaot_wasi;

void wasmaot_wasi_start_program(void) {
  wasmaot_wasi = (struct wasmaot_wasi *)(void *)wasmaot_stack_main_extra();
  wasmaot_wasi_start(wasmaot_wasi, wasmaot_threads_start != NULL);
  if (wasmaot_module.memory_count > 0) {
    const struct wasmaot_memory *memory = wasmaot_module.memories[0];
    wasmaot_wasi_set_memory(wasmaot_wasi, &memory->base, &memory->bytes);
  }
  if (wasmaot_wasi_start_descriptors)
    wasmaot_wasi_start_descriptors();
  if (wasmaot_wasi_start_environment)
    wasmaot_wasi_start_environment();
  // After all grants of the command line were read: the guest's name takes the place of the last.
  struct wasmaot_process *process = &wasmaot_process;
  int first = process->argument_start > 0 ? process->argument_start - 1 : 0;
  process->argv[first] = (char *)(uintptr_t)process->program_name;
  uint32_t count = process->argc > first ? (uint32_t)(process->argc - first) : 1;
  wasmaot_wasi_set_arguments(wasmaot_wasi, count, (const char *const *)process->argv + first);
}

_Noreturn void wasmaot_wasi_proc_exit(uint32_t status);
_Noreturn void wasmaot_wasi_proc_exit(uint32_t status) {
  wasmaot_exit((int)status); // not by way of the context, which threads share
}

uint32_t wasmaot_wasi_sched_yield(void);
uint32_t wasmaot_wasi_sched_yield(void) { return wasmaot_wasip1_sched_yield(wasmaot_wasi); }

#define WASI_process WASI_BINDING
#define WASI_environment(name, signature)
#define WASI_descriptors(name, signature)
#include "../wasi/include/wasmaot_wasi_functions.h"
