// A host of wasi-threads programs: threads_host LIBRARY [SECONDS]. Runs `guest_wasm` of a shared
// library and exits as a program of its own would: with what it gave to proc_exit, 0, or a message
// and 134. With SECONDS it is interrupted after so many.
#include "../include/wasmaot.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const wasmaot_module *program;
static atomic_int exit_status = -1;

static void fail(wasmaot_error *error) {
  fprintf(stderr, "%s\n", wasmaot_error_message(error));
  exit(134);
}

static wasmaot_error *proc_exit(void *data, wasmaot_store *store, const wasmaot_val *args,
                                wasmaot_val *results) {
  (void)data, (void)store, (void)results;
  int none = -1;
  atomic_compare_exchange_strong(&exit_status, &none, args[0].i32);
  return wasmaot_error_new("exit");
}

static wasmaot_error *imports(void *data, wasmaot_store *store, wasmaot_extern *given,
                              size_t count) {
  (void)data;
  for (size_t i = 0; i < count; i++) {
    wasmaot_bytes from, name;
    wasmaot_module_import(program, i, &from, &name);
    if (given[i].of.func || name.size != strlen("proc_exit") ||
        memcmp(name.bytes, "proc_exit", name.size) != 0)
      continue;
    static const wasmaot_valkind kind = WASMAOT_I32;
    wasmaot_error *error = wasmaot_func_new(store, &(wasmaot_functype){&kind, 1, NULL, 0},
                                            proc_exit, NULL, NULL, &given[i].of.func);
    if (error)
      return error;
  }
  return NULL;
}

static void *interrupt(void *data) {
  wasmaot_threads *threads = ((void **)data)[0];
  sleep((unsigned)atoi(((char **)data)[1]));
  wasmaot_threads_interrupt(threads);
  return NULL;
}

int main(int argc, char **argv) {
  void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
  const wasmaot_code *code = library ? dlsym(library, "guest_wasm") : NULL;
  if (!code) {
    fprintf(stderr, "usage: threads_host LIBRARY [SECONDS]: %s\n", dlerror());
    return 2;
  }
  wasmaot_engine *engine = wasmaot_engine_new(NULL);
  wasmaot_module *module;
  wasmaot_error *error = wasmaot_module_load(engine, code, &module);
  if (error)
    fail(error);
  program = module;
  wasmaot_threads *threads;
  error = wasmaot_threads_new(module, &(wasmaot_threads_config){.imports = imports}, &threads);
  if (error)
    fail(error);
  pthread_t watchdog;
  void *data[] = {threads, argv[argc - 1]};
  if (argc > 2)
    pthread_create(&watchdog, NULL, interrupt, data);
  error = wasmaot_threads_run(threads);
  int status = atomic_load(&exit_status);
  if (error && status < 0)
    fail(error);
  wasmaot_error_delete(error);
  if (argc > 2)
    pthread_join(watchdog, NULL);
  wasmaot_threads_delete(threads);
  wasmaot_module_delete(module);
  wasmaot_engine_delete(engine);
  return status < 0 ? 0 : status;
}
