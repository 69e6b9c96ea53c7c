// What small embedded programs do, in the manner of CoreMark: a linked list that is searched,
// turned and sorted, a small matrix of integers, and a state machine that reads numbers.
#include "kernel.h"

enum { ITEMS = SIZE(300, 40), EDGE = 12, TEXT = 600, TIMES = SIZE(500, 4) };

struct item {
  struct item *next;
  int16_t key, place;
};
static struct item items[ITEMS];
static struct item *list;
static int16_t matrix[EDGE][EDGE], other[EDGE][EDGE];
static int32_t product[EDGE][EDGE];
static char text[TEXT + 1];

static void setup(void) {
  uint32_t seed = 1;
  for (int i = 0; i < ITEMS; i++) {
    items[i] = (struct item){list, (int16_t)next_below(&seed, 5000), (int16_t)i};
    list = &items[i];
  }
  for (int i = 0; i < EDGE; i++) {
    for (int j = 0; j < EDGE; j++) {
      matrix[i][j] = (int16_t)next_below(&seed, 200);
      other[i][j] = (int16_t)next_below(&seed, 200);
    }
  }
  static const char *const words[] = {"5012",     "-874",     "+122",     "35.54400", ".1234500",
                                      "-110.700", "+0.64400", "5.500e+3", "-.123e-2", "-87e+832",
                                      "+0.6e-12", "T0.3e-1F", "-T.T++Tq", "1T3.4e4z", "34.0e-T^"};
  int length = 0;
  for (;;) {
    const char *word = words[next_below(&seed, 15)];
    int start = length;
    while (*word && length < TEXT - 1)
      text[length++] = *word++;
    if (length >= TEXT - 1 || length == start)
      break;
    text[length++] = ',';
  }
}

// MARK: The list

static struct item *find(struct item *from, int16_t key) {
  while (from && from->key != key)
    from = from->next;
  return from;
}

static struct item *turned(struct item *from) {
  struct item *to = NULL;
  while (from) {
    struct item *next = from->next;
    from->next = to;
    to = from;
    from = next;
  }
  return to;
}

static int by_key(const struct item *a, const struct item *b) { return a->key - b->key; }
static int by_place(const struct item *a, const struct item *b) { return a->place - b->place; }

// Merges runs of 1, 2, 4, … items until there is only one.
static struct item *sorted(struct item *from,
                           int (*compare)(const struct item *, const struct item *)) {
  for (int size = 1;; size *= 2) {
    struct item *rest = from, **end = &from;
    int merges = 0;
    while (rest) {
      merges++;
      struct item *p = rest, *q = rest;
      int left = 0, right = size;
      while (left < size && q) {
        left++;
        q = q->next;
      }
      while (left > 0 || (right > 0 && q)) {
        if (left > 0 && (right == 0 || !q || compare(p, q) <= 0)) {
          *end = p;
          p = p->next;
          left--;
        } else {
          *end = q;
          q = q->next;
          right--;
        }
        end = &(*end)->next;
      }
      rest = q;
    }
    *end = NULL;
    if (merges <= 1)
      return from;
  }
}

static uint32_t use_list(uint32_t round) {
  uint32_t found = 0;
  for (int i = 0; i < 12; i++) {
    struct item *item = find(list, (int16_t)((round * 41 + (uint32_t)i * 97) % 5000));
    found += item ? (uint32_t)item->place : 1;
    list = turned(list);
  }
  list = sorted(list, by_key);
  found = found * 3 + (uint32_t)list->place;
  list = sorted(list, by_place);
  list->key = (int16_t)((list->key + 7) % 5000);
  return found;
}

// MARK: The matrix

KERNEL uint32_t use_matrix(int16_t add) {
  uint32_t sum = 0;
  for (int i = 0; i < EDGE; i++)
    for (int j = 0; j < EDGE; j++)
      matrix[i][j] = (int16_t)((matrix[i][j] + add) & 255);
  for (int i = 0; i < EDGE; i++) {
    for (int j = 0; j < EDGE; j++) {
      product[i][j] = 0;
      for (int k = 0; k < EDGE; k++)
        product[i][j] += ((matrix[i][k] * other[k][j] >> 2) & 15) * ((matrix[i][k] >> 5) & 127);
      sum = sum * 5 + (uint32_t)product[i][j];
    }
  }
  return sum;
}

// MARK: The state machine

enum state { START, SIGNED, WHOLE, FRACTION, EXPONENT, EXPONENT_SIGN, SCIENTIFIC, INVALID, STATES };

static int is_digit(char c) { return c >= '0' && c <= '9'; }

static enum state after(enum state state, char c) {
  switch (state) {
  case START:
    return is_digit(c) ? WHOLE : c == '+' || c == '-' ? SIGNED : c == '.' ? FRACTION : INVALID;
  case SIGNED:
    return is_digit(c) ? WHOLE : c == '.' ? FRACTION : INVALID;
  case WHOLE:
    return c == '.' ? FRACTION : is_digit(c) ? WHOLE : INVALID;
  case FRACTION:
    return c == 'e' || c == 'E' ? EXPONENT : is_digit(c) ? FRACTION : INVALID;
  case EXPONENT:
    return c == '+' || c == '-' ? EXPONENT_SIGN : INVALID;
  case EXPONENT_SIGN:
  case SCIENTIFIC:
    return is_digit(c) ? SCIENTIFIC : INVALID;
  default:
    return INVALID;
  }
}

KERNEL uint32_t use_machine(uint32_t round) {
  uint32_t counts[STATES] = {0}, sum = 0;
  text[round % 590] ^= 1;
  for (const char *at = text; *at; at++) {
    enum state state = START;
    for (; *at && *at != ','; at++)
      state = after(state, *at);
    counts[state]++;
    if (!*at)
      break;
  }
  for (int i = 0; i < STATES; i++)
    sum = sum * 7 + counts[i];
  return sum;
}

static uint32_t total;

KERNEL void core(void) {
  for (uint32_t round = 0; round < TIMES; round++) {
    total = total * 31 + use_list(round);
    total = total * 31 + use_matrix((int16_t)(total & 7));
    total = total * 31 + use_machine(round);
  }
}

MEASURE("core", SIZE(8, 1), core(), total)
