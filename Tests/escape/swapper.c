// Exchanges directories and files with symbolic links, as fast as it can: the other half of a race
// with a guest that resolves paths.
//
//   swapper MILLISECONDS A B [A B]...    A and B change places, atomically, over and over; they end
//   as they began
//
// It prints how often.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define RENAME_EXCHANGE 2

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1000 + (double)time.tv_nsec / 1000000;
}

int main(int argc, char **argv) {
  double end = now() + (argc > 1 ? atof(argv[1]) : 0);
  unsigned long rounds = 0;
  for (; now() < end || rounds % 2 != 0; rounds++) {
    for (int i = 2; i + 1 < argc; i += 2) {
      if (syscall(SYS_renameat2, AT_FDCWD, argv[i], AT_FDCWD, argv[i + 1], RENAME_EXCHANGE) != 0) {
        perror(argv[i]);
        return 1;
      }
    }
  }
  printf("%lu\n", rounds);
  return 0;
}
