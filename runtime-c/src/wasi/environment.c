// Arguments and environment variables: lists of strings, stored in the guest's memory as an array
// of pointers and a buffer.
#include "wasi.h"

// Next string of a list, or null. Both lists can be walked any number of times, and are the same
// each time.
typedef const char *next_string(void *cursor);

static uint32_t store_sizes(next_string *next, void *cursor, uint32_t count_pointer,
                            uint32_t size_pointer) {
  uint64_t count = 0;
  uint64_t size = 0;
  for (const char *string; (string = next(cursor)) != NULL; count++)
    size += strlen(string) + 1;
  if (count > UINT32_MAX || size > UINT32_MAX)
    return WASI_EOVERFLOW;
  uint32_t error = wasmaot_guest_store_u32(count_pointer, (uint32_t)count);
  return error != WASI_SUCCESS ? error : wasmaot_guest_store_u32(size_pointer, (uint32_t)size);
}

static uint32_t store_strings(next_string *next, void *cursor, uint32_t pointers, uint32_t buffer) {
  // The guest's numbers wrap at 32 bits only if the stores before failed.
  for (const char *string; (string = next(cursor)) != NULL; pointers += 4) {
    uint64_t size = strlen(string) + 1;
    if (wasmaot_guest_store_u32(pointers, buffer) != WASI_SUCCESS ||
        !wasmaot_guest_store(buffer, string, size))
      return WASI_EFAULT;
    buffer += (uint32_t)size;
  }
  return WASI_SUCCESS;
}

// ---- Arguments --------------------------------------------------------------------------------

static const char *next_argument(void *cursor) {
  int *position = cursor; // 0 is the program's name
  int index = (*position)++;
  if (index == 0)
    return wasmaot_process.program_name;
  index += wasmaot_process.argument_start - 1;
  return index < wasmaot_process.argc ? wasmaot_process.argv[index] : NULL;
}

uint32_t wasmaot_wasi_args_sizes_get(uint32_t count, uint32_t size) {
  int position = 0;
  return store_sizes(next_argument, &position, count, size);
}

uint32_t wasmaot_wasi_args_get(uint32_t pointers, uint32_t buffer) {
  int position = 0;
  return store_strings(next_argument, &position, pointers, buffer);
}

// ---- Environment ------------------------------------------------------------------------------

static const char *next_variable(void *cursor) {
  struct wasmaot_grant grant;
  while (wasmaot_grant_next(cursor, &grant))
    if (grant.kind == WASMAOT_GRANT_ENV)
      return grant.guest;
  return NULL;
}

uint32_t wasmaot_wasi_environ_sizes_get(uint32_t count, uint32_t size) {
  struct wasmaot_grant_iterator grants = {0};
  return store_sizes(next_variable, &grants, count, size);
}

uint32_t wasmaot_wasi_environ_get(uint32_t pointers, uint32_t buffer) {
  struct wasmaot_grant_iterator grants = {0};
  return store_strings(next_variable, &grants, pointers, buffer);
}
