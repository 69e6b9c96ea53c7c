// Correlations of all pairs of variables: means, deviations, then a triangle of dot products of
// columns.
#include "kernel.h"
#include <math.h>

enum { POINTS = SIZE(400, 40), VARIABLES = SIZE(320, 24) };
ARRAY(double, data, POINTS, [VARIABLES])
ARRAY(double, centred, POINTS, [VARIABLES])
ARRAY(double, correlation, VARIABLES, [VARIABLES])
ARRAY(double, mean, VARIABLES, )
ARRAY(double, deviation, VARIABLES, )

static void setup(void) { fill_doubles(&data[0][0], POINTS * VARIABLES, 1); }

KERNEL void normalise(void) {
  for (int j = 0; j < VARIABLES; j++) {
    mean[j] = 0;
    for (int i = 0; i < POINTS; i++)
      mean[j] += data[i][j];
    mean[j] /= POINTS;
    deviation[j] = 0;
    for (int i = 0; i < POINTS; i++)
      deviation[j] += (data[i][j] - mean[j]) * (data[i][j] - mean[j]);
    deviation[j] = sqrt(deviation[j] / POINTS);
    if (deviation[j] <= 0.1)
      deviation[j] = 1.0;
  }
  for (int i = 0; i < POINTS; i++)
    for (int j = 0; j < VARIABLES; j++)
      centred[i][j] = (data[i][j] - mean[j]) / (sqrt((double)POINTS) * deviation[j]);
}

KERNEL void correlate(void) {
  for (int i = 0; i < VARIABLES; i++) {
    correlation[i][i] = 1.0;
    for (int j = i + 1; j < VARIABLES; j++) {
      correlation[i][j] = 0.0;
      for (int k = 0; k < POINTS; k++)
        correlation[i][j] += centred[k][i] * centred[k][j];
      correlation[j][i] = correlation[i][j];
    }
  }
}

KERNEL void run(void) {
  normalise();
  correlate();
  data[0][0] += correlation[0][1];
}

MEASURE("correlation", SIZE(3, 1), run(), sum_doubles(&correlation[0][0], VARIABLES *VARIABLES))
