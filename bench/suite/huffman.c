// Huffman's code: frequencies, the tree from a heap, encoding to bits and decoding along the tree.
#include "kernel.h"

enum { LENGTH = SIZE(1 << 20, 1 << 13), SYMBOLS = 256 };
ARRAY(uint8_t, text, LENGTH, )
ARRAY(uint8_t, coded, 4 * LENGTH, )

struct node {
  uint32_t weight;
  int16_t child[2];
};
static struct node nodes[2 * SYMBOLS];
static int16_t heap[SYMBOLS];
static int heap_size;
static uint32_t codes[SYMBOLS];
static uint8_t lengths[SYMBOLS];

// Small values are frequent.
static void setup(void) {
  uint32_t seed = 1;
  for (int i = 0; i < LENGTH; i++)
    text[i] = (uint8_t)next_below(&seed, 1 + next_below(&seed, 1 + next_below(&seed, SYMBOLS)));
}

// By weight, then by number, so that the code is the same everywhere.
static int lighter(int a, int b) {
  return nodes[a].weight != nodes[b].weight ? nodes[a].weight < nodes[b].weight : a < b;
}

static void push(int node) {
  int at = heap_size++;
  for (; at > 0 && lighter(node, heap[(at - 1) / 2]); at = (at - 1) / 2)
    heap[at] = heap[(at - 1) / 2];
  heap[at] = (int16_t)node;
}

static int pop(void) {
  int top = heap[0], moved = heap[--heap_size], at = 0;
  for (int child; (child = 2 * at + 1) < heap_size; at = child) {
    if (child + 1 < heap_size && lighter(heap[child + 1], heap[child]))
      child++;
    if (!lighter(heap[child], moved))
      break;
    heap[at] = heap[child];
  }
  heap[at] = (int16_t)moved;
  return top;
}

static void assign(int node, uint32_t code, int length) {
  if (node < SYMBOLS) {
    codes[node] = code;
    lengths[node] = (uint8_t)length;
    return;
  }
  assign(nodes[node].child[0], code << 1, length + 1);
  assign(nodes[node].child[1], code << 1 | 1, length + 1);
}

// The root.
KERNEL int make_code(void) {
  for (int i = 0; i < SYMBOLS; i++)
    nodes[i] = (struct node){1, {-1, -1}};
  for (int i = 0; i < LENGTH; i++)
    nodes[text[i]].weight++;
  heap_size = 0;
  for (int i = 0; i < SYMBOLS; i++)
    push(i);
  int next = SYMBOLS;
  for (; heap_size > 1; next++) {
    int a = pop(), b = pop();
    nodes[next] = (struct node){nodes[a].weight + nodes[b].weight, {(int16_t)a, (int16_t)b}};
    push(next);
  }
  assign(next - 1, 0, 0);
  return next - 1;
}

KERNEL uint32_t encode(void) {
  uint64_t bits = 0;
  int count = 0;
  uint8_t *to = coded;
  for (int i = 0; i < LENGTH; i++) {
    bits = bits << lengths[text[i]] | codes[text[i]];
    count += lengths[text[i]];
    for (; count >= 8; count -= 8)
      *to++ = (uint8_t)(bits >> (count - 8));
  }
  *to++ = (uint8_t)(bits << (8 - count));
  return (uint32_t)(to - coded);
}

KERNEL void decode(int root) {
  uint32_t bit = 0;
  for (int i = 0; i < LENGTH; i++) {
    int node = root;
    while (node >= SYMBOLS) {
      node = nodes[node].child[coded[bit / 8] >> (7 - bit % 8) & 1];
      bit++;
    }
    // The next run has other frequencies.
    text[i] = (uint8_t)(node + (i & 3));
  }
}

static uint32_t total;

KERNEL void run(void) {
  int root = make_code();
  total = total * 31 + encode();
  decode(root);
}

MEASURE("huffman", SIZE(3, 1), run(), total * 31 + hash_bytes(text, LENGTH))
