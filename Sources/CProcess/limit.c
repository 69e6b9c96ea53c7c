#include "CProcess.h"

#include <sys/resource.h>

void wasmaot_limit_files(uint64_t bytes) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur <= bytes)
    return;
  limit.rlim_cur = bytes;
  setrlimit(RLIMIT_FSIZE, &limit);
}
