// Matrix product: the inner loop runs over columns, as it must to be vectorised without
// reassociation.
#include "kernel.h"

enum { N = SIZE(384, 32) };
ARRAY(float, a, N, [N])
ARRAY(float, b, N, [N])
ARRAY(float, c, N, [N])

static void setup(void) {
  fill_floats(&a[0][0], N * N, 1);
  fill_floats(&b[0][0], N * N, 2);
}

KERNEL void gemm(void) {
  for (int i = 0; i < N; i++) {
    for (int k = 0; k < N; k++) {
      float factor = a[i][k];
      for (int j = 0; j < N; j++)
        c[i][j] += factor * b[k][j];
    }
  }
}

MEASURE("gemm", SIZE(10, 1), gemm(), sum_floats(&c[0][0], N *N))
