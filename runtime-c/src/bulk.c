// memory.copy and memory.fill, of ranges that were checked.
//
// Not musl's memmove and memset: what musl has for x86-64 is made to be small. It copies with
// string instructions, which take 20 to 40 ns to start, and backwards a byte at a time. Most of
// what programs copy is a few bytes.
//
// All sizes up to 64 are read whole before anything is written, from both ends towards the middle,
// where the pieces overlap: then it does not matter how the ranges do. One class of sizes has one
// code: sizes are seldom the same twice, and a branch that was predicted wrongly takes longer than
// all these pieces.
#include "runtime.h"

typedef uint8_t block __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint32_t four __attribute__((aligned(1), may_alias));

// From here on one string instruction is faster than a loop.
#define LARGE 4096

#define BLOCK sizeof(block)
// What a turn of a loop copies: more would hardly be faster, and these functions are in all
// programs that need them.
#define STEP (2 * BLOCK)

// Of a size of one to four pieces: where the second is, and from the end the third. With one or two
// pieces it is where the first (and last) one is.
#define MIDDLE(type, size) ((size) / (2 * sizeof(type)) * sizeof(type))

#define COPY_PIECES(type, to, from, size)                                                          \
  do {                                                                                             \
    size_t middle = MIDDLE(type, size), third_end = (size) - middle;                               \
    type first = *(const type *)(from), second = *(const type *)((from) + middle);                 \
    type third = *(const type *)((from) + third_end - sizeof(type));                               \
    type last = *(const type *)((from) + (size) - sizeof(type));                                   \
    *(type *)(to) = first;                                                                         \
    *(type *)((to) + middle) = second;                                                             \
    *(type *)((to) + third_end - sizeof(type)) = third;                                            \
    *(type *)((to) + (size) - sizeof(type)) = last;                                                \
  } while (0)

#define FILL_PIECES(type, to, value, size)                                                         \
  do {                                                                                             \
    size_t middle = MIDDLE(type, size), third_end = (size) - middle;                               \
    *(type *)(to) = *(type *)((to) + middle) = (value);                                            \
    *(type *)((to) + third_end - sizeof(type)) = *(type *)((to) + (size) - sizeof(type)) =         \
        (value);                                                                                   \
  } while (0)

// What is missing at a place to the next multiple of a block, or a whole one.
static inline size_t missing(const uint8_t *place) { return (~(uintptr_t)place & (BLOCK - 1)) + 1; }

struct step {
  block low, high;
};

static inline struct step load(const uint8_t *from) {
  return (struct step){*(const block *)from, *(const block *)(from + BLOCK)};
}

static inline void store(uint8_t *to, struct step step) {
  *(block *)to = step.low;
  *(block *)(to + BLOCK) = step.high;
}

// The ends are read before all else, and written behind it: the loops stop before they would go
// beyond.
static void copy_large(uint8_t *to, const uint8_t *from, size_t size) {
  block first = *(const block *)from;
  struct step last = load(from + size - STEP);
  size_t distance = (size_t)((uintptr_t)to - (uintptr_t)from);
  if (distance >= size) {
    // What is written is never read behind that: forwards. If the ranges overlap by much, string
    // instructions are slow.
    if (size >= LARGE && -distance >= 64) {
      void *end = to;
      __asm__ volatile("rep movsb" : "+D"(end), "+S"(from), "+c"(size) : : "memory");
      return;
    }
    for (size_t at = missing(to); at < size - STEP; at += STEP)
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
    if (size <= 4 * BLOCK)
      COPY_PIECES(block, to, from, size);
    else
      copy_large(to, from, size);
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
  if (size >= LARGE) {
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(byte) : "memory");
  } else if (size >= BLOCK) {
    block blocks = {0};
    blocks += byte;
    if (size <= 4 * BLOCK) {
      FILL_PIECES(block, to, blocks, size);
      return;
    }
    *(block *)to = blocks;
    store(to + size - STEP, (struct step){blocks, blocks});
    // Sixteen bytes of code: wherever the linker puts it, no jump crosses 32 bytes (decision 0160).
    uint8_t *end = to + size - STEP;
    for (to += missing(to); to < end; to += STEP)
      __asm__ volatile("movaps %2, %0\n\tmovaps %2, %1"
                       : "=m"(*(block *)to), "=m"(*(block *)(to + BLOCK))
                       : "x"(blocks));
  } else if (size >= sizeof(four)) {
    FILL_PIECES(four, to, byte * UINT32_C(0x01010101), size);
  } else if (size > 0) {
    to[0] = to[size / 2] = to[size - 1] = byte;
  }
}
