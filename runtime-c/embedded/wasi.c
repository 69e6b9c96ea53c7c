// WASI for instances: a store has one context of ../wasi, each instance functions of its own, which
// know its memory. Threads of one program have their context, and its memory, together.
#include "runtime.h"

#include "../wasi/include/wasmaot_wasi.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

// What a store grants.
struct wasi_grants {
  struct wasmaot_wasi *context;
  struct wasi_imports *imports; // of all instances
  bool is_joined;               // the context is a program's: what follows is empty
  char **strings;               // copies: arguments, variables, guest paths of directories
  size_t string_count;
};

// Functions that an instance was given. They may outlive it, in tables of others.
struct wasi_imports {
  struct wasi_imports *next;
  struct wasmaot_wasi *context;
  bool is_joined;                      // the context knows its memory
  const struct wasmaot_memory *memory; // null: none, or its instance is gone
};

// ---- Functions --------------------------------------------------------------------------------

static struct wasmaot_wasi *enter(void *data) {
  const struct wasi_imports *imports = data;
  // (Other threads are using it.)
  if (imports->is_joined)
    return imports->context;
  const struct wasmaot_memory *memory = imports->memory;
  wasmaot_wasi_set_memory(imports->context, memory ? &memory->base : NULL,
                          memory ? &memory->bytes : NULL);
  return imports->context;
}

#define ARGUMENT_I32(n) (uint32_t)args[n].i32
#define ARGUMENT_I64(n) (uint64_t)args[n].i64
#define WASI_FUNCTION(group, name, signature)                                                      \
  static wasmaot_error *call_##name(void *data, wasmaot_store *store, const wasmaot_val *args,     \
                                    wasmaot_val *results) {                                        \
    (void)store;                                                                                   \
    results[0].i32 = (int32_t)wasmaot_wasip1_##name(                                               \
        enter(data), WASI_VALUES_##signature(ARGUMENT_I32, ARGUMENT_I64));                         \
    return NULL;                                                                                   \
  }
#include "../wasi/include/wasmaot_wasi_functions.h"
#undef WASI_FUNCTION

static wasmaot_error *call_sched_yield(void *data, wasmaot_store *store, const wasmaot_val *args,
                                       wasmaot_val *results) {
  (void)store;
  (void)args;
  results[0].i32 = (int32_t)wasmaot_wasip1_sched_yield(enter(data));
  return NULL;
}

static wasmaot_error *call_proc_exit(void *data, wasmaot_store *store, const wasmaot_val *args,
                                     wasmaot_val *results) {
  (void)store;
  (void)results;
  (void)data;
  // (The context's field may be another thread's at this moment.)
  uint32_t status = (uint32_t)args[0].i32;
  wasmaot_error *error =
      wasmaot_error_format(WASMAOT_ERROR_EXIT, "the guest exited with status %u", status);
  if (error != wasmaot_error_memory())
    error->exit_status = status;
  return error;
}

static const struct wasi_function {
  const char *name;
  const char *params; // i: i32, I: i64
  bool has_result;
  wasmaot_callback callback;
} functions[] = {
#define WASI_FUNCTION(group, name, signature) {#name, #signature, true, call_##name},
#include "../wasi/include/wasmaot_wasi_functions.h"
#undef WASI_FUNCTION
    {"sched_yield", "", true, call_sched_yield},
    {"proc_exit", "i", false, call_proc_exit},
};

static bool is(const struct wasmaot_name *name, const char *text) {
  size_t size = strlen(text);
  return name->size == size && memcmp(name->bytes, text, size) == 0;
}

#define UNSTABLE_PREFIX "unstable_"

// The function that an import names, or null.
static const struct wasi_function *find(const struct wasmaot_import *import) {
  if (import->kind != WASMAOT_EXTERN_FUNC)
    return NULL;
  bool is_unstable = is(&import->module, "wasi_unstable");
  if (!is_unstable && !is(&import->module, "wasi_snapshot_preview1"))
    return NULL;
  const struct wasi_function *found = NULL;
  const size_t prefix = strlen(UNSTABLE_PREFIX);
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    const struct wasi_function *function = &functions[i];
    bool has_prefix = strncmp(function->name, UNSTABLE_PREFIX, prefix) == 0;
    if (!has_prefix && is(&import->name, function->name))
      found = found ? found : function;
    else if (is_unstable && has_prefix && is(&import->name, function->name + prefix))
      found = function; // of another layout
  }
  return is_unstable && is(&import->name, "sock_accept") ? NULL : found;
}

static wasmaot_error *make(struct wasmaot_store *store, struct wasi_imports *imports,
                           const struct wasi_function *function, wasmaot_extern *result) {
  wasmaot_valkind kinds[16];
  size_t count = strlen(function->params);
  for (size_t i = 0; i < count; i++)
    kinds[i] = function->params[i] == 'I' ? WASMAOT_I64 : WASMAOT_I32;
  const wasmaot_valkind kind = WASMAOT_I32;
  const wasmaot_functype type = {kinds, count, &kind, function->has_result};
  result->kind = WASMAOT_FUNC;
  return wasmaot_func_new(store, &type, function->callback, imports, NULL, &result->of.func);
}

// ---- Imports ----------------------------------------------------------------------------------

wasmaot_error *wasmaot_wasi_import(struct wasmaot_store *store, const struct wasmaot_module *module,
                                   const wasmaot_extern **imports, size_t *count,
                                   wasmaot_extern **made, struct wasi_imports **result) {
  const struct wasmaot_code *code = module->code;
  if (code->import_count == 0 || (*count != 0 && *count != code->import_count))
    return NULL; // as the host gave it
  wasmaot_extern *all = calloc(code->import_count, sizeof *all);
  struct wasi_imports *own = calloc(1, sizeof *own);
  if (!all || !own) {
    free(all);
    free(own);
    return wasmaot_error_memory();
  }
  own->context = store->wasi->context;
  own->is_joined = store->wasi->is_joined;
  own->next = store->wasi->imports;
  store->wasi->imports = own;
  if (*count > 0)
    memcpy(all, *imports, *count * sizeof *all);
  *made = all;
  for (uint32_t i = 0; i < code->import_count; i++) {
    const struct wasi_function *function = all[i].of.func ? NULL : find(&code->imports[i]);
    wasmaot_error *error = function ? make(store, own, function, &all[i]) : NULL;
    if (error)
      return error;
  }
  *imports = all;
  *count = code->import_count;
  *result = own;
  return NULL;
}

void wasmaot_wasi_attach(struct wasi_imports *imports, const struct instance *instance) {
  imports->memory = NULL;
  if (!instance || instance->module->code->memory_count == 0)
    return;
  wasmaot_extern memory;
  wasmaot_instance_entity(instance, WASMAOT_EXTERN_MEMORY, 0, &memory);
  imports->memory = memory.of.memory;
}

// ---- Grants -----------------------------------------------------------------------------------

// A copy that lives as long as the grants; null if memory is out.
static const char *keep(struct wasi_grants *wasi, const char *string) {
  char *copy = strdup(string);
  if (copy)
    wasi->strings[wasi->string_count++] = copy;
  return copy;
}

// Copies strings that stand in a row.
static bool keep_all(struct wasi_grants *wasi, const char *const *strings, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!keep(wasi, strings[i]))
      return false;
  return true;
}

static wasmaot_error *refuse(const char *what, const char *name, int error) {
  return wasmaot_error_format(WASMAOT_ERROR_ARGUMENT, "cannot %s '%s': %s", what, name,
                              strerror(error));
}

static wasmaot_error *too_many(void) {
  return wasmaot_error_fixed(WASMAOT_ERROR_ARGUMENT, "too many directories and listeners");
}

static wasmaot_error *open_directory(struct wasi_grants *wasi,
                                     const wasmaot_wasi_directory *directory) {
  const char *name = keep(wasi, directory->guest);
  if (!name)
    return wasmaot_error_memory();
  int host = open(directory->host, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (host < 0)
    return refuse("open the directory", directory->host, errno);
  if (wasmaot_wasi_add_directory(wasi->context, host, name, directory->read_only))
    return NULL;
  close(host);
  return too_many();
}

static wasmaot_error *open_listener(struct wasi_grants *wasi, const char *address) {
  int host = wasmaot_wasi_listen(address);
  if (host < 0)
    return refuse("listen at", address, -host);
  if (wasmaot_wasi_add_listener(wasi->context, host))
    return NULL;
  close(host);
  return too_many();
}

static wasmaot_error *open_all(struct wasi_grants *wasi, const wasmaot_wasi_config *config) {
  for (int i = 0; i < 3; i++)
    wasmaot_wasi_add_stream(wasi->context, config->streams ? config->streams[i] : -1);
  wasmaot_error *error = NULL;
  for (size_t i = 0; !error && i < config->directory_count; i++)
    error = open_directory(wasi, &config->directories[i]);
  for (size_t i = 0; !error && i < config->listener_count; i++)
    error = open_listener(wasi, config->listeners[i]);
  return error;
}

wasmaot_error *wasmaot_wasi_new(const wasmaot_wasi_config *config, bool has_threads,
                                const atomic_uint *interrupted, struct wasi_grants **result) {
  if (config->arg_count > UINT32_MAX || config->variable_count > UINT32_MAX)
    return wasmaot_error_fixed(WASMAOT_ERROR_ARGUMENT, "too many arguments or variables");
  struct wasi_grants *wasi = calloc(1, sizeof *wasi);
  if (!wasi)
    return wasmaot_error_memory();
  wasi->context = calloc(1, wasmaot_wasi_size());
  wasi->strings = calloc(config->arg_count + config->variable_count + config->directory_count + 1,
                         sizeof *wasi->strings);
  if (!wasi->context || !wasi->strings || !keep_all(wasi, config->args, config->arg_count) ||
      !keep_all(wasi, config->variables, config->variable_count)) {
    wasmaot_wasi_delete(wasi);
    return wasmaot_error_memory();
  }
  wasmaot_wasi_start(wasi->context, has_threads);
  // (By way of a number: the qualifier is not the callee's business.)
  wasmaot_wasi_set_hosted(wasi->context, (const volatile uint32_t *)(uintptr_t)interrupted);
  if (config->raw_terminal)
    wasmaot_wasi_set_raw_terminal(wasi->context);
  const char *const *strings = (const char *const *)wasi->strings;
  wasmaot_wasi_set_arguments(wasi->context, (uint32_t)config->arg_count, strings);
  wasmaot_wasi_set_variables(wasi->context, (uint32_t)config->variable_count,
                             strings + config->arg_count);
  wasmaot_error *error = open_all(wasi, config);
  if (error) {
    wasmaot_wasi_delete(wasi);
    return error;
  }
  *result = wasi;
  return NULL;
}

wasmaot_error *wasmaot_store_set_wasi(wasmaot_store *store, const wasmaot_wasi_config *config) {
  if (store->wasi)
    return wasmaot_error_fixed(WASMAOT_ERROR_ARGUMENT, "the store has WASI already");
  return wasmaot_wasi_new(config, false, &store->interrupted, &store->wasi);
}

bool wasmaot_store_join_wasi(struct wasmaot_store *store, const struct wasi_grants *program) {
  struct wasi_grants *wasi = calloc(1, sizeof *wasi);
  if (!wasi)
    return false;
  wasi->context = program->context;
  wasi->is_joined = true;
  store->wasi = wasi;
  return true;
}

void wasmaot_wasi_use_memory(struct wasi_grants *program, const struct wasmaot_memory *memory) {
  wasmaot_wasi_set_memory(program->context, &memory->base, &memory->bytes);
}

void wasmaot_wasi_delete(struct wasi_grants *wasi) {
  if (!wasi)
    return;
  if (wasi->context && !wasi->is_joined)
    wasmaot_wasi_end(wasi->context);
  while (wasi->imports) {
    struct wasi_imports *imports = wasi->imports;
    wasi->imports = imports->next;
    free(imports);
  }
  for (size_t i = 0; i < wasi->string_count; i++)
    free(wasi->strings[i]);
  free(wasi->strings);
  if (!wasi->is_joined)
    free(wasi->context);
  free(wasi);
}
