// System calls, straight to the kernel: they return -errno, need no thread-local errno and no
// cancellation points, and this list is all that an app can ask the kernel for (but for what libc
// does in starting up, clock_gettime in the vDSO, and sigaction).
#ifndef WASMAOT_SYS_H
#define WASMAOT_SYS_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#if !defined(__x86_64__)
#error "the runtime knows the system call convention of x86-64 only"
#endif

static inline long sys6(long number, long a, long b, long c, long d, long e, long f) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
#define SYS_ARGUMENT(x) ((long)(x))
#define sys0(n) sys6(n, 0, 0, 0, 0, 0, 0)
#define sys1(n, a) sys6(n, SYS_ARGUMENT(a), 0, 0, 0, 0, 0)
#define sys2(n, a, b) sys6(n, SYS_ARGUMENT(a), SYS_ARGUMENT(b), 0, 0, 0, 0)
#define sys3(n, a, b, c) sys6(n, SYS_ARGUMENT(a), SYS_ARGUMENT(b), SYS_ARGUMENT(c), 0, 0, 0)
#define sys4(n, a, b, c, d)                                                                        \
  sys6(n, SYS_ARGUMENT(a), SYS_ARGUMENT(b), SYS_ARGUMENT(c), SYS_ARGUMENT(d), 0, 0)
#define sys5(n, a, b, c, d, e)                                                                     \
  sys6(n, SYS_ARGUMENT(a), SYS_ARGUMENT(b), SYS_ARGUMENT(c), SYS_ARGUMENT(d), SYS_ARGUMENT(e), 0)

// Whether a raw result is an error: the kernel keeps the last page of values for -errno.
static inline int sys_failed(long result) { return (unsigned long)result > -4096ul; }

// ---- Signals ----------------------------------------------------------------------------------

// struct sigaction as the kernel has it. libc's function would block signals around the call and
// keep tables.
struct sys_sigaction {
  uintptr_t handler; // SIG_DFL (0), SIG_IGN (1), or a function of the form that flags say
  unsigned long flags;
  void (*restorer)(void);
  uint64_t mask;
};
#define SYS_SA_RESTORER 0x04000000ul

static inline long sys_sigaction(int signal, const struct sys_sigaction *action,
                                 struct sys_sigaction *previous) {
  return sys4(SYS_rt_sigaction, signal, action, previous, sizeof(uint64_t));
}

#endif
