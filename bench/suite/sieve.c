// The sieve of Eratosthenes, a bit a number: stores with growing strides, then counting of bits.
#include "kernel.h"

enum { LIMIT = SIZE(8 << 20, 1 << 15), WORDS = LIMIT / 64 };
ARRAY(uint64_t, composite, WORDS, )

static void setup(void) {}

static uint32_t total;

KERNEL void sieve(void) {
  for (int i = 0; i < WORDS; i++)
    composite[i] = 0;
  for (uint32_t i = 2; i * i < LIMIT; i++) {
    if (composite[i / 64] >> i % 64 & 1)
      continue;
    for (uint32_t j = i * i; j < LIMIT; j += i)
      composite[j / 64] |= 1ull << j % 64;
  }
  uint32_t count = 0;
  for (int i = 0; i < WORDS; i++)
    count += (uint32_t)__builtin_popcountll(~composite[i]);
  total = total * 31 + count;
}

MEASURE("sieve", SIZE(5, 1), sieve(), total)
