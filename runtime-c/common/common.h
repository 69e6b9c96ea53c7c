// What the runtimes of both instance models share: ../src (executables) and ../embedded. Nothing in
// this folder has state, allocates or locks; all of it may run in a signal handler.
#ifndef WASMAOT_COMMON_H
#define WASMAOT_COMMON_H

#include "../abi/wasmaot_abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- cpu.c ------------------------------------------------------------------------------------

// LLVM's name of a feature of WASMAOT_X86_* that the CPU or the kernel lacks; null if all are
// there.
const char *wasmaot_cpu_lacks(uint32_t required_features);

// ---- trap_message.c ---------------------------------------------------------------------------

// The specification's text for a trap.
const char *wasmaot_trap_message(uint32_t code);

// ---- unwind.c ---------------------------------------------------------------------------------

// DWARF's numbers: 6 is rbp, 7 is rsp, 16 is the return address column: here the program counter.
#define WASMAOT_REGISTERS 17
#define WASMAOT_RBP 6
#define WASMAOT_RSP 7
#define WASMAOT_PC 16
struct wasmaot_registers {
  uint64_t values[WASMAOT_REGISTERS];
};

// Where frames of wasm are.
struct wasmaot_unwind_area {
  uint64_t stack_low; // nothing outside is read
  uint64_t stack_high;
  const uint8_t *text_start; // compiled code
  const uint8_t *text_end;
  const uint8_t *frame_header; // .eh_frame_hdr of the artefact that holds the code, or null
  size_t frame_header_size;
};

static inline bool wasmaot_area_has_code(const struct wasmaot_unwind_area *area, uint64_t pc) {
  return pc >= (uint64_t)(uintptr_t)area->text_start && pc < (uint64_t)(uintptr_t)area->text_end;
}

// The segment of a type (PT_*) of the artefact whose ELF header is in memory here; null if it has
// none.
uint8_t *wasmaot_find_segment(const uint8_t *image, uint32_t type, size_t *size);
// Steps to the caller. `is_call` says that the program counter is a return address, which may
// already lie in the next function or row. False where there is no caller in the area's code, or
// the tables don't say.
bool wasmaot_unwind(const struct wasmaot_unwind_area *area, struct wasmaot_registers *registers,
                    bool is_call);
// What the tables say of a place in compiled code.
struct wasmaot_frame {
  // How to find the caller's registers: the CFA is this register and an offset, and from it on are
  // those that were saved. 0: the register still holds the caller's value.
  uint32_t cfa_register;
  int32_t cfa_offset;
  int32_t saved[WASMAOT_REGISTERS];
  uint32_t arguments;      // bytes that lie on the stack for a call
  uint64_t code_start;     // of the function
  const uint8_t *handlers; // its table of where exceptions go, or null
};
bool wasmaot_find_frame(const struct wasmaot_unwind_area *area, uint64_t pc,
                        struct wasmaot_frame *frame);
// Where the function goes on that an exception comes to in a call here; 0 if it doesn't. False if
// the tables make no sense.
bool wasmaot_find_landing(const struct wasmaot_frame *frame, uint64_t pc, uint64_t *landing);
// Where the function begins that holds this address, wasm or not; 0 if the tables don't say.
uint64_t wasmaot_function_start(const struct wasmaot_unwind_area *area, uint64_t pc);
// From native code (the runtime, libc) to the wasm code that called it. False where it can't be
// found.
bool wasmaot_leave_native_code(const struct wasmaot_unwind_area *area,
                               struct wasmaot_registers *registers);

#endif
