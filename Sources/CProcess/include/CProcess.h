// Programs that are run to be measured: what Swift can't call, or would have to call differently
// with each C library.
#pragma once

#include <stdint.h>
#include <sys/types.h>

struct wasmaot_peak {
  // As waitpid gives it.
  int status;
  // The most memory that was resident, in bytes.
  uint64_t bytes;
};

// Runs a program to its end, with these descriptors as its standard streams, and says how much
// memory it took. A descriptor that is -1 stays the caller's. `arguments` ends with NULL; the first
// is the program's path.
//
// Returns 0, or an errno: EPERM and ENOSYS where the system lets nobody trace, ENODATA where the
// program's end went unseen (another thread ended it). The program has ended whatever is returned.
//
// Not wait4's ru_maxrss: Linux carries the most that was resident before execve over into it, and a
// child starts with its parent's memory, so that a program of 300 KB would seem to take as much as
// a compiler that has LLVM loaded.
int wasmaot_measure_peak(char *const arguments[], const int streams[3], struct wasmaot_peak *peak);

// From now on SIGINT, SIGTERM and SIGHUP are noted, and end the program that is waited for, but not
// this one. A signal that is ignored (nohup) stays ignored.
void wasmaot_watch_signals(void);

// The signal that was noted, or 0.
int wasmaot_noted_signal(void);

// Waits for the end of a child, which a signal that is watched brings about; one that was noted
// before, too. Returns 0, or an errno.
int wasmaot_wait(pid_t process, int *status);

// From now on no file that this process or one that it starts writes may become larger.
void wasmaot_limit_files(uint64_t bytes);
