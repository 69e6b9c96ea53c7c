// Counts of branches for --profile-use. The counters are mapped from a file that all runs share, so
// that nothing has to be written at the end: what was counted is there whatever ends the program,
// and runs add to what others have counted.
#include "../common/sys.h"
#include "runtime.h"

#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>

extern const struct wasmaot_profile_head wasmaot_profile_head;
extern uint64_t wasmaot_profile_counters[];

static const char *path;

static _Noreturn void fail(const char *what, const char *then) {
  struct wasmaot_text text;
  text.length = 0;
  wasmaot_text_add(&text, "wasmaot: ");
  wasmaot_text_add(&text, what);
  wasmaot_text_add_untrusted(&text, path, strlen(path));
  wasmaot_text_add(&text, then);
  wasmaot_text_write(&text, 2);
  wasmaot_exit(WASMAOT_EXIT_START);
}

// Whether the file's head is this program's. `size` is the head's.
static bool has_own_head(int file, uint64_t size) {
  char bytes[4096];
  for (uint64_t done = 0; done < size;) {
    long count = sys4(SYS_pread64, file, bytes, sizeof bytes, done);
    if (sys_failed(count) || count == 0)
      return false;
    if ((uint64_t)count > size - done)
      count = (long)(size - done);
    if (memcmp(bytes, (const char *)&wasmaot_profile_head + done, (size_t)count) != 0)
      return false;
    done += (uint64_t)count;
  }
  return true;
}

static void write_head(int file, uint64_t size) {
  for (uint64_t done = 0; done < size;) {
    long count =
        sys4(SYS_pwrite64, file, (const char *)&wasmaot_profile_head + done, size - done, done);
    if (sys_failed(count) || count == 0)
      fail("cannot write the profile ", "");
    done += (uint64_t)count;
  }
}

void wasmaot_profile_start(void) {
  static const char name[] = "WASMAOT_PROFILE_FILE";
  const char *variable = wasmaot_variable_inherited(name);
  path = variable ? variable + sizeof name : wasmaot_process.profile;
  long file = sys4(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  // Of several programs that start at once the first one makes the file.
  if (sys_failed(file) || sys_failed(sys2(SYS_flock, file, LOCK_EX)))
    fail("cannot open the profile ", "; WASMAOT_PROFILE_FILE names another file");
  uint64_t head_size = wasmaot_profile_head.counters_offset;
  uint64_t counters_size =
      (wasmaot_profile_head.counter_count * sizeof(uint64_t) + HOST_PAGE - 1) & ~(HOST_PAGE - 1);
  long size = sys3(SYS_lseek, file, 0, SEEK_END);
  if (size == 0) {
    // Memory without room on the disk behind it would be a fault at some later count.
    long room = sys4(SYS_fallocate, file, 0, 0, head_size + counters_size);
    if (sys_failed(room))
      room = sys2(SYS_ftruncate, file, head_size + counters_size);
    if (sys_failed(room))
      fail("cannot write the profile ", "");
    write_head((int)file, head_size);
  } else if ((uint64_t)size != head_size + counters_size || !has_own_head((int)file, head_size)) {
    fail("the profile ", " is of another program, or of another build; remove it, or name another "
                         "file in WASMAOT_PROFILE_FILE");
  }
  long mapped = sys6(SYS_mmap, (long)wasmaot_profile_counters, (long)counters_size,
                     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, (long)head_size);
  if (sys_failed(mapped))
    fail("cannot map the profile ", "");
  sys1(SYS_close, file); // and with that unlock it
}
