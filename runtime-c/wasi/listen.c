// Opening sockets to listen at, before the guest runs: it can't open any itself.
#include "internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

// Connections that wait to be accepted.
#define BACKLOG 128

union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

// 1 to 65535, decimal, nothing else; 0 otherwise. (Port 0 is one that the kernel chooses, and
// nobody would know.)
static uint16_t parse_port(const char *text) {
  uint32_t port = 0;
  for (; *text; text++) {
    if (*text < '0' || *text > '9' || port > 6553)
      return 0;
    port = port * 10 + (uint32_t)(*text - '0');
  }
  return port <= UINT16_MAX ? (uint16_t)port : 0;
}

// Size of the address, 0 if the text is none.
static socklen_t parse(const char *text, union address *address) {
  char host[INET6_ADDRSTRLEN];
  const char *colon = strrchr(text, ':');
  uint16_t port = colon ? parse_port(colon + 1) : 0;
  bool is_v6 = text[0] == '[';
  const char *start = is_v6 ? text + 1 : text;
  const char *end = is_v6 && colon ? colon - 1 : colon;
  if (port == 0 || end <= start || (is_v6 && *end != ']') || (size_t)(end - start) >= sizeof host)
    return 0;
  memcpy(host, start, (size_t)(end - start));
  host[end - start] = 0;
  memset(address, 0, sizeof *address);
  if (is_v6) {
    address->v6.sin6_family = AF_INET6;
    address->v6.sin6_port = htons(port);
    return inet_pton(AF_INET6, host, &address->v6.sin6_addr) == 1 ? sizeof address->v6 : 0;
  }
  address->v4.sin_family = AF_INET;
  address->v4.sin_port = htons(port);
  return inet_pton(AF_INET, host, &address->v4.sin_addr) == 1 ? sizeof address->v4 : 0;
}

int wasmaot_wasi_listen(const char *text) {
  union address address;
  socklen_t size = parse(text, &address);
  if (size == 0)
    return -EINVAL;
  const int on = 1;
  long host = sys3(SYS_socket, address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (sys_failed(host))
    return (int)host;
  // So that a server that was just restarted needn't wait for its old connections to be forgotten.
  sys5(SYS_setsockopt, host, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // What was granted is one address, not those of another protocol beside it.
  if (address.any.sa_family == AF_INET6)
    sys5(SYS_setsockopt, host, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  long result = sys3(SYS_bind, host, &address, size);
  if (!sys_failed(result))
    result = sys2(SYS_listen, host, BACKLOG);
  if (sys_failed(result)) {
    sys1(SYS_close, host);
    return (int)result;
  }
  return (int)host;
}
