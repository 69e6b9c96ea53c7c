// The contract between generated code, the compiler (Swift) and the C runtime: trap codes, data
// layouts and symbol names. Included by all three, so that they can't disagree. Not a public API:
// the public one is include/wasmaot.h.
//
// `static` model (executables): one instance in the program. What is listed here as "generated" is
// defined by the objects that LLVMBackend emits, with hidden visibility; everything else is the
// runtime's.
#ifndef WASMAOT_ABI_H
#define WASMAOT_ABI_H

#include <stdint.h>

#define WASMAOT_ABI_VERSION 1

// ---- Traps ------------------------------------------------------------------------------------

// Operand of llvm.ubsantrap in generated code; on x86-64 it is the displacement byte of
// `ud1l kind(%eax), %eax` (67 0f b9 40 kind), which the SIGILL handler decodes. 0 is not a trap.
enum wasmaot_trap {
  WASMAOT_TRAP_UNREACHABLE = 1,
  WASMAOT_TRAP_MEMORY_OUT_OF_BOUNDS = 2,
  WASMAOT_TRAP_TABLE_OUT_OF_BOUNDS = 3,
  WASMAOT_TRAP_UNDEFINED_ELEMENT = 4,
  WASMAOT_TRAP_UNINITIALIZED_ELEMENT = 5,
  WASMAOT_TRAP_INDIRECT_CALL_TYPE_MISMATCH = 6,
  WASMAOT_TRAP_INTEGER_DIVIDE_BY_ZERO = 7,
  WASMAOT_TRAP_INTEGER_OVERFLOW = 8,
  WASMAOT_TRAP_INVALID_CONVERSION_TO_INTEGER = 9,
  WASMAOT_TRAP_STACK_OVERFLOW = 10,
  WASMAOT_TRAP_NULL_REFERENCE = 11,
  WASMAOT_TRAP_UNALIGNED_ATOMIC = 12,
  WASMAOT_TRAP_UNRESOLVED_IMPORT = 13,
  WASMAOT_TRAP_EXPECTED_SHARED_MEMORY = 14,
  WASMAOT_TRAP_OUT_OF_FUEL = 15,
  WASMAOT_TRAP_INTERRUPTED = 16, // of a timer; no instruction has it
  WASMAOT_TRAP_LAST = 16,
};

// Exit status of an executable that traps: that of a process which abort() ended, as wasmtime's.
#define WASMAOT_EXIT_TRAP 134

// ---- Memory -----------------------------------------------------------------------------------

// (UL, not UINT64_C: Swift imports it.) Address of memory 0 in the static model: the lowest that an
// unprivileged process may map.
#define WASMAOT_MEMORY0_BASE 0x10000UL
// Reserved for a 32-bit memory: 4 GiB of index + 4 GiB of static offset + the widest access,
// rounded up to 64 KiB. Every address that zext(index) + offset can name lies inside, so no check
// is executed.
#define WASMAOT_MEMORY32_RESERVATION (0x200000000UL + 0x10000UL)
// Memories 1, 2, … of the static model: at this address + (index - 1) * (reservation rounded up to
// 16 GiB).
#define WASMAOT_MEMORY_N_BASE 0x100000000000UL
#define WASMAOT_MEMORY_N_STRIDE 0x400000000UL
// Where the static model's memories without a reservation lie (WASMAOT_MEMORY_MAY_MOVE, but for
// shared ones), 16 TiB for all of them. Both are powers of two: the filter of system calls compares
// the high bits of an address. The kernel puts nothing here by itself: with unlimited stacks it
// maps upwards from 0x2aaaaaaaa000 and up to 16 TiB above that, and the program starts at
// 0x555555554000 or above.
#define WASMAOT_CHECKED_MEMORIES_BASE 0x400000000000UL
#define WASMAOT_CHECKED_MEMORIES_SIZE 0x100000000000UL

// One linear memory. Generated, one a memory, symbols `wasmaot_memory_<index>`; written by the
// runtime.
struct wasmaot_memory {
  uint8_t *base;          // constant in the static model, unless MAY_MOVE is set
  uint64_t pages;         // memory.size
  uint64_t bytes;         // pages << page_log2: what bulk operations and WASI compare with
  uint64_t maximum_pages; // the type's maximum, or the address space's
  uint32_t page_log2;     // 16
  uint32_t flags;         // WASMAOT_MEMORY_*
};
#define WASMAOT_MEMORY_SHARED 1u
// The base is not constant: no reservation, every access is checked. Null until the runtime maps
// it. (In programs it stays where it is mapped first.)
#define WASMAOT_MEMORY_MAY_MOVE 2u

// A page-aligned piece of a memory's initial contents. Offset and size are multiples of 4096.
// Pieces of more than WASMAOT_IMAGE_COPIED bytes lie in the writable, page-aligned section
// `wasmaot_image` and are moved into place by mremap. To copy smaller ones is quicker, start to
// exit: moving splits mappings.
#define WASMAOT_IMAGE_COPIED (16u << 10)
struct wasmaot_image {
  uint8_t *bytes;
  uint64_t offset;
  uint64_t size;
  uint32_t memory;
  uint32_t reserved;
};

// A passive data segment. Generated, writable: data.drop sets size to 0.
struct wasmaot_data_segment {
  const uint8_t *bytes;
  uint64_t size;
};

// ---- Functions and tables ---------------------------------------------------------------------

// A function descriptor, and at the same time an entry of a table of funcref: 16 bytes, all zero is
// null. A funcref value is the address of the function's descriptor in the generated array
// `wasmaot_funcs`, or null. Entry 0 of the array is all zero and never referenced.
struct wasmaot_func {
  void *code;
  uint32_t type;  // canonical signature number + 1; 0 for null, so that it equals no expected type
  uint32_t index; // position in wasmaot_funcs
};

enum wasmaot_table_kind {
  WASMAOT_TABLE_FUNCREF = 0,
  WASMAOT_TABLE_EXTERNREF = 1,
  WASMAOT_TABLE_EXNREF = 2,
};

// A table that the program can change. Generated, symbols `wasmaot_table_<index>`. Entries are
// `struct wasmaot_func` (16 bytes) or, for other references, `void *`. (Read-only tables are
// constant arrays that only generated code knows.) `entries` starts at generated storage for the
// initial size; table.grow moves it to mapped memory.
struct wasmaot_table {
  void *entries;
  uint64_t size;
  uint64_t capacity;
  uint64_t maximum;
  uint32_t kind;
  uint32_t reserved;
};

// A passive element segment. Items are descriptors' addresses or null. elem.drop sets size to 0.
struct wasmaot_element_segment {
  const struct wasmaot_func *const *items;
  uint64_t size;
};

// ---- Exceptions -------------------------------------------------------------------------------

// A thrown exception. An exnref is its address, or null. The payload follows: a field of 16 bytes a
// value, the value in its low bytes.
struct wasmaot_exception {
  const void *tag; // the tag's identity; null in memory that holds no exception
  uint32_t origin; // return address of what made it, from the start of the text section
  uint32_t flags;  // WASMAOT_EXCEPTION_KEPT
};
#define WASMAOT_EXCEPTION_PAYLOAD 16u
#define WASMAOT_EXCEPTION_FIELD_SIZE 16u
// The program may hold references to it, which only the collector can find.
#define WASMAOT_EXCEPTION_KEPT 1u

// A tag of the static model: its address is its identity. Generated, symbols `wasmaot_tag_<index>`.
struct wasmaot_static_tag {
  const char *name; // null if it has none
  uint32_t index;
  uint32_t fields;
};

// ---- CPU features -----------------------------------------------------------------------------

// Bit numbers in wasmaot_module.required_features: what generated code may use beyond plain x86-64.
// CPUID leaf, register and bit stand behind each; those marked OS also need XCR0 to say that the
// kernel saves the registers (AVX: bits 1 and 2; AVX-512: 5 to 7 as well). The names are LLVM's.
enum wasmaot_x86_feature {
  WASMAOT_X86_CX16 = 0,             // 1.ecx.13
  WASMAOT_X86_SAHF = 1,             // 0x80000001.ecx.0
  WASMAOT_X86_POPCNT = 2,           // 1.ecx.23
  WASMAOT_X86_SSE3 = 3,             // 1.ecx.0
  WASMAOT_X86_SSSE3 = 4,            // 1.ecx.9
  WASMAOT_X86_SSE4_1 = 5,           // 1.ecx.19
  WASMAOT_X86_SSE4_2 = 6,           // 1.ecx.20
  WASMAOT_X86_AVX = 7,              // 1.ecx.28, OS
  WASMAOT_X86_AVX2 = 8,             // 7.ebx.5, OS
  WASMAOT_X86_BMI = 9,              // 7.ebx.3
  WASMAOT_X86_BMI2 = 10,            // 7.ebx.8
  WASMAOT_X86_F16C = 11,            // 1.ecx.29, OS
  WASMAOT_X86_FMA = 12,             // 1.ecx.12, OS
  WASMAOT_X86_LZCNT = 13,           // 0x80000001.ecx.5
  WASMAOT_X86_MOVBE = 14,           // 1.ecx.22
  WASMAOT_X86_AVX512F = 15,         // 7.ebx.16, OS
  WASMAOT_X86_AVX512BW = 16,        // 7.ebx.30, OS
  WASMAOT_X86_AVX512CD = 17,        // 7.ebx.28, OS
  WASMAOT_X86_AVX512DQ = 18,        // 7.ebx.17, OS
  WASMAOT_X86_AVX512VL = 19,        // 7.ebx.31, OS
  WASMAOT_X86_AVX512VBMI = 20,      // 7.ecx.1, OS
  WASMAOT_X86_AVX512VBMI2 = 21,     // 7.ecx.6, OS
  WASMAOT_X86_AVX512VNNI = 22,      // 7.ecx.11, OS
  WASMAOT_X86_AVX512BITALG = 23,    // 7.ecx.12, OS
  WASMAOT_X86_AVX512VPOPCNTDQ = 24, // 7.ecx.14, OS
  WASMAOT_X86_AVX512IFMA = 25,      // 7.ebx.21, OS
  WASMAOT_X86_GFNI = 26,            // 7.ecx.8
};

// ---- The module -------------------------------------------------------------------------------

// Argument or result of an exported function: the value in the low bytes (v128 takes all 16).
struct wasmaot_value {
  uint64_t low;
  uint64_t high;
};

// An export that the runtime can call. `call` takes arguments from `values` and puts results there.
// Type strings have a letter a value: i (i32) I (i64) f (f32) F (f64) v (v128) r (funcref) e
// (externref) x (exnref).
struct wasmaot_export {
  const char *name; // bytes: any may be among them, NUL too
  uint64_t name_size;
  const char *params;
  const char *results;
  void (*call)(struct wasmaot_value *values);
};

// An entry of section `wasmaot_funcmap`: where the code of a function starts, for backtraces. The
// offset is relative to the entry's own address (a link-time constant: no relocation at start-up).
struct wasmaot_funcmap_entry {
  int32_t code_offset;
  uint32_t function;
};

// Built with --bounds-checks=explicit: nothing relies on faults. Functions compare the stack
// pointer with wasmaot_stack_limit, and a failed check calls wasmaot_trap.
#define WASMAOT_MODULE_CHECKS 1u

// Generated, symbol `wasmaot_module`. (The embedded runtime has a structure of this name of its
// own.)
#ifndef WASMAOT_EMBEDDED_RUNTIME
struct wasmaot_module {
  uint32_t abi_version;
  uint32_t instantiation_trap; // 0, or the trap that an active segment causes
  uint32_t memory_count;
  uint32_t table_count;
  uint32_t image_count;
  uint32_t export_count;
  uint32_t function_count;    // entries of name_offsets less one
  uint32_t required_features; // WASMAOT_X86_*: the runtime checks them before it runs anything
  uint32_t flags;             // WASMAOT_MODULE_*
  uint32_t reserved;
  struct wasmaot_memory *const *memories;
  // Null for a read-only table.
  struct wasmaot_table *const *tables;
  const struct wasmaot_image *images;
  const struct wasmaot_export *exports;
  // Start function of the module, or null.
  void (*start)(void);
  // `_start`, or null where the program was built with --invoke.
  void (*entry)(void);
  // Name of function i: names[name_offsets[i] ..< name_offsets[i + 1]]. Null without names.
  const uint32_t *name_offsets;
  const char *names;
};
#endif

// Sections of generated code: functions in `wasmaot_text`, funcmap in `wasmaot_funcmap`, images in
// `wasmaot_image`. The linker makes __start_ and __stop_ symbols of them.
#define WASMAOT_TEXT_SECTION "wasmaot_text"
#define WASMAOT_FUNCMAP_SECTION "wasmaot_funcmap"
#define WASMAOT_IMAGE_SECTION "wasmaot_image"

// ---- What generated code calls ----------------------------------------------------------------
// C calling convention; addresses, counts and pages are zero-extended to 64 bits. All but copy and
// fill check before they write, and trap by wasmaot_trap. (The embedded runtime has functions of
// its own, called through struct wasmaot_runtime, and some of these names for its public ones.)

#if !defined(__swift__) && !defined(WASMAOT_EMBEDDED_RUNTIME)
_Noreturn void wasmaot_trap(uint32_t code);
// The lowest stack pointer that a function may have when it is entered (WASMAOT_MODULE_CHECKS).
extern uint64_t wasmaot_stack_limit;
// For frames of a page and more: the size is in rax, all registers are kept.
void wasmaot_stack_probe(void);
// What is left to execute, in operators: generated code takes from it as docs/limits.md says, and
// traps where it is below zero. (In code that counts fuel.)
extern int64_t wasmaot_fuel;
// Old size in pages, or UINT64_MAX where it can't grow.
uint64_t wasmaot_memory_grow(struct wasmaot_memory *memory, uint64_t delta);
void wasmaot_memory_init(struct wasmaot_memory *memory, const struct wasmaot_data_segment *segment,
                         uint64_t destination, uint64_t source, uint64_t count);
// memory.copy and memory.fill, of ranges that were checked.
void wasmaot_memory_copy(uint8_t *to, const uint8_t *from, uint64_t size);
void wasmaot_memory_fill(uint8_t *to, uint32_t byte, uint64_t size);
// memory.atomic.wait32, wait64 and notify. `address` is an offset in the memory that was checked:
// in bounds and aligned. 0 woken, 1 another value than expected, 2 timed out; timeouts are in
// nanoseconds, negative for none. Notify: how many were woken.
uint32_t wasmaot_atomic_wait32(struct wasmaot_memory *memory, uint64_t address, uint32_t expected,
                               int64_t timeout);
uint32_t wasmaot_atomic_wait64(struct wasmaot_memory *memory, uint64_t address, uint64_t expected,
                               int64_t timeout);
uint32_t wasmaot_atomic_notify(struct wasmaot_memory *memory, uint64_t address, uint32_t count);
// Value: a descriptor's address, an externref, or null. Old size in entries, or UINT64_MAX.
uint64_t wasmaot_table_grow(struct wasmaot_table *table, const void *value, uint64_t delta);
void wasmaot_table_fill(struct wasmaot_table *table, uint64_t start, const void *value,
                        uint64_t count);
void wasmaot_table_copy(struct wasmaot_table *destination_table,
                        const struct wasmaot_table *source_table, uint64_t destination,
                        uint64_t source, uint64_t count);
void wasmaot_table_init(struct wasmaot_table *table, const struct wasmaot_element_segment *segment,
                        uint64_t destination, uint64_t source, uint64_t count);

// The pending exception, or null: `throw` sets it. Whoever leaves a function with it calls `raise`,
// which goes on in the landing pad of the innermost call that has one; or else, where calls are
// guaranteed to be tail calls, returns, and who called a function that may throw tests it.
extern struct wasmaot_exception *wasmaot_exception;
// A new exception; the caller fills the payload of `size` bytes.
struct wasmaot_exception *wasmaot_exception_new(const void *tag, uint32_t size);
// Frees an exception that nobody holds any more, unless it is marked as kept.
void wasmaot_exception_release(struct wasmaot_exception *exception);
_Noreturn void wasmaot_exception_raise(void);
// Generated where the module has tags: addresses of its globals of type exnref, ended by null.
extern struct wasmaot_exception **const wasmaot_exception_globals[];

// Programs that start threads (wasi-threads): in each thread wasm globals, tables and passive
// segments are thread-local variables, and so is this state of the runtime. Code uses it under
// these names in place of those above without `thread`. wasmaot_module.tables holds null only.
extern _Thread_local uint64_t wasmaot_thread_stack_limit;
void wasmaot_thread_stack_probe(void);
extern _Thread_local struct wasmaot_exception *wasmaot_thread_exception;
struct wasmaot_exception *wasmaot_thread_exception_new(const void *tag, uint32_t size);
void wasmaot_thread_exception_release(struct wasmaot_exception *exception);
_Noreturn void wasmaot_thread_exception_raise(void);
// Generated: calls the export `wasi_thread_start`.
void wasmaot_thread_entry(uint32_t thread, uint32_t argument);
// Generated: call `visit` for each table that can change, and for each global of type exnref (where
// the module has tags), of the thread that calls. The entries of a table start out as constant
// data.
void wasmaot_thread_tables(void (*visit)(struct wasmaot_table *table));
void wasmaot_thread_exceptions(void (*visit)(struct wasmaot_exception **global));
#endif

// ---- Configuration ----------------------------------------------------------------------------

// What was decided at build time: generated, symbol `wasmaot_note`, an ELF note of a loaded
// segment: what the runtime obeys is what `wasmaot inspect --authority` shows. Little-endian
// records { uint32_t kind; uint32_t size; uint8_t bytes[size]; } without padding, ended by
// WASMAOT_CONFIG_END. Every string inside ends with NUL.
struct wasmaot_note {
  uint32_t name_size; // of "wasmaot", with NUL
  uint32_t size;      // of the records
  uint32_t type;      // WASMAOT_NOTE_TYPE
  char name[8];
  uint8_t records[];
};
#define WASMAOT_NOTE_SECTION ".note.wasmaot"
#define WASMAOT_NOTE_NAME "wasmaot"
#define WASMAOT_NOTE_TYPE 1u

enum wasmaot_config_kind {
  WASMAOT_CONFIG_END = 0,
  WASMAOT_CONFIG_PROGRAM_NAME = 1,   // argv[0] for the guest
  WASMAOT_CONFIG_DIR = 2,            // flags byte (1: read-only), then host, then guest
  WASMAOT_CONFIG_ENV = 3,            // K=V
  WASMAOT_CONFIG_ENV_INHERIT = 4,    // K
  WASMAOT_CONFIG_RUNTIME_GRANTS = 5, // the app takes --dir and --env itself
  WASMAOT_CONFIG_INVOKE = 6,         // export to call instead of _start
  WASMAOT_CONFIG_STACK_SIZE = 7,     // uint64_t bytes
  WASMAOT_CONFIG_SCRIPT = 8,         // read invocations from standard input (the test driver)
  WASMAOT_CONFIG_MAX_MEMORY = 9,     // uint64_t bytes, of all memories together
  WASMAOT_CONFIG_TIMEOUT = 10,       // uint64_t nanoseconds from the start, by the clock
  // uint64_t operators, then flags byte: WASMAOT_CONFIG_FUEL_*. UINT64_MAX: no limit
  WASMAOT_CONFIG_FUEL = 11,
  WASMAOT_CONFIG_LISTEN = 12,       // ADDRESS:PORT of a preopened socket
  WASMAOT_CONFIG_SANDBOX = 13,      // enum wasmaot_sandbox_mode, WASMAOT_SANDBOX_*: a byte each
  WASMAOT_CONFIG_SECCOMP = 14,      // struct sock_filter[]: the filter of system calls
  WASMAOT_CONFIG_RAW_TERMINAL = 15, // terminals get control characters of the guest
  WASMAOT_CONFIG_PROFILE = 16,      // path of the file that the app counts into
  // For `wasmaot inspect --authority`; the runtime passes over them.
  WASMAOT_CONFIG_PRODUCT = 32, // the compiler and its version
  WASMAOT_CONFIG_IMPORTS = 33, // strings: names of the host functions that are linked in
};
#define WASMAOT_CONFIG_DIR_READ_ONLY 1u
#define WASMAOT_STACK_SIZE_MIN 0x10000UL
#define WASMAOT_STACK_SIZE_MAX 0x1000000000UL
#define WASMAOT_CONFIG_FUEL_REPORT 1u // say at the end how much was consumed

// ---- Profiles ---------------------------------------------------------------------------------

// What an app counts that was built for it, and what is optimised by. All numbers are
// little-endian. A file is a head: this structure, a row for each function with a body, zeros; and
// from `counters_offset` on the counters of those functions, one behind the other, up to a full
// page. The head is generated, symbol `wasmaot_profile_head`, and so are the counters,
// `wasmaot_profile_counters`, over which the runtime maps those of the file.
struct wasmaot_profile_head {
  char magic[8];
  uint32_t version;
  uint32_t function_count;
  uint64_t counter_count;
  uint64_t counters_offset; // a multiple of WASMAOT_PROFILE_PAGE_SIZE
};
#define WASMAOT_PROFILE_MAGIC "wasmprof"
#define WASMAOT_PROFILE_VERSION 1u
#define WASMAOT_PROFILE_HEAD_SIZE 32u
#define WASMAOT_PROFILE_PAGE_SIZE 4096u
struct wasmaot_profile_function {
  uint32_t function; // index of the module
  uint32_t counter_count;
  uint64_t shape; // tells whether a body is still what it was when it counted
};
#define WASMAOT_PROFILE_FUNCTION_SIZE 16u
_Static_assert(sizeof(struct wasmaot_profile_head) == WASMAOT_PROFILE_HEAD_SIZE &&
                   sizeof(struct wasmaot_profile_function) == WASMAOT_PROFILE_FUNCTION_SIZE,
               "the compiler and the runtime have one format");

#define WASMAOT_FILTER_INSTRUCTION_SIZE 8u

enum wasmaot_sandbox_mode {
  WASMAOT_SANDBOX_OFF = 0,
  WASMAOT_SANDBOX_AUTO = 1,    // with what the kernel has
  WASMAOT_SANDBOX_REQUIRE = 2, // or not at all
};
// Functions that open paths are linked in.
#define WASMAOT_SANDBOX_PATHS 1u
// Functions that move files from one directory to another are linked in.
#define WASMAOT_SANDBOX_MOVES 2u

// Host functions of WASI: symbol `wasmaot_wasi_` + name, for both wasi_snapshot_preview1 and
// wasi_unstable where the two agree (`wasmaot_wasi_unstable_` + name where they do not).
#define WASMAOT_WASI_PREFIX "wasmaot_wasi_"

#endif
