// Indirect calls: objects of several classes in a list, each with a table of methods, and a
// reduction with a function that is passed along.
#include "kernel.h"

enum { OBJECTS = 1024, TIMES = SIZE(6000, 20, 5) };
struct object;
struct methods {
  uint32_t (*area)(const struct object *);
  void (*grow)(struct object *, uint32_t);
};
struct object {
  const struct methods *methods;
  uint32_t width, height;
};
static struct object objects[OBJECTS];

static uint32_t square_area(const struct object *o) { return o->width * o->width; }
static uint32_t rectangle_area(const struct object *o) { return o->width * o->height; }
static uint32_t triangle_area(const struct object *o) { return o->width * o->height / 2; }
static uint32_t ring_area(const struct object *o) {
  return (o->width * o->width - o->height * o->height) * 3;
}
static void grow_width(struct object *o, uint32_t by) { o->width = (o->width + by) & 1023; }
static void grow_both(struct object *o, uint32_t by) {
  o->width = (o->width + by) & 1023;
  o->height = (o->height + 2 * by) & 1023;
}

static const struct methods classes[4] = {{square_area, grow_width},
                                          {rectangle_area, grow_both},
                                          {triangle_area, grow_both},
                                          {ring_area, grow_width}};

static void setup(void) {
  uint32_t seed = 1;
  for (int i = 0; i < OBJECTS; i++) {
    objects[i].methods = &classes[next_below(&seed, 4)];
    objects[i].width = next_below(&seed, 1000);
    objects[i].height = next_below(&seed, 1000);
  }
}

static uint32_t add(uint32_t sum, uint32_t value) { return sum + value; }
static uint32_t mix(uint32_t sum, uint32_t value) { return sum * 31 ^ value; }

KERNEL uint32_t reduce(uint32_t start, uint32_t (*combine)(uint32_t, uint32_t)) {
  for (int i = 0; i < OBJECTS; i++)
    start = combine(start, objects[i].methods->area(&objects[i]));
  return start;
}

static uint32_t total;

KERNEL void run(void) {
  for (int time = 0; time < TIMES; time++) {
    total = reduce(total, time % 2 ? add : mix);
    struct object *object = &objects[total % OBJECTS];
    object->methods->grow(object, total & 15);
  }
}

MEASURE("indirect", 1, run(), total)
