// N queens: how many ways there are to place them. Recursion over bits of 32.
#include "kernel.h"

enum { N = SIZE(12, 7) };

static void setup(void) {}

KERNEL uint32_t place(uint32_t all, uint32_t columns, uint32_t left, uint32_t right) {
  if (columns == all)
    return 1;
  uint32_t count = 0;
  for (uint32_t free = all & ~(columns | left | right); free != 0; free &= free - 1) {
    uint32_t queen = free & (0 - free);
    count += place(all, columns | queen, (left | queen) << 1, (right | queen) >> 1);
  }
  return count;
}

static uint32_t total;

// Two diagonals are taken or not as the last result says: a call without effects is not made twice
// otherwise.
MEASURE("queens", SIZE(4, 1), total = total * 31 + place((1u << N) - 1, 0, total & 3, 0), total)
