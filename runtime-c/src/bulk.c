// memory.copy and memory.fill, of ranges that were checked.
//
// Not musl's memmove and memset: what musl has for x86-64 is made to be small. It copies with
// string instructions, which take 20 to 40 ns to start, and backwards a byte at a time. Most of
// what programs copy is a few bytes.
//
// All sizes up to 128 are read whole before anything is written, from both ends towards the middle,
// where the pieces overlap: then it does not matter how the ranges do. One class of sizes has one
// code: sizes are seldom the same twice, and a branch that was predicted wrongly takes longer than
// all these pieces.
#include "runtime.h"

typedef uint8_t block __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint32_t four __attribute__((aligned(1), may_alias));

// From here on one string instruction is faster than a loop.
#define LARGE 4096

#define BLOCK sizeof(block)
#define STEP (4 * BLOCK)

// Of a size of one to four pieces: where the second is, and from the end the third. With one or two
// pieces it is where the first (and last) one is.
#define MIDDLE(type, size) ((size) / (2 * sizeof(type)) * sizeof(type))

#define COPY_PIECES(type, to, from, size)                                                          \
  do {                                                                                             \
    size_t middle = MIDDLE(type, size), end = (size) - sizeof(type);                               \
    type first = *(const type *)(from), second = *(const type *)((from) + middle);                 \
    type third = *(const type *)((from) + end - middle), last = *(const type *)((from) + end);     \
    *(type *)(to) = first;                                                                         \
    *(type *)((to) + middle) = second;                                                             \
    *(type *)((to) + end - middle) = third;                                                        \
    *(type *)((to) + end) = last;                                                                  \
  } while (0)

#define FILL_PIECES(type, to, value, size)                                                         \
  do {                                                                                             \
    size_t middle = MIDDLE(type, size), end = (size) - sizeof(type);                               \
    *(type *)(to) = *(type *)((to) + middle) = value;                                              \
    *(type *)((to) + end - middle) = *(type *)((to) + end) = value;                                \
  } while (0)

struct step {
  block parts[4];
};

static inline struct step load(const uint8_t *from) {
  const block *blocks = (const block *)from;
  return (struct step){{blocks[0], blocks[1], blocks[2], blocks[3]}};
}

static inline void store(uint8_t *to, struct step step) {
  block *blocks = (block *)to;
  blocks[0] = step.parts[0];
  blocks[1] = step.parts[1];
  blocks[2] = step.parts[2];
  blocks[3] = step.parts[3];
}

// The ends are read before all else, and written behind it: the loops stop before they would go
// beyond.
static void copy_large(uint8_t *to, const uint8_t *from, size_t size) {
  block first = *(const block *)from;
  struct step last = load(from + size - STEP);
  size_t distance = (size_t)(to - from);
  if (distance >= size) {
    // What is written is never read behind that: forwards. If the ranges overlap by much, string
    // instructions are slow.
    if (size >= LARGE && -distance >= STEP) {
      void *end = to;
      __asm__ volatile("rep movsb" : "+D"(end), "+S"(from), "+c"(size) : : "memory");
      return;
    }
    for (size_t at = BLOCK - ((uintptr_t)to & (BLOCK - 1)); at < size - STEP; at += STEP)
      store(to + at, load(from + at));
    *(block *)to = first;
    store(to + size - STEP, last);
    return;
  }
  struct step start = load(from);
  block end = *(const block *)(from + size - BLOCK);
  for (size_t at = size - ((uintptr_t)(to + size) & (BLOCK - 1)); at > STEP; at -= STEP)
    store(to + at - STEP, load(from + at - STEP));
  store(to, start);
  *(block *)(to + size - BLOCK) = end;
}

void wasmaot_memory_copy(uint8_t *to, const uint8_t *from, size_t size) {
  if (size >= BLOCK) {
    if (size <= STEP) {
      COPY_PIECES(block, to, from, size);
    } else if (size <= 2 * STEP) {
      struct step first = load(from), last = load(from + size - STEP);
      store(to, first);
      store(to + size - STEP, last);
    } else {
      copy_large(to, from, size);
    }
  } else if (size >= sizeof(four)) {
    COPY_PIECES(four, to, from, size);
  } else if (size > 0) {
    uint8_t first = from[0], middle = from[size / 2], last = from[size - 1];
    to[0] = first;
    to[size / 2] = middle;
    to[size - 1] = last;
  }
}

// An argument of 32 bits: compiled code does not extend smaller ones.
void wasmaot_memory_fill(uint8_t *to, uint32_t value, size_t size) {
  uint8_t byte = (uint8_t)value;
  if (size >= BLOCK) {
    block blocks = {0};
    blocks += byte;
    struct step step = {{blocks, blocks, blocks, blocks}};
    if (size <= STEP) {
      FILL_PIECES(block, to, blocks, size);
    } else if (size >= LARGE) {
      __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(byte) : "memory");
    } else {
      store(to, step);
      store(to + size - STEP, step);
      for (size_t at = STEP - ((uintptr_t)to & (BLOCK - 1)); at < size - STEP; at += STEP)
        store(to + at, step);
    }
  } else if (size >= sizeof(four)) {
    uint32_t bytes = byte * UINT32_C(0x01010101);
    FILL_PIECES(four, to, bytes, size);
  } else if (size > 0) {
    to[0] = to[size / 2] = to[size - 1] = byte;
  }
}
