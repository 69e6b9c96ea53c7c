// The state of a new instance: globals, tables, segments (specification, 4.7.3). Constant
// expressions are postfix.
#include "runtime.h"

// ---- Constant expressions ---------------------------------------------------------------------

bool wasmaot_expression_is_shallow(const struct wasmaot_code *code, uint32_t expression) {
  if (expression == UINT32_MAX)
    return true;
  uint32_t depth = 0;
  for (const struct wasmaot_expression *at = &code->expressions[expression];
       at->operation != WASMAOT_EXPRESSION_END; at++) {
    if (at->operation >= WASMAOT_EXPRESSION_I32_ADD)
      depth--;
    else if (++depth > MAX_EXPRESSION_DEPTH)
      return false;
  }
  return true;
}

struct wasmaot_value wasmaot_evaluate(const struct instance *instance, uint32_t expression) {
  const struct wasmaot_code *code = instance->module->code;
  struct wasmaot_value stack[MAX_EXPRESSION_DEPTH];
  uint32_t depth = 0;
  for (const struct wasmaot_expression *at = &code->expressions[expression];; at++) {
    struct wasmaot_value *top = depth > 0 ? &stack[depth - 1] : NULL;
    struct wasmaot_value *below = depth > 1 ? &stack[depth - 2] : NULL;
    switch (at->operation) {
    case WASMAOT_EXPRESSION_CONST:
      stack[depth++] = (struct wasmaot_value){at->operand, 0};
      break;
    case WASMAOT_EXPRESSION_GLOBAL: {
      wasmaot_extern global;
      wasmaot_instance_entity(instance, WASMAOT_EXTERN_GLOBAL, (uint32_t)at->operand, &global);
      wasmaot_val value = wasmaot_global_get(global.of.global);
      memcpy(&stack[depth++], &value, sizeof value);
      break;
    }
    case WASMAOT_EXPRESSION_FUNC: {
      const struct wasmaot_func_ref *functions = instance_at(instance, code->described_offset);
      stack[depth++] = (struct wasmaot_value){(uintptr_t)functions[at->operand].self, 0};
      break;
    }
    case WASMAOT_EXPRESSION_NULL:
      stack[depth++] = (struct wasmaot_value){0, 0};
      break;
    case WASMAOT_EXPRESSION_I32_ADD:
      below->low = (uint32_t)(below->low + top->low);
      depth--;
      break;
    case WASMAOT_EXPRESSION_I32_SUB:
      below->low = (uint32_t)(below->low - top->low);
      depth--;
      break;
    case WASMAOT_EXPRESSION_I32_MUL:
      below->low = (uint32_t)(below->low * top->low);
      depth--;
      break;
    case WASMAOT_EXPRESSION_I64_ADD:
      below->low += top->low;
      depth--;
      break;
    case WASMAOT_EXPRESSION_I64_SUB:
      below->low -= top->low;
      depth--;
      break;
    case WASMAOT_EXPRESSION_I64_MUL:
      below->low *= top->low;
      depth--;
      break;
    default:          // WASMAOT_EXPRESSION_END
      if (depth == 2) // halves of a v128
        stack[0].high = stack[1].low;
      return stack[0];
    }
  }
}

// ---- Globals and tables -----------------------------------------------------------------------

static void initialize_globals(struct instance *instance) {
  const struct wasmaot_code *code = instance->module->code;
  uint32_t imported = instance->module->imported[WASMAOT_EXTERN_GLOBAL];
  for (uint32_t i = imported; i < code->global_count; i++) {
    struct wasmaot_global *global = &instance->globals[i - imported];
    struct wasmaot_value value = {0, 0};
    if (code->globals[i].initializer != UINT32_MAX)
      value = wasmaot_evaluate(instance, code->globals[i].initializer);
    global->store = instance->store;
    memcpy(global->value, &value, global->type.kind == WASMAOT_V128 ? 16 : 8);
  }
}

static const void *pointer_of(struct wasmaot_value value) {
  return (const void *)(uintptr_t)value.low; // NOLINT: a reference
}

static void initialize_tables(struct instance *instance) {
  const struct wasmaot_code *code = instance->module->code;
  for (uint32_t i = instance->module->imported[WASMAOT_EXTERN_TABLE]; i < code->table_count; i++) {
    const struct wasmaot_entity *type = &code->tables[i];
    if (type->offset == UINT32_MAX || type->initializer == UINT32_MAX)
      continue;
    struct wasmaot_table *table = instance_at(instance, type->offset);
    wasmaot_table_store(table, 0, pointer_of(wasmaot_evaluate(instance, type->initializer)),
                        table->size);
  }
}

// ---- Segments ---------------------------------------------------------------------------------

static const void *element_item(const struct instance *instance,
                                const struct wasmaot_element_init *segment, uint32_t item) {
  if (!segment->functions)
    return pointer_of(wasmaot_evaluate(instance, segment->expressions[item]));
  uint32_t position = segment->functions[item];
  if (position == UINT32_MAX)
    return NULL;
  const struct wasmaot_func_ref *functions =
      instance_at(instance, instance->module->code->described_offset);
  return functions[position].self;
}

static void initialize_passive(struct instance *instance) {
  const struct wasmaot_code *code = instance->module->code;
  const void **items = instance->items;
  for (uint32_t i = 0; i < code->element_count; i++) {
    const struct wasmaot_element_init *segment = &code->elements[i];
    if (segment->table != UINT32_MAX || segment->offset == UINT32_MAX)
      continue;
    struct wasmaot_element_segment *slot = instance_at(instance, segment->offset);
    *slot = (struct wasmaot_element_segment){(const struct wasmaot_func *const *)(void *)items,
                                             segment->count};
    for (uint32_t item = 0; item < segment->count; item++)
      *items++ = element_item(instance, segment, item);
  }
  for (uint32_t i = 0; i < code->data_count; i++) {
    const struct wasmaot_data_init *segment = &code->data[i];
    if (segment->memory == UINT32_MAX && segment->offset != UINT32_MAX)
      *(struct wasmaot_data_segment *)instance_at(instance, segment->offset) =
          (struct wasmaot_data_segment){segment->bytes, segment->count};
  }
}

void wasmaot_initialize_state(struct instance *instance) {
  initialize_globals(instance);
  initialize_tables(instance);
  initialize_passive(instance);
}

static uint64_t destination_of(const struct instance *instance, uint32_t expression, bool is_64) {
  uint64_t destination = wasmaot_evaluate(instance, expression).low;
  return is_64 ? destination : (uint32_t)destination;
}

uint32_t wasmaot_initialize_segments(struct instance *instance) {
  const struct wasmaot_code *code = instance->module->code;
  for (uint32_t i = 0; i < code->element_count; i++) {
    const struct wasmaot_element_init *segment = &code->elements[i];
    if (segment->table == UINT32_MAX)
      continue;
    wasmaot_extern found;
    wasmaot_instance_entity(instance, WASMAOT_EXTERN_TABLE, segment->table, &found);
    struct wasmaot_table *table = found.of.table;
    uint64_t destination =
        destination_of(instance, segment->destination, table_header(table)->is_64);
    if (segment->count > table->size || destination > table->size - segment->count)
      return WASMAOT_TRAP_TABLE_OUT_OF_BOUNDS;
    for (uint32_t item = 0; item < segment->count; item++)
      wasmaot_table_store(table, destination + item, element_item(instance, segment, item), 1);
  }
  for (uint32_t i = 0; i < code->data_count; i++) {
    const struct wasmaot_data_init *segment = &code->data[i];
    if (segment->memory == UINT32_MAX)
      continue;
    wasmaot_extern found;
    wasmaot_instance_entity(instance, WASMAOT_EXTERN_MEMORY, segment->memory, &found);
    uint64_t destination =
        destination_of(instance, segment->destination, memory_of(found.of.memory)->is_64);
    if (!wasmaot_memory_write(found.of.memory, destination, segment->bytes, segment->count))
      return WASMAOT_TRAP_MEMORY_OUT_OF_BOUNDS;
  }
  return 0;
}
