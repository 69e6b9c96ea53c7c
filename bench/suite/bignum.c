// Integers of thousands of digits: powers by squaring, with the multiplication of the school, and
// conversion to decimal.
#include "kernel.h"

enum { BITS = SIZE(50000, 1500), LIMBS = BITS / 32 + 64 };
struct number {
  int length;
  uint32_t limbs[LIMBS];
};
static struct number result, square, product;

static void setup(void) {}

KERNEL void multiply(struct number *to, const struct number *a, const struct number *b) {
  for (int i = 0; i < a->length + b->length; i++)
    to->limbs[i] = 0;
  for (int i = 0; i < a->length; i++) {
    uint64_t carry = 0;
    for (int j = 0; j < b->length; j++) {
      carry += (uint64_t)a->limbs[i] * b->limbs[j] + to->limbs[i + j];
      to->limbs[i + j] = (uint32_t)carry;
      carry >>= 32;
    }
    to->limbs[i + b->length] = (uint32_t)carry;
  }
  to->length = a->length + b->length;
  while (to->length > 0 && to->limbs[to->length - 1] == 0)
    to->length--;
}

KERNEL void power(uint32_t base, uint32_t exponent) {
  result.length = square.length = 1;
  result.limbs[0] = 1;
  square.limbs[0] = base;
  for (;; exponent >>= 1) {
    if (exponent & 1) {
      multiply(&product, &result, &square);
      result = product;
    }
    if (exponent <= 1)
      return;
    multiply(&product, &square, &square);
    square = product;
  }
}

// Digits from the last to the first, nine at a time; nothing is left of the number.
KERNEL uint32_t decimal(struct number *number) {
  uint32_t hash = 0;
  while (number->length > 0) {
    uint64_t rest = 0;
    for (int i = number->length - 1; i >= 0; i--) {
      rest = rest << 32 | number->limbs[i];
      number->limbs[i] = (uint32_t)(rest / 1000000000);
      rest %= 1000000000;
    }
    while (number->length > 0 && number->limbs[number->length - 1] == 0)
      number->length--;
    hash = hash * 31 + (uint32_t)rest;
  }
  return hash;
}

static uint32_t total;

KERNEL void run(void) {
  // A base of 16 bits: the power has fewer than BITS.
  power(60001 + total % 5000, BITS / 16);
  total = total * 31 + decimal(&result);
}

MEASURE("bignum", SIZE(13, 1), run(), total)
