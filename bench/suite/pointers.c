// Pointer chasing: a cycle through a memory that no cache holds, each step a load that waits for
// the one before.
#include "kernel.h"

enum { NODES = SIZE(1 << 19, 1 << 10), STEPS = SIZE(500000, 10000) };
struct node {
  struct node *next;
  uint32_t value;
  uint32_t padding[5];
};
ARRAY(struct node, nodes, NODES, )
ARRAY(uint32_t, order, NODES, )

static void setup(void) {
  uint32_t seed = 1;
  for (uint32_t i = 0; i < NODES; i++)
    order[i] = i;
  // One cycle through all of them (Sattolo).
  for (uint32_t i = NODES - 1; i > 0; i--) {
    uint32_t j = next_below(&seed, i), kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
  for (uint32_t i = 0; i < NODES; i++) {
    nodes[order[i]].next = &nodes[order[(i + 1) % NODES]];
    nodes[i].value = i;
  }
}

static uint32_t total;

KERNEL void chase(void) {
  struct node *node = &nodes[total % NODES];
  uint32_t sum = 0;
  for (int i = 0; i < STEPS; i++) {
    sum = sum * 3 + node->value;
    node = node->next;
  }
  total = sum;
}

MEASURE("pointers", 1, chase(), total)
