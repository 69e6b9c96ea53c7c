// Guests that mean harm, and mistakes of hosts, which must not become the guest's chance.
#include "test.h"

#include <ucontext.h>

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

// ---- All of them ------------------------------------------------------------------------------

const struct test hostile_tests[] = {
    {"stack_ends", stack_ends},
    {"signals_at_the_end", signals_at_the_end},
    {"stack_ends_on_the_way_in", stack_ends_on_the_way_in},
    {NULL, NULL},
};
