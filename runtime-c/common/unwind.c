// A small interpreter of call frame information (.eh_frame, as DWARF 5 section 6.4 and the Linux
// Standard Base describe it): enough for what LLVM emits for wasm functions on x86-64. It runs in a
// signal handler on a possibly broken stack, so every read is bounded by the table it reads from or
// by the stack of wasm, and everything that it doesn't know ends the backtrace.
#include "common.h"

#include <elf.h>
#include <string.h>

struct reader {
  const uint8_t *at;
  const uint8_t *end;
  bool failed;
};

static uint64_t read_bytes(struct reader *reader, size_t size) {
  uint64_t value = 0;
  if ((size_t)(reader->end - reader->at) < size) {
    reader->failed = true;
    reader->at = reader->end;
    return 0;
  }
  memcpy(&value, reader->at, size); // little-endian
  reader->at += size;
  return value;
}

static uint64_t read_leb(struct reader *reader, bool is_signed) {
  uint64_t value = 0;
  unsigned shift = 0;
  uint64_t byte;
  do {
    byte = read_bytes(reader, 1);
    if (shift < 64)
      value |= (byte & 0x7f) << shift;
    shift += 7;
  } while ((byte & 0x80) != 0 && shift < 70);
  if (is_signed && (byte & 0x40) != 0 && shift < 64)
    value |= UINT64_MAX << shift;
  return value;
}

static int64_t read_relative(struct reader *reader) {
  return (int32_t)(uint32_t)read_bytes(reader, 4);
}

// ---- Finding the entry ------------------------------------------------------------------------

// Pointer encodings that the linkers write into .eh_frame_hdr.
enum { PCREL_SDATA4 = 0x1b, UDATA4 = 0x03, DATAREL_SDATA4 = 0x3b };

struct header_row {
  int32_t code;
  int32_t entry; // both relative to the header
};

uint8_t *wasmaot_find_segment(const uint8_t *image, uint32_t type, size_t *size) {
  Elf64_Ehdr header;
  memcpy(&header, image, sizeof header);
  for (unsigned i = 0; i < header.e_phnum; i++) {
    Elf64_Phdr segment;
    memcpy(&segment, image + header.e_phoff + i * sizeof segment, sizeof segment);
    if (segment.p_type == type) {
      *size = segment.p_memsz;
      return (uint8_t *)(uintptr_t)image + segment.p_vaddr;
    }
  }
  return NULL;
}

// The frame description entry with the greatest start that is not above pc, by binary search.
static const uint8_t *find_entry(const struct wasmaot_unwind_area *area, uint64_t pc) {
  size_t size = area->frame_header_size;
  const uint8_t *header = area->frame_header;
  if (!header || size < 12 || header[0] != 1 || header[1] != PCREL_SDATA4 || header[2] != UDATA4 ||
      header[3] != DATAREL_SDATA4)
    return NULL;
  uint32_t count;
  memcpy(&count, header + 8, 4);
  if (count > (size - 12) / sizeof(struct header_row))
    return NULL;
  const struct header_row *rows = (const struct header_row *)(const void *)(header + 12);
  int64_t target = (int64_t)(pc - (uint64_t)(uintptr_t)header);
  uint32_t low = 0;
  while (count > 0) {
    uint32_t half = count / 2;
    if (rows[low + half].code <= target) {
      low += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return low == 0 ? NULL : header + rows[low - 1].entry;
}

// ---- Common and frame information -------------------------------------------------------------

struct frame_info {
  struct reader initial;      // instructions of the common entry
  struct reader instructions; // instructions of this function
  uint64_t code_start;
  uint64_t code_size;
  uint64_t code_alignment;
  int64_t data_alignment;
};

static bool read_record(const uint8_t *at, struct reader *reader) {
  uint32_t length;
  memcpy(&length, at, 4);
  if (length == 0 || length >= 0xfffffff0) // the end, or the 64-bit form, which nobody writes here
    return false;
  *reader = (struct reader){at + 4, at + 4 + length, false};
  return true;
}

static bool read_common(const uint8_t *at, struct frame_info *info) {
  struct reader reader;
  if (!read_record(at, &reader) || read_bytes(&reader, 4) != 0)
    return false;
  uint64_t version = read_bytes(&reader, 1);
  // "zR", or "zRS" for a signal frame: pointers as in this file, no personality.
  if (read_bytes(&reader, 1) != 'z' || read_bytes(&reader, 1) != 'R')
    return false;
  uint64_t letter = read_bytes(&reader, 1);
  if (letter == 'S')
    letter = read_bytes(&reader, 1);
  if (letter != 0)
    return false;
  info->code_alignment = read_leb(&reader, false);
  info->data_alignment = (int64_t)read_leb(&reader, true);
  uint64_t return_column = version == 1 ? read_bytes(&reader, 1) : read_leb(&reader, false);
  read_leb(&reader, false); // size of the next byte
  uint64_t encoding = read_bytes(&reader, 1);
  info->initial = reader;
  return !reader.failed && return_column == WASMAOT_PC && encoding == PCREL_SDATA4;
}

static bool read_frame(const uint8_t *at, struct frame_info *info) {
  struct reader reader;
  if (!read_record(at, &reader))
    return false;
  const uint8_t *pointer = reader.at;
  uint64_t distance = read_bytes(&reader, 4);
  if (distance == 0 || !read_common(pointer - distance, info))
    return false;
  uint64_t place = (uint64_t)(uintptr_t)reader.at;
  info->code_start = place + (uint64_t)read_relative(&reader);
  info->code_size = read_bytes(&reader, 4);
  uint64_t augmentation = read_leb(&reader, false);
  if (reader.failed || augmentation > (uint64_t)(reader.end - reader.at))
    return false;
  reader.at += augmentation;
  info->instructions = reader;
  return true;
}

// ---- Instructions -----------------------------------------------------------------------------

// How to find the caller's registers at one place in a function.
struct row {
  uint64_t cfa_register;
  int64_t cfa_offset;
  // Offset from the CFA of where a register was saved; NOT_SAVED if it still holds the caller's
  // value.
  int64_t saved[WASMAOT_REGISTERS];
};
#define NOT_SAVED INT64_MIN

#define REMEMBERED_ROWS 4

struct machine {
  struct row row;
  struct row initial;
  struct row remembered[REMEMBERED_ROWS];
  unsigned depth;
};

enum {
  DW_CFA_advance_loc = 1, // these three carry an operand in their low six bits
  DW_CFA_offset = 2,
  DW_CFA_restore = 3,
  DW_CFA_nop = 0x00,
  DW_CFA_advance_loc1 = 0x02,
  DW_CFA_advance_loc2 = 0x03,
  DW_CFA_advance_loc4 = 0x04,
  DW_CFA_offset_extended = 0x05,
  DW_CFA_same_value = 0x08,
  DW_CFA_remember_state = 0x0a,
  DW_CFA_restore_state = 0x0b,
  DW_CFA_def_cfa = 0x0c,
  DW_CFA_def_cfa_register = 0x0d,
  DW_CFA_def_cfa_offset = 0x0e,
  DW_CFA_def_cfa_offset_sf = 0x13,
  DW_CFA_GNU_args_size = 0x2e,
};

static void set_saved(struct row *row, uint64_t number, int64_t offset) {
  if (number < WASMAOT_REGISTERS) // vector registers are of no interest
    row->saved[number] = offset;
}

// Executes instructions up to the one that passes `target`, an offset from the function's start.
static bool execute(struct machine *machine, struct reader *reader, const struct frame_info *info,
                    uint64_t target) {
  uint64_t location = 0;
  struct row *row = &machine->row;
  while (reader->at < reader->end && !reader->failed) {
    uint64_t byte = read_bytes(reader, 1);
    uint64_t operand = byte & 0x3f;
    uint64_t advance = 0;
    switch (byte >> 6) {
    case DW_CFA_advance_loc:
      location += operand * info->code_alignment;
      if (location > target)
        return true;
      continue;
    case DW_CFA_offset:
      set_saved(row, operand, (int64_t)read_leb(reader, false) * info->data_alignment);
      continue;
    case DW_CFA_restore:
      set_saved(row, operand,
                operand < WASMAOT_REGISTERS ? machine->initial.saved[operand] : NOT_SAVED);
      continue;
    default:
      break;
    }
    switch (byte) {
    case DW_CFA_nop:
      break;
    case DW_CFA_advance_loc1:
      advance = read_bytes(reader, 1);
      break;
    case DW_CFA_advance_loc2:
      advance = read_bytes(reader, 2);
      break;
    case DW_CFA_advance_loc4:
      advance = read_bytes(reader, 4);
      break;
    case DW_CFA_offset_extended:
      operand = read_leb(reader, false);
      set_saved(row, operand, (int64_t)read_leb(reader, false) * info->data_alignment);
      break;
    case DW_CFA_same_value:
      set_saved(row, read_leb(reader, false), NOT_SAVED);
      break;
    case DW_CFA_remember_state:
      if (machine->depth == REMEMBERED_ROWS)
        return false;
      machine->remembered[machine->depth++] = *row;
      break;
    case DW_CFA_restore_state:
      if (machine->depth == 0)
        return false;
      *row = machine->remembered[--machine->depth];
      break;
    case DW_CFA_def_cfa:
      row->cfa_register = read_leb(reader, false);
      row->cfa_offset = (int64_t)read_leb(reader, false);
      break;
    case DW_CFA_def_cfa_register:
      row->cfa_register = read_leb(reader, false);
      break;
    case DW_CFA_def_cfa_offset:
      row->cfa_offset = (int64_t)read_leb(reader, false);
      break;
    case DW_CFA_def_cfa_offset_sf:
      row->cfa_offset = (int64_t)read_leb(reader, true) * info->data_alignment;
      break;
    case DW_CFA_GNU_args_size:
      read_leb(reader, false);
      break;
    default:
      return false;
    }
    if (advance != 0) {
      location += advance * info->code_alignment;
      if (location > target)
        return true;
    }
  }
  return !reader->failed;
}

static bool stack_contains(const struct wasmaot_unwind_area *area, uint64_t address,
                           uint64_t size) {
  return address >= area->stack_low && size <= area->stack_high - area->stack_low &&
         address <= area->stack_high - size;
}

static bool load(const struct wasmaot_unwind_area *area, uint64_t address, uint64_t *value) {
  if (!stack_contains(area, address, 8))
    return false;
  memcpy(value, (const void *)address, 8); // NOLINT: inside the stack of wasm
  return true;
}

// A call that does not return may be the last instruction of all code.
static bool is_return_address(const struct wasmaot_unwind_area *area, uint64_t address) {
  return wasmaot_area_has_code(area, address - 1);
}

uint64_t wasmaot_function_start(const struct wasmaot_unwind_area *area, uint64_t pc) {
  const uint8_t *entry = find_entry(area, pc);
  struct frame_info info;
  return entry && read_frame(entry, &info) && pc - info.code_start < info.code_size
             ? info.code_start
             : 0;
}

bool wasmaot_unwind(const struct wasmaot_unwind_area *area, struct wasmaot_registers *registers,
                    bool is_call) {
  uint64_t pc = registers->values[WASMAOT_PC] - (is_call ? 1 : 0);
  const uint8_t *entry = find_entry(area, pc);
  struct frame_info info;
  if (!entry || !read_frame(entry, &info) || pc - info.code_start >= info.code_size)
    return false;

  struct machine machine;
  machine.depth = 0;
  machine.row.cfa_register = UINT64_MAX;
  machine.row.cfa_offset = 0;
  for (int i = 0; i < WASMAOT_REGISTERS; i++)
    machine.row.saved[i] = NOT_SAVED;
  machine.initial = machine.row;
  if (!execute(&machine, &info.initial, &info, UINT64_MAX))
    return false;
  machine.initial = machine.row;
  if (!execute(&machine, &info.instructions, &info, pc - info.code_start))
    return false;

  const struct row *row = &machine.row;
  if (row->cfa_register >= WASMAOT_REGISTERS || row->saved[WASMAOT_PC] == NOT_SAVED)
    return false;
  uint64_t cfa = registers->values[row->cfa_register] + (uint64_t)row->cfa_offset;
  if (cfa <= registers->values[WASMAOT_RSP]) // callers lie above: no loops
    return false;
  struct wasmaot_registers caller = *registers;
  for (int i = 0; i < WASMAOT_REGISTERS; i++)
    if (row->saved[i] != NOT_SAVED && !load(area, cfa + (uint64_t)row->saved[i], &caller.values[i]))
      return false;
  caller.values[WASMAOT_RSP] = cfa;
  *registers = caller;
  return is_return_address(area, caller.values[WASMAOT_PC]);
}

bool wasmaot_leave_native_code(const struct wasmaot_unwind_area *area,
                               struct wasmaot_registers *registers) {
  // A function that has not pushed anything yet: libc's leaves, and any whose first push hit the
  // guard.
  uint64_t stack = registers->values[WASMAOT_RSP];
  if ((stack & 7) == 0 && stack_contains(area, stack, 8)) {
    uint64_t return_address = *(const uint64_t *)stack; // NOLINT: inside the stack of wasm
    if (is_return_address(area, return_address)) {
      registers->values[WASMAOT_PC] = return_address;
      registers->values[WASMAOT_RSP] = stack + 8;
      return true;
    }
  }
  // The runtime's own functions keep a chain of frame pointers.
  uint64_t frame = registers->values[WASMAOT_RBP];
  for (int depth = 0; depth < 64; depth++) {
    if ((frame & 7) != 0 || !stack_contains(area, frame, 16))
      return false;
    const uint64_t *slots = (const uint64_t *)frame; // NOLINT: inside the stack of wasm
    uint64_t next = slots[0];
    if (is_return_address(area, slots[1])) {
      struct wasmaot_registers caller = {{0}};
      caller.values[WASMAOT_PC] = slots[1];
      caller.values[WASMAOT_RSP] = frame + 16;
      caller.values[WASMAOT_RBP] = next;
      *registers = caller;
      return true;
    }
    if (next <= frame)
      return false;
    frame = next;
  }
  return false;
}
