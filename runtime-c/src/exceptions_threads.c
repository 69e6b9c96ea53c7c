// Exceptions of programs that start threads: the same, with state that each thread has for itself.
// What is in here is linked in place of exceptions.c and raise.c, because code calls it by other
// names.
#define WASMAOT_THREADS
#include "exceptions.c" // NOLINT: compiled twice
#include "raise.c"      // NOLINT: compiled twice
