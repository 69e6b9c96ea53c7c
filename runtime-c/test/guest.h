// Plays the part of generated code in tests of the runtime: functions in wasmaot_text with entries
// in wasmaot_funcmap, and wasmaot_module. The configuration comes from the test.
#ifndef WASMAOT_TEST_GUEST_H
#define WASMAOT_TEST_GUEST_H

#include "../abi/wasmaot_abi.h"

#include <stddef.h>

#define HIDDEN __attribute__((visibility("hidden")))
// A wasm function: `noinline` and not a tail call, so that it has a frame to see in backtraces.
#define WASM __attribute__((section("wasmaot_text"), noinline, used))

// Says that `function` is wasm function `index`.
#define MAP_FUNCTION(function, index)                                                              \
  __asm__(".pushsection wasmaot_funcmap,\"a\",@progbits\n"                                         \
          ".long " #function " - .\n"                                                              \
          ".long " #index "\n"                                                                     \
          ".popsection\n")

// llvm.ubsantrap(kind)
#define CHECK_FAILS(kind) __asm__ volatile(".byte 0x67, 0x0f, 0xb9, 0x40, %c0" ::"i"(kind))
// Keeps a call from becoming a jump.
#define NO_TAIL_CALL __asm__ volatile("" ::: "memory")

// The first two members of a wasmaot_export.
#define NAME(name) name, sizeof name - 1

#define PAGE 65536ull
#define MEMORY(initial, maximum)                                                                   \
  {(uint8_t *)WASMAOT_MEMORY0_BASE, initial, (initial) * PAGE, maximum, 16, 0}

// Address of an offset into memory 0. The compiler must not know that it is a constant.
static inline void *at(uint64_t offset) {
  uint64_t base = WASMAOT_MEMORY0_BASE;
  __asm__("" : "+r"(base));
  return (void *)(base + offset);
}

#endif
