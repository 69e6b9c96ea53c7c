// Sorting: integers by quicksort with insertion sort at its leaves, then records by heapsort with a
// comparison that is called through a pointer.
#include "kernel.h"

enum { COUNT = SIZE(300000, 1000, 300), RECORDS = SIZE(60000, 300, 90) };
struct record {
  uint32_t key, data[3];
};
ARRAY(int32_t, values, COUNT, )
ARRAY(struct record, records, RECORDS, )

static void setup(void) {}

static void insertion_sort(int32_t *from, int32_t *to) {
  for (int32_t *i = from + 1; i < to; i++) {
    int32_t value = *i, *j = i;
    for (; j > from && j[-1] > value; j--)
      *j = j[-1];
    *j = value;
  }
}

static int32_t median(int32_t a, int32_t b, int32_t c) {
  if (a < b)
    return b < c ? b : a < c ? c : a;
  return a < c ? a : b < c ? c : b;
}

static void quicksort(int32_t *from, int32_t *to) {
  while (to - from > 24) {
    int32_t pivot = median(*from, from[(to - from) / 2], to[-1]);
    int32_t *low = from, *high = to - 1;
    while (low <= high) {
      while (*low < pivot)
        low++;
      while (*high > pivot)
        high--;
      if (low <= high) {
        int32_t kept = *low;
        *low++ = *high;
        *high-- = kept;
      }
    }
    quicksort(from, high + 1);
    from = low;
  }
  insertion_sort(from, to);
}

typedef int (*comparison)(const struct record *, const struct record *);

static int by_key(const struct record *a, const struct record *b) {
  return a->key < b->key ? -1 : a->key > b->key;
}

static int by_data(const struct record *a, const struct record *b) {
  for (int i = 0; i < 3; i++)
    if (a->data[i] != b->data[i])
      return a->data[i] < b->data[i] ? -1 : 1;
  return 0;
}

KERNEL void heapsort_records(struct record *heap, uint32_t count, comparison compare) {
  for (uint32_t end = count, root = count / 2; end > 1;) {
    struct record moved;
    if (root > 0) {
      moved = heap[--root];
    } else {
      moved = heap[--end];
      heap[end] = heap[0];
    }
    uint32_t at = root;
    for (uint32_t child; (child = 2 * at + 1) < end; at = child) {
      if (child + 1 < end && compare(&heap[child], &heap[child + 1]) < 0)
        child++;
      if (compare(&moved, &heap[child]) >= 0)
        break;
      heap[at] = heap[child];
    }
    heap[at] = moved;
  }
}

static comparison comparisons[] = {by_key, by_data};
static uint32_t total = 1;

KERNEL void run(void) {
  uint32_t seed = total;
  for (int i = 0; i < COUNT; i++)
    values[i] = (int32_t)next_random(&seed);
  quicksort(values, values + COUNT);
  for (int i = 0; i < RECORDS; i++) {
    records[i].key = next_random(&seed);
    for (int j = 0; j < 3; j++)
      records[i].data[j] = next_below(&seed, 300);
  }
  for (int i = 0; i < 2; i++) {
    heapsort_records(records, RECORDS, comparisons[i]);
    total = total * 31 + records[RECORDS / 3].key;
  }
  total = total * 31 + (uint32_t)values[COUNT / 3];
}

MEASURE("sort", SIZE(2, 1), run(), total)
