// The second wall: before the guest's first instruction the process gives up, for good, what its
// program has no use for. Should the guest ever get out of its memory or the runtime's checks fail,
// the kernel still refuses what was not granted.
//
// seccomp: the filter of system calls that the compiler made of what is linked in. Landlock: the
// granted directories are all of the file system that can be opened. Both need no privileges, and
// nothing that runs later can take them back.
#include "../common/sys.h"
#include "runtime.h"

#include <errno.h>
#include <sys/prctl.h>

// linux/seccomp.h, linux/filter.h and linux/landlock.h, which C libraries don't bring along.
#define SECCOMP_SET_MODE_FILTER 1
// Without it kernels before 5.16 switch speculative store bypass off for the process, against
// attackers in the same process as what they read; here there is one guest and nothing else, and
// stores would be the slower for it.
#define SECCOMP_FILTER_FLAG_SPEC_ALLOW 4

struct sock_fprog {
  unsigned short count;
  const void *instructions;
};

#define SYS_landlock_create_ruleset_ 444
#define SYS_landlock_add_rule_ 445
#define SYS_landlock_restrict_self_ 446
#define LANDLOCK_CREATE_RULESET_VERSION 1
#define LANDLOCK_RULE_PATH_BENEATH 1

struct landlock_ruleset_attr {
  uint64_t files;
  uint64_t network; // ABI 4
  uint64_t scopes;  // ABI 6
};
struct landlock_path_beneath_attr {
  uint64_t allowed;
  int32_t directory;
} __attribute__((packed));

enum {
  FILE_EXECUTE = 1 << 0,
  FILE_WRITE = 1 << 1,
  FILE_READ = 1 << 2,
  READ_DIR = 1 << 3,
  REMOVE_DIR = 1 << 4,
  REMOVE_FILE = 1 << 5,
  MAKE_CHAR = 1 << 6,
  MAKE_DIR = 1 << 7,
  MAKE_REG = 1 << 8,
  MAKE_SOCK = 1 << 9,
  MAKE_FIFO = 1 << 10,
  MAKE_BLOCK = 1 << 11,
  MAKE_SYM = 1 << 12,
  REFER = 1 << 13,     // ABI 2: moving and linking between directories
  TRUNCATE = 1 << 14,  // ABI 3
  IOCTL_DEV = 1 << 15, // ABI 5
};
#define RIGHTS_OF_ABI_1 (REFER - 1)
#define TCP_BIND_AND_CONNECT 3
#define ABSTRACT_SOCKETS_AND_SIGNALS 3

// What a guest does with directories. Nothing is executed; devices, pipes and sockets are not made
// (the filter has no call that makes one), but moved, which takes the same right. Control of
// devices is up to the filter.
#define READ_RIGHTS (FILE_READ | READ_DIR | IOCTL_DEV)
#define WRITE_RIGHTS                                                                               \
  (FILE_WRITE | REMOVE_DIR | REMOVE_FILE | MAKE_CHAR | MAKE_DIR | MAKE_REG | MAKE_SOCK |           \
   MAKE_FIFO | MAKE_BLOCK | MAKE_SYM | REFER | TRUNCATE)

static bool is_required(void) { return wasmaot_process.sandbox.mode == WASMAOT_SANDBOX_REQUIRE; }

// The kernel lacks something. With "auto" the app runs all the same, as it did before there was a
// second wall.
static void lacks(const char *what, long error) {
  if (!is_required())
    return;
  struct wasmaot_text text;
  text.length = 0;
  wasmaot_text_add(&text, "wasmaot: the sandbox that this program requires is not to be had: ");
  wasmaot_text_add(&text, what);
  wasmaot_text_add(&text, " (errno ");
  wasmaot_text_add_decimal(&text, (uint64_t)-error);
  wasmaot_text_add(&text, "); build it with --sandbox=auto to run with what the system has");
  wasmaot_text_write(&text, 2);
  wasmaot_exit(WASMAOT_EXIT_START);
}

// ---- Landlock ---------------------------------------------------------------------------------

enum { UNKNOWN = -1, ABSENT = -2 };
static int ruleset = UNKNOWN;
static uint64_t handled_files;

// Everything that the kernel's Landlock knows is denied where no rule allows it. (It refuses bits
// that it doesn't know.)
static void create_ruleset(void) {
  ruleset = ABSENT;
  long abi = sys3(SYS_landlock_create_ruleset_, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (sys_failed(abi)) {
    lacks("the kernel has no Landlock, or it is switched off", abi);
    return;
  }
  // The first version denies every move between directories, also inside a grant: programs that
  // move files would break.
  if (abi < 2 && (wasmaot_process.sandbox.flags & WASMAOT_SANDBOX_MOVES) != 0) {
    lacks("the kernel's Landlock is too old for programs that move files", -EOPNOTSUPP);
    return;
  }
  struct landlock_ruleset_attr attributes = {.files = RIGHTS_OF_ABI_1};
  size_t size = sizeof attributes.files;
  if (abi >= 2)
    attributes.files |= REFER;
  if (abi >= 3)
    attributes.files |= TRUNCATE;
  if (abi >= 4) {
    attributes.network = TCP_BIND_AND_CONNECT;
    size += sizeof attributes.network;
  }
  if (abi >= 5)
    attributes.files |= IOCTL_DEV;
  if (abi >= 6) {
    attributes.scopes = ABSTRACT_SOCKETS_AND_SIGNALS;
    size += sizeof attributes.scopes;
  }
  handled_files = attributes.files;
  long created = sys3(SYS_landlock_create_ruleset_, &attributes, size, 0);
  if (sys_failed(created))
    lacks("the kernel refuses Landlock's rules", created);
  else
    ruleset = (int)created;
}

void wasmaot_sandbox_grant(int directory, bool read_only) {
  const struct wasmaot_sandbox *sandbox = &wasmaot_process.sandbox;
  if (sandbox->mode == WASMAOT_SANDBOX_OFF || (sandbox->flags & WASMAOT_SANDBOX_PATHS) == 0)
    return;
  if (ruleset == UNKNOWN)
    create_ruleset();
  if (ruleset == ABSENT)
    return;
  uint64_t rights = read_only ? READ_RIGHTS : READ_RIGHTS | WRITE_RIGHTS;
  struct landlock_path_beneath_attr rule = {rights & handled_files, directory};
  long error = sys4(SYS_landlock_add_rule_, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  if (!sys_failed(error))
    return;
  // Denying what was granted would break the program.
  sys1(SYS_close, ruleset);
  ruleset = ABSENT;
  lacks("the kernel's Landlock knows no rules for a granted directory's file system", error);
}

static void restrict_files(void) {
  if (ruleset == UNKNOWN)
    create_ruleset();
  if (ruleset == ABSENT)
    return;
  long error = sys2(SYS_landlock_restrict_self_, ruleset, 0);
  sys1(SYS_close, ruleset);
  if (sys_failed(error))
    lacks("the kernel refuses to apply Landlock's rules", error);
}

// ---- seccomp ----------------------------------------------------------------------------------

static bool filter_calls(void) {
  const struct wasmaot_sandbox *sandbox = &wasmaot_process.sandbox;
  struct sock_fprog program = {(unsigned short)sandbox->filter_length, sandbox->filter};
  long error = sys3(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
  if (error == -EINVAL) // before Linux 4.17
    error = sys3(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
  if (sys_failed(error))
    lacks("the kernel has no seccomp filters, or refuses this one", error);
  return !sys_failed(error);
}

void wasmaot_sandbox_start(void) {
  const struct wasmaot_sandbox *sandbox = &wasmaot_process.sandbox;
  if (sandbox->mode == WASMAOT_SANDBOX_OFF)
    return;
  // Both walls demand it of the unprivileged: a program with more rights, started from here, would
  // be confined by whoever is not.
  long error = sys5(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (sys_failed(error)) {
    lacks("the kernel has no no_new_privs", error);
    return;
  }
  // Landlock watches over paths that are opened or changed, over TCP ports and over signals.
  // Without a function that opens paths, the filter refuses every call of that kind (open, mkdir,
  // unlink, rename, link, socket, kill, ... of any form): there is nothing left for Landlock to do,
  // and hello world starts the quicker. Without a filter it does what it can.
  bool opens_paths = (sandbox->flags & WASMAOT_SANDBOX_PATHS) != 0;
  if (opens_paths)
    restrict_files();
  // Last: it does not allow these calls.
  if (!filter_calls() && !opens_paths)
    restrict_files();
}
