// What the files of the runtime share. Symbols are hidden (-fvisibility=hidden) and start with
// wasmaot_.
#ifndef WASMAOT_RUNTIME_H
#define WASMAOT_RUNTIME_H

#include "../common/common.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- Generated --------------------------------------------------------------------------------

extern const struct wasmaot_module wasmaot_module;
extern const struct wasmaot_note wasmaot_note;
// Bounds of compiled code, and of the map from code to function indices. Weak: a module without
// functions has neither.
extern const uint8_t __start_wasmaot_text[] __attribute__((weak));
extern const uint8_t __stop_wasmaot_text[] __attribute__((weak));
extern const struct wasmaot_funcmap_entry __start_wasmaot_funcmap[] __attribute__((weak));
extern const struct wasmaot_funcmap_entry __stop_wasmaot_funcmap[] __attribute__((weak));

static inline bool wasmaot_is_wasm_code(uint64_t pc) {
  return pc >= (uint64_t)(uintptr_t)__start_wasmaot_text &&
         pc < (uint64_t)(uintptr_t)__stop_wasmaot_text;
}

// ---- The process ------------------------------------------------------------------------------

struct wasmaot_sandbox {
  uint8_t mode;  // enum wasmaot_sandbox_mode
  uint8_t flags; // WASMAOT_SANDBOX_*
  uint32_t filter_length;
  const void *filter; // struct sock_filter[]
};

struct wasmaot_process {
  char **argv; // argv[argument_start] is the guest's first argument
  int argc;
  int argument_start;
  char **environment;
  const char *program_name; // the guest's argv[0]
  const char *invoke;
  const char *profile; // path of the file that the program counts into
  uint64_t stack_size;
  uint64_t max_memory; // bytes that the guest may make the program take; UINT64_MAX: no limit
  uint64_t timeout;    // nanoseconds; 0: none
  uint64_t fuel;       // at most INT64_MAX, which is as good as no limit
  bool reports_fuel;
  bool takes_grants;
  bool raw_terminal;
  bool is_script;
  struct wasmaot_sandbox sandbox;
};
extern struct wasmaot_process wasmaot_process;

#define WASMAOT_EXIT_USAGE 2
// The app could not be started: no memory, a directory that is not there, a CPU that lacks
// something.
#define WASMAOT_EXIT_START 1

#define HOST_PAGE 4096ull

// The program's ELF header, where the linker has it in memory.
extern const uint8_t __ehdr_start __attribute__((weak, visibility("hidden")));

// Ends the program if the CPU lacks one of these features (WASMAOT_X86_* bits).
void wasmaot_check_cpu(uint32_t features);

_Noreturn void wasmaot_exit(int status);

// ---- config.c: the configuration's records ----------------------------------------------------

void wasmaot_config_read(void);

struct wasmaot_grant {
  enum { WASMAOT_GRANT_DIR, WASMAOT_GRANT_ENV, WASMAOT_GRANT_LISTEN } kind;
  bool read_only;    // of a directory
  const char *host;  // a directory's path; a listener's address
  const char *guest; // a directory's name for the guest; K=V of a variable
};

// Walks the grants that were built in, then those given to the app itself. Start with {0}.
struct wasmaot_grant_iterator {
  const uint8_t *record;
  int argument;
};
bool wasmaot_grant_next(struct wasmaot_grant_iterator *iterator, struct wasmaot_grant *grant);
// Those that were built in only: from the records at `*record` on, which moves.
bool wasmaot_grant_built_in(const uint8_t **record, struct wasmaot_grant *grant);

// The environment's own "K=V" for this K, or null.
const char *wasmaot_variable_inherited(const char *name);

// Ends an app whose own options are wrong.
_Noreturn void wasmaot_usage(const char *problem, const char *option);
// limit_options.c: take the value of an option.
void wasmaot_limit_timeout(char *value);
void wasmaot_limit_memory(char *value);
void wasmaot_limit_stack(char *value);
void wasmaot_limit_fuel(char *value);

// timeout.c, fuel.c, max_memory.c; linked in where a limit is given, or may be.
__attribute__((weak)) void wasmaot_timeout_start(void);
__attribute__((weak)) void wasmaot_fuel_start(void);
// profile.c; linked in where code counts its branches. Maps the file with the counters.
__attribute__((weak)) void wasmaot_profile_start(void);
// Ends the program if its memories start with too much.
__attribute__((weak)) void wasmaot_max_memory_start(void);
// Counts bytes that the guest makes the program take. False where that would be too much.
__attribute__((weak)) bool wasmaot_max_memory_take(uint64_t bytes);
__attribute__((weak)) void wasmaot_max_memory_give_back(uint64_t bytes);
static inline bool wasmaot_take_memory(uint64_t bytes) {
  return !wasmaot_max_memory_take || wasmaot_max_memory_take(bytes);
}
static inline void wasmaot_give_memory_back(uint64_t bytes) {
  if (wasmaot_max_memory_give_back)
    wasmaot_max_memory_give_back(bytes);
}

// grants.c; linked in by --runtime-grants alone.
__attribute__((weak)) void wasmaot_grants_parse(void);
__attribute__((weak)) bool wasmaot_grant_of_arguments(int *argument, struct wasmaot_grant *grant);

// ---- message.c: text to standard error, without stdio -----------------------------------------

struct wasmaot_text {
  size_t length;
  char bytes[512];
};
void wasmaot_text_add(struct wasmaot_text *text, const char *string);
// Bytes that the module or the host chose: control characters become '?', so that they can't drive
// a terminal.
void wasmaot_text_add_untrusted(struct wasmaot_text *text, const char *bytes, size_t size);
void wasmaot_text_add_decimal(struct wasmaot_text *text, uint64_t value);
void wasmaot_text_add_hex(struct wasmaot_text *text, uint64_t value);
// Writes all, in as many pieces as the system takes: then the result is positive. Else it is what
// ended it: -errno, or 0 where nothing more is taken.
long wasmaot_write(int descriptor, const char *bytes, size_t size);
// Writes the text, cut where it was too long, and the line's end to a descriptor. Empties it.
void wasmaot_text_write(struct wasmaot_text *text, int descriptor);
// "wasmaot: a b c\n" to standard error, then exit. Null ends early.
_Noreturn void wasmaot_fail(int status, const char *a, const char *b, const char *c);

// Each adds the limit to the message of the trap that it ends the program with.
__attribute__((weak)) void wasmaot_timeout_describe(struct wasmaot_text *text);
__attribute__((weak)) void wasmaot_fuel_describe(struct wasmaot_text *text);
// Prints how much was consumed.
__attribute__((weak)) void wasmaot_fuel_report(void);

// ---- memory.c, stack.c, trap.c ----------------------------------------------------------------

void wasmaot_memory_start(void);
// Whether an access of wasm code to this address is one outside a memory.
bool wasmaot_memory_is_out_of_bounds(uint64_t address);
// Whether this address of a shared memory is inside by now.
bool wasmaot_memory_has_grown_over(uint64_t address);

// A stack for wasm, and who is on it.
struct wasmaot_stack {
  uint64_t low;
  uint64_t high;
  uint64_t limit; // what WASMAOT_MODULE_CHECKS compares with
  uint64_t signal_stack;
  // Stack pointer of the caller of wasmaot_stack_switch, with the callee-saved registers on top.
  void *saved_stack_pointer;
};
// False where there is no address space. `extra` bytes behind it are for the caller.
bool wasmaot_stack_map(struct wasmaot_stack *stack, uint64_t extra);
void wasmaot_stack_unmap(const struct wasmaot_stack *stack);
uint8_t *wasmaot_stack_extra(const struct wasmaot_stack *stack);
// Calls function(argument) at the top of the stack, or where it is called for 0: see
// wasmaot_stack_enter.
uint32_t wasmaot_stack_switch(void (*function)(void *), void *argument, uint64_t high,
                              void **saved_stack_pointer);

// wasi.c: of the program's context, which lies behind the main stack: its table of descriptors
// among the program's variables would be a mapping more to make at start and to take down at the
// end. Nothing of it is touched before it is used.
extern const uint64_t wasmaot_wasi_context_size __attribute__((weak));
uint8_t *wasmaot_stack_main_extra(void);

// Makes the main stack, or lets the kernel's grow to its size. How many bytes below `here`, an
// address in main's frame, main has to reserve for what lies on top of the stack, and give to
// wasmaot_stack_place; 0: none, the stack is mapped.
uint64_t wasmaot_stack_start(uint64_t here);
void wasmaot_stack_place(uint8_t *high);
// Calls function(argument) on the stack of wasm. Returns 0, or the trap that ended the call where
// wasmaot_stack_leave was called. Not nestable.
uint32_t wasmaot_stack_enter(void (*function)(void *), void *argument);
_Noreturn void wasmaot_stack_leave(uint32_t trap);
// Where wasmaot_stack_probe jumps to.
_Noreturn void wasmaot_stack_overflow(void);
// Of the thread that calls.
void wasmaot_stack_bounds(uint64_t *low, uint64_t *high);
bool wasmaot_stack_guard_contains(uint64_t address);
void *wasmaot_stack_signal_stack(size_t *size);

void wasmaot_trap_start(void);
// In every thread: gives the handlers a stack.
void wasmaot_trap_start_thread(void);
// A trap where a signal's handler was called with this context.
_Noreturn void wasmaot_trap_at(uint32_t code, void *context);
// Where handlers of signals return to: the kernel wants it from the program.
void wasmaot_signal_return(void);
// From now on, a trap ends the call into the wasm stack rather than the process.
void wasmaot_trap_recover(void);

// The program's unwind tables; leaves null where it has none.
void wasmaot_find_frame_header(struct wasmaot_unwind_area *area);
// Prints "   0: name", a line of a backtrace.
void wasmaot_trap_print_frame(unsigned number, uint64_t pc);

// ---- sandbox.c, unless it is off ----------------------------------------------------------------

// Lets a directory through the wall that is about to be put up.
__attribute__((weak)) void wasmaot_sandbox_grant(int directory, bool read_only);
// Puts it up. From now on the process can do what the guest may, and no more.
__attribute__((weak)) void wasmaot_sandbox_start(void);

// ---- exceptions.c, where the module has tags --------------------------------------------------

// Ends the program if an exception has left the guest.
__attribute__((weak)) void wasmaot_exception_check(void);
// Takes the pending exception, for the test driver. False if there is none.
__attribute__((weak)) bool wasmaot_exception_take(void);

// ---- threads.c, where the module imports wasi.thread-spawn -------------------------------------

// Before wasm runs on the main thread.
__attribute__((weak)) void wasmaot_threads_start(void);
// The stack of the calling thread; null for the main thread.
__attribute__((weak)) struct wasmaot_stack *wasmaot_threads_stack(void);
// Of the calling thread; 0 for the main thread.
__attribute__((weak)) uint32_t wasmaot_threads_current(void);
// One lock for what threads of wasm change together and rarely.
__attribute__((weak)) void wasmaot_threads_lock(void);
__attribute__((weak)) void wasmaot_threads_unlock(void);
// To be called before the process is ended, or its end is reported: the first thread goes on,
// others wait for the end of the process: for ever if they would report (`is_report`), else until
// the first one's report has been stuck for a while. May be called by a signal handler.
__attribute__((weak)) void wasmaot_threads_end(bool is_report);
// table.c: what the thread's table was moved to.
void wasmaot_table_release(struct wasmaot_table *table);
size_t wasmaot_table_entry_size(const struct wasmaot_table *table);
// exceptions_threads.c: gives the thread's memory back.
__attribute__((weak)) void wasmaot_thread_exceptions_end(void);

// ---- Optional parts ---------------------------------------------------------------------------

// invoke.c and script.c: what runs on the wasm stack instead of module.entry.
__attribute__((weak)) void wasmaot_invoke(void *unused);
__attribute__((weak)) void wasmaot_script(void);
const struct wasmaot_export *wasmaot_export_find(const char *name, size_t size);
// Calls `_initialize`, the start function of a reactor, where the module exports it.
void wasmaot_initialize_reactor(void);
// wasi.c, where the module imports something of WASI.
__attribute__((weak)) void wasmaot_wasi_start_program(void);

#endif
