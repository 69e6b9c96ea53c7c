// A shared memory in two stores, on two threads: waiting, notifying, interrupting, growing; and
// memories that do not fit.
#define _DEFAULT_SOURCE // usleep

#include "wide.h"
#include "worker.h"

#include "../support.h"

#include <pthread.h>
#include <unistd.h>

static wasmaot_engine *engine;
static wasmaot_module *module;
static wasmaot_memory *memory;

static wasmaot_instance *instance_in(wasmaot_store *store, wasmaot_memory *given) {
  wasmaot_extern import = {.kind = WASMAOT_MEMORY, .of.memory = given};
  wasmaot_instance *instance;
  check(wasmaot_instance_new(store, module, &import, 1, &instance));
  return instance;
}

struct waiter {
  pthread_t thread;
  wasmaot_store *store;
  wasmaot_instance *instance;
  int32_t address;
  int64_t timeout;
  int32_t result;
  wasmaot_error *error;
};

static void *wait(void *data) {
  struct waiter *waiter = data;
  waiter->error =
      worker_wait(waiter->instance, waiter->address, 0, waiter->timeout, &waiter->result);
  return NULL;
}

static void start(struct waiter *waiter, int32_t address, int64_t timeout) {
  *waiter = (struct waiter){.address = address, .timeout = timeout, .result = -1};
  waiter->store = wasmaot_store_new(engine, NULL);
  waiter->instance = instance_in(waiter->store, memory);
  pthread_create(&waiter->thread, NULL, wait, waiter);
}

static void end(struct waiter *waiter, const char *what) {
  pthread_join(waiter->thread, NULL);
  show(what, waiter->error, waiter->result);
  wasmaot_store_delete(waiter->store);
}

static void refuse(const char *what, wasmaot_store *store, wasmaot_memory *given) {
  wasmaot_extern import = {.kind = WASMAOT_MEMORY, .of.memory = given};
  wasmaot_instance *instance;
  show(what, wasmaot_instance_new(store, module, &import, 1, &instance), 0);
}

int main(void) {
  engine = wasmaot_engine_new(NULL);
  check(wasmaot_module_load(engine, &worker_wasm, &module));
  check(wasmaot_shared_memory_new(engine, (wasmaot_limits){1, 3}, &memory));
  wasmaot_store *store = wasmaot_store_new(engine, NULL);
  wasmaot_instance *instance = instance_in(store, memory);
  int32_t value = 0;

  show("not equal", worker_wait(instance, 8, 1, -1, &value), value);
  show("timed out", worker_wait(instance, 8, 0, 1000000, &value), value);
  show("timed out (64)", worker_wait64(instance, 8, 0, 0, &value), value);
  show("unaligned", worker_wait(instance, 6, 0, -1, &value), value);
  show("outside", worker_wait(instance, 65536, 0, -1, &value), value);
  show("nobody", worker_notify(instance, 8, -1, &value), value);

  struct waiter waiters[3];
  int32_t before;
  check(worker_load(instance, 16, &before));
  start(&waiters[0], 8, -1);
  start(&waiters[1], 8, -1);
  start(&waiters[2], 12, -1);
  // Until both are there: nobody is woken for nothing, and one at a time.
  int32_t woken = 0;
  while (woken < 2) {
    check(worker_notify(instance, 8, 1, &value));
    if (value > 1)
      return 1;
    woken += value;
  }
  end(&waiters[0], "woken");
  end(&waiters[1], "woken");
  // An interruption before the call would be one of no function.
  do
    check(worker_load(instance, 16, &value));
  while (value - before < 3);
  wasmaot_store_interrupt(waiters[2].store);
  end(&waiters[2], "interrupted");
  // Nothing of it is left in the queue.
  show("nobody is left", worker_notify(instance, 12, -1, &value), value);

  // Interrupted as it begins to wait, a thousand times: none sleeps on.
  for (int i = 0; i < 1000; i++) {
    start(&waiters[0], 8, -1);
    if (i % 2 == 0)
      usleep((useconds_t)(i % 50));
    wasmaot_store_interrupt(waiters[0].store);
    pthread_join(waiters[0].thread, NULL);
    if (!waiters[0].error || wasmaot_error_get_kind(waiters[0].error) != WASMAOT_ERROR_INTERRUPTED)
      return 2;
    wasmaot_error_delete(waiters[0].error);
    wasmaot_store_delete(waiters[0].store);
  }
  // And woken as its store ends.
  for (int i = 0; i < 1000; i++) {
    start(&waiters[0], 8, -1);
    do
      check(worker_notify(instance, 8, 1, &value));
    while (value == 0);
    pthread_join(waiters[0].thread, NULL);
    if (waiters[0].error || waiters[0].result != 0)
      return 3;
    wasmaot_store_delete(waiters[0].store);
  }

  wasmaot_store *other = wasmaot_store_new(engine, NULL);
  wasmaot_instance *second = instance_in(other, memory);
  show("grown by one", worker_grow(instance, 1, &value), value);
  show("seen by the other", worker_size(second, &value), value);
  show("in reach of the other", worker_load(second, 2 * 65536 - 4, &value), value);
  show("not beyond", worker_load(second, 2 * 65536, &value), value);
  show("no more than the maximum", worker_grow(second, 2, &value), value);
  uint64_t old = 0;
  printf("grown by the host: %d\n", wasmaot_memory_grow(memory, 1, &old) && old == 2);
  show("one memory", worker_add(instance, 100, 5, &value), value);
  show("one memory", worker_load(second, 100, &value), value);
  printf("%d pages, shared: %d\n", (int)wasmaot_memory_pages(memory),
         wasmaot_memory_is_shared(memory));

  wasmaot_memory *unfit;
  show("no maximum", wasmaot_shared_memory_new(engine, (wasmaot_limits){1, UINT64_MAX}, &unfit), 0);
  show("too large", wasmaot_shared_memory_new(engine, (wasmaot_limits){1, 65537}, &unfit), 0);
  show("wrong", wasmaot_shared_memory_new(engine, (wasmaot_limits){2, 1}, &unfit), 0);
  check(wasmaot_memory_new(store, (wasmaot_limits){1, 3}, &unfit));
  refuse("not shared", store, unfit);
  check(wasmaot_shared_memory_new(engine, (wasmaot_limits){1, 4}, &unfit));
  refuse("another maximum", store, unfit);
  wasmaot_shared_memory_delete(unfit);
  wasmaot_engine *foreign = wasmaot_engine_new(NULL);
  check(wasmaot_shared_memory_new(foreign, (wasmaot_limits){1, 3}, &unfit));
  refuse("another engine's", store, unfit);
  wasmaot_shared_memory_delete(unfit);
  wasmaot_engine_delete(foreign);

  check(wasmaot_memory64_new(store, (wasmaot_limits){1, UINT64_MAX}, &unfit));
  wasmaot_module *wide;
  check(wasmaot_module_load(engine, &wide_wasm, &wide));
  wasmaot_extern import = {.kind = WASMAOT_MEMORY, .of.memory = unfit};
  check(wasmaot_instance_new(store, wide, &import, 1, &second));
  int64_t pages = 0;
  show("wide, outside", wide_load(second, 65536, &value), value);
  check(wide_grow(second, 70000, &pages));
  printf("wide, grown: %d\n", (int)pages);
  show("wide, inside", wide_load(second, (int64_t)65536 * 70000, &value), value);

  // The memory outlives the host's hold, and stores each other.
  wasmaot_shared_memory_delete(memory);
  wasmaot_store_delete(other);
  show("still there", worker_load(instance, 100, &value), value);
  wasmaot_store_delete(store);
  wasmaot_module_delete(wide);
  wasmaot_module_delete(module);
  wasmaot_engine_delete(engine);
  return 0;
}
