// The fast Fourier transform, in place, radix two, and its inverse: butterflies of complex doubles
// at growing distances.
#include "kernel.h"

enum { BITS = SIZE(16, 8), N = 1 << BITS, TIMES = SIZE(6, 1) };
struct complex {
  double re, im;
};
ARRAY(struct complex, data, N, )
ARRAY(struct complex, roots, N / 2, )

// Roots of unity from sums of a short series, not from a library whose last digits differ.
static void setup(void) {
  uint32_t seed = 1;
  for (int i = 0; i < N; i++)
    data[i].re = next_float(&seed), data[i].im = next_float(&seed);
  for (int i = 0; i < N / 2; i++) {
    double angle = -6.283185307179586 * i / N, re = 0, im = 0, term = 1;
    for (int k = 1; k < 40; k += 2) {
      re += term;
      term *= angle / k;
      im += term;
      term *= -angle / (k + 1);
    }
    roots[i] = (struct complex){re, im};
  }
}

static inline struct complex times(struct complex a, struct complex b) {
  return (struct complex){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

KERNEL void transform(double sign) {
  for (uint32_t i = 1, j = 0; i < N; i++) {
    uint32_t bit = N >> 1;
    for (; j & bit; bit >>= 1)
      j ^= bit;
    j ^= bit;
    if (i < j) {
      struct complex kept = data[i];
      data[i] = data[j];
      data[j] = kept;
    }
  }
  for (int half = 1; half < N; half *= 2) {
    for (int start = 0; start < N; start += 2 * half) {
      for (int i = 0; i < half; i++) {
        struct complex root = roots[N / 2 / half * i];
        root.im *= sign;
        struct complex a = data[start + i], b = times(data[start + i + half], root);
        data[start + i] = (struct complex){a.re + b.re, a.im + b.im};
        data[start + i + half] = (struct complex){a.re - b.re, a.im - b.im};
      }
    }
  }
}

KERNEL void run(void) {
  for (int time = 0; time < TIMES; time++) {
    transform(1);
    // A little more than forth and back take out: the next time has other data.
    for (int i = 0; i < N; i++)
      data[i] = (struct complex){data[i].re / (N * 1.001), data[i].im / (N * 1.001)};
    transform(-1);
  }
}

static double checksum(void) {
  double sum = 0;
  for (int i = 0; i < N; i++)
    sum += data[i].re * (i % 7) + data[i].im;
  return sum;
}

MEASURE("fft", SIZE(5, 1), run(), checksum())
