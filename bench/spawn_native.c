// Threads, one after the other, as bench/spawn.wat has them.
#include <pthread.h>
#include <stdlib.h>

static void *nothing(void *argument) { return argument; }

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 1;
  for (int i = 0; i < count; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, nothing, NULL) != 0 || pthread_join(thread, NULL) != 0)
      return 1;
  }
}
