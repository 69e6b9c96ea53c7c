#include "runtime.h"

static size_t size_of(struct valtype type) {
  return type.kind == WASMAOT_V128 ? sizeof(wasmaot_val) : sizeof(uint64_t);
}

wasmaot_error *wasmaot_global_new(wasmaot_store *store, wasmaot_valkind kind, bool is_mutable,
                                  wasmaot_val value, wasmaot_global **result) {
  if ((unsigned)kind > WASMAOT_EXNREF)
    return wasmaot_error_fixed(WASMAOT_ERROR_ARGUMENT, "no kind of value");
  struct valtype type = {.kind = (uint8_t)kind, .nullable = kind >= WASMAOT_FUNCREF};
  if (!wasmaot_value_fits(store, type, &value))
    return wasmaot_error_fixed(WASMAOT_ERROR_ARGUMENT, "a function of another store");
  if (!wasmaot_values_pass(store, &type, 1, &value))
    return wasmaot_error_memory();
  struct wasmaot_global *global = aligned_alloc(16, (sizeof *global + 15) & ~(size_t)15);
  if (!global)
    return wasmaot_error_memory();
  *global = (struct wasmaot_global){.value = &global->storage,
                                    .store = store,
                                    .type = type,
                                    .is_mutable = is_mutable,
                                    .next = store->globals};
  memcpy(&global->storage, &value, size_of(type));
  store->globals = global;
  *result = global;
  return NULL;
}

wasmaot_valkind wasmaot_global_kind(const wasmaot_global *global) {
  return (wasmaot_valkind)global->type.kind;
}

bool wasmaot_global_is_mutable(const wasmaot_global *global) { return global->is_mutable; }

wasmaot_val wasmaot_global_get(const wasmaot_global *global) {
  wasmaot_val value = {.v128 = {0}};
  memcpy(&value, global->value, size_of(global->type));
  const wasmaot_valkind kind = wasmaot_global_kind(global);
  wasmaot_values_show(&kind, 1, &value);
  return value;
}

bool wasmaot_global_set(wasmaot_global *global, wasmaot_val value) {
  if (!global->is_mutable || !wasmaot_value_fits(global->store, global->type, &value) ||
      !wasmaot_values_pass(global->store, &global->type, 1, &value))
    return false;
  memcpy(global->value, &value, size_of(global->type));
  return true;
}
