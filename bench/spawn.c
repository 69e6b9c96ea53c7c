// Times programs from posix_spawn to the end of waitpid, all of them once in each round, so that
// what the machine does meanwhile hits all alike. The order is another one in each round: what a
// program leaves to the kernel when it has ended (a seccomp filter is freed later) is done in the
// time of the next. Standard output of the programs is discarded.
//
// usage: spawn RUNS PROGRAM [ARGUMENT...] [-- PROGRAM [ARGUMENT...]]...
// Prints a line for each program: median, least and greatest time in nanoseconds.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

enum { MAX_PROGRAMS = 16 };

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

// The next number of a generator that is the same in each run (Marsaglia's xorshift).
static uint32_t next_random(void) {
  static uint32_t state = 2463534242u;
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

static void shuffle(int *order, int count) {
  for (int i = count - 1; i > 0; i--) {
    int j = (int)(next_random() % (uint32_t)(i + 1));
    int moved = order[i];
    order[i] = order[j];
    order[j] = moved;
  }
}

int main(int argc, char **argv) {
  char **programs[MAX_PROGRAMS];
  int program_count = 0;
  int runs = argc > 2 ? atoi(argv[1]) : 0;
  if (runs <= 0) {
    fprintf(stderr, "usage: spawn RUNS PROGRAM [ARGUMENT...] [-- PROGRAM [ARGUMENT...]]...\n");
    return 2;
  }
  for (int i = 2; i < argc; i++) {
    if (i == 2 || argv[i - 1] == NULL) {
      if (program_count == MAX_PROGRAMS)
        return 2;
      programs[program_count++] = &argv[i];
    }
    if (strcmp(argv[i], "--") == 0)
      argv[i] = NULL;
  }

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);

  uint64_t *times = calloc((size_t)(runs * program_count), sizeof *times);
  if (!times)
    return 1;
  int order[MAX_PROGRAMS];
  for (int p = 0; p < program_count; p++)
    order[p] = p;
  for (int run = -3; run < runs; run++) {
    shuffle(order, program_count);
    for (int turn = 0; turn < program_count; turn++) {
      int p = order[turn];
      pid_t child;
      int status;
      uint64_t start = now();
      int error = posix_spawn(&child, programs[p][0], &actions, NULL, programs[p], environ);
      if (error) {
        fprintf(stderr, "spawn: %s: %s\n", programs[p][0], strerror(error));
        return 1;
      }
      while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
      }
      uint64_t taken = now() - start;
      if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "spawn: %s: ended with status %d\n", programs[p][0], status);
        return 1;
      }
      // The first rounds only warm up.
      if (run >= 0)
        times[p * runs + run] = taken;
    }
  }
  for (int p = 0; p < program_count; p++) {
    uint64_t *mine = times + p * runs;
    qsort(mine, (size_t)runs, sizeof *mine, compare);
    printf("%llu %llu %llu\n", (unsigned long long)mine[runs / 2], (unsigned long long)mine[0],
           (unsigned long long)mine[runs - 1]);
  }
  free(times);
  return 0;
}
