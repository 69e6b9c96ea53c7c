// memory.atomic.wait and notify.
//
// A futex of the kernel's is 32 bits wide and has no queue that one may count, so waiters stand in
// a list of ours, and each sleeps on a word of its own. One lock for all addresses: it is held for
// a comparison and a few pointers.
#include "../common/sys.h"
#include "runtime.h"

#include <errno.h>
#include <time.h>

// The kernel's <linux/futex.h>, which musl's headers do not bring.
#define FUTEX_WAKE 1
#define FUTEX_WAIT_BITSET 9
#define FUTEX_PRIVATE_FLAG 128
#define FUTEX_BITSET_MATCH_ANY 0xffffffffl

enum { WOKEN = 0, NOT_EQUAL = 1, TIMED_OUT = 2 };

struct waiter {
  const void *address;
  struct waiter *next;
  uint32_t is_woken; // what its thread sleeps on
};

// 0 free, 1 taken, 2 taken and perhaps waited for.
static uint32_t lock;
// In the order of arrival.
static struct waiter *first_waiter;

static void futex_wake(uint32_t *word) {
  sys3(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
}

// Until the word is not `value` any more, or the deadline (of the monotonic clock) has passed; may
// return early. Null: no deadline.
static long futex_wait(uint32_t *word, uint32_t value, const struct timespec *deadline) {
  return sys6(SYS_futex, (long)word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, value, (long)deadline,
              0, (long)FUTEX_BITSET_MATCH_ANY);
}

static void acquire(void) {
  uint32_t state = 0;
  if (__atomic_compare_exchange_n(&lock, &state, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
    return;
  while (__atomic_exchange_n(&lock, 2, __ATOMIC_ACQUIRE) != 0)
    futex_wait(&lock, 2, NULL);
}

static void release(void) {
  if (__atomic_exchange_n(&lock, 0, __ATOMIC_RELEASE) == 2)
    futex_wake(&lock);
}

static void enqueue(struct waiter *waiter) {
  struct waiter **link = &first_waiter;
  while (*link)
    link = &(*link)->next;
  *link = waiter;
}

static void dequeue(const struct waiter *waiter) {
  struct waiter **link = &first_waiter;
  while (*link != waiter)
    link = &(*link)->next;
  *link = waiter->next;
}

// Now plus `timeout` nanoseconds; false where that is beyond any clock.
static bool deadline_after(int64_t timeout, struct timespec *deadline) {
  sys2(SYS_clock_gettime, CLOCK_MONOTONIC, deadline);
  const int64_t second = 1000000000;
  int64_t nanoseconds = deadline->tv_nsec + timeout % second;
  deadline->tv_nsec = nanoseconds % second;
  return !__builtin_add_overflow(deadline->tv_sec, timeout / second + nanoseconds / second,
                                 &deadline->tv_sec);
}

// Sleeps until the waiter, which is in the list, is woken or its time is over.
static uint32_t sleep_in_queue(struct waiter *waiter, int64_t timeout) {
  struct timespec deadline;
  bool has_deadline = timeout >= 0 && deadline_after(timeout, &deadline);
  while (__atomic_load_n(&waiter->is_woken, __ATOMIC_ACQUIRE) == 0) {
    long result = futex_wait(&waiter->is_woken, 0, has_deadline ? &deadline : NULL);
    if (result != -ETIMEDOUT)
      continue;
    acquire();
    bool is_queued = waiter->is_woken == 0;
    if (is_queued)
      dequeue(waiter);
    release();
    // A notify may have been first, and has counted this waiter.
    return is_queued ? TIMED_OUT : WOKEN;
  }
  return WOKEN;
}

static void require_shared(const struct wasmaot_memory *memory) {
  // Nobody could ever notify.
  if ((memory->flags & WASMAOT_MEMORY_SHARED) == 0)
    wasmaot_trap(WASMAOT_TRAP_EXPECTED_SHARED_MEMORY);
}

// The comparison is under the lock: a notify that follows a store to the address can't come between
// it and the queue.
uint32_t wasmaot_atomic_wait32(struct wasmaot_memory *memory, uint64_t address, uint32_t expected,
                               int64_t timeout) {
  require_shared(memory);
  struct waiter waiter = {.address = memory->base + address};
  acquire();
  bool is_equal = __atomic_load_n((const uint32_t *)waiter.address, __ATOMIC_SEQ_CST) == expected;
  if (is_equal)
    enqueue(&waiter);
  release();
  return is_equal ? sleep_in_queue(&waiter, timeout) : NOT_EQUAL;
}

uint32_t wasmaot_atomic_wait64(struct wasmaot_memory *memory, uint64_t address, uint64_t expected,
                               int64_t timeout) {
  require_shared(memory);
  struct waiter waiter = {.address = memory->base + address};
  acquire();
  bool is_equal = __atomic_load_n((const uint64_t *)waiter.address, __ATOMIC_SEQ_CST) == expected;
  if (is_equal)
    enqueue(&waiter);
  release();
  return is_equal ? sleep_in_queue(&waiter, timeout) : NOT_EQUAL;
}

uint32_t wasmaot_atomic_notify(struct wasmaot_memory *memory, uint64_t address, uint32_t count) {
  if ((memory->flags & WASMAOT_MEMORY_SHARED) == 0)
    return 0;
  const void *where = memory->base + address;
  uint32_t woken = 0;
  acquire();
  for (struct waiter **link = &first_waiter; *link && woken < count;) {
    struct waiter *waiter = *link;
    if (waiter->address != where) {
      link = &waiter->next;
      continue;
    }
    *link = waiter->next;
    // From here on the waiter's thread may return, and its stack be anything: only the address of
    // the word is used below.
    __atomic_store_n(&waiter->is_woken, 1, __ATOMIC_RELEASE);
    futex_wake(&waiter->is_woken);
    woken++;
  }
  release();
  return woken;
}
