// What tests with guests can't see of WASI: threads at one table, signals of the host.
#include "test.h"

#include "../../wasi/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

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

const struct test wasi_tests[] = {
    {"wasi_pinning", pinning},
    {"wasi_table", table},
    {"wasi_broken_pipes", broken_pipes},
    {"wasi_interrupted_waits", interrupted_waits},
    {NULL, NULL},
};
