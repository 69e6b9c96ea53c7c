// --timeout: a timer of the kernel's whose signal ends the program, wherever it is: in compiled
// code (loops without calls too, which pay nothing for it), in a function of WASI that waits, in a
// start function, on any thread.
#include "../common/sys.h"
#include "runtime.h"

#include <signal.h>
#include <time.h>

// A real-time signal that neither C library has a use for. Not SIGALRM: an alarm that whoever
// started the program has set (`alarm; exec`) stays in force.
#define TIMEOUT_SIGNAL 50
// A report that takes longer than this is cut short: were standard error a pipe that nobody reads,
// a guest could fill it and go on for ever.
#define REPORT_NANOSECONDS 100000000

static void on_timeout(int signal, siginfo_t *info, void *context) {
  (void)signal;
  static volatile sig_atomic_t is_reporting;
  if (info->si_code != SI_TIMER) // some other process sent it
    return;
  // Not by wasmaot_exit: another thread may be the one that reports, and be stuck in that.
  while (is_reporting)
    sys1(SYS_exit_group, WASMAOT_EXIT_TRAP);
  is_reporting = 1;
  wasmaot_trap_at(WASMAOT_TRAP_INTERRUPTED, context);
}

void wasmaot_timeout_describe(struct wasmaot_text *text) {
  uint64_t timeout = wasmaot_process.timeout;
  bool is_whole = timeout % 1000000000 == 0;
  wasmaot_text_add(text, ": the time is up (--timeout ");
  wasmaot_text_add_decimal(text, timeout / (is_whole ? 1000000000 : 1000000));
  wasmaot_text_add(text, is_whole ? "s)" : "ms)");
}

static _Noreturn void refuse(void) {
  wasmaot_fail(WASMAOT_EXIT_START,
               "cannot set a timer for --timeout; look at the limit of pending signals (ulimit -i)",
               NULL, NULL);
}

void wasmaot_timeout_start(void) {
  uint64_t signals = 1ull << (TIMEOUT_SIGNAL - 1);
  // One that was pending and blocked when the program was started is none of ours: ignoring drops
  // it.
  struct sys_sigaction action = {.handler = 1};
  sys_sigaction(TIMEOUT_SIGNAL, &action, NULL);
  action = (struct sys_sigaction){
      .handler = (uintptr_t)on_timeout,
      .flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SYS_SA_RESTORER,
      .restorer = wasmaot_signal_return,
  };
  sys_sigaction(TIMEOUT_SIGNAL, &action, NULL);
  // Whoever started the program may have blocked it, and that is inherited.
  sys4(SYS_rt_sigprocmask, SIG_UNBLOCK, &signals, NULL, sizeof signals);
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = TIMEOUT_SIGNAL};
  int timer;
  if (sys_failed(sys3(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer)))
    refuse();
  uint64_t timeout = wasmaot_process.timeout;
  struct itimerspec times = {.it_value = {.tv_sec = (time_t)(timeout / 1000000000),
                                          .tv_nsec = (long)(timeout % 1000000000)},
                             .it_interval = {.tv_nsec = REPORT_NANOSECONDS}};
  if (sys_failed(sys4(SYS_timer_settime, timer, 0, &times, NULL)))
    refuse();
}
