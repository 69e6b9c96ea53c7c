// Gaussian elimination without pivots, in place: the inner loop subtracts a multiple of one row
// from another.
#include "kernel.h"

enum { N = SIZE(512, 32, 24) };
ARRAY(double, original, N, [N])
ARRAY(double, a, N, [N])

static void setup(void) {
  fill_doubles(&original[0][0], N * N, 1);
  for (int i = 0; i < N; i++)
    original[i][i] += N;
}

KERNEL void lu(void) {
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++)
      a[i][j] = original[i][j] + a[i][j] * 0.001;
  for (int k = 0; k < N; k++) {
    for (int i = k + 1; i < N; i++) {
      double factor = a[i][k] /= a[k][k];
      for (int j = k + 1; j < N; j++)
        a[i][j] -= factor * a[k][j];
    }
  }
}

MEASURE("lu", SIZE(6, 1), lu(), sum_doubles(&a[0][0], N *N))
