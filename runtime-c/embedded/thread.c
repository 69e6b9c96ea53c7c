// What a thread needs before it may run wasm: an alternate signal stack (when a stack is exhausted
// no handler could run on it), and the signals of faults and interruption not blocked.
#include "runtime.h"

#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

_Thread_local struct activation *wasmaot_activation
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

_Thread_local volatile bool wasmaot_is_postponed
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

struct thread {
  int number; // the kernel's, 0 until known
  bool is_prepared;
  void *signal_stack; // null where the host's own is used
};
static _Thread_local struct thread current_thread __attribute__((tls_model("initial-exec")));

// Beside what the kernel needs to save the CPU's registers: what our handlers use, and as much
// again for one of the host's that they call.
#define HANDLER_STACK ((uint64_t)32 << 10)
// A stack that the host made for itself is good if it has this much.
#define HANDLER_STACK_MINIMUM ((uint64_t)12 << 10)

static uint64_t saved_registers_size(void) {
  unsigned long size = getauxval(AT_MINSIGSTKSZ);
  return size ? size : 2048;
}

static uint64_t mapping_size(void) {
  return PAGE + round_to_pages(HANDLER_STACK + saved_registers_size());
}

static pthread_key_t thread_key;
static pthread_once_t thread_key_once = PTHREAD_ONCE_INIT;
static bool has_thread_key;

static void end_thread(void *mapping) {
  stack_t old;
  if (sigaltstack(NULL, &old) == 0 && old.ss_sp == (char *)mapping + PAGE) {
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);
  }
  munmap(mapping, mapping_size());
  current_thread.is_prepared = false;
}

static void make_thread_key(void) {
  has_thread_key = pthread_key_create(&thread_key, end_thread) == 0;
}

static bool make_signal_stack(void) {
  stack_t old;
  if (sigaltstack(NULL, &old) == 0 && (old.ss_flags & SS_DISABLE) == 0 &&
      old.ss_size >= HANDLER_STACK_MINIMUM + saved_registers_size())
    return true;
  pthread_once(&thread_key_once, make_thread_key);
  if (!has_thread_key)
    return false;
  uint64_t size = mapping_size();
  void *mapping =
      mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (mapping == MAP_FAILED)
    return false;
  stack_t stack = {.ss_sp = (char *)mapping + PAGE, .ss_size = size - PAGE};
  if (mprotect(stack.ss_sp, stack.ss_size, PROT_READ | PROT_WRITE) != 0 ||
      pthread_setspecific(thread_key, mapping) != 0 || sigaltstack(&stack, NULL) != 0) {
    pthread_setspecific(thread_key, NULL);
    munmap(mapping, size);
    return false;
  }
  current_thread.signal_stack = mapping;
  return true;
}

void wasmaot_thread_unblock(void) {
  wasmaot_is_postponed = false;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGURG);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int wasmaot_thread_start(void) {
  struct thread *thread = &current_thread;
  if (!thread->is_prepared) {
    if (!make_signal_stack())
      return 0;
    // A thread that was started with all signals blocked would die of the first trap.
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    sigaddset(&set, SIGBUS);
    sigaddset(&set, SIGILL);
    sigaddset(&set, SIGURG);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    thread->is_prepared = true;
  }
  if (thread->number == 0)
    thread->number = (int)syscall(SYS_gettid);
  return thread->number;
}

void wasmaot_thread_forked(void) {
  current_thread.number = 0;
  // The calls that are under way go on here, and can be interrupted here.
  for (struct activation *call = wasmaot_activation; call; call = call->previous)
    atomic_store(&call->store->thread, wasmaot_thread_start());
}
