// wasi-threads for hosts: a program of several stores, one a thread.
#include "runtime.h"

#include <signal.h>

#define MAX_THREADS 1024u
// Identifiers of threads are positive and have 29 bits.
#define LAST_IDENTIFIER 0x1fffffffu
#define WASI_EAGAIN 6

struct guest_thread {
  struct guest_thread *next; // of the program
  struct guest_thread **link;
  struct wasmaot_threads *threads;
  struct wasmaot_store *store;
  struct wasmaot_instance *instance;
  uint32_t identifier; // 0: the first
  int32_t argument;
};

struct wasmaot_threads {
  struct wasmaot_module *module;
  wasmaot_threads_config config;
  // By position among the module's imports: shared memories, null elsewhere.
  struct shared_memory **memories;
  struct wasi_grants *wasi; // null: the program has none, or the host's own
  atomic_uint interrupted;  // is_ending, for calls of WASI that wait

  pthread_mutex_t lock; // of what follows
  pthread_cond_t changed;
  struct guest_thread *running;
  uint32_t count; // of running, and of those whose threads have not ended
  uint32_t last_identifier;
  bool is_ending;
  bool has_run;
  bool is_running;      // wasmaot_threads_run has not come back
  wasmaot_error *error; // what the program ended with; null: it has returned
};

// ---- The program -------------------------------------------------------------------------------

static bool is_spawn(const struct wasmaot_import *import) {
  static const char module[] = "wasi";
  static const char name[] = "thread-spawn";
  return import->kind == WASMAOT_EXTERN_FUNC && import->module.size == sizeof module - 1 &&
         import->name.size == sizeof name - 1 &&
         memcmp(import->module.bytes, module, sizeof module - 1) == 0 &&
         memcmp(import->name.bytes, name, sizeof name - 1) == 0;
}

static bool starts_threads(const struct wasmaot_code *code) {
  for (uint32_t i = 0; i < code->import_count; i++)
    if (is_spawn(&code->imports[i]))
      return true;
  return false;
}

// Whether there is a function of that name which takes these parameters (a letter a type).
static bool has_export(const struct wasmaot_code *code, const char *name, const char *params) {
  for (uint32_t i = 0; i < code->export_count; i++) {
    const struct wasmaot_export_entry *export = &code->exports[i];
    if (export->name.size != strlen(name) || memcmp(export->name.bytes, name, strlen(name)) != 0)
      continue;
    if (export->kind != WASMAOT_EXTERN_FUNC)
      return false;
    const struct wasmaot_signature *type =
        &code->signatures[code->functions[export->index].signature];
    return strcmp(type->params, params) == 0 && type->results[0] == 0;
  }
  return false;
}

static void release(struct wasmaot_threads *threads) {
  wasmaot_wasi_delete(threads->wasi);
  for (uint32_t i = 0; threads->memories && i < threads->module->code->import_count; i++)
    if (threads->memories[i])
      wasmaot_shared_memory_release(threads->memories[i]);
  free(threads->memories);
  wasmaot_module_release(threads->module);
  pthread_cond_destroy(&threads->changed);
  pthread_mutex_destroy(&threads->lock);
  free(threads);
}

static wasmaot_error *make_memories(struct wasmaot_threads *threads) {
  const struct wasmaot_code *code = threads->module->code;
  threads->memories = calloc(code->import_count + 1, sizeof(struct shared_memory *));
  if (!threads->memories)
    return wasmaot_error_memory();
  for (uint32_t i = 0; i < code->import_count; i++) {
    if (code->imports[i].kind != WASMAOT_EXTERN_MEMORY)
      continue;
    const struct wasmaot_entity *type = &code->memories[code->imports[i].index];
    if ((type->flags & WASMAOT_ENTITY_SHARED) == 0)
      continue;
    threads->memories[i] = wasmaot_shared_memory_make(threads->module->engine, type);
    if (!threads->memories[i])
      return wasmaot_error_fixed(WASMAOT_ERROR_RESOURCE,
                                 "no memory or address space for a shared memory");
  }
  // Each thread's instance would have one of its own: threads that wait for each other there would
  // wait for ever.
  for (uint32_t i = threads->module->imported[WASMAOT_EXTERN_MEMORY]; i < code->memory_count; i++)
    if ((code->memories[i].flags & WASMAOT_ENTITY_SHARED) != 0)
      return wasmaot_error_fixed(WASMAOT_ERROR_LINK,
                                 "the module defines a shared memory, which its threads would not "
                                 "share: it must import it (-Wl,--import-memory)");
  return NULL;
}

// All threads call WASI with one memory: with another's bounds a call would reach past it.
static wasmaot_error *make_wasi(struct wasmaot_threads *threads) {
  const struct wasmaot_code *code = threads->module->code;
  struct shared_memory *memory = NULL;
  for (uint32_t i = 0; i < code->import_count; i++)
    if (code->imports[i].kind == WASMAOT_EXTERN_MEMORY && code->imports[i].index == 0)
      memory = threads->memories[i];
  if (!memory)
    return wasmaot_error_fixed(WASMAOT_ERROR_LINK,
                               "the module's first memory, which WASI works on, is none that its "
                               "threads share");
  wasmaot_error *error =
      wasmaot_wasi_new(threads->config.wasi, true, &threads->interrupted, &threads->wasi);
  if (!error)
    wasmaot_wasi_use_memory(threads->wasi, &memory->memory.abi);
  return error;
}

wasmaot_error *wasmaot_threads_new(wasmaot_module *module, const wasmaot_threads_config *config,
                                   wasmaot_threads **result) {
  bool is_fit =
      has_export(module->code, "_start", "") &&
      (!starts_threads(module->code) || has_export(module->code, "wasi_thread_start", "ii"));
  if (!is_fit)
    return wasmaot_error_fixed(WASMAOT_ERROR_LINK,
                               "the module is no program with threads: it does not export _start "
                               "and wasi_thread_start with their types");
  struct wasmaot_threads *threads = calloc(1, sizeof *threads);
  if (!threads)
    return wasmaot_error_memory();
  pthread_mutex_init(&threads->lock, NULL);
  pthread_cond_init(&threads->changed, NULL);
  threads->module = module;
  wasmaot_module_retain(module);
  if (config)
    threads->config = *config;
  if (threads->config.max_threads == 0)
    threads->config.max_threads = MAX_THREADS;
  wasmaot_error *error = make_memories(threads);
  if (!error && threads->config.wasi)
    error = make_wasi(threads);
  threads->config.wasi = NULL; // it was copied
  if (error) {
    release(threads);
    return error;
  }
  *result = threads;
  return NULL;
}

// What outlives the store that it was made in. While that is still there.
static wasmaot_error *without_store(wasmaot_error *error) {
  if (error && error->exception)
    wasmaot_exception_forget(error->exception, NULL);
  return error;
}

// The program has ended, if it had not before: with this error, or none.
static void end_program(struct wasmaot_threads *threads, wasmaot_error *error) {
  pthread_mutex_lock(&threads->lock);
  bool is_first = !threads->is_ending;
  if (is_first) {
    threads->is_ending = true;
    atomic_store(&threads->interrupted, 1);
    threads->error = error;
    for (struct guest_thread *thread = threads->running; thread; thread = thread->next)
      wasmaot_store_interrupt(thread->store);
  }
  pthread_mutex_unlock(&threads->lock);
  if (!is_first)
    wasmaot_error_delete(error);
}

void wasmaot_threads_interrupt(wasmaot_threads *threads) {
  end_program(threads, wasmaot_error_fixed(WASMAOT_ERROR_INTERRUPTED, "interrupted"));
}

void wasmaot_threads_delete(wasmaot_threads *threads) {
  if (!threads)
    return;
  end_program(threads, NULL);
  pthread_mutex_lock(&threads->lock);
  while (threads->count > 0 || threads->is_running)
    pthread_cond_wait(&threads->changed, &threads->lock);
  pthread_mutex_unlock(&threads->lock);
  wasmaot_error_delete(threads->error);
  release(threads);
}

// ---- A thread ----------------------------------------------------------------------------------

// With the lock.
static uint32_t new_identifier(struct wasmaot_threads *threads) {
  for (;;) {
    threads->last_identifier =
        threads->last_identifier == LAST_IDENTIFIER ? 1 : threads->last_identifier + 1;
    const struct guest_thread *other = threads->running;
    while (other && other->identifier != threads->last_identifier)
      other = other->next;
    if (!other)
      return threads->last_identifier;
  }
}

// Makes it one that is interrupted when the program ends. False if it has ended, or has enough.
static bool add_thread(struct wasmaot_threads *threads, struct guest_thread *thread,
                       bool is_first) {
  pthread_mutex_lock(&threads->lock);
  // (The first one counts, too.)
  bool may_start =
      !threads->is_ending && (is_first || threads->count <= threads->config.max_threads);
  if (may_start) {
    threads->count++;
    thread->identifier = is_first ? 0 : new_identifier(threads);
    thread->next = threads->running;
    thread->link = &threads->running;
    if (thread->next)
      thread->next->link = &thread->next;
    threads->running = thread;
  }
  pthread_mutex_unlock(&threads->lock);
  return may_start;
}

// The last thing that is done for a thread: from here on `threads` may be gone, unless this is the
// thread that runs the program.
static void remove_thread(struct guest_thread *thread) {
  struct wasmaot_threads *threads = thread->threads;
  pthread_mutex_lock(&threads->lock);
  *thread->link = thread->next;
  if (thread->next)
    thread->next->link = thread->link;
  pthread_mutex_unlock(&threads->lock);
  wasmaot_store_delete(thread->store);
  free(thread);
  pthread_mutex_lock(&threads->lock);
  threads->count--;
  pthread_cond_broadcast(&threads->changed);
  pthread_mutex_unlock(&threads->lock);
}

static wasmaot_error *spawn(void *data, wasmaot_store *store, const wasmaot_val *args,
                            wasmaot_val *results);

static wasmaot_error *make_imports(struct wasmaot_threads *threads, struct wasmaot_store *store,
                                   wasmaot_extern *imports) {
  const struct wasmaot_code *code = threads->module->code;
  static const wasmaot_valkind kind = WASMAOT_I32;
  static const wasmaot_functype spawn_type = {&kind, 1, &kind, 1};
  for (uint32_t i = 0; i < code->import_count; i++) {
    imports[i].kind = (wasmaot_externkind)code->imports[i].kind;
    if (threads->memories[i]) {
      imports[i].of.memory = &threads->memories[i]->memory.abi;
    } else if (is_spawn(&code->imports[i])) {
      wasmaot_error *error =
          wasmaot_func_new(store, &spawn_type, spawn, threads, NULL, &imports[i].of.func);
      if (error)
        return error;
    }
  }
  if (!threads->config.imports)
    return NULL;
  return threads->config.imports(threads->config.data, store, imports, code->import_count);
}

static wasmaot_error *instantiate(struct guest_thread *thread) {
  struct wasmaot_threads *threads = thread->threads;
  uint32_t count = threads->module->code->import_count;
  wasmaot_extern *imports = calloc(count + 1, sizeof *imports);
  if (!imports)
    return wasmaot_error_memory();
  wasmaot_error *error = make_imports(threads, thread->store, imports);
  if (!error)
    error = wasmaot_instance_new(thread->store, threads->module, imports, count, &thread->instance);
  free(imports);
  return error;
}

// A thread with an instance. Null, and perhaps an error, if there can be none.
static struct guest_thread *make_thread(struct wasmaot_threads *threads, bool is_first,
                                        wasmaot_error **error) {
  struct guest_thread *thread = calloc(1, sizeof *thread);
  if (!thread)
    return NULL;
  thread->threads = threads;
  thread->store = wasmaot_store_new(threads->module->engine, &threads->config.store);
  if (!thread->store) {
    free(thread);
    return NULL;
  }
  bool has_wasi = !threads->wasi || wasmaot_store_join_wasi(thread->store, threads->wasi);
  if (!has_wasi || !add_thread(threads, thread, is_first)) {
    wasmaot_store_delete(thread->store);
    free(thread);
    return NULL;
  }
  *error = without_store(instantiate(thread));
  if (!*error)
    return thread;
  remove_thread(thread);
  return NULL;
}

// One that was looked for when the program was made.
static wasmaot_error *call_export(struct guest_thread *thread, const char *name,
                                  const wasmaot_val *args, size_t count) {
  wasmaot_extern export;
  wasmaot_instance_export(thread->instance, name, strlen(name), &export);
  return wasmaot_func_call(export.of.func, args, count, NULL, 0);
}

static void *run_thread(void *argument) {
  struct guest_thread *thread = argument;
  const wasmaot_val args[] = {{.i32 = (int32_t)thread->identifier}, {.i32 = thread->argument}};
  wasmaot_error *error = call_export(thread, "wasi_thread_start", args, 2);
  if (error)
    end_program(thread->threads, without_store(error));
  remove_thread(thread);
  return NULL;
}

static bool start_thread(struct guest_thread *thread) {
  pthread_attr_t attributes;
  pthread_t started;
  if (pthread_attr_init(&attributes) != 0)
    return false;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  // The host's signals are for its own threads. (Those of ours are unblocked by the first call.)
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  int result = pthread_create(&started, &attributes, run_thread, thread);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return result == 0;
}

// wasi.thread-spawn. The instance is made here, so that a guest hears if there is no room for it.
static wasmaot_error *spawn(void *data, wasmaot_store *store, const wasmaot_val *args,
                            wasmaot_val *results) {
  (void)store;
  results[0].i32 = -WASI_EAGAIN;
  wasmaot_error *error = NULL;
  struct guest_thread *thread = make_thread(data, false, &error);
  if (!thread) {
    if (!error || error->kind != WASMAOT_ERROR_RESOURCE)
      return error;
    wasmaot_error_delete(error);
    return NULL;
  }
  thread->argument = args[0].i32;
  uint32_t identifier = thread->identifier;
  if (start_thread(thread))
    results[0].i32 = (int32_t)identifier;
  else
    remove_thread(thread);
  return NULL;
}

wasmaot_error *wasmaot_threads_run(wasmaot_threads *threads) {
  // Until this has ended, too, wasmaot_threads_delete waits: another thread may call it meanwhile.
  pthread_mutex_lock(&threads->lock);
  bool has_run = threads->has_run;
  threads->has_run = true;
  threads->is_running = threads->is_running || !has_run;
  pthread_mutex_unlock(&threads->lock);
  if (has_run)
    return wasmaot_error_fixed(WASMAOT_ERROR_ARGUMENT, "the program has run already");
  wasmaot_error *error = NULL;
  struct guest_thread *thread = make_thread(threads, true, &error);
  if (thread)
    error = without_store(call_export(thread, "_start", NULL, 0));
  else if (!error) // (Where it was interrupted before, that is what counts.)
    error = wasmaot_error_memory();
  end_program(threads, error);
  if (thread)
    remove_thread(thread);
  // What came first is what the program has ended with.
  pthread_mutex_lock(&threads->lock);
  error = threads->error;
  threads->error = NULL;
  threads->is_running = false;
  pthread_cond_broadcast(&threads->changed);
  pthread_mutex_unlock(&threads->lock);
  return error;
}
