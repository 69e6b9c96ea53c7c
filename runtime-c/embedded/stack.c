// Stacks for wasm and the functions of the host that it calls, recycled by the engine.
#include "runtime.h"

#include <sys/mman.h>

// Free stacks that an engine keeps: as many as threads run wasm at once, mostly.
#define MAX_FREE_STACKS 64u

static void destroy(struct wasm_stack *stack) {
  uint64_t base = stack->low - STACK_GUARD;
  munmap((void *)(uintptr_t)base, stack->high - base); // NOLINT: an address that mmap gave
  free(stack);
}

static struct wasm_stack *make(uint64_t size) {
  struct wasm_stack *stack = calloc(1, sizeof *stack);
  if (!stack)
    return NULL;
  uint64_t total = STACK_GUARD + HOST_RESERVE + size;
  void *base =
      mmap(NULL, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (base == MAP_FAILED) {
    free(stack);
    return NULL;
  }
  stack->low = (uint64_t)(uintptr_t)base + STACK_GUARD;
  stack->high = (uint64_t)(uintptr_t)base + total;
  if (mprotect((char *)base + STACK_GUARD, total - STACK_GUARD, PROT_READ | PROT_WRITE) != 0) {
    destroy(stack);
    return NULL;
  }
  return stack;
}

struct wasm_stack *wasmaot_stack_take(struct wasmaot_engine *engine) {
  struct wasm_stack *spare = atomic_exchange(&engine->spare_stack, NULL);
  if (spare)
    return spare;
  pthread_mutex_lock(&engine->stack_lock);
  struct wasm_stack *stack = engine->stacks;
  if (stack) {
    engine->stacks = stack->next;
    engine->stack_count--;
  }
  pthread_mutex_unlock(&engine->stack_lock);
  return stack ? stack : make(engine->stack_size);
}

void wasmaot_stack_give(struct wasmaot_engine *engine, struct wasm_stack *stack) {
  struct wasm_stack *none = NULL;
  if (atomic_compare_exchange_strong(&engine->spare_stack, &none, stack))
    return;
  pthread_mutex_lock(&engine->stack_lock);
  bool is_kept = engine->stack_count < MAX_FREE_STACKS;
  if (is_kept) {
    stack->next = engine->stacks;
    engine->stacks = stack;
    engine->stack_count++;
  }
  pthread_mutex_unlock(&engine->stack_lock);
  if (!is_kept)
    destroy(stack);
}

void wasmaot_stacks_end(struct wasmaot_engine *engine) {
  struct wasm_stack *spare = atomic_load(&engine->spare_stack);
  if (spare)
    destroy(spare);
  while (engine->stacks) {
    struct wasm_stack *stack = engine->stacks;
    engine->stacks = stack->next;
    destroy(stack);
  }
}
