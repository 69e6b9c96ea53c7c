// Names that are none in C, and every type. Compiled as C++ as well.
#include "wasm9_lives.h"

#include "../support.h"

static wasmaot_error *nothing(void *data, wasmaot_store *store, const wasmaot_val *args,
                              wasmaot_val *results) {
  (void)data;
  (void)store;
  (void)args;
  (void)results;
  return NULL;
}

int main(void) {
  struct host host = host_new();
  const wasmaot_functype type = {NULL, 0, NULL, 0};
  wasmaot_extern import;
  import.kind = WASMAOT_FUNC;
  check(wasmaot_func_new(host.store, &type, nothing, NULL, NULL, &import.of.func));
  wasmaot_instance *instance = host_instance(&host, &wasm9_lives_wasm, &import, 1);
  int32_t v[10];
  check(wasm9_lives__x77asm(instance, &v[0]));
  check(wasm9_lives__x5fx77asm(instance, &v[1]));
  check(wasm9_lives__x57ASM_H(instance, &v[2]));
  check(wasm9_lives_a_x2db(instance, &v[3]));
  check(wasm9_lives_a_x5fx2db(instance, &v[4]));
  check(wasm9_lives_a_b(instance, &v[5]));
  check(wasm9_lives_(instance, &v[6]));
  check(wasm9_lives_int(instance, &v[7]));
  check(wasm9_lives_Gr_xc3_xbc_xc3_x9fe_x00_x0a_x5c(instance, &v[8]));
  check(wasm9_lives__x2a_x2f_x20_x3f_x3f_x2f_x0a_x23error_x20out_x20of_x20a_x20comment(instance,
                                                                                       &v[9]));
  for (int i = 0; i < 10; i++)
    printf("%d%s", v[i], i < 9 ? " " : "\n");

  uint8_t vector[16];
  for (uint8_t i = 0; i < 16; i++)
    vector[i] = i;
  char text[] = "reference";
  int32_t a;
  int64_t b;
  float c;
  double d;
  uint8_t e[16];
  const wasmaot_func *f;
  void *g;
  check(wasm9_lives_all(instance, -1, INT64_MIN, 1.5f, -0.25, vector, import.of.func, text, &a, &b,
                        &c, &d, e, &f, &g));
  printf("%d %lld %g %g %d %d %s\n", a, (long long)b, (double)c, d, e[15], f == import.of.func,
         (char *)g);
  check(wasm9_lives_all(instance, 0, 0, 0, 0, vector, NULL, NULL, &a, &b, &c, &d, e, &f, &g));
  printf("%d %d\n", f == NULL, g == NULL);
  host_delete(&host);
  return 0;
}
