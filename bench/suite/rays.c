// A picture of spheres by following rays with reflections: vectors of three doubles passed by
// value, square roots, recursion.
#include "kernel.h"
#include <math.h>

enum { WIDTH = SIZE(200, 24), HEIGHT = SIZE(150, 18), SPHERES = 24, DEPTH = 4 };
struct vector {
  double x, y, z;
};
struct sphere {
  struct vector centre;
  double radius, shine;
};
static struct sphere spheres[SPHERES];
ARRAY(float, picture, HEIGHT, [WIDTH])

static void setup(void) {
  uint32_t seed = 1;
  for (int i = 0; i < SPHERES; i++) {
    struct sphere *sphere = &spheres[i];
    sphere->centre.x = next_float(&seed) * 8 - 4;
    sphere->centre.y = next_float(&seed) * 6 - 3;
    sphere->centre.z = next_float(&seed) * 6 + 5;
    sphere->radius = next_float(&seed) * 0.8 + 0.3;
    sphere->shine = next_float(&seed) * 0.7;
  }
}

static inline struct vector plus(struct vector a, struct vector b, double times) {
  return (struct vector){a.x + b.x * times, a.y + b.y * times, a.z + b.z * times};
}
static inline double dot(struct vector a, struct vector b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}
static inline struct vector unit(struct vector v) {
  return plus((struct vector){0, 0, 0}, v, 1 / sqrt(dot(v, v)));
}

// The first sphere that a ray meets, and how far away.
KERNEL int meet(struct vector from, struct vector direction, double *distance) {
  int nearest = -1;
  *distance = 1e30;
  for (int i = 0; i < SPHERES; i++) {
    struct vector to = plus(spheres[i].centre, from, -1);
    double along = dot(to, direction);
    double discriminant = along * along - dot(to, to) + spheres[i].radius * spheres[i].radius;
    if (discriminant < 0)
      continue;
    double at = along - sqrt(discriminant);
    if (at > 1e-6 && at < *distance) {
      *distance = at;
      nearest = i;
    }
  }
  return nearest;
}

static double brightness(struct vector from, struct vector direction, int depth) {
  double distance, shadow;
  int found = meet(from, direction, &distance);
  if (found < 0)
    return 0.5 + 0.5 * direction.y;
  const struct sphere *sphere = &spheres[found];
  struct vector point = plus(from, direction, distance);
  struct vector normal = unit(plus(point, sphere->centre, -1));
  struct vector light = unit((struct vector){-3, 5, -4});
  double diffuse = dot(normal, light);
  if (diffuse < 0 || meet(point, light, &shadow) >= 0)
    diffuse = 0;
  double value = (1 - sphere->shine) * (0.1 + 0.9 * diffuse);
  if (depth > 0 && sphere->shine > 0.1)
    value += sphere->shine *
             brightness(point, plus(direction, normal, -2 * dot(direction, normal)), depth - 1);
  return value;
}

KERNEL void render(void) {
  for (int y = 0; y < HEIGHT; y++) {
    for (int x = 0; x < WIDTH; x++) {
      struct vector direction = {(x - WIDTH / 2) * (1.2 / WIDTH), (HEIGHT / 2 - y) * (1.2 / WIDTH),
                                 1};
      picture[y][x] = (float)brightness((struct vector){0, 0, -3}, unit(direction), DEPTH);
    }
  }
  spheres[0].centre.x += 0.01 * picture[0][0];
}

MEASURE("rays", SIZE(20, 1), render(), sum_floats(&picture[0][0], HEIGHT *WIDTH))
