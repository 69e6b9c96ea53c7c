// A host of wasi-threads programs: threads_host LIBRARY [SECONDS]. Runs `guest_wasm` of a shared
// library and exits as a program of its own would: with what it gave to proc_exit, 0, or a message
// and 134. With SECONDS it is interrupted after so many.
#include "../include/wasmaot.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void fail(wasmaot_error *error) {
  fprintf(stderr, "%s\n", wasmaot_error_message(error));
  exit(134);
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
  wasmaot_threads *threads;
  const char *const args[] = {"guest"};
  const int streams[] = {0, 1, 2};
  const wasmaot_wasi_config wasi = {.args = args, .arg_count = 1, .streams = streams};
  error = wasmaot_threads_new(module, &(wasmaot_threads_config){.wasi = &wasi}, &threads);
  if (error)
    fail(error);
  pthread_t watchdog;
  void *data[] = {threads, argv[argc - 1]};
  if (argc > 2)
    pthread_create(&watchdog, NULL, interrupt, data);
  error = wasmaot_threads_run(threads);
  int status = 0;
  if (error && wasmaot_error_get_kind(error) == WASMAOT_ERROR_EXIT)
    status = (int)wasmaot_error_exit_status(error);
  else if (error)
    fail(error);
  wasmaot_error_delete(error);
  if (argc > 2)
    pthread_join(watchdog, NULL);
  wasmaot_threads_delete(threads);
  wasmaot_module_delete(module);
  wasmaot_engine_delete(engine);
  return status;
}
