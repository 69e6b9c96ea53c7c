// Producers and consumers around a bounded queue with a mutex and condition variables, as a
// threaded libc makes them of memory.atomic.wait and notify: for wasm32 with shared memory, without
// libc (Tests/DriverTests/ThreadTests.swift).
#include <stdint.h>

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

IMPORT("wasi", "thread-spawn") int32_t spawn(void *argument);
IMPORT("wasi_snapshot_preview1", "proc_exit") _Noreturn void proc_exit(uint32_t status);
IMPORT("wasi_snapshot_preview1", "fd_write")
uint32_t fd_write(uint32_t fd, const void *vectors, uint32_t count, uint32_t *written);
void __wasm_init_tls(void *memory);

// ---- What libc has
// -------------------------------------------------------------------------------

struct mutex {
  int32_t state; // 0 free, 1 taken, 2 taken and waited for
};
static void lock(struct mutex *mutex) {
  int32_t state = 0;
  if (__atomic_compare_exchange_n(&mutex->state, &state, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
    return;
  while (__atomic_exchange_n(&mutex->state, 2, __ATOMIC_SEQ_CST) != 0)
    __builtin_wasm_memory_atomic_wait32(&mutex->state, 2, -1);
}
static void unlock(struct mutex *mutex) {
  if (__atomic_exchange_n(&mutex->state, 0, __ATOMIC_SEQ_CST) == 2)
    __builtin_wasm_memory_atomic_notify(&mutex->state, 1);
}

struct condition {
  int32_t sequence;
};
static void wait(struct condition *condition, struct mutex *mutex) {
  int32_t sequence = __atomic_load_n(&condition->sequence, __ATOMIC_SEQ_CST);
  unlock(mutex);
  __builtin_wasm_memory_atomic_wait32(&condition->sequence, sequence, -1);
  lock(mutex);
}
static void broadcast(struct condition *condition) {
  __atomic_add_fetch(&condition->sequence, 1, __ATOMIC_SEQ_CST);
  __builtin_wasm_memory_atomic_notify(&condition->sequence, UINT32_MAX);
}

#define THREADS 16
#define STACK_SIZE 16384
struct thread {
  _Alignas(16) uint8_t stack[STACK_SIZE];
  _Alignas(64) uint8_t tls[256];
  int32_t number;
};
static struct thread threads[THREADS];

// ---- The program
// ---------------------------------------------------------------------------------

#define ITEMS 2000 // a producer
#define CAPACITY 7
static struct mutex mutex;
static struct condition not_full, not_empty, done;
static int32_t queue[CAPACITY];
static int32_t first, count, running;
static int64_t total;

static _Thread_local int64_t sum = 1; // of this thread; less the 1

static void produce(int32_t number) {
  for (int32_t i = 0; i < ITEMS; i++) {
    lock(&mutex);
    while (count == CAPACITY)
      wait(&not_full, &mutex);
    queue[(first + count++) % CAPACITY] = number * ITEMS + i;
    unlock(&mutex);
    broadcast(&not_empty);
  }
}

static void consume(void) {
  for (int32_t i = 0; i < ITEMS; i++) {
    lock(&mutex);
    while (count == 0)
      wait(&not_empty, &mutex);
    sum += queue[first];
    first = (first + 1) % CAPACITY;
    count--;
    unlock(&mutex);
    broadcast(&not_full);
  }
}

__attribute__((used)) void run_thread(struct thread *thread) {
  __wasm_init_tls(thread->tls);
  if (thread->number % 2 == 0)
    produce(thread->number / 2);
  else
    consume();
  lock(&mutex);
  total += sum - 1;
  running--;
  unlock(&mutex);
  broadcast(&done);
}

// The stack pointer is a global of the module: each thread's own.
__asm__(".globaltype __stack_pointer, i32\n"
        ".functype run_thread (i32) -> ()\n"
        ".globl wasi_thread_start\n"
        ".type wasi_thread_start,@function\n"
        "wasi_thread_start:\n"
        "  .functype wasi_thread_start (i32, i32) -> ()\n"
        "  local.get 1\n"
        "  i32.const 16384\n"
        "  i32.add\n"
        "  global.set __stack_pointer\n"
        "  local.get 1\n"
        "  call run_thread\n"
        "  end_function\n"
        ".export_name wasi_thread_start, wasi_thread_start\n");

EXPORT("_start") void start(void) {
  running = THREADS;
  for (int32_t i = 0; i < THREADS; i++) {
    threads[i].number = i;
    if (spawn(&threads[i]) <= 0)
      proc_exit(2);
  }
  lock(&mutex);
  while (running > 0)
    wait(&done, &mutex);
  unlock(&mutex);
  int64_t items = (int64_t)THREADS / 2 * ITEMS;
  if (total != items * (items - 1) / 2 || sum != 1)
    proc_exit(3);
  static const char text[] = "done\n";
  const struct {
    const void *bytes;
    uint32_t size;
  } vector = {text, 5};
  uint32_t written;
  fd_write(1, &vector, 1, &written);
}
