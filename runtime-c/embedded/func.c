// Functions: those of the host, and calls of any from outside.
#include "guest.h"

struct wasmaot_store *wasmaot_func_store(const struct wasmaot_func_ref *function) {
  if ((function->flags & FUNCTION_OF_HOST) != 0)
    return ((const struct host_function *)function->context)->store;
  return ((const struct wasmaot_instance *)function->context)->store;
}

struct instance *wasmaot_func_owner(const struct wasmaot_func_ref *function) {
  if ((function->flags & FUNCTION_OF_HOST) != 0)
    return NULL;
  return instance_of((const struct wasmaot_instance *)function->context);
}

const struct type *wasmaot_func_type_of(const struct wasmaot_func_ref *function) {
  if ((function->flags & FUNCTION_OF_HOST) != 0)
    return ((const struct host_function *)function->context)->type;
  const struct wasmaot_instance *instance = function->context;
  return instance_of(instance)->module->types[function->flags];
}

// ---- Functions of the host --------------------------------------------------------------------

// Code for references to functions of the host is in modules, one a signature: its convention
// depends on the type. A reference that is made before there is a module with its signature gets it
// when one comes; until then nobody can call it, for an indirect call compares types first.
static void *find_adaptor(const struct wasmaot_module *module, uint32_t type) {
  for (uint32_t i = 0; i < module->code->signature_count; i++)
    if (module->numbers[i] == type && module->code->signatures[i].host_adaptor)
      return module->code->signatures[i].host_adaptor;
  return NULL;
}

static void adapt(struct host_function *function, struct module_use *use) {
  function->reference.code = find_adaptor(use->module, function->reference.type);
  if (function->reference.code)
    use->is_pinned = true;
}

wasmaot_error *wasmaot_func_new(wasmaot_store *store, const wasmaot_functype *type,
                                wasmaot_callback callback, void *data, void (*finalize)(void *),
                                const wasmaot_func **result) {
  const struct type *found = wasmaot_types_find_kinds(&store->engine->types, type);
  if (!found)
    return wasmaot_error_fixed(WASMAOT_ERROR_ARGUMENT,
                               "no type of a function, or more than 1000 values");
  struct host_function *function = calloc(1, sizeof *function);
  if (!function)
    return wasmaot_error_memory();
  *function = (struct host_function){.runtime = &wasmaot_runtime,
                                     .store = store,
                                     .type = found,
                                     .callback = callback,
                                     .data = data,
                                     .finalize = finalize,
                                     .next = store->functions};
  function->reference = (struct wasmaot_func_ref){.context = function,
                                                  .type = found->number,
                                                  .flags = FUNCTION_OF_HOST,
                                                  .self = &function->reference};
  struct module_uses *uses = atomic_load_explicit(&store->modules, memory_order_relaxed);
  for (uint32_t i = 0; uses && i < uses->count && !function->reference.code; i++)
    adapt(function, &uses->uses[i]);
  store->functions = function;
  *result = &function->reference;
  return NULL;
}

void wasmaot_functions_adapt(struct wasmaot_store *store, struct wasmaot_module *module) {
  struct module_uses *uses = atomic_load_explicit(&store->modules, memory_order_relaxed);
  struct module_use *use = uses->uses;
  while (use->module != module)
    use++;
  for (struct host_function *function = store->functions; function; function = function->next) {
    if (function->reference.code)
      continue;
    adapt(function, use);
    if (!function->reference.code)
      continue;
    for (struct host_table *table = store->tables; table; table = table->next)
      wasmaot_table_update(&table->abi, &function->reference);
    for (struct instance *instance = store->instances; instance; instance = instance->next) {
      const struct wasmaot_code *code = instance->module->code;
      for (uint32_t i = instance->module->imported[WASMAOT_EXTERN_TABLE]; i < code->table_count;
           i++)
        if (code->tables[i].offset != UINT32_MAX)
          wasmaot_table_update(instance_at(instance, code->tables[i].offset), &function->reference);
    }
  }
}

// Values on the stack of the host up to here.
#define FEW_VALUES 16

// Whether what a function of the host gives back may reach wasm.
static wasmaot_error *check_results(const struct host_function *function, wasmaot_val *results) {
  const struct type *type = function->type;
  const struct valtype *types = type->values + type->param_count;
  if (!type->has_references)
    return NULL;
  for (uint32_t i = 0; i < type->result_count; i++)
    if (!wasmaot_value_fits(function->store, types[i], &results[i]))
      return wasmaot_error_fixed(WASMAOT_ERROR_ARGUMENT,
                                 "a function of the host returned a reference of another store");
  if (!wasmaot_values_pass(function->store, types, type->result_count, results))
    return wasmaot_error_memory();
  return NULL;
}

// Arguments from `values`, results there.
static wasmaot_error *call_callback(struct host_function *function, struct wasmaot_value *values) {
  const struct type *type = function->type;
  wasmaot_val few[FEW_VALUES];
  few[0] = (wasmaot_val){.i64 = 0}; // gcc can't see that a callback reads no more than there is
  wasmaot_val *arguments = few;
  if (type->param_count > FEW_VALUES) {
    arguments = malloc(type->param_count * sizeof *arguments);
    if (!arguments)
      return wasmaot_error_memory();
  }
  if (type->param_count > 0)
    memcpy(arguments, values, type->param_count * sizeof *arguments);
  wasmaot_values_show(type->kinds, type->param_count, arguments);
  if (type->result_count > 0)
    memset(values, 0, type->result_count * sizeof *values);
  wasmaot_val *results = (wasmaot_val *)(void *)values;
  wasmaot_error *error = function->callback(function->data, function->store, arguments, results);
  if (arguments != few)
    free(arguments);
  return error ? error : check_results(function, results);
}

// struct wasmaot_runtime's call_host.
GUEST_FACING void wasmaot_call_host(void *context, struct wasmaot_value *values);
GUEST_FACING void wasmaot_call_host(void *context, struct wasmaot_value *values) {
  struct activation *activation = guest_suspend(HOST_RESERVE);
  struct host_function *function = context;
  struct wasmaot_store *store = function->store;
  activation->host_frame = (uint64_t)(uintptr_t)__builtin_frame_address(0);
  wasmaot_error *error = call_callback(function, values);
  activation->host_frame = 0;
  // Code of this store must not hold what ends with another one.
  if (error && error->exception && !wasmaot_exception_is_of(error->exception, store)) {
    wasmaot_error_delete(error);
    error = wasmaot_error_fixed(WASMAOT_ERROR_HOST,
                                "a function of the host threw an exception of another store");
  } else if (error && error->exception && !wasmaot_exception_to_store(store, error->exception)) {
    wasmaot_error_delete(error);
    error = wasmaot_error_memory();
  }
  if (error && error->exception) {
    store->pending = error->exception;
    wasmaot_error_delete(error);
  } else if (error) {
    store->host_error = error;
    wasmaot_raise(activation, END_HOST_ERROR);
  }
  guest_resume(activation);
}

// ---- Calls from outside -----------------------------------------------------------------------

wasmaot_functype wasmaot_func_type(const wasmaot_func *func) {
  return wasmaot_functype_of(wasmaot_func_type_of(func));
}

// Arguments from `values`, which has room for the results.
static wasmaot_error *call(const struct wasmaot_func_ref *function, const struct type *type,
                           struct wasmaot_value *values) {
  struct wasmaot_store *store = wasmaot_func_store(function);
  for (uint32_t i = 0; type->has_references && i < type->param_count; i++)
    if (!wasmaot_value_fits(store, type->values[i], (const wasmaot_val *)(const void *)&values[i]))
      return wasmaot_error_format(WASMAOT_ERROR_ARGUMENT,
                                  "argument %u is null, a function of another type, or of another "
                                  "store, where the type forbids it",
                                  i);
  if (type->has_references &&
      !wasmaot_values_pass(store, type->values, type->param_count, (wasmaot_val *)(void *)values))
    return wasmaot_error_memory();
  if ((function->flags & FUNCTION_OF_HOST) != 0)
    return call_callback(function->context, values);
  const struct wasmaot_instance *instance = function->context;
  const struct wasmaot_code *code = instance_of(instance)->module->code;
  return wasmaot_enter(store, code->signatures[function->flags].enter, function->code,
                       function->context, values);
}

wasmaot_error *wasmaot_func_call(const wasmaot_func *func, const wasmaot_val *args,
                                 size_t arg_count, wasmaot_val *results, size_t result_count) {
  const struct type *type = wasmaot_func_type_of(func);
  if (arg_count != type->param_count || result_count != type->result_count)
    return wasmaot_error_format(WASMAOT_ERROR_ARGUMENT,
                                "the function takes %u arguments and returns %u results, not %zu "
                                "and %zu",
                                type->param_count, type->result_count, arg_count, result_count);
  struct wasmaot_value few[FEW_VALUES];
  struct wasmaot_value *values = few;
  size_t count = arg_count > result_count ? arg_count : result_count;
  if (count > FEW_VALUES) {
    values = malloc(count * sizeof *values);
    if (!values)
      return wasmaot_error_memory();
  }
  if (arg_count > 0)
    memcpy(values, args, arg_count * sizeof *values);
  wasmaot_error *error = call(func->self, type, values);
  if (!error && result_count > 0) {
    memcpy(results, values, result_count * sizeof *values);
    wasmaot_values_show(type->kinds + type->param_count, type->result_count, results);
  }
  if (values != few)
    free(values);
  return error;
}

// Whether a type has the kinds of a generated header's text.
static bool has_kinds(const struct type *type, const char *text) {
  static const char letters[] = "iIfFvrex";
  uint32_t count = type->param_count + type->result_count;
  for (uint32_t i = 0; i < count; i++) {
    if (i == type->param_count && *text++ != '>')
      return false;
    if (*text++ != letters[type->kinds[i]])
      return false;
  }
  if (type->result_count == 0 && *text++ != '>')
    return false;
  return *text == 0;
}

wasmaot_error *wasmaot_instance_call(wasmaot_instance *instance, uint64_t interface_hash,
                                     uint32_t export_index, const char *text, wasmaot_val *values) {
  const struct wasmaot_code *code = instance_of(instance)->module->code;
  if (code->interface_hash != interface_hash || export_index >= code->export_count ||
      code->exports[export_index].kind != WASMAOT_EXTERN_FUNC)
    return wasmaot_error_fixed(WASMAOT_ERROR_ARGUMENT,
                               "the header was generated for a module with other exports");
  const struct wasmaot_func_ref *function =
      wasmaot_instance_function(instance_of(instance), code->exports[export_index].index);
  const struct type *type = wasmaot_func_type_of(function);
  // The hash says which header it was, but is easy to forge: names are the module's choice, and
  // results of another type would be written past the end of the caller's `values`.
  if (!has_kinds(type, text))
    return wasmaot_error_fixed(WASMAOT_ERROR_ARGUMENT,
                               "the header was generated for a function of another type");
  wasmaot_error *error = call(function, type, (struct wasmaot_value *)(void *)values);
  if (!error)
    wasmaot_values_show(type->kinds + type->param_count, type->result_count, values);
  return error;
}
