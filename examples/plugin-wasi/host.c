// Runs a plugin that uses WASI: with one directory to read, one variable, and a pipe as its
// standard output.
#include "plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void require(wasmaot_error *error) {
  if (!error)
    return;
  fprintf(stderr, "host: %s\n", wasmaot_error_message(error));
  exit(1);
}

// Shows what the plugin has printed. The host decides what becomes of it.
static void show(int output) {
  char text[1024];
  ssize_t size = read(output, text, sizeof text);
  for (ssize_t i = 0, start = 0; i < size; i++)
    if (text[i] == '\n') {
      printf("  plugin: ");
      for (; start <= i; start++)
        putchar(text[start] == '\033' ? '?' : text[start]);
    }
}

int main(void) {
  int output[2];
  if (pipe(output) != 0)
    return 1;
  wasmaot_engine *engine = wasmaot_engine_new(NULL);
  wasmaot_module *module;
  require(wasmaot_module_load(engine, &plugin_wasm, &module));

  // Nothing that is not named here can be reached.
  const char *args[] = {"plugin"};
  const char *variables[] = {"GREETING=good morning"};
  const wasmaot_wasi_directory directories[] = {
      {.host = "data", .guest = "/data", .read_only = true}};
  const int streams[] = {-1, output[1], output[1]};
  wasmaot_store *store = wasmaot_store_new(engine, NULL);
  require(wasmaot_store_set_wasi(store, &(wasmaot_wasi_config){.args = args,
                                                               .arg_count = 1,
                                                               .variables = variables,
                                                               .variable_count = 1,
                                                               .directories = directories,
                                                               .directory_count = 1,
                                                               .streams = streams}));

  // All of the module's imports are WASI's, so none is given.
  wasmaot_instance *instance;
  require(wasmaot_instance_new(store, module, NULL, 0, &instance));
  require(plugin__initialize(instance)); // of a library that was made from C: its constructors

  int32_t result;
  require(plugin_greet(instance, &result));
  printf("greet: %d\n", result);
  show(output[0]);
  require(plugin_misbehave(instance, &result));
  printf("misbehave: %d\n", result);
  show(output[0]);

  wasmaot_error *error = plugin_leave(instance, 3);
  printf("leave: %s (%d)\n", wasmaot_error_message(error), (int)wasmaot_error_exit_status(error));
  wasmaot_error_delete(error);

  wasmaot_store_delete(store);
  wasmaot_module_delete(module);
  wasmaot_engine_delete(engine);
  return 0;
}
