// Tags and exceptions. One that is caught without a reference to it is freed there and then. One
// that nothing caught belongs to the error that says so. The others live as long as their store:
// references to them may be anywhere.
#include "runtime.h"

// Bytes of exceptions that live in a store: what a guest can make the host keep.
#define EXCEPTION_LIMIT ((uint64_t)64 << 20)

struct exception {
  struct exception *next;  // of the store
  struct exception **link; // null: errors' alone
  struct exception *work;  // the next one that follow() will look at
  uint64_t store; // serial number of the store that it is of: another one may be where it was
  uint32_t size;
  uint8_t followed;       // enum following, those that are done
  atomic_uint references; // the store's, while linked, and errors'
  struct wasmaot_exception abi;
  struct wasmaot_value payload[]; // a field each; aligned for a v128
};
_Static_assert(offsetof(struct exception, payload) - offsetof(struct exception, abi) ==
                   WASMAOT_EXCEPTION_PAYLOAD,
               "code finds the payload there");
_Static_assert(sizeof(struct wasmaot_value) == WASMAOT_EXCEPTION_FIELD_SIZE, "a field each");

static struct exception *exception_of(const struct wasmaot_exception *exception) {
  return (struct exception *)((uintptr_t)exception - offsetof(struct exception, abi));
}

static void attach(struct wasmaot_store *store, struct exception *exception) {
  exception->next = store->exceptions;
  exception->link = &store->exceptions;
  if (exception->next)
    exception->next->link = &exception->next;
  store->exceptions = exception;
  store->exception_bytes += exception->size;
}

// An error may be deleted by any thread, and after the store.
static void release(struct exception *exception) {
  if (atomic_fetch_sub_explicit(&exception->references, 1, memory_order_acq_rel) == 1)
    free(exception);
}

static void detach(struct wasmaot_store *store, struct exception *exception) {
  *exception->link = exception->next;
  if (exception->next)
    exception->next->link = exception->link;
  exception->link = NULL;
  store->exception_bytes -= exception->size;
}

static struct exception *allocate(struct wasmaot_store *store, const void *tag,
                                  uint32_t payload_size) {
  uint32_t size = (uint32_t)sizeof(struct exception) + payload_size;
  struct exception *exception = size > payload_size ? malloc(size) : NULL;
  if (!exception)
    return NULL;
  *exception = (struct exception){.store = store->serial, .size = size, .abi = {.tag = tag}};
  atomic_init(&exception->references, 1);
  return exception;
}

struct wasmaot_exception *wasmaot_exception_allocate(struct wasmaot_store *store, const void *tag,
                                                     uint32_t payload_size) {
  if (store->exception_bytes > EXCEPTION_LIMIT)
    return NULL;
  struct exception *exception = allocate(store, tag, payload_size);
  if (!exception)
    return NULL;
  attach(store, exception);
  return &exception->abi;
}

static bool is_kept(const struct wasmaot_exception *exception) {
  return (exception->flags & WASMAOT_EXCEPTION_KEPT) != 0;
}

void wasmaot_exception_free(struct wasmaot_store *store, struct wasmaot_exception *released) {
  if (is_kept(released))
    return;
  detach(store, exception_of(released));
  release(exception_of(released));
}

void wasmaot_exceptions_end(struct wasmaot_store *store) {
  while (store->exceptions) {
    struct exception *exception = store->exceptions;
    store->exceptions = exception->next;
    exception->link = NULL;
    release(exception);
  }
}

// ---- Between errors and stores ----------------------------------------------------------------

// What is done to an exception and those that its arguments lead to, each once.
enum following {
  // Functions are shown as themselves, for the copies of references that code makes end with their
  // instance.
  SHOWN = 1,
  // Others may catch it, or hold it: what it refers to belongs to them, too.
  PASSED = 2,
};

// Puts it on the list of those whose arguments are to be looked at, unless they were.
static void visit(struct wasmaot_store *store, struct exception *exception, enum following how,
                  struct exception **work) {
  if (how == PASSED && !exception->link) {
    attach(store, exception);
    atomic_fetch_add_explicit(&exception->references, 1, memory_order_relaxed);
  }
  if ((exception->followed & how) != 0)
    return;
  exception->followed |= (uint8_t)how;
  exception->work = *work;
  *work = exception;
}

// (WASMAOT_EXCEPTION_KEPT, which code sets where it keeps a reference, does not say that an
// exception was here before. `store` is for those that are PASSED. A guest decides how long chains
// of exceptions are, so that nothing recurses.)
static void follow(struct wasmaot_store *store, struct exception *first, enum following how) {
  struct exception *work = NULL;
  visit(store, first, how, &work);
  while (work) {
    struct exception *exception = work;
    work = exception->work;
    const struct wasmaot_tag *tag = wasmaot_exception_tag(&exception->abi);
    if (!tag)
      continue;
    if (how == PASSED)
      instance_share(tag->owner);
    for (uint32_t i = 0; i < tag->type->param_count; i++) {
      wasmaot_val *value = (wasmaot_val *)(void *)&exception->payload[i];
      if (tag->type->kinds[i] == WASMAOT_FUNCREF && value->funcref) {
        value->funcref = value->funcref->self;
        if (how == PASSED)
          instance_share(wasmaot_func_owner(value->funcref));
      } else if (tag->type->kinds[i] == WASMAOT_EXNREF && value->exnref) {
        if (how == PASSED)
          value->exnref->flags |= WASMAOT_EXCEPTION_KEPT;
        visit(store, exception_of(value->exnref), how, &work);
      }
    }
  }
}

void wasmaot_exception_show(struct wasmaot_exception *exception) {
  follow(NULL, exception_of(exception), SHOWN);
}

void wasmaot_exception_to_error(struct wasmaot_store *store, struct wasmaot_exception *exception) {
  wasmaot_exception_show(exception);
  if (is_kept(exception))
    atomic_fetch_add_explicit(&exception_of(exception)->references, 1, memory_order_relaxed);
  else
    detach(store, exception_of(exception)); // the reference goes with it
}

bool wasmaot_exception_to_store(struct wasmaot_store *store, struct wasmaot_exception *exception) {
  if (!exception_of(exception)->link && store->exception_bytes > EXCEPTION_LIMIT)
    return false;
  follow(store, exception_of(exception), PASSED);
  return true;
}

bool wasmaot_exception_adopt(struct wasmaot_store *store, struct wasmaot_exception *exception) {
  if (!wasmaot_exception_to_store(store, exception))
    return false;
  exception->flags |= WASMAOT_EXCEPTION_KEPT;
  return true;
}

void wasmaot_exception_end_error(struct wasmaot_exception *exception) {
  release(exception_of(exception));
}

bool wasmaot_exception_is_of(const struct wasmaot_exception *exception,
                             const struct wasmaot_store *store) {
  return exception_of(exception)->store == store->serial;
}

// The first word of no tag.
static const void *const ended_tag[2];

void wasmaot_exception_forget(struct wasmaot_exception *exception,
                              const struct instance *instance) {
  const struct wasmaot_tag *tag = wasmaot_exception_tag(exception);
  if (!tag)
    return;
  struct wasmaot_value *payload = exception_of(exception)->payload;
  for (uint32_t i = 0; i < tag->type->param_count; i++) {
    const wasmaot_val *value = (const wasmaot_val *)(const void *)&payload[i];
    // (An exception among the arguments may lead to the instance in its turn.)
    if ((tag->type->kinds[i] == WASMAOT_FUNCREF && value->funcref &&
         (!instance || wasmaot_func_owner(value->funcref) == instance)) ||
        tag->type->kinds[i] == WASMAOT_EXNREF)
      payload[i].low = 0;
  }
  if (!instance || tag->owner == instance)
    exception->tag = ended_tag;
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
  struct exception *exception =
      allocate(store, tag->identity, (uint32_t)(arg_count * sizeof *args));
  if (!exception)
    return wasmaot_error_memory();
  if (arg_count > 0)
    memcpy(exception->payload, args, arg_count * sizeof *args);
  // The error that an exception among them came from may be deleted before this one is thrown.
  if (!wasmaot_values_pass(store, type->values, type->param_count,
                           (wasmaot_val *)(void *)exception->payload)) {
    release(exception);
    return wasmaot_error_memory();
  }
  return wasmaot_error_of_exception(&exception->abi);
}

wasmaot_tag *wasmaot_exception_tag(const wasmaot_exception *exception) {
  return *(wasmaot_tag *const *)exception->tag;
}

const wasmaot_val *wasmaot_exception_args(const wasmaot_exception *exception) {
  return (const wasmaot_val *)(const void *)exception_of(exception)->payload;
}
