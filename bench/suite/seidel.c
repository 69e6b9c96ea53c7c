// Gauss and Seidel's iteration with nine points, in place: each point needs the one before it, so
// that nothing can be vectorised and latency is all.
#include "kernel.h"

enum { N = SIZE(512, 40), STEPS = SIZE(10, 2) };
ARRAY(double, grid, N, [N])

static void setup(void) { fill_doubles(&grid[0][0], N * N, 1); }

KERNEL void seidel(void) {
  for (int step = 0; step < STEPS; step++)
    for (int i = 1; i < N - 1; i++)
      for (int j = 1; j < N - 1; j++)
        grid[i][j] = (grid[i - 1][j - 1] + grid[i - 1][j] + grid[i - 1][j + 1] + grid[i][j - 1] +
                      grid[i][j] + grid[i][j + 1] + grid[i + 1][j - 1] + grid[i + 1][j] +
                      grid[i + 1][j + 1]) /
                     9;
}

MEASURE("seidel", SIZE(3, 1), seidel(), sum_doubles(&grid[0][0], N *N))
