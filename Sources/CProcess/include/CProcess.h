// What a process did with its memory: ptrace, which Swift can't call.
#pragma once

#include <stdint.h>

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
// program's end went unseen (another thread ended it).
//
// Not wait4's ru_maxrss: Linux carries the most that was resident before execve over into it, and a
// child starts with its parent's memory, so that a program of 300 KB would seem to take as much as
// a compiler that has LLVM loaded.
int wasmaot_measure_peak(char *const arguments[], const int streams[3], struct wasmaot_peak *peak);
