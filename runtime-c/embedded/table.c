// Tables. Entries of functions are copies of their references; all others are pointers. Storage has
// a header in front, is the runtime's, and moves when it grows.
#include "runtime.h"

// The limit that browsers share, where the store has none of its own.
#define TABLE_LIMIT ((uint64_t)10000000)
// Storage that a recycled instance keeps for the next one.
#define KEPT_BYTES ((uint64_t)64 << 10)

static size_t entry_size(const struct wasmaot_table *table) {
  return table->kind == WASMAOT_TABLE_FUNCREF ? sizeof(struct wasmaot_func_ref) : sizeof(void *);
}

static bool is_within_limit(const struct wasmaot_store *store, uint64_t size, uint64_t delta) {
  if (store->max_table_elements == 0)
    return size <= TABLE_LIMIT && delta <= TABLE_LIMIT - size;
  return store->table_elements <= store->max_table_elements &&
         delta <= store->max_table_elements - store->table_elements;
}

// Storage with zeroed entries behind the header. Large ones cost nothing until they are touched:
// calloc maps them.
static struct table_header *make_storage(const struct wasmaot_table *table, uint64_t capacity) {
  size_t size = entry_size(table);
  if (capacity > (SIZE_MAX / 2) / size)
    return NULL;
  return calloc(1, sizeof(struct table_header) + capacity * size);
}

bool wasmaot_table_start(struct wasmaot_store *store, struct wasmaot_table *table,
                         struct valtype element, const struct wasmaot_entity *type) {
  uint64_t size = type->minimum;
  if (!is_within_limit(store, 0, size))
    return false;
  table->kind = element.kind == WASMAOT_FUNCREF  ? WASMAOT_TABLE_FUNCREF
                : element.kind == WASMAOT_EXNREF ? WASMAOT_TABLE_EXNREF
                                                 : WASMAOT_TABLE_EXTERNREF;
  if (!table->entries || table->capacity < size) {
    wasmaot_table_free(table);
    struct table_header *header = make_storage(table, size);
    if (!header)
      return false;
    table->entries = header + 1;
    table->capacity = size;
  }
  table->size = size;
  bool is_64 = (type->flags & WASMAOT_ENTITY_64) != 0;
  // table.size must fit the index type.
  table->maximum = is_64 || type->maximum < UINT32_MAX ? type->maximum : UINT32_MAX;
  *table_header(table) = (struct table_header){
      .store = store, .type_maximum = type->maximum, .element = element, .is_64 = is_64};
  store->table_elements += size;
  return true;
}

void wasmaot_table_end(struct wasmaot_table *table) {
  table_header(table)->store->table_elements -= table->size;
  // The next instance of this block finds nothing of this one.
  if (table->capacity * entry_size(table) > KEPT_BYTES)
    wasmaot_table_free(table);
  else
    memset(table->entries, 0, table->size * entry_size(table));
  table->size = 0;
}

void wasmaot_table_free(struct wasmaot_table *table) {
  if (table->entries)
    free(table_header(table));
  table->entries = NULL;
  table->capacity = 0;
}

void wasmaot_table_store(struct wasmaot_table *table, uint64_t start, const void *value,
                         uint64_t count) {
  if (table->kind == WASMAOT_TABLE_FUNCREF) {
    static const struct wasmaot_func_ref null_entry;
    struct wasmaot_func_ref entry = value ? *(const struct wasmaot_func_ref *)value : null_entry;
    struct wasmaot_func_ref *entries = table->entries;
    for (uint64_t i = 0; i < count; i++)
      entries[start + i] = entry;
  } else {
    const void **entries = table->entries;
    for (uint64_t i = 0; i < count; i++)
      entries[start + i] = value;
  }
}

uint64_t wasmaot_table_do_grow(struct wasmaot_table *table, const void *value, uint64_t delta) {
  struct wasmaot_store *store = table_header(table)->store;
  uint64_t old = table->size;
  if (old > table->maximum || delta > table->maximum - old || !is_within_limit(store, old, delta))
    return UINT64_MAX;
  uint64_t size = old + delta;
  if (size > table->capacity) {
    uint64_t capacity = size <= TABLE_LIMIT / 2 ? size * 2 : size;
    struct table_header *header = make_storage(table, capacity);
    if (!header)
      return UINT64_MAX;
    *header = *table_header(table);
    if (old > 0)
      memcpy(header + 1, table->entries, old * entry_size(table));
    free(table_header(table));
    table->entries = header + 1;
    table->capacity = capacity;
  }
  table->size = size;
  store->table_elements += delta;
  wasmaot_table_store(table, old, value, delta);
  return old;
}

void wasmaot_table_update(struct wasmaot_table *table, const struct wasmaot_func_ref *function) {
  if (table->kind != WASMAOT_TABLE_FUNCREF)
    return;
  struct wasmaot_func_ref *entries = table->entries;
  for (uint64_t i = 0; i < table->size; i++)
    if (entries[i].self == function)
      entries[i].code = function->code;
}

// ---- The host's side --------------------------------------------------------------------------

static const void *reference_of(struct valtype type, const wasmaot_val *value) {
  switch (type.kind) {
  case WASMAOT_FUNCREF:
    return value->funcref ? value->funcref->self : NULL;
  case WASMAOT_EXNREF:
    return value->exnref;
  default:
    return value->externref;
  }
}

wasmaot_error *wasmaot_table_new(wasmaot_store *store, wasmaot_valkind kind, wasmaot_limits entries,
                                 wasmaot_val initial, wasmaot_table **result) {
  if (kind < WASMAOT_FUNCREF || kind > WASMAOT_EXNREF || entries.minimum > entries.maximum)
    return wasmaot_error_fixed(WASMAOT_ERROR_ARGUMENT,
                               "entries of a table are references, and its limits in order");
  struct valtype element = {.kind = (uint8_t)kind, .nullable = true};
  if (!wasmaot_value_fits(store, element, &initial))
    return wasmaot_error_fixed(WASMAOT_ERROR_ARGUMENT, "a function of another store");
  if (!wasmaot_values_pass(store, &element, 1, &initial))
    return wasmaot_error_memory();
  struct host_table *table = calloc(1, sizeof *table);
  struct wasmaot_entity type = {.minimum = entries.minimum, .maximum = entries.maximum};
  if (!table || !wasmaot_table_start(store, &table->abi, element, &type)) {
    free(table);
    return wasmaot_error_fixed(WASMAOT_ERROR_RESOURCE,
                               "no memory for a table, or the store's limit is reached");
  }
  wasmaot_table_store(&table->abi, 0, reference_of(element, &initial), entries.minimum);
  table->next = store->tables;
  store->tables = table;
  *result = &table->abi;
  return NULL;
}

wasmaot_valkind wasmaot_table_kind(const wasmaot_table *table) {
  return (wasmaot_valkind)table_header(table)->element.kind;
}

uint64_t wasmaot_table_size(const wasmaot_table *table) { return table->size; }

wasmaot_limits wasmaot_table_limits(const wasmaot_table *table) {
  return (wasmaot_limits){table->size, table_header(table)->type_maximum};
}

bool wasmaot_table_get(const wasmaot_table *table, uint64_t index, wasmaot_val *value) {
  if (index >= table->size)
    return false;
  *value = (wasmaot_val){.v128 = {0}};
  if (table->kind == WASMAOT_TABLE_FUNCREF)
    value->funcref = ((const struct wasmaot_func_ref *)table->entries)[index].self;
  else
    value->externref = ((void *const *)table->entries)[index];
  const wasmaot_valkind kind = wasmaot_table_kind(table);
  wasmaot_values_show(&kind, 1, value);
  return true;
}

bool wasmaot_table_set(wasmaot_table *table, uint64_t index, wasmaot_val value) {
  const struct table_header *header = table_header(table);
  if (index >= table->size || !wasmaot_value_fits(header->store, header->element, &value) ||
      !wasmaot_values_pass(header->store, &header->element, 1, &value))
    return false;
  wasmaot_table_store(table, index, reference_of(header->element, &value), 1);
  return true;
}

bool wasmaot_table_grow(wasmaot_table *table, uint64_t entries, wasmaot_val value,
                        uint64_t *old_size) {
  const struct table_header *header = table_header(table);
  if (!wasmaot_value_fits(header->store, header->element, &value) ||
      !wasmaot_values_pass(header->store, &header->element, 1, &value))
    return false;
  uint64_t old = wasmaot_table_do_grow(table, reference_of(header->element, &value), entries);
  if (old == UINT64_MAX)
    return false;
  if (old_size)
    *old_size = old;
  return true;
}
