// Sockets that a program was given to listen at.
#include "wasi.h"

#include <errno.h>

static const char *reason(int error) {
  switch (error) {
  case -EINVAL:
    return "': not ADDRESS:PORT or [ADDRESS]:PORT in numbers, with a port from 1 to 65535";
  case -EADDRINUSE:
    return "': the address is in use";
  case -EADDRNOTAVAIL:
    return "': not an address of this machine";
  case -EACCES:
    return "': permission denied";
  case -EAFNOSUPPORT:
    return "': this machine has no such protocol";
  default:
    return "'";
  }
}

void wasmaot_wasi_start_listeners(void) {
  struct wasmaot_grant_iterator grants = {0};
  struct wasmaot_grant grant;
  while (wasmaot_grant_next(&grants, &grant)) {
    if (grant.kind != WASMAOT_GRANT_LISTEN)
      continue;
    int host = wasmaot_wasi_listen(grant.host);
    if (host < 0)
      wasmaot_fail(WASMAOT_EXIT_START, "cannot listen at '", grant.host, reason(host));
    if (!wasmaot_wasi_add_listener(wasmaot_wasi, host))
      wasmaot_fail(WASMAOT_EXIT_START, "too many directories and listeners are granted", NULL,
                   NULL);
  }
}
