// Two instances that share all they can, and a function of the host.
#include "consumer.h"
#include "provider.h"

#include "../support.h"

static wasmaot_error *report(void *data, wasmaot_store *store, const wasmaot_val *args,
                             wasmaot_val *results) {
  (void)store;
  int64_t lanes[2];
  memcpy(lanes, args[4].v128, 16);
  printf("report %d %lld %g %g %lld %lld %s\n", args[0].i32, (long long)args[1].i64,
         (double)args[2].f32, args[3].f64, (long long)lanes[0], (long long)lanes[1],
         (const char *)args[5].externref);
  results[0].i64 = ++*(int64_t *)data;
  return *(int64_t *)data == 2 ? wasmaot_error_new("the host does not want to") : NULL;
}

int main(void) {
  struct host host = host_new();
  wasmaot_instance *provider = host_instance(&host, &provider_wasm, NULL, 0);
  int64_t calls = 0;
  wasmaot_valkind params[] = {WASMAOT_I32, WASMAOT_I64,  WASMAOT_F32,
                              WASMAOT_F64, WASMAOT_V128, WASMAOT_EXTERNREF};
  wasmaot_valkind result = WASMAOT_I64;
  const wasmaot_functype type = {params, 6, &result, 1};
  wasmaot_extern imports[7] = {{.kind = WASMAOT_FUNC}};
  check(wasmaot_func_new(host.store, &type, report, &calls, NULL, &imports[0].of.func));
  imports[1] = host_export(provider, "add");
  imports[2] = host_export(provider, "divide");
  imports[3] = host_export(provider, "table");
  imports[4] = host_export(provider, "memory");
  imports[5] = host_export(provider, "counter");
  imports[6] = host_export(provider, "base");
  wasmaot_instance *consumer = host_instance(&host, &consumer_wasm, imports, 7);

  int32_t value = 0;
  show("start", consumer_count(consumer, &value), value);
  show("add", consumer_add(consumer, 3, 4, &value), value);
  // Entry 2 is the consumer's function, through the provider's own call, too.
  show("subtract", consumer_call(consumer, 2, 3, 4, &value), value);
  show("subtract", provider_call(provider, 2, 30, 4, &value), value);
  uint8_t own[16];
  check(consumer_own(consumer, own));
  printf("own %d %d\n", own[0], own[4]);
  show("provider's", consumer_call(consumer, 0, 3, 4, &value), value);
  show("unary", consumer_call_x20unary(consumer, 1, 21, &value), value);
  show("wrong type", consumer_call_x20unary(consumer, 0, 21, &value), value);
  show("wrong type", provider_call(provider, 1, 21, 1, &value), value);
  show("null", consumer_call(consumer, 5, 1, 1, &value), value);
  show("outside", consumer_call(consumer, 8, 1, 1, &value), value);
  show("huge", consumer_call(consumer, -1, 1, 1, &value), value);
  check(consumer_swap_x20entries(consumer, 0, 1));
  show("swapped", consumer_call_x20unary(consumer, 0, 21, &value), value);
  show("swapped", provider_call(provider, 1, 21, 1, &value), value);
  check(consumer_clear(consumer, 1));
  show("cleared", provider_call(provider, 1, 21, 1, &value), value);
  show("divide", consumer_divide(consumer, 7, 2, &value), value);
  show("divide", consumer_divide(consumer, 7, 0, &value), value);
  show("divide", consumer_call(consumer, 3, INT32_MIN, -1, &value), value);
  show("data", provider_load(provider, 32, &value), value);
  show("data", consumer_load(consumer, 16, &value), value);
  show("out of bounds", consumer_load(consumer, 65536, &value), value);
  show("grow", consumer_grow(consumer, 1, &value), value);
  show("in bounds", provider_load(provider, 65536, &value), value);
  show("too much", consumer_grow(consumer, 3, &value), value);
  char text[] = "text";
  int64_t calls_until_now = 0;
  show("report", consumer_report(consumer, text, &calls_until_now), (int)calls_until_now);
  show("report", consumer_report(consumer, NULL, &calls_until_now), (int)calls_until_now);
  int32_t a, e;
  int64_t b;
  float c;
  double d;
  check(consumer_many_x20results(consumer, &a, &b, &c, &d, &e));
  printf("results %d %lld %g %g %d\n", a, (long long)b, (double)c, d, e);
  // The interface in the header is another module's.
  wasmaot_val values[8];
  show("other module", wasmaot_instance_call(provider, consumer_WASM_INTERFACE, 0, ">v", values),
       0);

  // A second pair shares nothing with the first.
  wasmaot_instance *other = host_instance(&host, &provider_wasm, NULL, 0);
  show("other table", provider_call(other, 2, 1, 1, &value), value);
  show("other memory", provider_load(other, 32, &value), value);
  imports[3] = host_export(other, "table");
  imports[4].kind = WASMAOT_TABLE;
  wasmaot_instance *refused = NULL;
  wasmaot_module *module;
  check(wasmaot_module_load(host.engine, &consumer_wasm, &module));
  show("wrong kind", wasmaot_instance_new(host.store, module, imports, 7, &refused), 0);
  show("too few", wasmaot_instance_new(host.store, module, imports, 6, &refused), 0);
  wasmaot_module_delete(module);
  host_delete(&host);
  return 0;
}
