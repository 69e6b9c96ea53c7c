// Threads that wait for each other on a shared memory.
#include "guest.h"

#include <sys/syscall.h>

HIDDEN struct wasmaot_memory wasmaot_memory_0 = {
    (uint8_t *)WASMAOT_MEMORY0_BASE, 1, PAGE, 1, 16, WASMAOT_MEMORY_SHARED};
static struct wasmaot_memory *const memories[] = {&wasmaot_memory_0};

#define MEMORY0 (&wasmaot_memory_0)
#define STACK_SIZE 65536
#define THREADS 4

// Thread without a C library: its own stack, and the starter's thread pointer (for the stack
// protector).
static void spawn(void (*function)(uint64_t), uint64_t argument, char *stack_top) {
  long result = SYS_clone;
  register uint64_t r12 __asm__("r12") = argument;
  __asm__ volatile("syscall\n"
                   "test %%eax, %%eax\n"
                   "jnz 1f\n"
                   "xor %%ebp, %%ebp\n"
                   "mov %%r12, %%rdi\n"
                   "call *%[function]\n"
                   "mov %[exit], %%eax\n"
                   "xor %%edi, %%edi\n"
                   "syscall\n"
                   "1:"
                   : "+a"(result)
                   // VM, FS, FILES, SIGHAND, THREAD, SYSVSEM
                   : "D"(0x50f00L), "S"(stack_top), "d"(0L), [function] "b"(function),
                     "r"(r12), [exit] "i"(SYS_exit)
                   : "rcx", "r11", "memory");
}

static char stacks[THREADS][STACK_SIZE] __attribute__((aligned(64)));

static uint32_t *word(uint64_t offset) { return at(offset); }
static uint32_t get(uint64_t offset) { return __atomic_load_n(word(offset), __ATOMIC_SEQ_CST); }
static uint32_t add(uint64_t offset, uint32_t value) {
  return __atomic_add_fetch(word(offset), value, __ATOMIC_SEQ_CST);
}

// ---- Two threads take turns --------------------------------------------------------------------

#define TURN 64
#define ROUNDS 1000

static void take_turns(uint64_t own) {
  for (uint32_t round = 0; round < ROUNDS; round++) {
    while (get(TURN) % 2 != own)
      wasmaot_atomic_wait32(MEMORY0, TURN, 1 - (uint32_t)own + get(TURN) / 2 * 2, -1);
    add(TURN, 1);
    wasmaot_atomic_notify(MEMORY0, TURN, 1);
  }
}

WASM static void turns(struct wasmaot_value *values) {
  spawn(take_turns, 1, stacks[0] + STACK_SIZE);
  take_turns(0);
  while (get(TURN) < 2 * ROUNDS)
    ;
  values[0].low = get(TURN);
}
MAP_FUNCTION(turns, 0);

// ---- A crowd is woken in parts -----------------------------------------------------------------

#define CROWD 128
#define ARRIVED 136
#define WOKEN 140

static void join_crowd(uint64_t unused) {
  (void)unused;
  add(ARRIVED, 1);
  if (wasmaot_atomic_wait64(MEMORY0, CROWD, 0, -1) == 0)
    add(WOKEN, 1);
}

WASM static void crowd(struct wasmaot_value *values) {
  for (int i = 0; i < THREADS; i++)
    spawn(join_crowd, 0, stacks[i] + STACK_SIZE);
  uint32_t first = 0;
  while (first < 3) // as they arrive
    first += wasmaot_atomic_notify(MEMORY0, CROWD, 3 - first);
  uint32_t rest = 0;
  while (rest == 0)
    rest = wasmaot_atomic_notify(MEMORY0, CROWD, UINT32_MAX);
  while (get(WOKEN) < THREADS)
    ;
  values[0].low = first;
  values[1].low = rest;
}
MAP_FUNCTION(crowd, 1);

// ---- Timeouts race with notifications ----------------------------------------------------------

#define RACE 192
#define RACE_WOKEN 196
#define RACE_DONE 200
#define RACE_WAITS 2000

static void race_waiter(uint64_t timeout) {
  for (int i = 0; i < RACE_WAITS; i++)
    if (wasmaot_atomic_wait32(MEMORY0, RACE, 0, (int64_t)timeout) == 0)
      add(RACE_WOKEN, 1);
  add(RACE_DONE, 1);
}

// Whoever was counted by a notification was woken, and nobody else.
WASM static void race(struct wasmaot_value *values) {
  for (uint64_t i = 0; i < THREADS; i++)
    spawn(race_waiter, 1000 * i, stacks[i] + STACK_SIZE);
  uint32_t notified = 0;
  while (get(RACE_DONE) < THREADS)
    notified += wasmaot_atomic_notify(MEMORY0, RACE, 2);
  values[0].low = notified - get(RACE_WOKEN);
}
MAP_FUNCTION(race, 2);

static const struct wasmaot_export exports[] = {
    {NAME("turns"), "", "i", turns},
    {NAME("crowd"), "", "ii", crowd},
    {NAME("race"), "", "i", race},
};

static const char names[] = "turnscrowdrace";
static const uint32_t name_offsets[] = {0, 5, 10, 14};

HIDDEN const struct wasmaot_module wasmaot_module = {
    .abi_version = WASMAOT_ABI_VERSION,
    .memory_count = 1,
    .export_count = sizeof exports / sizeof exports[0],
    .function_count = 3,
    .memories = memories,
    .exports = exports,
    .name_offsets = name_offsets,
    .names = names,
};
