// Jacobi's iteration for the heat equation on a square, in double precision: a five-point stencil.
#include "kernel.h"

enum { N = SIZE(512, 40), STEPS = SIZE(20, 2) };
ARRAY(double, grid, 2, [N][N])

static void setup(void) {
  uint32_t seed = 7;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++)
      grid[0][i][j] = grid[1][i][j] = next_float(&seed);
}

KERNEL void jacobi(void) {
  for (int step = 0; step < STEPS; step++) {
    double(*from)[N] = grid[step % 2], (*to)[N] = grid[1 - step % 2];
    for (int i = 1; i < N - 1; i++)
      for (int j = 1; j < N - 1; j++)
        to[i][j] = 0.25 * (from[i - 1][j] + from[i + 1][j] + from[i][j - 1] + from[i][j + 1]);
  }
}

static double checksum(void) {
  double sum = 0;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++)
      sum += grid[0][i][j];
  return sum;
}

MEASURE("jacobi", SIZE(30, 1), jacobi(), checksum())
