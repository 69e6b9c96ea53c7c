// Searching a text for words: by skipping (Horspool), by a shift-and automaton for several at once,
// and by counting lines.
#include "kernel.h"
#include <string.h>

enum { LENGTH = SIZE(4 << 20, 1 << 14), WORDS = 6 };
ARRAY(uint8_t, text, LENGTH, )
static const char *const words[WORDS] = {"needle", "hay", "straw", "barn", "farmer", "wheat"};

static void setup(void) {
  uint32_t seed = 1;
  for (int at = 0; at < LENGTH;) {
    if (next_below(&seed, 400) == 0) {
      for (const char *word = words[next_below(&seed, WORDS)]; *word && at < LENGTH; word++)
        text[at++] = (uint8_t)*word;
    } else {
      text[at++] = next_below(&seed, 60) ? (uint8_t)('a' + next_below(&seed, 26)) : '\n';
    }
  }
}

KERNEL uint32_t horspool(const uint8_t *word, uint32_t length) {
  uint32_t skip[256], found = 0;
  for (int i = 0; i < 256; i++)
    skip[i] = length;
  for (uint32_t i = 0; i + 1 < length; i++)
    skip[word[i]] = length - 1 - i;
  for (uint32_t at = 0; at + length <= LENGTH; at += skip[text[at + length - 1]]) {
    uint32_t i = length;
    while (i > 0 && text[at + i - 1] == word[i - 1])
      i--;
    found = i == 0 ? found * 31 + at : found;
  }
  return found;
}

// A bit for each character of all words: it is set while what was read ends with the word's
// beginning up to there.
KERNEL uint32_t shift_and(void) {
  uint32_t masks[256] = {0}, starts = 0, ends = 0, state = 0, found = 0, bit = 0;
  for (int i = 0; i < WORDS; i++) {
    starts |= 1u << bit;
    for (const char *c = words[i]; *c; c++)
      masks[(uint8_t)*c] |= 1u << bit++;
    ends |= 1u << (bit - 1);
  }
  for (uint32_t at = 0; at < LENGTH; at++) {
    state = (state << 1 | starts) & masks[text[at]];
    if (state & ends)
      found = found * 31 + at;
  }
  return found;
}

KERNEL uint32_t lines(void) {
  uint32_t count = 0;
  for (int i = 0; i < LENGTH; i++)
    count += text[i] == '\n';
  return count;
}

static uint32_t total;

KERNEL void run(void) {
  for (int i = 0; i < 2; i++)
    total = total * 31 + horspool((const uint8_t *)words[i * 4], (uint32_t)strlen(words[i * 4]));
  total = total * 31 + shift_and();
  total = total * 31 + lines();
  text[total % LENGTH] = '\n';
}

MEASURE("search", SIZE(6, 1), run(), total)
