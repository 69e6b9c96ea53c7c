#include "runtime.h"

#include <stdio.h>

static _Atomic uint64_t store_count;

wasmaot_store *wasmaot_store_new(wasmaot_engine *engine, const wasmaot_store_config *config) {
  struct wasmaot_store *store = calloc(1, sizeof *store);
  if (!store)
    return NULL;
  store->engine = engine;
  store->serial = atomic_fetch_add_explicit(&store_count, 1, memory_order_relaxed) + 1;
  if (config) {
    store->max_memory = config->max_memory;
    store->max_table_elements = config->max_table_elements;
    store->data = config->data;
    store->max_instances = config->max_instances;
    store->max_memories = config->max_memories;
  }
  atomic_init(&store->interrupted, 0);
  atomic_init(&store->wakes, 0);
  atomic_init(&store->thread, 0);
  atomic_init(&store->modules, NULL);
  wasmaot_engine_retain(engine);
  return store;
}

void wasmaot_store_delete(wasmaot_store *store) {
  if (!store)
    return;
  if (store->activation) {
    // Its code would go on in memory that is free.
    fputs("wasmaot_store_delete: wasm of this store is running\n", stderr);
    abort();
  }
  while (store->instances)
    wasmaot_instance_end(store->instances);
  while (store->memories) { // the host's: those of instances are gone
    struct memory *memory = store->memories;
    wasmaot_memory_end(memory);
    free(memory);
  }
  for (uint32_t i = 0; i < store->shared_count; i++)
    wasmaot_shared_memory_release(store->shared[i]);
  free(store->shared);
  while (store->tables) {
    struct host_table *table = store->tables;
    store->tables = table->next;
    wasmaot_table_end(&table->abi);
    wasmaot_table_free(&table->abi);
    free(table);
  }
  while (store->globals) {
    struct wasmaot_global *global = store->globals;
    store->globals = global->next;
    free(global);
  }
  while (store->tags) {
    struct wasmaot_tag *tag = store->tags;
    store->tags = tag->next;
    free(tag);
  }
  while (store->functions) {
    struct host_function *function = store->functions;
    store->functions = function->next;
    if (function->finalize)
      function->finalize(function->data);
    free(function);
  }
  wasmaot_wasi_delete(store->wasi);
  wasmaot_exceptions_end(store);
  struct module_uses *uses = atomic_load(&store->modules);
  for (uint32_t i = 0; uses && i < uses->count; i++)
    wasmaot_module_release(uses->uses[i].module);
  free(uses);
  wasmaot_engine_release(store->engine);
  free(store);
}

void *wasmaot_store_data(const wasmaot_store *store) { return store->data; }

void wasmaot_store_interrupt(wasmaot_store *store) {
  // In this order, and wasmaot_enter's is the other way round: either the thread is seen here, or
  // the flag there.
  atomic_store(&store->interrupted, INTERRUPTED);
  int thread = atomic_load(&store->thread);
  if (thread != 0)
    wasmaot_signal_thread(thread);
  wasmaot_wake(store);
}

void wasmaot_store_clear_interrupt(wasmaot_store *store) {
  atomic_store(&store->interrupted, NOT_INTERRUPTED);
}

// ---- Fuel -------------------------------------------------------------------------------------

// Code lets the count fall below zero before it traps, and what is below is consumed, too.
static uint64_t consumed_since_set(const struct wasmaot_store *store) {
  return store->fuel_set - (uint64_t)store->fuel;
}

void wasmaot_store_set_fuel(wasmaot_store *store, uint64_t fuel) {
  store->fuel_consumed += consumed_since_set(store);
  store->fuel_set = fuel < INT64_MAX ? fuel : INT64_MAX;
  store->fuel = (int64_t)store->fuel_set;
}

uint64_t wasmaot_store_fuel(const wasmaot_store *store) {
  return store->fuel > 0 ? (uint64_t)store->fuel : 0;
}

uint64_t wasmaot_store_fuel_consumed(const wasmaot_store *store) {
  return store->fuel_consumed + consumed_since_set(store);
}

// ---- Modules in use ---------------------------------------------------------------------------

static struct module_use *find_use(struct module_uses *uses, const struct wasmaot_module *module) {
  for (uint32_t i = 0; uses && i < uses->count; i++)
    if (uses->uses[i].module == module)
      return &uses->uses[i];
  return NULL;
}

// A copy of the uses with room for one more, or null.
static struct module_uses *copy_uses(const struct module_uses *uses) {
  uint32_t count = uses ? uses->count : 0;
  struct module_uses *copy = malloc(sizeof *copy + (count + 1) * sizeof copy->uses[0]);
  if (!copy)
    return NULL;
  copy->count = count;
  if (count > 0)
    memcpy(copy->uses, uses->uses, count * sizeof copy->uses[0]);
  return copy;
}

static int compare_uses(const void *a, const void *b) {
  uint64_t x = ((const struct module_use *)a)->text_start;
  uint64_t y = ((const struct module_use *)b)->text_start;
  return x < y ? -1 : x > y;
}

// Signal handlers on this thread see either all of the old or all of the new; no other thread
// looks.
static void publish(struct wasmaot_store *store, struct module_uses *uses) {
  qsort(uses->uses, uses->count, sizeof uses->uses[0], compare_uses);
  free(atomic_exchange(&store->modules, uses));
}

bool wasmaot_store_use(struct wasmaot_store *store, struct wasmaot_module *module) {
  struct module_uses *uses = atomic_load_explicit(&store->modules, memory_order_relaxed);
  struct module_use *use = find_use(uses, module);
  if (use) {
    use->instances++;
    return true;
  }
  struct module_uses *copy = copy_uses(uses);
  if (!copy)
    return false;
  copy->uses[copy->count++] =
      (struct module_use){.module = module,
                          .text_start = (uint64_t)(uintptr_t)module->code->text_start,
                          .text_end = (uint64_t)(uintptr_t)module->code->text_end,
                          .instances = 1};
  wasmaot_module_retain(module);
  publish(store, copy);
  wasmaot_functions_adapt(store, module);
  return true;
}

void wasmaot_store_unuse(struct wasmaot_store *store, struct wasmaot_module *module) {
  struct module_uses *uses = atomic_load_explicit(&store->modules, memory_order_relaxed);
  struct module_use *use = find_use(uses, module);
  if (--use->instances > 0 || use->is_pinned)
    return;
  struct module_uses *copy = copy_uses(uses);
  if (!copy) // stays until the store is deleted
    return;
  copy->uses[use - uses->uses] = copy->uses[--copy->count];
  publish(store, copy);
  wasmaot_module_release(module);
}

const struct module_use *wasmaot_store_find_code(const struct wasmaot_store *store, uint64_t pc) {
  const struct module_uses *uses = atomic_load_explicit(&store->modules, memory_order_acquire);
  uint32_t low = 0;
  uint32_t count = uses ? uses->count : 0;
  while (count > 0) { // the last one that starts at or before pc
    uint32_t half = count / 2;
    if (uses->uses[low + half].text_start <= pc) {
      low += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return low > 0 && pc < uses->uses[low - 1].text_end ? &uses->uses[low - 1] : NULL;
}
