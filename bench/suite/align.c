// Alignment of two sequences (Smith and Waterman): dynamic programming over integers, three
// neighbours, maxima without branches.
#include "kernel.h"

enum { LENGTH = SIZE(3000, 150), MATCH = 5, MISMATCH = -3, GAP = -4 };
ARRAY(uint8_t, first, LENGTH, )
ARRAY(uint8_t, second, LENGTH, )
ARRAY(int32_t, rows, 2, [LENGTH + 1])

static void setup(void) {
  uint32_t seed = 1;
  for (int i = 0; i < LENGTH; i++)
    first[i] = (uint8_t)next_below(&seed, 4);
  for (int i = 0; i < LENGTH; i++)
    second[i] = (uint8_t)(next_below(&seed, 8) ? first[i] : next_below(&seed, 4));
}

static inline int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

static uint32_t total;

KERNEL void align(void) {
  int32_t best = 0;
  int place = 0;
  for (int j = 0; j <= LENGTH; j++)
    rows[0][j] = 0;
  for (int i = 0; i < LENGTH; i++) {
    int32_t *above = rows[i & 1], *row = rows[~i & 1];
    row[0] = 0;
    for (int j = 0; j < LENGTH; j++) {
      int32_t score = above[j] + (first[i] == second[j] ? MATCH : MISMATCH);
      score = larger(larger(score, 0), larger(above[j + 1], row[j]) + GAP);
      row[j + 1] = score;
      if (score > best) {
        best = score;
        place = j;
      }
    }
  }
  total = total * 31 + (uint32_t)best;
  first[place] ^= 1;
}

MEASURE("align", SIZE(3, 1), align(), total)
