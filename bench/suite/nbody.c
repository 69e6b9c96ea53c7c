// Planets that attract each other, all pairs: double precision with square roots and divisions, in
// records.
#include "kernel.h"
#include <math.h>

enum { BODIES = 5, STEPS = SIZE(400000, 2000) };
struct body {
  double position[3], velocity[3], mass;
};
static struct body bodies[BODIES];

// A heavy sun and planets on circles about it.
static void setup(void) {
  uint32_t seed = 1;
  bodies[0].mass = 40;
  for (int i = 1; i < BODIES; i++) {
    struct body *body = &bodies[i];
    double distance = 4 * i + next_float(&seed);
    body->position[i % 2] = distance;
    body->position[2] = 0.1 * next_float(&seed);
    body->velocity[1 - i % 2] = sqrt(bodies[0].mass / distance);
    body->mass = 0.04 * next_float(&seed);
  }
}

KERNEL void advance(int steps, double dt) {
  for (int step = 0; step < steps; step++) {
    for (int i = 0; i < BODIES; i++) {
      struct body *a = &bodies[i];
      for (int j = i + 1; j < BODIES; j++) {
        struct body *b = &bodies[j];
        double dx = a->position[0] - b->position[0];
        double dy = a->position[1] - b->position[1];
        double dz = a->position[2] - b->position[2];
        double squared = dx * dx + dy * dy + dz * dz;
        double magnitude = dt / (squared * sqrt(squared));
        a->velocity[0] -= dx * b->mass * magnitude;
        a->velocity[1] -= dy * b->mass * magnitude;
        a->velocity[2] -= dz * b->mass * magnitude;
        b->velocity[0] += dx * a->mass * magnitude;
        b->velocity[1] += dy * a->mass * magnitude;
        b->velocity[2] += dz * a->mass * magnitude;
      }
    }
    for (int i = 0; i < BODIES; i++)
      for (int axis = 0; axis < 3; axis++)
        bodies[i].position[axis] += dt * bodies[i].velocity[axis];
  }
}

static double energy(void) {
  double sum = 0;
  for (int i = 0; i < BODIES; i++)
    for (int axis = 0; axis < 3; axis++)
      sum += 0.5 * bodies[i].mass * bodies[i].velocity[axis] * bodies[i].velocity[axis] +
             bodies[i].position[axis];
  return sum;
}

MEASURE("nbody", SIZE(3, 1), advance(STEPS, 0.001), energy())
