// Calls and nothing else: what is done at the entry of a function, or behind a call, shows here.
#include "kernel.h"

static void setup(void) {}

__attribute__((noinline)) static uint32_t fib(uint32_t n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static uint32_t total;
static volatile uint32_t depth = 32;

MEASURE("fib", 5, total += fib(depth), total)
