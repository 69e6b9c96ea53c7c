// The heat equation in a cube: a stencil of seven points between two grids that exceed the caches.
#include "kernel.h"

enum { N = SIZE(100, 14, 10), STEPS = SIZE(10, 2) };
ARRAY(double, from, N, [N][N])
ARRAY(double, to, N, [N][N])

static void setup(void) {
  fill_doubles(&from[0][0][0], N * N * N, 1);
  fill_doubles(&to[0][0][0], N * N * N, 1);
}

KERNEL void step(double (*restrict a)[N][N], double (*restrict b)[N][N]) {
  for (int i = 1; i < N - 1; i++)
    for (int j = 1; j < N - 1; j++)
      for (int k = 1; k < N - 1; k++)
        b[i][j][k] = 0.125 * (a[i + 1][j][k] - 2.0 * a[i][j][k] + a[i - 1][j][k]) +
                     0.125 * (a[i][j + 1][k] - 2.0 * a[i][j][k] + a[i][j - 1][k]) +
                     0.125 * (a[i][j][k + 1] - 2.0 * a[i][j][k] + a[i][j][k - 1]) + a[i][j][k];
}

KERNEL void heat(void) {
  for (int i = 0; i < STEPS; i++) {
    step(from, to);
    step(to, from);
  }
}

MEASURE("heat3d", SIZE(4, 1), heat(), sum_doubles(&from[0][0][0], N *N *N))
