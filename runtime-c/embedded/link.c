// Whether what the host gives for a module's imports has their types (specification, 3.5 matching).
// Generated code relies on it: a memory without reservation under code that checks no bounds would
// be a way out of the sandbox.
#include "runtime.h"

#include <stdio.h>

static bool limits_match(uint64_t size, uint64_t maximum, const struct wasmaot_entity *wanted) {
  return size >= wanted->minimum && maximum <= wanted->maximum;
}

static bool has_flag(const struct wasmaot_entity *entity, uint32_t flag) {
  return (entity->flags & flag) != 0;
}

static bool func_matches(const struct wasmaot_store *store, const struct wasmaot_module *module,
                         uint32_t index, const wasmaot_extern *given) {
  const struct wasmaot_func_ref *function = given->of.func;
  return wasmaot_func_store(function) == store &&
         function->type == module->numbers[module->code->functions[index].signature];
}

static bool table_matches(const struct wasmaot_store *store, const struct wasmaot_module *module,
                          uint32_t index, const wasmaot_extern *given) {
  const struct wasmaot_entity *wanted = &module->code->tables[index];
  const struct wasmaot_table *table = given->of.table;
  const struct table_header *header = table_header(table);
  return header->store == store && valtype_equal(header->element, module->table_types[index]) &&
         header->is_64 == has_flag(wanted, WASMAOT_ENTITY_64) &&
         limits_match(table->size, header->type_maximum, wanted);
}

static bool memory_matches(const struct wasmaot_store *store, const struct wasmaot_module *module,
                           uint32_t index, const wasmaot_extern *given) {
  const struct wasmaot_entity *wanted = &module->code->memories[index];
  const struct memory *memory = memory_of(given->of.memory);
  bool is_shared = (memory->abi.flags & WASMAOT_MEMORY_SHARED) != 0;
  bool is_usable =
      memory->shared ? memory->shared->engine == store->engine : memory->store == store;
  return is_usable && memory->abi.page_log2 == wanted->page_log2 &&
         memory->is_64 == has_flag(wanted, WASMAOT_ENTITY_64) &&
         is_shared == has_flag(wanted, WASMAOT_ENTITY_SHARED) &&
         limits_match(wasmaot_memory_pages(&memory->abi), memory->type_maximum, wanted);
}

static bool global_matches(const struct wasmaot_store *store, const struct wasmaot_module *module,
                           uint32_t index, const wasmaot_extern *given) {
  const struct wasmaot_entity *wanted = &module->code->globals[index];
  const struct wasmaot_global *global = given->of.global;
  struct valtype type = module->global_types[index];
  bool is_mutable = has_flag(wanted, WASMAOT_ENTITY_MUTABLE);
  return global->store == store && global->is_mutable == is_mutable &&
         (is_mutable ? valtype_equal(global->type, type)
                     : wasmaot_valtype_is_subtype(global->type, type));
}

static bool tag_matches(const struct wasmaot_store *store, const struct wasmaot_module *module,
                        uint32_t index, const wasmaot_extern *given) {
  const struct wasmaot_tag *tag = given->of.tag;
  return tag->store == store &&
         tag->type->number == module->numbers[module->code->tags[index].signature];
}

typedef bool matcher(const struct wasmaot_store *store, const struct wasmaot_module *module,
                     uint32_t index, const wasmaot_extern *given);
static matcher *const matchers[] = {func_matches, table_matches, memory_matches, global_matches,
                                    tag_matches};

static wasmaot_error *refuse(const struct wasmaot_import *import, const char *problem) {
  return wasmaot_error_format(
      WASMAOT_ERROR_LINK, "%s: %.*s.%.*s", problem,
      (int)(import->module.size < 256 ? import->module.size : 256), import->module.bytes,
      (int)(import->name.size < 256 ? import->name.size : 256), import->name.bytes);
}

wasmaot_error *wasmaot_link(struct wasmaot_store *store, const struct wasmaot_module *module,
                            const wasmaot_extern *imports, size_t count) {
  const struct wasmaot_code *code = module->code;
  if (count != code->import_count)
    return wasmaot_error_format(WASMAOT_ERROR_LINK, "the module has %u imports, not %zu",
                                code->import_count, count);
  for (uint32_t i = 0; i < count; i++) {
    const struct wasmaot_import *import = &code->imports[i];
    const wasmaot_extern *given = &imports[i];
    if (!given->of.func)
      return refuse(import, "unknown import");
    if ((uint32_t)given->kind != import->kind ||
        !matchers[import->kind](store, module, import->index, given))
      return refuse(import, "incompatible import type");
    if (import->kind == WASMAOT_EXTERN_MEMORY &&
        !has_flag(&code->memories[import->index], WASMAOT_ENTITY_MAY_MOVE) &&
        !memory_of(given->of.memory)->slot)
      return refuse(import, "the module was compiled without bounds checks, but the memory it "
                            "imports is of one with them (--bounds-checks=explicit)");
  }
  return NULL;
}
