// Waiting for a program so that no signal is lost: whenever it arrives, and in whichever thread,
// its handler ends the program, and so what waits for it.

#include "wait.h"
#include "CProcess.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/wait.h>

static _Atomic int noted;
static _Atomic pid_t running;

static void note(int number) {
  int error = errno;
  noted = number;
  pid_t process = running;
  if (process > 0)
    kill(process, SIGKILL);
  errno = error;
}

void wasmaot_watch_signals(void) {
  static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    struct sigaction action;
    if (sigaction(numbers[i], NULL, &action) != 0 || action.sa_handler == SIG_IGN)
      continue;
    action = (struct sigaction){.sa_handler = note};
    sigemptyset(&action.sa_mask);
    sigaction(numbers[i], &action, NULL);
  }
}

int wasmaot_noted_signal(void) { return noted; }

void wasmaot_ends_with_signals(pid_t process) {
  running = process;
  // In this order: a signal between the two finds the child.
  if (noted)
    kill(process, SIGKILL);
}

pid_t wasmaot_wait_for_change(pid_t process, int *status) {
  siginfo_t change;
  int result;
  do
    result = waitid(P_PID, (id_t)process, &change, WEXITED | WNOWAIT);
  while (result != 0 && errno == EINTR);
  // Until it is waited for, its number is nobody else's.
  if (result != 0 || change.si_code == CLD_EXITED || change.si_code == CLD_KILLED ||
      change.si_code == CLD_DUMPED)
    running = 0;
  if (result != 0)
    return -1;
  pid_t changed;
  do
    changed = waitpid(process, status, 0);
  while (changed < 0 && errno == EINTR);
  return changed;
}

int wasmaot_wait(pid_t process, int *status) {
  wasmaot_ends_with_signals(process);
  return wasmaot_wait_for_change(process, status) < 0 ? errno : 0;
}
