// Random numbers of 64 bits (xoshiro256++), and with them the area of a circle and shuffles:
// rotations, products of 128 bits, unpredictable branches.
#include "kernel.h"

enum { POINTS = SIZE(3000000, 10000, 3000), CARDS = SIZE(200000, 1000, 300) };
static uint64_t state[4] = {1, 2, 3, 4};
ARRAY(uint32_t, cards, CARDS, )

static void setup(void) {
  for (uint32_t i = 0; i < CARDS; i++)
    cards[i] = i;
}

static inline uint64_t rotated(uint64_t v, int by) { return v << by | v >> (64 - by); }

static inline uint64_t next(void) {
  uint64_t result = rotated(state[0] + state[3], 23) + state[0], shifted = state[1] << 17;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = rotated(state[3], 45);
  return result;
}

static inline double next_double(void) { return (double)(next() >> 11) * 0x1p-53; }

// Without bias: products whose lower half is too small are drawn again.
static inline uint64_t below(uint64_t bound) {
  for (;;) {
    unsigned __int128 product = (unsigned __int128)next() * bound;
    if ((uint64_t)product >= bound || (uint64_t)product >= -bound % bound)
      return (uint64_t)(product >> 64);
  }
}

static uint32_t total;

KERNEL void circle(void) {
  uint32_t inside = 0;
  for (int i = 0; i < POINTS; i++) {
    double x = next_double(), y = next_double();
    if (x * x + y * y < 1.0)
      inside++;
  }
  total = total * 31 + inside;
}

KERNEL void shuffle(void) {
  for (uint32_t i = CARDS - 1; i > 0; i--) {
    uint32_t j = (uint32_t)below(i + 1), kept = cards[i];
    cards[i] = cards[j];
    cards[j] = kept;
  }
  total = total * 31 + cards[0];
}

KERNEL void run(void) {
  circle();
  shuffle();
}

MEASURE("random", SIZE(6, 1), run(), total)
