// A small interpreter of call frame information (.eh_frame, as DWARF 5 section 6.4 and the Linux
// Standard Base describe it), and of where exceptions go (.gcc_except_table): enough for what LLVM
// emits for wasm functions on x86-64. Backtraces run in a signal handler on a possibly broken
// stack, so every read is bounded by the table it reads from or by the stack of wasm, and
// everything that it doesn't know ends the backtrace. Exceptions (src/raise.c) cannot do without.
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
  // (A call of memcpy takes longer than all else that is done with a number.)
  for (size_t i = 0; i < size; i++)
    value |= (uint64_t)*reader->at++ << (8 * i);
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
  bool has_handlers;       // says where the table of handlers is
  const uint8_t *handlers; // of this function, or null
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
  if (read_bytes(&reader, 1) != 'z')
    return false;
  const uint8_t *letters = reader.at;
  while (read_bytes(&reader, 1) != 0) {
  }
  info->code_alignment = read_leb(&reader, false);
  info->data_alignment = (int64_t)read_leb(&reader, true);
  uint64_t return_column = version == 1 ? read_bytes(&reader, 1) : read_leb(&reader, false);
  read_leb(&reader, false); // size of what the letters stand for
  info->has_handlers = false;
  bool has_pointers = false; // as in this file
  for (; !reader.failed && *letters != 0; letters++) {
    switch (*letters) {
    case 'S': // a signal's frame
      break;
    case 'P': // the personality, which nobody calls: a pointer of four bytes
      read_bytes(&reader, 5);
      break;
    case 'L':
      info->has_handlers = true;
      if (read_bytes(&reader, 1) != PCREL_SDATA4)
        return false;
      break;
    case 'R':
      has_pointers = read_bytes(&reader, 1) == PCREL_SDATA4;
      break;
    default:
      return false;
    }
  }
  info->initial = reader;
  return !reader.failed && return_column == WASMAOT_PC && has_pointers;
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
  const uint8_t *instructions = reader.at + augmentation;
  info->handlers = NULL;
  if (info->has_handlers) {
    const uint8_t *origin = reader.at;
    int64_t distance_to_handlers = read_relative(&reader);
    if (distance_to_handlers != 0)
      info->handlers = origin + distance_to_handlers;
  }
  reader.at = instructions;
  info->instructions = reader;
  return true;
}

// ---- Instructions -----------------------------------------------------------------------------

#define REMEMBERED_ROWS 4

struct machine {
  struct wasmaot_frame row;
  struct wasmaot_frame initial;
  struct wasmaot_frame remembered[REMEMBERED_ROWS];
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

static void set_saved(struct wasmaot_frame *row, uint64_t number, int64_t offset) {
  if (number < WASMAOT_REGISTERS)         // vector registers are of no interest
    row->saved[number] = (int32_t)offset; // no frame is that large
}

// Executes instructions up to the one that passes `target`, an offset from the function's start.
static bool execute(struct machine *machine, struct reader *reader, const struct frame_info *info,
                    uint64_t target) {
  uint64_t location = 0;
  struct wasmaot_frame *row = &machine->row;
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
      set_saved(row, operand, operand < WASMAOT_REGISTERS ? machine->initial.saved[operand] : 0);
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
      set_saved(row, read_leb(reader, false), 0);
      break;
    case DW_CFA_remember_state:
      if (machine->depth == REMEMBERED_ROWS)
        return false;
      machine->remembered[machine->depth++] = *row;
      break;
    case DW_CFA_restore_state:
      if (machine->depth == 0)
        return false;
      // (But for what was pushed: that is of the code, not of the frame.)
      machine->remembered[machine->depth - 1].arguments = row->arguments;
      *row = machine->remembered[--machine->depth];
      break;
    case DW_CFA_def_cfa:
      row->cfa_register = (uint32_t)read_leb(reader, false);
      row->cfa_offset = (int32_t)read_leb(reader, false);
      break;
    case DW_CFA_def_cfa_register:
      row->cfa_register = (uint32_t)read_leb(reader, false);
      break;
    case DW_CFA_def_cfa_offset:
      row->cfa_offset = (int32_t)read_leb(reader, false);
      break;
    case DW_CFA_def_cfa_offset_sf:
      row->cfa_offset = (int32_t)((int64_t)read_leb(reader, true) * info->data_alignment);
      break;
    case DW_CFA_GNU_args_size:
      row->arguments = (uint32_t)read_leb(reader, false);
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

bool wasmaot_find_frame(const struct wasmaot_unwind_area *area, uint64_t pc,
                        struct wasmaot_frame *frame) {
  const uint8_t *entry = find_entry(area, pc);
  struct frame_info info;
  if (!entry || !read_frame(entry, &info) || pc - info.code_start >= info.code_size)
    return false;

  struct machine machine;
  machine.depth = 0;
  machine.row = (struct wasmaot_frame){
      .cfa_register = UINT32_MAX, .code_start = info.code_start, .handlers = info.handlers};
  machine.initial = machine.row;
  if (!execute(&machine, &info.initial, &info, UINT64_MAX))
    return false;
  machine.initial = machine.row;
  if (!execute(&machine, &info.instructions, &info, pc - info.code_start))
    return false;
  *frame = machine.row;
  return frame->cfa_register < WASMAOT_REGISTERS && frame->saved[WASMAOT_PC] != 0;
}

bool wasmaot_unwind(const struct wasmaot_unwind_area *area, struct wasmaot_registers *registers,
                    bool is_call) {
  struct wasmaot_frame frame;
  if (!wasmaot_find_frame(area, registers->values[WASMAOT_PC] - (is_call ? 1 : 0), &frame))
    return false;
  uint64_t cfa = registers->values[frame.cfa_register] + (uint64_t)(int64_t)frame.cfa_offset;
  if (cfa <= registers->values[WASMAOT_RSP]) // callers lie above: no loops
    return false;
  struct wasmaot_registers caller = *registers;
  for (int i = 0; i < WASMAOT_REGISTERS; i++)
    if (frame.saved[i] != 0 &&
        !load(area, cfa + (uint64_t)(int64_t)frame.saved[i], &caller.values[i]))
      return false;
  caller.values[WASMAOT_RSP] = cfa;
  *registers = caller;
  return is_return_address(area, caller.values[WASMAOT_PC]);
}

// ---- Handlers ----------------------------------------------------------------------------------

// Encodings of the table's numbers.
enum { ULEB128 = 0x01, OMITTED = 0xff };

static uint64_t read_number(struct reader *reader, uint64_t encoding) {
  return encoding == ULEB128 ? read_leb(reader, false) : read_bytes(reader, 4);
}

bool wasmaot_find_landing(const struct wasmaot_frame *frame, uint64_t pc, uint64_t *landing) {
  *landing = 0;
  if (!frame->handlers)
    return true;
  // Its length is in it.
  struct reader reader = {frame->handlers, (const uint8_t *)UINTPTR_MAX, false};
  if (read_bytes(&reader, 1) != OMITTED) // landings are offsets from the function's start
    return false;
  if (read_bytes(&reader, 1) != OMITTED) // types, which ours have none of
    read_leb(&reader, false);
  uint64_t encoding = read_bytes(&reader, 1);
  if (encoding != ULEB128 && encoding != UDATA4)
    return false;
  uint64_t size = read_leb(&reader, false);
  reader.end = reader.at + size;
  uint64_t offset = pc - frame->code_start;
  while (reader.at < reader.end) {
    uint64_t start = read_number(&reader, encoding);
    uint64_t length = read_number(&reader, encoding);
    uint64_t pad = read_number(&reader, encoding);
    read_leb(&reader, false); // what to do: ours all do the same
    if (reader.failed)
      return false;
    if (offset - start < length) {
      *landing = pad == 0 ? 0 : frame->code_start + pad;
      return true;
    }
  }
  return true;
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
