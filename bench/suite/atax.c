// A matrix and its transpose times a vector, y = A'(A x): both ways through a matrix that is larger
// than the second-level cache.
#include "kernel.h"

enum { ROWS = SIZE(1200, 40), COLUMNS = SIZE(1000, 50), TIMES = SIZE(20, 2) };
ARRAY(double, a, ROWS, [COLUMNS])
ARRAY(double, x, COLUMNS, )
ARRAY(double, y, COLUMNS, )

static void setup(void) {
  fill_doubles(&a[0][0], ROWS * COLUMNS, 1);
  fill_doubles(x, COLUMNS, 2);
}

KERNEL void atax(void) {
  for (int j = 0; j < COLUMNS; j++)
    y[j] = 0;
  for (int i = 0; i < ROWS; i++) {
    double sum = 0;
    for (int j = 0; j < COLUMNS; j++)
      sum += a[i][j] * x[j];
    for (int j = 0; j < COLUMNS; j++)
      y[j] += a[i][j] * sum;
  }
}

// The power method: what is made is what the next product takes, scaled so that it stays finite.
KERNEL void iterate(void) {
  for (int time = 0; time < TIMES; time++) {
    atax();
    double largest = 0;
    for (int j = 0; j < COLUMNS; j++)
      largest = y[j] > largest ? y[j] : largest;
    for (int j = 0; j < COLUMNS; j++)
      x[j] = y[j] / largest;
  }
}

MEASURE("atax", SIZE(4, 1), iterate(), sum_doubles(x, COLUMNS))
