// The guest's descriptors: a table of its own, so that no number of the host's means anything to
// it.
#include "wasi.h"

#include <errno.h>
#include <signal.h>

// As many as a process gets from the kernel by default. Closed ones lie in .bss and cost nothing.
#define MAX_DESCRIPTORS 1024

static struct wasmaot_descriptor descriptors[MAX_DESCRIPTORS];

// Looks at a standard stream when it is first used: most programs use one of three.
static void look_at(struct wasmaot_descriptor *descriptor) {
  descriptor->is_unknown = false;
  long flags = sys2(SYS_fcntl, descriptor->host, F_GETFL);
  if (sys_failed(flags)) { // closed when the program was started
    descriptor->is_open = false;
    return;
  }
  descriptor->rights = RIGHTS_OF_FILE;
  if ((flags & O_ACCMODE) == O_RDONLY)
    descriptor->rights &= ~(RIGHT_FD_WRITE | RIGHT_FD_ALLOCATE | RIGHT_FD_FILESTAT_SET_SIZE);
  if ((flags & O_ACCMODE) == O_WRONLY)
    descriptor->rights &= ~RIGHT_FD_READ;
  // Guests take a character device that can't seek for a terminal. (isatty of wasi-libc.)
  if (sys_failed(sys3(SYS_lseek, descriptor->host, 0, SEEK_CUR)))
    descriptor->rights &= ~(RIGHT_FD_SEEK | RIGHT_FD_TELL);
}

uint32_t wasmaot_wasi_descriptor(uint32_t fd, uint64_t rights, struct wasmaot_descriptor **found) {
  if (fd >= MAX_DESCRIPTORS)
    return WASI_EBADF;
  struct wasmaot_descriptor *descriptor = &descriptors[fd];
  if (descriptor->is_unknown)
    look_at(descriptor);
  if (!descriptor->is_open)
    return WASI_EBADF;
  *found = descriptor;
  uint64_t missing = rights & ~descriptor->rights;
  if (missing == 0)
    return WASI_SUCCESS;
  // What POSIX says where it knows the mistake; the rest are rights that the guest gave up.
  if ((missing & ~(RIGHTS_OF_DIRECTORY & ~RIGHTS_OF_FILE)) == 0 && !descriptor->is_directory)
    return WASI_ENOTDIR;
  if ((missing & (RIGHT_FD_READ | RIGHT_FD_WRITE)) != 0)
    return WASI_EBADF;
  if ((missing & (RIGHT_FD_SEEK | RIGHT_FD_TELL)) != 0)
    return descriptor->is_directory ? WASI_EBADF : WASI_ESPIPE;
  return WASI_ENOTCAPABLE;
}

uint32_t wasmaot_wasi_writable(uint32_t fd, uint64_t rights, struct wasmaot_descriptor **found) {
  uint32_t error = wasmaot_wasi_descriptor(fd, rights, found);
  return error == WASI_SUCCESS && (*found)->read_only ? WASI_EPERM : error;
}

uint32_t wasmaot_wasi_allocate(uint32_t *fd, struct wasmaot_descriptor **allocated) {
  for (uint32_t i = 0; i < MAX_DESCRIPTORS; i++) {
    if (descriptors[i].is_open)
      continue;
    descriptors[i] = (struct wasmaot_descriptor){.is_open = true};
    *fd = i;
    *allocated = &descriptors[i];
    return WASI_SUCCESS;
  }
  return WASI_EMFILE;
}

// ---- Start ------------------------------------------------------------------------------------

static void preopen(const struct wasmaot_grant *grant) {
  uint32_t fd;
  struct wasmaot_descriptor *descriptor;
  if (wasmaot_wasi_allocate(&fd, &descriptor) != WASI_SUCCESS)
    wasmaot_fail(WASMAOT_EXIT_START, "too many directories are granted", NULL, NULL);
  // O_CLOEXEC throughout: were a program ever started from here, it would inherit nothing.
  long host = sys4(SYS_openat, AT_FDCWD, grant->host, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (sys_failed(host))
    wasmaot_fail(WASMAOT_EXIT_START, "cannot open the granted directory '", grant->host,
                 host == -ENOENT    ? "': no such directory"
                 : host == -EACCES  ? "': permission denied"
                 : host == -ENOTDIR ? "': not a directory"
                                    : "'");
  descriptor->host = (int)host;
  descriptor->is_directory = true;
  descriptor->is_preopen = true;
  descriptor->read_only = grant->read_only;
  descriptor->rights = RIGHTS_OF_DIRECTORY;
  // Also for a read-only grant: the guest asks for what it needs, and opening is what refuses.
  descriptor->rights_inheriting = RIGHTS_OF_DIRECTORY | RIGHTS_OF_FILE;
  descriptor->name = grant->guest;
}

void wasmaot_wasi_start(void) {
  // Before the directories, so that none of them passes for a standard stream that is closed.
  for (int host = 0; host < 3; host++)
    descriptors[host] =
        (struct wasmaot_descriptor){.is_open = true, .is_unknown = true, .host = host};
  struct wasmaot_grant_iterator grants = {0};
  struct wasmaot_grant grant;
  while (wasmaot_grant_next(&grants, &grant))
    if (grant.kind == WASMAOT_GRANT_DIR)
      preopen(&grant);
  // Writing to a closed pipe is an error that the guest sees (EPIPE), not the end of the process.
  struct sys_sigaction ignore = {.handler = (uintptr_t)SIG_IGN};
  sys_sigaction(SIGPIPE, &ignore, NULL);
}

// ---- Calls ------------------------------------------------------------------------------------

uint32_t wasmaot_wasi_fd_close(uint32_t fd) {
  struct wasmaot_descriptor *descriptor;
  uint32_t error = wasmaot_wasi_descriptor(fd, 0, &descriptor);
  if (error != WASI_SUCCESS)
    return error;
  int host = descriptor->host;
  *descriptor = (struct wasmaot_descriptor){0};
  // Linux closes the descriptor even where close fails; EINTR is not for the guest to retry.
  long result = sys1(SYS_close, host);
  return result == -EINTR ? WASI_SUCCESS : wasmaot_wasi_errno(result);
}

uint32_t wasmaot_wasi_fd_renumber(uint32_t from, uint32_t to) {
  struct wasmaot_descriptor *source;
  struct wasmaot_descriptor *target;
  uint32_t error = wasmaot_wasi_descriptor(from, 0, &source);
  if (error == WASI_SUCCESS)
    error = wasmaot_wasi_descriptor(to, 0, &target);
  if (error != WASI_SUCCESS || from == to)
    return error;
  sys1(SYS_close, target->host);
  *target = *source;
  *source = (struct wasmaot_descriptor){0};
  return WASI_SUCCESS;
}
