// Descriptors of a program: standard streams, and the directories that were granted.
#include "wasi.h"

#include <errno.h>

static void open_directory(const struct wasmaot_grant *grant) {
  // O_CLOEXEC throughout: were a program ever started from here, it would inherit nothing.
  long host = sys4(SYS_openat, AT_FDCWD, grant->host, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (sys_failed(host))
    wasmaot_fail(WASMAOT_EXIT_START, "cannot open the granted directory '", grant->host,
                 host == -ENOENT    ? "': no such directory"
                 : host == -EACCES  ? "': permission denied"
                 : host == -ENOTDIR ? "': not a directory"
                                    : "'");
  // While it has this number: one that a closed standard stream left free is given up below, and a
  // rule for whatever got it then would leave the program without Landlock.
  if (wasmaot_sandbox_grant)
    wasmaot_sandbox_grant((int)host, grant->read_only);
  if (!wasmaot_wasi_add_directory(wasmaot_wasi, (int)host, grant->guest, grant->read_only))
    wasmaot_fail(WASMAOT_EXIT_START, "too many directories are granted", NULL, NULL);
}

void wasmaot_wasi_start_descriptors(void) {
  // Before the directories, so that none of them passes for a standard stream that is closed.
  for (int host = 0; host < 3; host++)
    wasmaot_wasi_add_stream(wasmaot_wasi, host);
  struct wasmaot_grant_iterator grants = {0};
  struct wasmaot_grant grant;
  while (wasmaot_grant_next(&grants, &grant))
    if (grant.kind == WASMAOT_GRANT_DIR)
      open_directory(&grant);
  if (wasmaot_wasi_start_listeners)
    wasmaot_wasi_start_listeners();
  if (wasmaot_process.raw_terminal)
    wasmaot_wasi_set_raw_terminal(wasmaot_wasi);
}

#define WASI_process(name, signature)
#define WASI_environment(name, signature)
#define WASI_descriptors WASI_BINDING
#include "../wasi/include/wasmaot_wasi_functions.h"
