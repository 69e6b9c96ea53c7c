// What a host limits: fuel, time, memory, entries of tables, instances.
#define _GNU_SOURCE // pthread_cond_clockwait's kin
#include "guest.h"

#include "../support.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

static wasmaot_error *refuel(void *data, wasmaot_store *store, const wasmaot_val *args,
                             wasmaot_val *results) {
  (void)data;
  (void)args;
  (void)results;
  wasmaot_store_set_fuel(store, 100);
  return NULL;
}

static void show_fuel(const char *what, wasmaot_error *error, wasmaot_store *store) {
  if (error && wasmaot_error_get_kind(error) == WASMAOT_ERROR_OUT_OF_FUEL)
    printf("(out of fuel) ");
  show(what, error, 0);
  printf("  left %d, consumed %d\n", (int)wasmaot_store_fuel(store),
         (int)wasmaot_store_fuel_consumed(store));
}

// ---- A deadline for a call: docs/limits.md shows this -----------------------------------------

struct deadline {
  wasmaot_store *store;
  struct timespec end;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool is_over;
  pthread_t thread;
};

static void *watch(void *argument) {
  struct deadline *deadline = argument;
  pthread_mutex_lock(&deadline->lock);
  while (!deadline->is_over)
    if (pthread_cond_timedwait(&deadline->changed, &deadline->lock, &deadline->end) == ETIMEDOUT) {
      wasmaot_store_interrupt(deadline->store);
      break;
    }
  pthread_mutex_unlock(&deadline->lock);
  return NULL;
}

static void deadline_begin(struct deadline *deadline, wasmaot_store *store, int milliseconds) {
  *deadline = (struct deadline){.store = store};
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&deadline->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  pthread_mutex_init(&deadline->lock, NULL);
  clock_gettime(CLOCK_MONOTONIC, &deadline->end);
  deadline->end.tv_sec += milliseconds / 1000;
  deadline->end.tv_nsec += milliseconds % 1000 * 1000000;
  if (deadline->end.tv_nsec >= 1000000000) {
    deadline->end.tv_sec++;
    deadline->end.tv_nsec -= 1000000000;
  }
  if (pthread_create(&deadline->thread, NULL, watch, deadline) != 0)
    abort();
}

static void deadline_end(struct deadline *deadline) {
  pthread_mutex_lock(&deadline->lock);
  deadline->is_over = true;
  pthread_cond_signal(&deadline->changed);
  pthread_mutex_unlock(&deadline->lock);
  pthread_join(deadline->thread, NULL);
  pthread_cond_destroy(&deadline->changed);
  pthread_mutex_destroy(&deadline->lock);
  // It may have come just after the call.
  wasmaot_store_clear_interrupt(deadline->store);
}

// ---- The host ---------------------------------------------------------------------------------

static wasmaot_instance *instantiate(struct host *host, wasmaot_module *module,
                                     wasmaot_error **error) {
  wasmaot_extern import = {.kind = WASMAOT_FUNC};
  const wasmaot_functype type = {NULL, 0, NULL, 0};
  check(wasmaot_func_new(host->store, &type, refuel, NULL, NULL, &import.of.func));
  wasmaot_instance *instance = NULL;
  *error = wasmaot_instance_new(host->store, module, &import, 1, &instance);
  return instance;
}

int main(void) {
  struct host host = {wasmaot_engine_new(NULL), NULL};
  wasmaot_store_config config = {
      .max_memory = 3 << 16, .max_table_elements = 10, .max_instances = 2, .max_memories = 3};
  host.store = wasmaot_store_new(host.engine, &config);
  wasmaot_module *module;
  check(wasmaot_module_load(host.engine, &guest_wasm, &module));
  wasmaot_error *error;
  wasmaot_instance *guest = instantiate(&host, module, &error);
  check(error);

  // A store begins without fuel.
  show_fuel("none", guest_turns(guest, 1), host.store);
  wasmaot_store_set_fuel(host.store, 500);
  show_fuel("ten turns", guest_turns(guest, 10), host.store);
  show_fuel("a thousand", guest_turns(guest, 1000), host.store);
  wasmaot_store_set_fuel(host.store, 10);
  show_fuel("a fault", guest_fault(guest), host.store);
  show_fuel("refueled", guest_refueled(guest, 10), host.store);
  show_fuel("not enough", guest_refueled(guest, 100), host.store);
  wasmaot_store_set_fuel(host.store, UINT64_MAX);
  printf("most: %s\n", wasmaot_store_fuel(host.store) == INT64_MAX ? "INT64_MAX" : "?");

  struct deadline deadline;
  deadline_begin(&deadline, host.store, 50);
  error = guest_for_x20ever(guest);
  deadline_end(&deadline);
  // (On a busy machine it may be over before the guest has begun, and then there is no backtrace.)
  printf("deadline: %s\n", error && wasmaot_error_get_kind(error) == WASMAOT_ERROR_INTERRUPTED
                               ? wasmaot_error_message(error)
                               : "none");
  wasmaot_error_delete(error);
  deadline_begin(&deadline, host.store, 10000);
  error = guest_turns(guest, 10);
  deadline_end(&deadline);
  show("in time", error, 0);

  int32_t value;
  show("two pages", guest_grow(guest, 1, &value), value);
  show("too many", guest_grow(guest, 2, &value), value);
  show("ten entries", guest_grow_x20table(guest, 9, &value), value);
  show("one more", guest_grow_x20table(guest, 1, &value), value);

  // Of the other store's limits this one knows nothing.
  struct host other = {host.engine,
                       wasmaot_store_new(host.engine, &(wasmaot_store_config){.max_instances = 2})};
  wasmaot_instance *first = instantiate(&other, module, &error);
  check(error);
  instantiate(&other, module, &error);
  show("a second", error, 0);
  instantiate(&other, module, &error);
  show("a third", error, 0);
  wasmaot_instance_delete(first);
  instantiate(&other, module, &error);
  show("instead of the first", error, 0);
  wasmaot_store_delete(other.store);

  wasmaot_module_delete(module);
  host_delete(&host);
  return 0;
}
