// Runs a program that was compiled to a shared library with --emit=shared, as a host program does,
// by the public API alone:
//
//   wasi_host LIBRARY SYMBOL [--dir HOST::GUEST | --env NAME=VALUE | --listen ADDRESS:PORT |
//                             --raw-terminal]... -- NAME ARGUMENT...
#include "../include/wasmaot.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_GRANTS 16

static void require(wasmaot_error *error) {
  if (!error)
    return;
  fprintf(stderr, "wasi_host: %s\n", wasmaot_error_message(error));
  exit(wasmaot_error_get_kind(error) == WASMAOT_ERROR_TRAP ? 134 : 1);
}

static const char *values[MAX_GRANTS];
static wasmaot_wasi_directory directories[MAX_GRANTS];
static const char *listeners[MAX_GRANTS];
static wasmaot_wasi_config config = {
    .variables = values, .directories = directories, .listeners = listeners};

static void grant(const char *option, char *value) {
  if (config.variable_count == MAX_GRANTS || config.directory_count == MAX_GRANTS ||
      config.listener_count == MAX_GRANTS)
    exit(2);
  if (strcmp(option, "--dir") == 0) {
    char *separator = strstr(value, "::");
    if (separator)
      *separator = 0;
    directories[config.directory_count++] =
        (wasmaot_wasi_directory){.host = value, .guest = separator ? separator + 2 : value};
  } else if (strcmp(option, "--env") == 0) {
    values[config.variable_count++] = value;
  } else if (strcmp(option, "--listen") == 0) {
    listeners[config.listener_count++] = value;
  } else {
    exit(2);
  }
}

int main(int argc, char **argv) {
  if (argc < 4)
    return 2;
  int at = 3;
  while (at < argc && strcmp(argv[at], "--") != 0) {
    if (strcmp(argv[at], "--raw-terminal") == 0) {
      config.raw_terminal = true;
      at++;
    } else {
      grant(argv[at], argv[at + 1]);
      at += 2;
    }
  }
  static const int streams[] = {0, 1, 2};
  config.streams = streams;
  config.args = (const char *const *)argv + at + 1;
  config.arg_count = (size_t)(argc - at - 1);

  void *library = dlopen(argv[1], RTLD_NOW);
  const wasmaot_code *code = library ? dlsym(library, argv[2]) : NULL;
  if (!code) {
    fprintf(stderr, "wasi_host: %s\n", dlerror());
    return 1;
  }
  wasmaot_engine *engine = wasmaot_engine_new(NULL);
  wasmaot_module *module;
  wasmaot_instance *instance;
  require(wasmaot_module_load(engine, code, &module));
  wasmaot_store *store = wasmaot_store_new(engine, NULL);
  require(wasmaot_store_set_wasi(store, &config));
  require(wasmaot_instance_new(store, module, NULL, 0, &instance));
  wasmaot_extern start;
  if (!wasmaot_instance_export(instance, "_start", 6, &start) || start.kind != WASMAOT_FUNC)
    return 1;
  wasmaot_error *error = wasmaot_func_call(start.of.func, NULL, 0, NULL, 0);
  int64_t status = error ? wasmaot_error_exit_status(error) : 0;
  if (status < 0)
    require(error);
  wasmaot_error_delete(error);
  wasmaot_store_delete(store);
  wasmaot_module_delete(module);
  wasmaot_engine_delete(engine);
  return (int)status;
}
