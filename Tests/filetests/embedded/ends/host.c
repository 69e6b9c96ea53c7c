// What ends before those that refer to it: instances, stores, errors, processes; and what guests
// can't make a host keep.
#define _GNU_SOURCE
#include "inner.h"
#include "keeper.h"
#include "maker.h"
#include "named.h"
#include "starter.h"

#include "../support.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

struct world {
  wasmaot_engine *engine;
  wasmaot_module *maker;
  wasmaot_store *store;
  wasmaot_instance *instance; // of the maker
  wasmaot_instance *keeper;
  wasmaot_tag *function;
  wasmaot_tag *exception;
  const wasmaot_func *call;
  wasmaot_error *(*answer)(struct world *world); // what `call` does
  int64_t calls;
};

static wasmaot_error *call(void *data, wasmaot_store *store, const wasmaot_val *args,
                           wasmaot_val *results) {
  (void)store;
  (void)args;
  (void)results;
  struct world *world = data;
  world->calls++;
  return world->answer(world);
}

static wasmaot_tag *new_tag(wasmaot_store *store, wasmaot_valkind kind) {
  wasmaot_tag *tag;
  check(wasmaot_tag_new(store, &(wasmaot_functype){&kind, 1, NULL, 0}, &tag));
  return tag;
}

static wasmaot_instance *new_maker(struct world *world) {
  const wasmaot_extern imports[] = {{.kind = WASMAOT_TAG, .of.tag = world->function},
                                    {.kind = WASMAOT_TAG, .of.tag = world->exception}};
  wasmaot_instance *instance;
  check(wasmaot_instance_new(world->store, world->maker, imports, 2, &instance));
  return instance;
}

static void start(struct world *world, wasmaot_error *(*answer)(struct world *)) {
  world->answer = answer;
  world->calls = 0;
  world->store = wasmaot_store_new(world->engine, NULL);
  world->function = new_tag(world->store, WASMAOT_FUNCREF);
  world->exception = new_tag(world->store, WASMAOT_EXNREF);
  check(wasmaot_func_new(world->store, &(wasmaot_functype){NULL, 0, NULL, 0}, call, world, NULL,
                         &world->call));
  world->instance = new_maker(world);
  const wasmaot_extern imports[] = {{.kind = WASMAOT_TAG, .of.tag = world->function},
                                    {.kind = WASMAOT_TAG, .of.tag = world->exception},
                                    {.kind = WASMAOT_FUNC, .of.func = world->call}};
  struct host host = {world->engine, world->store};
  world->keeper = host_instance(&host, &keeper_wasm, imports, 3);
}

// Whatever is made where the instance was has another number.
static void take_the_place(struct world *world, wasmaot_instance *deleted) {
  wasmaot_instance_delete(deleted);
  for (int i = 0; i < 4; i++) {
    wasmaot_extern number = host_export(new_maker(world), "number");
    if (!wasmaot_global_set(number.of.global, (wasmaot_val){.i32 = 7}))
      abort();
  }
}

// ---- Exceptions and the instances that they lead to -------------------------------------------

// The keeper keeps what the host throws, and calls what that leads to when the maker is gone.
static void kept(struct world *world, const char *what, wasmaot_error *(*answer)(struct world *)) {
  start(world, answer);
  check(keeper_keep(world->keeper));
  take_the_place(world, world->instance);
  int32_t value = 0;
  show(what, keeper_call_x20kept(world->keeper, &value), value);
  wasmaot_store_delete(world->store);
}

static wasmaot_error *forward(struct world *world) {
  return maker_throw_x20exception(world->instance);
}

// The error that the inner exception is of is gone before the outer one is thrown.
static wasmaot_error *wrap(struct world *world) {
  wasmaot_error *inner = maker_throw_x20function(world->instance);
  wasmaot_val value = {.exnref = wasmaot_error_exception(inner)};
  wasmaot_error *outer = wasmaot_throw(world->store, world->exception, &value, 1);
  wasmaot_error_delete(inner);
  return outer;
}

static wasmaot_error *nothing(struct world *world) {
  (void)world;
  return NULL;
}

static void never_started(struct world *world) {
  start(world, nothing);
  const wasmaot_extern imports[] = {{.kind = WASMAOT_TAG, .of.tag = world->function},
                                    {.kind = WASMAOT_FUNC, .of.func = world->call}};
  wasmaot_module *module;
  wasmaot_instance *instance;
  check(wasmaot_module_load(world->engine, &starter_wasm, &module));
  wasmaot_error *error = wasmaot_instance_new(world->store, module, imports, 2, &instance);
  const wasmaot_func *function = wasmaot_exception_args(wasmaot_error_exception(error))[0].funcref;
  printf("the host's function: %s\n", function == world->call ? "itself" : "another");
  check(wasmaot_func_call(function, NULL, 0, NULL, 0));
  wasmaot_error_delete(error);
  wasmaot_module_delete(module);

  check(wasmaot_module_load(world->engine, &inner_wasm, &module));
  const wasmaot_extern tag = {.kind = WASMAOT_TAG, .of.tag = world->exception};
  error = wasmaot_instance_new(world->store, module, &tag, 1, &instance);
  wasmaot_exception *inner = wasmaot_exception_args(wasmaot_error_exception(error))[0].exnref;
  printf("its exception: %s\n", inner ? "there" : "none");
  wasmaot_error_delete(error);
  wasmaot_module_delete(module);
  wasmaot_store_delete(world->store);
}

// ---- Limits -----------------------------------------------------------------------------------

static wasmaot_error *throw_null(struct world *world) {
  wasmaot_val value = {.funcref = NULL};
  return wasmaot_throw(world->store, world->function, &value, 1);
}

static void exceptions_of_the_host(struct world *world) {
  start(world, throw_null);
  show("all are kept", keeper_keep_x20all(world->keeper), 0);
  printf("%s\n", world->calls > 100000 && world->calls < 1500000 ? "after 64 MiB" : "not in time");
  wasmaot_store_delete(world->store);
}

static void long_names(struct world *world) {
  struct host host = {world->engine, wasmaot_store_new(world->engine, NULL)};
  wasmaot_instance *instance = host_instance(&host, &named_wasm, NULL, 0);
  wasmaot_extern export;
  if (!wasmaot_instance_export_at(instance, 0, &export))
    abort();
  wasmaot_error *error = wasmaot_func_call(export.of.func, NULL, 0, NULL, 0);
  wasmaot_bytes name;
  wasmaot_error_frame(error, 0, &name);
  printf("a name of %d bytes\n", (int)name.size);
  wasmaot_error_delete(error);
  wasmaot_store_delete(host.store);
}

// ---- Stores -----------------------------------------------------------------------------------

static wasmaot_error *of_the_last_store;
static wasmaot_error *throw_again(struct world *world) {
  (void)world;
  return of_the_last_store;
}

// Another store may be where the one that ended was.
static void ended_store(struct world *world) {
  start(world, nothing);
  of_the_last_store = maker_throw_x20function(world->instance);
  wasmaot_store_delete(world->store);
  start(world, throw_again);
  show("an ended store's", keeper_call(world->keeper), 0);
  wasmaot_store_delete(world->store);
}

// Nothing of what ended on this stack before is shown.
static void waiting_interruption(struct world *world) {
  long_names(world);
  start(world, nothing);
  wasmaot_store_interrupt(world->store);
  show("interrupted at once", keeper_call(world->keeper), 0);
  wasmaot_store_delete(world->store);
}

// ---- Processes --------------------------------------------------------------------------------

static wasmaot_store *forked_store;
static void on_alarm(int signal) {
  (void)signal;
  wasmaot_store_interrupt(forked_store);
}

static wasmaot_error *fork_process(struct world *world) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    // (If it can't be interrupted.)
    setrlimit(RLIMIT_CPU, &(struct rlimit){10, 10});
    forked_store = world->store;
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm, .sa_flags = SA_ONSTACK}, NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {.tv_usec = 20000}}, NULL);
    return NULL;
  }
  int status;
  waitpid(child, &status, 0);
  return wasmaot_error_new(WIFEXITED(status) ? "the child has ended" : "the child was killed");
}

static void forked_guest(struct world *world) {
  start(world, fork_process);
  wasmaot_error *error = keeper_call_x20and_x20spin(world->keeper);
  if (forked_store)
    _exit(wasmaot_error_get_kind(error) == WASMAOT_ERROR_INTERRUPTED ? 0 : 1);
  show("in the parent", error, 0);
  wasmaot_store_delete(world->store);
}

int main(void) {
  // Before the first engine.
  signal(SIGBUS, SIG_IGN);
  struct world world = {.engine = wasmaot_engine_new(NULL)};
  check(wasmaot_module_load(world.engine, &maker_wasm, &world.maker));
  kill(getpid(), SIGBUS);
  kill(getpid(), SIGBUS);
  printf("signals that are ignored are ignored\n");
  kept(&world, "held by wasm", forward);
  kept(&world, "wrapped by the host", wrap);
  never_started(&world);
  exceptions_of_the_host(&world);
  ended_store(&world);
  waiting_interruption(&world);
  forked_guest(&world);
  wasmaot_module_delete(world.maker);
  wasmaot_engine_delete(world.engine);
  return 0;
}
