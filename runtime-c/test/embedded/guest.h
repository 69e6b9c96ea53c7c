// Modules that play the part of generated code in tests of the embedded runtime.
#ifndef WASMAOT_TEST_EMBEDDED_GUEST_H
#define WASMAOT_TEST_EMBEDDED_GUEST_H

#include "../../include/wasmaot.h"

// No memory, no tables, no imports: exports `nothing`.
extern const wasmaot_code empty_wasm;
// Everything that the tests need; see guest.c. A memory of 2 to 5 pages with an image.
extern const wasmaot_code full_wasm;
// The same code with memories of 4 and of 1 page, without image.
extern const wasmaot_code large_wasm;
extern const wasmaot_code small_wasm;
// With a memory that may move.
extern const wasmaot_code moving_wasm;
// Its start function traps; a data segment that does not fit.
// The same, but that its export is `_start`.
extern const wasmaot_code program_wasm;
extern const wasmaot_code bad_start_wasm;
extern const wasmaot_code bad_segment_wasm;
// Imports the full module's memory, table, global, and function `add`.
extern const wasmaot_code linked_wasm;

// Functions f0, f1 and f2 of recursive types; and a module that imports three functions of the same
// types, in another order: those of f2, f1 and f0.
extern const wasmaot_code recursive_wasm;
extern const wasmaot_code recursive_import_wasm;

// Its function `make` gives an exception whose argument is the imported function, as this module
// refers to it.
extern const wasmaot_code exception_wasm;

// What guests do that mean harm; see hostile_guest.c.
extern const wasmaot_code hostile_wasm;
// Its function `circle` takes a function of its own type.
extern const wasmaot_code circle_wasm;
// A memory of SPARSE_SIZE with data on its first and last page.
extern const wasmaot_code sparse_wasm;
#define SPARSE_SIZE ((uint64_t)64 << 20)
// A function without a way to call it.
extern const wasmaot_code no_enter_wasm;
// Its start function throws; no imports.
extern const wasmaot_code start_throws_wasm;
enum hostile_operation {
  HOSTILE_TRAP,
  HOSTILE_MEMORY_GROW,
  HOSTILE_MEMORY_INIT,
  HOSTILE_TABLE_GROW,
  HOSTILE_TABLE_FILL,
  HOSTILE_TABLE_COPY,
  HOSTILE_TABLE_INIT,
  HOSTILE_CALL_HOST,
  HOSTILE_ATOMIC_WAIT32,
  HOSTILE_ATOMIC_WAIT64,
  HOSTILE_ATOMIC_NOTIFY,
  HOSTILE_EXCEPTION,
  HOSTILE_MOVE,
  HOSTILE_FILL,
  HOSTILE_OPERATIONS,
  HOSTILE_SPIN,
  HOSTILE_FOREIGN_CODE, // some 100 ms
};

#define IMAGE_OFFSET 8192
#define IMAGE_SIZE 12288

#endif
