// What the kernels share: the clock, the data and the line that a kernel prints. A kernel is plain
// scalar C, written once, compiled natively and to WebAssembly; bench/run compares the times and
// the checksums.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

// An array of `count` elements, which may be arrays of the given further dimensions. With HEAP it
// is allocated: its address, and the size of a memory that malloc grows, are known to no compiler.
#ifdef HEAP
#define ARRAY(type, name, count, dimensions)                                                       \
  static type(*name) dimensions;                                                                   \
  __attribute__((constructor)) static void allocate_##name(void) {                                 \
    name = calloc(count, sizeof *name);                                                            \
  }
#else
#define ARRAY(type, name, count, dimensions) static type name[count] dimensions;
#endif

static inline double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

// Numbers in [0, 1) that are the same everywhere.
static inline float next_float(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return (float)(*state >> 8) * (1.0f / 16777216.0f);
}

static inline void fill_floats(float *values, size_t count, uint32_t seed) {
  for (size_t i = 0; i < count; i++)
    values[i] = next_float(&seed);
}

static inline double sum_floats(const float *values, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += values[i];
  return sum;
}

// Runs a kernel once to warm up and REPEAT times for the shortest time; REPEAT is part of the
// kernel's data flow (the data is the result of all runs), so that no run can be left out.
#define MEASURE(name, repeat, statement, checksum)                                                 \
  int main(void) {                                                                                 \
    setup();                                                                                       \
    statement;                                                                                     \
    double best = 1e30;                                                                            \
    for (int run = 0; run < (repeat); run++) {                                                     \
      double start = seconds_now();                                                                \
      statement;                                                                                   \
      double taken = seconds_now() - start;                                                        \
      if (taken < best)                                                                            \
        best = taken;                                                                              \
    }                                                                                              \
    printf("%s %.17g %.9f\n", name, (double)(checksum), best);                                     \
    return 0;                                                                                      \
  }
