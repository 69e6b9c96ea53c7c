// Instances. A block holds all of one: struct instance, what generated code knows (laid out by the
// compiler), and the handles of what the instance defines. Blocks are recycled by their module: the
// parts that are the same for every instance stay filled.
#include "runtime.h"

// ---- Blocks -----------------------------------------------------------------------------------

static void fill_functions(const struct wasmaot_module *module, struct wasmaot_instance *abi) {
  const struct wasmaot_code *code = module->code;
  struct wasmaot_func_ref *functions = (void *)((char *)abi + code->described_offset);
  for (uint32_t i = 0; i < code->described_count; i++) {
    const struct wasmaot_described_function *function = &code->described[i];
    if (function->code)
      functions[i] = (struct wasmaot_func_ref){.code = function->code,
                                               .context = abi,
                                               .type = module->numbers[function->signature],
                                               .flags = function->signature,
                                               .self = &functions[i]};
  }
}

static void fill_handles(struct instance *instance) {
  const struct wasmaot_module *module = instance->module;
  const struct wasmaot_code *code = module->code;
  uint32_t imported = module->imported[WASMAOT_EXTERN_GLOBAL];
  for (uint32_t i = imported; i < code->global_count; i++) {
    const struct wasmaot_entity *type = &code->globals[i];
    struct wasmaot_global *global = &instance->globals[i - imported];
    global->type = module->global_types[i];
    global->owner = instance;
    global->is_mutable = (type->flags & WASMAOT_ENTITY_MUTABLE) != 0;
    global->value =
        type->offset == UINT32_MAX ? (void *)&global->storage : instance_at(instance, type->offset);
  }
  imported = module->imported[WASMAOT_EXTERN_TAG];
  for (uint32_t i = imported; i < code->tag_count; i++) {
    struct wasmaot_tag *tag = &instance->tags[i - imported];
    tag->type = module->types[code->tags[i].signature];
    tag->owner = instance;
    void **identity = tag->own_identity;
    if (code->tags[i].offset != UINT32_MAX) {
      // The slot, then the 16 bytes whose address is the tag's identity.
      void **slot = instance_at(instance, code->tags[i].offset);
      identity = slot + 1;
      slot[0] = identity;
    }
    identity[0] = tag;
    tag->identity = identity;
  }
}

static struct instance *make_block(struct wasmaot_module *module) {
  char *block = aligned_alloc(64, module->block_size);
  if (!block)
    return NULL;
  memset(block, 0, module->block_size);
  struct instance *instance = (struct instance *)(void *)block;
  struct wasmaot_instance *abi = (void *)(block + module->instance_at);
  *instance = (struct instance){.module = module,
                                .abi = abi,
                                .memories = (void *)(block + module->memories_at),
                                .globals = (void *)(block + module->globals_at),
                                .tags = (void *)(block + module->tags_at),
                                .imports = (void *)(block + module->imports_at),
                                .items = (void *)(block + module->items_at)};
  *abi = (struct wasmaot_instance){.runtime = &wasmaot_runtime,
                                   .types = module->numbers,
                                   .module = module,
                                   .host_info = instance};
  fill_functions(module, abi);
  fill_handles(instance);
  return instance;
}

static struct instance *take_block(struct wasmaot_module *module) {
  pthread_mutex_lock(&module->lock);
  struct instance *instance = module->free;
  if (instance) {
    module->free = instance->next;
    module->free_count--;
  }
  pthread_mutex_unlock(&module->lock);
  return instance ? instance : make_block(module);
}

static void give_block(struct instance *instance) {
  struct wasmaot_module *module = instance->module;
  const struct wasmaot_code *code = module->code;
  pthread_mutex_lock(&module->lock);
  bool is_kept = module->free_count < module->engine->pool.limit;
  if (is_kept) {
    instance->next = module->free;
    module->free = instance;
    module->free_count++;
  }
  pthread_mutex_unlock(&module->lock);
  if (is_kept)
    return;
  for (uint32_t i = module->imported[WASMAOT_EXTERN_TABLE]; i < code->table_count; i++)
    if (code->tables[i].offset != UINT32_MAX)
      wasmaot_table_free(instance_at(instance, code->tables[i].offset));
  free(instance);
}

// ---- Imports ----------------------------------------------------------------------------------

// A copy of a reference, with code that this module's callers can call.
static struct wasmaot_func_ref import_function(const struct wasmaot_module *module,
                                               uint32_t signature,
                                               const struct wasmaot_func_ref *function) {
  struct wasmaot_func_ref copy = *function->self;
  if ((copy.flags & FUNCTION_OF_HOST) != 0)
    copy.code = module->code->signatures[signature].host_adaptor;
  return copy;
}

static void share(const wasmaot_extern *given) {
  switch (given->kind) {
  case WASMAOT_FUNC:
    instance_share(wasmaot_func_owner(given->of.func));
    break;
  case WASMAOT_TABLE:
    instance_share(table_header(given->of.table)->owner);
    break;
  case WASMAOT_MEMORY:
    instance_share(memory_of(given->of.memory)->owner);
    break;
  case WASMAOT_GLOBAL:
    instance_share(given->of.global->owner);
    break;
  case WASMAOT_TAG:
    instance_share(given->of.tag->owner);
    break;
  }
}

// Faults in them are explained by the store, and waits in them must not outlive them.
static bool hold_shared_memories(struct wasmaot_store *store, const struct wasmaot_module *module,
                                 const wasmaot_extern *imports) {
  for (uint32_t i = 0; i < module->code->import_count; i++) {
    struct shared_memory *shared =
        imports[i].kind == WASMAOT_MEMORY ? memory_of(imports[i].of.memory)->shared : NULL;
    if (shared && !wasmaot_store_hold(store, shared))
      return false;
  }
  return true;
}

static void place_imports(struct instance *instance, const wasmaot_extern *imports) {
  const struct wasmaot_module *module = instance->module;
  const struct wasmaot_code *code = module->code;
  if (code->import_count > 0)
    memcpy((void *)(uintptr_t)instance->imports, imports, code->import_count * sizeof *imports);
  for (uint32_t i = 0; i < code->import_count; i++) {
    const wasmaot_extern *given = &imports[i];
    share(given);
    const struct wasmaot_entity *entity =
        &code_entities(code, code->imports[i].kind)[code->imports[i].index];
    if (entity->offset == UINT32_MAX)
      continue;
    void *slot = instance_at(instance, entity->offset);
    switch (given->kind) {
    case WASMAOT_FUNC:
      *(struct wasmaot_func_ref *)slot = import_function(module, entity->signature, given->of.func);
      break;
    case WASMAOT_TABLE:
      *(struct wasmaot_table **)slot = given->of.table;
      break;
    case WASMAOT_MEMORY:
      *(struct wasmaot_memory_slot *)slot =
          (struct wasmaot_memory_slot){given->of.memory->base, given->of.memory};
      break;
    case WASMAOT_GLOBAL:
      *(void **)slot = given->of.global->value;
      break;
    case WASMAOT_TAG:
      *(const void **)slot = given->of.tag->identity;
      break;
    }
  }
  if (module->imported[WASMAOT_EXTERN_FUNC] == 0)
    return;
  struct wasmaot_func_ref *functions = instance_at(instance, code->described_offset);
  for (uint32_t i = 0; i < code->described_count; i++) {
    const struct wasmaot_described_function *function = &code->described[i];
    if (!function->code)
      functions[i] = import_function(
          module, function->signature,
          imports[module->import_of[WASMAOT_EXTERN_FUNC][function->function]].of.func);
  }
}

// ---- Memories and tables ----------------------------------------------------------------------

// Initial contents that could not be mapped: of memories that may move, or without memfds.
static void copy_images(struct instance *instance) {
  const struct wasmaot_module *module = instance->module;
  const struct wasmaot_code *code = module->code;
  uint32_t imported = module->imported[WASMAOT_EXTERN_MEMORY];
  for (uint32_t i = 0; i < code->image_count; i++) {
    const struct wasmaot_image *piece = &code->images[i];
    if (module->images[piece->memory])
      continue;
    const struct wasmaot_memory *memory = &instance->memories[piece->memory - imported].abi;
    // Pages of a byte: a piece is whole pages of the host's, the memory may be less.
    uint64_t size = piece->offset < memory->bytes ? memory->bytes - piece->offset : 0;
    if (size > 0)
      memcpy(memory->base + piece->offset, piece->bytes, size < piece->size ? size : piece->size);
  }
}

static uint32_t start_memories(struct instance *instance) {
  const struct wasmaot_module *module = instance->module;
  const struct wasmaot_code *code = module->code;
  uint32_t imported = module->imported[WASMAOT_EXTERN_MEMORY];
  uint32_t started = imported;
  for (; started < code->memory_count; started++) {
    const struct wasmaot_entity *type = &code->memories[started];
    struct memory *memory = &instance->memories[started - imported];
    if (!wasmaot_memory_start(instance->store, memory, type, module->images[started]))
      break;
    memory->owner = instance;
    if (type->offset != UINT32_MAX)
      *(struct wasmaot_memory_slot *)instance_at(instance, type->offset) =
          (struct wasmaot_memory_slot){memory->abi.base, &memory->abi};
  }
  return started;
}

static uint32_t start_tables(struct instance *instance) {
  const struct wasmaot_module *module = instance->module;
  const struct wasmaot_code *code = module->code;
  uint32_t started = module->imported[WASMAOT_EXTERN_TABLE];
  for (; started < code->table_count; started++) {
    if (code->tables[started].offset == UINT32_MAX)
      continue;
    struct wasmaot_table *table = instance_at(instance, code->tables[started].offset);
    if (!wasmaot_table_start(instance->store, table, module->table_types[started],
                             &code->tables[started]))
      break;
    table_header(table)->owner = instance;
  }
  return started;
}

static void end_parts(struct instance *instance, uint32_t memories, uint32_t tables) {
  const struct wasmaot_module *module = instance->module;
  uint32_t imported = module->imported[WASMAOT_EXTERN_MEMORY];
  for (uint32_t i = imported; i < memories; i++)
    wasmaot_memory_end(&instance->memories[i - imported]);
  for (uint32_t i = module->imported[WASMAOT_EXTERN_TABLE]; i < tables; i++)
    if (module->code->tables[i].offset != UINT32_MAX)
      wasmaot_table_end(instance_at(instance, module->code->tables[i].offset));
}

// ---- Instances --------------------------------------------------------------------------------

// Everything up to the point where other instances may see this one. Null if memory is out.
static struct instance *start(struct wasmaot_store *store, struct wasmaot_module *module,
                              const wasmaot_extern *imports, struct wasi_imports *wasi) {
  struct instance *instance = take_block(module);
  if (!instance)
    return NULL;
  instance->store = store;
  instance->is_shared = false;
  instance->is_deleted = false;
  instance->wasi = wasi;
  instance->abi->store = store;
  instance->abi->pending = &store->pending;
  instance->abi->stack_limit = &store->stack_limit;
  instance->abi->fuel = &store->fuel;
  uint32_t imported_tags = module->imported[WASMAOT_EXTERN_TAG];
  for (uint32_t i = imported_tags; i < module->code->tag_count; i++)
    instance->tags[i - imported_tags].store = store;
  uint32_t memories = start_memories(instance);
  uint32_t tables = memories == module->code->memory_count ? start_tables(instance) : 0;
  if (memories < module->code->memory_count || tables < module->code->table_count) {
    end_parts(instance, memories, tables);
    give_block(instance);
    return NULL;
  }
  place_imports(instance, imports);
  if (wasi)
    wasmaot_wasi_attach(wasi, instance);
  copy_images(instance);
  instance->next = store->instances;
  instance->link = &store->instances;
  if (instance->next)
    instance->next->link = &instance->next;
  store->instances = instance;
  return instance;
}

void wasmaot_instance_end(struct instance *instance) {
  struct wasmaot_store *store = instance->store;
  struct wasmaot_module *module = instance->module;
  *instance->link = instance->next;
  if (instance->next)
    instance->next->link = instance->link;
  store->instance_count--;
  // Another instance may have its functions of WASI, which must not find memory that is free.
  if (instance->wasi)
    wasmaot_wasi_attach(instance->wasi, NULL);
  end_parts(instance, module->code->memory_count, module->code->table_count);
  give_block(instance);
  wasmaot_store_unuse(store, module); // may be the last that holds the module
}

// Whether nothing of the store but the instance itself can refer to what it defines. A guest must
// not be able to make this wrong: a function that it planted in another's table would run on memory
// that is free, or by then another store's. References leave an instance through the host
// (is_shared), by what others import of it (the same), or by its own imports.
static bool is_alone(const struct instance *instance) {
  return !instance->is_shared && !instance->module->may_leak;
}

// Those that were deleted while they, or who had called them, ran.
static void end_deleted(struct wasmaot_store *store) {
  if (!store->has_deleted || store->activation)
    return;
  store->has_deleted = false;
  struct instance *next;
  for (struct instance *instance = store->instances; instance; instance = next) {
    next = instance->next;
    if (instance->is_deleted && is_alone(instance))
      wasmaot_instance_end(instance);
  }
}

static wasmaot_error *run_start(struct instance *instance) {
  uint32_t index = instance->module->code->start;
  if (index == UINT32_MAX)
    return NULL;
  return wasmaot_func_call(wasmaot_instance_function(instance, index), NULL, 0, NULL, 0);
}

static wasmaot_error *instantiate(wasmaot_store *store, wasmaot_module *module,
                                  const wasmaot_extern *imports, size_t import_count,
                                  struct wasi_imports *wasi, wasmaot_instance **result) {
  wasmaot_error *error = wasmaot_link(store, module, imports, import_count);
  if (error)
    return error;
  end_deleted(store);
  if (!hold_shared_memories(store, module, imports) || !wasmaot_store_use(store, module))
    return wasmaot_error_memory();
  bool is_allowed = store->max_instances == 0 || store->instance_count < store->max_instances;
  struct instance *instance = is_allowed ? start(store, module, imports, wasi) : NULL;
  if (!instance) {
    wasmaot_store_unuse(store, module);
    return wasmaot_error_fixed(WASMAOT_ERROR_RESOURCE,
                               "no memory or address space for an instance, or the store's limit "
                               "is reached");
  }
  store->instance_count++;
  wasmaot_initialize_state(instance);
  uint32_t trap = wasmaot_initialize_segments(instance);
  error = trap != 0 ? wasmaot_error_of_trap(trap) : run_start(instance);
  if (error) {
    // Tables of others may lead to its functions by now.
    if (!is_alone(instance))
      return error;
    if (error->exception)
      wasmaot_exception_forget(error->exception, instance);
    wasmaot_instance_end(instance);
    return error;
  }
  *result = instance->abi;
  return NULL;
}

wasmaot_error *wasmaot_instance_new(wasmaot_store *store, wasmaot_module *module,
                                    const wasmaot_extern *imports, size_t import_count,
                                    wasmaot_instance **result) {
  if (module->engine != store->engine)
    return wasmaot_error_fixed(WASMAOT_ERROR_ARGUMENT, "module and store are of two engines");
  if (!store->wasi)
    return instantiate(store, module, imports, import_count, NULL, result);
  wasmaot_extern *made = NULL;
  struct wasi_imports *functions = NULL;
  wasmaot_error *error =
      wasmaot_wasi_import(store, module, &imports, &import_count, &made, &functions);
  if (!error)
    error = instantiate(store, module, imports, import_count, functions, result);
  free(made);
  return error;
}

void wasmaot_instance_delete(wasmaot_instance *instance) {
  if (!instance)
    return;
  struct instance *deleted = instance_of(instance);
  struct wasmaot_store *store = deleted->store;
  if (is_alone(deleted) && !store->activation) {
    wasmaot_instance_end(deleted);
  } else {
    deleted->is_deleted = true;
    store->has_deleted |= store->activation != NULL;
  }
  end_deleted(store);
}

wasmaot_store *wasmaot_instance_store(const wasmaot_instance *instance) { return instance->store; }

wasmaot_module *wasmaot_instance_module(const wasmaot_instance *instance) {
  return instance_of(instance)->module;
}

// ---- Exports ----------------------------------------------------------------------------------

const struct wasmaot_func_ref *wasmaot_instance_function(const struct instance *instance,
                                                         uint32_t index) {
  const struct wasmaot_code *code = instance->module->code;
  const struct wasmaot_func_ref *functions = instance_at(instance, code->described_offset);
  return functions[code->described_of_function[index]].self;
}

void wasmaot_instance_entity(const struct instance *instance, uint32_t kind, uint32_t index,
                             wasmaot_extern *result) {
  const struct wasmaot_module *module = instance->module;
  const struct wasmaot_code *code = module->code;
  uint32_t imported = module->imported[kind];
  if (index < imported && kind != WASMAOT_EXTERN_FUNC) {
    *result = instance->imports[module->import_of[kind][index]];
    return;
  }
  result->kind = (wasmaot_externkind)kind;
  switch (result->kind) {
  case WASMAOT_FUNC:
    result->of.func = wasmaot_instance_function(instance, index);
    break;
  case WASMAOT_TABLE:
    result->of.table = instance_at(instance, code->tables[index].offset);
    break;
  case WASMAOT_MEMORY:
    result->of.memory = &instance->memories[index - imported].abi;
    break;
  case WASMAOT_GLOBAL:
    result->of.global = &instance->globals[index - imported];
    break;
  case WASMAOT_TAG:
    result->of.tag = &instance->tags[index - imported];
    break;
  }
}

bool wasmaot_instance_export_at(wasmaot_instance *instance, size_t index, wasmaot_extern *result) {
  const struct wasmaot_code *code = instance_of(instance)->module->code;
  if (index >= code->export_count)
    return false;
  wasmaot_instance_entity(instance_of(instance), code->exports[index].kind,
                          code->exports[index].index, result);
  return true;
}
