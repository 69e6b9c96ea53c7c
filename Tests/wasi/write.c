// Writes what its arguments say, one call each: the descriptor, a colon, bytes in hexadecimal.
// Fails unless all bytes were taken.
#include "check.h"

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    char bytes[8192];
    u32 size = 0;
    u32 fd = (u32)atoi(argv[i]);
    for (const char *digits = strchr(argv[i], ':') + 1; *digits; digits += 2) {
      unsigned byte;
      sscanf(digits, "%2x", &byte);
      bytes[size++] = (char)byte;
    }
    // In buffers of every size, so that characters are cut.
    struct iovec32 iovecs[3] = {iovec_of(bytes, size / 3),
                                iovec_of(bytes + size / 3, size / 2 - size / 3),
                                iovec_of(bytes + size / 2, size - size / 2)};
    u32 count = 0;
    if (w_fd_write(fd, ADDRESS(iovecs), 3, ADDRESS(&count)) != OK || count != size)
      return 1;
  }
  return 0;
}
