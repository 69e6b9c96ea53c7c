// Tables that the program can change.
#include "../common/sys.h"
#include "runtime.h"

#include <string.h>
#include <sys/mman.h>

// The limit that browsers share; a table of the full 32-bit range would take 64 GiB. Also of what
// is mapped for all tables that grew: a module may have a hundred.
#define TABLE_LIMIT 10000000ull

static uint64_t entries_mapped;

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

// ---- Growing ----------------------------------------------------------------------------------

static void give_back(const struct wasmaot_table *table, uint64_t entries) {
  __atomic_fetch_sub(&entries_mapped, entries, __ATOMIC_RELAXED);
  wasmaot_give_memory_back(entries * wasmaot_table_entry_size(table));
}

// Counts entries against both limits. False where that would be too much.
static bool take(const struct wasmaot_table *table, uint64_t entries) {
  if (!wasmaot_take_memory(entries * wasmaot_table_entry_size(table))) // at most TABLE_LIMIT
    return false;
  if (__atomic_add_fetch(&entries_mapped, entries, __ATOMIC_RELAXED) <= TABLE_LIMIT)
    return true;
  give_back(table, entries);
  return false;
}

static uint64_t mapped_entries(const struct wasmaot_table *table) {
  return table->reserved == STORAGE_MAPPED ? table->capacity : 0;
}

static void unmap(struct wasmaot_table *table) {
  uint64_t entries = mapped_entries(table);
  if (entries > 0)
    sys2(SYS_munmap, table->entries, entries * wasmaot_table_entry_size(table));
}

// Moves the entries to a mapping with room for `size` of them, and as many again if there may be.
static bool make_room(struct wasmaot_table *table, uint64_t size) {
  uint64_t capacity = size <= TABLE_LIMIT / 2 ? size * 2 : TABLE_LIMIT;
  uint64_t old = mapped_entries(table);
  if (!take(table, capacity - old)) {
    capacity = size;
    if (!take(table, capacity - old))
      return false;
  }
  size_t entry = wasmaot_table_entry_size(table);
  long mapped = sys6(SYS_mmap, 0, (long)(capacity * entry), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (sys_failed(mapped)) {
    give_back(table, capacity - old);
    return false;
  }
  void *entries = (void *)mapped; // NOLINT: an address that mmap gave
  if (table->size > 0)
    memcpy(entries, table->entries, table->size * entry);
  unmap(table);
  table->entries = entries;
  table->capacity = capacity;
  table->reserved = STORAGE_MAPPED;
  return true;
}

void wasmaot_table_release(struct wasmaot_table *table) {
  unmap(table);
  give_back(table, mapped_entries(table));
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
    wasmaot_memory_copy((uint8_t *)destination_table->entries + destination * size,
                        (const uint8_t *)source_table->entries + source * size, count * size);
}

void wasmaot_table_init(struct wasmaot_table *table, const struct wasmaot_element_segment *segment,
                        uint64_t destination, uint64_t source, uint64_t count) {
  if (count > segment->size || source > segment->size - count)
    wasmaot_trap(WASMAOT_TRAP_TABLE_OUT_OF_BOUNDS);
  check(table, destination, count);
  for (uint64_t i = 0; i < count; i++)
    store(table, destination + i, segment->items[source + i], 1);
}
