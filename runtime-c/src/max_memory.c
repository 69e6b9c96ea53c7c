// --max-memory: of memories, of tables beyond their first size, and of exceptions.
#include "runtime.h"

static uint64_t bytes_taken;

bool wasmaot_max_memory_take(uint64_t bytes) {
  uint64_t limit = wasmaot_process.max_memory;
  uint64_t taken = __atomic_load_n(&bytes_taken, __ATOMIC_RELAXED);
  do {
    if (taken > limit || bytes > limit - taken)
      return false;
  } while (!__atomic_compare_exchange_n(&bytes_taken, &taken, taken + bytes, true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED));
  return true;
}

void wasmaot_max_memory_give_back(uint64_t bytes) {
  __atomic_fetch_sub(&bytes_taken, bytes, __ATOMIC_RELAXED);
}

void wasmaot_max_memory_start(void) {
  uint64_t total = 0;
  for (uint32_t i = 0; i < wasmaot_module.memory_count; i++)
    if (__builtin_add_overflow(total, wasmaot_module.memories[i]->bytes, &total))
      total = UINT64_MAX;
  if (wasmaot_max_memory_take(total))
    return;
  struct wasmaot_text text;
  text.length = 0;
  wasmaot_text_add(&text, "wasmaot: the program's memories start with ");
  wasmaot_text_add_decimal(&text, total);
  wasmaot_text_add(&text, " bytes, which is more than --max-memory ");
  wasmaot_text_add_decimal(&text, wasmaot_process.max_memory);
  wasmaot_text_write(&text, 2);
  wasmaot_exit(WASMAOT_EXIT_START);
}
