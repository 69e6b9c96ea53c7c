// UTF-8: a text is validated and decoded to UTF-16, and encoded again.
#include "kernel.h"

enum { CHARACTERS = SIZE(1500000, 5000) };
ARRAY(uint8_t, text, 4 * CHARACTERS, )
ARRAY(uint16_t, wide, 2 * CHARACTERS, )
static uint32_t length;

static inline uint8_t *encode(uint8_t *to, uint32_t c) {
  if (c < 0x80) {
    *to++ = (uint8_t)c;
  } else if (c < 0x800) {
    *to++ = (uint8_t)(0xc0 | c >> 6);
    *to++ = (uint8_t)(0x80 | (c & 63));
  } else if (c < 0x10000) {
    *to++ = (uint8_t)(0xe0 | c >> 12);
    *to++ = (uint8_t)(0x80 | (c >> 6 & 63));
    *to++ = (uint8_t)(0x80 | (c & 63));
  } else {
    *to++ = (uint8_t)(0xf0 | c >> 18);
    *to++ = (uint8_t)(0x80 | (c >> 12 & 63));
    *to++ = (uint8_t)(0x80 | (c >> 6 & 63));
    *to++ = (uint8_t)(0x80 | (c & 63));
  }
  return to;
}

// Words of one script each, most of them in the first block.
static void setup(void) {
  uint32_t seed = 1, script = 0;
  uint8_t *to = text;
  static const uint32_t scripts[4][2] = {{'a', 26}, {0x3b1, 24}, {0x4e00, 20000}, {0x1f600, 64}};
  for (int i = 0; i < CHARACTERS; i++) {
    if (next_below(&seed, 8) == 0) {
      script = next_below(&seed, 3) ? 0 : next_below(&seed, 4);
      *to++ = ' ';
    } else {
      to = encode(to, scripts[script][0] + next_below(&seed, scripts[script][1]));
    }
  }
  length = (uint32_t)(to - text);
}

// How many units of UTF-16 were written; ill-formed input ends the program.
KERNEL uint32_t decode(void) {
  uint16_t *to = wide;
  for (uint32_t at = 0; at < length;) {
    uint32_t c = text[at++];
    if (c < 0x80) {
      *to++ = (uint16_t)c;
      continue;
    }
    int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
    if (c < 0xc2 || c > 0xf4 || at + (uint32_t)more > length)
      abort();
    c &= 0x3fu >> more;
    uint32_t least = more == 1 ? 0x80 : more == 2 ? 0x800 : 0x10000;
    for (; more > 0; more--) {
      if ((text[at] & 0xc0) != 0x80)
        abort();
      c = c << 6 | (text[at++] & 63);
    }
    if (c < least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
      abort();
    if (c < 0x10000) {
      *to++ = (uint16_t)c;
    } else {
      *to++ = (uint16_t)(0xd7c0 + (c >> 10));
      *to++ = (uint16_t)(0xdc00 | (c & 1023));
    }
  }
  return (uint32_t)(to - wide);
}

// Each letter becomes the next one, and z becomes a: the next run's text.
KERNEL uint32_t encode_all(uint32_t units) {
  uint8_t *to = text;
  for (uint32_t i = 0; i < units; i++) {
    uint32_t c = wide[i];
    if (c >= 0xd800 && c < 0xdc00)
      c = ((c - 0xd7c0) << 10) + (wide[++i] & 1023);
    if (c >= 'a' && c <= 'z')
      c = c == 'z' ? 'a' : c + 1;
    to = encode(to, c);
  }
  return (uint32_t)(to - text);
}

KERNEL void run(void) { length = encode_all(decode()); }

MEASURE("utf8", SIZE(12, 1), run(), hash_bytes(text, length))
