// A module: what all instances of compiled code share.
#include "runtime.h"

#include <link.h>

#define BLOCK_ALIGNMENT ((uint64_t)64)

// ---- Deletion ---------------------------------------------------------------------------------

void wasmaot_module_retain(struct wasmaot_module *module) {
  atomic_fetch_add_explicit(&module->references, 1, memory_order_relaxed);
}

static void free_block(const struct wasmaot_module *module, struct instance *instance) {
  const struct wasmaot_code *code = module->code;
  for (uint32_t i = module->imported[WASMAOT_EXTERN_TABLE]; i < code->table_count; i++)
    if (code->tables[i].offset != UINT32_MAX)
      wasmaot_table_free(instance_at(instance, code->tables[i].offset));
  free(instance);
}

static void destroy(struct wasmaot_module *module) {
  while (module->free) {
    struct instance *instance = module->free;
    module->free = instance->next;
    free_block(module, instance);
  }
  for (uint32_t i = 0; module->images && i < module->code->memory_count; i++)
    if (module->images[i])
      wasmaot_image_delete(&module->engine->pool, module->images[i]);
  free((void *)(uintptr_t)module->numbers);
  free((void *)module->types);
  free((void *)(uintptr_t)module->table_types);
  free((void *)(uintptr_t)module->global_types);
  free(module->images);
  free((void *)(uintptr_t)module->export_order);
  for (int kind = 0; kind < 5; kind++)
    free((void *)(uintptr_t)module->import_of[kind]);
  pthread_mutex_destroy(&module->lock);
  wasmaot_engine_release(module->engine);
  free(module);
}

void wasmaot_module_release(struct wasmaot_module *module) {
  if (atomic_fetch_sub_explicit(&module->references, 1, memory_order_acq_rel) == 1)
    destroy(module);
}

void wasmaot_module_delete(wasmaot_module *module) {
  if (module)
    wasmaot_module_release(module);
}

// ---- Loading ----------------------------------------------------------------------------------

// An array of `count` elements, never of size 0.
static void *allocate(uint64_t count, size_t size) { return calloc(count + 1, size); }

static wasmaot_error *check_version(const struct wasmaot_code *code) {
  if (code->abi_version != WASMAOT_EMBEDDED_ABI_VERSION || code->size < sizeof *code)
    return wasmaot_error_format(WASMAOT_ERROR_INCOMPATIBLE,
                                "the module was compiled for version %u of the runtime's "
                                "interface, this one is %u: compile it again",
                                code->abi_version, WASMAOT_EMBEDDED_ABI_VERSION);
  const char *feature = wasmaot_cpu_lacks(code->required_features);
  if (feature)
    return wasmaot_error_format(WASMAOT_ERROR_INCOMPATIBLE,
                                "this CPU lacks %s, which the module was compiled for; compile it "
                                "with --cpu=baseline",
                                feature);
  return NULL;
}

static wasmaot_error *make_types(struct wasmaot_module *module) {
  const struct wasmaot_code *code = module->code;
  uint32_t *numbers = allocate(code->signature_count, sizeof *numbers);
  module->numbers = numbers;
  module->types = allocate(code->signature_count, sizeof *module->types);
  struct valtype *tables = allocate(code->table_count, sizeof *tables);
  module->table_types = tables;
  struct valtype *globals = allocate(code->global_count, sizeof *globals);
  module->global_types = globals;
  if (!numbers || !module->types || !tables || !globals)
    return wasmaot_error_memory();
  if (!wasmaot_types_number(&module->engine->types, code->signatures, code->signature_count,
                            numbers, module->types))
    return wasmaot_error_fixed(WASMAOT_ERROR_INCOMPATIBLE,
                               "a signature makes no sense, or types refer to each other in a "
                               "circle that is too large");
  bool is_valid = true;
  for (uint32_t i = 0; i < code->table_count; i++) {
    const char *text = code->tables[i].type;
    is_valid &= wasmaot_valtype_parse(&text, numbers, code->signature_count, &tables[i]);
  }
  for (uint32_t i = 0; i < code->global_count; i++) {
    const char *text = code->globals[i].type;
    is_valid &= wasmaot_valtype_parse(&text, numbers, code->signature_count, &globals[i]);
  }
  return is_valid ? NULL
                  : wasmaot_error_fixed(WASMAOT_ERROR_INCOMPATIBLE,
                                        "the type of a table or global makes no sense");
}

static wasmaot_error *make_images(struct wasmaot_module *module) {
  const struct wasmaot_code *code = module->code;
  module->images = allocate(code->memory_count, sizeof(struct image *));
  if (!module->images)
    return wasmaot_error_memory();
  for (uint32_t i = 0; i < code->image_count; i++) {
    const struct wasmaot_image *piece = &code->images[i];
    bool is_inside =
        piece->memory >= module->imported[WASMAOT_MEMORY] && piece->memory < code->memory_count;
    if (is_inside) {
      const struct wasmaot_entity *memory = &code->memories[piece->memory];
      uint64_t bytes = round_to_pages(memory->minimum << memory->page_log2);
      is_inside = piece->size <= bytes && piece->offset <= bytes - piece->size;
    }
    // Mapping an image opens its pages: none may lie above the memory's end.
    if (!is_inside)
      return wasmaot_error_fixed(WASMAOT_ERROR_INCOMPATIBLE,
                                 "initial contents lie outside of their memory");
  }
  for (uint32_t i = module->imported[WASMAOT_MEMORY];
       code->image_count > 0 && i < code->memory_count; i++)
    if ((code->memories[i].flags & WASMAOT_ENTITY_MAY_MOVE) == 0)
      module->images[i] = wasmaot_image_new(code, i);
  return NULL;
}

// What is called without a look must be there: a jump to 0 would end the process.
static wasmaot_error *check_entries(const struct wasmaot_code *code) {
  bool is_valid = true;
  for (uint32_t i = 0; i < code->described_count; i++) {
    const struct wasmaot_described_function *function = &code->described[i];
    const struct wasmaot_signature *signature = &code->signatures[function->signature];
    is_valid &= function->code ? signature->enter != NULL : signature->host_adaptor != NULL;
  }
  for (uint32_t i = 0; i < code->import_count; i++) {
    const struct wasmaot_import *import = &code->imports[i];
    if (import->kind != WASMAOT_EXTERN_FUNC)
      continue;
    const struct wasmaot_entity *function = &code->functions[import->index];
    is_valid &= function->offset == UINT32_MAX ||
                code->signatures[function->signature].host_adaptor != NULL;
  }
  return is_valid ? NULL
                  : wasmaot_error_fixed(WASMAOT_ERROR_INCOMPATIBLE,
                                        "a signature lacks the code that calls its functions");
}

// Constant expressions are evaluated on a stack of fixed size.
static wasmaot_error *check_expressions(const struct wasmaot_code *code) {
  bool is_valid = true;
  for (uint32_t i = 0; i < code->global_count; i++)
    is_valid &= wasmaot_expression_is_shallow(code, code->globals[i].initializer);
  for (uint32_t i = 0; i < code->table_count; i++)
    is_valid &= wasmaot_expression_is_shallow(code, code->tables[i].initializer);
  for (uint32_t i = 0; i < code->data_count; i++)
    if (code->data[i].memory != UINT32_MAX)
      is_valid &= wasmaot_expression_is_shallow(code, code->data[i].destination);
  for (uint32_t i = 0; i < code->element_count; i++) {
    const struct wasmaot_element_init *segment = &code->elements[i];
    if (segment->table != UINT32_MAX)
      is_valid &= wasmaot_expression_is_shallow(code, segment->destination);
    for (uint32_t item = 0; !segment->functions && item < segment->count; item++)
      is_valid &= wasmaot_expression_is_shallow(code, segment->expressions[item]);
  }
  return is_valid
             ? NULL
             : wasmaot_error_format(WASMAOT_ERROR_INCOMPATIBLE,
                                    "a constant expression needs more than %d operands at once",
                                    MAX_EXPRESSION_DEPTH);
}

// ---- Imports and exports ----------------------------------------------------------------------

static bool make_imports(struct wasmaot_module *module) {
  const struct wasmaot_code *code = module->code;
  uint32_t *positions[5];
  for (uint32_t kind = 0; kind < 5; kind++) {
    positions[kind] = allocate(code->import_count, sizeof *positions[kind]);
    module->import_of[kind] = positions[kind];
    if (!positions[kind])
      return false;
  }
  for (uint32_t i = 0; i < code->import_count; i++) {
    uint32_t kind = code->imports[i].kind;
    positions[kind][module->imported[kind]++] = i;
  }
  return true;
}

static int compare_bytes(const char *a, size_t a_size, const char *b, size_t b_size) {
  size_t size = a_size < b_size ? a_size : b_size;
  int order = size > 0 ? memcmp(a, b, size) : 0;
  return order != 0 ? order : a_size < b_size ? -1 : a_size > b_size;
}

// Sorts positions of exports by name, in place: heap sort, since qsort takes no context.
static void sift_down(uint32_t *order, uint32_t count, uint32_t root,
                      const struct wasmaot_export_entry *exports) {
#define NAME_ORDER(a, b)                                                                           \
  compare_bytes(exports[a].name.bytes, exports[a].name.size, exports[b].name.bytes,                \
                exports[b].name.size)
  for (;;) {
    uint32_t child = 2 * root + 1;
    if (child >= count)
      return;
    if (child + 1 < count && NAME_ORDER(order[child], order[child + 1]) < 0)
      child++;
    if (NAME_ORDER(order[root], order[child]) >= 0)
      return;
    uint32_t moved = order[root];
    order[root] = order[child];
    order[child] = moved;
    root = child;
  }
#undef NAME_ORDER
}

static bool make_export_order(struct wasmaot_module *module) {
  const struct wasmaot_code *code = module->code;
  uint32_t *order = allocate(code->export_count, sizeof *order);
  module->export_order = order;
  if (!order)
    return false;
  for (uint32_t i = 0; i < code->export_count; i++)
    order[i] = i;
  for (uint32_t i = code->export_count / 2; i-- > 0;)
    sift_down(order, code->export_count, i, code->exports);
  for (uint32_t end = code->export_count; end-- > 1;) {
    uint32_t last = order[0];
    order[0] = order[end];
    order[end] = last;
    sift_down(order, end, 0, code->exports);
  }
  return true;
}

bool wasmaot_instance_export(wasmaot_instance *instance, const char *name, size_t size,
                             wasmaot_extern *result) {
  const struct wasmaot_module *module = instance_of(instance)->module;
  const struct wasmaot_export_entry *exports = module->code->exports;
  uint32_t low = 0;
  uint32_t high = module->code->export_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    uint32_t position = module->export_order[middle];
    int order =
        compare_bytes(name, size, exports[position].name.bytes, exports[position].name.size);
    if (order == 0)
      return wasmaot_instance_export_at(instance, position, result);
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return false;
}

static bool refers_to_code(wasmaot_valkind kind) {
  return kind == WASMAOT_FUNCREF || kind == WASMAOT_EXNREF;
}

// Whether an import takes references: a table, a global that can be set, a parameter of a function.
// (What is thrown goes to callers: the host, or who imported or was given a function.)
static bool takes_references(const struct wasmaot_module *module,
                             const struct wasmaot_import *import) {
  const struct wasmaot_code *code = module->code;
  switch (import->kind) {
  case WASMAOT_EXTERN_TABLE:
    return refers_to_code(module->table_types[import->index].kind);
  case WASMAOT_EXTERN_GLOBAL:
    return (code->globals[import->index].flags & WASMAOT_ENTITY_MUTABLE) != 0 &&
           refers_to_code(module->global_types[import->index].kind);
  case WASMAOT_EXTERN_FUNC: {
    const struct type *type = module->types[code->functions[import->index].signature];
    for (uint32_t i = 0; i < type->param_count; i++)
      if (refers_to_code(type->kinds[i]))
        return true;
    return false;
  }
  default:
    return false;
  }
}

// ---- Layout -----------------------------------------------------------------------------------

static uint64_t place(uint64_t *end, uint64_t count, uint64_t size, uint64_t alignment) {
  uint64_t start = (*end + alignment - 1) & ~(alignment - 1);
  *end = start + count * size;
  return start;
}

static void lay_out(struct wasmaot_module *module) {
  const struct wasmaot_code *code = module->code;
  uint64_t items = 0;
  for (uint32_t i = 0; i < code->element_count; i++)
    if (code->elements[i].table == UINT32_MAX && code->elements[i].offset != UINT32_MAX)
      items += code->elements[i].count;
  uint64_t end = sizeof(struct instance);
  module->instance_at = place(&end, 1, code->instance_size, BLOCK_ALIGNMENT);
  module->memories_at = place(&end, code->memory_count - module->imported[WASMAOT_EXTERN_MEMORY],
                              sizeof(struct memory), 16);
  module->globals_at = place(&end, code->global_count - module->imported[WASMAOT_EXTERN_GLOBAL],
                             sizeof(struct wasmaot_global), 16);
  module->tags_at = place(&end, code->tag_count - module->imported[WASMAOT_EXTERN_TAG],
                          sizeof(struct wasmaot_tag), 16);
  module->imports_at = place(&end, code->import_count, sizeof(wasmaot_extern), 16);
  module->items_at = place(&end, items, sizeof(void *), 16);
  module->block_size = (end + BLOCK_ALIGNMENT - 1) & ~(BLOCK_ALIGNMENT - 1);
}

// ---- Unwind tables ----------------------------------------------------------------------------

// Finds the artefact that holds the code, for backtraces: a library, or the program itself.
static int find_artefact(struct dl_phdr_info *info, size_t size, void *argument) {
  (void)size;
  struct wasmaot_unwind_area *area = argument;
  uint64_t code = (uint64_t)(uintptr_t)area->text_start;
  const ElfW(Phdr) *header = NULL;
  bool has_code = false;
  for (unsigned i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    uint64_t start = info->dlpi_addr + segment->p_vaddr;
    has_code |= segment->p_type == PT_LOAD && code >= start && code < start + segment->p_memsz;
    if (segment->p_type == PT_GNU_EH_FRAME)
      header = segment;
  }
  if (!has_code)
    return 0;
  if (header) {
    area->frame_header = (const uint8_t *)(uintptr_t)(info->dlpi_addr + header->p_vaddr);
    area->frame_header_size = header->p_memsz;
  }
  return 1;
}

// ---- The host's side --------------------------------------------------------------------------

wasmaot_error *wasmaot_module_load(wasmaot_engine *engine, const wasmaot_code *code,
                                   wasmaot_module **result) {
  wasmaot_error *error = check_version(code);
  if (error)
    return error;
  struct wasmaot_module *module = calloc(1, sizeof *module);
  if (!module)
    return wasmaot_error_memory();
  atomic_init(&module->references, 1);
  pthread_mutex_init(&module->lock, NULL);
  wasmaot_engine_retain(engine);
  module->engine = engine;
  module->code = code;
  module->area.text_start = code->text_start;
  module->area.text_end = code->text_end;
  dl_iterate_phdr(find_artefact, &module->area);
  if (!make_imports(module) || !make_export_order(module))
    error = wasmaot_error_memory();
  if (!error)
    error = make_types(module);
  if (!error)
    error = check_expressions(code);
  if (!error)
    error = check_entries(code);
  if (!error)
    error = make_images(module);
  if (error) {
    destroy(module);
    return error;
  }
  for (uint32_t i = 0; i < code->import_count; i++)
    module->may_leak |= takes_references(module, &code->imports[i]);
  lay_out(module);
  *result = module;
  return NULL;
}

size_t wasmaot_module_import_count(const wasmaot_module *module) {
  return module->code->import_count;
}

// The contract's numbers of kinds are the public ones.
_Static_assert((int)WASMAOT_FUNC == WASMAOT_EXTERN_FUNC &&
                   (int)WASMAOT_TABLE == WASMAOT_EXTERN_TABLE &&
                   (int)WASMAOT_MEMORY == WASMAOT_EXTERN_MEMORY &&
                   (int)WASMAOT_GLOBAL == WASMAOT_EXTERN_GLOBAL &&
                   (int)WASMAOT_TAG == WASMAOT_EXTERN_TAG,
               "kinds");

static wasmaot_bytes bytes_of(const struct wasmaot_name *name) {
  return (wasmaot_bytes){name->bytes, name->size};
}

wasmaot_externkind wasmaot_module_import(const wasmaot_module *module, size_t index,
                                         wasmaot_bytes *from, wasmaot_bytes *name) {
  static const struct wasmaot_import none;
  const struct wasmaot_import *import =
      index < module->code->import_count ? &module->code->imports[index] : &none;
  if (from)
    *from = bytes_of(&import->module);
  if (name)
    *name = bytes_of(&import->name);
  return (wasmaot_externkind)import->kind;
}

size_t wasmaot_module_export_count(const wasmaot_module *module) {
  return module->code->export_count;
}

wasmaot_externkind wasmaot_module_export(const wasmaot_module *module, size_t index,
                                         wasmaot_bytes *name) {
  static const struct wasmaot_export_entry none;
  const struct wasmaot_export_entry *entry =
      index < module->code->export_count ? &module->code->exports[index] : &none;
  if (name)
    *name = bytes_of(&entry->name);
  return (wasmaot_externkind)entry->kind;
}

uint64_t wasmaot_module_interface_hash(const wasmaot_module *module) {
  return module->code->interface_hash;
}
