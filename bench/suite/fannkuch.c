// Permutations by swaps of pancakes: how often a stack has to be turned until its top is the first.
// Small arrays, short loops, branches that are hard to predict.
#include "kernel.h"

enum { N = SIZE(9, 6) };

static void setup(void) {}

static uint32_t total;
static volatile int count = N;

KERNEL void fannkuch(void) {
  int n = count;
  int8_t order[16], stack[16], rotated[16];
  int most = 0, sign = 1, r = n;
  uint32_t sum = 0;
  for (int i = 0; i < n; i++)
    order[i] = (int8_t)i;
  for (;;) {
    for (; r > 1; r--)
      rotated[r - 1] = (int8_t)r;

    if (order[0] != 0) {
      for (int i = 0; i < n; i++)
        stack[i] = order[i];
      int turns = 0;
      for (int top = stack[0]; top != 0; top = stack[0]) {
        for (int low = 0, high = top; low < high; low++, high--) {
          int8_t kept = stack[low];
          stack[low] = stack[high];
          stack[high] = kept;
        }
        turns++;
      }
      most = turns > most ? turns : most;
      sum += (uint32_t)(sign * turns);
    }

    // The next permutation: a rotation of a prefix that was not rotated often enough.
    for (;; r++) {
      if (r == n) {
        total = total * 31 + sum * 100 + (uint32_t)most;
        return;
      }
      int8_t first = order[0];
      for (int i = 0; i < r; i++)
        order[i] = order[i + 1];
      order[r] = first;
      if (--rotated[r] > 0)
        break;
    }
    sign = -sign;
  }
}

MEASURE("fannkuch", SIZE(3, 1), fannkuch(), total)
