// Runs a program on a kernel that seems to have an older Landlock:
//
//   old_landlock ABI PROGRAM ARGUMENT...
//
// It answers the question for the version, and refuses rulesets with what that version does not
// know, as that version would. The rest is up to the kernel that there is.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define CREATE_RULESET 444
#define FIELDS 3

struct version {
  uint64_t known[FIELDS]; // rights over files, over the network, scopes
  uint64_t size;
};
static const struct version versions[] = {
    {{0, 0, 0}, 0},       {{0x1fff, 0, 0}, 8},  {{0x3fff, 0, 0}, 8},  {{0x7fff, 0, 0}, 8},
    {{0x7fff, 3, 0}, 16}, {{0xffff, 3, 0}, 16}, {{0xffff, 3, 3}, 24}, {{0xffff, 3, 3}, 24},
};

static int judge(pid_t process, const struct seccomp_data *call, const struct version *version) {
  uint64_t given[FIELDS] = {0};
  uint64_t size = call->args[1];
  struct iovec to = {given, size < sizeof given ? size : sizeof given};
  struct iovec from = {(void *)(uintptr_t)call->args[0], to.iov_len};
  if (process_vm_readv(process, &to, 1, &from, 1, 0) != (ssize_t)to.iov_len)
    return -EFAULT;
  for (int i = 0; i < FIELDS; i++) {
    if (i >= (int)(version->size / 8) && given[i] != 0)
      return -E2BIG;
    if ((given[i] & ~version->known[i]) != 0)
      return -EINVAL;
  }
  return 0;
}

static void serve(int listener, long abi) {
  struct seccomp_notif request;
  for (;;) {
    memset(&request, 0, sizeof request);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0)
      _exit(0); // the program is gone
    struct seccomp_notif_resp response = {.id = request.id};
    if (request.data.args[2] == 1)
      response.val = abi;
    else
      response.error = judge((pid_t)request.pid, &request.data, &versions[abi]);
    if (abi == 0) {
      response.val = 0;
      response.error = -EOPNOTSUPP;
    } else if (request.data.args[2] != 1 && response.error == 0) {
      response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    }
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
  }
}

static void send_descriptor(int socket, int descriptor) {
  char byte = 0, control[CMSG_SPACE(sizeof descriptor)];
  struct iovec part = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  *header = (struct cmsghdr){CMSG_LEN(sizeof descriptor), SOL_SOCKET, SCM_RIGHTS};
  memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  if (sendmsg(socket, &message, 0) != 1)
    _exit(125);
}

static int receive_descriptor(int socket) {
  int descriptor = -1;
  char byte, control[CMSG_SPACE(sizeof descriptor)];
  struct iovec part = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  if (recvmsg(socket, &message, 0) != 1 || !CMSG_FIRSTHDR(&message))
    _exit(125);
  memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof descriptor);
  return descriptor;
}

int main(int argc, char **argv) {
  int sockets[2];
  long abi = argc > 2 ? atol(argv[1]) : -1;
  if (abi < 0 || abi >= (long)(sizeof versions / sizeof versions[0]) ||
      socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0)
    return 125;
  // The program is this process; who answers is its child, and has its memory by being allowed to
  // read what the same user's processes have.
  pid_t server = fork();
  if (server == 0) {
    // Nothing of the program's may be held open by this.
    close(sockets[0]);
    close(0);
    close(1);
    close(2);
    int listener = receive_descriptor(sockets[1]);
    close(sockets[1]);
    serve(listener, abi);
  }
  close(sockets[1]);
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CREATE_RULESET, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
  if (server < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return 125;
  int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                              SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  if (listener < 0)
    return 125;
  send_descriptor(sockets[0], listener);
  close(listener);
  close(sockets[0]);
  execv(argv[2], argv + 2);
  return 126;
}
