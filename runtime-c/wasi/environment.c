// Arguments and environment variables: lists of strings, stored in the guest's memory as an array
// of pointers and a buffer.
#include "internal.h"

static uint32_t store_sizes(struct wasmaot_wasi *wasi, const char *const *strings, uint32_t count,
                            uint32_t count_pointer, uint32_t size_pointer) {
  uint64_t size = 0;
  for (uint32_t i = 0; i < count; i++)
    size += strlen(strings[i]) + 1;
  if (size > UINT32_MAX)
    return WASI_EOVERFLOW;
  uint32_t error = wasmaot_guest_store_u32(wasi, count_pointer, count);
  return error != WASI_SUCCESS ? error
                               : wasmaot_guest_store_u32(wasi, size_pointer, (uint32_t)size);
}

static uint32_t store_strings(struct wasmaot_wasi *wasi, const char *const *strings, uint32_t count,
                              uint32_t pointers, uint32_t buffer) {
  // In a memory of 4 GiB the guest's numbers can wrap: then the rest is stored at its start, by
  // which the guest hurts itself alone. Each store is checked.
  for (uint32_t i = 0; i < count; i++, pointers += 4) {
    uint64_t size = strlen(strings[i]) + 1;
    if (wasmaot_guest_store_u32(wasi, pointers, buffer) != WASI_SUCCESS ||
        !wasmaot_guest_store(wasi, buffer, strings[i], size))
      return WASI_EFAULT;
    buffer += (uint32_t)size;
  }
  return WASI_SUCCESS;
}

uint32_t wasmaot_wasip1_args_sizes_get(struct wasmaot_wasi *wasi, uint32_t count, uint32_t size) {
  return store_sizes(wasi, wasi->arguments, wasi->argument_count, count, size);
}

uint32_t wasmaot_wasip1_args_get(struct wasmaot_wasi *wasi, uint32_t pointers, uint32_t buffer) {
  return store_strings(wasi, wasi->arguments, wasi->argument_count, pointers, buffer);
}

uint32_t wasmaot_wasip1_environ_sizes_get(struct wasmaot_wasi *wasi, uint32_t count,
                                          uint32_t size) {
  return store_sizes(wasi, wasi->variables, wasi->variable_count, count, size);
}

uint32_t wasmaot_wasip1_environ_get(struct wasmaot_wasi *wasi, uint32_t pointers, uint32_t buffer) {
  return store_strings(wasi, wasi->variables, wasi->variable_count, pointers, buffer);
}
