// Runs a program on a kernel that seems to lack some system calls:
//
//   refuse_calls ERRNO NUMBER[,NUMBER...] PROGRAM ARGUMENT...
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#define MAX_CALLS 16

int main(int argc, char **argv) {
  struct sock_filter filter[2 * MAX_CALLS + 2] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
  unsigned short length = 1;
  if (argc < 4)
    return 125;
  unsigned error = (unsigned)atoi(argv[1]);
  char *at = argv[2];
  for (int i = 0; i < MAX_CALLS && *at; i++) {
    unsigned number = (unsigned)strtoul(at, &at, 10);
    filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error);
    if (*at == ',')
      at++;
  }
  filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog program = {length, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    return 125;
  execv(argv[3], argv + 3);
  return 126;
}
