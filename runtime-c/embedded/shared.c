// Shared memories: the only thing that instances of several stores, and with them several threads,
// have in common. Their sizes, and waiting and notifying.
#include "runtime.h"

#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// The kernel's <linux/futex.h>, which musl's headers do not bring.
#define FUTEX_WAKE_PRIVATE (1 | 128)
#define FUTEX_WAIT_BITSET_PRIVATE (9 | 128)
#define FUTEX_BITSET_MATCH_ANY 0xffffffff

enum { WAIT_WOKEN = 0, WAIT_NOT_EQUAL = 1, WAIT_TIMED_OUT = 2 };

struct shared_memory *wasmaot_shared_memory_make(struct wasmaot_engine *engine,
                                                 const struct wasmaot_entity *type) {
  struct wasmaot_entity reserved = *type;
  reserved.flags &= ~WASMAOT_ENTITY_MAY_MOVE;
  uint64_t maximum = wasmaot_memory_page_limit(&reserved);
  if (type->minimum > maximum)
    return NULL;
  struct shared_memory *shared = calloc(1, sizeof *shared);
  if (!shared)
    return NULL;
  uint64_t bytes = type->minimum << type->page_log2;
  struct slot *slot = wasmaot_pool_take(&engine->pool, NULL, bytes);
  if (!slot) {
    free(shared);
    return NULL;
  }
  shared->memory = (struct memory){.shared = shared,
                                   .slot = slot,
                                   .type_maximum = type->maximum,
                                   .is_64 = (type->flags & WASMAOT_ENTITY_64) != 0,
                                   .abi = {.base = slot->base,
                                           .pages = type->minimum,
                                           .bytes = bytes,
                                           .maximum_pages = maximum,
                                           .page_log2 = type->page_log2,
                                           .flags = WASMAOT_MEMORY_SHARED}};
  atomic_init(&shared->references, 1);
  shared->engine = engine;
  wasmaot_engine_retain(engine);
  pthread_mutex_init(&shared->lock, NULL);
  return shared;
}

void wasmaot_shared_memory_release(struct shared_memory *shared) {
  if (atomic_fetch_sub(&shared->references, 1) > 1)
    return;
  struct wasmaot_engine *engine = shared->engine;
  wasmaot_pool_give(&engine->pool, shared->memory.slot);
  pthread_mutex_destroy(&shared->lock);
  free(shared);
  wasmaot_engine_release(engine);
}

bool wasmaot_store_hold(struct wasmaot_store *store, struct shared_memory *shared) {
  for (uint32_t i = 0; i < store->shared_count; i++)
    if (store->shared[i] == shared)
      return true;
  struct shared_memory **list =
      realloc(store->shared, (store->shared_count + 1) * sizeof(struct shared_memory *));
  if (!list)
    return false;
  store->shared = list;
  list[store->shared_count++] = shared;
  atomic_fetch_add(&shared->references, 1);
  return true;
}

// ---- Waiting -----------------------------------------------------------------------------------

// A thread that waits, on its own stack. With the memory's lock.
struct waiter {
  struct waiter *next; // in the order of arrival
  uint64_t address;
  struct wasmaot_store *store;
  atomic_bool is_woken;
};

void wasmaot_wake(struct wasmaot_store *store) {
  int saved_errno = errno;
  atomic_fetch_add(&store->wakes, 1);
  syscall(SYS_futex, &store->wakes, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  errno = saved_errno;
}

static void deadline_after(int64_t timeout, struct timespec *deadline) {
  clock_gettime(CLOCK_MONOTONIC, deadline);
  int64_t nanoseconds = deadline->tv_nsec + timeout % 1000000000;
  deadline->tv_sec += timeout / 1000000000 + nanoseconds / 1000000000;
  deadline->tv_nsec = nanoseconds % 1000000000;
}

// Until there is a reason to look again (any, or none) since `wakes` was read; false: the deadline.
static bool sleep_until(struct wasmaot_store *store, unsigned wakes,
                        const struct timespec *deadline) {
  long result = syscall(SYS_futex, &store->wakes, FUTEX_WAIT_BITSET_PRIVATE, wakes, deadline, NULL,
                        FUTEX_BITSET_MATCH_ANY);
  return result == 0 || errno != ETIMEDOUT;
}

static void enqueue(struct shared_memory *shared, struct waiter *waiter) {
  struct waiter **link = &shared->waiters;
  while (*link)
    link = &(*link)->next;
  *link = waiter;
}

// Takes it out of the queue if it is still in there; otherwise a notify has counted it.
static bool withdraw(struct shared_memory *shared, struct waiter *waiter) {
  pthread_mutex_lock(&shared->lock);
  bool is_queued = !atomic_load(&waiter->is_woken);
  struct waiter **link = &shared->waiters;
  while (is_queued && *link != waiter)
    link = &(*link)->next;
  if (is_queued)
    *link = waiter->next;
  pthread_mutex_unlock(&shared->lock);
  return is_queued;
}

// An atomic load, for it races with stores of other threads.
static bool is_equal(const struct memory *memory, uint64_t address, uint32_t size,
                     uint64_t expected) {
  const uint8_t *place = memory->abi.base + address;
  if (size == sizeof(uint32_t))
    return __atomic_load_n((const uint32_t *)(const void *)place, __ATOMIC_SEQ_CST) == expected;
  return __atomic_load_n((const uint64_t *)(const void *)place, __ATOMIC_SEQ_CST) == expected;
}

uint32_t wasmaot_wait(struct wasmaot_store *store, struct memory *memory, uint64_t address,
                      uint32_t size, uint64_t expected, int64_t timeout) {
  struct timespec deadline;
  if (timeout >= 0)
    deadline_after(timeout, &deadline);
  struct waiter waiter = {.address = address, .store = store};
  struct shared_memory *shared = memory->shared;
  // The comparison is under the lock: a notify that follows a store to the address can't come
  // between it and the queue. (A memory that one store has alone nobody else can wait on.)
  if (shared)
    pthread_mutex_lock(&shared->lock);
  bool waits = is_equal(memory, address, size, expected);
  if (shared) {
    if (waits)
      enqueue(shared, &waiter);
    pthread_mutex_unlock(&shared->lock);
  }
  if (!waits)
    return WAIT_NOT_EQUAL;
  for (bool has_time = true;;) {
    // Read before the reasons are looked at: one that comes later changes it.
    unsigned wakes = atomic_load(&store->wakes);
    if (atomic_load(&waiter.is_woken)) {
      // Whoever has woken it is still about to use its store.
      pthread_mutex_lock(&shared->lock);
      pthread_mutex_unlock(&shared->lock);
      return WAIT_WOKEN;
    }
    if (!has_time || atomic_load(&store->interrupted) != NOT_INTERRUPTED)
      return !shared || withdraw(shared, &waiter) ? WAIT_TIMED_OUT : WAIT_WOKEN;
    has_time = sleep_until(store, wakes, timeout >= 0 ? &deadline : NULL);
  }
}

uint32_t wasmaot_notify(struct memory *memory, uint64_t address, uint32_t count) {
  struct shared_memory *shared = memory->shared;
  if (!shared)
    return 0;
  uint32_t woken = 0;
  pthread_mutex_lock(&shared->lock);
  for (struct waiter **link = &shared->waiters; *link && woken < count;) {
    struct waiter *waiter = *link;
    if (waiter->address != address) {
      link = &waiter->next;
      continue;
    }
    *link = waiter->next;
    // From here on the waiter may be gone; its store not before this lock is free.
    struct wasmaot_store *store = waiter->store;
    atomic_store(&waiter->is_woken, true);
    wasmaot_wake(store);
    woken++;
  }
  pthread_mutex_unlock(&shared->lock);
  return woken;
}
