// Counts of branches for --profile-use. The counters are mapped from a file that all runs share, so
// that nothing has to be written at the end: what was counted is there whatever ends the program,
// and runs add to what others have counted.
#include "../common/sys.h"
#include "runtime.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>

extern const struct wasmaot_profile_head wasmaot_profile_head;
extern uint64_t wasmaot_profile_counters[];

static const char *path;

static _Noreturn void fail(const char *what, const char *then) {
  wasmaot_fail(WASMAOT_EXIT_START, what, path, then);
}

// Whether the file begins as this program's head does, as far as these two go.
static bool has_own_head(int file, uint64_t size) {
  char bytes[4096];
  for (uint64_t done = 0; done < size;) {
    uint64_t wanted = size - done < sizeof bytes ? size - done : sizeof bytes;
    long count = sys4(SYS_pread64, file, bytes, wanted, done);
    if (sys_failed(count) || count == 0 ||
        memcmp(bytes, (const char *)&wasmaot_profile_head + done, (size_t)count) != 0)
      return false;
    done += (uint64_t)count;
  }
  return true;
}

static bool write_head(int file, uint64_t size) {
  for (uint64_t done = 0; done < size;) {
    const char *head = (const char *)&wasmaot_profile_head;
    long count = sys4(SYS_pwrite64, file, head + done, size - done, done);
    if (sys_failed(count) || count == 0)
      return false;
    done += (uint64_t)count;
  }
  return true;
}

// Memory without room on the disk behind it would be a fault at some later count: only a file
// system that can't say so is believed without.
static bool make_room(int file, uint64_t size) {
  long room = sys4(SYS_fallocate, file, 0, 0, size);
  if (room == -EOPNOTSUPP || room == -ENOSYS)
    room = sys2(SYS_ftruncate, file, size);
  return !sys_failed(room);
}

void wasmaot_profile_start(void) {
  static const char name[] = "WASMAOT_PROFILE_FILE";
  const char *variable = wasmaot_variable_inherited(name);
  path = variable ? variable + sizeof name : wasmaot_process.profile;
  // A guest that may write to the folder can make links in it, which lead where it may not write:
  // its own runs do not follow them, nor does this, which comes before the sandbox.
  long file =
      sys4(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0666);
  // Of several programs that start at once the first one makes the file.
  if (sys_failed(file) || sys_failed(sys2(SYS_flock, file, LOCK_EX)))
    fail("cannot open the profile ",
         file == -ELOOP ? ": it is a link" : "; WASMAOT_PROFILE_FILE names another file");
  uint64_t head_size = wasmaot_profile_head.counters_offset;
  uint64_t counters_size =
      (wasmaot_profile_head.counter_count * sizeof(uint64_t) + HOST_PAGE - 1) & ~(HOST_PAGE - 1);
  long size = sys3(SYS_lseek, file, 0, SEEK_END);
  uint64_t old_size = sys_failed(size) ? UINT64_MAX : (uint64_t)size; // it is a pipe
  if (old_size > head_size + counters_size ||
      !has_own_head((int)file, old_size < head_size ? old_size : head_size))
    fail("the profile ", " is of another program, or of another build; remove it, or name another "
                         "file in WASMAOT_PROFILE_FILE");
  // It is new, or who made it was ended meanwhile: the head first, so that what there is of it is
  // right.
  if (old_size < head_size + counters_size &&
      (!write_head((int)file, head_size) || !make_room((int)file, head_size + counters_size))) {
    sys2(SYS_ftruncate, file, old_size);
    fail("cannot write the profile ", "");
  }
  if (counters_size > 0) {
    long mapped = sys6(SYS_mmap, (long)wasmaot_profile_counters, (long)counters_size,
                       PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, (long)head_size);
    if (sys_failed(mapped))
      fail("cannot map the profile ", "");
  }
  // (Closing it does not: the mapping keeps it open.)
  sys2(SYS_flock, file, LOCK_UN);
  sys1(SYS_close, file);
}
