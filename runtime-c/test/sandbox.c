// Compiled code that has gone bad: it makes system calls of its own behind the second wall. The
// arguments are calls, each with as many words as it takes; for each a line with its result comes
// back, an error number or 0.
#include "guest.h"

#include "../common/sys.h"
#include "../src/runtime.h"

#include <fcntl.h>

// Nothing opens granted directories but for programs that work on descriptors.
HIDDEN uint32_t wasmaot_wasi_fd_prestat_get(uint32_t fd, uint32_t result);

static struct wasmaot_memory memory = MEMORY(1, 1);
static struct wasmaot_memory *const memories[] = {&memory};

static bool is(const char *a, const char *b) {
  while (*a && *a == *b) {
    a++;
    b++;
  }
  return *a == *b;
}

static void print(long result) {
  char line[8];
  int length = 0;
  int number = result < 0 ? (int)-result : 0;
  int power = 1;
  while (number / power >= 10)
    power *= 10;
  for (; power > 0; power /= 10)
    line[length++] = (char)('0' + number / power % 10);
  line[length++] = '\n';
  sys3(SYS_write, 1, line, length);
}

static long open_file(const char *path, int flags) {
  long opened = sys4(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0666);
  if (!sys_failed(opened))
    sys1(SYS_close, opened);
  return opened;
}

WASM static void entry(void) {
  wasmaot_wasi_fd_prestat_get(3, 0);
  char **word = wasmaot_process.argv + wasmaot_process.argument_start;
  while (*word) {
    const char *call = *word++;
    const char *path = *word ? *word++ : "";
    const char *other = "";
    if (is(call, "rename") || is(call, "link"))
      other = *word ? *word++ : "";
    if (is(call, "read"))
      print(open_file(path, O_RDONLY));
    else if (is(call, "list"))
      print(open_file(path, O_RDONLY | O_DIRECTORY));
    else if (is(call, "write"))
      print(open_file(path, O_WRONLY));
    else if (is(call, "truncate"))
      print(open_file(path, O_RDONLY | O_TRUNC));
    else if (is(call, "create"))
      print(open_file(path, O_WRONLY | O_CREAT | O_EXCL));
    else if (is(call, "mkdir"))
      print(sys3(SYS_mkdirat, AT_FDCWD, path, 0777));
    else if (is(call, "unlink"))
      print(sys3(SYS_unlinkat, AT_FDCWD, path, 0));
    else if (is(call, "rmdir"))
      print(sys3(SYS_unlinkat, AT_FDCWD, path, 0x200));
    else if (is(call, "symlink"))
      print(sys3(SYS_symlinkat, "target", AT_FDCWD, path));
    else if (is(call, "rename"))
      print(sys4(SYS_renameat, AT_FDCWD, path, AT_FDCWD, other));
    else if (is(call, "link"))
      print(sys5(SYS_linkat, AT_FDCWD, path, AT_FDCWD, other, 0));
    else if (is(call, "execute")) // a program; there is no way back
      print(sys3(SYS_execve, path, NULL, NULL));
    else if (is(call, "wait")) { // until standard input ends
      print(0);
      sys3(SYS_read, 0, at(0), 1);
    }
  }
}
MAP_FUNCTION(entry, 0);

HIDDEN const struct wasmaot_module wasmaot_module = {
    .abi_version = WASMAOT_ABI_VERSION,
    .memory_count = 1,
    .memories = memories,
    .entry = entry,
};
