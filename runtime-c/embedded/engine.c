#include "runtime.h"

#define DEFAULT_STACK_SIZE ((uint64_t)1 << 20)
#define DEFAULT_KEEP_RESIDENT ((uint64_t)1 << 20)
#define DEFAULT_POOLED_MEMORIES 128u
#define MAX_STACK_SIZE ((uint64_t)1 << 30)

wasmaot_engine *wasmaot_engine_new(const wasmaot_engine_config *config) {
  static const wasmaot_engine_config defaults;
  if (!config)
    config = &defaults;
  struct wasmaot_engine *engine = calloc(1, sizeof *engine);
  if (!engine || config->stack_size > MAX_STACK_SIZE || !wasmaot_types_start(&engine->types)) {
    free(engine);
    return NULL;
  }
  atomic_init(&engine->references, 1);
  engine->stack_size = round_to_pages(config->stack_size ? config->stack_size : DEFAULT_STACK_SIZE);
  pthread_mutex_init(&engine->stack_lock, NULL);
  wasmaot_signals_start();
  wasmaot_pool_start(&engine->pool,
                     config->pooled_memories ? config->pooled_memories : DEFAULT_POOLED_MEMORIES,
                     config->keep_resident ? config->keep_resident : DEFAULT_KEEP_RESIDENT);
  return engine;
}

void wasmaot_engine_retain(struct wasmaot_engine *engine) {
  atomic_fetch_add_explicit(&engine->references, 1, memory_order_relaxed);
}

void wasmaot_engine_release(struct wasmaot_engine *engine) {
  if (atomic_fetch_sub_explicit(&engine->references, 1, memory_order_acq_rel) != 1)
    return;
  wasmaot_pool_end(&engine->pool);
  wasmaot_stacks_end(engine);
  wasmaot_types_end(&engine->types);
  pthread_mutex_destroy(&engine->stack_lock);
  free(engine);
}

void wasmaot_engine_delete(wasmaot_engine *engine) {
  if (engine)
    wasmaot_engine_release(engine);
}
