// Tags and exceptions. An exception lives until the code that caught it releases it, or, if
// references to it may be anywhere, as long as its store.
#include "runtime.h"

struct exception {
  struct exception *next; // of the store
  struct exception **link;
  // What code knows.
  struct wasmaot_exception head;
  struct wasmaot_value payload[]; // a value each
};
// Code loads and stores vectors in it.
_Static_assert(offsetof(struct exception, payload) % 16 == 0, "alignment of payloads");
_Static_assert(sizeof(struct wasmaot_exception) == WASMAOT_EXCEPTION_PAYLOAD &&
                   sizeof(struct wasmaot_value) == WASMAOT_EXCEPTION_FIELD_SIZE,
               "layout of exceptions");

static struct exception *exception_of(const struct wasmaot_exception *exception) {
  return (struct exception *)((uintptr_t)exception - offsetof(struct exception, head));
}

struct wasmaot_exception *wasmaot_exception_allocate(struct wasmaot_store *store, const void *tag,
                                                     uint32_t payload_size) {
  struct exception *exception = malloc(sizeof *exception + payload_size);
  if (!exception)
    return NULL;
  exception->head = (struct wasmaot_exception){.tag = tag};
  exception->next = store->exceptions;
  exception->link = &store->exceptions;
  if (exception->next)
    exception->next->link = &exception->next;
  store->exceptions = exception;
  return &exception->head;
}

void wasmaot_exception_release(struct wasmaot_exception *released) {
  struct exception *exception = exception_of(released);
  if ((exception->head.flags & WASMAOT_EXCEPTION_KEPT) != 0)
    return;
  *exception->link = exception->next;
  if (exception->next)
    exception->next->link = exception->link;
  free(exception);
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
  return *(wasmaot_tag *const *)exception->tag;
}

const wasmaot_val *wasmaot_exception_args(const wasmaot_exception *exception) {
  return (const wasmaot_val *)(const void *)exception_of(exception)->payload;
}
