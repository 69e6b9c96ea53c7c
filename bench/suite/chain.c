// Pointers, branches and indirect calls, with nothing to vectorise: a hash table of chains and a
// table of functions.
#include "kernel.h"

enum { BUCKETS = 4096, ENTRIES = 32768, LOOKUPS = SIZE(1000000, 10000) };
struct entry {
  uint32_t key, value;
  struct entry *next;
};
ARRAY(struct entry, entries, ENTRIES, )
ARRAY(struct entry *, buckets, BUCKETS, )

static uint32_t rotate(uint32_t v) { return v << 7 | v >> 25; }
static uint32_t mix(uint32_t v) { return v * 2654435761u; }
static uint32_t flip(uint32_t v) { return v ^ v >> 15; }
static uint32_t add(uint32_t v) { return v + 0x9e3779b9u; }
static uint32_t (*const functions[4])(uint32_t) = {rotate, mix, flip, add};

static void setup(void) {
  for (uint32_t i = 0; i < ENTRIES; i++) {
    struct entry **bucket = &buckets[mix(i) % BUCKETS];
    entries[i] = (struct entry){i, i * 3, *bucket};
    *bucket = &entries[i];
  }
}

static uint32_t total;

KERNEL void chain(void) {
  uint32_t key = total | 1;
  for (int i = 0; i < LOOKUPS; i++) {
    key = functions[key >> 13 & 3](key + (uint32_t)i);
    for (struct entry *e = buckets[mix(key % (2 * ENTRIES)) % BUCKETS]; e; e = e->next) {
      if (e->key == key % (2 * ENTRIES)) {
        total += e->value;
        break;
      }
    }
  }
}

MEASURE("chain", SIZE(4, 1), chain(), total)
