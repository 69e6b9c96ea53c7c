// WASI as the guests of the tests call it: every pointer is a number, so that it can be a wrong
// one.
#ifndef CHECK_H
#define CHECK_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint32_t u32;
typedef uint64_t u64;

#ifndef WASI_MODULE
#define WASI_MODULE "wasi_snapshot_preview1"
#endif
#define IMPORT(name, params)                                                                       \
  __attribute__((import_module(WASI_MODULE), import_name(#name))) u32 w_##name params;
IMPORT(args_get, (u32, u32))
IMPORT(args_sizes_get, (u32, u32))
IMPORT(clock_res_get, (u32, u32))
IMPORT(clock_time_get, (u32, u64, u32))
IMPORT(environ_get, (u32, u32))
IMPORT(environ_sizes_get, (u32, u32))
IMPORT(fd_advise, (u32, u64, u64, u32))
IMPORT(fd_allocate, (u32, u64, u64))
IMPORT(fd_close, (u32))
IMPORT(fd_datasync, (u32))
IMPORT(fd_fdstat_get, (u32, u32))
IMPORT(fd_fdstat_set_flags, (u32, u32))
IMPORT(fd_fdstat_set_rights, (u32, u64, u64))
IMPORT(fd_filestat_get, (u32, u32))
IMPORT(fd_filestat_set_size, (u32, u64))
IMPORT(fd_filestat_set_times, (u32, u64, u64, u32))
IMPORT(fd_pread, (u32, u32, u32, u64, u32))
IMPORT(fd_prestat_dir_name, (u32, u32, u32))
IMPORT(fd_prestat_get, (u32, u32))
IMPORT(fd_pwrite, (u32, u32, u32, u64, u32))
IMPORT(fd_read, (u32, u32, u32, u32))
IMPORT(fd_readdir, (u32, u32, u32, u64, u32))
IMPORT(fd_renumber, (u32, u32))
IMPORT(fd_seek, (u32, int64_t, u32, u32))
IMPORT(fd_sync, (u32))
IMPORT(fd_tell, (u32, u32))
IMPORT(fd_write, (u32, u32, u32, u32))
IMPORT(path_create_directory, (u32, u32, u32))
IMPORT(path_filestat_get, (u32, u32, u32, u32, u32))
IMPORT(path_filestat_set_times, (u32, u32, u32, u32, u64, u64, u32))
IMPORT(path_link, (u32, u32, u32, u32, u32, u32, u32))
IMPORT(path_open, (u32, u32, u32, u32, u32, u64, u64, u32, u32))
IMPORT(path_readlink, (u32, u32, u32, u32, u32, u32))
IMPORT(path_remove_directory, (u32, u32, u32))
IMPORT(path_rename, (u32, u32, u32, u32, u32, u32))
IMPORT(path_symlink, (u32, u32, u32, u32, u32))
IMPORT(path_unlink_file, (u32, u32, u32))
IMPORT(poll_oneoff, (u32, u32, u32, u32))
IMPORT(proc_raise, (u32))
IMPORT(random_get, (u32, u32))
IMPORT(sched_yield, (void))
IMPORT(sock_recv, (u32, u32, u32, u32, u32, u32))
IMPORT(sock_send, (u32, u32, u32, u32, u32))
IMPORT(sock_shutdown, (u32, u32))
#ifndef WASI_UNSTABLE
IMPORT(sock_accept, (u32, u32, u32))
#endif

enum {
  OK = 0,
  ACCES = 2,
  AGAIN = 6,
  BADF = 8,
  EXIST = 20,
  FAULT = 21,
  ILSEQ = 25,
  INVAL = 28,
  ISDIR = 31,
  MFILE = 33,
  NOENT = 44,
  NOMEM = 48,
  NOTCONN = 53,
  NOTDIR = 54,
  NOTEMPTY = 55,
  NOTSOCK = 57,
  NOTSUP = 58,
  PIPE = 64,
  SPIPE = 70,
  NOTCAPABLE = 76,
};
enum { CREAT = 1, DIRECTORY = 2, EXCL = 4, TRUNC = 8 };
enum { APPEND = 1, DSYNC = 2, NONBLOCK = 4, RSYNC = 8, SYNC = 16 };
enum { READ = 2, SEEK = 4, WRITE = 64 };

#define ADDRESS(object) ((u32)(uintptr_t)(object))

static void expect(int line, const char *text, u64 actual, u64 expected) {
  if (actual == expected)
    return;
  fprintf(stderr, "line %d: %s is %" PRIu64 ", not %" PRIu64 "\n", line, text, actual, expected);
  exit(1);
}
#define EXPECT(actual, expected) expect(__LINE__, #actual, (u64)(actual), (u64)(expected))
#define CHECK(condition) expect(__LINE__, #condition, !!(condition), 1)

struct iovec32 {
  u32 pointer;
  u32 size;
};
static inline struct iovec32 iovec_of(const void *bytes, size_t size) {
  return (struct iovec32){ADDRESS(bytes), (u32)size};
}

static inline u32 try_open(u32 fd, const char *path, u32 oflags, u64 rights, u32 fdflags,
                           u32 *result) {
  return w_path_open(fd, 1, ADDRESS(path), (u32)strlen(path), oflags, rights, ~0ull, fdflags,
                     ADDRESS(result));
}
static inline u32 open_(int line, const char *path, u32 oflags, u64 rights, u32 fdflags) {
  u32 fd = ~0u;
  expect(line, path, try_open(3, path, oflags, rights, fdflags, &fd), OK);
  return fd;
}
#define OPEN(path, oflags, rights, fdflags) open_(__LINE__, path, oflags, rights, fdflags)

static inline u32 write_text(u32 fd, const char *text) {
  struct iovec32 iovec = iovec_of(text, strlen(text));
  u32 size = 0;
  u32 error = w_fd_write(fd, ADDRESS(&iovec), 1, ADDRESS(&size));
  return error ? error : size == strlen(text) ? OK : 1000 + size;
}
// How many bytes came, or 1000 + the error.
static inline u32 read_bytes(u32 fd, void *buffer, u32 size) {
  struct iovec32 iovec = iovec_of(buffer, size);
  u32 count = 0;
  u32 error = w_fd_read(fd, ADDRESS(&iovec), 1, ADDRESS(&count));
  return error ? 1000 + error : count;
}

struct test {
  const char *name;
  void (*run)(void);
};
// Runs the test that the first argument names; without one, prints the names.
static inline int run_tests(const struct test *tests, int argc, char **argv) {
  for (const struct test *test = tests; test->name; test++) {
    if (argc < 2) {
      puts(test->name);
    } else if (strcmp(argv[1], test->name) == 0) {
      test->run();
      puts("ok");
      return 0;
    }
  }
  return argc < 2 ? 0 : 2;
}

#endif
