#include "runtime.h"

#include <stdarg.h>
#include <stdio.h>

// For when there is no memory for another one.
static const struct wasmaot_error out_of_memory = {.kind = WASMAOT_ERROR_RESOURCE,
                                                   .fixed_message = "out of memory"};

wasmaot_error *wasmaot_error_memory(void) { return (wasmaot_error *)(uintptr_t)&out_of_memory; }

wasmaot_error *wasmaot_error_fixed(wasmaot_error_kind kind, const char *message) {
  struct wasmaot_error *error = calloc(1, sizeof *error);
  if (!error)
    return wasmaot_error_memory();
  error->kind = kind;
  error->fixed_message = message;
  return error;
}

wasmaot_error *wasmaot_error_format(wasmaot_error_kind kind, const char *format, ...) {
  wasmaot_error *error = wasmaot_error_fixed(kind, NULL);
  if (error == wasmaot_error_memory())
    return error;
  va_list arguments;
  va_start(arguments, format);
  int length = vasprintf(&error->message, format, arguments);
  va_end(arguments);
  if (length < 0) {
    error->message = NULL;
    error->fixed_message = "out of memory";
  }
  return error;
}

wasmaot_error *wasmaot_error_new(const char *message) {
  return wasmaot_error_format(WASMAOT_ERROR_HOST, "%s", message);
}

void wasmaot_error_delete(wasmaot_error *error) {
  if (!error || error == wasmaot_error_memory())
    return;
  if (error->exception)
    wasmaot_exception_end_error(error->exception);
  free(error->message);
  free(error->frames);
  free(error->names);
  free(error);
}

wasmaot_error_kind wasmaot_error_get_kind(const wasmaot_error *error) { return error->kind; }

wasmaot_trapcode wasmaot_error_trap(const wasmaot_error *error) {
  return (wasmaot_trapcode)error->trap;
}

int64_t wasmaot_error_exit_status(const wasmaot_error *error) {
  return error->kind == WASMAOT_ERROR_EXIT ? (int64_t)error->exit_status : -1;
}

const char *wasmaot_error_message(const wasmaot_error *error) {
  return error->message ? error->message : error->fixed_message;
}

size_t wasmaot_error_frame_count(const wasmaot_error *error) { return error->frame_count; }

uint32_t wasmaot_error_frame(const wasmaot_error *error, size_t frame, wasmaot_bytes *name) {
  if (frame >= error->frame_count) {
    if (name)
      *name = (wasmaot_bytes){NULL, 0};
    return UINT32_MAX;
  }
  const struct error_frame *found = &error->frames[frame];
  if (name)
    *name = (wasmaot_bytes){error->names + found->name, found->name_size};
  return found->function;
}

wasmaot_exception *wasmaot_error_exception(const wasmaot_error *error) { return error->exception; }

// ---- Backtraces -------------------------------------------------------------------------------

// Of a function's name, as an error shows it. A guest chooses its length, and how many frames of an
// error have it.
#define NAME_LIMIT 1024

static wasmaot_bytes name_of(const struct frame *frame) {
  const struct wasmaot_code *code = frame->module->code;
  if (!code->name_offsets || frame->function >= code->function_count)
    return (wasmaot_bytes){NULL, 0};
  uint32_t start = code->name_offsets[frame->function];
  size_t size = code->name_offsets[frame->function + 1] - start;
  if (size > NAME_LIMIT)
    // Not within a character.
    for (size = NAME_LIMIT; size > NAME_LIMIT - 4; size--)
      if ((code->names[start + size] & 0xc0) != 0x80)
        break;
  return (wasmaot_bytes){code->names + start, size};
}

// Names are copied: an error may outlive the module. Without memory for it there is no backtrace.
static void add_frames(struct wasmaot_error *error, const struct wasm_stack *stack) {
  size_t size = 1;
  for (uint32_t i = 0; i < stack->frame_count; i++)
    size += name_of(&stack->frames[i]).size;
  error->names = malloc(size);
  error->frames = malloc((stack->frame_count + 1) * sizeof *error->frames);
  if (!error->names || !error->frames)
    return;
  size_t at = 0;
  for (uint32_t i = 0; i < stack->frame_count; i++) {
    wasmaot_bytes name = name_of(&stack->frames[i]);
    if (name.size > 0)
      memcpy(error->names + at, name.bytes, name.size);
    error->frames[i] = (struct error_frame){stack->frames[i].function, at, name.size};
    at += name.size;
  }
  error->frame_count = stack->frame_count;
}

wasmaot_error *wasmaot_error_of_trap(uint32_t trap) {
  // The host's limit, and no trap of the specification's.
  if (trap == WASMAOT_TRAP_OUT_OF_FUEL)
    return wasmaot_error_fixed(WASMAOT_ERROR_OUT_OF_FUEL, wasmaot_trap_message(trap));
  wasmaot_error *error = wasmaot_error_fixed(WASMAOT_ERROR_TRAP, wasmaot_trap_message(trap));
  if (error != wasmaot_error_memory())
    error->trap = trap;
  return error;
}

wasmaot_error *wasmaot_error_of_end(struct wasmaot_store *store, struct wasm_stack *stack,
                                    uint32_t end) {
  if (end == END_HOST_ERROR) {
    wasmaot_error *error = store->host_error;
    store->host_error = NULL;
    return error;
  }
  wasmaot_error *error;
  if (end == END_INTERRUPTED) {
    // Whoever called the activation through the host is to end, too.
    atomic_store(&store->interrupted, INTERRUPTION_DELIVERED);
    error = wasmaot_error_fixed(WASMAOT_ERROR_INTERRUPTED, "interrupted");
  } else {
    error = wasmaot_error_of_trap(end);
  }
  if (error != wasmaot_error_memory())
    add_frames(error, stack);
  return error;
}

wasmaot_error *wasmaot_error_of_exception(struct wasmaot_exception *exception) {
  wasmaot_error *error = wasmaot_error_fixed(WASMAOT_ERROR_EXCEPTION, "uncaught exception");
  if (error != wasmaot_error_memory())
    error->exception = exception;
  else
    wasmaot_exception_end_error(exception);
  return error;
}
