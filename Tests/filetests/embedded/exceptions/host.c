// Exceptions that cross from instance to instance, from the host and to it.
#include "catcher.h"
#include "thrower.h"

#include "../support.h"

static wasmaot_tag *tag;

static wasmaot_error *throw(void *data, wasmaot_store *store, const wasmaot_val *args,
                            wasmaot_val *results) {
  (void)data;
  (void)results;
  wasmaot_val fields[2] = {args[0]};
  memset(&fields[1], 0, sizeof fields[1]);
  return wasmaot_throw(store, tag, fields, 2);
}

int main(void) {
  struct host host = host_new();
  wasmaot_instance *thrower = host_instance(&host, &thrower_wasm, NULL, 0);
  wasmaot_extern imports[4];
  imports[0] = host_export(thrower, "error");
  imports[1] = host_export(thrower, "throw");
  imports[2] = host_export(thrower, "throw private");
  imports[3].kind = WASMAOT_FUNC;
  tag = imports[0].of.tag;
  wasmaot_valkind param = WASMAOT_I32;
  const wasmaot_functype type = {&param, 1, NULL, 0};
  check(wasmaot_func_new(host.store, &type, throw, NULL, NULL, &imports[3].of.func));
  wasmaot_instance *catcher = host_instance(&host, &catcher_wasm, imports, 4);

  int32_t value = 0;
  show("own", thrower_catches_x20its_x20own(thrower, &value), value);
  show("through", catcher_through(catcher, 5, &value), value);
  show("indirect", catcher_indirect(catcher, 0, 6, &value), value);
  show("from the host", catcher_indirect(catcher, 1, 7, &value), value);
  show("null", catcher_indirect(catcher, 2, 7, &value), value);
  show("all", catcher_all(catcher, 0, &value), value);
  show("private", catcher_all(catcher, 1, &value), value);

  wasmaot_error *error = catcher_uncaught(catcher, 9);
  wasmaot_exception *exception = error ? wasmaot_error_exception(error) : NULL;
  if (!exception)
    return 1;
  const wasmaot_val *args = wasmaot_exception_args(exception);
  printf("uncaught: %d %d, %s\n", args[0].i32, args[1].v128[8],
         wasmaot_exception_tag(exception) == tag ? "its tag" : "another tag");
  wasmaot_error_delete(error);
  show("rethrown", catcher_rethrown(catcher, 3), 0);
  show("to the host", thrower_throw(thrower, 4), 0);
  // What was pending is gone.
  show("afterwards", catcher_through(catcher, 8, &value), value);

  show("many", catcher_many(catcher, 1000000, &value), value);
  long pages = 0;
  FILE *statistics = fopen("/proc/self/statm", "r");
  if (!statistics || fscanf(statistics, "%*d %ld", &pages) != 1)
    return 1;
  fclose(statistics);
  printf("memory: %s\n", pages < 5000 ? "little" : "much");
  host_delete(&host);
  return 0;
}
