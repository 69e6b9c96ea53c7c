// Tests of the embedded runtime, over the public API alone. Every test runs in a process of its
// own; with an argument, the test of that name runs in this one (for debuggers and valgrind).
#include "test.h"

// ---- Calls ------------------------------------------------------------------------------------

static void calls(void) {
  struct world world = start_with(&full_wasm, twice, NULL);
  CHECK(CALL("add_one", 41, 0, 0) == 42);
  CHECK(CALL("load", IMAGE_OFFSET, 0, 0) == 'a');
  CHECK(CALL("call_host", 21, 0, 0) == 42);
  CHECK(CALL("host", 4, 0, 0) == 8);
  CHECK(CALL("call_indirect", 0, 5, 0) == 10); // the host's
  CHECK(CALL("call_indirect", 1, 5, 0) == 6);
  CHECK(CALL("grow", 1, 0, 0) == 2);
  CHECK(CALL("grow", 3, 0, 0) == -1);
  CHECK(wasmaot_memory_pages(export_of(world.instance, "memory").of.memory) == 3);
  CHECK(wasmaot_global_get(export_of(world.instance, "counter").of.global).i32 == 101);
  CHECK(wasmaot_global_get(export_of(world.instance, "constant").of.global).i64 == 42);
  wasmaot_val values[2] = {{.i32 = 84}, {.i32 = 2}};
  CHECK_OK(wasmaot_instance_call(world.instance, 0x1234, 5, "ii>i", values));
  CHECK(values[0].i32 == 42);
  CHECK_ERROR(wasmaot_instance_call(world.instance, 0x1235, 5, "ii>i", values),
              WASMAOT_ERROR_ARGUMENT, "the header was generated for a module");
  // The hash may be forged. All that is not the type is refused.
  static const char *const wrong[] = {"",    ">",    "i>i",   "iii>i", "ii>",  "ii",
                                      "iii", "ii>I", "ii>ii", "iI>i",  "ii>>", "ii>i>"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    CHECK_ERROR(wasmaot_instance_call(world.instance, 0x1234, 5, wrong[i], values),
                WASMAOT_ERROR_ARGUMENT, "the header was generated for a function");
  CHECK_OK(wasmaot_instance_call(world.instance, 0x1234, 1, "ii>", values)); // store
  CHECK_ERROR(wasmaot_instance_call(world.instance, 0x1234, 1, "ii", values),
              WASMAOT_ERROR_ARGUMENT, "the header was generated for a function");
  CHECK_ERROR(wasmaot_func_call(function(world.instance, "divide"), values, 1, values, 1),
              WASMAOT_ERROR_ARGUMENT, "the function takes 2 arguments");
  CHECK(!wasmaot_instance_export(world.instance, "stor", 4, &(wasmaot_extern){0}));
  end(&world);
}

static void check_frames(const wasmaot_error *error, const char *const *names, size_t count) {
  CHECK(wasmaot_error_frame_count(error) >= count);
  for (size_t i = 0; i < count; i++) {
    wasmaot_bytes name;
    wasmaot_error_frame(error, i, &name);
    CHECK(name.size == strlen(names[i]) && memcmp(name.bytes, names[i], name.size) == 0);
  }
}

static void traps(void) {
  struct world world = start_with(&full_wasm, twice, NULL);
  for (int i = 0; i < 1000; i++) {
    CHECK_ERROR(TRY("divide", 1, 0, 0), WASMAOT_ERROR_TRAP, "integer divide by zero");
    CHECK_ERROR(TRY("load", 131072, 0, 0), WASMAOT_ERROR_TRAP, "out of bounds memory access");
    CHECK_ERROR(TRY("load", 131069, 0, 0), WASMAOT_ERROR_TRAP, "out of bounds memory access");
    CHECK_ERROR(TRY("load", -1, 0, 0), WASMAOT_ERROR_TRAP, "out of bounds memory access");
    CHECK_ERROR(TRY("call_indirect", 2, 5, 0), WASMAOT_ERROR_TRAP, "uninitialized element");
    CHECK_ERROR(TRY("call_indirect", 3, 5, 0), WASMAOT_ERROR_TRAP, "indirect call type mismatch");
    CHECK_ERROR(TRY("call_indirect", 4, 5, 0), WASMAOT_ERROR_TRAP, "undefined element");
    CHECK(CALL("load", 131068, 0, 0) == 0);
  }
  for (int i = 0; i < 20; i++)
    CHECK_ERROR(TRY("recurse", 0, 0, 0), WASMAOT_ERROR_TRAP, "call stack exhausted");
  wasmaot_error *error = TRY("divide", 1, 0, 0);
  CHECK(wasmaot_error_trap(error) == WASMAOT_TRAPCODE_INTEGER_DIVIDE_BY_ZERO);
  CHECK(wasmaot_error_frame_count(error) == 1);
  check_frames(error, (const char *[]){"divide"}, 1);
  wasmaot_error_delete(error);
  error = TRY("recurse", 0, 0, 0);
  check_frames(error, (const char *[]){"recurse", "recurse", "recurse"}, 3);
  wasmaot_error_delete(error);
  error = TRY("call_indirect", 3, 5, 0);
  check_frames(error, (const char *[]){"call_indirect"}, 1);
  wasmaot_error_delete(error);
  end(&world);
}

// ---- Functions of the host --------------------------------------------------------------------

struct nest {
  wasmaot_instance *instance;
  int depth;
  int limit;
  wasmaot_error *(*at_limit)(struct nest *nest);
};

static wasmaot_error *nest_deeper(void *data, wasmaot_store *store, const wasmaot_val *args,
                                  wasmaot_val *results) {
  (void)store;
  struct nest *nest = data;
  if (++nest->depth == nest->limit)
    return nest->at_limit(nest);
  int32_t result;
  wasmaot_error *error = try_call(nest->instance, "call_host", &result, args[0].i32 + 1, 0, 0);
  results[0].i32 = result;
  return error;
}

static wasmaot_error *divide_by_zero(struct nest *nest) {
  return try_call(nest->instance, "divide", NULL, 1, 0, 0);
}
static wasmaot_error *fail_in_host(struct nest *nest) {
  (void)nest;
  return wasmaot_error_new("disk full");
}
static wasmaot_error *catch_trap(struct nest *nest) {
  CHECK_ERROR(divide_by_zero(nest), WASMAOT_ERROR_TRAP, "integer divide by zero");
  CHECK_ERROR(try_call(nest->instance, "load", NULL, -1, 0, 0), WASMAOT_ERROR_TRAP,
              "out of bounds memory access");
  return NULL;
}

static void nested(void) {
  struct nest nest = {.limit = 5, .at_limit = divide_by_zero};
  struct world world = start_with(&full_wasm, nest_deeper, &nest);
  nest.instance = world.instance;
  wasmaot_error *error = TRY("call_host", 1, 0, 0);
  check_frames(error, (const char *[]){"divide", "call_host", "call_host", "call_host"}, 4);
  CHECK(wasmaot_error_frame_count(error) == 6);
  CHECK_ERROR(error, WASMAOT_ERROR_TRAP, "integer divide by zero");
  nest = (struct nest){world.instance, 0, 5, fail_in_host};
  CHECK_ERROR(TRY("call_host", 1, 0, 0), WASMAOT_ERROR_HOST, "disk full");
  nest = (struct nest){world.instance, 0, 5, catch_trap};
  CHECK(CALL("call_host", 1, 0, 0) == 0);
  // Through the stack's end: a clean trap.
  nest = (struct nest){world.instance, 0, 1 << 30, catch_trap};
  CHECK_ERROR(TRY("call_host", 1, 0, 0), WASMAOT_ERROR_TRAP, "call stack exhausted");
  CHECK(nest.depth > 100);
  CHECK(CALL("add_one", 1, 0, 0) == 2);
  end(&world);
}

static wasmaot_error *throw_tag(void *data, wasmaot_store *store, const wasmaot_val *args,
                                wasmaot_val *results) {
  (void)results;
  return wasmaot_throw(store, *(wasmaot_tag **)data, args, 1);
}

static void exceptions(void) {
  wasmaot_tag *tag = NULL;
  struct world world = start_with(&full_wasm, throw_tag, &tag);
  tag = export_of(world.instance, "tag").of.tag;
  CHECK(wasmaot_tag_type(tag).param_count == 1);
  for (int i = 0; i < 2; i++) {
    wasmaot_error *error = i == 0 ? TRY("throw", 7, 0, 0) : TRY("call_host", 7, 0, 0);
    CHECK(error && wasmaot_error_get_kind(error) == WASMAOT_ERROR_EXCEPTION);
    wasmaot_exception *exception = wasmaot_error_exception(error);
    CHECK(wasmaot_exception_tag(exception) == tag);
    CHECK(wasmaot_exception_args(exception)[0].i32 == 7);
    wasmaot_error_delete(error);
  }
  // Those that nothing caught are gone with their errors: a million of 64 bytes are the limit.
  for (int i = 0; i < 1200000; i++)
    wasmaot_error_delete(TRY("throw", i, 0, 0));
  CHECK_ERROR(TRY("throw", 1, 0, 0), WASMAOT_ERROR_EXCEPTION, "uncaught exception");
  CHECK(CALL("add_one", 1, 0, 0) == 2);
  end(&world);
}

// An exception that a call returns holds the host's function itself, and no copy of its reference.
static void functions_in_exceptions(void) {
  struct world world = start_with(&exception_wasm, twice, NULL);
  wasmaot_val value = {.i32 = 0}, result = {.i32 = 0}, arg = {.i32 = 21};
  CHECK_OK(wasmaot_func_call(function(world.instance, "make"), NULL, 0, &value, 1));
  const wasmaot_val *args = wasmaot_exception_args(value.exnref);
  CHECK(args[0].funcref == world.host);
  CHECK_OK(wasmaot_func_call(args[0].funcref, &arg, 1, &result, 1));
  CHECK(result.i32 == 42);
  end(&world);
}

static wasmaot_error *give_value(void *data, wasmaot_store *store, const wasmaot_val *args,
                                 wasmaot_val *results) {
  (void)store;
  (void)args;
  results[0] = *(const wasmaot_val *)data;
  return NULL;
}

static wasmaot_error *take_value(void *data, wasmaot_store *store, const wasmaot_val *args,
                                 wasmaot_val *results) {
  (void)store;
  (void)results;
  *(wasmaot_val *)data = args[0];
  return NULL;
}

// However exceptions come to a store, it keeps 64 MiB of them: here of 16 KB each.
static void exceptions_of_the_host(void) {
  enum { FIELDS = 1000 };
  static const wasmaot_valkind exnref[] = {WASMAOT_EXNREF};
  static wasmaot_valkind kinds[FIELDS];
  static const wasmaot_val fields[FIELDS];
  enum way { ARGUMENT, RESULT, THROWN, IN_GLOBAL, IN_TABLE, IN_NEW_GLOBAL, IN_NEW_TABLE, WAYS };
  for (enum way way = ARGUMENT; way < WAYS; way++) {
    struct world world = start_with(&full_wasm, twice, NULL);
    wasmaot_tag *wide, *wrap;
    CHECK_OK(wasmaot_tag_new(world.store, &(wasmaot_functype){kinds, FIELDS, NULL, 0}, &wide));
    CHECK_OK(wasmaot_tag_new(world.store, &(wasmaot_functype){exnref, 1, NULL, 0}, &wrap));
    wasmaot_val value = {.exnref = NULL}, first = {.exnref = NULL}, taken = {.exnref = NULL};
    const wasmaot_func *give, *take;
    CHECK_OK(wasmaot_func_new(world.store, &(wasmaot_functype){NULL, 0, exnref, 1}, give_value,
                              &value, NULL, &give));
    CHECK_OK(wasmaot_func_new(world.store, &(wasmaot_functype){exnref, 1, NULL, 0}, take_value,
                              &taken, NULL, &take));
    wasmaot_global *global;
    CHECK_OK(wasmaot_global_new(world.store, WASMAOT_EXNREF, true, value, &global));
    wasmaot_table *table;
    CHECK_OK(wasmaot_table_new(world.store, WASMAOT_EXNREF, (wasmaot_limits){1, 1}, value, &table));
    int kept = 0;
    bool fits = true;
    while (fits && kept < 5000) {
      wasmaot_error *thrown = wasmaot_throw(world.store, wide, fields, FIELDS);
      value.exnref = wasmaot_error_exception(thrown);
      CHECK(value.exnref);
      wasmaot_error *error = NULL;
      wasmaot_val result;
      wasmaot_global *new_global;
      wasmaot_table *new_table;
      switch (way) {
      case ARGUMENT:
        error = wasmaot_func_call(take, &value, 1, NULL, 0);
        break;
      case RESULT:
        error = wasmaot_func_call(give, NULL, 0, &result, 1);
        break;
      case THROWN:
        error = wasmaot_throw(world.store, wrap, &value, 1);
        break;
      case IN_GLOBAL:
        fits = wasmaot_global_set(global, value);
        break;
      case IN_TABLE:
        fits = wasmaot_table_set(table, 0, value);
        break;
      case IN_NEW_GLOBAL:
        error = wasmaot_global_new(world.store, WASMAOT_EXNREF, true, value, &new_global);
        break;
      default:
        error = wasmaot_table_new(world.store, WASMAOT_EXNREF, (wasmaot_limits){1, 1}, value,
                                  &new_table);
      }
      if (error && !wasmaot_error_exception(error)) {
        fits = false;
        CHECK_ERROR(error, WASMAOT_ERROR_RESOURCE, "out of memory");
      } else {
        wasmaot_error_delete(error);
      }
      wasmaot_error_delete(thrown);
      if (fits && kept++ == 0)
        first = value;
    }
    CHECK(!fits && kept > 4000 && kept < 4500);
    // One that it keeps is no further one.
    CHECK_OK(wasmaot_func_call(take, &first, 1, NULL, 0));
    CHECK(taken.exnref == first.exnref);
    CHECK(wasmaot_global_set(global, first));
    end(&world);
  }
}

// ---- Interruptions ----------------------------------------------------------------------------

static void *interrupt_later(void *store) {
  usleep(20000);
  wasmaot_store_interrupt(store);
  return NULL;
}

static void interrupt(void) {
  struct world world = start_with(&full_wasm, twice, NULL);
  const char *const names[] = {"loop", "fill_forever"};
  int too_early = 0;
  for (int i = 0; i < 20; i++) {
    pthread_t thread;
    pthread_create(&thread, NULL, interrupt_later, world.store);
    wasmaot_error *error = TRY(names[i & 1], 0, 0, 0);
    pthread_join(thread, NULL);
    // On a busy machine it may come before the call does, which then has no frames: once more.
    if (error && wasmaot_error_frame_count(error) == 0 && too_early < 100) {
      too_early++;
      i--;
    } else {
      check_frames(error, &names[i & 1], 1);
    }
    CHECK_ERROR(error, WASMAOT_ERROR_INTERRUPTED, "interrupted");
  }
  // None is running: the next one.
  wasmaot_store_interrupt(world.store);
  CHECK_ERROR(TRY("add_one", 1, 0, 0), WASMAOT_ERROR_INTERRUPTED, "interrupted");
  CHECK(CALL("add_one", 1, 0, 0) == 2);
  end(&world);
}

static atomic_bool is_over;

static void *interrupt_often(void *store) {
  unsigned seed = 1;
  while (!atomic_load(&is_over)) {
    wasmaot_store_interrupt(store);
    for (volatile unsigned i = 0; i < rand_r(&seed) % 3000u; i++)
      ;
  }
  return NULL;
}

// Against calls that begin, end, trap and call the host: each ends as it should or by the
// interruption, and every endless one ends.
static void interrupt_race(void) {
  struct nest nest = {.limit = 3, .at_limit = divide_by_zero};
  struct world world = start_with(&full_wasm, nest_deeper, &nest);
  nest.instance = world.instance;
  pthread_t thread;
  pthread_create(&thread, NULL, interrupt_often, world.store);
  unsigned interrupted = 0;
  for (int i = 0; i < 1800; i++) {
    static const char *const names[] = {"add_one", "divide",       "call_host",
                                        "loop",    "fill_forever", "load"};
    static const char *const ends[] = {
        NULL,          "integer divide by zero",     "integer divide by zero", "interrupted",
        "interrupted", "out of bounds memory access"};
    int which = i % 6;
    nest.depth = 0;
    wasmaot_error *error = try_call(world.instance, names[which], NULL, which == 5 ? -1 : 1, 0, 0);
    if (error && wasmaot_error_get_kind(error) == WASMAOT_ERROR_INTERRUPTED) {
      wasmaot_error_delete(error);
      interrupted++;
    } else if (ends[which]) {
      CHECK_ERROR(error, WASMAOT_ERROR_TRAP, ends[which]);
    } else {
      CHECK_OK(error);
    }
  }
  CHECK(interrupted >= 600);
  atomic_store(&is_over, true);
  pthread_join(thread, NULL);
  end(&world);
}

static wasmaot_store *alarmed_store;
static volatile sig_atomic_t alarms_begun;
static volatile sig_atomic_t alarms_done;

static void on_alarm(int signal) {
  (void)signal;
  alarms_begun++;
  wasmaot_store_interrupt(alarmed_store);
  alarms_done++; // must be reached: the handler is not to be cut off
}

// A host's handler that runs on top of wasm asks for the interruption.
static void interrupt_from_handler(void) {
  struct world world = start_with(&full_wasm, twice, NULL);
  alarmed_store = world.store;
  struct sigaction action = {.sa_handler = on_alarm};
  sigaction(SIGALRM, &action, NULL);
  for (int i = 0; i < 20; i++) {
    struct itimerval timer = {.it_value = {.tv_usec = 5000}};
    setitimer(ITIMER_REAL, &timer, NULL);
    CHECK_ERROR(TRY(i & 1 ? "loop" : "fill_forever", 0, 0, 0), WASMAOT_ERROR_INTERRUPTED,
                "interrupted");
    CHECK(alarms_begun == i + 1 && alarms_done == i + 1);
  }
  end(&world);
}

static wasmaot_error *wait_in_host(void *data, wasmaot_store *store, const wasmaot_val *args,
                                   wasmaot_val *results) {
  (void)args;
  pthread_t thread;
  pthread_create(&thread, NULL, interrupt_later, store);
  pthread_join(thread, NULL);
  *(int *)data += 1;
  results[0].i32 = 1;
  return NULL;
}

// The host's function comes to its end; its caller is interrupted.
static void interrupt_host(void) {
  int calls_done = 0;
  struct world world = start_with(&full_wasm, wait_in_host, &calls_done);
  CHECK_ERROR(TRY("call_host", 0, 0, 0), WASMAOT_ERROR_INTERRUPTED, "interrupted");
  CHECK(calls_done == 1);
  end(&world);
}

// ---- Isolation --------------------------------------------------------------------------------

// Every byte is the image's or zero.
static void check_fresh(wasmaot_instance *instance, bool has_image) {
  const wasmaot_memory *memory = export_of(instance, "memory").of.memory;
  const uint8_t *data = wasmaot_memory_data(memory);
  uint64_t size = wasmaot_memory_size(memory);
  for (uint64_t i = 0; i < size; i++) {
    uint8_t expected = 0;
    if (has_image && i == IMAGE_OFFSET)
      expected = 'a';
    if (has_image && i == IMAGE_OFFSET + IMAGE_SIZE - 1)
      expected = 'z';
    if (data[i] != expected) {
      fprintf(stderr, "byte %lu is %u: another instance's\n", (unsigned long)i, data[i]);
      _exit(1);
    }
  }
}

static void isolate(uint64_t keep_resident, unsigned rounds) {
  struct world world = {0};
  wasmaot_engine_config config = {.keep_resident = keep_resident, .pooled_memories = 4};
  world.engine = wasmaot_engine_new(&config);
  static const wasmaot_code *const codes[] = {&full_wasm, &large_wasm, &small_wasm, &moving_wasm};
  wasmaot_module *modules[4];
  for (int i = 0; i < 4; i++)
    CHECK_OK(wasmaot_module_load(world.engine, codes[i], &modules[i]));
  world.store = wasmaot_store_new(world.engine, NULL);
  CHECK_OK(wasmaot_func_new(world.store, &i_i, twice, NULL, NULL, &world.host));
  unsigned seed = 7;
  for (unsigned i = 0; i < rounds; i++) {
    int which = rand_r(&seed) % 4;
    world.instance = instantiate(&world, modules[which]);
    static const uint64_t pages[] = {2, 4, 1, 2};
    const wasmaot_memory *memory = export_of(world.instance, "memory").of.memory;
    CHECK(wasmaot_memory_pages(memory) == pages[which]);
    check_fresh(world.instance, which == 0 || which == 3);
    CHECK(wasmaot_global_get(export_of(world.instance, "counter").of.global).i32 == 100);
    if (which != 3) // an access above the end traps, whatever the slot held before
      CHECK_ERROR(TRY("load", (int32_t)(pages[which] * 65536), 0, 0), WASMAOT_ERROR_TRAP,
                  "out of bounds memory access");
    CALL("call_host", 1, 0, 0); // counter
    if (rand_r(&seed) % 3 == 0) {
      CALL("grow", 1, 0, 0);
      const uint8_t *data = wasmaot_memory_data(memory);
      for (uint64_t at = pages[which] * 65536; at < (pages[which] + 1) * 65536; at++)
        CHECK(data[at] == 0); // not what an earlier instance had there
    }
    uint64_t size = wasmaot_memory_size(memory);
    switch (rand_r(&seed) % 3) {
    case 0: // everything
      CALL("fill", 0, 0xaa, (int32_t)size);
      break;
    case 1: // single pages
      for (int write = 0; write < 5; write++)
        CALL("store", (int32_t)(rand_r(&seed) % (size - 4)), -1, 0);
      break;
    default: // reads only
      CALL("load", 0, 0, 0);
      break;
    }
    wasmaot_instance_delete(world.instance);
  }
  for (int i = 0; i < 4; i++)
    wasmaot_module_delete(modules[i]);
  wasmaot_store_delete(world.store);
  wasmaot_engine_delete(world.engine);
}

static void isolation(void) {
  isolate(1 << 20, 400);
  isolate(8192, 400); // most of it goes back to the kernel
  isolate(1, 200);
}

// A child must not look at its parent's page tables.
static void isolation_after_fork(void) {
  struct world world = start_with(&full_wasm, twice, NULL);
  pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 50; i++) {
      check_fresh(world.instance, true);
      CALL("fill", 0, 0xaa, 131072);
      wasmaot_instance_delete(world.instance);
      world.instance = instantiate(&world, world.module);
    }
    pthread_t thread;
    pthread_create(&thread, NULL, interrupt_later, world.store);
    CHECK_ERROR(TRY("loop", 0, 0, 0), WASMAOT_ERROR_INTERRUPTED, "interrupted");
    pthread_join(thread, NULL);
    _exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  end(&world);
}

// ---- Instances --------------------------------------------------------------------------------

static void linking(void) {
  struct world world = start_with(&full_wasm, twice, NULL);
  wasmaot_module *linked;
  CHECK_OK(wasmaot_module_load(world.engine, &linked_wasm, &linked));
  static const char *const names[] = {"memory", "table", "counter", "tag", "add_one"};
  CHECK(wasmaot_module_import_count(linked) == 5);
  wasmaot_extern imports[5];
  for (int i = 0; i < 5; i++)
    imports[i] = export_of(world.instance, names[i]);
  wasmaot_instance *instance;
  CHECK_OK(wasmaot_instance_new(world.store, linked, imports, 5, &instance));
  CHECK(call(instance, "call", 9, 0, 0) == 10);
  CHECK(wasmaot_global_get(imports[2].of.global).i32 == 101);
  CHECK(CALL("load", 0, 0, 0) == 10);
  CHECK(CALL("call_indirect", 2, 1, 0) == 2); // what the other module wrote to the table
  CHECK(export_of(instance, "memory").of.memory == imports[0].of.memory);
  CHECK(export_of(instance, "table").of.table == imports[1].of.table);
  CHECK(export_of(instance, "add_one").of.func == imports[4].of.func);
  CHECK(export_of(instance, "tag").of.tag == imports[3].of.tag);

  // Wrong in each position.
  for (int i = 0; i < 5; i++) {
    wasmaot_extern wrong[5];
    memcpy(wrong, imports, sizeof wrong);
    wrong[i] = imports[(i + 1) % 5];
    CHECK_ERROR(wasmaot_instance_new(world.store, linked, wrong, 5, &instance), WASMAOT_ERROR_LINK,
                "incompatible import type: full.");
    wrong[i] = (wasmaot_extern){.kind = imports[i].kind};
    CHECK_ERROR(wasmaot_instance_new(world.store, linked, wrong, 5, &instance), WASMAOT_ERROR_LINK,
                "unknown import: full.");
  }
  wasmaot_extern wrong[5];
  memcpy(wrong, imports, sizeof wrong);
  wasmaot_memory *memory;
  CHECK_OK(wasmaot_memory_new(world.store, (wasmaot_limits){1, 6}, &memory));
  wrong[0].of.memory = memory;
  CHECK_ERROR(wasmaot_instance_new(world.store, linked, wrong, 5, &instance), WASMAOT_ERROR_LINK,
              "incompatible import type: full.memory");
  CHECK_OK(wasmaot_memory_new(world.store, (wasmaot_limits){2, UINT64_MAX}, &memory));
  wrong[0].of.memory = memory;
  CHECK_ERROR(wasmaot_instance_new(world.store, linked, wrong, 5, &instance), WASMAOT_ERROR_LINK,
              "incompatible import type: full.memory");
  CHECK_OK(wasmaot_memory_new(world.store, (wasmaot_limits){2, 3}, &memory));
  wrong[0].of.memory = memory;
  wasmaot_global *global;
  CHECK_OK(wasmaot_global_new(world.store, WASMAOT_I32, false, (wasmaot_val){.i32 = 1}, &global));
  wrong[2].of.global = global;
  CHECK_ERROR(wasmaot_instance_new(world.store, linked, wrong, 5, &instance), WASMAOT_ERROR_LINK,
              "incompatible import type: full.counter");
  CHECK_OK(wasmaot_global_new(world.store, WASMAOT_I32, true, (wasmaot_val){.i32 = 1}, &global));
  wrong[2].of.global = global;
  CHECK_OK(wasmaot_instance_new(world.store, linked, wrong, 5, &instance));
  // Code that checks no bounds over a memory without reservation: the way out of the sandbox.
  wasmaot_module *moving;
  CHECK_OK(wasmaot_module_load(world.engine, &moving_wasm, &moving));
  wrong[0] = export_of(instantiate(&world, moving), "memory");
  CHECK_ERROR(wasmaot_instance_new(world.store, linked, wrong, 5, &instance), WASMAOT_ERROR_LINK,
              "the module was compiled without bounds checks");
  // Of another store.
  wasmaot_store *other = wasmaot_store_new(world.engine, NULL);
  CHECK_ERROR(wasmaot_instance_new(other, linked, imports, 5, &instance), WASMAOT_ERROR_LINK,
              "incompatible import type");
  wasmaot_store_delete(other);
  wasmaot_module_delete(linked);
  wasmaot_module_delete(moving);
  end(&world);
}

static void recursive_types(void) {
  struct world world = {.engine = wasmaot_engine_new(NULL)};
  // Whichever order modules come in, the numbers are the same.
  wasmaot_module *importing;
  CHECK_OK(wasmaot_module_load(world.engine, &recursive_import_wasm, &importing));
  CHECK_OK(wasmaot_module_load(world.engine, &recursive_wasm, &world.module));
  world.store = wasmaot_store_new(world.engine, NULL);
  CHECK_OK(wasmaot_instance_new(world.store, world.module, NULL, 0, &world.instance));
  wasmaot_extern imports[3];
  for (int order = 0; order < 27; order++) {
    int digits[3] = {order % 3, order / 3 % 3, order / 9};
    for (int i = 0; i < 3; i++)
      imports[i] = export_of(world.instance, (const char *[]){"f0", "f1", "f2"}[digits[i]]);
    wasmaot_instance *instance;
    wasmaot_error *error = wasmaot_instance_new(world.store, importing, imports, 3, &instance);
    if (digits[0] == 2 && digits[1] == 1 && digits[2] == 0)
      CHECK_OK(error);
    else
      CHECK_ERROR(error, WASMAOT_ERROR_LINK, "incompatible import type");
  }
  // A function that takes null, and no function of another type.
  wasmaot_val value = {.funcref = NULL};
  CHECK_OK(wasmaot_func_call(function(world.instance, "f1"), &value, 1, NULL, 0));
  value.funcref = function(world.instance, "f2");
  CHECK_OK(wasmaot_func_call(function(world.instance, "f1"), &value, 1, NULL, 0));
  value.funcref = function(world.instance, "f0");
  CHECK_ERROR(wasmaot_func_call(function(world.instance, "f1"), &value, 1, NULL, 0),
              WASMAOT_ERROR_ARGUMENT, "argument 0 is null, a function of another type");
  wasmaot_module_delete(importing);
  end(&world);
}

static void tables(void) {
  struct world world = start_with(&full_wasm, twice, NULL);
  wasmaot_table *table = export_of(world.instance, "table").of.table;
  wasmaot_val value;
  CHECK(wasmaot_table_get(table, 1, &value) &&
        value.funcref == function(world.instance, "add_one"));
  CHECK(wasmaot_table_get(table, 2, &value) && !value.funcref);
  CHECK(!wasmaot_table_get(table, 4, &value));
  value.funcref = world.host;
  CHECK(wasmaot_table_set(table, 2, value));
  CHECK(CALL("call_indirect", 2, 5, 0) == 10);
  uint64_t old;
  CHECK(wasmaot_table_grow(table, 4, value, &old) && old == 4);
  CHECK(!wasmaot_table_grow(table, 1, value, &old));
  CHECK(CALL("call_indirect", 7, 5, 0) == 10);
  wasmaot_store *other = wasmaot_store_new(world.engine, NULL);
  CHECK_OK(wasmaot_func_new(other, &i_i, twice, NULL, NULL, &value.funcref));
  CHECK(!wasmaot_table_set(table, 2, value)); // a function of another store
  wasmaot_store_delete(other);
  end(&world);
}

// A function of the host that is in a table before any module with its signature is there.
static void host_function_first(void) {
  struct world world = {.engine = wasmaot_engine_new(NULL)};
  CHECK_OK(wasmaot_module_load(world.engine, &linked_wasm, &world.module));
  world.store = wasmaot_store_new(world.engine, NULL);
  CHECK_OK(wasmaot_func_new(world.store, &i_i, twice, NULL, NULL, &world.host));
  wasmaot_table *table;
  CHECK_OK(wasmaot_table_new(world.store, WASMAOT_FUNCREF, (wasmaot_limits){4, 8},
                             (wasmaot_val){.funcref = world.host}, &table));
  wasmaot_module *full;
  CHECK_OK(wasmaot_module_load(world.engine, &full_wasm, &full));
  world.instance = instantiate(&world, full);
  wasmaot_table *own = export_of(world.instance, "table").of.table;
  wasmaot_val value;
  CHECK(wasmaot_table_get(table, 0, &value) && wasmaot_table_set(own, 2, value));
  CHECK(CALL("call_indirect", 2, 4, 0) == 8);
  wasmaot_module_delete(full);
  end(&world);
}

static void failed_instantiations(void) {
  struct world world = start_with(&full_wasm, twice, NULL);
  wasmaot_module *module;
  wasmaot_instance *instance;
  CHECK_OK(wasmaot_module_load(world.engine, &bad_start_wasm, &module));
  for (int i = 0; i < 1000; i++)
    CHECK_ERROR(wasmaot_instance_new(world.store, module, NULL, 0, &instance), WASMAOT_ERROR_TRAP,
                "unreachable");
  wasmaot_module_delete(module);
  CHECK_OK(wasmaot_module_load(world.engine, &bad_segment_wasm, &module));
  wasmaot_extern import = func_extern(world.host);
  CHECK_ERROR(wasmaot_instance_new(world.store, module, &import, 1, &instance), WASMAOT_ERROR_TRAP,
              "out of bounds memory access");
  wasmaot_module_delete(module);
  end(&world);
}

static void limits(void) {
  struct world world = {.engine = wasmaot_engine_new(NULL)};
  CHECK_OK(wasmaot_module_load(world.engine, &full_wasm, &world.module));
  wasmaot_store_config config = {.max_memory = 5 * 65536, .max_table_elements = 10, .data = &world};
  world.store = wasmaot_store_new(world.engine, &config);
  CHECK(wasmaot_store_data(world.store) == &world);
  CHECK_OK(wasmaot_func_new(world.store, &i_i, twice, NULL, NULL, &world.host));
  world.instance = instantiate(&world, world.module);
  wasmaot_instance *second = instantiate(&world, world.module);
  CHECK(CALL("grow", 2, 0, 0) == -1);
  CHECK(CALL("grow", 1, 0, 0) == 2);
  CHECK(CALL("grow", 1, 0, 0) == -1);
  wasmaot_extern import = func_extern(world.host);
  wasmaot_instance *third;
  CHECK_ERROR(wasmaot_instance_new(world.store, world.module, &import, 1, &third),
              WASMAOT_ERROR_RESOURCE, "no memory or address space");
  CHECK(!wasmaot_table_grow(export_of(world.instance, "table").of.table, 3,
                            (wasmaot_val){.funcref = NULL}, NULL));
  wasmaot_instance_delete(second);
  CHECK(CALL("grow", 2, 0, 0) == 3);
  end(&world);
}

static void many_instances(void) {
  struct world world = start_with(&full_wasm, twice, NULL);
  enum { COUNT = 10000 };
  static wasmaot_instance *instances[COUNT];
  for (int i = 0; i < COUNT; i++) {
    instances[i] = instantiate(&world, world.module);
    CHECK(call(instances[i], "load", IMAGE_OFFSET, 0, 0) == 'a');
    call(instances[i], "store", IMAGE_OFFSET, i, 0);
  }
  for (int i = 0; i < COUNT; i++)
    CHECK(call(instances[i], "load", IMAGE_OFFSET, 0, 0) == i);
  CHECK_ERROR(try_call(instances[0], "load", NULL, -1, 0, 0), WASMAOT_ERROR_TRAP, "out of bounds");
  for (int i = 0; i < COUNT; i++)
    wasmaot_instance_delete(instances[i]);
  end(&world);
}

// ---- Threads ----------------------------------------------------------------------------------

static void *run_store(void *argument) {
  struct world world = *(struct world *)argument;
  world.store = wasmaot_store_new(world.engine, NULL);
  CHECK_OK(wasmaot_func_new(world.store, &i_i, twice, NULL, NULL, &world.host));
  for (int i = 0; i < 300; i++) {
    world.instance = instantiate(&world, world.module);
    check_fresh(world.instance, true);
    CHECK(CALL("call_host", i, 0, 0) == 2 * i);
    CHECK_ERROR(TRY("load", -1, 0, 0), WASMAOT_ERROR_TRAP, "out of bounds memory access");
    if (i % 20 == 0)
      CHECK_ERROR(TRY("recurse", 0, 0, 0), WASMAOT_ERROR_TRAP, "call stack exhausted");
    CALL("fill", 0, i, 131072);
    wasmaot_instance_delete(world.instance);
  }
  wasmaot_store_delete(world.store);
  return NULL;
}

static void threads(void) {
  struct world world = start_with(&full_wasm, twice, NULL);
  pthread_t all[8];
  sigset_t every;
  sigfillset(&every); // as the threads of some hosts are
  pthread_sigmask(SIG_BLOCK, &every, NULL);
  for (int i = 0; i < 8; i++)
    pthread_create(&all[i], NULL, run_store, &world);
  for (int i = 0; i < 8; i++)
    pthread_join(all[i], NULL);
  end(&world);
}

// ---- Faults of the host -----------------------------------------------------------------------

// What the host's function reads: nothing is ever mapped there. Or, if null, the guest's guard.
static volatile uint8_t *bug_address;

static wasmaot_error *buggy(void *data, wasmaot_store *store, const wasmaot_val *args,
                            wasmaot_val *results) {
  (void)data;
  (void)store;
  (void)args;
  results[0].i32 = *bug_address;
  return NULL;
}

static void run_buggy(void) {
  signal(SIGSEGV, SIG_DFL); // not a sanitizer's
  struct world world = start_with(&full_wasm, buggy, NULL);
  if (!bug_address)
    bug_address = wasmaot_memory_data(export_of(world.instance, "memory").of.memory) + 131072;
  wasmaot_error_delete(TRY("call_host", 1, 0, 0));
}

static void host_bugs(void) {
  bug_address = (uint8_t *)0x10;
  int status = status_of(run_buggy);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
  bug_address = NULL;
  status = status_of(run_buggy);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void exit_42(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  (void)context;
  _exit(42);
}

static struct sigaction earlier_action;
static void chain(int signal, siginfo_t *info, void *context) {
  if (info->si_addr == (void *)0x10)
    _exit(43);
  earlier_action.sa_sigaction(signal, info, context);
}

// The host's handler was there first: it gets what is not the guest's.
static void handler_before(void) {
  struct sigaction action = {.sa_sigaction = exit_42, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigaction(SIGSEGV, &action, NULL);
  struct world world = start_with(&full_wasm, buggy, NULL);
  CHECK_ERROR(TRY("load", -1, 0, 0), WASMAOT_ERROR_TRAP, "out of bounds memory access");
  TRY("call_host", 1, 0, 0);
}

// The host's handler comes later, on the alternate stack, and hands on what is not its own.
static void handler_after(void) {
  struct world world = start_with(&full_wasm, buggy, NULL);
  struct sigaction action = {.sa_sigaction = chain, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigaction(SIGSEGV, &action, &earlier_action);
  CHECK_ERROR(TRY("load", -1, 0, 0), WASMAOT_ERROR_TRAP, "out of bounds memory access");
  CHECK_ERROR(TRY("recurse", 0, 0, 0), WASMAOT_ERROR_TRAP, "call stack exhausted");
  TRY("call_host", 1, 0, 0);
}

static void handlers(void) {
  bug_address = (uint8_t *)0x10;
  int status = status_of(handler_before);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
  status = status_of(handler_after);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 43);
}

// ---- All of them ------------------------------------------------------------------------------

static const struct test tests[] = {
    {"calls", calls},
    {"traps", traps},
    {"nested", nested},
    {"exceptions", exceptions},
    {"functions_in_exceptions", functions_in_exceptions},
    {"exceptions_of_the_host", exceptions_of_the_host},
    {"interrupt", interrupt},
    {"interrupt_race", interrupt_race},
    {"interrupt_from_handler", interrupt_from_handler},
    {"interrupt_host", interrupt_host},
    {"isolation", isolation},
    {"isolation_after_fork", isolation_after_fork},
    {"linking", linking},
    {"recursive_types", recursive_types},
    {"tables", tables},
    {"host_function_first", host_function_first},
    {"failed_instantiations", failed_instantiations},
    {"limits", limits},
    {"many_instances", many_instances},
    {"threads", threads},
    {"host_bugs", host_bugs},
    {"handlers", handlers},
    {NULL, NULL},
};

int main(int argc, char **argv) {
  const struct test *const lists[] = {tests, hostile_tests, wasi_tests};
  int passed = 0;
  int failed = 0;
  for (int list = 0; list < 3; list++) {
    for (const struct test *test = lists[list]; test->name; test++) {
      if (argc > 1) {
        if (strcmp(argv[1], test->name) == 0)
          test->run();
        continue;
      }
      fflush(stdout);
      int status = status_of(test->run);
      bool is_good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
      printf("%s: %s\n", test->name, is_good ? "ok" : "FAILED");
      if (WIFSIGNALED(status))
        printf("  signal %d\n", WTERMSIG(status));
      passed += is_good;
      failed += !is_good;
    }
  }
  if (argc == 1)
    printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
