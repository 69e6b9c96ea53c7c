#pragma once

#include <sys/types.h>

// From now on a signal that is watched ends this child, and one that was noted before does now.
void wasmaot_ends_with_signals(pid_t process);

// Like waitpid without options, but that no signal interrupts it. When the child has ended, signals
// end nothing more.
pid_t wasmaot_wait_for_change(pid_t process, int *status);
