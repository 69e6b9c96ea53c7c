// A host with two plugins: one linked into it, and one that it loads and does not trust.
#include "words.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check(wasmaot_error *error) {
  if (!error)
    return;
  fprintf(stderr, "host: %s\n", wasmaot_error_message(error));
  exit(1);
}

// ---- A plugin that is part of the program ------------------------------------------------------

static void count_words(wasmaot_engine *engine, const char *text) {
  wasmaot_module *module;
  check(wasmaot_module_load(engine, &words_wasm, &module));
  wasmaot_store *store = wasmaot_store_new(engine, NULL);
  wasmaot_instance *instance;
  check(wasmaot_instance_new(store, module, NULL, 0, &instance));

  wasmaot_extern memory;
  wasmaot_instance_export(instance, "memory", 6, &memory);
  int32_t address;
  check(words_text(instance, &address));
  if (!wasmaot_memory_write(memory.of.memory, (uint32_t)address, text, strlen(text)))
    exit(1);
  int32_t count;
  check(words_count(instance, (int32_t)strlen(text), &count));
  printf("'%s' has %d words\n", text, count);

  wasmaot_store_delete(store);
  wasmaot_module_delete(module);
}

// ---- A plugin from somewhere -------------------------------------------------------------------

// What the plugin may call. It gives an address in its memory, which may be any number.
static wasmaot_error *host_log(void *data, wasmaot_store *store, const wasmaot_val *args,
                               wasmaot_val *results) {
  (void)store;
  (void)results;
  const wasmaot_memory *memory = *(wasmaot_memory **)data;
  uint64_t size = (uint32_t)args[1].i32;
  const char *text = wasmaot_memory_range(memory, (uint32_t)args[0].i32, size);
  if (!text)
    return wasmaot_error_new("log: not in the plugin's memory");
  printf("plugin says: %.*s\n", (int)size, text);
  return NULL;
}

static void *watch(void *store) {
  usleep(50000);
  wasmaot_store_interrupt(store);
  return NULL;
}

static void call(wasmaot_instance *instance, const char *name) {
  wasmaot_extern function;
  if (!wasmaot_instance_export(instance, name, strlen(name), &function))
    exit(1);
  wasmaot_val result = {.i32 = 0};
  wasmaot_error *error = wasmaot_func_call(function.of.func, NULL, 0, &result,
                                           wasmaot_func_type(function.of.func).result_count);
  if (error) {
    wasmaot_bytes frame = {"", 0};
    // (An interruption may come before the call has a frame.)
    if (wasmaot_error_get_kind(error) != WASMAOT_ERROR_INTERRUPTED &&
        wasmaot_error_frame_count(error) > 0)
      wasmaot_error_frame(error, 0, &frame);
    printf("%s: %s%s%.*s\n", name, wasmaot_error_message(error), frame.size > 0 ? ", in " : "",
           (int)frame.size, frame.bytes);
    wasmaot_error_delete(error);
  } else {
    printf("%s: returned %d\n", name, result.i32);
  }
}

static void run_hostile(wasmaot_engine *engine, const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  const wasmaot_code *code = library ? dlsym(library, "hostile_wasm") : NULL;
  if (!code) {
    fprintf(stderr, "host: %s\n", dlerror());
    exit(1);
  }
  wasmaot_module *module;
  check(wasmaot_module_load(engine, code, &module));
  wasmaot_store_config limits = {.max_memory = 4 << 20};
  wasmaot_store *store = wasmaot_store_new(engine, &limits);

  wasmaot_memory *memory = NULL;
  wasmaot_valkind params[] = {WASMAOT_I32, WASMAOT_I32};
  wasmaot_functype type = {params, 2, NULL, 0};
  wasmaot_extern import = {.kind = WASMAOT_FUNC};
  check(wasmaot_func_new(store, &type, host_log, &memory, NULL, &import.of.func));
  wasmaot_instance *instance;
  check(wasmaot_instance_new(store, module, &import, 1, &instance));
  wasmaot_extern found;
  wasmaot_instance_export(instance, "memory", 6, &found);
  memory = found.of.memory;

  call(instance, "trap");
  call(instance, "overflow");
  call(instance, "cheat");
  pthread_t watchdog;
  pthread_create(&watchdog, NULL, watch, store);
  call(instance, "loop");
  pthread_join(watchdog, NULL);
  call(instance, "exhaust");

  wasmaot_store_delete(store);
  wasmaot_module_delete(module);
  dlclose(library);
}

int main(void) {
  wasmaot_engine *engine = wasmaot_engine_new(NULL);
  count_words(engine, "the quick brown fox");
  run_hostile(engine, "./hostile.so");
  count_words(engine, "still alive");
  wasmaot_engine_delete(engine);
  return 0;
}
