// What the files of the embedded runtime share. There is no global state but what signal handlers
// need (signal.c) and thread-locals (thread.c): everything else hangs on an engine, a store or a
// module. Symbols are hidden (-fvisibility=hidden), but for those of ../include/wasmaot.h.
#ifndef WASMAOT_EMBEDDED_RUNTIME_H
#define WASMAOT_EMBEDDED_RUNTIME_H

#define WASMAOT_EMBEDDED_RUNTIME
#pragma GCC visibility push(default)
#include "../include/wasmaot.h"
#pragma GCC visibility pop
#include "../abi/wasmaot_embedded.h"
#include "../common/common.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define PAGE ((uint64_t)4096)
static inline uint64_t round_to_pages(uint64_t size) { return (size + PAGE - 1) & ~(PAGE - 1); }

// The specification's implementation limit on parameters and results; the compiler refuses more.
#define MAX_VALUES 1000

// ---- types.c ----------------------------------------------------------------------------------

struct valtype {
  uint8_t kind; // wasmaot_valkind
  bool nullable;
  uint32_t function; // WASMAOT_FUNCREF: number of the function type, 0 for any function
};

// A function type of an engine, numbered from 1. Lives as long as the engine.
struct type {
  struct type *next; // of the hash table's bucket
  const char *key;
  uint32_t number;
  uint32_t param_count;
  uint32_t result_count;
  bool has_references;          // among parameters and results
  bool is_incomplete;           // made for a circle; no module has it yet. With the table's lock.
  const struct valtype *values; // parameters, then results
  const wasmaot_valkind *kinds; // the same
};

struct type_table {
  pthread_mutex_t lock;
  struct type **buckets;
  uint32_t bucket_count;
  uint32_t count;
};

bool wasmaot_types_start(struct type_table *table);
void wasmaot_types_end(struct type_table *table);
// The type of a signature whose references are numbered in `numbers`. With the table's lock. Null
// if the strings make no sense or memory is out. `key`, if not null, is the type's text.
struct type *wasmaot_types_find(struct type_table *table, const struct wasmaot_signature *signature,
                                const uint32_t *numbers, uint32_t count, const char *key);
// type_groups.c: of all signatures of a module.
bool wasmaot_types_number(struct type_table *table, const struct wasmaot_signature *signatures,
                          uint32_t count, uint32_t *numbers, const struct type **types);
// Null if a kind is none, or memory is out.
const struct type *wasmaot_types_find_kinds(struct type_table *table, const wasmaot_functype *type);
// One value type at *text, which moves past it.
bool wasmaot_valtype_parse(const char **text, const uint32_t *numbers, uint32_t known,
                           struct valtype *type);
bool wasmaot_valtype_is_subtype(struct valtype a, struct valtype b);
static inline bool valtype_equal(struct valtype a, struct valtype b) {
  return a.kind == b.kind && a.nullable == b.nullable && a.function == b.function;
}
// Whether a value of the host's may stand where `type` is expected: references are looked at.
bool wasmaot_value_fits(struct wasmaot_store *store, struct valtype type, const wasmaot_val *value);
// What fits goes to wasm, which may keep it from here on. False at an exception that the store may
// not keep: guests can make the host pass exceptions, too.
bool wasmaot_values_pass(struct wasmaot_store *store, const struct valtype *types, uint32_t count,
                         wasmaot_val *values);
// What wasm gives to the host: functions may be copies of references, which end with their
// instance, and so may those that exceptions lead to.
void wasmaot_values_show(const wasmaot_valkind *kinds, uint32_t count, wasmaot_val *values);
wasmaot_functype wasmaot_functype_of(const struct type *type);

// ---- pool.c: reservations of memories ---------------------------------------------------------

// Initial contents of a memory that several instances share: a sealed memfd, mapped copy-on-write.
struct image {
  int descriptor;
  uint64_t start; // in the memory; multiples of the page size
  uint64_t end;
  const uint8_t *source; // the same bytes, mapped for reading
  struct slot *free;     // slots that hold this image, unchanged
};

struct slot {
  uint8_t *base;       // of a reservation of RESERVATION bytes
  struct image *image; // mapped in it, or null
  uint64_t accessible; // bytes from base that are readable and writable; all above are not
  bool is_broken;      // some above may be
  struct slot *next;   // free slots of the same image (or of none)
  struct slot **link;  // what points to this one among them
  struct slot *newer;  // all free slots
  struct slot *older;
};
#define RESERVATION (WASMAOT_MEMORY32_RESERVATION)

struct pool {
  pthread_mutex_t lock;
  struct slot *blank; // free, without image, all zero
  struct slot *newest;
  struct slot *oldest;
  uint32_t count; // free slots
  uint32_t limit;
  uint64_t keep_resident;
  int pagemap; // /proc/self/pagemap, -1 if there is none
  uint32_t fork_generation;
};

void wasmaot_pool_start(struct pool *pool, uint32_t limit, uint64_t keep_resident);
void wasmaot_pool_end(struct pool *pool);
// A slot whose first `bytes` are accessible and hold the image (or zero), all others neither. Null
// where address space or memory is out.
struct slot *wasmaot_pool_take(struct pool *pool, struct image *image, uint64_t bytes);
// Takes a slot back and removes all that was written to it.
void wasmaot_pool_give(struct pool *pool, struct slot *slot);
bool wasmaot_slot_resize(struct slot *slot, uint64_t bytes);
// Null where there are no memfds, or the pieces lie far apart: the caller copies.
struct image *wasmaot_image_new(const struct wasmaot_code *code, uint32_t memory);
void wasmaot_image_delete(struct pool *pool, struct image *image);

// ---- dirty.c: what was written to a slot ------------------------------------------------------

struct range {
  uint64_t start;
  uint64_t end;
};
#define DIRTY_RANGES 64
int wasmaot_dirty_open(void);
// The pages of [base, base + size) that are not the image's and not zero because nobody touched
// them, as offsets from base, in order. False where that is unknown: then any page may be. Where
// there are more than DIRTY_RANGES ranges, the last one goes to the end.
bool wasmaot_dirty_find(int pagemap, const uint8_t *base, uint64_t size, struct range *ranges,
                        uint32_t *count);

// ---- engine.c ---------------------------------------------------------------------------------

struct wasm_stack;

struct wasmaot_engine {
  atomic_uint references; // the owner's, modules', stores'
  uint64_t stack_size;
  struct type_table types;
  struct pool pool;
  struct wasm_stack *_Atomic spare_stack; // without the lock: what a single thread needs
  pthread_mutex_t stack_lock;
  struct wasm_stack *stacks;
  uint32_t stack_count;
};
void wasmaot_engine_retain(struct wasmaot_engine *engine);
void wasmaot_engine_release(struct wasmaot_engine *engine);

// ---- stack.c ----------------------------------------------------------------------------------

struct frame {
  const struct wasmaot_module *module;
  uint32_t function;
};
#define BACKTRACE_FRAMES 64

// A stack for wasm and what it calls: guard | stack. `frames` is where a trap leaves its backtrace.
struct wasm_stack {
  struct wasm_stack *next;
  uint64_t low;
  uint64_t high;
  uint32_t frame_count;
  struct frame frames[BACKTRACE_FRAMES];
};
// Below low. The runtime and the host do not probe pages of large frames as compiled code does:
// larger than any frame of theirs.
#define STACK_GUARD ((uint64_t)256 << 10)
// What must be left of a stack for a function of the host to be called, and for the runtime's own.
#define HOST_RESERVE ((uint64_t)256 << 10)
#define RUNTIME_RESERVE ((uint64_t)32 << 10)

struct wasm_stack *wasmaot_stack_take(struct wasmaot_engine *engine);
void wasmaot_stack_give(struct wasmaot_engine *engine, struct wasm_stack *stack);
void wasmaot_stacks_end(struct wasmaot_engine *engine);

// ---- thread.c, call.c -------------------------------------------------------------------------

enum mode { MODE_HOST = 0, MODE_GUEST = 1 };

// A call from the host into wasm that has not returned, on the stack of wasmaot_enter. The first
// fields are known to assembly in call.c.
struct activation {
  void *saved_stack_pointer;
  // MODE_GUEST from the moment that the stack pointer is saved until wasm returns, except while
  // the runtime or the host runs. A signal's handler may end the activation in MODE_GUEST only.
  volatile uint32_t mode;
  uint32_t host_mxcsr;
  const atomic_uint *interrupted; // the store's flag
  struct wasmaot_store *store;
  struct activation *previous;       // of this thread
  struct activation *store_previous; // of the store
  struct wasm_stack *stack;
  uint64_t host_frame; // frame pointer of the runtime's function that called the host
};

// Innermost activation of this thread.
extern _Thread_local struct activation *wasmaot_activation
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

// Gives a thread what handlers need (an alternate signal stack), once. Its number, or 0 if memory
// is out.
int wasmaot_thread_start(void);
// SIGURG was blocked in the hope that another signal's handler returns: see signal.c.
extern _Thread_local volatile bool wasmaot_is_postponed
    __attribute__((tls_model("initial-exec"), visibility("hidden")));
void wasmaot_thread_unblock(void);
// Forgets, in a child after fork, which thread this is.
void wasmaot_thread_forked(void);

// How an activation ended, other than by a trap's number.
#define END_RETURNED 0u
#define END_INTERRUPTED 0x100u
#define END_HOST_ERROR 0x101u // store->host_error

// Calls `enter` on a stack of wasm. `values` holds arguments and takes results.
wasmaot_error *wasmaot_enter(struct wasmaot_store *store, wasmaot_enter_function *enter, void *code,
                             void *context, struct wasmaot_value *values);
// Ends the innermost activation: for assembly and signal handlers. See call.c.
_Noreturn void wasmaot_leave(struct activation *activation, uint32_t end);
// From the runtime's functions that wasm calls: notes the backtrace and ends the activation.
_Noreturn void wasmaot_raise(struct activation *activation, uint32_t end);

// Functions that wasm calls are in a section of their own: see signal.c.
#define GUEST_FACING __attribute__((section("wasmaot_guest_facing"), noinline))
extern const uint8_t __start_wasmaot_guest_facing[] __attribute__((visibility("hidden")));
extern const uint8_t __stop_wasmaot_guest_facing[] __attribute__((visibility("hidden")));

extern const struct wasmaot_runtime wasmaot_runtime;

// ---- signal.c, backtrace.c --------------------------------------------------------------------

void wasmaot_signals_start(void);
void wasmaot_signal_thread(int thread);
uint32_t wasmaot_fork_generation(void);
// Fills the activation's backtrace. Async-signal-safe.
void wasmaot_backtrace(struct activation *activation, struct wasmaot_registers *registers);

// ---- module.c ---------------------------------------------------------------------------------

struct wasmaot_module {
  atomic_uint references; // the owner's, instances', stores'
  struct wasmaot_engine *engine;
  const struct wasmaot_code *code;
  const uint32_t *numbers; // of types, by signature: instances point here
  const struct type **types;
  const struct valtype *table_types;
  const struct valtype *global_types;
  struct image **images;           // by memory; null where it has none
  const uint32_t *export_order;    // positions of exports, sorted by name
  uint32_t imported[5];            // by kind: how many
  const uint32_t *import_of[5];    // by kind and index: position among imports
  struct wasmaot_unwind_area area; // without a stack
  // Whether its imports let instances pass on references to what they define.
  bool may_leak;

  // Where the parts of an instance's block are: see instance.c.
  uint64_t block_size;
  uint64_t instance_at;
  uint64_t memories_at;
  uint64_t globals_at;
  uint64_t tags_at;
  uint64_t imports_at;
  uint64_t items_at;

  pthread_mutex_t lock;
  struct instance *free; // blocks of deleted instances
  uint32_t free_count;
};
void wasmaot_module_retain(struct wasmaot_module *module);
void wasmaot_module_release(struct wasmaot_module *module);
static inline const struct wasmaot_entity *code_entities(const struct wasmaot_code *code,
                                                         uint32_t kind) {
  const struct wasmaot_entity *const all[] = {code->functions, code->tables, code->memories,
                                              code->globals, code->tags};
  return all[kind];
}

// ---- store.c ----------------------------------------------------------------------------------

// A module that has instances in a store.
struct module_use {
  struct wasmaot_module *module;
  uint64_t text_start;
  uint64_t text_end;
  uint32_t instances;
  bool is_pinned; // references to functions of the host lead to its code
};
// Replaced as a whole when it changes: handlers of signals to the store's thread read it.
struct module_uses {
  uint32_t count;
  struct module_use uses[];
};

// Asked for; has ended an activation, but not yet those that called it.
enum interruption { NOT_INTERRUPTED = 0, INTERRUPTED = 1, INTERRUPTION_DELIVERED = 2 };

struct wasmaot_store {
  struct wasmaot_engine *engine;
  uint64_t serial; // no two stores of the process have the same
  void *data;
  uint64_t max_memory;
  uint64_t max_table_elements;
  uint64_t memory_bytes;
  uint64_t table_elements;
  uint64_t max_instances;
  uint64_t max_memories;
  uint64_t instance_count;
  uint64_t memory_count;
  int64_t fuel;           // what is left: instances point here
  uint64_t fuel_set;      // what it was when the host set it
  uint64_t fuel_consumed; // before that

  atomic_uint interrupted; // enum interruption
  // What a thread that waits in this store sleeps on: counts the reasons to look again.
  atomic_uint wakes;
  atomic_int thread; // kernel's number of the thread that runs wasm of this store, 0: none
  struct activation *activation; // innermost of this store
  uint64_t stack_limit;          // instances point here
  struct wasmaot_exception *pending;
  wasmaot_error *host_error;

  struct module_uses *_Atomic modules;
  struct instance *instances;
  bool has_deleted; // instances that were deleted while wasm ran
  struct memory *memories;
  struct shared_memory **shared; // that it holds: its instances import them
  uint32_t shared_count;
  struct host_function *functions;
  struct host_table *tables;
  struct wasmaot_global *globals;
  struct wasmaot_tag *tags;
  struct exception *exceptions;
  uint64_t exception_bytes;
  struct wasi_grants *wasi; // null: none
};

bool wasmaot_store_use(struct wasmaot_store *store, struct wasmaot_module *module);
void wasmaot_store_unuse(struct wasmaot_store *store, struct wasmaot_module *module);
// The use whose code holds this address, or null. Async-signal-safe.
const struct module_use *wasmaot_store_find_code(const struct wasmaot_store *store, uint64_t pc);

// ---- memory.c ---------------------------------------------------------------------------------

struct memory {
  struct wasmaot_memory abi;   // first: wasmaot_memory * leads here
  struct wasmaot_store *store; // null: `shared` is not
  struct shared_memory *shared;
  struct instance *owner; // null: the host's
  struct memory *next;    // of the store
  struct memory **link;
  struct slot *slot;     // null: a mapping of its own, which may move
  uint64_t mapped;       // bytes of that mapping
  uint64_t type_maximum; // UINT64_MAX: none
  bool is_64;
};
// `image` may be null. False where memory, address space or the store's limit is out.
bool wasmaot_memory_start(struct wasmaot_store *store, struct memory *memory,
                          const struct wasmaot_entity *type, struct image *image);
void wasmaot_memory_end(struct memory *memory);
// UINT64_MAX where it can't grow.
uint64_t wasmaot_memory_do_grow(struct memory *memory, uint64_t delta);
static inline struct memory *memory_of(const struct wasmaot_memory *memory) {
  return (struct memory *)(uintptr_t)memory;
}
// What an access of wasm that failed was. Async-signal-safe.
enum access {
  ACCESS_UNEXPLAINED, // not the guest's doing
  ACCESS_OUT_OF_BOUNDS,
  ACCESS_RETRY, // another thread has grown the memory since
};
enum access wasmaot_memory_explain(const struct wasmaot_store *store, uint64_t address);
// Of a shared memory, other threads change it. It only grows.
static inline uint64_t memory_bytes(const struct wasmaot_memory *memory) {
  return __atomic_load_n(&memory->bytes, __ATOMIC_ACQUIRE);
}
uint64_t wasmaot_memory_page_limit(const struct wasmaot_entity *type);

// ---- shared.c ---------------------------------------------------------------------------------

// A memory of an engine, for instances of all its stores. Always in a slot: it never moves.
struct shared_memory {
  struct memory memory;
  atomic_uint references; // the owner's, stores'
  struct wasmaot_engine *engine;
  pthread_mutex_t lock; // of its growth, and of the waiters
  struct waiter *waiters;
};
// Null if memory or address space is out.
struct shared_memory *wasmaot_shared_memory_make(struct wasmaot_engine *engine,
                                                 const struct wasmaot_entity *type);
void wasmaot_shared_memory_release(struct shared_memory *shared);
// Holds it until the store is deleted. False if memory is out.
bool wasmaot_store_hold(struct wasmaot_store *store, struct shared_memory *shared);
// memory.atomic.wait, where the value is as expected when `is_equal` says so under the lock.
// Returns early, with any result, if the store is interrupted.
uint32_t wasmaot_wait(struct wasmaot_store *store, struct memory *memory, uint64_t address,
                      uint32_t size, uint64_t expected, int64_t timeout);
uint32_t wasmaot_notify(struct memory *memory, uint64_t address, uint32_t count);
// To whoever sleeps in the store. Async-signal-safe.
void wasmaot_wake(struct wasmaot_store *store);

// ---- table.c ----------------------------------------------------------------------------------

// In front of a table's entries: what struct wasmaot_table has no room for.
struct table_header {
  struct wasmaot_store *store;
  uint64_t type_maximum;
  struct instance *owner; // null: the host's
  struct valtype element;
  bool is_64;
  uint64_t padding;
};
_Static_assert(sizeof(struct table_header) % 16 == 0, "entries are aligned");

struct host_table {
  struct wasmaot_table abi;
  struct host_table *next;
};

static inline struct table_header *table_header(const struct wasmaot_table *table) {
  return (struct table_header *)table->entries - 1;
}
// False where memory or the store's limit is out. Keeps the storage of an ended table.
bool wasmaot_table_start(struct wasmaot_store *store, struct wasmaot_table *table,
                         struct valtype element, const struct wasmaot_entity *type);
void wasmaot_table_end(struct wasmaot_table *table); // keeps the storage
void wasmaot_table_free(struct wasmaot_table *table);
void wasmaot_table_store(struct wasmaot_table *table, uint64_t start, const void *value,
                         uint64_t count);
uint64_t wasmaot_table_do_grow(struct wasmaot_table *table, const void *value, uint64_t delta);
// Gives code to the entries that lead to a function of the host which had none.
void wasmaot_table_update(struct wasmaot_table *table, const struct wasmaot_func_ref *function);

// ---- global.c, tag.c --------------------------------------------------------------------------

struct wasmaot_global {
  void *value;
  struct wasmaot_store *store;
  struct instance *owner; // null: the host's
  struct valtype type;
  bool is_mutable;
  struct wasmaot_global *next;               // of the host's
  _Alignas(16) struct wasmaot_value storage; // code may load a v128 with an aligned move
};

struct wasmaot_tag {
  const void *identity; // what slots of instances hold; its first word is this structure
  struct wasmaot_store *store;
  struct instance *owner; // null: the host's
  const struct type *type;
  struct wasmaot_tag *next; // of the host's
  void *own_identity[2];
};

// ---- func.c -----------------------------------------------------------------------------------

// `flags` of a function reference.
#define FUNCTION_OF_HOST 0x80000000u // all others: position among the signatures of its module

struct host_function {
  const struct wasmaot_runtime *runtime; // first: generated adaptors find it here
  struct wasmaot_func_ref reference;
  struct wasmaot_store *store;
  const struct type *type;
  wasmaot_callback callback;
  void *data;
  void (*finalize)(void *);
  struct host_function *next;
};
// The instance that defines it, null for the host's.
struct instance *wasmaot_func_owner(const struct wasmaot_func_ref *function);
struct wasmaot_store *wasmaot_func_store(const struct wasmaot_func_ref *function);
const struct type *wasmaot_func_type_of(const struct wasmaot_func_ref *function);
// For a module that is new in a store: gives code to functions of the host that had none.
void wasmaot_functions_adapt(struct wasmaot_store *store, struct wasmaot_module *module);

// ---- instance.c, link.c, initialize.c ---------------------------------------------------------

// In front of every instance, in the same block.
struct instance {
  struct instance *next; // of the store, or of the module's free blocks
  struct instance **link;
  struct wasmaot_store *store;
  struct wasmaot_module *module;
  struct wasmaot_instance *abi;
  struct memory *memories; // those it defines
  struct wasmaot_global *globals;
  struct wasmaot_tag *tags;
  const wasmaot_extern *imports;
  const void **items; // of passive element segments
  // Something that it defines is imported by another instance, or went through the host to wasm.
  bool is_shared;
  bool is_deleted;           // by the host; it lives on for one of these reasons
  struct wasi_imports *wasi; // functions that it was given, or null
};
static inline struct instance *instance_of(const struct wasmaot_instance *instance) {
  return instance->host_info;
}
static inline void *instance_at(const struct instance *instance, uint32_t offset) {
  return (char *)instance->abi + offset;
}
void wasmaot_instance_end(struct instance *instance);
// Notes that others of the store may refer to what it defines. Null: the host's, nothing to note.
static inline void instance_share(struct instance *instance) {
  if (instance)
    instance->is_shared = true;
}
// What an index names, imported or defined. Functions: of a described one.
void wasmaot_instance_entity(const struct instance *instance, uint32_t kind, uint32_t index,
                             wasmaot_extern *result);
const struct wasmaot_func_ref *wasmaot_instance_function(const struct instance *instance,
                                                         uint32_t index);
// Checks the imports' types. Null if they fit.
wasmaot_error *wasmaot_link(struct wasmaot_store *store, const struct wasmaot_module *module,
                            const wasmaot_extern *imports, size_t count);
// Globals and tables, before anything of other instances is written to.
void wasmaot_initialize_state(struct instance *instance);
// Active segments, in order. 0, or the trap of the first that does not fit.
uint32_t wasmaot_initialize_segments(struct instance *instance);
// The deepest stack that a constant expression may need: wasmaot_module_load refuses others.
#define MAX_EXPRESSION_DEPTH 256
bool wasmaot_expression_is_shallow(const struct wasmaot_code *code, uint32_t expression);
struct wasmaot_value wasmaot_evaluate(const struct instance *instance, uint32_t expression);

// ---- wasi.c -----------------------------------------------------------------------------------

// Fills in what is missing of a module's imports and is WASI's. `made` holds the result, if imports
// were made: free it when the instance is, or is not, made.
wasmaot_error *wasmaot_wasi_import(struct wasmaot_store *store, const struct wasmaot_module *module,
                                   const wasmaot_extern **imports, size_t *count,
                                   wasmaot_extern **made, struct wasi_imports **functions);
// From here on they work on the memory of this instance; null: on none.
void wasmaot_wasi_attach(struct wasi_imports *functions, const struct instance *instance);
void wasmaot_wasi_delete(struct wasi_grants *wasi);
// `interrupted` not 0: calls should come back.
wasmaot_error *wasmaot_wasi_new(const wasmaot_wasi_config *config, bool has_threads,
                                const atomic_uint *interrupted, struct wasi_grants **result);
// What a program with threads has: its memory, once, and its threads' stores. False if memory is
// out.
void wasmaot_wasi_use_memory(struct wasi_grants *program, const struct wasmaot_memory *memory);
bool wasmaot_store_join_wasi(struct wasmaot_store *store, const struct wasi_grants *program);

// ---- error.c, exception.c ---------------------------------------------------------------------

struct wasmaot_error {
  wasmaot_error_kind kind;
  uint32_t trap;
  uint32_t exit_status; // WASMAOT_ERROR_EXIT
  char *message;
  const char *fixed_message; // instead
  struct wasmaot_exception *exception;
  size_t frame_count;
  struct error_frame {
    uint32_t function;
    size_t name; // offset in names
    size_t name_size;
  } *frames;
  char *names;
};
wasmaot_error *wasmaot_error_format(wasmaot_error_kind kind, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
wasmaot_error *wasmaot_error_fixed(wasmaot_error_kind kind, const char *message);
wasmaot_error *wasmaot_error_memory(void);
// Takes the backtrace that the stack holds.
wasmaot_error *wasmaot_error_of_end(struct wasmaot_store *store, struct wasm_stack *stack,
                                    uint32_t end);
wasmaot_error *wasmaot_error_of_trap(uint32_t trap);
// Owns a reference to it, which ends at once where memory for the error is out.
wasmaot_error *wasmaot_error_of_exception(struct wasmaot_exception *exception);
// Unless it is marked as kept.
void wasmaot_exception_free(struct wasmaot_store *store, struct wasmaot_exception *released);
// An error owns an exception that nobody else may hold, and shares the others with the store. A
// store takes one back when it is thrown on, and for good when the host passes a reference to it:
// false where it may not keep another one.
void wasmaot_exception_to_error(struct wasmaot_store *store, struct wasmaot_exception *exception);
bool wasmaot_exception_to_store(struct wasmaot_store *store, struct wasmaot_exception *exception);
bool wasmaot_exception_adopt(struct wasmaot_store *store, struct wasmaot_exception *exception);
// The host may look at its arguments.
void wasmaot_exception_show(struct wasmaot_exception *exception);
void wasmaot_exception_end_error(struct wasmaot_exception *exception);
bool wasmaot_exception_is_of(const struct wasmaot_exception *exception,
                             const struct wasmaot_store *store);
// An error's exception outlives an instance: what it shows of it becomes null, and so do exceptions
// among its arguments. Null: of all.
void wasmaot_exception_forget(struct wasmaot_exception *exception, const struct instance *instance);
void wasmaot_exceptions_end(struct wasmaot_store *store);
struct wasmaot_exception *wasmaot_exception_allocate(struct wasmaot_store *store, const void *tag,
                                                     uint32_t payload_size);

#endif
