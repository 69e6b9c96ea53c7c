// wasi_unstable, where its layout and its numbers are not those of preview 1: old binaries.
// Descriptor 3 is an empty directory.
#define WASI_MODULE "wasi_unstable"
#define WASI_UNSTABLE
#include "check.h"

// Links are counted in 32 bits, behind the type.
struct filestat {
  u64 device;
  u64 inode;
  uint8_t type;
  u32 links;
  u64 size;
  u64 access;
  u64 modification;
  u64 change;
};
_Static_assert(sizeof(struct filestat) == 56, "layout");

static void filestat(void) {
  u32 fd = OPEN("f", CREAT, READ | WRITE, 0);
  struct {
    struct filestat stat;
    u64 behind;
  } out[2];
  EXPECT(write_text(fd, "0123456"), OK);
  EXPECT(w_path_link(3, 0, ADDRESS("f"), 1, 3, ADDRESS("g"), 1), OK);
  EXPECT(w_fd_filestat_set_times(fd, 1000000007, 2000000009, 5), OK);
  memset(out, 0xaa, sizeof out);
  EXPECT(w_fd_filestat_get(fd, ADDRESS(&out[0])), OK);
  EXPECT(w_path_filestat_get(3, 0, ADDRESS("g"), 1, ADDRESS(&out[1])), OK);
  for (int i = 0; i < 2; i++) {
    EXPECT(out[i].stat.type, 4);
    EXPECT(out[i].stat.links, 2);
    EXPECT(out[i].stat.size, 7);
    EXPECT(out[i].stat.access, 1000000007);
    EXPECT(out[i].stat.modification, 2000000009);
    EXPECT(out[i].behind, 0xaaaaaaaaaaaaaaaa);
  }
  EXPECT(out[0].stat.inode, out[1].stat.inode);
  // What is outside of memory by the size of this layout, not of the other.
  u32 end = (u32)__builtin_wasm_memory_size(0) * 65536;
  EXPECT(w_fd_filestat_get(fd, end - 56), OK);
  EXPECT(w_fd_filestat_get(fd, end - 55), FAULT);
  EXPECT(w_path_filestat_get(3, 0, ADDRESS("g"), 1, end - 56), OK);
  EXPECT(w_path_filestat_get(3, 0, ADDRESS("g"), 1, end - 55), FAULT);
}

// From the position (0), the end (1), the start (2).
static void seek(void) {
  u32 fd = OPEN("f", CREAT, READ | WRITE, 0);
  u64 position;
  EXPECT(write_text(fd, "0123456789"), OK);
  EXPECT(w_fd_seek(fd, -3, 0, ADDRESS(&position)), OK);
  EXPECT(position, 7);
  EXPECT(w_fd_seek(fd, -1, 1, ADDRESS(&position)), OK);
  EXPECT(position, 9);
  EXPECT(w_fd_seek(fd, 2, 2, ADDRESS(&position)), OK);
  EXPECT(position, 2);
  EXPECT(w_fd_seek(fd, 0, 3, ADDRESS(&position)), INVAL);
}

// A clock has an identifier before its number.
struct subscription {
  u64 user_data;
  uint8_t type;
  union {
    struct {
      u64 identifier;
      u32 clock;
      u64 timeout;
      u64 precision;
      uint16_t flags;
    } clock;
    u32 fd;
  } of;
};
struct event {
  u64 user_data;
  uint16_t error;
  uint8_t type;
  u64 bytes;
  uint16_t flags;
};
_Static_assert(sizeof(struct subscription) == 56 && sizeof(struct event) == 32, "layout");

static void poll(void) {
  u32 fd = OPEN("f", CREAT, READ | WRITE, 0);
  struct subscription some[3] = {
      {.user_data = 1, .of.clock = {.identifier = 9, .clock = 1, .timeout = 3600000000000}},
      {.user_data = 2, .type = 2, .of.fd = fd},
      {.user_data = 3,
       .of.clock = {.identifier = 1ull << 40, .clock = 1, .timeout = 1, .flags = 1}},
  };
  struct event events[3];
  u32 count;
  EXPECT(w_poll_oneoff(ADDRESS(some), ADDRESS(events), 3, ADDRESS(&count)), OK);
  EXPECT(count, 2);
  EXPECT(events[0].user_data, 2);
  EXPECT(events[0].error, OK);
  EXPECT(events[1].user_data, 3);
  EXPECT(events[1].error, OK);
  some[0].of.clock.clock = 7;
  EXPECT(w_poll_oneoff(ADDRESS(some), ADDRESS(events), 1, ADDRESS(&count)), OK);
  EXPECT(events[0].error, INVAL);
}

int main(int argc, char **argv) {
  static const struct test tests[] = {
      {"filestat", filestat}, {"seek", seek}, {"poll", poll}, {NULL, NULL}};
  return run_tests(tests, argc, argv);
}
