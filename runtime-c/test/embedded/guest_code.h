// For modules that are written in C: conventions, the layout that most of them share.
//
// Swift's calling convention is what swifttailcc is without tail calls: arguments as in C, the
// instance in r13.
#ifndef WASMAOT_TEST_EMBEDDED_GUEST_CODE_H
#define WASMAOT_TEST_EMBEDDED_GUEST_CODE_H

#define WASMAOT_EMBEDDED_RUNTIME
#include "guest.h"

#include "../../abi/wasmaot_embedded.h"

#define WASM __attribute__((section("wasmaot_text"), noinline, used, swiftcall))
#define THUNK __attribute__((section("wasmaot_text"), noinline, used))
#define ENTER __attribute__((noinline, used)) // not among wasm code
#define SELF struct layout *self __attribute__((swift_context))
#define MAP_FUNCTION(function, index)                                                              \
  __asm__(".pushsection wasmaot_funcmap,\"a\",@progbits\n"                                         \
          ".long " #function " - .\n"                                                              \
          ".long " #index "\n"                                                                     \
          ".popsection\n")
#define CHECK_FAILS(kind) __asm__ volatile(".byte 0x67, 0x0f, 0xb9, 0x40, %c0" ::"i"(kind))
#define NO_TAIL_CALL __asm__ volatile("" ::: "memory")

extern const uint8_t __start_wasmaot_text[], __stop_wasmaot_text[];
extern const struct wasmaot_funcmap_entry __start_wasmaot_funcmap[], __stop_wasmaot_funcmap[];

#define DESCRIBED 13

struct layout {
  struct wasmaot_instance head;
  struct wasmaot_memory_slot memory;       // 64
  struct wasmaot_func_ref host;            // 80: imported function
  uint64_t counter;                        // 112: mutable global
  const void *tag;                         // 120, then its identity
  void *identity[2];                       // 128
  struct wasmaot_table table;              // 144
  struct wasmaot_element_segment elements; // 184
  struct wasmaot_data_segment data;        // 200
  uint64_t padding;
  struct wasmaot_func_ref described[DESCRIBED]; // 224
};
_Static_assert(sizeof(struct wasmaot_instance) == 64, "as the offsets say");
_Static_assert(offsetof(struct layout, described) == 224, "as the offsets say");

// What functions of the signatures below are called as.
#define CONTEXT void *context __attribute__((swift_context))
typedef __attribute__((swiftcall)) void function_none(CONTEXT);
typedef __attribute__((swiftcall)) uint32_t function_i_i(uint32_t, CONTEXT);
typedef __attribute__((swiftcall)) void function_ii(uint32_t, uint32_t, CONTEXT);
typedef __attribute__((swiftcall)) uint32_t function_ii_i(uint32_t, uint32_t, CONTEXT);
typedef __attribute__((swiftcall)) void function_iii(uint32_t, uint32_t, uint32_t, CONTEXT);
typedef __attribute__((swiftcall)) void function_i(uint32_t, CONTEXT);

static inline uint8_t *base_of(const struct layout *self) {
  return (self->memory.memory->flags & WASMAOT_MEMORY_MAY_MOVE) != 0 ? self->memory.memory->base
                                                                     : self->memory.base;
}

#define ARGUMENT(i) ((uint32_t)values[i].low)
#define FUNCTION(number) {.signature = number}
#define NAME(text) {text, sizeof(text) - 1}

#endif
