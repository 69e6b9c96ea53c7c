// WASI that a store gives to its instances.
#include "exits.h"
#include "plugin.h"
#include "user.h"
#include "wrong.h"

#include "../support.h"

static wasmaot_error *host_log(void *data, wasmaot_store *store, const wasmaot_val *args,
                               wasmaot_val *results) {
  (void)data;
  (void)store;
  (void)results;
  printf("log %d\n", args[0].i32);
  return NULL;
}

// Instead of random bytes.
static wasmaot_error *no_random(void *data, wasmaot_store *store, const wasmaot_val *args,
                                wasmaot_val *results) {
  (void)data;
  (void)store;
  (void)args;
  results[0].i32 = 52;
  return NULL;
}

static uint32_t word(wasmaot_instance *instance, uint64_t at) {
  uint32_t value = 0;
  wasmaot_memory_read(host_export(instance, "memory").of.memory, at, &value, sizeof value);
  return value;
}

static wasmaot_error *give(const char *directory, const char *listener) {
  struct host host = host_new();
  const wasmaot_wasi_directory directories[] = {{.host = directory, .guest = "/"}};
  wasmaot_error *error = wasmaot_store_set_wasi(
      host.store, &(wasmaot_wasi_config){.directories = directories,
                                         .directory_count = directory != NULL,
                                         .listeners = &listener,
                                         .listener_count = listener != NULL});
  host_delete(&host);
  return error;
}

int main(void) {
  show("no such directory", give("/does/not/exist", NULL), 0);
  show("no directory", give("/dev/null", NULL), 0);
  show("no address", give(NULL, "localhost:80"), 0);

  struct host host = host_new();
  const wasmaot_valkind i32[] = {WASMAOT_I32, WASMAOT_I32};
  const wasmaot_functype log_type = {i32, 1, NULL, 0};
  const wasmaot_functype random_type = {i32, 2, i32, 1};
  wasmaot_extern imports[7] = {{.kind = WASMAOT_FUNC}};
  imports[1].kind = imports[2].kind = WASMAOT_FUNC;
  check(wasmaot_func_new(host.store, &log_type, host_log, NULL, NULL, &imports[1].of.func));
  check(wasmaot_func_new(host.store, &random_type, no_random, NULL, NULL, &imports[2].of.func));

  wasmaot_module *module;
  wasmaot_instance *instance;
  check(wasmaot_module_load(host.engine, &plugin_wasm, &module));
  show("without", wasmaot_instance_new(host.store, module, imports, 7, &instance), 0);
  const char *args[] = {"name", "argument"};
  const wasmaot_wasi_directory directories[] = {{.host = ".", .guest = "/"}};
  const wasmaot_wasi_config config = {
      .args = args, .arg_count = 2, .directories = directories, .directory_count = 1};
  check(wasmaot_store_set_wasi(host.store, &config));
  show("twice", wasmaot_store_set_wasi(host.store, &config), 0);
  show("too few", wasmaot_instance_new(host.store, module, imports, 6, &instance), 0);
  show("not all are WASI's", wasmaot_instance_new(host.store, module, NULL, 0, &instance), 0);

  // The host's functions where it gives some, WASI's for the rest; each instance its own memory.
  wasmaot_instance *other;
  check(wasmaot_instance_new(host.store, module, imports, 7, &instance));
  check(wasmaot_instance_new(host.store, module, imports, 7, &other));
  int32_t value = 0;
  show("count", plugin_count(instance, &value), value);
  printf("size %u, other's %u\n", word(instance, 4), word(other, 4));
  show("random", plugin_random(instance, &value), value);
  show("poll", plugin_poll(instance, &value), value);
  show("filestat", plugin_stat(instance, 0, &value), value);
  show("filestat of wasi_unstable", plugin_stat(instance, 1, &value), value);
  wasmaot_error *error = plugin_leave(instance, 7);
  printf("exit %d\n", (int)wasmaot_error_exit_status(error));
  show("leave", error, 0);
  show("after that", plugin_count(other, &value), value);

  // A function that goes on to another instance works on the first one's memory, while that lasts.
  const wasmaot_extern sizes = host_export(other, "sizes");
  wasmaot_instance *user = host_instance(&host, &user_wasm, &sizes, 1);
  show("user", user_count(user, 8, &value), value);
  printf("user's %u, other's %u\n", word(user, 8), word(other, 8));
  wasmaot_instance_delete(other);
  show("user of nobody's memory", user_count(user, 8, &value), value);

  wasmaot_module *exits;
  check(wasmaot_module_load(host.engine, &exits_wasm, &exits));
  error = wasmaot_instance_new(host.store, exits, NULL, 0, &instance);
  printf("exit %d\n", (int)wasmaot_error_exit_status(error));
  show("start", error, 0);
  wasmaot_module *wrong;
  check(wasmaot_module_load(host.engine, &wrong_wasm, &wrong));
  show("wrong type", wasmaot_instance_new(host.store, wrong, NULL, 0, &instance), 0);
  wasmaot_module_delete(module);
  wasmaot_module_delete(exits);
  wasmaot_module_delete(wrong);
  host_delete(&host);
  return 0;
}
