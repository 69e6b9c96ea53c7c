// A search tree that is kept in balance (a treap) in a pool: insertions, searches, deletions by
// recursion.
#include "kernel.h"

enum { NODES = SIZE(60000, 400, 150), SEARCHES = SIZE(300000, 1000, 400) };
struct node {
  uint32_t key, priority, value;
  struct node *left, *right;
};
ARRAY(struct node, nodes, NODES, )

static void setup(void) {}

static struct node *merge(struct node *a, struct node *b) {
  if (!a || !b)
    return a ? a : b;
  if (a->priority > b->priority) {
    a->right = merge(a->right, b);
    return a;
  }
  b->left = merge(a, b->left);
  return b;
}

// Keys below the given one go left.
static void split(struct node *tree, uint32_t key, struct node **left, struct node **right) {
  if (!tree) {
    *left = *right = NULL;
  } else if (tree->key < key) {
    *left = tree;
    split(tree->right, key, &tree->right, right);
  } else {
    *right = tree;
    split(tree->left, key, left, &tree->left);
  }
}

static struct node *inserted(struct node *tree, struct node *node) {
  if (!tree || tree->priority < node->priority) {
    split(tree, node->key, &node->left, &node->right);
    return node;
  }
  struct node **side = node->key < tree->key ? &tree->left : &tree->right;
  *side = inserted(*side, node);
  return tree;
}

static const struct node *find(const struct node *tree, uint32_t key) {
  while (tree && tree->key != key)
    tree = key < tree->key ? tree->left : tree->right;
  return tree;
}

static struct node *erased(struct node *tree, uint32_t key) {
  if (!tree)
    return NULL;
  if (tree->key == key)
    return merge(tree->left, tree->right);
  struct node **side = key < tree->key ? &tree->left : &tree->right;
  *side = erased(*side, key);
  return tree;
}

static uint32_t total = 1;

KERNEL void run(void) {
  uint32_t seed = total, sum = 0;
  struct node *tree = NULL;
  for (uint32_t i = 0; i < NODES; i++) {
    uint32_t key = next_random(&seed) >> 8, priority = next_random(&seed);
    nodes[i] = (struct node){key, priority, i, NULL, NULL};
    tree = inserted(tree, &nodes[i]);
  }
  for (uint32_t i = 0; i < SEARCHES; i++) {
    uint32_t key = nodes[next_below(&seed, NODES)].key + (i & 1);
    const struct node *node = find(tree, key);
    sum = sum * 31 + (node ? node->value : 7);
  }
  for (uint32_t i = 0; i < NODES / 2; i++)
    tree = erased(tree, nodes[i * 2].key);
  total = total * 31 + sum + (tree ? tree->key : 0);
}

MEASURE("tree", 1, run(), total)
