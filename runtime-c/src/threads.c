// wasi-threads: `wasi.thread-spawn`. Only in programs whose module imports it.
//
// A thread is one of libc's, detached, on a small stack of libc's own; wasm runs on a stack that is
// mapped here, as the main thread's is, and unmapped by the thread when wasm has returned (or kept
// for the next one). All that the proposal gives to each thread's instance is thread-local
// (Sources/LLVMBackend/Threads.swift).
#include "../common/sys.h"
#include "runtime.h"

#include "../wasi/errno.h"

#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

// A guest can't take all of the machine's: threads that live at the same time, but for the main
// one. (A power of two.)
#define THREADS_LOG 12
#define THREADS_MAX (1u << THREADS_LOG)
// Identifiers are positive and have 29 bits (the proposal leaves the others to libc's locks).
#define IDENTIFIER_BITS 29
// The kernel's <linux/futex.h>, which musl's headers do not bring.
#define FUTEX_WAIT_PRIVATE 128
// How long the end of a program waits for the report of a thread that came first.
#define REPORT_SECONDS 2
// For thread_main and libc, and for a signal that arrives before there is a stack for signals.
#define LIBC_STACK_SIZE (64u << 10)
// glibc takes the room for thread-local variables, the module's globals among them, from the stack,
// and musl adds it.
static size_t variables_size;

struct thread {
  struct wasmaot_stack stack;
  // In the low bits the position in `threads`, so that no two that live at the same time are equal;
  // above them how often that was used. 0: free.
  uint32_t identifier;
  uint32_t argument;
};

// 0 is not used: identifiers are positive.
static struct thread threads[THREADS_MAX];
static uint32_t uses[THREADS_MAX];
static uint32_t next_thread = 1;

static _Thread_local struct thread *current_thread;
_Thread_local uint64_t wasmaot_thread_stack_limit;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void wasmaot_threads_lock(void) { pthread_mutex_lock(&lock); }
void wasmaot_threads_unlock(void) { pthread_mutex_unlock(&lock); }

struct wasmaot_stack *wasmaot_threads_stack(void) {
  return current_thread ? &current_thread->stack : NULL;
}

uint32_t wasmaot_threads_current(void) { return current_thread ? current_thread->identifier : 0; }

// ---- Tables ------------------------------------------------------------------------------------

// What the initial entries of all tables take: the same for every thread.
static uint64_t table_bytes;
static _Thread_local uint8_t *table_room;

static uint64_t initial_bytes(const struct wasmaot_table *table) {
  return (table->size * wasmaot_table_entry_size(table) + 15) & ~15ull;
}

static void count_table(struct wasmaot_table *table) { table_bytes += initial_bytes(table); }

// Another thread's writes must not be seen: an entry of two words would be torn, and a function be
// called with another's type.
static void copy_table(struct wasmaot_table *table) {
  uint64_t bytes = initial_bytes(table);
  if (bytes == 0)
    return;
  memcpy(table_room, table->entries, table->size * wasmaot_table_entry_size(table));
  table->entries = table_room;
  table_room += bytes;
}

// ---- Threads -----------------------------------------------------------------------------------

static void run(void *argument) {
  const struct thread *thread = argument;
  // The proposal: an instance for each thread, and instantiation runs the start function. (Code of
  // LLVM's puts the segments in place there, the first time. Active ones were, when the program
  // started.)
  if (wasmaot_module.start) {
    wasmaot_module.start();
    if (wasmaot_exception_check)
      wasmaot_exception_check();
  }
  wasmaot_thread_entry(thread->identifier, thread->argument);
  if (wasmaot_exception_check)
    wasmaot_exception_check();
}

// Stacks of threads that have ended, for the next ones: unmapping makes the kernel interrupt every
// CPU that runs one of the program's threads.
#define SPARE_STACKS 4
static struct wasmaot_stack spare_stacks[SPARE_STACKS];
static uint32_t spare_stack_count;

static bool take_stack(struct wasmaot_stack *stack) {
  wasmaot_threads_lock();
  bool is_spare = spare_stack_count > 0;
  if (is_spare)
    *stack = spare_stacks[--spare_stack_count];
  wasmaot_threads_unlock();
  return is_spare || wasmaot_stack_map(stack, table_bytes);
}

// Lets another thread have its place, and its stack.
static void free_thread(struct thread *thread, bool has_stack) {
  struct wasmaot_stack stack = thread->stack;
  wasmaot_threads_lock();
  thread->identifier = 0;
  bool is_kept = has_stack && spare_stack_count < SPARE_STACKS;
  if (is_kept)
    spare_stacks[spare_stack_count++] = stack;
  wasmaot_threads_unlock();
  if (has_stack && !is_kept)
    wasmaot_stack_unmap(&stack);
}

static void *thread_main(void *argument) {
  struct thread *thread = argument;
  current_thread = thread;
  wasmaot_thread_stack_limit = thread->stack.limit;
  bool has_signal_stack = (wasmaot_module.flags & WASMAOT_MODULE_CHECKS) == 0;
  if (has_signal_stack)
    wasmaot_trap_start_thread();
  table_room = wasmaot_stack_extra(&thread->stack);
  wasmaot_thread_tables(copy_table);
  if (wasmaot_stack_switch(run, thread, thread->stack.high, &thread->stack.saved_stack_pointer) !=
      0)
    wasmaot_exit(WASMAOT_EXIT_TRAP); // only where the main thread recovers from traps
  wasmaot_thread_tables(wasmaot_table_release);
  if (wasmaot_thread_exceptions_end)
    wasmaot_thread_exceptions_end();
  if (has_signal_stack) {
    stack_t none = {.ss_flags = SS_DISABLE};
    sys2(SYS_sigaltstack, &none, NULL);
  }
  current_thread = NULL;
  wasmaot_give_memory_back(table_bytes);
  free_thread(thread, true);
  return NULL;
}

// A free one, with an identifier, or null.
static struct thread *take_thread(void) {
  struct thread *found = NULL;
  wasmaot_threads_lock();
  for (uint32_t i = 0; i < THREADS_MAX && !found; i++) {
    // In turn: an identifier is not another thread's right after its own thread's end.
    uint32_t position = next_thread;
    next_thread = (next_thread + 1) % THREADS_MAX;
    if (position == 0 || threads[position].identifier != 0)
      continue;
    found = &threads[position];
    uint32_t use = uses[position]++ % (1u << (IDENTIFIER_BITS - THREADS_LOG));
    found->identifier = use << THREADS_LOG | position;
  }
  wasmaot_threads_unlock();
  return found;
}

static bool start_thread(struct thread *thread) {
  pthread_attr_t attributes;
  pthread_t started;
  if (pthread_attr_init(&attributes) != 0)
    return false;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  int result = pthread_attr_setstacksize(&attributes, LIBC_STACK_SIZE + variables_size);
  if (result == 0)
    result = pthread_create(&started, &attributes, thread_main, thread);
  pthread_attr_destroy(&attributes);
  return result == 0;
}

// The proposal: an identifier, or a negative number.
uint32_t wasmaot_wasi_thread_spawn(uint32_t argument) {
  struct thread *thread = take_thread();
  if (!thread)
    return -(uint32_t)WASI_EAGAIN;
  // The thread may be at its end, and its place another's, before pthread_create returns.
  uint32_t identifier = thread->identifier;
  thread->argument = argument;
  // Its copies of the tables are the guest's, whose size it chose: they count, as the memories do.
  if (!wasmaot_take_memory(table_bytes)) {
    free_thread(thread, false);
    return -(uint32_t)WASI_EAGAIN;
  }
  if (!take_stack(&thread->stack)) {
    wasmaot_give_memory_back(table_bytes);
    free_thread(thread, false);
    return -(uint32_t)WASI_EAGAIN;
  }
  if (start_thread(thread))
    return identifier;
  wasmaot_give_memory_back(table_bytes);
  free_thread(thread, true);
  return -(uint32_t)WASI_EAGAIN;
}

void wasmaot_threads_start(void) {
  wasmaot_thread_stack_limit = wasmaot_stack_limit;
  if (&__ehdr_start)
    wasmaot_find_segment(&__ehdr_start, PT_TLS, &variables_size);
  wasmaot_thread_tables(count_table);
  if (table_bytes == 0)
    return;
  long mapped = sys6(SYS_mmap, 0, (long)table_bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (sys_failed(mapped))
    wasmaot_fail(WASMAOT_EXIT_START,
                 "cannot map the tables: raise the limit on address space (ulimit -v)", NULL, NULL);
  table_room = (uint8_t *)mapped; // NOLINT: an address that mmap gave
  wasmaot_thread_tables(copy_table);
}

// ---- The end -----------------------------------------------------------------------------------

void wasmaot_threads_end(bool is_report) {
  // The address of something thread-local names the thread.
  static const void *ending_thread;
  const void *none = NULL;
  const void *self = &current_thread;
  if (__atomic_compare_exchange_n(&ending_thread, &none, self, false, __ATOMIC_SEQ_CST,
                                  __ATOMIC_SEQ_CST) ||
      none == self)
    return;
  // Until the process is gone. But where nobody reads standard error, a guest's trap would keep
  // proc_exit from ending the program: that waits a while only. (The word never changes.)
  static uint32_t never;
  const struct timespec patience = {.tv_sec = REPORT_SECONDS};
  while (sys4(SYS_futex, &never, FUTEX_WAIT_PRIVATE, 0, is_report ? NULL : &patience) != -ETIMEDOUT)
    ;
}

// ---- Checked stacks ----------------------------------------------------------------------------

// wasmaot_stack_probe (stack.c) with the thread's own limit.
__asm__(".section .text.wasmaot_thread_stack_probe,\"ax\",@progbits\n"
        ".hidden wasmaot_thread_stack_probe\n"
        ".globl wasmaot_thread_stack_probe\n"
        ".type wasmaot_thread_stack_probe,@function\n"
        "wasmaot_thread_stack_probe:\n"
        "  push %rcx\n"
        "  mov %rsp, %rcx\n"
        "  sub %rax, %rcx\n"
        "  jb 1f\n"
        "  cmp %fs:wasmaot_thread_stack_limit@tpoff, %rcx\n"
        "  jb 1f\n"
        "  pop %rcx\n"
        "  ret\n"
        "1:\n"
        "  pop %rcx\n"
        "  jmp wasmaot_stack_overflow\n"
        ".size wasmaot_thread_stack_probe, . - wasmaot_thread_stack_probe\n"
        ".previous\n");
