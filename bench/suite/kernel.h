// What the programs share: the clock, the data and the line that a program prints. A program is
// plain C11, written once, compiled natively and to WebAssembly; bench/run compares times and
// checksums.
//
// What makes a checksum the same everywhere: no libm but sqrt and fabs, -ffp-contract=off, integers
// of fixed width, no overflow of signed ones, and nothing that depends on the size of a pointer.
#pragma once

// The clock.
#define _POSIX_C_SOURCE 199309L

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

// The size of a problem: SIZE(measured, small) or SIZE(measured, small, pinned). With SMALL it
// takes a few milliseconds even without optimisation, with PINNED about 100,000 instructions.
#define FIRST_OF(first, ...) (first)
#define SECOND_OF(first, second, ...) (second)
#if defined PINNED
#define SIZE(measured, ...) SECOND_OF(__VA_ARGS__, __VA_ARGS__, 0)
#elif defined SMALL
#define SIZE(measured, ...) FIRST_OF(__VA_ARGS__, 0)
#else
#define SIZE(measured, ...) (measured)
#endif

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

// Interpreters take a hundred times as long: with PART=10 a tenth of a run's repetitions is done.
#ifndef PART
#define PART 1
#endif

// A kernel's function, which the compiler of the module may not merge with main's loop.
#define KERNEL __attribute__((noinline)) static

static inline double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

// Numbers that are the same everywhere: of 32 bits, of which the upper ones are good, and in [0,
// 1).
static inline uint32_t next_random(uint32_t *state) {
  return *state = *state * 1664525u + 1013904223u;
}

static inline uint32_t next_below(uint32_t *state, uint32_t bound) {
  return (uint32_t)((uint64_t)next_random(state) * bound >> 32);
}

static inline float next_float(uint32_t *state) {
  return (float)(next_random(state) >> 8) * (1.0f / 16777216.0f);
}

static inline void fill_floats(float *values, size_t count, uint32_t seed) {
  for (size_t i = 0; i < count; i++)
    values[i] = next_float(&seed);
}

static inline void fill_doubles(double *values, size_t count, uint32_t seed) {
  for (size_t i = 0; i < count; i++)
    values[i] = next_float(&seed);
}

static inline double sum_floats(const float *values, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += values[i];
  return sum;
}

static inline double sum_doubles(const double *values, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += values[i];
  return sum;
}

// A checksum of bytes that depends on their order.
static inline uint32_t hash_bytes(const void *bytes, size_t count) {
  const uint8_t *from = bytes;
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < count; i++)
    hash = (hash ^ from[i]) * 16777619u;
  return hash;
}

// With PINNED a program takes no arguments, runs its kernel once and prints the bits of its
// checksum: without printf, and what reads arguments, most of a module is the program's own.
#ifdef PINNED
#define MAIN_PARAMETERS void
#define RUNS 1
static inline int print_result(const char *name, double checksum, double seconds) {
  (void)name, (void)seconds;
  union {
    double number;
    uint64_t bits;
  } result = {checksum};
  char text[17];
  for (int i = 0; i < 16; i++)
    text[i] = "0123456789abcdef"[result.bits >> (60 - 4 * i) & 15];
  text[16] = '\n';
  return write(STDOUT_FILENO, text, sizeof text) != sizeof text;
}
#else
#define MAIN_PARAMETERS int argc, char **argv
#define RUNS (argc > 1 ? atoi(argv[1]) : 3)
static inline int print_result(const char *name, double checksum, double seconds) {
  return printf("%s %.17g %.9f\n", name, checksum, seconds) < 0;
}
#endif

// Runs a kernel three times, or as often as the program's argument says, for the shortest time; the
// first run warms up what the others need. In a run the statement is executed `times` times. All
// must be part of the kernel's data flow (the checksum is the result of all of them), so that none
// can be left out.
#define MEASURE(name, times, statement, checksum)                                                  \
  int main(MAIN_PARAMETERS) {                                                                      \
    int runs = RUNS;                                                                               \
    double best = 1e30;                                                                            \
    setup();                                                                                       \
    for (int i = 0; i < runs; i++) {                                                               \
      double start = seconds_now();                                                                \
      for (int j = 0; j < ((times) + PART - 1) / PART; j++)                                        \
        statement;                                                                                 \
      double taken = seconds_now() - start;                                                        \
      if (taken < best)                                                                            \
        best = taken;                                                                              \
    }                                                                                              \
    return print_result(name, (double)(checksum), best);                                           \
  }
