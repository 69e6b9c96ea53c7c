// Tables that the program can change.
#include "runtime.h"
#include "../common/sys.h"

#include <string.h>
#include <sys/mman.h>

// The limit that browsers share; a table of the full 32-bit range would take 64 GiB.
#define TABLE_LIMIT 10000000ull

// Values of wasmaot_table.reserved.
enum { STORAGE_GENERATED = 0, STORAGE_MAPPED = 1 };

size_t wasmaot_table_entry_size(const struct wasmaot_table *table) {
  return table->kind == WASMAOT_TABLE_FUNCREF ? sizeof(struct wasmaot_func) : sizeof(void *);
}

static void check(const struct wasmaot_table *table, uint64_t start, uint64_t count) {
  if (count > table->size || start > table->size - count)
    wasmaot_trap(WASMAOT_TRAP_TABLE_OUT_OF_BOUNDS);
}

// Null is all zero for both kinds of entry. `start` and `count` are checked.
static void store(struct wasmaot_table *table, uint64_t start, const void *value, uint64_t count) {
  if (table->kind == WASMAOT_TABLE_FUNCREF) {
    static const struct wasmaot_func null_entry;
    struct wasmaot_func entry = value ? *(const struct wasmaot_func *)value : null_entry;
    struct wasmaot_func *entries = table->entries;
    for (uint64_t i = 0; i < count; i++)
      entries[start + i] = entry;
  } else {
    const void **entries = table->entries;
    for (uint64_t i = 0; i < count; i++)
      entries[start + i] = value;
  }
}

// Moves the entries to a mapping with room for `size` of them, and as many again.
static bool make_room(struct wasmaot_table *table, uint64_t size) {
  uint64_t capacity = size <= TABLE_LIMIT / 2 ? size * 2 : TABLE_LIMIT;
  size_t entry = wasmaot_table_entry_size(table);
  long mapped = sys6(SYS_mmap, 0, (long)(capacity * entry), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (sys_failed(mapped))
    return false;
  void *entries = (void *)mapped; // NOLINT: an address that mmap gave
  if (table->size > 0)
    memcpy(entries, table->entries, table->size * entry);
  wasmaot_table_release(table);
  table->entries = entries;
  table->capacity = capacity;
  table->reserved = STORAGE_MAPPED;
  return true;
}

void wasmaot_table_release(struct wasmaot_table *table) {
  if (table->reserved == STORAGE_MAPPED)
    sys2(SYS_munmap, table->entries, table->capacity * wasmaot_table_entry_size(table));
}

uint64_t wasmaot_table_grow(struct wasmaot_table *table, const void *value, uint64_t delta) {
  uint64_t old = table->size;
  uint64_t maximum = table->maximum < TABLE_LIMIT ? table->maximum : TABLE_LIMIT;
  if (old > maximum || delta > maximum - old)
    return UINT64_MAX;
  if (old + delta > table->capacity && !make_room(table, old + delta))
    return UINT64_MAX;
  table->size = old + delta;
  store(table, old, value, delta);
  return old;
}

void wasmaot_table_fill(struct wasmaot_table *table, uint64_t start, const void *value,
                        uint64_t count) {
  check(table, start, count);
  store(table, start, value, count);
}

void wasmaot_table_copy(struct wasmaot_table *destination_table,
                        const struct wasmaot_table *source_table, uint64_t destination,
                        uint64_t source, uint64_t count) {
  check(source_table, source, count);
  check(destination_table, destination, count);
  size_t size = wasmaot_table_entry_size(destination_table);
  if (count > 0)
    memmove((char *)destination_table->entries + destination * size,
            (const char *)source_table->entries + source * size, count * size);
}

void wasmaot_table_init(struct wasmaot_table *table, const struct wasmaot_element_segment *segment,
                        uint64_t destination, uint64_t source, uint64_t count) {
  if (count > segment->size || source > segment->size - count)
    wasmaot_trap(WASMAOT_TRAP_TABLE_OUT_OF_BOUNDS);
  check(table, destination, count);
  for (uint64_t i = 0; i < count; i++)
    store(table, destination + i, segment->items[source + i], 1);
}
