// Time to instantiate a module and to drop the instance: wasmaot's embedded runtime, and wasmtime's
// pooling allocator in the same run.
//
//     instantiate LIBWASMTIME MODULE...      MODULE: path without .so (compiled) and .wasm
//
// Prints for each module and engine: name, engine, nanoseconds to instantiate (a store and an
// instance), nanoseconds with drop. Medians of rounds of BATCH instances that live at once.
#include "../runtime-c/include/wasmaot.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH 100
#define ROUNDS 60
#define WARM_UP 5

static _Noreturn void die(const char *message) {
  fprintf(stderr, "instantiate: %s\n", message);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a;
  double y = *(const double *)b;
  return x < y ? -1 : x > y;
}

// An engine with a module, and instances of it by number.
struct subject {
  const char *name;
  void (*create)(int index);
  void (*drop)(int index);
};

static void measure(const char *module, const struct subject *subject) {
  double create[ROUNDS];
  double both[ROUNDS];
  for (int round = -WARM_UP; round < ROUNDS; round++) {
    double start = now();
    for (int i = 0; i < BATCH; i++)
      subject->create(i);
    double middle = now();
    for (int i = 0; i < BATCH; i++)
      subject->drop(i);
    double end = now();
    if (round >= 0) {
      create[round] = (middle - start) / BATCH;
      both[round] = (end - start) / BATCH;
    }
  }
  qsort(create, ROUNDS, sizeof create[0], compare);
  qsort(both, ROUNDS, sizeof both[0], compare);
  printf("%s\t%s\t%.0f\t%.0f\n", module, subject->name, create[ROUNDS / 2], both[ROUNDS / 2]);
  fflush(stdout);
}

// ---- wasmaot ----------------------------------------------------------------------------------

static wasmaot_engine *engine;
static wasmaot_module *module;
static wasmaot_store *stores[BATCH];

static void require(wasmaot_error *error) {
  if (error)
    die(wasmaot_error_message(error));
}

static void create_wasmaot(int index) {
  stores[index] = wasmaot_store_new(engine, NULL);
  wasmaot_instance *instance;
  require(wasmaot_instance_new(stores[index], module, NULL, 0, &instance));
}

static void drop_wasmaot(int index) { wasmaot_store_delete(stores[index]); }

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static void measure_wasmaot(const char *path) {
  char text[4096];
  snprintf(text, sizeof text, "%s.so", path);
  void *library = dlopen(text, RTLD_NOW);
  if (!library)
    die(dlerror());
  snprintf(text, sizeof text, "%s_wasm", base_name(path));
  const wasmaot_code *code = dlsym(library, text);
  if (!code)
    die(dlerror());
  engine = wasmaot_engine_new(NULL);
  require(wasmaot_module_load(engine, code, &module));
  measure(base_name(path), &(struct subject){"wasmaot", create_wasmaot, drop_wasmaot});
  wasmaot_module_delete(module);
  wasmaot_engine_delete(engine);
}

// ---- wasmtime: its C API, as far as it is needed ----------------------------------------------

struct wasmtime_instance {
  uint64_t store_id;
  size_t index[3]; // more than any version's
};

static void *(*wasm_config_new)(void);
static void *(*wasm_engine_new_with_config)(void *config);
static void (*wasm_engine_delete)(void *engine);
static void *(*pooling_new)(void);
static void (*pooling_total_instances)(void *config, uint32_t count);
static void (*pooling_total_memories)(void *config, uint32_t count);
static void (*pooling_keep_resident)(void *config, size_t size);
static void (*pooling_set)(void *config, const void *pooling);
static void *(*module_new)(void *engine, const uint8_t *bytes, size_t size, void **module);
static void (*module_delete)(void *module);
static void *(*linker_new)(void *engine);
static void *(*instantiate_pre)(const void *linker, const void *module, void **pre);
static void *(*pre_instantiate)(const void *pre, void *context, struct wasmtime_instance *instance,
                                void **trap);
static void *(*store_new)(void *engine, void *data, void (*finalizer)(void *));
static void *(*store_context)(void *store);
static void (*store_delete)(void *store);

static const struct {
  const char *name;
  void *function; // address of the variable
} functions[] = {
    {"wasm_config_new", &wasm_config_new},
    {"wasm_engine_new_with_config", &wasm_engine_new_with_config},
    {"wasm_engine_delete", &wasm_engine_delete},
    {"wasmtime_pooling_allocation_config_new", &pooling_new},
    {"wasmtime_pooling_allocation_config_total_core_instances_set", &pooling_total_instances},
    {"wasmtime_pooling_allocation_config_total_memories_set", &pooling_total_memories},
    {"wasmtime_pooling_allocation_config_linear_memory_keep_resident_set", &pooling_keep_resident},
    {"wasmtime_pooling_allocation_strategy_set", &pooling_set},
    {"wasmtime_module_new", &module_new},
    {"wasmtime_module_delete", &module_delete},
    {"wasmtime_linker_new", &linker_new},
    {"wasmtime_linker_instantiate_pre", &instantiate_pre},
    {"wasmtime_instance_pre_instantiate", &pre_instantiate},
    {"wasmtime_store_new", &store_new},
    {"wasmtime_store_context", &store_context},
    {"wasmtime_store_delete", &store_delete},
};

static void *wasmtime_engine;
static void *wasmtime_pre;
static void *wasmtime_stores[BATCH];

static void load_wasmtime(const char *path) {
  void *library = dlopen(path, RTLD_NOW);
  if (!library)
    die(dlerror());
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    void *found = dlsym(library, functions[i].name);
    if (!found)
      die(dlerror());
    memcpy(functions[i].function, &found, sizeof found);
  }
}

static void create_wasmtime(int index) {
  wasmtime_stores[index] = store_new(wasmtime_engine, NULL, NULL);
  struct wasmtime_instance instance;
  void *trap = NULL;
  if (pre_instantiate(wasmtime_pre, store_context(wasmtime_stores[index]), &instance, &trap) ||
      trap)
    die("wasmtime could not instantiate");
}

static void drop_wasmtime(int index) { store_delete(wasmtime_stores[index]); }

static void measure_wasmtime(const char *path, size_t keep_resident, const char *name) {
  char text[4096];
  snprintf(text, sizeof text, "%s.wasm", path);
  FILE *file = fopen(text, "rb");
  static uint8_t bytes[4 << 20];
  size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
  if (size == 0)
    die("no module");
  fclose(file);
  void *config = wasm_config_new();
  void *pooling = pooling_new();
  pooling_total_instances(pooling, 1000);
  pooling_total_memories(pooling, 1000);
  if (keep_resident > 0)
    pooling_keep_resident(pooling, keep_resident);
  pooling_set(config, pooling);
  wasmtime_engine = wasm_engine_new_with_config(config);
  void *compiled;
  if (module_new(wasmtime_engine, bytes, size, &compiled) ||
      instantiate_pre(linker_new(wasmtime_engine), compiled, &wasmtime_pre))
    die("wasmtime could not compile the module");
  measure(base_name(path), &(struct subject){name, create_wasmtime, drop_wasmtime});
  module_delete(compiled);
  wasm_engine_delete(wasmtime_engine);
}

int main(int argc, char **argv) {
  if (argc < 3)
    die("usage: instantiate LIBWASMTIME MODULE...");
  if (strcmp(argv[1], "-") != 0)
    load_wasmtime(argv[1]);
  for (int i = 2; i < argc; i++) {
    measure_wasmaot(argv[i]);
    if (strcmp(argv[1], "-") == 0)
      continue;
    measure_wasmtime(argv[i], 0, "wasmtime");
    measure_wasmtime(argv[i], 1 << 20, "wasmtime, 1 MiB resident");
  }
  return 0;
}
