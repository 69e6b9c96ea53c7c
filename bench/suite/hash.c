// A hash table with open addressing, 64-bit keys: insertions, hits, misses, and deletions that move
// what follows.
#include "kernel.h"

enum { SLOT_BITS = SIZE(17, 9), SLOTS = 1 << SLOT_BITS, KEYS = SLOTS / 2, LOOKUPS = KEYS * 8 };
struct slot {
  uint64_t key;
  uint32_t value;
};
ARRAY(struct slot, slots, SLOTS, )

static void setup(void) {}

static inline uint64_t key_of(uint32_t i) { return (uint64_t)i * 0x9e3779b97f4a7c15u | 1; }

static inline uint32_t home(uint64_t key) {
  key ^= key >> 31;
  return (uint32_t)(key * 0xd6e8feb86659fd93u >> (64 - SLOT_BITS));
}

// The slot of the key, or the one where it would be put. Zero is no key.
static inline uint32_t find(uint64_t key) {
  uint32_t at = home(key);
  while (slots[at].key != 0 && slots[at].key != key)
    at = (at + 1) % SLOTS;
  return at;
}

static void insert(uint64_t key, uint32_t value) { slots[find(key)] = (struct slot){key, value}; }

static void erase(uint64_t key) {
  uint32_t hole = find(key);
  if (slots[hole].key == 0)
    return;
  for (uint32_t at = hole;;) {
    at = (at + 1) % SLOTS;
    if (slots[at].key == 0)
      break;
    // What stays reachable over the hole need not move.
    if ((at - home(slots[at].key)) % SLOTS < (at - hole) % SLOTS)
      continue;
    slots[hole] = slots[at];
    hole = at;
  }
  slots[hole] = (struct slot){0, 0};
}

static uint32_t total = 1;

KERNEL void run(void) {
  uint32_t start = total % 1000;
  for (uint32_t i = 0; i < KEYS; i++)
    insert(key_of(start + i), i);
  uint32_t seed = total, sum = 0;
  for (uint32_t i = 0; i < LOOKUPS; i++) {
    uint32_t at = find(key_of(start + next_below(&seed, KEYS + KEYS / 2)));
    sum += slots[at].key ? slots[at].value : 7;
  }
  for (uint32_t i = 0; i < KEYS; i++)
    erase(key_of(start + i));
  total = total * 31 + sum;
}

MEASURE("hash", SIZE(5, 1), run(), total)
