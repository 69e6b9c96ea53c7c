// Runs a program with a terminal for standard output and error, and copies what the terminal gets
// to its own standard output: pty PROGRAM ARGUMENT...
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

int main(int argc, char **argv) {
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (argc < 2 || master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
    return 125;
  int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
  struct termios attributes;
  if (terminal < 0 || tcgetattr(terminal, &attributes) != 0)
    return 125;
  cfmakeraw(&attributes); // bytes arrive as they were written
  tcsetattr(terminal, TCSANOW, &attributes);
  pid_t child = fork();
  if (child == 0) {
    dup2(terminal, 1);
    dup2(terminal, 2);
    execv(argv[1], argv + 1);
    _exit(126);
  }
  close(terminal);
  char buffer[4096];
  ssize_t size;
  while ((size = read(master, buffer, sizeof buffer)) > 0) // until all have closed the terminal
    if (write(1, buffer, (size_t)size) != size)
      return 125;
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 124;
}
