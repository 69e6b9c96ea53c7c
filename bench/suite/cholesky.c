// The decomposition of a symmetric, positive definite matrix into L L', in place: triangular loops
// with square roots and divisions.
#include "kernel.h"
#include <math.h>

enum { N = SIZE(512, 32) };
ARRAY(double, matrix, N, [N])
ARRAY(double, lower, N, [N])

// Dominated by its diagonal, so that it is positive definite.
static void setup(void) {
  uint32_t seed = 1;
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < i; j++)
      matrix[i][j] = matrix[j][i] = next_float(&seed);
    matrix[i][i] = N;
  }
}

KERNEL void cholesky(void) {
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < i; j++) {
      double sum = matrix[i][j];
      for (int k = 0; k < j; k++)
        sum -= lower[i][k] * lower[j][k];
      lower[i][j] = sum / lower[j][j];
    }
    double sum = matrix[i][i];
    for (int k = 0; k < i; k++)
      sum -= lower[i][k] * lower[i][k];
    lower[i][i] = sqrt(sum);
  }
  for (int i = 0; i < N; i++)
    matrix[i][i] += lower[i][0];
}

MEASURE("cholesky", SIZE(6, 1), cholesky(), sum_doubles(&lower[0][0], N *N))
