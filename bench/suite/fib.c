// Calls and nothing else: what is done at the entry of a function, or behind a call, shows here.
#include "kernel.h"

static void setup(void) {}

KERNEL uint32_t fib(uint32_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

static uint32_t total;

// How deep follows from what was computed before: a call without effects is not made twice
// otherwise.
MEASURE("fib", SIZE(7, 1), total = total * 3 + fib(SIZE(29, 12) + total % 4), total)
