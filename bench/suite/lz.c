// Compression by references to what was seen before (Lempel and Ziv), and its inverse: a hash table
// of positions, comparisons of bytes, copies that overlap.
#include "kernel.h"
#include <string.h>

enum {
  LENGTH = SIZE(3 << 20, 1 << 14, 1 << 12),
  HASH_BITS = 14,
  LEAST = 4,
  MOST = LEAST + 254,
  WINDOW = 65535
};
ARRAY(uint8_t, text, LENGTH, )
ARRAY(uint8_t, packed, LENGTH + LENGTH / 8 + 64, )
ARRAY(uint8_t, unpacked, LENGTH, )
ARRAY(uint32_t, last_seen, 1 << HASH_BITS, )

// Words from a vocabulary in which some are much more frequent than others.
static void setup(void) {
  uint32_t seed = 1;
  char words[512][12];
  for (int i = 0; i < 512; i++) {
    uint32_t length = 2 + next_below(&seed, 9);
    for (uint32_t j = 0; j < length; j++)
      words[i][j] = (char)('a' + next_below(&seed, 26));
    words[i][length] = 0;
  }
  for (int at = 0; at < LENGTH;) {
    const char *word = words[next_below(&seed, 1 + next_below(&seed, 512))];
    while (*word && at < LENGTH)
      text[at++] = (uint8_t)*word++;
    if (at < LENGTH)
      text[at++] = next_below(&seed, 12) ? ' ' : '\n';
  }
}

static inline uint32_t four_bytes(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, 4);
  return value;
}

static inline uint8_t *literals(uint8_t *to, const uint8_t *from, uint32_t count) {
  while (count > 0) {
    uint32_t now = count < 128 ? count : 128;
    *to++ = (uint8_t)(now - 1);
    memcpy(to, from, now);
    to += now;
    from += now;
    count -= now;
  }
  return to;
}

// A byte below 128 is a count of literals less one; 128 a match: distance in two bytes, length in
// one.
KERNEL uint32_t compress(void) {
  memset(last_seen, 0, sizeof *last_seen << HASH_BITS);
  uint8_t *to = packed;
  uint32_t at = 0, pending = 0;
  while (at + LEAST < LENGTH) {
    uint32_t *slot = &last_seen[four_bytes(text + at) * 2654435761u >> (32 - HASH_BITS)];
    uint32_t candidate = *slot;
    *slot = at + 1;
    // Positions are kept plus one: zero is none.
    if (candidate == 0 || at + 1 - candidate > WINDOW ||
        four_bytes(text + candidate - 1) != four_bytes(text + at)) {
      at++;
      continue;
    }
    uint32_t from = candidate - 1, length = LEAST;
    while (length < MOST && at + length < LENGTH && text[from + length] == text[at + length])
      length++;
    to = literals(to, text + pending, at - pending);
    *to++ = 128;
    *to++ = (uint8_t)(at - from);
    *to++ = (uint8_t)((at - from) >> 8);
    *to++ = (uint8_t)(length - LEAST);
    at += length;
    pending = at;
  }
  return (uint32_t)(literals(to, text + pending, LENGTH - pending) - packed);
}

KERNEL uint32_t decompress(uint32_t size) {
  uint8_t *to = unpacked;
  for (const uint8_t *from = packed, *end = packed + size; from < end;) {
    uint32_t token = *from++;
    if (token < 128) {
      memcpy(to, from, token + 1);
      to += token + 1;
      from += token + 1;
      continue;
    }
    uint32_t distance = from[0] | (uint32_t)from[1] << 8, length = from[2] + LEAST;
    from += 3;
    for (uint32_t i = 0; i < length; i++)
      to[i] = to[(ptrdiff_t)i - (ptrdiff_t)distance];
    to += length;
  }
  return (uint32_t)(to - unpacked);
}

static uint32_t total;

KERNEL void run(void) {
  uint32_t size = compress();
  uint32_t length = decompress(size);
  // What comes back is compressed next, but for a few bytes.
  if (length != LENGTH || memcmp(text, unpacked, LENGTH) != 0)
    abort();
  total = total * 31 + size;
  for (uint32_t i = 0; i < 64; i++)
    text[(total ^ i * 40503u) % LENGTH] ^= 1;
}

MEASURE("lz", SIZE(4, 1), run(), total)
