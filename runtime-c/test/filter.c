// Puts up a filter of system calls, then makes one: filter FILE CALL. FILE holds the instructions
// as an app has them; "-" is none. The exit status is 0 if the call went through to the kernel,
// whatever the kernel said; 125 if the filter was refused.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

// Growth of a memory at its end.
#define GROWTH (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE)
#define MEMORIES 0x400000000000

// The page of code that main is in.
#define CODE ((uintptr_t)main & ~4095ul)
int main(int, char **);

static char memory[4096] __attribute__((aligned(4096)));
static struct iovec buffers[1] = {{memory, 0}};

#define CALLS(X)                                                                                   \
  X(write_1, SYS_write, 1, memory, 0)                                                              \
  X(write_2, SYS_write, 2, memory, 0)                                                              \
  X(writev, SYS_writev, 1, buffers, 1)                                                             \
  X(read, SYS_read, 0, memory, 0)                                                                  \
  X(fstat, SYS_fstat, 0, memory)                                                                   \
  X(fcntl_getfl, SYS_fcntl, 1, F_GETFL)                                                            \
  X(fcntl_setfl_append, SYS_fcntl, 1, F_SETFL, O_APPEND)                                           \
  X(fcntl_setfl_async, SYS_fcntl, 1, F_SETFL, O_ASYNC)                                             \
  X(fcntl_setown, SYS_fcntl, 1, F_SETOWN, 1)                                                       \
  X(fcntl_dupfd, SYS_fcntl, 1, F_DUPFD, 10)                                                        \
  X(ioctl_fionread, SYS_ioctl, 0, FIONREAD, memory)                                                \
  X(ioctl_tiocsti, SYS_ioctl, 0, TIOCSTI, memory)                                                  \
  X(lseek, SYS_lseek, 0, 1, SEEK_END)                                                              \
  X(mmap_anonymous, SYS_mmap, 0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)      \
  X(mmap_executable, SYS_mmap, 0, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)     \
  X(mmap_file, SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE, 0, 0)                                    \
  X(mmap_fixed, SYS_mmap, memory, 4096, 3,                                                         \
    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0)                                \
  X(mmap_grow, SYS_mmap, MEMORIES + 65536, 4096, 3, GROWTH, -1, 0)                                 \
  X(mmap_grow_executable, SYS_mmap, MEMORIES + 65536, 4096, 7, GROWTH, -1, 0)                      \
  X(mmap_grow_elsewhere, SYS_mmap, memory + sizeof memory, 4096, 3, GROWTH, -1, 0)                 \
  X(mmap_grow_over, SYS_mmap, MEMORIES, 4096, 3, GROWTH ^ MAP_FIXED_NOREPLACE | MAP_FIXED, -1, 0)  \
  X(mprotect_low, SYS_mprotect, 0x10000, 4096, PROT_READ | PROT_WRITE)                             \
  X(mprotect_high, SYS_mprotect, memory, 4096, PROT_READ | PROT_WRITE)                             \
  X(mprotect_executable, SYS_mprotect, memory, 4096, PROT_READ | PROT_EXEC)                        \
  X(mprotect_low_executable, SYS_mprotect, 0x10000, 4096, PROT_READ | PROT_EXEC)                   \
  X(mprotect_none, SYS_mprotect, memory, 4096, PROT_NONE)                                          \
  X(mmap_none, SYS_mmap, 0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)   \
  X(mmap_none_hint, SYS_mmap, MEMORIES, 4096, PROT_NONE,                                           \
    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)                                            \
  X(mmap_stack, SYS_mmap, 0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)              \
  X(madvise_guard, SYS_madvise, memory, 4096, 102)                                                 \
  X(madvise_free, SYS_madvise, memory, 4096, MADV_FREE)                                            \
  X(sigaction_setxid, SYS_rt_sigaction, 33, 0, 0, 8)                                               \
  X(sigaction_segv, SYS_rt_sigaction, SIGSEGV, 0, 0, 8)                                            \
  X(brk, SYS_brk, 0)                                                                               \
  X(sched_getaffinity, SYS_sched_getaffinity, 0, 8, memory)                                        \
  X(sched_setaffinity, SYS_sched_setaffinity, 0, 8, memory)                                        \
  X(mremap_code, SYS_mremap, CODE, 4096, 8192, MREMAP_MAYMOVE)                                     \
  X(mremap_fixed, SYS_mremap, memory, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, 0x10000)          \
  X(openat, SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY)                                           \
  X(open, SYS_open, "/dev/null", O_RDONLY)                                                         \
  X(execve, SYS_execve, "/bin/true", NULL, NULL)                                                   \
  X(execveat, SYS_execveat, AT_FDCWD, "/bin/true", NULL, NULL, 0)                                  \
  X(fork, SYS_fork)                                                                                \
  X(clone_process, SYS_clone, SIGCHLD, 0, 0, 0, 0)                                                 \
  X(clone_namespace, SYS_clone, CLONE_NEWUSER | 0x7d0f00, 0, 0, 0, 0)                              \
  X(clone3, SYS_clone3, NULL, 0)                                                                   \
  X(ptrace, SYS_ptrace, PTRACE_TRACEME, 0, 0, 0)                                                   \
  X(process_vm_readv, SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0)                                \
  X(process_vm_writev, SYS_process_vm_writev, 1, NULL, 0, NULL, 0, 0)                              \
  X(kill, SYS_kill, getppid(), 0)                                                                  \
  X(tgkill, SYS_tgkill, getpid(), getpid(), 0)                                                     \
  X(bpf, SYS_bpf, 0, NULL, 0)                                                                      \
  X(io_uring_setup, SYS_io_uring_setup, 1, NULL)                                                   \
  X(userfaultfd, SYS_userfaultfd, 0)                                                               \
  X(socket, SYS_socket, AF_INET, SOCK_STREAM, 0)                                                   \
  X(prctl, SYS_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0)                                                 \
  X(seccomp, SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, memory)                                     \
  X(sendto_address, SYS_sendto, 0, memory, 0, 0, memory, 16)                                       \
  X(x32, 0x40000000 | SYS_write, 2, memory, 0)                                                     \
  X(beyond, 0x7fffffff)

#define FUNCTION(name, ...)                                                                        \
  static void call_##name(void) { syscall(__VA_ARGS__); }
CALLS(FUNCTION)

// A system call of the 32-bit kernel interface: number 4 is write there, and stat here.
static void call_int80(void) {
  long number = 4;
  __asm__ volatile("int $0x80" : "+a"(number) : "b"(2), "c"(0), "d"(0) : "memory");
}

static const struct {
  const char *name;
  void (*call)(void);
} calls[] = {
#define ROW(name, ...) {#name, call_##name},
    CALLS(ROW){"int80", call_int80},
};

int main(int argc, char **argv) {
  static struct sock_filter instructions[4096];
  if (argc != 3)
    return 2;
  for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
    if (strcmp(calls[i].name, argv[2]) != 0)
      continue;
    if (strcmp(argv[1], "-") != 0) {
      FILE *file = fopen(argv[1], "r");
      size_t count = file ? fread(instructions, sizeof instructions[0], 4096, file) : 0;
      struct sock_fprog program = {(unsigned short)count, instructions};
      if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
          syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
        return 125;
    }
    calls[i].call();
    syscall(SYS_exit_group, 0);
  }
  return 2;
}
