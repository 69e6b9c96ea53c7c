// Tags and exceptions. An exception lives as long as its store: references to it may be anywhere.
#include "runtime.h"

struct exception {
  struct exception *next; // of the store
  // What code knows: struct wasmaot_exception.
  const void *tag;
  uint32_t payload_size;
  uint32_t reserved;
  struct wasmaot_value payload[]; // a value each
};

static struct exception *exception_of(const struct wasmaot_exception *exception) {
  return (struct exception *)((uintptr_t)exception - offsetof(struct exception, tag));
}

struct wasmaot_exception *wasmaot_exception_allocate(struct wasmaot_store *store, const void *tag,
                                                     uint32_t payload_size) {
  struct exception *exception = malloc(sizeof *exception + payload_size);
  if (!exception)
    return NULL;
  exception->tag = tag;
  exception->payload_size = payload_size;
  exception->reserved = 0;
  exception->next = store->exceptions;
  store->exceptions = exception;
  return (struct wasmaot_exception *)&exception->tag;
}

void wasmaot_exceptions_end(struct wasmaot_store *store) {
  while (store->exceptions) {
    struct exception *exception = store->exceptions;
    store->exceptions = exception->next;
    free(exception);
  }
}

// ---- The host's side --------------------------------------------------------------------------

wasmaot_error *wasmaot_tag_new(wasmaot_store *store, const wasmaot_functype *type,
                               wasmaot_tag **result) {
  const struct type *found = wasmaot_types_find_kinds(&store->engine->types, type);
  if (!found || found->result_count > 0)
    return wasmaot_error_fixed(WASMAOT_ERROR_ARGUMENT,
                               "the type of a tag has known kinds and no results");
  struct wasmaot_tag *tag = malloc(sizeof *tag);
  if (!tag)
    return wasmaot_error_memory();
  *tag = (struct wasmaot_tag){
      .identity = tag->own_identity, .store = store, .type = found, .next = store->tags};
  tag->own_identity[0] = tag;
  store->tags = tag;
  *result = tag;
  return NULL;
}

wasmaot_functype wasmaot_tag_type(const wasmaot_tag *tag) { return wasmaot_functype_of(tag->type); }

wasmaot_error *wasmaot_throw(wasmaot_store *store, wasmaot_tag *tag, const wasmaot_val *args,
                             size_t arg_count) {
  const struct type *type = tag->type;
  if (tag->store != store || arg_count != type->param_count)
    return wasmaot_error_format(WASMAOT_ERROR_ARGUMENT,
                                "the tag is of another store, or wants %u arguments, not %zu",
                                type->param_count, arg_count);
  for (uint32_t i = 0; i < type->param_count; i++)
    if (!wasmaot_value_fits(store, type->values[i], &args[i]))
      return wasmaot_error_format(WASMAOT_ERROR_ARGUMENT, "argument %u is not of the tag's type",
                                  i);
  struct wasmaot_exception *exception =
      wasmaot_exception_allocate(store, tag->identity, (uint32_t)(arg_count * sizeof *args));
  if (!exception)
    return wasmaot_error_memory();
  if (arg_count > 0)
    memcpy(exception_of(exception)->payload, args, arg_count * sizeof *args);
  return wasmaot_error_of_exception(exception);
}

wasmaot_tag *wasmaot_exception_tag(const wasmaot_exception *exception) {
  return *(wasmaot_tag *const *)exception_of(exception)->tag;
}

const wasmaot_val *wasmaot_exception_args(const wasmaot_exception *exception) {
  return (const wasmaot_val *)(const void *)exception_of(exception)->payload;
}
