// Two matrix products in double precision, D = a A B C + b D, with the dot product as the inner
// loop: a chain of additions that may not be reassociated, over columns that are far apart.
#include "kernel.h"

enum { N = SIZE(256, 24) };
ARRAY(double, a, N, [N])
ARRAY(double, b, N, [N])
ARRAY(double, c, N, [N])
ARRAY(double, d, N, [N])
ARRAY(double, product, N, [N])

static void setup(void) {
  fill_doubles(&a[0][0], N * N, 1);
  fill_doubles(&b[0][0], N * N, 2);
  fill_doubles(&c[0][0], N * N, 3);
  fill_doubles(&d[0][0], N * N, 4);
}

KERNEL void twomm(double alpha, double beta) {
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) {
      product[i][j] = 0;
      for (int k = 0; k < N; k++)
        product[i][j] += alpha * a[i][k] * b[k][j];
    }
  }
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) {
      d[i][j] *= beta;
      for (int k = 0; k < N; k++)
        d[i][j] += product[i][k] * c[k][j];
    }
  }
}

MEASURE("twomm", SIZE(2, 1), twomm(0.001, 0.5), sum_doubles(&d[0][0], N *N))
