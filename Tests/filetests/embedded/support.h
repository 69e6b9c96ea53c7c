// What the hosts of these tests share.
#ifndef SUPPORT_H
#define SUPPORT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasmaot.h>

struct host {
  wasmaot_engine *engine;
  wasmaot_store *store;
};

static inline void print_error(wasmaot_error *error) {
  printf("%s", wasmaot_error_message(error));
  for (size_t i = 0; i < wasmaot_error_frame_count(error); i++) {
    wasmaot_bytes name;
    uint32_t function = wasmaot_error_frame(error, i, &name);
    printf("%s%u:%.*s", i == 0 ? " in " : ", ", function, (int)name.size, name.bytes);
  }
  printf("\n");
  wasmaot_error_delete(error);
}

static inline void check(wasmaot_error *error) {
  if (!error)
    return;
  print_error(error);
  fflush(stdout);
  exit(1);
}

// Prints what a call gave: its value, or its error.
static inline void show(const char *what, wasmaot_error *error, int value) {
  printf("%s: ", what);
  if (error)
    print_error(error);
  else
    printf("%d\n", value);
}

static inline struct host host_new(void) {
  struct host host = {wasmaot_engine_new(NULL), NULL};
  if (!host.engine)
    abort();
  host.store = wasmaot_store_new(host.engine, NULL);
  return host;
}

static inline void host_delete(struct host *host) {
  wasmaot_store_delete(host->store);
  wasmaot_engine_delete(host->engine);
}

static inline wasmaot_instance *host_instance(struct host *host, const wasmaot_code *code,
                                              const wasmaot_extern *imports, size_t count) {
  wasmaot_module *module;
  check(wasmaot_module_load(host->engine, code, &module));
  wasmaot_instance *instance;
  check(wasmaot_instance_new(host->store, module, imports, count, &instance));
  wasmaot_module_delete(module);
  return instance;
}

static inline wasmaot_extern host_export(wasmaot_instance *instance, const char *name) {
  wasmaot_extern result;
  if (!wasmaot_instance_export(instance, name, strlen(name), &result)) {
    printf("no export %s\n", name);
    exit(1);
  }
  return result;
}

#endif
