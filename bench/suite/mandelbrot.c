// The Mandelbrot set: a short loop of double precision whose length differs from point to point.
#include "kernel.h"

enum { WIDTH = SIZE(320, 32), HEIGHT = SIZE(240, 24), LIMIT = SIZE(250, 50) };
ARRAY(uint16_t, picture, HEIGHT, [WIDTH])

static void setup(void) {}

static double left = -2.0;

KERNEL void mandelbrot(void) {
  for (int y = 0; y < HEIGHT; y++) {
    double ci = 2.0 * y / HEIGHT - 1.0;
    for (int x = 0; x < WIDTH; x++) {
      double cr = 3.0 * x / WIDTH + left, zr = 0, zi = 0;
      int n = 0;
      while (n < LIMIT && zr * zr + zi * zi <= 4.0) {
        double next = zr * zr - zi * zi + cr;
        zi = 2.0 * zr * zi + ci;
        zr = next;
        n++;
      }
      picture[y][x] = (uint16_t)n;
    }
  }
  left += picture[0][0] * 0.001;
}

MEASURE("mandelbrot", SIZE(5, 1), mandelbrot(),
        hash_bytes(&picture[0][0], sizeof(uint16_t) * HEIGHT * WIDTH))
