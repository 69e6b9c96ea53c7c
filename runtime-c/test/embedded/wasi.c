// What tests with guests can't see of WASI: threads at one table, signals of the host.
#include "test.h"

#include "../../wasi/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>

// ---- A guest without code ---------------------------------------------------------------------

static uint8_t guest_bytes[65536];
static uint8_t *guest_base = guest_bytes;
static uint64_t guest_size = sizeof guest_bytes;

static struct wasmaot_wasi *new_context(bool has_threads) {
  struct wasmaot_wasi *wasi = calloc(1, wasmaot_wasi_size());
  wasmaot_wasi_start(wasi, has_threads);
  wasmaot_wasi_set_memory(wasi, &guest_base, &guest_size);
  for (int i = 0; i < 3; i++)
    CHECK(wasmaot_wasi_add_stream(wasi, -1));
  return wasi;
}

static void end_context(struct wasmaot_wasi *wasi) {
  wasmaot_wasi_end(wasi);
  free(wasi);
}

// A descriptor of the guest's for one of the host's, which is its own from here on.
static uint32_t add(struct wasmaot_wasi *wasi, int host, uint64_t rights) {
  uint32_t fd;
  struct wasmaot_descriptor *descriptor;
  CHECK(wasmaot_wasi_reserve(wasi, &fd, &descriptor) == WASI_SUCCESS);
  descriptor->host = host;
  descriptor->rights = rights;
  descriptor->may_wait = lseek(host, 0, SEEK_CUR) < 0;
  wasmaot_wasi_publish(descriptor);
  return fd;
}

static void put_iovec(uint32_t at, uint32_t pointer, uint32_t size) {
  const uint32_t iovec[2] = {pointer, size};
  memcpy(guest_bytes + at, iovec, sizeof iovec);
}

static bool is_open(int host) { return fcntl(host, F_GETFD) >= 0; }

// ---- Pinning ----------------------------------------------------------------------------------

struct reader {
  struct wasmaot_wasi *wasi;
  uint32_t fd;
  uint32_t error;
};

static void *read_one(void *argument) {
  struct reader *reader = argument;
  reader->error = wasmaot_wasip1_fd_read(reader->wasi, reader->fd, 0, 1, 8);
  return NULL;
}

static void wait_for_users(const struct wasmaot_descriptor *descriptor, uint32_t users) {
  for (uint32_t found = 0; found != users; usleep(1000)) {
    wasmaot_wasi_lock(descriptor->wasi, &descriptor->wasi->lock);
    found = descriptor->users;
    wasmaot_wasi_unlock(descriptor->wasi, &descriptor->wasi->lock);
  }
}

// A thread reads, another closes: the host's number must not be given to another file before the
// reader is done, or it would read that one.
static void pinning(void) {
  struct wasmaot_wasi *wasi = new_context(true);
  CHECK(wasmaot_wasi_add_directory(wasi, open("/tmp", O_RDONLY | O_DIRECTORY), "/", false));
  int ends[2];
  CHECK(pipe(ends) == 0);
  struct reader reader = {.wasi = wasi, .fd = add(wasi, ends[0], RIGHT_FD_READ)};
  const struct wasmaot_descriptor *descriptor = &wasi->descriptors[wasi->numbers[reader.fd] - 1];
  put_iovec(0, 16, 1);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, read_one, &reader) == 0);
  wait_for_users(descriptor, 2);
  CHECK(wasmaot_wasip1_fd_close(wasi, reader.fd) == WASI_SUCCESS);
  CHECK(wasmaot_wasip1_fd_close(wasi, reader.fd) == WASI_EBADF);
  CHECK(is_open(ends[0]));
  // The guest's number is free, the host's is not.
  guest_bytes[32] = '.';
  CHECK(wasmaot_wasip1_path_open(wasi, 3, 0, 32, 1, 0, 0, 0, 0, 36) == WASI_SUCCESS);
  uint32_t opened;
  memcpy(&opened, guest_bytes + 36, sizeof opened);
  CHECK(opened == reader.fd);
  CHECK(wasi->descriptors[wasi->numbers[opened] - 1].host != ends[0]);
  CHECK(write(ends[1], "x", 1) == 1);
  pthread_join(thread, NULL);
  CHECK(reader.error == WASI_SUCCESS && guest_bytes[16] == 'x');
  CHECK(!is_open(ends[0]));
  // The same where a number is overwritten.
  CHECK(pipe(ends) == 0);
  reader.fd = add(wasi, ends[0], RIGHT_FD_READ);
  descriptor = &wasi->descriptors[wasi->numbers[reader.fd] - 1];
  CHECK(pthread_create(&thread, NULL, read_one, &reader) == 0);
  wait_for_users(descriptor, 2);
  CHECK(wasmaot_wasip1_fd_renumber(wasi, opened, reader.fd) == WASI_SUCCESS);
  CHECK(is_open(ends[0]));
  CHECK(write(ends[1], "y", 1) == 1);
  pthread_join(thread, NULL);
  CHECK(reader.error == WASI_SUCCESS && guest_bytes[16] == 'y');
  CHECK(!is_open(ends[0]));
  end_context(wasi);
}

// ---- A table that many threads change ---------------------------------------------------------

#define THREADS 4
#define ROUNDS 3000

static struct wasmaot_wasi *shared;

static void *change_table(void *argument) {
  const uint32_t at = 1024 * (1 + *(const uint32_t *)argument);
  uint32_t random = at;
  memcpy(guest_bytes + at, ".", 1);
  put_iovec(at + 8, at + 256, 64);
  for (int i = 0; i < ROUNDS; i++) {
    random = random * 1664525 + 1013904223;
    uint32_t fd = 4 + (random >> 16) % 8;
    uint32_t other = 4 + (random >> 24) % 8;
    switch ((random >> 20) % 6) {
    case 0:
    case 1:
      wasmaot_wasip1_path_open(shared, 3, 0, at, 1, 0, 0, 0, 0, at + 16);
      break;
    case 2:
      wasmaot_wasip1_fd_close(shared, fd);
      break;
    case 3:
      wasmaot_wasip1_fd_renumber(shared, fd, other);
      break;
    case 4:
      wasmaot_wasip1_fd_readdir(shared, fd, at + 256, 200, i & 1 ? 0 : random, at + 16);
      break;
    case 5:
      wasmaot_wasip1_fd_fdstat_get(shared, fd, at + 256);
      break;
    }
  }
  return NULL;
}

static int open_descriptors(void) {
  int count = 0;
  DIR *directory = opendir("/proc/self/fd");
  while (readdir(directory))
    count++;
  closedir(directory);
  return count;
}

static void table(void) {
  int before = open_descriptors();
  shared = new_context(true);
  CHECK(wasmaot_wasi_add_directory(shared, open("/proc/self", O_RDONLY | O_DIRECTORY), "/", false));
  pthread_t threads[THREADS];
  uint32_t numbers[THREADS];
  for (uint32_t i = 0; i < THREADS; i++) {
    numbers[i] = i;
    CHECK(pthread_create(&threads[i], NULL, change_table, &numbers[i]) == 0);
  }
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  // Each is held by its number alone, and no number leads to nothing.
  uint32_t held = 0;
  for (uint32_t fd = 0; fd < MAX_DESCRIPTORS; fd++)
    if (shared->numbers[fd] != 0) {
      CHECK(shared->descriptors[shared->numbers[fd] - 1].users == 1);
      held++;
    }
  for (uint32_t i = 0; i < MAX_DESCRIPTORS; i++)
    held -= shared->descriptors[i].users;
  CHECK(held == 0);
  end_context(shared);
  CHECK(open_descriptors() == before);
}

// ---- Signals of a host ------------------------------------------------------------------------

static volatile sig_atomic_t pipe_signals;
static void count_pipe_signal(int signal) {
  (void)signal;
  pipe_signals++;
}

// What a guest writes to a closed pipe is its own business.
static void broken_pipes(void) {
  struct wasmaot_wasi *wasi = new_context(false);
  wasmaot_wasi_set_hosted(wasi, NULL);
  int ends[2];
  CHECK(pipe(ends) == 0);
  close(ends[0]);
  uint32_t fd = add(wasi, ends[1], RIGHT_FD_WRITE);
  put_iovec(0, 16, 1);
  CHECK(wasmaot_wasip1_fd_write(wasi, fd, 0, 1, 8) == WASI_EPIPE); // by default it ends the process
  signal(SIGPIPE, count_pipe_signal);
  CHECK(wasmaot_wasip1_fd_write(wasi, fd, 0, 1, 8) == WASI_EPIPE);
  CHECK(pipe_signals == 0);
  // One that the host had blocked before stays its own.
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  sigprocmask(SIG_BLOCK, &set, NULL);
  raise(SIGPIPE);
  CHECK(wasmaot_wasip1_fd_write(wasi, fd, 0, 1, 8) == WASI_EPIPE);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  CHECK(pipe_signals == 1);
  end_context(wasi);
}

// The same through a stream that the guest says to append to: that must not be another way out.
static void broken_pipe_to_append_to(void) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  close(ends[0]);
  struct wasmaot_wasi *wasi = new_context(false);
  wasmaot_wasi_set_hosted(wasi, NULL);
  CHECK(wasmaot_wasi_add_stream(wasi, ends[1]));
  put_iovec(0, 16, 1);
  CHECK(wasmaot_wasip1_fd_fdstat_set_flags(wasi, 3, FDFLAG_APPEND) == WASI_SUCCESS);
  CHECK(wasmaot_wasip1_fd_write(wasi, 3, 0, 1, 8) == WASI_EPIPE);
  end_context(wasi);
  close(ends[1]);
}

// A directory for one test with a FIFO "f", granted as the guest's next descriptor.
static char fifo_directory[] = "/tmp/wasmaot-fifo-XXXXXX";
static char fifo_path[sizeof fifo_directory + 2];

static void make_fifo(void) {
  strcpy(fifo_directory + sizeof fifo_directory - 7, "XXXXXX");
  CHECK(mkdtemp(fifo_directory));
  snprintf(fifo_path, sizeof fifo_path, "%s/f", fifo_directory);
  CHECK(mkfifo(fifo_path, 0600) == 0);
}

static void remove_fifo(void) {
  unlink(fifo_path);
  rmdir(fifo_directory);
}

static void grant_fifo(struct wasmaot_wasi *wasi) {
  int host = open(fifo_directory, O_RDONLY | O_DIRECTORY);
  CHECK(wasmaot_wasi_add_directory(wasi, host, "/", false));
  guest_bytes[32] = 'f';
}

static uint32_t opened_fd(void) {
  uint32_t fd;
  memcpy(&fd, guest_bytes + 36, sizeof fd);
  return fd;
}

static uint32_t open_fifo(struct wasmaot_wasi *wasi, uint64_t rights) {
  grant_fifo(wasi);
  CHECK(wasmaot_wasip1_path_open(wasi, 3, 0, 32, 1, 0, rights, 0, 0, 36) == WASI_SUCCESS);
  return opened_fd();
}

// The same for a pipe that the guest opened by its path.
static void broken_fifo(void) {
  make_fifo();
  struct wasmaot_wasi *wasi = new_context(false);
  wasmaot_wasi_set_hosted(wasi, NULL);
  int reader = open(fifo_path, O_RDONLY | O_NONBLOCK);
  uint32_t fd = open_fifo(wasi, RIGHT_FD_WRITE);
  close(reader);
  put_iovec(0, 16, 1);
  CHECK(wasmaot_wasip1_fd_write(wasi, fd, 0, 1, 8) == WASI_EPIPE);
  end_context(wasi);
  remove_fifo();
}

static void do_nothing(int signal) { (void)signal; }

struct waiter {
  struct wasmaot_wasi *wasi;
  bool polls;
  uint32_t fd;
  atomic_uint error;
};

static void *wait_for_input(void *argument) {
  struct waiter *waiter = argument;
  waiter->error = waiter->polls ? wasmaot_wasip1_poll_oneoff(waiter->wasi, 64, 256, 1, 8)
                                : wasmaot_wasip1_fd_read(waiter->wasi, waiter->fd, 0, 1, 8);
  return NULL;
}

// An interruption ends waiting; another signal does not.
static void interrupted_waits(void) {
  struct sigaction action = {.sa_handler = do_nothing, .sa_flags = SA_RESTART};
  sigaction(SIGURG, &action, NULL);
  for (int polls = 0; polls < 2; polls++) {
    volatile uint32_t interrupted = 0;
    struct wasmaot_wasi *wasi = new_context(false);
    wasmaot_wasi_set_hosted(wasi, &interrupted);
    int ends[2];
    CHECK(pipe(ends) == 0);
    struct waiter waiter = {.wasi = wasi,
                            .polls = polls != 0,
                            .fd = add(wasi, ends[0], RIGHT_FD_READ | RIGHT_POLL_FD_READWRITE),
                            .error = UINT32_MAX};
    put_iovec(0, 16, 1);
    memset(guest_bytes + 64, 0, 48);
    guest_bytes[64 + 8] = 1; // to read
    memcpy(guest_bytes + 64 + 16, &waiter.fd, sizeof waiter.fd);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, wait_for_input, &waiter) == 0);
    for (int i = 0; i < 20; i++) {
      pthread_kill(thread, SIGURG);
      usleep(1000);
    }
    CHECK(waiter.error == UINT32_MAX);
    interrupted = 1;
    pthread_kill(thread, SIGURG);
    pthread_join(thread, NULL);
    CHECK(waiter.error == WASI_EINTR);
    close(ends[1]);
    end_context(wasi);
  }
}

// ---- Calls that may wait, in a host -----------------------------------------------------------

#define MAX_CALLERS 2
#define LARGE 20000u // more than goes into what was filled

struct caller {
  struct wasmaot_wasi *wasi;
  uint32_t fd;
  uint32_t iovec; // where it stands in the guest's memory, 8 bytes before the result
  bool writes;
  pthread_t thread;
  atomic_uint error;
};

static void *make_call(void *argument) {
  struct caller *caller = argument;
  caller->error = (caller->writes ? wasmaot_wasip1_fd_write : wasmaot_wasip1_fd_read)(
      caller->wasi, caller->fd, caller->iovec, 1, caller->iovec + 8);
  return NULL;
}

static void start(struct caller *caller, uint32_t bytes) {
  caller->error = UINT32_MAX;
  put_iovec(caller->iovec, 128, bytes);
  CHECK(pthread_create(&caller->thread, NULL, make_call, caller) == 0);
}

// Interrupts what is still waiting: all must come back.
static void interrupt(struct caller *callers, int count, volatile uint32_t *interrupted) {
  usleep(20000);
  *interrupted = 1;
  for (int i = 0; i < count; i++)
    pthread_kill(callers[i].thread, SIGURG);
  for (int i = 0; i < count; i++)
    pthread_join(callers[i].thread, NULL);
}

static void fill(int host) {
  static const char bytes[4096];
  int flags = fcntl(host, F_GETFL);
  CHECK(fcntl(host, F_SETFL, flags | O_NONBLOCK) == 0);
  while (write(host, bytes, sizeof bytes) > 0) {
  }
  CHECK(errno == EAGAIN);
  CHECK(fcntl(host, F_SETFL, flags) == 0);
}

enum kind { PIPE, SOCKETS, FIFO };

static void connect_ends(enum kind kind, int ends[2]) {
  if (kind == PIPE) {
    CHECK(pipe(ends) == 0);
  } else if (kind == SOCKETS) {
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  } else {
    make_fifo();
    CHECK((ends[0] = open(fifo_path, O_RDONLY | O_NONBLOCK)) >= 0);
    CHECK((ends[1] = open(fifo_path, O_WRONLY)) >= 0);
  }
}

static uint32_t guest_end(enum kind kind, struct wasmaot_wasi *wasi, int host, uint64_t right) {
  if (kind != FIFO)
    return add(wasi, host, right);
  uint32_t fd = open_fifo(wasi, right);
  close(host);
  remove_fifo();
  return fd;
}

// Writing waits for room, and can be interrupted there.
static void interrupted_writes(void) {
  struct sigaction action = {.sa_handler = do_nothing, .sa_flags = SA_RESTART};
  sigaction(SIGURG, &action, NULL);
  for (enum kind kind = PIPE; kind <= FIFO; kind++) {
    volatile uint32_t interrupted = 0;
    struct wasmaot_wasi *wasi = new_context(false);
    wasmaot_wasi_set_hosted(wasi, &interrupted);
    int ends[2];
    connect_ends(kind, ends);
    fill(ends[1]);
    struct caller caller = {.wasi = wasi, .iovec = 0, .writes = true};
    caller.fd = guest_end(kind, wasi, ends[1], RIGHT_FD_WRITE);
    start(&caller, LARGE);
    interrupt(&caller, 1, &interrupted);
    CHECK(caller.error == WASI_EINTR);
    // As without a host, all is written when there is room, if in parts.
    interrupted = 0;
    start(&caller, LARGE);
    static char bytes[4096];
    for (struct pollfd polled = {ends[0], POLLIN, 0}; poll(&polled, 1, 100) == 1;)
      CHECK(read(ends[0], bytes, sizeof bytes) > 0);
    pthread_join(caller.thread, NULL);
    uint32_t size;
    memcpy(&size, guest_bytes + caller.iovec + 8, sizeof size);
    CHECK(caller.error == WASI_SUCCESS && size == LARGE);
    close(ends[0]);
    end_context(wasi);
  }
}

// Two wait for what is enough for one: the other one must go on polling.
static void interrupted_second_reader(void) {
  struct sigaction action = {.sa_handler = do_nothing, .sa_flags = SA_RESTART};
  sigaction(SIGURG, &action, NULL);
  for (int round = 0; round < 60; round++) {
    enum kind kind = (enum kind)(round % 3);
    volatile uint32_t interrupted = 0;
    struct wasmaot_wasi *wasi = new_context(true);
    wasmaot_wasi_set_hosted(wasi, &interrupted);
    int ends[2];
    connect_ends(kind, ends);
    uint32_t fd = guest_end(kind, wasi, ends[0], RIGHT_FD_READ);
    struct caller callers[MAX_CALLERS];
    for (uint32_t i = 0; i < MAX_CALLERS; i++) {
      callers[i] = (struct caller){.wasi = wasi, .fd = fd, .iovec = i * 16};
      start(&callers[i], 1);
    }
    usleep(2000);
    CHECK(write(ends[1], "x", 1) == 1);
    while (callers[0].error == UINT32_MAX && callers[1].error == UINT32_MAX)
      usleep(1000);
    interrupt(callers, MAX_CALLERS, &interrupted);
    CHECK(callers[0].error + callers[1].error == WASI_EINTR);
    close(ends[1]);
    end_context(wasi);
  }
}

struct opener {
  struct wasmaot_wasi *wasi;
  uint64_t rights;
  pthread_t thread;
  atomic_uint error;
};

static void *open_file(void *argument) {
  struct opener *opener = argument;
  opener->error = wasmaot_wasip1_path_open(opener->wasi, 3, 0, 32, 1, 0, opener->rights, 0, 0, 36);
  return NULL;
}

static void start_opening(struct opener *opener, uint64_t rights) {
  opener->rights = rights;
  opener->error = UINT32_MAX;
  CHECK(pthread_create(&opener->thread, NULL, open_file, opener) == 0);
  usleep(30000);
  CHECK(opener->error == UINT32_MAX);
}

// A writer, as soon as the opener has the other end.
static int open_writer(void) {
  int writer;
  int tries = 0;
  while ((writer = open(fifo_path, O_WRONLY | O_NONBLOCK)) < 0) {
    CHECK(errno == ENXIO && tries++ < 60000);
    usleep(1000);
  }
  return writer;
}

static void end_opening(struct opener *opener, uint32_t error) {
  pthread_join(opener->thread, NULL);
  CHECK(opener->error == error);
}

// What waits in path_open is interrupted, and by nothing but an interruption.
static void interrupt_opening(struct opener *opener, volatile uint32_t *interrupted) {
  for (int i = 0; i < 10; i++) {
    pthread_kill(opener->thread, SIGURG);
    usleep(1000);
  }
  CHECK(opener->error == UINT32_MAX);
  *interrupted = 1;
  pthread_kill(opener->thread, SIGURG);
  end_opening(opener, WASI_EINTR);
  *interrupted = 0;
}

// Opening one end of a FIFO waits for the other one, as without a host.
static void interrupted_opening(void) {
  struct sigaction action = {.sa_handler = do_nothing, .sa_flags = SA_RESTART};
  sigaction(SIGURG, &action, NULL);
  volatile uint32_t interrupted = 0;
  struct wasmaot_wasi *wasi = new_context(false);
  wasmaot_wasi_set_hosted(wasi, &interrupted);
  make_fifo();
  grant_fifo(wasi);
  int before = open_descriptors();
  struct opener opener = {.wasi = wasi};
  start_opening(&opener, RIGHT_FD_READ);
  interrupt_opening(&opener, &interrupted);
  start_opening(&opener, RIGHT_FD_WRITE);
  interrupt_opening(&opener, &interrupted);
  CHECK(open_descriptors() == before);

  // A writer is enough, also if it has nothing to say yet.
  start_opening(&opener, RIGHT_FD_READ);
  int writer = open_writer();
  end_opening(&opener, WASI_SUCCESS);
  uint32_t fd = opened_fd();
  int host = wasi->descriptors[wasi->numbers[fd] - 1].host;
  CHECK((fcntl(host, F_GETFL) & O_NONBLOCK) == 0);
  CHECK(write(writer, "ab", 2) == 2);
  // Here bytes are there already, and none of them is taken.
  CHECK(wasmaot_wasip1_path_open(wasi, 3, 0, 32, 1, 0, RIGHT_FD_READ, 0, 0, 36) == WASI_SUCCESS);
  put_iovec(0, 128, 2);
  CHECK(wasmaot_wasip1_fd_read(wasi, opened_fd(), 0, 1, 8) == WASI_SUCCESS);
  CHECK(memcmp(guest_bytes + 128, "ab", 2) == 0);
  CHECK(wasmaot_wasip1_fd_close(wasi, opened_fd()) == WASI_SUCCESS);
  CHECK(wasmaot_wasip1_fd_close(wasi, fd) == WASI_SUCCESS);
  close(writer);

  // And one that is gone again.
  start_opening(&opener, RIGHT_FD_READ);
  close(open_writer());
  end_opening(&opener, WASI_SUCCESS);
  CHECK(wasmaot_wasip1_fd_close(wasi, opened_fd()) == WASI_SUCCESS);

  start_opening(&opener, RIGHT_FD_WRITE);
  int reader = open(fifo_path, O_RDONLY);
  end_opening(&opener, WASI_SUCCESS);
  CHECK(wasmaot_wasip1_fd_write(wasi, opened_fd(), 0, 1, 8) == WASI_SUCCESS);
  close(reader);

  // Who asks not to wait does not. A socket is nothing to wait for.
  CHECK(wasmaot_wasip1_fd_close(wasi, opened_fd()) == WASI_SUCCESS);
  CHECK(wasmaot_wasip1_path_open(wasi, 3, 0, 32, 1, 0, RIGHT_FD_WRITE, 0, FDFLAG_NONBLOCK, 36) ==
        WASI_ENXIO);
  unlink(fifo_path);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcpy(address.sun_path, fifo_path);
  CHECK(bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
  CHECK(wasmaot_wasip1_path_open(wasi, 3, 0, 32, 1, 0, RIGHT_FD_WRITE, 0, 0, 36) == WASI_ENXIO);
  close(listener);
  remove_fifo();
  end_context(wasi);
}

// A file that another process has leased: opening waits until it is given up, or says that it would
// have to.
static void leased_file(void) {
  struct sigaction action = {.sa_handler = do_nothing, .sa_flags = SA_RESTART};
  sigaction(SIGURG, &action, NULL);
  signal(SIGIO, SIG_IGN); // tells who has the lease
  volatile uint32_t interrupted = 0;
  struct wasmaot_wasi *wasi = new_context(false);
  wasmaot_wasi_set_hosted(wasi, &interrupted);
  make_fifo();
  unlink(fifo_path);
  int file = open(fifo_path, O_RDWR | O_CREAT, 0600);
  CHECK(fcntl(file, F_SETLEASE, F_WRLCK) == 0);
  grant_fifo(wasi);
  // (The walk is also what openat2 falls back to when it says this.)
  CHECK(wasmaot_wasip1_path_open(wasi, 3, 0, 32, 1, 0, RIGHT_FD_READ, 0, FDFLAG_NONBLOCK, 36) ==
        WASI_EAGAIN);
  struct opener opener = {.wasi = wasi};
  start_opening(&opener, RIGHT_FD_READ);
  interrupt_opening(&opener, &interrupted);
  start_opening(&opener, RIGHT_FD_READ);
  CHECK(fcntl(file, F_SETLEASE, F_UNLCK) == 0);
  end_opening(&opener, WASI_SUCCESS);
  close(file);
  remove_fifo();
  end_context(wasi);
}

static void interrupted_randomness(void) {
  volatile uint32_t interrupted = 1;
  struct wasmaot_wasi *wasi = new_context(false);
  wasmaot_wasi_set_hosted(wasi, &interrupted);
  CHECK(wasmaot_wasip1_random_get(wasi, 0, 16) == WASI_EINTR);
  interrupted = 0;
  CHECK(wasmaot_wasip1_random_get(wasi, 0, 16) == WASI_SUCCESS);
  end_context(wasi);
}

// A terminal that takes nothing for now, and whose open file another process has made non-blocking.
static void full_terminal(void) {
  for (int is_hosted = 0; is_hosted < 2; is_hosted++) {
    volatile uint32_t interrupted = 0;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_NONBLOCK);
    struct termios attributes;
    CHECK(tcgetattr(terminal, &attributes) == 0);
    cfmakeraw(&attributes);
    tcsetattr(terminal, TCSANOW, &attributes);
    struct wasmaot_wasi *wasi = new_context(false);
    if (is_hosted)
      wasmaot_wasi_set_hosted(wasi, &interrupted);
    CHECK(wasmaot_wasi_add_stream(wasi, terminal));
    // (The kernel moves it on to where the other end reads, and then there is room again.)
    for (int quiet = 0; quiet < 5; quiet++) {
      while (write(terminal, "", 1) == 1)
        quiet = 0;
      usleep(2000);
    }
    memcpy(guest_bytes + 128, "not lost", 8);
    struct caller caller = {.wasi = wasi, .fd = 3, .writes = true};
    start(&caller, 8);
    usleep(20000);
    // First are the last 8 bytes of all that came: they may come in pieces.
    char bytes[8 + 4096] = "";
    while (memcmp(bytes, "not lost", 8) != 0) {
      struct pollfd polled = {master, POLLIN, 0};
      CHECK(poll(&polled, 1, 60000) == 1);
      ssize_t size = read(master, bytes + 8, sizeof bytes - 8);
      CHECK(size > 0);
      memmove(bytes, bytes + size, 8);
    }
    pthread_join(caller.thread, NULL);
    CHECK(caller.error == WASI_SUCCESS);
    end_context(wasi);
    close(terminal);
    close(master);
  }
}

// ---- Times ------------------------------------------------------------------------------------

static atomic_long realtime_offset;

// In libc's place: a clock that tests can set.
int clock_gettime(clockid_t clock, struct timespec *time) {
  long result = syscall(SYS_clock_gettime, clock, time);
  if (clock == CLOCK_REALTIME)
    time->tv_sec += realtime_offset;
  return (int)result;
}

// Who waits for a time of day is woken when the clock is set past it.
static void clock_set_forward(void) {
  struct wasmaot_wasi *wasi = new_context(false);
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  const uint64_t deadline = ((uint64_t)now.tv_sec + 3600) * 1000000000;
  const uint16_t is_absolute = 1;
  memset(guest_bytes + 64, 0, 48);
  memcpy(guest_bytes + 64 + 24, &deadline, sizeof deadline);
  memcpy(guest_bytes + 64 + 40, &is_absolute, sizeof is_absolute);
  struct waiter waiter = {.wasi = wasi, .polls = true, .error = UINT32_MAX};
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, wait_for_input, &waiter) == 0);
  usleep(50000);
  CHECK(waiter.error == UINT32_MAX);
  realtime_offset = 7200;
  pthread_join(thread, NULL);
  CHECK(waiter.error == WASI_SUCCESS);
  end_context(wasi);
}

// WASI's times end in 2554.
static void late_times(void) {
  struct wasmaot_wasi *wasi = new_context(false);
  int file = memfd_create("late", 0); // not all file systems have such times
  const struct timespec times[2] = {{.tv_sec = 18446744073, .tv_nsec = 709551615},
                                    {.tv_sec = 18446744073, .tv_nsec = 709551616}};
  CHECK(futimens(file, times) == 0);
  uint32_t fd = add(wasi, file, RIGHT_FD_FILESTAT_GET);
  for (int round = 0; round < 2; round++) {
    uint64_t stat[8];
    CHECK(wasmaot_wasip1_fd_filestat_get(wasi, fd, 64) == WASI_SUCCESS);
    memcpy(stat, guest_bytes + 64, sizeof stat);
    CHECK(stat[5] == UINT64_MAX && stat[6] == UINT64_MAX);
    const struct timespec later[2] = {{.tv_sec = 18446744074}, {.tv_sec = 40000000000}};
    CHECK(futimens(file, later) == 0);
  }
  end_context(wasi);
}

// ---- Programs with threads --------------------------------------------------------------------

static atomic_bool has_entered;

static wasmaot_error *enter_program(void *data, wasmaot_store *store, wasmaot_extern *imports,
                                    size_t count) {
  (void)data;
  (void)store;
  (void)imports;
  (void)count;
  has_entered = true;
  return NULL;
}

static void *run_program(void *argument) {
  wasmaot_error *error = wasmaot_threads_run(argument);
  CHECK(!error || wasmaot_error_get_kind(error) == WASMAOT_ERROR_INTERRUPTED);
  wasmaot_error_delete(error);
  return NULL;
}

// One thread runs the program, another one deletes it: not under the first one's feet. (It takes
// the sanitizer to see that.)
static void deleted_while_running(void) {
  wasmaot_engine *engine = wasmaot_engine_new(NULL);
  wasmaot_module *module;
  CHECK_OK(wasmaot_module_load(engine, &program_wasm, &module));
  for (int round = 0; round < 300; round++) {
    wasmaot_threads *threads;
    const wasmaot_threads_config config = {.imports = enter_program};
    CHECK_OK(wasmaot_threads_new(module, &config, &threads));
    has_entered = false;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, run_program, threads) == 0);
    while (!has_entered) {
    }
    wasmaot_threads_delete(threads);
    pthread_join(thread, NULL);
  }
  wasmaot_module_delete(module);
  wasmaot_engine_delete(engine);
}

static wasmaot_error *throw_at_start(void *data, wasmaot_store *store, wasmaot_extern *imports,
                                     size_t count) {
  (void)data;
  (void)imports;
  (void)count;
  static const wasmaot_functype type = {0};
  wasmaot_tag *tag;
  CHECK_OK(wasmaot_tag_new(store, &type, &tag));
  return wasmaot_throw(store, tag, NULL, 0);
}

// What a program ends with does not lead into the store of its thread, which is gone.
static void exception_of_program(void) {
  wasmaot_engine *engine = wasmaot_engine_new(NULL);
  wasmaot_module *module;
  wasmaot_threads *threads;
  const wasmaot_threads_config config = {.imports = throw_at_start};
  CHECK_OK(wasmaot_module_load(engine, &program_wasm, &module));
  CHECK_OK(wasmaot_threads_new(module, &config, &threads));
  wasmaot_error *error = wasmaot_threads_run(threads);
  CHECK(error && wasmaot_error_exception(error));
  CHECK(!wasmaot_exception_tag(wasmaot_error_exception(error)));
  wasmaot_error_delete(error);
  CHECK_ERROR(wasmaot_threads_run(threads), WASMAOT_ERROR_ARGUMENT, "the program has run already");
  wasmaot_threads_delete(threads);
  wasmaot_module_delete(module);
  wasmaot_engine_delete(engine);
}

const struct test wasi_tests[] = {
    {"wasi_pinning", pinning},
    {"wasi_table", table},
    {"wasi_broken_pipes", broken_pipes},
    {"wasi_broken_pipe_to_append_to", broken_pipe_to_append_to},
    {"wasi_broken_fifo", broken_fifo},
    {"wasi_interrupted_waits", interrupted_waits},
    {"wasi_interrupted_writes", interrupted_writes},
    {"wasi_interrupted_second_reader", interrupted_second_reader},
    {"wasi_interrupted_opening", interrupted_opening},
    {"wasi_leased_file", leased_file},
    {"wasi_interrupted_randomness", interrupted_randomness},
    {"wasi_full_terminal", full_terminal},
    {"wasi_clock_set_forward", clock_set_forward},
    {"wasi_late_times", late_times},
    {"threads_deleted_while_running", deleted_while_running},
    {"threads_exception", exception_of_program},
    {NULL, NULL},
};
