// What the tests of the embedded runtime start with.
#ifndef WASMAOT_TEST_EMBEDDED_TEST_H
#define WASMAOT_TEST_EMBEDDED_TEST_H

#include "guest.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHECK(condition)                                                                           \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                              \
      _exit(1);                                                                                    \
    }                                                                                              \
  } while (0)

static inline void check_error(int line, wasmaot_error *error, wasmaot_error_kind kind,
                               const char *message) {
  if (!error || wasmaot_error_get_kind(error) != kind ||
      strncmp(wasmaot_error_message(error), message, strlen(message)) != 0) {
    fprintf(stderr, "line %d: expected '%s', got %s\n", line, message,
            error ? wasmaot_error_message(error) : "no error");
    _exit(1);
  }
  wasmaot_error_delete(error);
}
#define CHECK_ERROR(error, kind, message) check_error(__LINE__, error, kind, message)
#define CHECK_OK(expression)                                                                       \
  do {                                                                                             \
    wasmaot_error *unexpected = (expression);                                                      \
    if (unexpected) {                                                                              \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, wasmaot_error_message(unexpected));       \
      _exit(1);                                                                                    \
    }                                                                                              \
  } while (0)

// ---- What most tests start with ---------------------------------------------------------------

struct world {
  wasmaot_engine *engine;
  wasmaot_module *module;
  wasmaot_store *store;
  wasmaot_instance *instance;
  const wasmaot_func *host;
};

static inline wasmaot_error *twice(void *data, wasmaot_store *store, const wasmaot_val *args,
                                   wasmaot_val *results) {
  (void)data;
  (void)store;
  results[0].i32 = args[0].i32 * 2;
  return NULL;
}

static const wasmaot_valkind i32_kind[] = {WASMAOT_I32};
static const wasmaot_functype i_i = {i32_kind, 1, i32_kind, 1};

static inline wasmaot_extern func_extern(const wasmaot_func *func) {
  return (wasmaot_extern){.kind = WASMAOT_FUNC, .of.func = func};
}

static inline wasmaot_instance *instantiate(struct world *world, wasmaot_module *module) {
  wasmaot_instance *instance = NULL;
  wasmaot_extern import = func_extern(world->host);
  CHECK_OK(wasmaot_instance_new(world->store, module, &import, 1, &instance));
  return instance;
}

static inline struct world start_with(const wasmaot_code *code, wasmaot_callback callback,
                                      void *data) {
  struct world world = {.engine = wasmaot_engine_new(NULL)};
  CHECK(world.engine);
  CHECK_OK(wasmaot_module_load(world.engine, code, &world.module));
  world.store = wasmaot_store_new(world.engine, NULL);
  CHECK(world.store);
  CHECK_OK(wasmaot_func_new(world.store, &i_i, callback, data, NULL, &world.host));
  world.instance = instantiate(&world, world.module);
  return world;
}

static inline void end(struct world *world) {
  wasmaot_store_delete(world->store);
  wasmaot_module_delete(world->module);
  wasmaot_engine_delete(world->engine);
}

static inline const wasmaot_func *function(wasmaot_instance *instance, const char *name) {
  wasmaot_extern found = {0};
  CHECK(wasmaot_instance_export(instance, name, strlen(name), &found));
  CHECK(found.kind == WASMAOT_FUNC);
  return found.of.func;
}

// Calls an export with up to three i32, and gives its i32 result, if it has one.
static inline wasmaot_error *try_call(wasmaot_instance *instance, const char *name, int32_t *result,
                                      int32_t a, int32_t b, int32_t c) {
  const wasmaot_func *func = function(instance, name);
  wasmaot_functype type = wasmaot_func_type(func);
  wasmaot_val args[3] = {{.i32 = a}, {.i32 = b}, {.i32 = c}};
  wasmaot_val value = {.i32 = -1};
  wasmaot_error *error = wasmaot_func_call(func, args, type.param_count, &value, type.result_count);
  if (result)
    *result = value.i32;
  return error;
}

static inline int32_t call(wasmaot_instance *instance, const char *name, int32_t a, int32_t b,
                           int32_t c) {
  int32_t result;
  CHECK_OK(try_call(instance, name, &result, a, b, c));
  return result;
}
#define CALL(name, ...) call(world.instance, name, __VA_ARGS__)
#define TRY(name, ...) try_call(world.instance, name, NULL, __VA_ARGS__)

static inline wasmaot_extern export_of(wasmaot_instance *instance, const char *name) {
  wasmaot_extern found = {0};
  CHECK(wasmaot_instance_export(instance, name, strlen(name), &found));
  return found;
}

// How a child ends that runs `body`.
static inline int status_of(void (*body)(void)) {
  pid_t child = fork();
  if (child == 0) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    body();
    exit(0); // by way of the leak check
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

struct test {
  const char *name;
  void (*run)(void);
};
// hostile.c, wasi.c; each ends with an entry without name
extern const struct test hostile_tests[];
extern const struct test wasi_tests[];

#endif
