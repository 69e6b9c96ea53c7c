#include "CProcess.h"
#include "wait.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

// In the child, which is a copy of a process with threads: nothing but async-signal-safe functions.
static _Noreturn void start(char *const arguments[], const int streams[3], int errors) {
  for (int stream = 0; stream < 3; stream++)
    if (streams[stream] >= 0 && dup2(streams[stream], stream) < 0)
      goto failed;
  if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
    execve(arguments[0], arguments, environ);
failed:;
  int error = errno;
  // The parent sees the end of the child if it can't read this.
  if (write(errors, &error, sizeof error) < 0) {
  }
  _exit(127);
}

// VmHWM: what the memory that execve made held at most.
static uint64_t resident_at_most(pid_t process) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%ld/status", (long)process);
  FILE *file = fopen(path, "re");
  if (!file)
    return 0;
  uint64_t kilobytes = 0;
  while (fgets(line, sizeof line, file))
    if (strncmp(line, "VmHWM:", 6) == 0)
      kilobytes = strtoull(line + 6, NULL, 10);
  fclose(file);
  return kilobytes * 1024;
}

// Nobody would end a program that is given up, and it would stay a zombie: it ends here.
static int give_up(pid_t process, struct wasmaot_peak *peak, int error) {
  kill(process, SIGKILL);
  // On its way it may stop once more.
  while (wasmaot_wait_for_change(process, &peak->status) > 0 && WIFSTOPPED(peak->status))
    ptrace(PTRACE_CONT, process, NULL, NULL);
  return error;
}

// Follows a program that has just become what it is, to its end.
static int follow(pid_t process, struct wasmaot_peak *peak) {
  // Should this process end, the program does, too.
  if (ptrace(PTRACE_SETOPTIONS, process, NULL,
             (void *)(uintptr_t)(PTRACE_O_TRACEEXIT | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)) != 0)
    return give_up(process, peak, errno);
  int signal = 0;
  for (;;) {
    // ESRCH: it was killed meanwhile, and its end comes next.
    if (ptrace(PTRACE_CONT, process, NULL, (void *)(uintptr_t)signal) != 0 && errno != ESRCH)
      return give_up(process, peak, errno);
    if (wasmaot_wait_for_change(process, &peak->status) < 0)
      return give_up(process, peak, errno);
    if (!WIFSTOPPED(peak->status))
      return peak->bytes ? 0 : ENODATA;
    int event = (int)((unsigned)peak->status >> 16);
    if (event == PTRACE_EVENT_EXIT)
      peak->bytes = resident_at_most(process);
    // All other stops are signals, which are the program's.
    signal = event ? 0 : WSTOPSIG(peak->status);
  }
}

int wasmaot_measure_peak(char *const arguments[], const int streams[3], struct wasmaot_peak *peak) {
  *peak = (struct wasmaot_peak){0};
  int pipes[2];
  if (pipe2(pipes, O_CLOEXEC) != 0)
    return errno;
  pid_t process = fork();
  if (process == 0)
    start(arguments, streams, pipes[1]);
  int error = process < 0 ? errno : 0;
  close(pipes[1]);
  if (!error) {
    wasmaot_ends_with_signals(process);
    if (wasmaot_wait_for_change(process, &peak->status) < 0)
      error = errno;
  }
  // The stop that execve makes.
  if (!error && WIFSTOPPED(peak->status))
    error = follow(process, peak);
  else if (!error && read(pipes[0], &error, sizeof error) != sizeof error)
    error = EPERM;
  close(pipes[0]);
  return error;
}
