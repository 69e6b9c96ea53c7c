// The exports that the compiler kept, for those who call them by name.
#include "runtime.h"

#include <string.h>

const struct wasmaot_export *wasmaot_export_find(const char *name, size_t size) {
  for (uint32_t i = 0; i < wasmaot_module.export_count; i++) {
    const struct wasmaot_export *export = &wasmaot_module.exports[i];
    if (export->name_size == size && memcmp(export->name, name, size) == 0)
      return export;
  }
  return NULL;
}

void wasmaot_initialize_reactor(void) {
  const struct wasmaot_export *initialize =
      wasmaot_export_find("_initialize", strlen("_initialize"));
  if (initialize && !initialize->params[0] && !initialize->results[0]) {
    struct wasmaot_value none = {0, 0};
    initialize->call(&none);
    if (wasmaot_exception_check)
      wasmaot_exception_check();
  }
}
