// Runs scripts of the specification's test suite over the public API alone. Commands on standard
// input, a line each; for each, one line comes back. Words are separated by a space.
//
//   module ID PATH SYMBOL          loads a shared library; its descriptor is SYMBOL
//   instance ID MODULE             instantiates; imports are found by registered names
//   register NAME INSTANCE         gives an instance's exports to the imports that follow
//   invoke INSTANCE NAME VALUE...  calls an exported function
//   get INSTANCE NAME              an exported global's value
//   fuel N                         what is left from here on, hexadecimal
//   consumed                       since then
//   log                            what functions of "fuzzing-support" were called with
//   store                          a new store: all instances are gone
//
//   ok VALUE...   |   trap MESSAGE   |   exception   |   unlinkable MESSAGE   |   error MESSAGE
//
// IDs are words. NAMEs are hexadecimal bytes, "-" where there are none. VALUEs are a letter for the
// type (i I f F v: i32 i64 f32 f64 v128; r e x: funcref externref exnref), a colon, and bits as
// hexadecimal. References: 0 is null; an externref is the script's number for it plus one; of
// others that are not null nothing can be said but 1.
//
// The module "spectest" is the host's; what it lacks is looked for in an instance registered under
// that name. "fuzzing-support" has functions that log their arguments, as in
// runtime-c/src/script_host.c.
#include "../include/wasmaot.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_VALUES 1000

static wasmaot_engine *engine;
static wasmaot_store *store;

static void fail(const char *message) { printf("error %s\n", message); }

// What an error is, on one line.
static void report(wasmaot_error *error) {
  if (wasmaot_error_get_kind(error) == WASMAOT_ERROR_EXCEPTION) {
    printf("exception\n");
    wasmaot_error_delete(error);
    return;
  }
  static const char *const words[] = {[WASMAOT_ERROR_TRAP] = "trap",
                                      [WASMAOT_ERROR_LINK] = "unlinkable",
                                      [WASMAOT_ERROR_OUT_OF_FUEL] = "trap"};
  wasmaot_error_kind kind = wasmaot_error_get_kind(error);
  const char *word = kind < sizeof words / sizeof words[0] && words[kind] ? words[kind] : "error";
  printf("%s %s\n", word, wasmaot_error_message(error));
  wasmaot_error_delete(error);
}

static _Noreturn void die(const char *message) {
  fprintf(stderr, "spec_host: %s\n", message);
  exit(1);
}

static void require(wasmaot_error *error) {
  if (error)
    die(wasmaot_error_message(error));
}

// ---- Names ------------------------------------------------------------------------------------

// Things by name, the newest first: a list is enough for a script.
struct named {
  struct named *next;
  char *name;
  size_t size;
  void *value;
};
static struct named *modules;
static struct named *instances;
static struct named *registered;

static void *find(const struct named *list, const char *name, size_t size) {
  for (; list; list = list->next)
    if (list->size == size && memcmp(list->name, name, size) == 0)
      return list->value;
  return NULL;
}

static void add(struct named **list, const char *name, size_t size, void *value) {
  struct named *entry = malloc(sizeof *entry + size);
  if (!entry)
    die("out of memory");
  entry->name = (char *)(entry + 1);
  memcpy(entry->name, name, size);
  entry->size = size;
  entry->value = value;
  entry->next = *list;
  *list = entry;
}

// ---- spectest ---------------------------------------------------------------------------------

static wasmaot_error *print(void *data, wasmaot_store *caller, const wasmaot_val *args,
                            wasmaot_val *results) {
  (void)data;
  (void)caller;
  (void)args;
  (void)results;
  return NULL;
}

static struct named *spectest;

static void add_spectest(const char *name, wasmaot_extern value) {
  wasmaot_extern *copy = malloc(sizeof *copy);
  if (!copy)
    die("out of memory");
  *copy = value;
  add(&spectest, name, strlen(name), copy);
}

static void make_spectest(void) {
  static const struct {
    const char *name;
    wasmaot_valkind params[2];
    size_t count;
  } functions[] = {
      {"print", {0}, 0},
      {"print_i32", {WASMAOT_I32}, 1},
      {"print_i64", {WASMAOT_I64}, 1},
      {"print_f32", {WASMAOT_F32}, 1},
      {"print_f64", {WASMAOT_F64}, 1},
      {"print_i32_f32", {WASMAOT_I32, WASMAOT_F32}, 2},
      {"print_f64_f64", {WASMAOT_F64, WASMAOT_F64}, 2},
  };
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    wasmaot_functype type = {functions[i].params, functions[i].count, NULL, 0};
    wasmaot_extern value = {.kind = WASMAOT_FUNC};
    require(wasmaot_func_new(store, &type, print, NULL, NULL, &value.of.func));
    add_spectest(functions[i].name, value);
  }
  static const struct {
    const char *name;
    wasmaot_valkind kind;
    wasmaot_val value;
  } globals[] = {{"global_i32", WASMAOT_I32, {.i32 = 666}},
                 {"global_i64", WASMAOT_I64, {.i64 = 666}},
                 {"global_f32", WASMAOT_F32, {.f32 = 666.6f}},
                 {"global_f64", WASMAOT_F64, {.f64 = 666.6}}};
  for (size_t i = 0; i < sizeof globals / sizeof globals[0]; i++) {
    wasmaot_extern value = {.kind = WASMAOT_GLOBAL};
    require(wasmaot_global_new(store, globals[i].kind, false, globals[i].value, &value.of.global));
    add_spectest(globals[i].name, value);
  }
  wasmaot_extern table = {.kind = WASMAOT_TABLE};
  require(wasmaot_table_new(store, WASMAOT_FUNCREF, (wasmaot_limits){10, 20},
                            (wasmaot_val){.funcref = NULL}, &table.of.table));
  add_spectest("table", table);
  wasmaot_extern memory = {.kind = WASMAOT_MEMORY};
  require(wasmaot_memory_new(store, (wasmaot_limits){1, 2}, &memory.of.memory));
  add_spectest("memory", memory);
}

// ---- Values -----------------------------------------------------------------------------------

static const char letters[] = "iIfFvrex";

static int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9')
    return digit - '0';
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool parse_value(const char *word, wasmaot_valkind kind, wasmaot_val *value) {
  if (word[0] != letters[kind] || word[1] != ':' || !word[2])
    return false;
  uint64_t halves[2] = {0, 0};
  for (word += 2; *word; word++) {
    int digit = hex_digit(*word);
    if (digit < 0)
      return false;
    halves[1] = halves[1] << 4 | halves[0] >> 60;
    halves[0] = halves[0] << 4 | (uint64_t)digit;
  }
  memcpy(value, halves, sizeof *value);
  // Of functions and exceptions only null can be written down.
  return (kind != WASMAOT_FUNCREF && kind != WASMAOT_EXNREF) || halves[0] == 0;
}

static void print_value(wasmaot_valkind kind, const wasmaot_val *value) {
  uint64_t halves[2];
  memcpy(halves, value, sizeof halves);
  if (kind == WASMAOT_I32 || kind == WASMAOT_F32)
    halves[0] = (uint32_t)halves[0];
  if (kind == WASMAOT_FUNCREF || kind == WASMAOT_EXNREF)
    halves[0] = halves[0] != 0;
  if (kind == WASMAOT_V128)
    printf(" v:%016llx%016llx", (unsigned long long)halves[1], (unsigned long long)halves[0]);
  else
    printf(" %c:%llx", letters[kind], (unsigned long long)halves[0]);
}

// ---- Functions that log -----------------------------------------------------------------------

#define MAX_LOGGED 256
static struct {
  char type;
  wasmaot_val value;
} logged[MAX_LOGGED];
static uint64_t logged_count;
static struct named *logging;

static const struct logger {
  const char *name;
  char type;
  wasmaot_valkind kind;
  size_t result_count;
} loggers[] = {{"log-i32", 'i', WASMAOT_I32, 0},   {"log-i64", 'I', WASMAOT_I64, 0},
               {"log-f32", 'f', WASMAOT_F32, 0},   {"log-f64", 'F', WASMAOT_F64, 0},
               {"log-v128", 'v', WASMAOT_V128, 0}, {"mix", 'm', WASMAOT_I32, 1}};

static wasmaot_error *log_call(void *data, wasmaot_store *caller, const wasmaot_val *args,
                               wasmaot_val *results) {
  (void)caller;
  const struct logger *logger = data;
  if (logged_count < MAX_LOGGED) {
    logged[logged_count].type = logger->type;
    logged[logged_count].value = args[0];
  }
  logged_count++;
  if (logger->result_count)
    results[0].i32 = (int32_t)((uint32_t)args[0].i32 * 31 + 7);
  return NULL;
}

static void make_loggers(void) {
  static const wasmaot_valkind result = WASMAOT_I32;
  for (size_t i = 0; i < sizeof loggers / sizeof loggers[0]; i++) {
    const struct logger *logger = &loggers[i];
    wasmaot_functype type = {&logger->kind, 1, &result, logger->result_count};
    wasmaot_extern *value = calloc(1, sizeof *value);
    if (!value)
      die("out of memory");
    value->kind = WASMAOT_FUNC;
    require(
        wasmaot_func_new(store, &type, log_call, (void *)(uintptr_t)logger, NULL, &value->of.func));
    add(&logging, logger->name, strlen(logger->name), value);
  }
}

static void print_log(char **words) {
  (void)words;
  printf("ok");
  for (size_t i = 0; i < logged_count && i < MAX_LOGGED; i++) {
    if (logged[i].type == 'm')
      printf(" m:%x", (unsigned)logged[i].value.i32);
    else
      print_value((wasmaot_valkind)(strchr(letters, logged[i].type) - letters), &logged[i].value);
  }
  printf(" #%llx\n", (unsigned long long)logged_count);
  logged_count = 0;
}

// ---- Commands ---------------------------------------------------------------------------------

// A NAME, decoded in place. False if it is none.
static bool parse_name(char *word, size_t *size) {
  *size = 0;
  if (strcmp(word, "-") == 0)
    return true;
  for (; word[2 * *size]; ++*size) {
    int high = hex_digit(word[2 * *size]);
    int low = high < 0 ? -1 : hex_digit(word[2 * *size + 1]);
    if (low < 0)
      return false;
    word[*size] = (char)(high << 4 | low);
  }
  return true;
}

static void load(char **words) {
  void *library = dlopen(words[2], RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return fail(dlerror());
  const wasmaot_code *code = dlsym(library, words[3]);
  if (!code)
    return fail(dlerror());
  wasmaot_module *module;
  wasmaot_error *error = wasmaot_module_load(engine, code, &module);
  if (error)
    return report(error);
  add(&modules, words[1], strlen(words[1]), module);
  printf("ok\n");
}

static wasmaot_extern resolve(wasmaot_bytes from, wasmaot_bytes name) {
  wasmaot_extern result = {.kind = WASMAOT_FUNC, .of.func = NULL};
  if (from.size == 8 && memcmp(from.bytes, "spectest", 8) == 0) {
    const wasmaot_extern *found = find(spectest, name.bytes, name.size);
    if (found)
      return *found;
  }
  if (from.size == 15 && memcmp(from.bytes, "fuzzing-support", 15) == 0) {
    if (!logging)
      make_loggers();
    const wasmaot_extern *found = find(logging, name.bytes, name.size);
    if (found)
      return *found;
  }
  wasmaot_instance *instance = find(registered, from.bytes, from.size);
  if (instance)
    wasmaot_instance_export(instance, name.bytes, name.size, &result);
  return result;
}

static void instantiate(char **words) {
  wasmaot_module *module = find(modules, words[2], strlen(words[2]));
  if (!module)
    return fail("no such module");
  size_t count = wasmaot_module_import_count(module);
  wasmaot_extern *imports = calloc(count + 1, sizeof *imports);
  if (!imports)
    die("out of memory");
  for (size_t i = 0; i < count; i++) {
    wasmaot_bytes from;
    wasmaot_bytes name;
    wasmaot_module_import(module, i, &from, &name);
    imports[i] = resolve(from, name);
  }
  wasmaot_instance *instance;
  wasmaot_error *error = wasmaot_instance_new(store, module, imports, count, &instance);
  free(imports);
  if (error)
    return report(error);
  add(&instances, words[1], strlen(words[1]), instance);
  printf("ok\n");
}

static bool find_export(char **words, wasmaot_externkind kind, wasmaot_extern *result) {
  wasmaot_instance *instance = find(instances, words[1], strlen(words[1]));
  size_t size;
  return instance && parse_name(words[2], &size) &&
         wasmaot_instance_export(instance, words[2], size, result) && result->kind == kind;
}

static void register_instance(char **words) {
  wasmaot_instance *instance = find(instances, words[2], strlen(words[2]));
  size_t size;
  if (!instance || !parse_name(words[1], &size))
    return fail("no such instance, or no name");
  add(&registered, words[1], size, instance);
  printf("ok\n");
}

static void invoke(char **words) {
  static wasmaot_val values[MAX_VALUES];
  wasmaot_extern found;
  if (!find_export(words, WASMAOT_FUNC, &found))
    return fail("no such function");
  wasmaot_functype type = wasmaot_func_type(found.of.func);
  size_t count = 0;
  for (char **word = words + 3; *word; word++, count++)
    if (count >= type.param_count || !parse_value(*word, type.params[count], &values[count]))
      return fail("bad argument");
  wasmaot_error *error = wasmaot_func_call(found.of.func, values, count, values, type.result_count);
  if (error)
    return report(error);
  printf("ok");
  for (size_t i = 0; i < type.result_count; i++)
    print_value(type.results[i], &values[i]);
  printf("\n");
}

static void get(char **words) {
  wasmaot_extern found;
  if (!find_export(words, WASMAOT_GLOBAL, &found))
    return fail("no such global");
  wasmaot_val value = wasmaot_global_get(found.of.global);
  printf("ok");
  print_value(wasmaot_global_kind(found.of.global), &value);
  printf("\n");
}

static uint64_t consumed_before;

static void set_fuel(char **words) {
  wasmaot_store_set_fuel(store, strtoull(words[1], NULL, 16));
  consumed_before = wasmaot_store_fuel_consumed(store);
  printf("ok\n");
}

static void consumed(char **words) {
  (void)words;
  wasmaot_val value = {.i64 = (int64_t)(wasmaot_store_fuel_consumed(store) - consumed_before)};
  printf("ok");
  print_value(WASMAOT_I64, &value);
  printf("\n");
}

static void forget(struct named **list, bool frees_values) {
  while (*list) {
    struct named *entry = *list;
    *list = entry->next;
    if (frees_values)
      free(entry->value);
    free(entry);
  }
}

static void renew_store(char **words) {
  (void)words;
  wasmaot_store_delete(store);
  forget(&instances, false);
  forget(&registered, false);
  forget(&spectest, true);
  forget(&logging, true);
  logged_count = 0;
  store = wasmaot_store_new(engine, NULL);
  if (!store)
    die("out of memory");
  make_spectest();
  printf("ok\n");
}

static const struct {
  const char *name;
  size_t least;
  size_t most;
  void (*run)(char **words);
} commands[] = {{"module", 4, 4, load},
                {"instance", 3, 3, instantiate},
                {"register", 3, 3, register_instance},
                {"invoke", 3, MAX_VALUES, invoke},
                {"get", 3, 3, get},
                {"fuel", 2, 2, set_fuel},
                {"consumed", 1, 1, consumed},
                {"log", 1, 1, print_log},
                {"store", 1, 1, renew_store}};

static void execute(char *line) {
  static char *words[MAX_VALUES + 4];
  size_t count = 0;
  for (char *word = strtok(line, " "); word; word = strtok(NULL, " ")) {
    if (count == sizeof words / sizeof words[0] - 1)
      return fail("too many words");
    words[count++] = word;
  }
  words[count] = NULL;
  for (size_t i = 0; count > 0 && i < sizeof commands / sizeof commands[0]; i++)
    if (strcmp(words[0], commands[i].name) == 0 && count >= commands[i].least &&
        count <= commands[i].most)
      return commands[i].run(words);
  fail("unknown command");
}

int main(void) {
  // The suite has modules that recurse 200,000 calls deep without a tail call.
  wasmaot_engine_config config = {.stack_size = 8 << 20};
  engine = wasmaot_engine_new(&config);
  store = engine ? wasmaot_store_new(engine, NULL) : NULL;
  if (!store)
    die("out of memory");
  make_spectest();
  char *line = NULL;
  size_t capacity = 0;
  ssize_t length;
  while ((length = getline(&line, &capacity, stdin)) > 0) {
    if (line[length - 1] == '\n')
      line[length - 1] = 0;
    execute(line);
    fflush(stdout);
  }
  free(line);
  wasmaot_store_delete(store);
  for (struct named *module = modules; module; module = module->next)
    wasmaot_module_delete(module->value);
  wasmaot_engine_delete(engine);
  return 0;
}
