// Guests that mean harm, and mistakes of hosts, which must not become the guest's chance.
#include "test.h"

#include <ucontext.h>

static atomic_bool world_is_over;

// ---- The end of the stack ---------------------------------------------------------------------

static struct world start_small(wasmaot_callback callback, void *data) {
  struct world world = {.engine = wasmaot_engine_new(&(wasmaot_engine_config){.stack_size = 4096})};
  CHECK_OK(wasmaot_module_load(world.engine, &hostile_wasm, &world.module));
  world.store = wasmaot_store_new(world.engine, NULL);
  CHECK_OK(wasmaot_func_new(world.store, &i_i, callback, data, NULL, &world.host));
  world.instance = instantiate(&world, world.module);
  return world;
}

// The first depth at which an operation does not succeed.
static int32_t first_failing(struct world *world, int32_t operation) {
  int32_t low = 0;
  int32_t high = 1 << 20;
  while (low < high) {
    int32_t middle = (low + high) / 2;
    wasmaot_error *error = try_call(world->instance, "deep", NULL, middle, operation, 0);
    wasmaot_error_delete(error);
    if (error)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

// Whatever a guest does at whatever distance of the end: a trap, and the host lives on.
static void stack_ends(void) {
  struct world world = start_small(twice, NULL);
  // From where there is room for nothing but compiled code, to where there is none for it, either.
  int32_t start = first_failing(&world, HOSTILE_MEMORY_GROW);
  for (int operation = 0; operation < HOSTILE_OPERATIONS; operation++) {
    int overflows = 0;
    for (int32_t depth = start + 1; depth < start + 2300; depth++) {
      wasmaot_error *error = TRY("deep", depth, operation, 0);
      if (!error) // some functions do with less
        continue;
      CHECK(wasmaot_error_get_kind(error) == WASMAOT_ERROR_TRAP);
      overflows += wasmaot_error_trap(error) == WASMAOT_TRAPCODE_STACK_OVERFLOW;
      wasmaot_error_delete(error);
    }
    CHECK(overflows > 1000);
    CHECK(CALL("add_one", 1, 0, 0) == 2);
  }
  end(&world);
}

static volatile sig_atomic_t ticks;
static void tick(int signal) {
  (void)signal;
  ticks++;
}

static void *interrupt_slowly(void *store) {
  usleep(50000);
  wasmaot_store_interrupt(store);
  return NULL;
}

// A host's handler without SA_ONSTACK, while the guest sits at the end of its stack: the kernel has
// no room for the handler's frame and sends SIGSEGV instead.
static void signals_at_the_end(void) {
  struct world world = start_small(twice, NULL);
  sigaction(SIGALRM, &(struct sigaction){.sa_handler = tick}, NULL);
  int32_t start = first_failing(&world, HOSTILE_MEMORY_GROW) + 1800;
  int overflows = 0;
  for (int32_t depth = start; depth < start + 400; depth += 20) {
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {.tv_usec = 3000}}, NULL);
    pthread_t thread;
    pthread_create(&thread, NULL, interrupt_slowly, world.store);
    wasmaot_error *error = TRY("deep", depth, HOSTILE_SPIN, 0);
    CHECK(error);
    overflows += wasmaot_error_trap(error) == WASMAOT_TRAPCODE_STACK_OVERFLOW;
    wasmaot_error_delete(error);
    pthread_join(thread, NULL);
    wasmaot_error_delete(TRY("add_one", 1, 0, 0)); // takes the interruption, if it is left
    CHECK_ERROR(TRY("deep", 1 << 20, HOSTILE_SPIN, 0), WASMAOT_ERROR_TRAP, "call stack exhausted");
  }
  CHECK(overflows > 0);
  end(&world);
}

struct burner {
  wasmaot_instance *instance;
  int overflows;
};

// Uses `bytes` of the stack, then calls.
static __attribute__((noinline)) wasmaot_error *burn(wasmaot_instance *instance, size_t bytes) {
  volatile char *frame = __builtin_alloca(bytes);
  for (size_t i = 0; i < bytes; i += 1024)
    frame[i] = 1;
  wasmaot_error *error = wasmaot_func_call(function(instance, "wide"), NULL, 0, NULL, 0);
  frame[0] = 2;
  return error;
}

static wasmaot_error *burn_stack(void *data, wasmaot_store *store, const wasmaot_val *args,
                                 wasmaot_val *results) {
  (void)store;
  (void)args;
  (void)results;
  struct burner *burner = data;
  for (size_t kilobytes = 160; kilobytes < 226; kilobytes += 2) {
    wasmaot_error *error = burn(burner->instance, kilobytes << 10);
    if (!error)
      continue;
    CHECK_ERROR(error, WASMAOT_ERROR_TRAP, "call stack exhausted");
    burner->overflows++;
  }
  return NULL;
}

// The way into wasm needs stack, too, and more than what the runtime keeps for itself.
static void stack_ends_on_the_way_in(void) {
  struct burner burner = {0};
  struct world world = start_small(burn_stack, &burner);
  burner.instance = world.instance;
  int32_t depth = first_failing(&world, HOSTILE_CALL_HOST) - 1;
  burner.overflows = 0;
  CHECK(CALL("deep", depth, HOSTILE_CALL_HOST, 0) == depth);
  CHECK(burner.overflows > 10);
  end(&world);
}

// ---- Instances that end -----------------------------------------------------------------------

static wasmaot_instance *link_to(struct world *world, wasmaot_module *linked) {
  static const char *const names[] = {"memory", "table", "counter", "tag", "add_one"};
  wasmaot_extern imports[5];
  for (int i = 0; i < 5; i++)
    imports[i] = export_of(world->instance, names[i]);
  wasmaot_instance *instance;
  CHECK_OK(wasmaot_instance_new(world->store, linked, imports, 5, &instance));
  return instance;
}

static struct world start_store(const struct world *engine) {
  struct world world = *engine;
  world.store = wasmaot_store_new(world.engine, NULL);
  CHECK_OK(wasmaot_func_new(world.store, &i_i, twice, NULL, NULL, &world.host));
  world.instance = instantiate(&world, world.module);
  return world;
}

// A guest plants its function in a table that it imports. The host, which can't see that, deletes
// the guest. Nobody's call of the entry may reach another store.
static void planted_function(void) {
  struct world world = start_with(&full_wasm, twice, NULL);
  wasmaot_module *linked;
  CHECK_OK(wasmaot_module_load(world.engine, &linked_wasm, &linked));
  wasmaot_instance_delete(link_to(&world, linked));
  struct world other = start_store(&world);
  link_to(&other, linked);
  CHECK(CALL("call_indirect", 2, 0x5151, 0) == 0x5152);
  CHECK(CALL("load", 0, 0, 0) == 0x5152);
  CHECK(call(other.instance, "load", 0, 0, 0) == 0);
  wasmaot_store_delete(other.store);
  wasmaot_module_delete(linked);
  end(&world);
}

// Others import what a deleted instance defined, or the host has passed a function of it on.
static void deleted_provider(void) {
  struct world world = start_with(&full_wasm, twice, NULL);
  wasmaot_module *linked;
  CHECK_OK(wasmaot_module_load(world.engine, &linked_wasm, &linked));
  wasmaot_instance *user = link_to(&world, linked);
  wasmaot_instance *passed = instantiate(&world, world.module);
  wasmaot_table *table = export_of(world.instance, "table").of.table;
  CHECK(wasmaot_table_set(table, 2, (wasmaot_val){.funcref = function(passed, "load")}));
  call(passed, "store", 16, 77, 0);
  wasmaot_instance_delete(passed);
  wasmaot_instance_delete(world.instance);
  struct world other = start_store(&world);
  struct world third = start_store(&world);
  CHECK(call(user, "call", 9, 0, 0) == 10);
  CHECK(call(other.instance, "load", 0, 0, 0) == 0 && call(third.instance, "load", 0, 0, 0) == 0);
  CHECK(CALL("call_indirect", 2, 16, 0) == 77);
  wasmaot_store_delete(other.store);
  wasmaot_store_delete(third.store);
  wasmaot_module_delete(linked);
  end(&world);
}

static wasmaot_error *delete_caller(void *data, wasmaot_store *store, const wasmaot_val *args,
                                    wasmaot_val *results) {
  struct world *world = data;
  wasmaot_instance_delete(world->instance);
  wasmaot_extern import = func_extern(world->host);
  wasmaot_instance *instance;
  CHECK_ERROR(wasmaot_instance_new(store, world->module, &import, 1, &instance),
              WASMAOT_ERROR_RESOURCE, "no memory or address space"); // the caller's is in use
  results[0].i32 = args[0].i32;
  return NULL;
}

static void deleted_while_running(void) {
  struct world world = {.engine = wasmaot_engine_new(NULL)};
  CHECK_OK(wasmaot_module_load(world.engine, &full_wasm, &world.module));
  // Room for one instance.
  wasmaot_store_config config = {.max_memory = 2 * 65536};
  world.store = wasmaot_store_new(world.engine, &config);
  CHECK_OK(wasmaot_func_new(world.store, &i_i, delete_caller, &world, NULL, &world.host));
  for (int i = 0; i < 10; i++) {
    world.instance = instantiate(&world, world.module);
    CHECK(CALL("call_host", i, 0, 0) == i);
  }
  end(&world);
}

// As many as would fill the address space.
static void failing_for_ever(void) {
  struct world world = start_with(&full_wasm, twice, NULL);
  wasmaot_module *module;
  CHECK_OK(wasmaot_module_load(world.engine, &bad_segment_wasm, &module));
  wasmaot_extern import = func_extern(world.host);
  wasmaot_instance *instance;
  for (int i = 0; i < 20000; i++)
    CHECK_ERROR(wasmaot_instance_new(world.store, module, &import, 1, &instance),
                WASMAOT_ERROR_TRAP, "out of bounds memory access");
  wasmaot_module_delete(module);
  end(&world);
}

// ---- Exceptions -------------------------------------------------------------------------------

// The error outlives the store that holds the exception, too.
static void kept_exception(void) {
  struct world world = start_small(twice, NULL);
  wasmaot_error *error = TRY("throw_kept", 7, 0, 0);
  CHECK(wasmaot_exception_args(wasmaot_error_exception(error))[0].i32 == 7);
  wasmaot_store_delete(world.store);
  CHECK(wasmaot_exception_args(wasmaot_error_exception(error))[0].i32 == 7);
  CHECK_ERROR(error, WASMAOT_ERROR_EXCEPTION, "uncaught exception");
  wasmaot_module_delete(world.module);
  wasmaot_engine_delete(world.engine);
}

static wasmaot_error *throw_elsewhere(void *data, wasmaot_store *store, const wasmaot_val *args,
                                      wasmaot_val *results) {
  (void)store;
  (void)args;
  (void)results;
  return try_call(*(wasmaot_instance **)data, "throw_kept", NULL, 7, 0, 0);
}

// Neither thrown into another store nor passed to it.
static void foreign_exception(void) {
  struct world world = start_small(twice, NULL);
  struct world thrower = start_with(&full_wasm, throw_elsewhere, &world.instance);
  CHECK_ERROR(try_call(thrower.instance, "call_host", NULL, 1, 0, 0), WASMAOT_ERROR_HOST,
              "a function of the host threw an exception of another store");
  wasmaot_error *error = TRY("throw_kept", 7, 0, 0);
  wasmaot_val value = {.exnref = wasmaot_error_exception(error)};
  wasmaot_table *table;
  CHECK_ERROR(
      wasmaot_table_new(thrower.store, WASMAOT_EXNREF, (wasmaot_limits){1, 1}, value, &table),
      WASMAOT_ERROR_ARGUMENT, "a function of another store");
  CHECK_OK(wasmaot_table_new(world.store, WASMAOT_EXNREF, (wasmaot_limits){1, 1}, value, &table));
  wasmaot_error_delete(error);
  CHECK(wasmaot_table_get(table, 0, &value));
  CHECK(wasmaot_exception_args(value.exnref)[0].i32 == 7);
  end(&world);
  end(&thrower);
}

// The instance is gone, the error is not.
static void start_throws(void) {
  struct world world = {.engine = wasmaot_engine_new(NULL)};
  CHECK_OK(wasmaot_module_load(world.engine, &start_throws_wasm, &world.module));
  world.store = wasmaot_store_new(world.engine, NULL);
  wasmaot_error *error = wasmaot_instance_new(world.store, world.module, NULL, 0, &world.instance);
  CHECK(wasmaot_error_get_kind(error) == WASMAOT_ERROR_EXCEPTION);
  wasmaot_module_delete(world.module);
  CHECK(!wasmaot_exception_tag(wasmaot_error_exception(error)));
  wasmaot_store_delete(world.store);
  wasmaot_error_delete(error);
  wasmaot_engine_delete(world.engine);
}

// ---- Images -----------------------------------------------------------------------------------

static uint64_t shared_kilobytes(void) {
  FILE *file = fopen("/proc/self/status", "r");
  char line[256];
  uint64_t size = 0;
  while (fgets(line, sizeof line, file))
    if (strncmp(line, "RssShmem:", 9) == 0)
      size = strtoull(line + 9, NULL, 10);
  fclose(file);
  return size;
}

// Data at both ends of a large memory: to read what is in between costs no memory that stays.
static void sparse_image(void) {
  struct world world = {.engine = wasmaot_engine_new(NULL)};
  CHECK_OK(wasmaot_module_load(world.engine, &sparse_wasm, &world.module));
  for (int round = 0; round < 2; round++) {
    world.store = wasmaot_store_new(world.engine, NULL);
    CHECK_OK(wasmaot_instance_new(world.store, world.module, NULL, 0, &world.instance));
    const wasmaot_memory *memory = export_of(world.instance, "memory").of.memory;
    const uint8_t *data = wasmaot_memory_data(memory);
    for (uint64_t i = 0; i < SPARSE_SIZE; i += 4096)
      CHECK(data[i] == (i == 0 || i == SPARSE_SIZE - 4096 ? 's' : 0));
    wasmaot_store_delete(world.store);
  }
  CHECK(shared_kilobytes() < 4096);
  wasmaot_module_delete(world.module);
  wasmaot_engine_delete(world.engine);
}

// Descriptors that lack what a call jumps to are refused.
static void missing_entries(void) {
  wasmaot_engine *engine = wasmaot_engine_new(NULL);
  wasmaot_module *module;
  CHECK_ERROR(wasmaot_module_load(engine, &no_enter_wasm, &module), WASMAOT_ERROR_INCOMPATIBLE,
              "a signature lacks");
  CHECK_OK(wasmaot_module_load(engine, &hostile_wasm, &module));
  wasmaot_bytes from = {"x", 1};
  wasmaot_bytes name = {"x", 1};
  wasmaot_module_import(module, 1, &from, &name);
  CHECK(from.size == 0 && name.size == 0);
  name.size = 1;
  wasmaot_module_export(module, SIZE_MAX, &name);
  CHECK(name.size == 0);
  wasmaot_module_delete(module);
  wasmaot_engine_delete(engine);
}

// ---- Types ------------------------------------------------------------------------------------

static void *load_often(void *argument) {
  struct world *world = argument;
  while (!atomic_load(&world_is_over)) {
    wasmaot_module *module;
    CHECK_OK(wasmaot_module_load(world->engine, &circle_wasm, &module));
    wasmaot_module_delete(module);
  }
  return NULL;
}

// A type is the same at all times, while other threads load modules that have it, too.
static void types_while_loading(void) {
  struct world world = {.engine = wasmaot_engine_new(NULL)};
  CHECK_OK(wasmaot_module_load(world.engine, &circle_wasm, &world.module));
  world.store = wasmaot_store_new(world.engine, NULL);
  CHECK_OK(wasmaot_func_new(world.store, &i_i, twice, NULL, NULL, &world.host));
  CHECK_OK(wasmaot_instance_new(world.store, world.module, NULL, 0, &world.instance));
  pthread_t thread;
  pthread_create(&thread, NULL, load_often, &world);
  const wasmaot_func *circle = function(world.instance, "circle");
  wasmaot_val wrong = {.funcref = world.host};
  for (int i = 0; i < 1000000; i++)
    CHECK_ERROR(wasmaot_func_call(circle, &wrong, 1, NULL, 0), WASMAOT_ERROR_ARGUMENT,
                "argument 0 is null, a function of another type");
  wasmaot_val right = {.funcref = circle};
  CHECK_OK(wasmaot_func_call(circle, &right, 1, NULL, 0));
  atomic_store(&world_is_over, true);
  pthread_join(thread, NULL);
  end(&world);
}

// ---- Interruptions ----------------------------------------------------------------------------

struct swallower {
  wasmaot_instance *instance;
  wasmaot_error *instead;
};

static wasmaot_error *swallow(void *data, wasmaot_store *store, const wasmaot_val *args,
                              wasmaot_val *results) {
  (void)args;
  (void)results;
  struct swallower *swallower = data;
  pthread_t thread;
  pthread_create(&thread, NULL, interrupt_slowly, store);
  CHECK_ERROR(try_call(swallower->instance, "deep", NULL, 0, HOSTILE_SPIN, 0),
              WASMAOT_ERROR_INTERRUPTED, "interrupted");
  pthread_join(thread, NULL);
  return swallower->instead;
}

// The host's function deals with the error of a call; the guest that called it ends all the same.
// Then the interruption is over.
static void swallowed_interruption(void) {
  struct swallower swallower = {0};
  struct world world = start_small(swallow, &swallower);
  swallower.instance = world.instance;
  for (int i = 0; i < 4; i++) {
    swallower.instead = i & 1 ? wasmaot_error_new("no more") : NULL;
    wasmaot_error *error = TRY("deep", 0, HOSTILE_CALL_HOST, 0);
    if (i & 1)
      CHECK_ERROR(error, WASMAOT_ERROR_HOST, "no more");
    else
      CHECK_ERROR(error, WASMAOT_ERROR_INTERRUPTED, "interrupted");
    CHECK(CALL("add_one", 1, 0, 0) == 2);
  }
  wasmaot_store_interrupt(world.store); // too late
  wasmaot_store_clear_interrupt(world.store);
  CHECK(CALL("add_one", 1, 0, 0) == 2);
  end(&world);
}

static void *spin_elsewhere(void *instance) {
  CHECK_ERROR(try_call(instance, "deep", NULL, 0, HOSTILE_SPIN, 0), WASMAOT_ERROR_INTERRUPTED,
              "interrupted");
  return NULL;
}

static wasmaot_error *call_on_other_thread(void *data, wasmaot_store *store,
                                           const wasmaot_val *args, wasmaot_val *results) {
  (void)store;
  (void)args;
  (void)results;
  pthread_t thread;
  pthread_create(&thread, NULL, spin_elsewhere, *(wasmaot_instance **)data);
  pthread_join(thread, NULL);
  return NULL;
}

// The interruption finds the thread that runs wasm now, not the one that waits for it.
static void interrupted_on_other_thread(void) {
  wasmaot_instance *instance = NULL;
  struct world world = start_small(call_on_other_thread, &instance);
  instance = world.instance;
  pthread_t thread;
  pthread_create(&thread, NULL, interrupt_slowly, world.store);
  alarm(60);
  CHECK_ERROR(TRY("deep", 0, HOSTILE_CALL_HOST, 0), WASMAOT_ERROR_INTERRUPTED, "interrupted");
  pthread_join(thread, NULL);
  end(&world);
}

// An interruption that finds code of nobody's does not block the signal for ever.
static void interrupted_in_foreign_code(void) {
  struct world world = start_small(twice, NULL);
  pthread_t thread;
  pthread_create(&thread, NULL, interrupt_slowly, world.store);
  wasmaot_error_delete(TRY("deep", 0, HOSTILE_FOREIGN_CODE, 0));
  pthread_join(thread, NULL);
  sigset_t mask;
  pthread_sigmask(SIG_BLOCK, NULL, &mask);
  CHECK(!sigismember(&mask, SIGURG));
  end(&world);
}

// ---- Calls that do not nest -------------------------------------------------------------------

static ucontext_t main_context;
static ucontext_t fiber_contexts[2];
static int current_fiber;
static int turn;
static struct world fiber_worlds[2];

static wasmaot_error *yield(void *data, wasmaot_store *store, const wasmaot_val *args,
                            wasmaot_val *results) {
  (void)data;
  (void)store;
  (void)args;
  (void)results;
  swapcontext(&fiber_contexts[current_fiber], &main_context);
  return NULL;
}

static void run_fiber(int index) {
  wasmaot_error_delete(
      try_call(fiber_worlds[index].instance, "deep", NULL, 0, HOSTILE_CALL_HOST, 0));
}

static void run_fibers(void) {
  static char stacks[2][262144];
  for (current_fiber = 0; current_fiber < 2; current_fiber++) {
    ucontext_t *fiber = &fiber_contexts[current_fiber];
    fiber_worlds[current_fiber] = start_small(yield, NULL);
    getcontext(fiber);
    fiber->uc_stack.ss_sp = stacks[current_fiber];
    fiber->uc_stack.ss_size = sizeof stacks[current_fiber];
    fiber->uc_link = &main_context;
    makecontext(fiber, (void (*)(void))run_fiber, 1, current_fiber);
  }
  static const int order[] = {0, 1, 0};
  for (turn = 0; turn < 3; turn++) {
    current_fiber = order[turn];
    swapcontext(&main_context, &fiber_contexts[current_fiber]);
  }
}

static wasmaot_error *delete_store(void *data, wasmaot_store *store, const wasmaot_val *args,
                                   wasmaot_val *results) {
  (void)data;
  (void)args;
  (void)results;
  wasmaot_store_delete(store);
  return NULL;
}

static void delete_running_store(void) {
  struct world world = start_small(delete_store, NULL);
  wasmaot_error_delete(TRY("deep", 0, HOSTILE_CALL_HOST, 0));
}

// Mistakes of the host that would end in memory that is free: said at once.
static void mistakes_abort(void) {
  int status = status_of(run_fibers);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
  status = status_of(delete_running_store);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

// ---- All of them ------------------------------------------------------------------------------

const struct test hostile_tests[] = {
    {"stack_ends", stack_ends},
    {"signals_at_the_end", signals_at_the_end},
    {"stack_ends_on_the_way_in", stack_ends_on_the_way_in},
    {"planted_function", planted_function},
    {"deleted_provider", deleted_provider},
    {"deleted_while_running", deleted_while_running},
    {"failing_for_ever", failing_for_ever},
    {"kept_exception", kept_exception},
    {"foreign_exception", foreign_exception},
    {"start_throws", start_throws},
    {"types_while_loading", types_while_loading},
    {"swallowed_interruption", swallowed_interruption},
    {"interrupted_on_other_thread", interrupted_on_other_thread},
    {"interrupted_in_foreign_code", interrupted_in_foreign_code},
    {"mistakes_abort", mistakes_abort},
    {"sparse_image", sparse_image},
    {"missing_entries", missing_entries},
    {NULL, NULL},
};
