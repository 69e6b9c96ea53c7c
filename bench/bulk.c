// memcpy, memmove or memset (KIND) of LEAST to MOST bytes, which no compiler knows in advance:
// TIMES of them, over places that stay in the first cache. They become memory.copy and memory.fill.
#include "suite/kernel.h"
#include <string.h>

enum { ROOM = 8192 };
static volatile uint32_t range = MOST - LEAST + 1;
static uint8_t from[ROOM + MOST], to[ROOM + MOST + 8];

static void setup(void) {
  for (size_t i = 0; i < sizeof from; i++)
    from[i] = (uint8_t)(i * 7);
}

static inline void copy(uint32_t i, size_t size) {
  memcpy(to + (i * 67 % ROOM), from + (i * 131 % ROOM), size);
}

// Upwards by less than most sizes: backwards.
static inline void move(uint32_t i, size_t size) {
  uint8_t *at = to + (i * 67 % ROOM);
  memmove(at + 5, at, size);
}

static inline void fill(uint32_t i, size_t size) { memset(to + (i * 67 % ROOM), (int)i, size); }

KERNEL void run(void) {
  uint32_t seed = 1, sizes = range;
  for (uint32_t i = 0; i < TIMES; i++)
    KIND(i, LEAST + next_below(&seed, sizes));
}

#define TEXT(words) #words
#define NAME(kind, least, most) TEXT(kind) "-" TEXT(least) "-" TEXT(most)

MEASURE(NAME(KIND, LEAST, MOST), 1, run(), hash_bytes(to, sizeof to))
