// The contract of the `embedded` instance model: many instances of many modules in one process.
// Included by the compiler (Swift), the embedded runtime and, through it, nobody else; the public
// API is ../include/wasmaot.h.
//
// Code of this model refers to no symbol outside of its own artefact. What it needs of the runtime
// it calls through `instance->runtime`, what belongs to an instance it finds through the instance
// pointer, which every wasm function takes as its `swiftself` parameter. So a .so needs nothing
// from the program that loads it, and a .o or .a nothing but what refers to its descriptor.
//
// Convention of wasm functions in this model: swifttailcc, results as in the static model
// (ResultPassing), the callee's instance in swiftself. Functions that only their own module calls
// directly may follow another one.
#ifndef WASMAOT_EMBEDDED_H
#define WASMAOT_EMBEDDED_H

#include <stddef.h>

#include "wasmaot_abi.h"

#define WASMAOT_EMBEDDED_ABI_VERSION 1

struct wasmaot_instance;
struct wasmaot_exception;

// ---- References and tables --------------------------------------------------------------------

// A function reference is the address of one of these; null is null. An entry of a funcref table,
// and the slot of an imported function, is a copy of one (all zero: null): an indirect call loads
// from one cache line. `self` leads from a copy back to the reference.
struct wasmaot_func_ref {
  void *code;    // wasm convention
  void *context; // for swiftself: the instance that it belongs to, or a function of the host
  uint32_t type; // number that the engine gave to its type, never 0; 0 for null
  uint32_t flags;
  const struct wasmaot_func_ref *self;
};

// Tables are `struct wasmaot_table` of wasmaot_abi.h; entries of WASMAOT_TABLE_FUNCREF are
// `struct wasmaot_func_ref` (32 bytes), all others pointers.

// ---- The instance -----------------------------------------------------------------------------

// What generated code calls. All check before they write and trap (do not return) on failure where
// the static model's functions of the same name do.
struct wasmaot_runtime {
  uint32_t abi_version;
  uint32_t size; // of this structure: later versions append
  void (*trap)(struct wasmaot_instance *instance, uint32_t code); // does not return
  uint64_t (*memory_grow)(struct wasmaot_instance *instance, struct wasmaot_memory *memory,
                          uint64_t delta);
  void (*memory_init)(struct wasmaot_instance *instance, struct wasmaot_memory *memory,
                      const struct wasmaot_data_segment *segment, uint64_t destination,
                      uint64_t source, uint64_t count);
  uint64_t (*table_grow)(struct wasmaot_instance *instance, struct wasmaot_table *table,
                         const void *value, uint64_t delta);
  void (*table_fill)(struct wasmaot_instance *instance, struct wasmaot_table *table, uint64_t start,
                     const void *value, uint64_t count);
  void (*table_copy)(struct wasmaot_instance *instance, struct wasmaot_table *destination_table,
                     const struct wasmaot_table *source_table, uint64_t destination,
                     uint64_t source, uint64_t count);
  void (*table_init)(struct wasmaot_instance *instance, struct wasmaot_table *table,
                     const struct wasmaot_element_segment *segment, uint64_t destination,
                     uint64_t source, uint64_t count);
  // Calls a function of the host (`function` is the context of its wasmaot_func_ref): arguments
  // from `values`, results there. Checks that the host has stack to run on. Returns with the
  // store's pending exception set where the host threw one; does not return where it failed.
  void (*call_host)(void *function, struct wasmaot_value *values);
  uint32_t (*atomic_wait32)(struct wasmaot_instance *instance, struct wasmaot_memory *memory,
                            uint64_t address, uint32_t expected, int64_t timeout);
  uint32_t (*atomic_wait64)(struct wasmaot_instance *instance, struct wasmaot_memory *memory,
                            uint64_t address, uint64_t expected, int64_t timeout);
  uint32_t (*atomic_notify)(struct wasmaot_instance *instance, struct wasmaot_memory *memory,
                            uint64_t address, uint32_t count);
  struct wasmaot_exception *(*exception_new)(struct wasmaot_instance *instance, const void *tag,
                                             uint32_t payload_size);
  // memmove and memset, for memory.copy and memory.fill: ranges are checked already.
  void *(*move)(void *destination, const void *source, size_t size);
  void *(*fill)(void *destination, int byte, size_t size);
  // Frees an exception that code has caught and holds no reference to, unless it is marked as kept
  // (WASMAOT_EXCEPTION_KEPT).
  void (*exception_release)(struct wasmaot_instance *instance, struct wasmaot_exception *exception);
};

// The head of every instance. What follows it is laid out by the compiler; the descriptor's tables
// say where everything is. Offsets are in bytes from the instance, aligned to 8 (globals to 16).
//
//   defined memory i    struct wasmaot_memory_slot, `memory` points to the struct wasmaot_memory
//                       that the runtime owns
//   imported memory     struct wasmaot_memory_slot
//   defined table       struct wasmaot_table
//   imported table      struct wasmaot_table *
//   defined global      its value: 8 bytes, v128 16
//   imported global     pointer to its value
//   imported function   struct wasmaot_func_ref (a copy)
//   tag                 pointer to the tag's identity (defined: 16 bytes of the instance follow)
//   passive segment     struct wasmaot_data_segment or struct wasmaot_element_segment
//   functions that references lead to: an array of struct wasmaot_func_ref
//
// What neither the descriptor nor this list says anything of is zero (padding; slots of active
// segments, which code finds dropped).
struct wasmaot_instance {
  const struct wasmaot_runtime *runtime;
  // The store's pending exception: what `throw` sets and a caller tests.
  struct wasmaot_exception **pending;
  // Numbers that the engine gave to the module's signatures, by signature index.
  const uint32_t *types;
  // Lowest address that a function which checks the stack explicitly may reach.
  uint64_t *stack_limit;
  // The store's count of fuel, which code with WASMAOT_CODE_COUNTS_FUEL takes from.
  int64_t *fuel;
  // The runtime's own.
  void *store;
  const void *module;
  void *host_info;
};

// The base never changes in this slot's lifetime, except for memories with
// WASMAOT_MEMORY_MAY_MOVE, whose base is read from the memory.
struct wasmaot_memory_slot {
  uint8_t *base;
  struct wasmaot_memory *memory;
};

// ---- The descriptor ---------------------------------------------------------------------------

// All of it is constant data of the artefact; arrays are null where their count is 0. Names are
// bytes with a length: they may hold NUL. Strings of types have a character a value: i (i32) I
// (i64) f (f32) F (f64) v (v128); references: r (funcref) e (externref) x (exnref), upper case R E
// X where not nullable; `(n)` and `[n]`, n decimal, for a nullable and a non-nullable reference to
// a function of signature n of this descriptor.
struct wasmaot_name {
  const char *bytes;
  uint64_t size;
};

// Calls a wasm function (`code` of a function reference) with arguments from `values`, puts the
// results there.
typedef void wasmaot_enter_function(void *code, void *context, struct wasmaot_value *values);

struct wasmaot_signature {
  const char *params;
  const char *results;
  // For calls from outside into a function of this signature. Null only where no described function
  // has it; the adaptor below only where no imported function that has a slot or is described does.
  wasmaot_enter_function *enter;
  // Code of a function reference of this signature whose context is a function of the host: it
  // calls runtime->call_host. (The runtime pointer it has from nowhere but `*(void **)context`:
  // the first word of a host function, as of an instance, is the struct wasmaot_runtime.)
  void *host_adaptor;
};

enum wasmaot_extern_kind {
  WASMAOT_EXTERN_FUNC = 0,
  WASMAOT_EXTERN_TABLE = 1,
  WASMAOT_EXTERN_MEMORY = 2,
  WASMAOT_EXTERN_GLOBAL = 3,
  WASMAOT_EXTERN_TAG = 4,
};

// An entity of an index space, imports first.
struct wasmaot_entity {
  // In the instance; UINT32_MAX where there is nothing: an immutable constant, a table that became
  // constant data of the code, an import that nothing uses (it is checked all the same).
  uint32_t offset;
  uint32_t flags; // WASMAOT_ENTITY_*
  // FUNC, TAG: signature. GLOBAL: position of its type string in `type`.
  uint32_t signature;
  uint32_t initializer; // GLOBAL, TABLE: position in `expressions`, UINT32_MAX: zero or null
  const char *type;     // GLOBAL, TABLE (element): one value type
  uint64_t minimum;     // MEMORY: pages; TABLE: entries
  uint64_t maximum;     // UINT64_MAX: none
  uint32_t page_log2;   // MEMORY
  uint32_t reserved;
};
#define WASMAOT_ENTITY_IMPORTED 1u
#define WASMAOT_ENTITY_MUTABLE 2u   // GLOBAL
#define WASMAOT_ENTITY_SHARED 4u    // MEMORY
#define WASMAOT_ENTITY_64 8u        // MEMORY, TABLE
#define WASMAOT_ENTITY_MAY_MOVE 16u // MEMORY with explicit bounds checks

struct wasmaot_import {
  struct wasmaot_name module;
  struct wasmaot_name name;
  uint32_t kind;
  uint32_t index; // in the index space of its kind
};

struct wasmaot_export_entry {
  struct wasmaot_name name;
  uint32_t kind;
  uint32_t index; // FUNC: function index; all others: in the index space of its kind
};

// A function that references may lead to, in the order of the instance's array. All exported
// functions and the start function are among them.
struct wasmaot_described_function {
  void *code; // null for an imported function: its slot is copied
  uint32_t signature;
  uint32_t function; // index in the module
};

// Constant expressions: postfix, each ends with WASMAOT_EXPRESSION_END. Validated.
enum wasmaot_expression_op {
  WASMAOT_EXPRESSION_END = 0,
  WASMAOT_EXPRESSION_CONST = 1,  // operand: bits (the low 64 of a v128; the next entry: the high)
  WASMAOT_EXPRESSION_GLOBAL = 2, // operand: global index
  WASMAOT_EXPRESSION_FUNC = 3,   // operand: position in `described`
  WASMAOT_EXPRESSION_NULL = 4,
  WASMAOT_EXPRESSION_I32_ADD = 5,
  WASMAOT_EXPRESSION_I32_SUB = 6,
  WASMAOT_EXPRESSION_I32_MUL = 7,
  WASMAOT_EXPRESSION_I64_ADD = 8,
  WASMAOT_EXPRESSION_I64_SUB = 9,
  WASMAOT_EXPRESSION_I64_MUL = 10,
};
struct wasmaot_expression {
  uint64_t operation;
  uint64_t operand;
};

// Segments in the module's order. Active ones are written when the module is instantiated: element
// segments first, then data (specification, 4.7.3); the first that does not fit traps, and what
// precedes it stays written. Passive ones fill their slot in the instance.
struct wasmaot_element_init {
  uint32_t table;       // UINT32_MAX: passive
  uint32_t offset;      // of the slot in the instance, UINT32_MAX: none (active, or never used)
  uint32_t destination; // position in `expressions`
  uint32_t count;
  // Per item: position in `described`, UINT32_MAX for null; or, where it is null, expressions.
  const uint32_t *functions;
  const uint32_t *expressions; // per item: position in `expressions`
};
struct wasmaot_data_init {
  uint32_t memory; // UINT32_MAX: passive
  uint32_t offset;
  uint32_t destination;
  uint32_t reserved;
  const uint8_t *bytes;
  uint64_t count;
};

// wasmaot_code.flags
#define WASMAOT_CODE_COUNTS_FUEL 1u

// The exported symbol of an artefact: `const struct wasmaot_code <name>_wasm`.
struct wasmaot_code {
  uint32_t abi_version; // WASMAOT_EMBEDDED_ABI_VERSION
  uint32_t size;        // of this structure
  uint32_t required_features;
  uint32_t flags; // WASMAOT_CODE_*
  uint64_t instance_size;
  // Names the interface: of imports and exports and their types, in order. The generated header
  // has the same number.
  uint64_t interface_hash;

  uint32_t signature_count;
  uint32_t import_count;
  uint32_t export_count;
  uint32_t function_count; // of the module, imports included
  uint32_t table_count;
  uint32_t memory_count;
  uint32_t global_count;
  uint32_t tag_count;
  uint32_t described_count;
  uint32_t described_offset; // in the instance: array of struct wasmaot_func_ref
  uint32_t element_count;
  uint32_t data_count;
  uint32_t image_count;
  uint32_t start; // function index, UINT32_MAX: none

  const struct wasmaot_signature *signatures;
  const struct wasmaot_import *imports;
  const struct wasmaot_export_entry *exports;
  const struct wasmaot_entity *functions; // imported ones have an offset; `signature` for all
  const struct wasmaot_entity *tables;
  const struct wasmaot_entity *memories;
  const struct wasmaot_entity *globals;
  const struct wasmaot_entity *tags;
  const struct wasmaot_described_function *described;
  // Of a function: position in `described`, UINT32_MAX for one that no reference leads to.
  const uint32_t *described_of_function;
  const struct wasmaot_expression *expressions;
  const struct wasmaot_element_init *elements;
  const struct wasmaot_data_init *data;
  // Initial contents of defined memories, page-aligned pieces: active data segments whose place is
  // known when the module is compiled, those before the first whose place is not. The data
  // segments that are in here are passive and empty in `data`. Bounds were checked.
  const struct wasmaot_image *images;
  // Compiled code, for the classification of faults and interruptions: everything of the artefact
  // that can run between `enter` and its return. And the map for backtraces. Entries with
  // function UINT32_MAX are host adaptors and the like, which may overflow the stack but are no
  // frame of a backtrace.
  const uint8_t *text_start;
  const uint8_t *text_end;
  const struct wasmaot_funcmap_entry *funcmap_start;
  const struct wasmaot_funcmap_entry *funcmap_end;
  const uint32_t *name_offsets; // function_count + 1, or null
  const char *names;
};

#endif
