// Floyd and Warshall's shortest paths between all nodes of a graph: integers, a minimum in the
// inner loop.
#include "kernel.h"

enum { N = SIZE(320, 32, 20) };
ARRAY(int32_t, weight, N, [N])
ARRAY(int32_t, path, N, [N])

static void setup(void) {
  uint32_t seed = 1;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++)
      weight[i][j] = i == j ? 0 : 1 + (int32_t)next_below(&seed, 10000);
}

KERNEL void floyd(void) {
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++)
      path[i][j] = weight[i][j] + (path[i][j] & 7);
  for (int k = 0; k < N; k++) {
    for (int i = 0; i < N; i++) {
      for (int j = 0; j < N; j++) {
        int32_t through = path[i][k] + path[k][j];
        path[i][j] = through < path[i][j] ? through : path[i][j];
      }
    }
  }
}

MEASURE("floyd", SIZE(3, 1), floyd(), hash_bytes(&path[0][0], sizeof(int32_t) * N * N))
