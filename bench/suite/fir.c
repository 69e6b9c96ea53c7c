// A filter of finite impulse response: 64 taps over 16-bit samples with 32-bit sums, as in audio.
#include "kernel.h"

enum { SAMPLES = SIZE(262144, 1000), TAPS = 64 };
ARRAY(int16_t, input, SAMPLES + TAPS, )
ARRAY(int16_t, taps, TAPS, )
ARRAY(int16_t, output, SAMPLES, )

static void setup(void) {
  uint32_t seed = 4;
  for (int i = 0; i < SAMPLES + TAPS; i++)
    input[i] = (int16_t)((next_float(&seed) - 0.5f) * 8192);
  for (int i = 0; i < TAPS; i++)
    taps[i] = (int16_t)((next_float(&seed) - 0.5f) * 1024);
}

KERNEL void fir(void) {
  for (int i = 0; i < SAMPLES; i++) {
    int32_t sum = 1 << 14;
    for (int k = 0; k < TAPS; k++)
      sum += (int32_t)input[i + k] * taps[k];
    output[i] = (int16_t)(sum >> 15);
  }
  // The next run filters what this one made.
  for (int i = 0; i < SAMPLES; i++)
    input[i] = (int16_t)(input[i] + output[i]);
}

static double checksum(void) {
  uint32_t sum = 0;
  for (int i = 0; i < SAMPLES; i++)
    sum = sum * 31 + (uint16_t)output[i];
  return sum;
}

MEASURE("fir", SIZE(40, 1), fir(), checksum())
