// Environment variables of a program: those that were built in and those given to the app itself.
#include "wasi.h"

#include <sys/mman.h>

static bool next_variable(struct wasmaot_grant_iterator *grants, struct wasmaot_grant *grant) {
  while (wasmaot_grant_next(grants, grant))
    if (grant->kind == WASMAOT_GRANT_ENV)
      return true;
  return false;
}

void wasmaot_wasi_start_environment(void) {
  struct wasmaot_grant_iterator grants = {0};
  struct wasmaot_grant grant;
  uint32_t count = 0;
  while (next_variable(&grants, &grant))
    count++;
  if (count == 0)
    return;
  long mapped = sys6(SYS_mmap, 0, (long)(count * sizeof(char *)), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (sys_failed(mapped))
    wasmaot_fail(WASMAOT_EXIT_START, "not enough memory for the environment", NULL, NULL);
  const char **variables = (const char **)mapped; // NOLINT: an address that mmap gave
  grants = (struct wasmaot_grant_iterator){0};
  for (uint32_t i = 0; next_variable(&grants, &grant); i++)
    variables[i] = grant.guest;
  wasmaot_wasi_set_variables(wasmaot_wasi, count, variables);
}

#define WASI_process(name, signature)
#define WASI_environment WASI_BINDING
#define WASI_descriptors(name, signature)
#include "../wasi/include/wasmaot_wasi_functions.h"
