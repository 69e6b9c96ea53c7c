// Box blur of an 8-bit picture, 5 by 5, in two passes: narrow integers, widened and narrowed again.
#include "kernel.h"

enum { WIDTH = SIZE(1920, 80), HEIGHT = SIZE(1080, 45), RADIUS = 2 };
ARRAY(uint8_t, picture, HEIGHT, [WIDTH])
ARRAY(uint8_t, rows, HEIGHT, [WIDTH])

static void setup(void) {
  uint32_t seed = 3;
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++)
      picture[y][x] = (uint8_t)(next_float(&seed) * 256);
}

KERNEL void blur(void) {
  for (int y = 0; y < HEIGHT; y++) {
    for (int x = RADIUS; x < WIDTH - RADIUS; x++) {
      unsigned sum = 0;
      for (int d = -RADIUS; d <= RADIUS; d++)
        sum += picture[y][x + d];
      rows[y][x] = (uint8_t)((sum * 52429u) >> 18);
    }
  }
  for (int y = RADIUS; y < HEIGHT - RADIUS; y++) {
    for (int x = 0; x < WIDTH; x++) {
      unsigned sum = 0;
      for (int d = -RADIUS; d <= RADIUS; d++)
        sum += rows[y + d][x];
      picture[y][x] = (uint8_t)((sum * 52429u) >> 18);
    }
  }
}

static double checksum(void) {
  uint32_t sum = 0;
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++)
      sum = sum * 31 + picture[y][x];
  return sum;
}

MEASURE("blur", SIZE(50, 1), blur(), checksum())
