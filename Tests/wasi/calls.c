// Calls of WASI and what they must say, for every mode that a module can run in. Descriptor 3 is an
// empty directory.
#include "check.h"

#define PAGE 65536u
static u32 memory_size(void) { return (u32)__builtin_wasm_memory_size(0) * PAGE; }

// ---- Descriptors ------------------------------------------------------------------------------

static void renumber(void) {
  u32 a = OPEN("a", CREAT, READ | WRITE, 0);
  u32 b = OPEN("b", CREAT, READ | WRITE, 0);
  EXPECT(a, 4);
  EXPECT(b, 5);
  EXPECT(write_text(a, "A"), OK);
  EXPECT(write_text(b, "BB"), OK);
  EXPECT(w_fd_renumber(a, a), OK); // onto itself: nothing happens
  EXPECT(write_text(a, "A"), OK);
  EXPECT(w_fd_renumber(a, 6), BADF); // onto what is not open
  EXPECT(w_fd_renumber(6, a), BADF);
  EXPECT(w_fd_renumber(6, 6), BADF);
  EXPECT(w_fd_renumber(a, ~0u), BADF); // out of range
  EXPECT(w_fd_renumber(~0u, a), BADF);
  EXPECT(w_fd_renumber(a, 0x80000000u), BADF);
  EXPECT(w_fd_renumber(1u << 20, 1u << 20), BADF);
  EXPECT(w_fd_renumber(a, b), OK);
  EXPECT(write_text(a, "x"), BADF);
  u64 position = 0;
  EXPECT(w_fd_tell(b, ADDRESS(&position)), OK);
  EXPECT(position, 2); // it is a, with its position
  EXPECT(w_fd_renumber(a, b), BADF);
  EXPECT(OPEN("c", CREAT, READ, 0), a); // the number is free again
  EXPECT(w_fd_renumber(b, 3), OK);      // onto a preopened directory, which is gone with that
  EXPECT(w_fd_prestat_get(3, ADDRESS(&position)), BADF);
  EXPECT(write_text(3, "A"), OK);
  u32 fd;
  EXPECT(try_open(3, "a", 0, READ, 0, &fd), NOTDIR);
  EXPECT(w_fd_close(3), OK);
  EXPECT(w_fd_close(3), BADF);
}

static void renumber_preopen_away(void) {
  u32 a = OPEN("a", CREAT, READ | WRITE, 0);
  EXPECT(w_fd_renumber(3, a), OK);
  u32 fd;
  EXPECT(try_open(3, "a", 0, READ, 0, &fd), BADF);
  EXPECT(try_open(a, "a", 0, READ, 0, &fd), OK);
  EXPECT(fd, 3);
  u32 prestat[2];
  EXPECT(w_fd_prestat_get(a, ADDRESS(prestat)), OK);
  EXPECT(w_fd_renumber(a, 1), OK); // standard output
  EXPECT(try_open(1, "a", 0, READ, 0, &fd), OK);
  exit(0);
}

static void too_many_descriptors(void) {
  u32 first = OPEN("a", CREAT, READ | WRITE, 0);
  u32 last = first;
  u32 error;
  while ((error = try_open(3, "a", 0, READ, 0, &last)) == OK)
    EXPECT(last < 1024, 1);
  EXPECT(error, MFILE);
  u32 untouched = last;
  EXPECT(try_open(3, "new", CREAT, WRITE, 0, &last), MFILE);
  EXPECT(last, untouched);
  EXPECT(w_fd_close(first), OK);
  EXPECT(OPEN("a", 0, READ, 0), first);
}

// Every call on descriptors that are closed, out of range, a directory, a file.
static void wrong_descriptors(void) {
  static char buffer[128];
  const u32 out = ADDRESS(buffer);
  const u32 file = OPEN("f", CREAT, READ | WRITE, 0);
  const u32 path = ADDRESS("f");
  const u32 closed[] = {5, 1023, 1024, 1u << 16, 0x7fffffff, 0x80000000u, ~0u};
  for (int i = 0; i < 7; i++) {
    u32 fd = closed[i];
    EXPECT(w_fd_advise(fd, 0, 0, 0), BADF);
    EXPECT(w_fd_allocate(fd, 0, 1), BADF);
    EXPECT(w_fd_close(fd), BADF);
    EXPECT(w_fd_datasync(fd), BADF);
    EXPECT(w_fd_fdstat_get(fd, out), BADF);
    EXPECT(w_fd_fdstat_set_flags(fd, 0), BADF);
    EXPECT(w_fd_fdstat_set_rights(fd, 0, 0), BADF);
    EXPECT(w_fd_filestat_get(fd, out), BADF);
    EXPECT(w_fd_filestat_set_size(fd, 0), BADF);
    EXPECT(w_fd_filestat_set_times(fd, 0, 0, 0), BADF);
    EXPECT(w_fd_pread(fd, out, 0, 0, out), BADF);
    EXPECT(w_fd_prestat_get(fd, out), BADF);
    EXPECT(w_fd_prestat_dir_name(fd, out, 1), BADF);
    EXPECT(w_fd_pwrite(fd, out, 0, 0, out), BADF);
    EXPECT(w_fd_read(fd, out, 0, out), BADF);
    EXPECT(w_fd_readdir(fd, out, 0, 0, out), BADF);
    EXPECT(w_fd_renumber(fd, 3), BADF);
    EXPECT(w_fd_seek(fd, 0, 0, out), BADF);
    EXPECT(w_fd_sync(fd), BADF);
    EXPECT(w_fd_tell(fd, out), BADF);
    EXPECT(w_fd_write(fd, out, 0, out), BADF);
    EXPECT(w_path_create_directory(fd, path, 1), BADF);
    EXPECT(w_path_filestat_get(fd, 0, path, 1, out), BADF);
    EXPECT(w_path_filestat_set_times(fd, 0, path, 1, 0, 0, 0), BADF);
    EXPECT(w_path_link(fd, 0, path, 1, 3, path, 1), BADF);
    EXPECT(w_path_link(3, 0, path, 1, fd, path, 1), BADF);
    EXPECT(w_path_open(fd, 0, path, 1, 0, READ, 0, 0, out), BADF);
    EXPECT(w_path_readlink(fd, path, 1, out, 1, out), BADF);
    EXPECT(w_path_remove_directory(fd, path, 1), BADF);
    EXPECT(w_path_rename(fd, path, 1, 3, path, 1), BADF);
    EXPECT(w_path_rename(3, path, 1, fd, path, 1), BADF);
    EXPECT(w_path_symlink(path, 1, fd, path, 1), BADF);
    EXPECT(w_path_unlink_file(fd, path, 1), BADF);
    EXPECT(w_sock_accept(fd, 0, out), BADF);
    EXPECT(w_sock_recv(fd, out, 0, 0, out, out), BADF);
    EXPECT(w_sock_send(fd, out, 0, 0, out), BADF);
    EXPECT(w_sock_shutdown(fd, 1), BADF);
  }
  for (u32 fd = 3; fd <= file; fd++) { // a directory and a file
    EXPECT(w_sock_accept(fd, 0, out), NOTSOCK);
    EXPECT(w_sock_recv(fd, out, 0, 0, out, out), NOTSOCK);
    EXPECT(w_sock_send(fd, out, 0, 0, out), NOTSOCK);
    EXPECT(w_sock_shutdown(fd, 1), NOTSOCK);
  }
  EXPECT(w_fd_read(3, out, 0, out), BADF);
  EXPECT(w_fd_write(3, out, 0, out), BADF);
  EXPECT(w_fd_pread(3, out, 0, 0, out), BADF);
  EXPECT(w_fd_pwrite(3, out, 0, 0, out), BADF);
  EXPECT(w_fd_seek(3, 0, 0, out), BADF);
  EXPECT(w_fd_tell(3, out), BADF);
  EXPECT(w_fd_advise(3, 0, 0, 0), BADF);
  EXPECT(w_fd_readdir(file, out, 0, 0, out), NOTDIR);
  EXPECT(w_path_open(file, 0, path, 1, 0, READ, 0, 0, out), NOTDIR);
  EXPECT(w_path_rename(file, path, 1, 3, path, 1), NOTDIR);
  EXPECT(w_path_unlink_file(file, path, 1), NOTDIR);
  EXPECT(w_fd_prestat_get(file, out), BADF);
}

static void rights_are_given_up(void) {
  u32 fd = OPEN("f", CREAT, READ | WRITE, 0);
  struct {
    uint8_t type;
    uint16_t flags;
    u64 rights;
    u64 inheriting;
  } stat;
  EXPECT(w_fd_fdstat_get(fd, ADDRESS(&stat)), OK);
  EXPECT(stat.type, 4);
  CHECK((stat.rights & (READ | WRITE | SEEK)) == (READ | WRITE | SEEK));
  EXPECT(w_fd_fdstat_set_rights(fd, ~0ull, 0), NOTCAPABLE);
  EXPECT(w_fd_fdstat_set_rights(fd, stat.rights, ~0ull), NOTCAPABLE);
  EXPECT(w_fd_fdstat_set_rights(fd, stat.rights & ~(u64)WRITE, 0), OK);
  EXPECT(write_text(fd, "x"), BADF);
  EXPECT(w_fd_fdstat_set_rights(fd, stat.rights, 0), NOTCAPABLE);
  EXPECT(w_fd_fdstat_set_rights(fd, 0, 0), OK);
  char byte;
  EXPECT(read_bytes(fd, &byte, 1), 1000 + BADF);
  EXPECT(w_fd_filestat_set_size(fd, 0), NOTCAPABLE);
  EXPECT(w_fd_fdstat_set_flags(fd, 0), NOTCAPABLE);
  EXPECT(w_fd_sync(fd), NOTCAPABLE);
  EXPECT(w_fd_close(fd), OK);
  // What a directory may not pass on.
  EXPECT(w_fd_fdstat_get(3, ADDRESS(&stat)), OK);
  EXPECT(stat.type, 3);
  EXPECT(w_fd_fdstat_set_rights(3, stat.rights, stat.inheriting & ~(u64)WRITE), OK);
  EXPECT(try_open(3, "f", 0, WRITE, 0, &fd), NOTCAPABLE);
  EXPECT(try_open(3, "f", 0, READ, 0, &fd), OK);
  EXPECT(write_text(fd, "x"), BADF);
}

// ---- Pointers ---------------------------------------------------------------------------------

// Results that don't fit, for every call that has one; and that nothing happens before it is known.
static void results_outside(void) {
  const u32 end = memory_size();
  const u32 file = OPEN("f", CREAT, READ | WRITE, 0);
  static char bytes[8];
  struct iovec32 iovec = iovec_of(bytes, 8);
  const u32 path = ADDRESS("f");
  const u32 wrong[] = {end, end - 1, ~0u, ~0u - 3};
  for (int i = 0; i < 4; i++) {
    u32 out = wrong[i];
    EXPECT(w_args_sizes_get(out, ADDRESS(bytes)), FAULT);
    EXPECT(w_args_sizes_get(ADDRESS(bytes), out), FAULT);
    EXPECT(w_args_get(out, ADDRESS(bytes)), FAULT);
    EXPECT(w_environ_sizes_get(out, ADDRESS(bytes)), FAULT);
    EXPECT(w_clock_res_get(0, out), FAULT);
    EXPECT(w_clock_time_get(0, 0, out), FAULT);
    EXPECT(w_fd_fdstat_get(3, out), FAULT);
    EXPECT(w_fd_filestat_get(file, out), FAULT);
    EXPECT(w_fd_prestat_get(3, out), FAULT);
    EXPECT(w_fd_readdir(3, out, 2, 0, ADDRESS(bytes)), FAULT);
    EXPECT(w_fd_readdir(3, ADDRESS(bytes), 8, 0, out), FAULT);
    EXPECT(w_fd_seek(file, 0, 1, out), FAULT);
    EXPECT(w_fd_tell(file, out), FAULT);
    EXPECT(w_fd_read(file, out, 1, ADDRESS(bytes)), FAULT);
    EXPECT(w_fd_write(file, out, 1, ADDRESS(bytes)), FAULT);
    EXPECT(w_path_filestat_get(3, 0, path, 1, out), FAULT);
    EXPECT(w_path_filestat_get(3, 0, out, 2, ADDRESS(bytes)), FAULT);
    EXPECT(w_path_open(3, 0, path, 1, 0, READ, 0, 0, out), FAULT);
    EXPECT(w_path_open(3, 0, out, 2, 0, READ, 0, 0, ADDRESS(bytes)), FAULT);
    EXPECT(w_path_readlink(3, path, 1, out, 2, ADDRESS(bytes)), FAULT);
    EXPECT(w_path_create_directory(3, out, 2), FAULT);
    EXPECT(w_path_symlink(out, 2, 3, path, 1), FAULT);
    EXPECT(w_random_get(out, 2), FAULT);
    EXPECT(w_poll_oneoff(out, ADDRESS(bytes), 1, ADDRESS(bytes)), FAULT);
    EXPECT(w_poll_oneoff(ADDRESS(bytes), out, 1, ADDRESS(bytes)), FAULT);
    iovec.pointer = out;
    EXPECT(w_fd_read(file, ADDRESS(&iovec), 1, ADDRESS(bytes)), FAULT);
    EXPECT(w_fd_write(file, ADDRESS(&iovec), 1, ADDRESS(bytes)), FAULT);
    EXPECT(w_fd_pwrite(file, ADDRESS(&iovec), 1, 0, ADDRESS(bytes)), FAULT);
    // A size or a position that has nowhere to go, though the buffers are right.
    iovec.pointer = ADDRESS(bytes);
    EXPECT(w_fd_write(file, ADDRESS(&iovec), 1, out), FAULT);
    EXPECT(w_fd_pwrite(file, ADDRESS(&iovec), 1, 0, out), FAULT);
  }
  // Nothing was written or opened.
  u64 stat[8];
  EXPECT(w_fd_filestat_get(file, ADDRESS(stat)), OK);
  EXPECT(stat[4], 0);
  EXPECT(OPEN("f", 0, READ, 0), file + 1);
  // Nor is anything read, or the position another.
  EXPECT(write_text(file, "contents"), OK);
  u64 position;
  EXPECT(w_fd_seek(file, 2, 0, ADDRESS(&position)), OK);
  memcpy(bytes, "no bytes", 8);
  for (int i = 0; i < 4; i++) {
    EXPECT(w_fd_read(file, ADDRESS(&iovec), 1, wrong[i]), FAULT);
    EXPECT(w_fd_pread(file, ADDRESS(&iovec), 1, 0, wrong[i]), FAULT);
    EXPECT(w_fd_seek(file, 1, 1, wrong[i]), FAULT);
  }
  EXPECT(memcmp(bytes, "no bytes", 8), 0);
  EXPECT(w_fd_tell(file, ADDRESS(&position)), OK);
  EXPECT(position, 2);
}

static void huge_requests(void) {
  const u32 file = OPEN("f", CREAT, READ | WRITE, 0);
  static struct iovec32 iovecs[1025];
  u32 size;
  // 4 GiB of random bytes; arrays of 4 G buffers; lengths that wrap.
  EXPECT(w_random_get(0, ~0u), FAULT);
  EXPECT(w_random_get(~0u, ~0u), FAULT);
  EXPECT(w_fd_write(file, 0, ~0u, ADDRESS(&size)), INVAL);
  EXPECT(w_fd_read(file, 0, 0x20000000, ADDRESS(&size)), INVAL);
  EXPECT(w_fd_pread(file, 0, 0x20000001, 0, ADDRESS(&size)), INVAL);
  EXPECT(w_fd_pwrite(file, 0, 1025, 0, ADDRESS(&size)), INVAL);
  EXPECT(w_sock_send(file, 0, ~0u, 0, ADDRESS(&size)), NOTSOCK);
  EXPECT(w_poll_oneoff(0, 0, ~0u, ADDRESS(&size)), NOMEM);
  EXPECT(w_poll_oneoff(0, 0, 0, ADDRESS(&size)), INVAL);
  EXPECT(w_fd_readdir(3, 0, ~0u, 0, ADDRESS(&size)), FAULT);
  EXPECT(w_path_readlink(3, ADDRESS("f"), 1, 0, ~0u, ADDRESS(&size)), FAULT);
  EXPECT(w_path_open(3, 0, 0, ~0u, 0, READ, 0, 0, ADDRESS(&size)) != OK, 1);
  EXPECT(w_path_open(3, 0, 0, 4096, 0, READ, 0, 0, ADDRESS(&size)), 37);
  EXPECT(w_fd_prestat_dir_name(3, 0, 0), 37);
  // The same bytes a thousand times: more than 4 GiB together, or just many.
  EXPECT(__builtin_wasm_memory_grow(0, 128) != (size_t)-1, 1);
  for (u32 i = 0; i < 1024; i++)
    iovecs[i] = (struct iovec32){0, 128 * PAGE};
  EXPECT(w_fd_write(file, ADDRESS(iovecs), 1024, ADDRESS(&size)), INVAL);
  for (u32 i = 0; i < 1024; i++)
    iovecs[i] = iovec_of("abcdef", 6);
  EXPECT(w_fd_write(file, ADDRESS(iovecs), 1024, ADDRESS(&size)), OK);
  EXPECT(size, 1024 * 6);
  // As much as there is, in one call.
  EXPECT(w_random_get(memory_size() - 100 * PAGE, 100 * PAGE), OK);
}

// Pointers that are misaligned, or lead to the same place.
static void odd_pointers(void) {
  const u32 file = OPEN("f", CREAT, READ | WRITE, 0);
  _Alignas(8) static uint8_t block[256];
  u32 odd = ADDRESS(block) + 1;
  struct iovec32 iovec = iovec_of("0123456789", 10);
  memcpy(block + 1, &iovec, 8);
  EXPECT(w_fd_write(file, odd, 1, odd + 8), OK);
  EXPECT(block[9], 10);
  // The count lies in the array of buffers, the array in the buffer.
  iovec = iovec_of(block, 8);
  memcpy(block, &iovec, 8);
  EXPECT(w_fd_write(file, ADDRESS(block), 1, ADDRESS(block)), OK);
  EXPECT(block[0], 8);
  u64 position;
  EXPECT(w_fd_seek(file, 0, 0, ADDRESS(&position)), OK);
  iovec = iovec_of(block, 10);
  memcpy(block, &iovec, 8);
  EXPECT(w_fd_read(file, ADDRESS(block), 1, ADDRESS(block) + 3), OK);
  EXPECT(memcmp(block,
                "012\x0a\0\0\0"
                "789",
                10),
         0);
  EXPECT(w_clock_time_get(1, 0, odd), OK);
  EXPECT(w_fd_filestat_get(file, odd), OK);
  EXPECT(block[1 + 16], 4);
  EXPECT(w_fd_fdstat_get(file, odd), OK);
  EXPECT(block[1], 4);
  EXPECT(w_args_sizes_get(odd, odd + 2), OK); // overlapping
  // Events over their own subscriptions.
  memset(block, 0, sizeof block);
  for (int i = 0; i < 2; i++) {
    block[1 + 48 * i] = (uint8_t)(i + 1); // user data
    block[1 + 48 * i + 16] = 1;           // of the monotonic clock, at once
  }
  EXPECT(w_poll_oneoff(odd, odd, 2, odd + 96), OK);
  EXPECT(block[1 + 96], 2);
  EXPECT(block[1], 1);
  EXPECT(block[1 + 32], 2);
}

// ---- Files ------------------------------------------------------------------------------------

static u64 size_of_file(u32 fd) {
  u64 stat[8];
  EXPECT(w_fd_filestat_get(fd, ADDRESS(stat)), OK);
  return stat[4];
}

static uint16_t flags_of(u32 fd) {
  u64 stat[3];
  EXPECT(w_fd_fdstat_get(fd, ADDRESS(stat)), OK);
  return (uint16_t)(stat[0] >> 16);
}

static void appending(void) {
  u32 fd = OPEN("f", CREAT, READ | WRITE, APPEND);
  u64 position;
  EXPECT(flags_of(fd), APPEND);
  EXPECT(write_text(fd, "first"), OK);
  EXPECT(w_fd_seek(fd, 0, 0, ADDRESS(&position)), OK);
  EXPECT(write_text(fd, "second"), OK); // to the end, wherever it was
  EXPECT(size_of_file(fd), 11);
  EXPECT(w_fd_tell(fd, ADDRESS(&position)), OK);
  EXPECT(position, 11);
  EXPECT(w_fd_fdstat_set_flags(fd, 0), OK);
  EXPECT(flags_of(fd), 0);
  EXPECT(w_fd_seek(fd, 0, 0, ADDRESS(&position)), OK);
  EXPECT(write_text(fd, "FIRST"), OK);
  EXPECT(size_of_file(fd), 11);
  EXPECT(w_fd_fdstat_set_flags(fd, APPEND | NONBLOCK), OK);
  EXPECT(flags_of(fd), APPEND | NONBLOCK);
  EXPECT(write_text(fd, "!"), OK);
  EXPECT(size_of_file(fd), 12);
  EXPECT(w_fd_fdstat_set_flags(fd, SYNC), INVAL);
  EXPECT(w_fd_fdstat_set_flags(fd, 32), INVAL);
  EXPECT(w_fd_fdstat_set_flags(fd, ~0u), INVAL);
  EXPECT(flags_of(fd), APPEND | NONBLOCK);
  // What is synchronous stays so, and can be told to.
  fd = OPEN("f", 0, WRITE, SYNC);
  EXPECT(flags_of(fd), DSYNC | RSYNC | SYNC);
  EXPECT(w_fd_fdstat_set_flags(fd, flags_of(fd) | APPEND), OK);
  EXPECT(flags_of(fd), DSYNC | RSYNC | SYNC | APPEND);
  EXPECT(w_fd_fdstat_set_flags(fd, APPEND), INVAL);
}

static void offsets(void) {
  u32 fd = OPEN("f", CREAT, READ | WRITE, 0);
  struct iovec32 iovec = iovec_of("abc", 3);
  u32 size;
  u64 position;
  EXPECT(w_fd_pwrite(fd, ADDRESS(&iovec), 1, 5, ADDRESS(&size)), OK);
  EXPECT(size_of_file(fd), 8);
  EXPECT(w_fd_tell(fd, ADDRESS(&position)), OK);
  EXPECT(position, 0);
  EXPECT(w_fd_pwrite(fd, ADDRESS(&iovec), 1, ~0ull, ADDRESS(&size)), INVAL);
  EXPECT(w_fd_pread(fd, ADDRESS(&iovec), 1, 1ull << 63, ADDRESS(&size)), INVAL);
  EXPECT(w_fd_pread(fd, ADDRESS(&iovec), 1, 1ull << 40, ADDRESS(&size)), OK);
  EXPECT(size, 0);
  EXPECT(w_fd_seek(fd, -1, 0, ADDRESS(&position)), INVAL);
  EXPECT(w_fd_seek(fd, -9, 2, ADDRESS(&position)), INVAL);
  EXPECT(w_fd_seek(fd, -8, 2, ADDRESS(&position)), OK);
  EXPECT(position, 0);
  EXPECT(w_fd_seek(fd, 3, 3, ADDRESS(&position)), INVAL);
  EXPECT(w_fd_seek(fd, 3, 1, ADDRESS(&position)), OK);
  EXPECT(position, 3);
  EXPECT(w_fd_filestat_set_size(fd, 1), OK);
  EXPECT(size_of_file(fd), 1);
  EXPECT(w_fd_filestat_set_size(fd, ~0ull), INVAL);
  EXPECT(w_fd_allocate(fd, 0, 100), OK);
  EXPECT(size_of_file(fd), 100);
  EXPECT(w_fd_allocate(fd, 0, 0), INVAL);
  EXPECT(w_fd_allocate(fd, 1ull << 63, 1), INVAL);
  EXPECT(w_fd_advise(fd, 0, 10, 5), OK);
  EXPECT(w_fd_advise(fd, 0, 10, 6), INVAL);
  EXPECT(w_fd_advise(fd, 1ull << 63, 10, 0), INVAL);
}

static void times(void) {
  u32 fd = OPEN("f", CREAT, READ | WRITE, 0);
  u64 stat[8]; // 5: access, 6: modification
  u64 now;
  EXPECT(w_fd_filestat_set_times(fd, 1000000007, 2000000009, 1 | 4), OK);
  EXPECT(w_fd_filestat_get(fd, ADDRESS(stat)), OK);
  EXPECT(stat[5], 1000000007);
  EXPECT(stat[6], 2000000009);
  EXPECT(w_fd_filestat_set_times(fd, 5, 5, 0), OK); // neither
  EXPECT(w_fd_filestat_set_times(fd, 3000000011, 5, 1), OK);
  EXPECT(w_fd_filestat_get(fd, ADDRESS(stat)), OK);
  EXPECT(stat[5], 3000000011);
  EXPECT(stat[6], 2000000009);
  EXPECT(w_clock_time_get(0, 0, ADDRESS(&now)), OK);
  EXPECT(w_path_filestat_set_times(3, 0, ADDRESS("f"), 1, 5, 5, 8), OK); // modified now
  EXPECT(w_fd_filestat_get(fd, ADDRESS(stat)), OK);
  EXPECT(stat[5], 3000000011);
  CHECK(stat[6] + 1000000000 > now && stat[6] < now + 1000000000);
  const u32 wrong[] = {1 | 2, 4 | 8, 1 | 2 | 4 | 8, 16, 16 | 1, ~0u};
  for (int i = 0; i < 6; i++) {
    EXPECT(w_fd_filestat_set_times(fd, 0, 0, wrong[i]), INVAL);
    EXPECT(w_path_filestat_set_times(3, 0, ADDRESS("f"), 1, 0, 0, wrong[i]), INVAL);
  }
  EXPECT(w_path_filestat_set_times(3, 0, ADDRESS("g"), 1, 0, 0, 1), NOENT);
  EXPECT(w_fd_filestat_get(fd, ADDRESS(stat)), OK);
  EXPECT(stat[5], 3000000011);
  EXPECT(w_fd_filestat_set_times(3, 7, 7, 5), OK); // a directory
}

// ---- Directories ------------------------------------------------------------------------------

struct entry {
  u64 next;
  u64 inode;
  u32 size;
  u32 type;
};

#define FILES 400
static uint8_t seen[FILES];

static void name_of(char *name, int file) {
  sprintf(name, "file-%03d-%.*s", file, file % 60,
          "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
}

static void make_files(void) {
  for (int file = 0; file < FILES; file++) {
    char name[100];
    name_of(name, file);
    EXPECT(w_fd_close(OPEN(name, CREAT, WRITE, 0)), OK);
  }
}

// Reads all of a directory by a buffer of some size, as libraries do, and calls `meanwhile` for
// each entry.
static void read_all(u32 fd, u32 size, void (*meanwhile)(const char *name)) {
  char *buffer = malloc(size);
  u64 cookie = 0;
  u32 used = size;
  memset(seen, 0, sizeof seen);
  while (used == size) {
    EXPECT(w_fd_readdir(fd, ADDRESS(buffer), size, cookie, ADDRESS(&used)), OK);
    struct entry entry;
    for (u32 at = 0; at + sizeof entry <= used; at += sizeof entry + entry.size) {
      memcpy(&entry, buffer + at, sizeof entry);
      if (at + sizeof entry + entry.size > used)
        break;
      char name[300];
      memcpy(name, buffer + at + sizeof entry, entry.size);
      name[entry.size] = 0;
      cookie = entry.next;
      int file;
      if (sscanf(name, "file-%d", &file) == 1)
        seen[file]++;
      if (meanwhile)
        meanwhile(name);
    }
  }
  free(buffer);
}

static void directory_buffers(void) {
  make_files();
  // The least holds the longest entry. A multiple of all sorts of sizes.
  const u32 sizes[] = {100, 101, 127, 200, 1000, 4096, 65536};
  for (int i = 0; i < 7; i++) {
    read_all(3, sizes[i], NULL);
    for (int file = 0; file < FILES; file++)
      EXPECT(seen[file], 1);
  }
  // Too small for an entry: as much of it as there is room for.
  static uint8_t buffer[32];
  u32 used;
  for (u32 size = 0; size <= 25; size++) {
    memset(buffer, 0xaa, sizeof buffer);
    EXPECT(w_fd_readdir(3, ADDRESS(buffer), size, 0, ADDRESS(&used)), OK);
    EXPECT(used, size);
    EXPECT(buffer[size], 0xaa);
  }
  // A cookie that no entry has.
  u32 error = w_fd_readdir(3, ADDRESS(buffer), 32, ~0ull, ADDRESS(&used));
  CHECK(error == INVAL || error == OK);
}

// Once, by small pieces: on a kernel that can't go back to a place in a directory, too.
static void directory_once(void) {
  make_files();
  read_all(3, 150, NULL);
  for (int file = 0; file < FILES; file++)
    EXPECT(seen[file], 1);
}

static int removed;
static int made;

static int is_stable(int file) { return file % 3 == 1; }

// Removes entries before and after the one that was read, and makes others.
static void change(const char *name) {
  (void)name;
  for (int i = 0; i < 2 && removed < FILES; removed++) {
    if (is_stable(removed))
      continue;
    char other[100];
    name_of(other, removed);
    EXPECT(w_path_unlink_file(3, ADDRESS(other), (u32)strlen(other)), OK);
    i++;
  }
  if (made < 200) {
    char other[100];
    sprintf(other, "new-%d-%d", made * 7919 % 1000, made);
    made++;
    EXPECT(w_fd_close(OPEN(other, CREAT, WRITE, 0)), OK);
  }
}

// Nothing that is there all the time is lost or comes twice.
static void directory_changes(void) {
  const u32 sizes[] = {100, 300, 4096, 20000};
  for (int i = 0; i < 4; i++) {
    make_files();
    removed = 0;
    made = 0;
    read_all(3, sizes[i], change);
    for (int file = 0; file < FILES; file++)
      if (is_stable(file))
        EXPECT(seen[file], 1);
      else
        CHECK(seen[file] <= 1);
  }
}

// What `rm -r` does: removes each entry as it is read, until none is left.
static void remove_read(const char *name) {
  if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
    EXPECT(w_path_unlink_file(3, ADDRESS(name), (u32)strlen(name)), OK);
}

static void directory_emptied(void) {
  make_files();
  read_all(3, 150, remove_read);
  for (int file = 0; file < FILES; file++)
    EXPECT(seen[file], 1);
  // From the start again: what was made since is there.
  EXPECT(w_fd_close(OPEN("file-7-", CREAT, WRITE, 0)), OK);
  read_all(3, 150, NULL);
  EXPECT(seen[7], 1);
  EXPECT(seen[8], 0);
  // Two readers of one directory, each with a place of its own.
  make_files();
  u32 other = OPEN(".", DIRECTORY, READ, 0);
  uint8_t first[200], second[200];
  u32 used;
  EXPECT(w_fd_readdir(other, ADDRESS(first), 200, 0, ADDRESS(&used)), OK);
  read_all(3, 4096, NULL);
  EXPECT(w_fd_readdir(other, ADDRESS(second), 200, 0, ADDRESS(&used)), OK);
  EXPECT(memcmp(first, second, 200), 0);
}

// What is kept of a directory must not be seen through another one that takes its place.
static void directory_place_is_taken(void) {
  static uint8_t buffer[65536];
  u32 used;
  make_files();
  EXPECT(w_path_create_directory(3, ADDRESS("empty"), 5), OK);
  u32 full = OPEN(".", DIRECTORY, READ, 0);
  EXPECT(w_fd_readdir(full, ADDRESS(buffer), 100, 0, ADDRESS(&used)), OK);
  struct entry entry;
  memcpy(&entry, buffer, sizeof entry);
  EXPECT(w_fd_close(full), OK);
  EXPECT(OPEN("empty", DIRECTORY, READ, 0), full);
  u32 error = w_fd_readdir(full, ADDRESS(buffer), sizeof buffer, entry.next, ADDRESS(&used));
  for (u32 at = 0; error == OK && at + 5 <= used; at++)
    CHECK(memcmp(buffer + at, "file-", 5) != 0);
}

// ---- Waiting ----------------------------------------------------------------------------------

struct subscription {
  u64 user_data;
  uint8_t type;
  _Alignas(8) u32 id; // clock or descriptor
  u64 timeout;
  u64 precision;
  uint16_t flags;
};
struct event {
  u64 user_data;
  uint16_t error;
  uint8_t type;
  u64 bytes;
  uint16_t flags;
};
_Static_assert(sizeof(struct subscription) == 48 && sizeof(struct event) == 32, "layout");
#define CLOCK(data, clock, time, absolute)                                                         \
  (struct subscription) { .user_data = data, .id = clock, .timeout = time, .flags = absolute }
#define FD(data, kind, fd)                                                                         \
  (struct subscription) { .user_data = data, .type = kind, .id = fd }

static struct event events[8];
static u32 poll(struct subscription *subscriptions, u32 count) {
  u32 happened = 0;
  EXPECT(w_poll_oneoff(ADDRESS(subscriptions), ADDRESS(events), count, ADDRESS(&happened)), OK);
  return happened;
}

static u64 now(u32 clock) {
  u64 time;
  EXPECT(w_clock_time_get(clock, 0, ADDRESS(&time)), OK);
  return time;
}

static void poll_clocks(void) {
  const u64 ms = 1000000;
  // The nearest of several; only what has happened is told.
  u64 start = now(1);
  struct subscription some[] = {CLOCK(1, 1, 3600000 * ms, 0), CLOCK(2, 1, 20 * ms, 0),
                                CLOCK(3, 0, 7200000 * ms, 0)};
  EXPECT(poll(some, 3), 1);
  EXPECT(events[0].user_data, 2);
  EXPECT(events[0].error, OK);
  EXPECT(events[0].type, 0);
  CHECK(now(1) - start >= 20 * ms);
  // Absolute times, past and to come, on both clocks; a span that overflows.
  struct subscription absolute[] = {
      CLOCK(1, 1, 1, 1),     CLOCK(2, 0, 1, 1),     CLOCK(3, 0, now(0) + 3600000 * ms, 1),
      CLOCK(4, 1, ~0ull, 0), CLOCK(5, 1, ~0ull, 1), CLOCK(6, 0, 0, 0)};
  EXPECT(poll(absolute, 6), 3);
  EXPECT(events[0].user_data, 1);
  EXPECT(events[1].user_data, 2);
  EXPECT(events[2].user_data, 6);
  start = now(0);
  struct subscription soon[] = {CLOCK(1, 0, start + 20 * ms, 1),
                                CLOCK(2, 1, now(1) + 10000 * ms, 1)};
  EXPECT(poll(soon, 2), 1);
  EXPECT(events[0].user_data, 1);
  CHECK(now(0) >= start + 20 * ms);
  // Clocks, flags and kinds that don't exist are told one by one, at once.
  struct subscription wrong[] = {CLOCK(1, 9, 0, 0), CLOCK(2, 2, 0, 0),
                                 CLOCK(3, 1, 0, 2), CLOCK(4, 1, 3600000 * ms, 0),
                                 FD(5, 3, 0),       FD(6, 255, 0)};
  EXPECT(poll(wrong, 6), 5);
  for (u32 i = 0; i < 5; i++)
    EXPECT(events[i].error, INVAL);
  EXPECT(events[3].user_data, 5);
}

static void poll_files(void) {
  const u64 hour = 3600000000000;
  u32 file = OPEN("f", CREAT, READ | WRITE, 0);
  EXPECT(write_text(file, "0123456789"), OK);
  u64 position;
  EXPECT(w_fd_seek(file, 3, 0, ADDRESS(&position)), OK);
  // Files are always ready; the same descriptor twice; closed ones are told as such.
  struct subscription some[] = {CLOCK(1, 1, hour, 0), FD(2, 1, file), FD(3, 2, file),
                                FD(4, 1, file),       FD(5, 1, 99),   FD(6, 2, ~0u)};
  EXPECT(poll(some, 6), 5);
  for (u32 i = 0; i < 3; i++) {
    EXPECT(events[i].user_data, i + 2);
    EXPECT(events[i].error, OK);
    EXPECT(events[i].type, some[i + 1].type);
    EXPECT(events[i].flags, 0);
  }
  EXPECT(events[0].bytes, 7);
  EXPECT(events[2].bytes, 7);
  EXPECT(events[3].error, BADF);
  EXPECT(events[4].error, BADF);
  EXPECT(w_fd_seek(file, 20, 0, ADDRESS(&position)), OK); // behind the end
  EXPECT(poll(some + 1, 1), 1);
  EXPECT(events[0].bytes, 0);
  // The right to wait can be given up.
  EXPECT(w_fd_fdstat_set_rights(file, READ, 0), OK);
  EXPECT(poll(some + 1, 1), 1);
  EXPECT(events[0].error, NOTCAPABLE);
}

// Standard input is a pipe with "abc", whose other end is closed.
static void poll_hangup(void) {
  struct subscription input = FD(7, 1, 0);
  EXPECT(poll(&input, 1), 1);
  EXPECT(events[0].error, OK);
  EXPECT(events[0].bytes, 3);
  char bytes[8];
  EXPECT(read_bytes(0, bytes, 8), 3);
  EXPECT(poll(&input, 1), 1);
  EXPECT(events[0].error, OK);
  EXPECT(events[0].flags, 1);
  EXPECT(events[0].bytes, 0);
  EXPECT(read_bytes(0, bytes, 8), 0);
}

// Standard input is a pipe in which nothing is.
static void nonblocking_input(void) {
  char byte;
  EXPECT(flags_of(0), 0);
  EXPECT(w_fd_fdstat_set_flags(0, NONBLOCK), OK);
  EXPECT(flags_of(0), NONBLOCK);
  EXPECT(read_bytes(0, &byte, 1), 1000 + AGAIN);
  struct subscription both[] = {FD(1, 1, 0), CLOCK(2, 1, 1000000, 0)};
  EXPECT(poll(both, 2), 1);
  EXPECT(events[0].user_data, 2);
}

// Standard output is a pipe that nobody reads.
static void nonblocking_output(void) {
  static char bytes[10000];
  struct iovec32 iovec = iovec_of(bytes, sizeof bytes);
  u32 total = 0;
  EXPECT(w_fd_fdstat_set_flags(1, NONBLOCK), OK);
  for (;;) {
    u32 size = 0;
    u32 error = w_fd_write(1, ADDRESS(&iovec), 1, ADDRESS(&size));
    if (error) {
      EXPECT(error, AGAIN);
      break;
    }
    CHECK(size > 0);
    total += size;
  }
  CHECK(total >= 65536);
  struct subscription both[] = {FD(1, 2, 1), CLOCK(2, 1, 1000000, 0)};
  EXPECT(poll(both, 2), 1);
  EXPECT(events[0].user_data, 2);
  fprintf(stderr, "full\n");
  exit(0);
}

// Standard output is a pipe whose reader is gone.
static void broken_pipe(void) {
  EXPECT(write_text(1, "x"), PIPE);
  fprintf(stderr, "alive\n");
  exit(0);
}

// ---- The rest ---------------------------------------------------------------------------------

static void clocks(void) {
  u64 a, b;
  for (u32 clock = 0; clock < 4; clock++) {
    EXPECT(w_clock_res_get(clock, ADDRESS(&a)), OK);
    CHECK(a >= 1 && a <= 1000000000);
    EXPECT(w_clock_time_get(clock, 0, ADDRESS(&a)), OK);
    EXPECT(w_clock_time_get(clock, ~0ull, ADDRESS(&b)), OK);
    CHECK(b >= a);
  }
  const u32 wrong[] = {4, 5, 0x80000000u, ~0u};
  for (int i = 0; i < 4; i++) {
    EXPECT(w_clock_res_get(wrong[i], ADDRESS(&a)), INVAL);
    EXPECT(w_clock_time_get(wrong[i], 0, ADDRESS(&a)), INVAL);
  }
  EXPECT(w_sched_yield(), OK);
  EXPECT(w_proc_raise(6), NOTSUP);
}

static void streams(void) {
  u64 position;
  EXPECT(w_fd_seek(0, 0, 1, ADDRESS(&position)), SPIPE);
  EXPECT(w_fd_tell(1, ADDRESS(&position)), SPIPE);
  struct iovec32 iovec = iovec_of("", 0);
  u32 size;
  EXPECT(w_fd_pwrite(1, ADDRESS(&iovec), 1, 0, ADDRESS(&size)), SPIPE);
  EXPECT(w_sock_shutdown(1, 1), NOTSOCK);
  EXPECT(w_sock_accept(0, 0, ADDRESS(&size)), NOTSOCK);
  EXPECT(w_fd_advise(0, 0, 0, 0), SPIPE);
  // A stream that the guest has closed is gone for it; its number is used again.
  EXPECT(w_fd_close(0), OK);
  EXPECT(read_bytes(0, &size, 1), 1000 + BADF);
  EXPECT(OPEN("f", CREAT, WRITE, 0), 0);
}

// Standard input is a file, opened to be read.
static void input_is_not_changed(void) {
  enum { MTIM = 4, MTIM_NOW = 8 };
  u64 before[8], after[8];
  EXPECT(w_fd_filestat_get(0, ADDRESS(before)), OK);
  EXPECT(w_fd_filestat_set_times(0, 0, 0, MTIM), NOTCAPABLE);
  EXPECT(w_fd_filestat_set_times(0, 0, 0, MTIM_NOW), NOTCAPABLE);
  EXPECT(w_fd_filestat_set_size(0, 0), NOTCAPABLE);
  EXPECT(w_fd_allocate(0, 0, 100), NOTCAPABLE);
  EXPECT(write_text(0, "x"), BADF);
  EXPECT(w_fd_filestat_get(0, ADDRESS(after)), OK);
  EXPECT(memcmp(before, after, sizeof before), 0);
}

// Standard input and error are closed: what the runtime says of the trap must not go to the file
// that gets its number.
static void trap_without_error_stream(void) {
  u32 fd = OPEN("f", CREAT, WRITE, 0);
  EXPECT(write_text(fd, "text"), OK);
  CHECK(write_text(2, "x") != OK || fd == 2);
  puts("ok");
  fflush(stdout);
  __builtin_trap();
}

int main(int argc, char **argv) {
  static const struct test tests[] = {
      {"renumber", renumber},
      {"renumber_preopen_away", renumber_preopen_away},
      {"too_many_descriptors", too_many_descriptors},
      {"wrong_descriptors", wrong_descriptors},
      {"rights_are_given_up", rights_are_given_up},
      {"results_outside", results_outside},
      {"huge_requests", huge_requests},
      {"odd_pointers", odd_pointers},
      {"appending", appending},
      {"offsets", offsets},
      {"times", times},
      {"directory_buffers", directory_buffers},
      {"directory_once", directory_once},
      {"directory_changes", directory_changes},
      {"directory_emptied", directory_emptied},
      {"directory_place_is_taken", directory_place_is_taken},
      {"poll_clocks", poll_clocks},
      {"poll_files", poll_files},
      {"poll_hangup", poll_hangup},
      {"clocks", clocks},
      {"streams", streams},
      {"input_is_not_changed", input_is_not_changed},
      {"nonblocking_input", nonblocking_input},
      {"nonblocking_output", nonblocking_output},
      {"broken_pipe", broken_pipe},
      {"trap_without_error_stream", trap_without_error_stream},
      {NULL, NULL},
  };
  return run_tests(tests, argc, argv);
}
