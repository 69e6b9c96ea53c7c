// y = a x + y over arrays that fit the second-level cache: the simplest loop there is.
#include "kernel.h"

enum { N = SIZE(16384, 256), TIMES = SIZE(1000, 10, 100) };
ARRAY(float, x, N, )
ARRAY(float, y, N, )

static void setup(void) {
  fill_floats(x, N, 5);
  fill_floats(y, N, 6);
}

KERNEL void saxpy(float a, const float *from, float *to, int count) {
  for (int i = 0; i < count; i++)
    to[i] = a * from[i] + to[i];
}

KERNEL void run_saxpy(void) {
  for (int i = 0; i < TIMES; i++)
    saxpy(i % 2 ? 0.5f : -0.25f, x, y, N);
}

MEASURE("saxpy", SIZE(40, 1), run_saxpy(), sum_floats(y, N))
