// Exchanges directories and files with symbolic links, as fast as it can: the other half of a race
// with a guest that resolves paths.
//
//   swapper A B [A B]... -- COMMAND [ARGUMENT]...    runs the command; as long as it does, A and B
//   change places, atomically, over and over; they end as they began
//
// It prints how often, after what the command prints, and has the command's status.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define RENAME_EXCHANGE 2

int main(int argc, char **argv) {
  int pairs_end = 1;
  while (pairs_end < argc && strcmp(argv[pairs_end], "--") != 0)
    pairs_end++;
  if (pairs_end + 1 >= argc)
    return 2;
  pid_t command = fork();
  if (command == 0) {
    execv(argv[pairs_end + 1], &argv[pairs_end + 1]);
    perror(argv[pairs_end + 1]);
    _exit(126);
  }
  if (command < 0) {
    perror("fork");
    return 1;
  }
  unsigned long rounds = 0;
  int status = -1;
  for (pid_t ended = 0; ended == 0 || rounds % 2 != 0; rounds++) {
    for (int i = 1; i + 1 < pairs_end; i += 2) {
      if (syscall(SYS_renameat2, AT_FDCWD, argv[i], AT_FDCWD, argv[i + 1], RENAME_EXCHANGE) != 0) {
        perror(argv[i]);
        return 1;
      }
    }
    if (ended == 0)
      ended = waitpid(command, &status, WNOHANG);
  }
  printf("%lu\n", rounds);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
