// Which functions of wasm are active. Runs in signal handlers, on what may be a broken stack:
// unwind.c reads nothing outside of the stack and the tables.
#include "runtime.h"

// The function that starts at or before this address, or UINT32_MAX. The map is searched from end
// to end: the linker may have put the objects' parts in any order.
static uint32_t function_at(const struct wasmaot_code *code, uint64_t pc) {
  uint32_t found = UINT32_MAX;
  uint64_t best = 0;
  for (const struct wasmaot_funcmap_entry *entry = code->funcmap_start; entry < code->funcmap_end;
       entry++) {
    uint64_t start = (uint64_t)(uintptr_t)entry + (uint64_t)(int64_t)entry->code_offset;
    if (start <= pc && start >= best) {
      best = start;
      found = entry->function;
    }
  }
  return found;
}

static void add_frame(struct wasm_stack *stack, const struct wasmaot_module *module, uint64_t pc) {
  uint32_t function = function_at(module->code, pc);
  if (function != UINT32_MAX && stack->frame_count < BACKTRACE_FRAMES)
    stack->frames[stack->frame_count++] = (struct frame){module, function};
}

static struct wasmaot_unwind_area area_of(const struct wasm_stack *stack,
                                          const struct wasmaot_module *module) {
  struct wasmaot_unwind_area area = module->area;
  area.stack_low = stack->low;
  area.stack_high = stack->high;
  return area;
}

// From the runtime or libc to the wasm code that called it, whichever module's that is.
static const struct module_use *leave_native_code(const struct activation *activation,
                                                  struct wasmaot_registers *registers) {
  const struct module_uses *uses =
      atomic_load_explicit(&activation->store->modules, memory_order_acquire);
  for (uint32_t i = 0; uses && i < uses->count; i++) {
    struct wasmaot_registers copy = *registers;
    struct wasmaot_unwind_area area = area_of(activation->stack, uses->uses[i].module);
    if (wasmaot_leave_native_code(&area, &copy)) {
      *registers = copy;
      return &uses->uses[i];
    }
  }
  return NULL;
}

// The frames of one activation.
static void walk(const struct activation *activation, struct wasmaot_registers *registers) {
  struct wasm_stack *stack = activation->stack;
  bool is_call = false;
  const struct module_use *use =
      wasmaot_store_find_code(activation->store, registers->values[WASMAOT_PC]);
  if (!use) {
    use = leave_native_code(activation, registers);
    is_call = true;
  }
  while (use && stack->frame_count < BACKTRACE_FRAMES) {
    add_frame(stack, use->module, registers->values[WASMAOT_PC] - (is_call ? 1 : 0));
    struct wasmaot_unwind_area area = area_of(stack, use->module);
    uint64_t stack_pointer = registers->values[WASMAOT_RSP];
    if (!wasmaot_unwind(&area, registers, is_call)) {
      // The caller is in another module, or there is none.
      if (registers->values[WASMAOT_RSP] == stack_pointer)
        return;
      use = wasmaot_store_find_code(activation->store, registers->values[WASMAOT_PC]);
    }
    is_call = true;
  }
}

void wasmaot_backtrace(struct activation *activation, struct wasmaot_registers *registers) {
  struct wasm_stack *stack = activation->stack;
  stack->frame_count = 0;
  walk(activation, registers);
  // Those that called the host functions that called us.
  for (const struct activation *outer = activation->previous; outer; outer = outer->previous) {
    if (outer->store != activation->store || outer->stack != stack || outer->host_frame == 0)
      return;
    struct wasmaot_registers caller = {{0}};
    caller.values[WASMAOT_RBP] = outer->host_frame;
    walk(outer, &caller);
  }
}
