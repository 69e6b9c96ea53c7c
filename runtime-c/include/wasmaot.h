// wasmaot's embedding API: run modules that `wasmaot build --emit=obj|staticlib|shared` compiled
// ahead of time inside a C program (or C++, Swift, Rust, Zig, Go: whatever calls C).
//
//     wasmaot_engine *engine = wasmaot_engine_new(NULL);
//     wasmaot_module *module;
//     wasmaot_error *error = wasmaot_module_load(engine, &gcd_wasm, &module);
//     wasmaot_store *store = wasmaot_store_new(engine, NULL);
//     wasmaot_instance *instance;
//     error = wasmaot_instance_new(store, module, NULL, 0, &instance);
//     int32_t result;
//     error = gcd_gcd(instance, 1071, 462, &result); // from the header that the build generated
//
// Link with libwasmaot.a. Nothing here is global: a process may have many engines.
//
// Errors. A function that can fail returns NULL, or an error that the caller owns and frees with
// wasmaot_error_delete. Outputs are written on success only. A trap, an uncaught exception or
// exhausted memory in a guest ends the call into it, and is such an error: the host lives on.
//
// Threads. An engine, its modules and its shared memories may be used by all threads at once. A
// store, and all that belongs to it, is used by one thread at a time (any, one after the other);
// wasmaot_store_interrupt alone may be called from any thread at any time. Calls into wasm nest:
// each ends on the thread that it began on, before those that were there before it (fibers that
// switch in functions of the host must see to that, or the process ends), and not by pthread_exit.
// A thread gets SIGSEGV, SIGBUS, SIGILL and SIGURG unblocked, and an alternate signal stack if it
// has none, at its first call; it must leave both as they are: blocked, a trap ends the process.
//
// Ownership. What wasmaot_*_new and wasmaot_module_load give belongs to the caller, who deletes
// it: stores before their engine. Instances, host functions, and what is found in instances
// (functions, memories, tables, globals, tags) belong to the store and live until it is deleted,
// or, for what instances define, until wasmaot_instance_delete.
#ifndef WASMAOT_H
#define WASMAOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wasmaot_code wasmaot_code; // a compiled module, in an object or a library
typedef struct wasmaot_engine wasmaot_engine;
typedef struct wasmaot_module wasmaot_module;
typedef struct wasmaot_store wasmaot_store;
typedef struct wasmaot_instance wasmaot_instance;
typedef struct wasmaot_error wasmaot_error;
typedef struct wasmaot_func_ref wasmaot_func;
typedef struct wasmaot_memory wasmaot_memory;
typedef struct wasmaot_table wasmaot_table;
typedef struct wasmaot_global wasmaot_global;
typedef struct wasmaot_tag wasmaot_tag;
typedef struct wasmaot_exception wasmaot_exception;

// ---- Values and types -------------------------------------------------------------------------

typedef enum wasmaot_valkind {
  WASMAOT_I32,
  WASMAOT_I64,
  WASMAOT_F32,
  WASMAOT_F64,
  WASMAOT_V128,
  WASMAOT_FUNCREF,
  WASMAOT_EXTERNREF,
  WASMAOT_EXNREF,
} wasmaot_valkind;

// A value, without its kind: what is expected where is in types. 16 bytes; little-endian lanes.
typedef union wasmaot_val {
  int32_t i32;
  int64_t i64;
  float f32;
  double f64;
  uint8_t v128[16];
  const wasmaot_func *funcref; // NULL is null
  void *externref;             // the host's own; never looked at
  wasmaot_exception *exnref;
} wasmaot_val;

// A function's type. The arrays are borrowed.
typedef struct wasmaot_functype {
  const wasmaot_valkind *params;
  size_t param_count;
  const wasmaot_valkind *results;
  size_t result_count;
} wasmaot_functype;

// Limits of a memory (in pages) or a table (in entries); maximum UINT64_MAX: none.
typedef struct wasmaot_limits {
  uint64_t minimum;
  uint64_t maximum;
} wasmaot_limits;

typedef enum wasmaot_externkind {
  WASMAOT_FUNC,
  WASMAOT_TABLE,
  WASMAOT_MEMORY,
  WASMAOT_GLOBAL,
  WASMAOT_TAG,
} wasmaot_externkind;

// Something that is imported or exported.
typedef struct wasmaot_extern {
  wasmaot_externkind kind;
  union {
    const wasmaot_func *func;
    wasmaot_table *table;
    wasmaot_memory *memory;
    wasmaot_global *global;
    wasmaot_tag *tag;
  } of;
} wasmaot_extern;

// Bytes with a length: names of WebAssembly may hold anything.
typedef struct wasmaot_bytes {
  const char *bytes;
  size_t size;
} wasmaot_bytes;

// ---- Errors -----------------------------------------------------------------------------------

typedef enum wasmaot_error_kind {
  WASMAOT_ERROR_TRAP = 1,     // wasmaot_error_trap says which
  WASMAOT_ERROR_EXCEPTION,    // an exception that nothing caught
  WASMAOT_ERROR_INTERRUPTED,  // wasmaot_store_interrupt
  WASMAOT_ERROR_LINK,         // an import is missing or has another type
  WASMAOT_ERROR_INCOMPATIBLE, // compiled for another version, or for a CPU with more features
  WASMAOT_ERROR_ARGUMENT,     // the host's mistake: wrong number of values, of another store, …
  WASMAOT_ERROR_RESOURCE,     // no memory, no address space
  WASMAOT_ERROR_HOST,         // wasmaot_error_new: a function of the host failed
  WASMAOT_ERROR_OUT_OF_FUEL,  // wasmaot_store_set_fuel
  WASMAOT_ERROR_EXIT,         // WASI's proc_exit: wasmaot_error_exit_status says with what
} wasmaot_error_kind;

// Traps, numbered as in wasmaot_error_trap. The texts are the specification's.
typedef enum wasmaot_trapcode {
  WASMAOT_TRAPCODE_UNREACHABLE = 1,
  WASMAOT_TRAPCODE_MEMORY_OUT_OF_BOUNDS = 2,
  WASMAOT_TRAPCODE_TABLE_OUT_OF_BOUNDS = 3,
  WASMAOT_TRAPCODE_UNDEFINED_ELEMENT = 4,
  WASMAOT_TRAPCODE_UNINITIALIZED_ELEMENT = 5,
  WASMAOT_TRAPCODE_INDIRECT_CALL_TYPE_MISMATCH = 6,
  WASMAOT_TRAPCODE_INTEGER_DIVIDE_BY_ZERO = 7,
  WASMAOT_TRAPCODE_INTEGER_OVERFLOW = 8,
  WASMAOT_TRAPCODE_INVALID_CONVERSION_TO_INTEGER = 9,
  WASMAOT_TRAPCODE_STACK_OVERFLOW = 10,
  WASMAOT_TRAPCODE_NULL_REFERENCE = 11,
  WASMAOT_TRAPCODE_UNALIGNED_ATOMIC = 12,
  WASMAOT_TRAPCODE_UNRESOLVED_IMPORT = 13,
  WASMAOT_TRAPCODE_EXPECTED_SHARED_MEMORY = 14,
} wasmaot_trapcode;

// An error of the host's own, to return from a function of the host. The message is copied.
wasmaot_error *wasmaot_error_new(const char *message);
void wasmaot_error_delete(wasmaot_error *error);
wasmaot_error_kind wasmaot_error_get_kind(const wasmaot_error *error);
// 0 for errors of another kind.
wasmaot_trapcode wasmaot_error_trap(const wasmaot_error *error);
// What the guest gave to proc_exit, 0 for success; -1 for errors of another kind.
int64_t wasmaot_error_exit_status(const wasmaot_error *error);
// A line, in words: for a trap the specification's. Lives as long as the error.
const char *wasmaot_error_message(const wasmaot_error *error);
// The functions that were active, innermost first; 0 where nothing is known.
size_t wasmaot_error_frame_count(const wasmaot_error *error);
// The function's index in its module and its name (of size 0 where it has none; cut after 1024
// bytes).
uint32_t wasmaot_error_frame(const wasmaot_error *error, size_t frame, wasmaot_bytes *name);
// The exception that nothing caught, or NULL. Lives as long as the error.
// Its tag, and the functions among its arguments, live as long as their instance and store.
wasmaot_exception *wasmaot_error_exception(const wasmaot_error *error);

// ---- Engine -----------------------------------------------------------------------------------

typedef struct wasmaot_engine_config {
  uint64_t stack_size;    // bytes of a stack for wasm; 0: 1 MiB
  uint64_t keep_resident; // bytes of a memory that stay in place when its slot is reused; 0: 1 MiB
  uint32_t pooled_memories; // slots of freed memories that are kept for reuse; 0: 128
} wasmaot_engine_config;

// NULL for the defaults. The first engine of a process installs handlers for SIGSEGV, SIGBUS and
// SIGILL (traps) and SIGURG (interruptions); what is not a guest's goes on to the handlers that
// were there. A host that installs its own later must do the same with ours. Every handler of the
// host, for whichever signal, needs SA_ONSTACK: at the end of wasm's stack the kernel has no room
// for one without, drops its signal, and the guest traps. NULL if out of memory.
// Also NULL if stack_size is more than 1 GiB. Handlers stay for ever, and types of functions, those
// of deleted modules too, as long as the engine: up to some 50 MB for each module of the most
// hostile kind. A shared library that libwasmaot.a is linked into must not be closed (-z nodelete).
wasmaot_engine *wasmaot_engine_new(const wasmaot_engine_config *config);
void wasmaot_engine_delete(wasmaot_engine *engine);

// ---- Module -----------------------------------------------------------------------------------

// Makes compiled code usable in an engine: checks that it fits this library and this CPU, gives
// numbers to its types, prepares the image of its data. Once a module. The code must stay in place
// until the module and all stores that had instances of it are deleted (dlclose after that).
wasmaot_error *wasmaot_module_load(wasmaot_engine *engine, const wasmaot_code *code,
                                   wasmaot_module **module);
// Instances keep what they need of it (but for the code itself): a module may be deleted before
// them.
void wasmaot_module_delete(wasmaot_module *module);
// Of imports and exports below: names are empty where there is none of that index.
size_t wasmaot_module_import_count(const wasmaot_module *module);
wasmaot_externkind wasmaot_module_import(const wasmaot_module *module, size_t index,
                                         wasmaot_bytes *from, wasmaot_bytes *name);
size_t wasmaot_module_export_count(const wasmaot_module *module);
wasmaot_externkind wasmaot_module_export(const wasmaot_module *module, size_t index,
                                         wasmaot_bytes *name);
// The number in the generated header, which names imports, exports and their types.
uint64_t wasmaot_module_interface_hash(const wasmaot_module *module);

// ---- Store ------------------------------------------------------------------------------------

typedef struct wasmaot_store_config {
  uint64_t max_memory;         // bytes of all memories together; 0: no limit
  uint64_t max_table_elements; // entries of all tables together; 0: 10,000,000 a table
  void *data;                  // wasmaot_store_data
  uint64_t max_instances;      // instances at a time; 0: no limit
  uint64_t max_memories;       // memories at a time; 0: no limit
} wasmaot_store_config;

// Limits: what would pass one fails with WASMAOT_ERROR_RESOURCE; memory.grow and table.grow of a
// guest return -1. Of an entry of a table 32 bytes are the host's memory.
//
// A group of instances that may call each other and share memories, tables, globals and tags. Every
// memory reserves 8 GiB of addresses (some 16,000 fit into a process, whatever max_memory says) and
// up to four of the kernel's mappings (vm.max_map_count). Exceptions that guests may hold
// references to are freed with the store only, up to 64 MiB; then a throw is
// WASMAOT_ERROR_RESOURCE.
wasmaot_store *wasmaot_store_new(wasmaot_engine *engine, const wasmaot_store_config *config);
// Deletes all its instances. Not while its wasm runs: that ends the process.
void wasmaot_store_delete(wasmaot_store *store);
void *wasmaot_store_data(const wasmaot_store *store);
// Fuel: what code that was built with --count-fuel may execute, in operators (docs/limits.md). A
// store begins with none. When it is used up, the call into wasm ends with
// WASMAOT_ERROR_OUT_OF_FUEL. At most INT64_MAX. Instances of a store use it together, those of code
// that was built without ignore it. A function of the host may set it, too.
void wasmaot_store_set_fuel(wasmaot_store *store, uint64_t fuel);
uint64_t wasmaot_store_fuel(const wasmaot_store *store); // what is left
// Since the store was made. A call that ran out of fuel has consumed some more than it had.
uint64_t wasmaot_store_fuel_consumed(const wasmaot_store *store);
// Ends the call into wasm that is running, or, if none is, the next one, with
// WASMAOT_ERROR_INTERRUPTED, within microseconds and wherever the guest is; loops without calls
// included. (Bulk operations on tables and passive segments come to their end first: up to some 100
// ms.) Functions of the host are not interrupted: their caller is, when they return, and so are
// those that called it, to the outermost call. The signal makes system calls of the host's
// functions return EINTR where SA_RESTART does not help (poll, nanosleep, …), and may arrive just
// after the call.
// A thread's store of a wasmaot_threads program: what waits in WASI there is not woken;
// wasmaot_threads_interrupt is for that.
void wasmaot_store_interrupt(wasmaot_store *store);
// Forgets an interruption that came too late for the call that it was meant for. For watchdogs:
// after the call, stop the timer, then clear.
void wasmaot_store_clear_interrupt(wasmaot_store *store);

// ---- WASI -------------------------------------------------------------------------------------

typedef struct wasmaot_wasi_directory {
  const char *host;  // path
  const char *guest; // the path that guests see
  bool read_only;    // nothing in it can be changed
} wasmaot_wasi_directory;

// What guests may touch beyond their memory: nothing that is not named here. All is copied.
typedef struct wasmaot_wasi_config {
  const char *const *args; // the first is the program's name
  size_t arg_count;
  const char *const *variables; // "NAME=VALUE"
  size_t variable_count;
  const wasmaot_wasi_directory *directories; // descriptors 3, 4, … of guests
  size_t directory_count;
  // Sockets to listen at, "127.0.0.1:8080" or "[::1]:8080", in numbers: the descriptors behind the
  // directories.
  const char *const *listeners;
  size_t listener_count;
  // Three descriptors of the host's, for standard input, output and error of guests; -1: closed.
  // NULL: all are. They stay the host's, must stay open until the store is deleted, and their open
  // files are not changed (made non-blocking) for guests.
  const int *streams;
  bool raw_terminal; // terminals get escape sequences and other control characters of guests
} wasmaot_wasi_config;

// Gives all instances of a store WASI preview 1 (wasi_snapshot_preview1, wasi_unstable), once for a
// store: their imports of it need not be given. They share descriptors: guests that must not reach
// each other's belong in stores of their own. Opens directories and listeners at once; fails if one
// can't be opened. proc_exit ends the call with WASMAOT_ERROR_EXIT. SIGPIPE of what guests write
// does not reach the host. wasmaot_store_interrupt wakes a guest that waits in WASI, but for writes
// to terminals and FIFOs where another process fills them meanwhile. What WASI holds for an
// instance is freed with the store.
wasmaot_error *wasmaot_store_set_wasi(wasmaot_store *store, const wasmaot_wasi_config *config);

// ---- Instance ---------------------------------------------------------------------------------

// Instantiates a module: `imports` are in the order of its imports. Runs its start function. Where
// the store has WASI, imports of it may be left out: null in the array, or all of them, and the
// array, if there are no others.
wasmaot_error *wasmaot_instance_new(wasmaot_store *store, wasmaot_module *module,
                                    const wasmaot_extern *imports, size_t import_count,
                                    wasmaot_instance **instance);
// Gives memory back before the store is deleted; the host must not use anything that the instance
// defined any more, its exceptions included. Where wasm may still refer to it, the instance lives
// on until the store is deleted: if others import something of it, if the host passed one of its
// functions or exceptions to wasm, or if its module imports tables or mutable globals of functions
// or exceptions, or functions with such parameters. While wasm of the store runs, it lives on until
// the next instance is made or deleted.
void wasmaot_instance_delete(wasmaot_instance *instance);
// False if there is none of that name. `name` need not end with NUL.
bool wasmaot_instance_export(wasmaot_instance *instance, const char *name, size_t size,
                             wasmaot_extern *result);
// By its position in the module's list of exports.
bool wasmaot_instance_export_at(wasmaot_instance *instance, size_t index, wasmaot_extern *result);
wasmaot_store *wasmaot_instance_store(const wasmaot_instance *instance);
wasmaot_module *wasmaot_instance_module(const wasmaot_instance *instance);

// ---- Functions --------------------------------------------------------------------------------

// A function of the host. `args` and `results` are as many as the type says, results all zero.
// What it returns, other than NULL, ends the caller: an error of wasmaot_error_new, one that a call
// of wasm returned, or of wasmaot_throw. It must not leave by longjmp or a C++ exception.
// It runs on the stack of wasm, with at least 256 KiB of it; no frame may be larger than that, for
// it could miss the guard. Tools that know only the thread's own stack see a foreign one.
typedef wasmaot_error *(*wasmaot_callback)(void *data, wasmaot_store *store,
                                           const wasmaot_val *args, wasmaot_val *results);

// The type is copied. `finalize`, if there is one, is called with `data` when the store is deleted.
wasmaot_error *wasmaot_func_new(wasmaot_store *store, const wasmaot_functype *type,
                                wasmaot_callback callback, void *data, void (*finalize)(void *),
                                const wasmaot_func **func);
// Lives as long as the store.
wasmaot_functype wasmaot_func_type(const wasmaot_func *func);
// Calls a function of wasm or of the host. `args` and `results` may overlap.
wasmaot_error *wasmaot_func_call(const wasmaot_func *func, const wasmaot_val *args,
                                 size_t arg_count, wasmaot_val *results, size_t result_count);
// For generated headers: calls the exported function at this position of the module's exports, if
// the module has this interface and the function this type: the kinds of its parameters, '>', those
// of its results, a letter each of "iIfFvrex", in the order of wasmaot_valkind. `values` holds the
// arguments and takes the results: it has room for whichever are more.
wasmaot_error *wasmaot_instance_call(wasmaot_instance *instance, uint64_t interface_hash,
                                     uint32_t export_index, const char *type, wasmaot_val *values);

// ---- Memories ---------------------------------------------------------------------------------

wasmaot_error *wasmaot_memory_new(wasmaot_store *store, wasmaot_limits pages,
                                  wasmaot_memory **memory);
// A memory with 64-bit addresses, of at most 8 GiB.
wasmaot_error *wasmaot_memory64_new(wasmaot_store *store, wasmaot_limits pages,
                                    wasmaot_memory **memory);
// A shared memory is the engine's: instances of all its stores may import it, and so threads (a
// store for each) work on it at the same time. It has a maximum (of 65536 pages at the most), its
// bytes stay where they are when it grows, and no store's max_memory counts it. Its size may change
// at any time, but only grows; its bytes change under the host's hands: read once what is checked,
// by atomics where guests do.
wasmaot_error *wasmaot_shared_memory_new(wasmaot_engine *engine, wasmaot_limits pages,
                                         wasmaot_memory **memory);
// Stores whose instances import it keep it until they are deleted.
void wasmaot_shared_memory_delete(wasmaot_memory *memory);
bool wasmaot_memory_is_shared(const wasmaot_memory *memory);
// The bytes, valid until the memory grows. Check every offset that comes from a guest against
// wasmaot_memory_size, or use the functions that do.
uint8_t *wasmaot_memory_data(const wasmaot_memory *memory);
uint64_t wasmaot_memory_size(const wasmaot_memory *memory); // bytes
uint64_t wasmaot_memory_pages(const wasmaot_memory *memory);
wasmaot_limits wasmaot_memory_limits(const wasmaot_memory *memory);
// False where it can't grow; `old_pages` may be NULL.
bool wasmaot_memory_grow(wasmaot_memory *memory, uint64_t pages, uint64_t *old_pages);
// Copies out of or into a memory; false, and nothing is copied, where the range is not inside.
bool wasmaot_memory_read(const wasmaot_memory *memory, uint64_t offset, void *to, size_t size);
bool wasmaot_memory_write(wasmaot_memory *memory, uint64_t offset, const void *from, size_t size);
// The address of a range inside a memory, NULL if it is not inside.
void *wasmaot_memory_range(const wasmaot_memory *memory, uint64_t offset, uint64_t size);

// ---- Threads of guests ------------------------------------------------------------------------

// wasi-threads: a program whose module exports `_start`, imports `wasi.thread-spawn` and shared
// memories, and exports `wasi_thread_start` for its threads. Each of its threads is a thread of the
// process, with a store and an instance of its own; all share the memories, which are made here by
// the types of the module's imports.
typedef struct wasmaot_threads wasmaot_threads;

typedef struct wasmaot_threads_config {
  uint32_t max_threads;       // alive at the same time, but for the first; 0: 1024
  wasmaot_store_config store; // of each thread
  // WASI preview 1 for all threads together, which need not be given by `imports`: they share
  // descriptors. Works on the module's first memory, which must be shared. NULL: none.
  const wasmaot_wasi_config *wasi;
  // Fills in what the module imports beside shared memories and wasi.thread-spawn, which are there
  // already. Called for each thread's new store, by the thread that starts it: several calls may
  // run at the same time. May be NULL.
  wasmaot_error *(*imports)(void *data, wasmaot_store *store, wasmaot_extern *imports,
                            size_t count);
  void *data;
} wasmaot_threads_config;

wasmaot_error *wasmaot_threads_new(wasmaot_module *module, const wasmaot_threads_config *config,
                                   wasmaot_threads **threads);
// Instantiates the module and calls its export `_start` on the calling thread, once. The program
// ends when that returns, with NULL, or when a call of any thread ends with an error, with the
// first one (a trap, an exception, a host function's error): then all other threads are
// interrupted. (An exception's store is gone: its tag is NULL, and so are functions among its
// arguments.) Those that are in a function of the host end when it returns. `thread-spawn` gives a
// thread's identifier, or -6 (EAGAIN) where there may be, or can be, no more.
wasmaot_error *wasmaot_threads_run(wasmaot_threads *threads);
// Ends a running program, or one that will be run, with WASMAOT_ERROR_INTERRUPTED. From any thread,
// but not from a signal's handler.
void wasmaot_threads_interrupt(wasmaot_threads *threads);
// Waits for all threads to end, that of wasmaot_threads_run included. Not in a function of the host
// that they call.
void wasmaot_threads_delete(wasmaot_threads *threads);

// ---- Tables -----------------------------------------------------------------------------------

// `kind` is a reference; `initial` fills the table.
wasmaot_error *wasmaot_table_new(wasmaot_store *store, wasmaot_valkind kind, wasmaot_limits entries,
                                 wasmaot_val initial, wasmaot_table **table);
wasmaot_valkind wasmaot_table_kind(const wasmaot_table *table);
uint64_t wasmaot_table_size(const wasmaot_table *table);
wasmaot_limits wasmaot_table_limits(const wasmaot_table *table);
bool wasmaot_table_get(const wasmaot_table *table, uint64_t index, wasmaot_val *value);
// False if the index is outside, the value is a function of a type that the table can't hold, or
// the store keeps as many exceptions as it may.
bool wasmaot_table_set(wasmaot_table *table, uint64_t index, wasmaot_val value);
bool wasmaot_table_grow(wasmaot_table *table, uint64_t entries, wasmaot_val value,
                        uint64_t *old_size);

// ---- Globals ----------------------------------------------------------------------------------

wasmaot_error *wasmaot_global_new(wasmaot_store *store, wasmaot_valkind kind, bool is_mutable,
                                  wasmaot_val value, wasmaot_global **global);
wasmaot_valkind wasmaot_global_kind(const wasmaot_global *global);
bool wasmaot_global_is_mutable(const wasmaot_global *global);
wasmaot_val wasmaot_global_get(const wasmaot_global *global);
// False if it is immutable, or as for a table's entry.
bool wasmaot_global_set(wasmaot_global *global, wasmaot_val value);

// ---- Tags and exceptions ----------------------------------------------------------------------

// The type has no results.
wasmaot_error *wasmaot_tag_new(wasmaot_store *store, const wasmaot_functype *type,
                               wasmaot_tag **tag);
wasmaot_functype wasmaot_tag_type(const wasmaot_tag *tag);
// An error that a function of the host returns to throw an exception into its caller. Exceptions
// among the arguments live as long as the store from then on.
wasmaot_error *wasmaot_throw(wasmaot_store *store, wasmaot_tag *tag, const wasmaot_val *args,
                             size_t arg_count);
// NULL if its instance never started: then functions of that instance are NULL among the arguments,
// and so are exceptions.
wasmaot_tag *wasmaot_exception_tag(const wasmaot_exception *exception);
// The arguments, as many as the tag's type has parameters.
const wasmaot_val *wasmaot_exception_args(const wasmaot_exception *exception);

#ifdef __cplusplus
}
#endif

#endif
