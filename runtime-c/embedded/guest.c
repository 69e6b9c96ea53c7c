// What generated code calls, through `instance->runtime`. All check before they write.
#include "guest.h"

GUEST_FACING void wasmaot_call_host(void *context, struct wasmaot_value *values);

// Moving or filling more than this takes long enough for an interruption to be looked for.
#define PIECE ((size_t)1 << 20)

GUEST_FACING static void trap(struct wasmaot_instance *instance, uint32_t code) {
  (void)instance;
  struct activation *activation = guest_suspend(RUNTIME_RESERVE / 2);
  wasmaot_raise(activation, code);
}

GUEST_FACING static uint64_t memory_grow(struct wasmaot_instance *instance,
                                         struct wasmaot_memory *memory, uint64_t delta) {
  (void)instance;
  struct activation *activation = guest_suspend(RUNTIME_RESERVE);
  uint64_t old = wasmaot_memory_do_grow(memory_of(memory), delta);
  guest_resume(activation);
  return old;
}

// Whether [start, start + count) is inside `size`.
static bool is_inside(uint64_t start, uint64_t count, uint64_t size) {
  return count <= size && start <= size - count;
}

GUEST_FACING static void memory_init(struct wasmaot_instance *instance,
                                     struct wasmaot_memory *memory,
                                     const struct wasmaot_data_segment *segment,
                                     uint64_t destination, uint64_t source, uint64_t count) {
  (void)instance;
  struct activation *activation = guest_suspend(RUNTIME_RESERVE);
  if (!is_inside(source, count, segment->size) ||
      !is_inside(destination, count, memory_bytes(memory)))
    wasmaot_raise(activation, WASMAOT_TRAP_MEMORY_OUT_OF_BOUNDS);
  if (count > 0)
    memcpy(memory->base + destination, segment->bytes + source, count);
  guest_resume(activation);
}

GUEST_FACING static uint64_t table_grow(struct wasmaot_instance *instance,
                                        struct wasmaot_table *table, const void *value,
                                        uint64_t delta) {
  (void)instance;
  struct activation *activation = guest_suspend(RUNTIME_RESERVE);
  uint64_t old = wasmaot_table_do_grow(table, value, delta);
  guest_resume(activation);
  return old;
}

GUEST_FACING static void table_fill(struct wasmaot_instance *instance, struct wasmaot_table *table,
                                    uint64_t start, const void *value, uint64_t count) {
  (void)instance;
  struct activation *activation = guest_suspend(RUNTIME_RESERVE);
  if (!is_inside(start, count, table->size))
    wasmaot_raise(activation, WASMAOT_TRAP_TABLE_OUT_OF_BOUNDS);
  wasmaot_table_store(table, start, value, count);
  guest_resume(activation);
}

GUEST_FACING static void table_copy(struct wasmaot_instance *instance,
                                    struct wasmaot_table *destination_table,
                                    const struct wasmaot_table *source_table, uint64_t destination,
                                    uint64_t source, uint64_t count) {
  (void)instance;
  struct activation *activation = guest_suspend(RUNTIME_RESERVE);
  if (!is_inside(source, count, source_table->size) ||
      !is_inside(destination, count, destination_table->size))
    wasmaot_raise(activation, WASMAOT_TRAP_TABLE_OUT_OF_BOUNDS);
  size_t size = destination_table->kind == WASMAOT_TABLE_FUNCREF ? sizeof(struct wasmaot_func_ref)
                                                                 : sizeof(void *);
  if (count > 0)
    memmove((char *)destination_table->entries + destination * size,
            (const char *)source_table->entries + source * size, count * size);
  guest_resume(activation);
}

GUEST_FACING static void table_init(struct wasmaot_instance *instance, struct wasmaot_table *table,
                                    const struct wasmaot_element_segment *segment,
                                    uint64_t destination, uint64_t source, uint64_t count) {
  (void)instance;
  struct activation *activation = guest_suspend(RUNTIME_RESERVE);
  if (!is_inside(source, count, segment->size) || !is_inside(destination, count, table->size))
    wasmaot_raise(activation, WASMAOT_TRAP_TABLE_OUT_OF_BOUNDS);
  for (uint64_t i = 0; i < count; i++)
    wasmaot_table_store(table, destination + i, segment->items[source + i], 1);
  guest_resume(activation);
}

// ---- Bulk memory ------------------------------------------------------------------------------

GUEST_FACING static void *move(void *destination, const void *source, size_t size) {
  struct activation *activation = guest_suspend(RUNTIME_RESERVE / 2);
  char *to = destination;
  const char *from = source;
  bool is_forward = to <= from;
  while (size > PIECE) {
    size -= PIECE;
    memmove(is_forward ? to : to + size, is_forward ? from : from + size, PIECE);
    if (is_forward) {
      to += PIECE;
      from += PIECE;
    }
    guest_resume(activation);
    activation->mode = MODE_HOST;
  }
  if (size > 0)
    memmove(to, from, size);
  guest_resume(activation);
  return destination;
}

GUEST_FACING static void *fill(void *destination, int byte, size_t size) {
  struct activation *activation = guest_suspend(RUNTIME_RESERVE / 2);
  char *to = destination;
  while (size > PIECE) {
    memset(to, byte, PIECE);
    to += PIECE;
    size -= PIECE;
    guest_resume(activation);
    activation->mode = MODE_HOST;
  }
  if (size > 0)
    memset(to, byte, size);
  guest_resume(activation);
  return destination;
}

// ---- Atomics ----------------------------------------------------------------------------------

static void check_atomic(struct activation *activation, const struct wasmaot_memory *memory,
                         uint64_t address, uint64_t size) {
  if (!is_inside(address, size, memory_bytes(memory)))
    wasmaot_raise(activation, WASMAOT_TRAP_MEMORY_OUT_OF_BOUNDS);
  if ((address & (size - 1)) != 0)
    wasmaot_raise(activation, WASMAOT_TRAP_UNALIGNED_ATOMIC);
}

// Waiting itself is in shared.c.
static uint32_t wait_for(struct wasmaot_memory *memory, uint64_t address, uint32_t size,
                         uint64_t expected, int64_t timeout, struct activation *activation) {
  check_atomic(activation, memory, address, size);
  if ((memory->flags & WASMAOT_MEMORY_SHARED) == 0)
    wasmaot_raise(activation, WASMAOT_TRAP_EXPECTED_SHARED_MEMORY);
  return wasmaot_wait(activation->store, memory_of(memory), address, size, expected, timeout);
}

GUEST_FACING static uint32_t atomic_wait32(struct wasmaot_instance *instance,
                                           struct wasmaot_memory *memory, uint64_t address,
                                           uint32_t expected, int64_t timeout) {
  (void)instance;
  struct activation *activation = guest_suspend(RUNTIME_RESERVE);
  uint32_t result = wait_for(memory, address, sizeof expected, expected, timeout, activation);
  guest_resume(activation);
  return result;
}

GUEST_FACING static uint32_t atomic_wait64(struct wasmaot_instance *instance,
                                           struct wasmaot_memory *memory, uint64_t address,
                                           uint64_t expected, int64_t timeout) {
  (void)instance;
  struct activation *activation = guest_suspend(RUNTIME_RESERVE);
  uint32_t result = wait_for(memory, address, sizeof expected, expected, timeout, activation);
  guest_resume(activation);
  return result;
}

GUEST_FACING static uint32_t atomic_notify(struct wasmaot_instance *instance,
                                           struct wasmaot_memory *memory, uint64_t address,
                                           uint32_t count) {
  (void)instance;
  struct activation *activation = guest_suspend(RUNTIME_RESERVE);
  check_atomic(activation, memory, address, sizeof count);
  uint32_t woken = wasmaot_notify(memory_of(memory), address, count);
  guest_resume(activation);
  return woken;
}

// ---- Exceptions -------------------------------------------------------------------------------

GUEST_FACING static struct wasmaot_exception *
exception_new(struct wasmaot_instance *instance, const void *tag, uint32_t payload_size) {
  struct activation *activation = guest_suspend(RUNTIME_RESERVE);
  struct wasmaot_store *store = instance->store;
  struct wasmaot_exception *exception = wasmaot_exception_allocate(store, tag, payload_size);
  if (!exception) {
    store->host_error = wasmaot_error_memory();
    wasmaot_raise(activation, END_HOST_ERROR);
  }
  guest_resume(activation);
  return exception;
}

GUEST_FACING static void exception_release(struct wasmaot_instance *instance,
                                           struct wasmaot_exception *exception) {
  struct activation *activation = guest_suspend(RUNTIME_RESERVE);
  wasmaot_exception_free(instance->store, exception);
  guest_resume(activation);
}

const struct wasmaot_runtime wasmaot_runtime = {
    .abi_version = WASMAOT_EMBEDDED_ABI_VERSION,
    .size = sizeof wasmaot_runtime,
    .trap = trap,
    .memory_grow = memory_grow,
    .memory_init = memory_init,
    .table_grow = table_grow,
    .table_fill = table_fill,
    .table_copy = table_copy,
    .table_init = table_init,
    .call_host = wasmaot_call_host,
    .atomic_wait32 = atomic_wait32,
    .atomic_wait64 = atomic_wait64,
    .atomic_notify = atomic_notify,
    .exception_new = exception_new,
    .move = move,
    .fill = fill,
    .exception_release = exception_release,
};
