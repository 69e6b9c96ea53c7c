// The spectral norm of a matrix that is computed on the fly: conversions from integers and
// divisions.
#include "kernel.h"
#include <math.h>

enum { N = SIZE(500, 40), TIMES = SIZE(10, 2) };
ARRAY(double, u, N, )
ARRAY(double, v, N, )
ARRAY(double, half, N, )

static void setup(void) {
  for (int i = 0; i < N; i++)
    u[i] = 1.0;
}

static inline double element(int i, int j) {
  return 1.0 / (double)((i + j) * (i + j + 1) / 2 + i + 1);
}

KERNEL void multiply(const double *from, double *to) {
  for (int i = 0; i < N; i++) {
    double sum = 0;
    for (int j = 0; j < N; j++)
      sum += element(i, j) * from[j];
    to[i] = sum;
  }
}

KERNEL void multiply_transposed(const double *from, double *to) {
  for (int i = 0; i < N; i++) {
    double sum = 0;
    for (int j = 0; j < N; j++)
      sum += element(j, i) * from[j];
    to[i] = sum;
  }
}

KERNEL void spectral(void) {
  for (int time = 0; time < TIMES; time++) {
    multiply(u, half);
    multiply_transposed(half, v);
    multiply(v, half);
    multiply_transposed(half, u);
  }
  // So that the next run's numbers stay finite.
  double first = u[0];
  for (int i = 0; i < N; i++) {
    u[i] /= first;
    v[i] /= first;
  }
}

static double norm(void) {
  double uv = 0, vv = 0;
  for (int i = 0; i < N; i++) {
    uv += u[i] * v[i];
    vv += v[i] * v[i];
  }
  return sqrt(uv / vv);
}

MEASURE("spectral", SIZE(5, 1), spectral(), norm())
