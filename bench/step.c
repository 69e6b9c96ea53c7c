// step PROGRAM [ARGUMENT...]: runs a program, and counts the instructions between the first two
// times that it asks for the time: of a program of bench/suite that runs its kernel once, those of
// the kernel. The count is a line behind what the program prints.
//
// It runs one instruction at a time. Counters of the CPU are missing in most virtual machines, and
// valgrind has its own data where programs have memory 0. An instruction with a repeat prefix
// counts as often as it repeats.
//
// Status 1: the program did not end well, or asked for the time too seldom; 77: tracing is not
// permitted here.
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __x86_64__
#error "step knows the registers of x86-64 only"
#endif

enum { NOT_PERMITTED = 77, SYSCALL_STOP = SIGTRAP | 0x80, SYSCALL_LENGTH = 2 };

static pid_t child;

static _Noreturn void give_up(const char *what, int status) {
  fprintf(stderr, "step: %s\n", what);
  if (child > 0)
    kill(child, SIGKILL);
  exit(status);
}

static _Noreturn void fail(const char *what) {
  int error = errno;
  perror(what);
  give_up("it can't go on", error == EPERM || error == ENOSYS ? NOT_PERMITTED : 1);
}

static long trace(int request, void *address, void *data) {
  errno = 0;
  long result = ptrace(request, child, address, data);
  if (errno != 0)
    fail("ptrace");
  return result;
}

// Goes on to the next stop, and returns its signal; ends if the program does.
static int resume(int request, int signal) {
  trace(request, NULL, (void *)(intptr_t)signal);
  int status;
  if (waitpid(child, &status, 0) != child)
    fail("waitpid");
  if (WIFSTOPPED(status))
    return WSTOPSIG(status);
  child = 0;
  give_up("the program ended before it had asked for the time twice", 1);
}

static struct user_regs_struct get_registers(void) {
  struct user_regs_struct registers;
  trace(PTRACE_GETREGS, NULL, &registers);
  return registers;
}

// The vDSO tells the time without a system call, in a number of instructions that varies: a program
// that is not told of it asks the kernel.
static void hide_vdso(void) {
  // The number of arguments, they, the environment, each with a null behind it, and pairs.
  uintptr_t at = get_registers().rsp + sizeof(long);
  for (int lists = 0; lists < 2; at += sizeof(long))
    lists += trace(PTRACE_PEEKDATA, (void *)at, NULL) == 0;
  for (;; at += sizeof(Elf64_auxv_t)) {
    long type = trace(PTRACE_PEEKDATA, (void *)at, NULL);
    if (type == AT_NULL)
      return;
    if (type == AT_SYSINFO_EHDR)
      trace(PTRACE_POKEDATA, (void *)at, (void *)AT_IGNORE);
  }
}

static bool asks_for_time(void) { return get_registers().orig_rax == SYS_clock_gettime; }

// Runs to where it has been told the time.
static void run_to_start(void) {
  bool inside = false;
  for (int signal = 0;;) {
    int stopped = resume(PTRACE_SYSCALL, signal);
    signal = stopped == SYSCALL_STOP ? 0 : stopped;
    if (signal)
      continue;
    inside = !inside;
    if (!inside && asks_for_time())
      return;
  }
}

// At a system call that is kept from being made: back to its instruction, whose address it returns.
static uint64_t take_back(void) {
  struct user_regs_struct registers = get_registers();
  registers.rax = registers.orig_rax;
  registers.rip -= SYSCALL_LENGTH;
  trace(PTRACE_SETREGS, NULL, &registers);
  return registers.rip;
}

// Counts to where it asks for the time again.
static uint64_t count_steps(void) {
  for (uint64_t count = 0;; count++) {
    // Stops behind each instruction, and at system calls before they are made.
    int stopped = resume(PTRACE_SYSEMU_SINGLESTEP, 0);
    if (stopped == SYSCALL_STOP) {
      bool ended = asks_for_time();
      uint64_t address = take_back();
      if (ended)
        return count;
      // This time it is made; the kernel stops once before it, for what was kept from being made.
      do
        stopped = resume(PTRACE_SINGLESTEP, 0);
      while (stopped == SIGTRAP && get_registers().rip == address);
    }
    if (stopped != SIGTRAP)
      give_up("a signal arrived while instructions were counted", 1);
  }
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fputs("usage: step PROGRAM [ARGUMENT...]\n", stderr);
    return 2;
  }
  child = fork();
  if (child < 0)
    fail("fork");
  if (child == 0) {
    // The same addresses, and no environment: the same count.
    personality(ADDR_NO_RANDOMIZE);
    char *environment[] = {NULL};
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
      fail("ptrace");
    execve(argv[1], argv + 1, environment);
    perror(argv[1]);
    _exit(127);
  }
  int status;
  if (waitpid(child, &status, 0) != child)
    fail("waitpid");
  if (!WIFSTOPPED(status)) {
    child = 0;
    give_up("the program did not start",
            WIFEXITED(status) && WEXITSTATUS(status) == NOT_PERMITTED ? NOT_PERMITTED : 1);
  }
  trace(PTRACE_SETOPTIONS, NULL, (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL));
  hide_vdso();
  run_to_start();
  uint64_t count = count_steps();
  trace(PTRACE_DETACH, NULL, NULL);
  if (waitpid(child, &status, 0) != child)
    fail("waitpid");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    child = 0;
    give_up("the program did not end well", 1);
  }
  printf("%lu\n", count);
  return 0;
}
