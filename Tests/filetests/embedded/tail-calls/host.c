// Tail calls between instances, ten million deep, and recursion that is none.
#include "even.h"
#include "odd.h"

#include "../support.h"

static wasmaot_error *done(void *data, wasmaot_store *store, const wasmaot_val *args,
                           wasmaot_val *results) {
  (void)data;
  (void)store;
  results[0].i64 = -args[1].i64;
  return NULL;
}

int main(void) {
  struct host host = host_new();
  wasmaot_instance *even = host_instance(&host, &even_wasm, NULL, 0);
  wasmaot_extern imports[3];
  imports[0] = host_export(even, "table");
  imports[1] = host_export(even, "even");
  imports[2].kind = WASMAOT_FUNC;
  wasmaot_valkind params[] = {WASMAOT_I32, WASMAOT_I64};
  const wasmaot_functype type = {params, 2, &params[1], 1};
  check(wasmaot_func_new(host.store, &type, done, NULL, NULL, &imports[2].of.func));
  wasmaot_instance *odd = host_instance(&host, &odd_wasm, imports, 3);
  int64_t sum = 0;
  int32_t value = 0;
  show("even", even_even(even, 10000000, 0, &sum), (int)sum);
  show("odd", odd_odd(odd, 10000000, 0, &sum), (int)sum);
  show("to the host", even_even(even, 9999999, 0, &sum), (int)sum);
  check(odd_steps(odd, &sum));
  printf("steps %lld\n", (long long)sum);
  show("many arguments", even_many(even, 1000000, 0, 0, 0, 0, 0, 0, 0, 0, 5, &value), value);
  wasmaot_error *error = odd_deep(odd, 1, &value);
  printf("deep: %s\n", error ? wasmaot_error_message(error) : "returned");
  wasmaot_error_delete(error);
  show("afterwards", odd_odd(odd, 1001, 0, &sum), (int)sum);
  host_delete(&host);
  return 0;
}
