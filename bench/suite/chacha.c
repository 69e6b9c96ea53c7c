// ChaCha20: a stream cipher made of additions, exclusive ors and rotations, four independent
// columns at a time.
#include "kernel.h"

enum { LENGTH = SIZE(8 << 20, 1 << 14, 1 << 12) };
ARRAY(uint32_t, message, LENGTH / 4, )
static uint32_t state[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};

static void setup(void) {
  uint32_t seed = 1;
  for (int i = 4; i < 16; i++)
    state[i] = next_random(&seed);
  state[12] = 0;
}

static inline uint32_t rotated(uint32_t v, int by) { return v << by | v >> (32 - by); }

static inline void quarter(uint32_t x[16], int a, int b, int c, int d) {
  x[a] += x[b];
  x[d] = rotated(x[d] ^ x[a], 16);
  x[c] += x[d];
  x[b] = rotated(x[b] ^ x[c], 12);
  x[a] += x[b];
  x[d] = rotated(x[d] ^ x[a], 8);
  x[c] += x[d];
  x[b] = rotated(x[b] ^ x[c], 7);
}

KERNEL void chacha(void) {
  for (int at = 0; at < LENGTH / 4; at += 16) {
    uint32_t x[16];
    for (int i = 0; i < 16; i++)
      x[i] = state[i];
    for (int round = 0; round < 20; round += 2) {
      quarter(x, 0, 4, 8, 12);
      quarter(x, 1, 5, 9, 13);
      quarter(x, 2, 6, 10, 14);
      quarter(x, 3, 7, 11, 15);
      quarter(x, 0, 5, 10, 15);
      quarter(x, 1, 6, 11, 12);
      quarter(x, 2, 7, 8, 13);
      quarter(x, 3, 4, 9, 14);
    }
    for (int i = 0; i < 16; i++)
      message[at + i] ^= x[i] + state[i];
    state[12]++;
  }
}

MEASURE("chacha", SIZE(2, 1), chacha(), hash_bytes(message, LENGTH))
