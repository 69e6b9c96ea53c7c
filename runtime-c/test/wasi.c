// A guest that does what its arguments say, one WASI call, and prints the error number and the
// result:
//
//   OPERATION ARGUMENT...
//
// An argument is a number, or a path with the descriptor that it starts from: 3:dir/file.
#include "guest.h"

HIDDEN struct wasmaot_memory wasmaot_memory_0 = MEMORY(4, 4);
static struct wasmaot_memory *const memories[] = {&wasmaot_memory_0};

typedef uint32_t u32;
typedef uint64_t u64;

HIDDEN u32 wasmaot_wasi_args_get(u32, u32);
HIDDEN u32 wasmaot_wasi_args_sizes_get(u32, u32);
HIDDEN u32 wasmaot_wasi_environ_get(u32, u32);
HIDDEN u32 wasmaot_wasi_environ_sizes_get(u32, u32);
HIDDEN u32 wasmaot_wasi_clock_time_get(u32, u64, u32);
HIDDEN u32 wasmaot_wasi_fd_allocate(u32, u64, u64);
HIDDEN u32 wasmaot_wasi_fd_close(u32);
HIDDEN u32 wasmaot_wasi_fd_fdstat_get(u32, u32);
HIDDEN u32 wasmaot_wasi_fd_filestat_set_size(u32, u64);
HIDDEN u32 wasmaot_wasi_fd_filestat_set_times(u32, u64, u64, u32);
HIDDEN u32 wasmaot_wasi_fd_prestat_dir_name(u32, u32, u32);
HIDDEN u32 wasmaot_wasi_fd_prestat_get(u32, u32);
HIDDEN u32 wasmaot_wasi_fd_read(u32, u32, u32, u32);
HIDDEN u32 wasmaot_wasi_fd_readdir(u32, u32, u32, u64, u32);
HIDDEN u32 wasmaot_wasi_fd_renumber(u32, u32);
HIDDEN u32 wasmaot_wasi_fd_seek(u32, int64_t, u32, u32);
HIDDEN u32 wasmaot_wasi_fd_write(u32, u32, u32, u32);
HIDDEN u32 wasmaot_wasi_path_create_directory(u32, u32, u32);
HIDDEN u32 wasmaot_wasi_path_filestat_get(u32, u32, u32, u32, u32);
HIDDEN u32 wasmaot_wasi_path_filestat_set_times(u32, u32, u32, u32, u64, u64, u32);
HIDDEN u32 wasmaot_wasi_path_link(u32, u32, u32, u32, u32, u32, u32);
HIDDEN u32 wasmaot_wasi_path_open(u32, u32, u32, u32, u32, u64, u64, u32, u32);
HIDDEN u32 wasmaot_wasi_path_readlink(u32, u32, u32, u32, u32, u32);
HIDDEN u32 wasmaot_wasi_path_remove_directory(u32, u32, u32);
HIDDEN u32 wasmaot_wasi_path_rename(u32, u32, u32, u32, u32, u32);
HIDDEN u32 wasmaot_wasi_path_symlink(u32, u32, u32, u32, u32);
HIDDEN u32 wasmaot_wasi_path_unlink_file(u32, u32, u32);
HIDDEN u32 wasmaot_wasi_poll_oneoff(u32, u32, u32, u32);
HIDDEN _Noreturn void wasmaot_wasi_proc_exit(u32);
HIDDEN u32 wasmaot_wasi_random_get(u32, u32);
HIDDEN u32 wasmaot_wasi_sock_shutdown(u32, u32);

// Offsets in the guest's memory.
enum {
  RESULT = 64,
  IOVEC = 128,
  OUTPUT = 1024,
  BUFFER = 4096,
  ARGUMENTS = 65536,
  ARGUMENT_BYTES = 65536 + 4096,
};

static u32 output_size;

WASM static void put(const char *text, u32 size) {
  for (u32 i = 0; i < size; i++)
    ((char *)at(OUTPUT))[output_size++] = text[i];
}

WASM static void put_string(const char *text) {
  u32 size = 0;
  while (text[size])
    size++;
  put(text, size);
}

WASM static void put_number(u64 value) {
  char digits[20];
  int count = 0;
  do {
    digits[19 - count++] = (char)('0' + value % 10);
    value /= 10;
  } while (value);
  put(digits + 20 - count, (u32)count);
}

WASM static void flush(void) {
  put("\n", 1);
  u32 *iovec = at(IOVEC);
  iovec[0] = OUTPUT;
  iovec[1] = output_size;
  wasmaot_wasi_fd_write(1, IOVEC, 1, RESULT + 8);
  output_size = 0;
}

WASM static u32 argument_offset(u32 index) { return ((u32 *)at(ARGUMENTS))[index]; }
WASM static const char *argument(u32 index) { return at(argument_offset(index)); }

WASM static u64 number_at(const char *text) {
  u64 value = 0;
  for (; *text >= '0' && *text <= '9'; text++)
    value = value * 10 + (u64)(*text - '0');
  return value;
}
WASM static u64 number(u32 index) { return number_at(argument(index)); }

struct path {
  u32 fd;
  u32 offset;
  u32 size;
};
// "3:dir/file". "\0" spells a NUL.
WASM static struct path path(u32 index) {
  const char *text = argument(index);
  struct path result = {(u32)number_at(text), argument_offset(index), 0};
  while (*text != ':')
    text++, result.offset++;
  text++, result.offset++;
  char *out = at(result.offset);
  for (; *text; text++) {
    if (text[0] == '\\' && text[1] == '0') {
      out[result.size++] = 0;
      text++;
    } else {
      out[result.size++] = *text;
    }
  }
  return result;
}

WASM static int is(const char *name) {
  const char *given = argument(1);
  while (*given && *given == *name)
    given++, name++;
  return *given == *name;
}

WASM static u32 result(void) { return *(u32 *)at(RESULT); }

WASM static u32 open_path(u32 index, u32 lookup, u32 oflags, u64 rights, u32 fdflags) {
  struct path p = path(index);
  return wasmaot_wasi_path_open(p.fd, lookup, p.offset, p.size, oflags, rights, 0, fdflags, RESULT);
}

WASM static void report(u32 error) {
  put_number(error);
  flush();
}

// Reads a file from its start and prints it.
WASM static void print_contents(u32 fd) {
  u32 *iovec = at(IOVEC);
  iovec[0] = BUFFER;
  iovec[1] = 4096;
  u32 error = wasmaot_wasi_fd_read(fd, IOVEC, 1, RESULT);
  put_number(error);
  put(" ", 1);
  if (error == 0)
    put(at(BUFFER), result());
  flush();
}

WASM static void print_list(u32 count_of_strings, u32 pointers) {
  for (u32 i = 0; i < count_of_strings; i++) {
    put_string(at(((u32 *)at(pointers))[i]));
    flush();
  }
}

WASM static void run_paths(void) {
  if (is("open")) // PATH LOOKUP OFLAGS RIGHTS FDFLAGS
    report(open_path(2, (u32)number(3), (u32)number(4), number(5), (u32)number(6)));
  else if (is("cat")) { // PATH
    u32 error = open_path(2, 1, 0, 2, 0);
    if (error)
      report(error);
    else
      print_contents(result());
  } else if (is("write")) { // PATH TEXT
    u32 error = open_path(2, 1, 1 | 8, 64, 0);
    if (error == 0) {
      u32 *iovec = at(IOVEC);
      iovec[0] = argument_offset(3);
      for (iovec[1] = 0; argument(3)[iovec[1]];)
        iovec[1]++;
      error = wasmaot_wasi_fd_write(result(), IOVEC, 1, RESULT);
    }
    report(error);
  } else if (is("mkdir")) {
    struct path p = path(2);
    report(wasmaot_wasi_path_create_directory(p.fd, p.offset, p.size));
  } else if (is("rmdir")) {
    struct path p = path(2);
    report(wasmaot_wasi_path_remove_directory(p.fd, p.offset, p.size));
  } else if (is("unlink")) {
    struct path p = path(2);
    report(wasmaot_wasi_path_unlink_file(p.fd, p.offset, p.size));
  } else if (is("symlink")) { // TARGET PATH
    struct path target = path(2), p = path(3);
    report(wasmaot_wasi_path_symlink(target.offset, target.size, p.fd, p.offset, p.size));
  } else if (is("readlink")) {
    struct path p = path(2);
    u32 error = wasmaot_wasi_path_readlink(p.fd, p.offset, p.size, BUFFER, 4096, RESULT);
    put_number(error);
    put(" ", 1);
    if (error == 0)
      put(at(BUFFER), result());
    flush();
  } else if (is("link")) { // PATH PATH
    struct path from = path(2), to = path(3);
    report(wasmaot_wasi_path_link(from.fd, 0, from.offset, from.size, to.fd, to.offset, to.size));
  } else if (is("rename")) { // PATH PATH
    struct path from = path(2), to = path(3);
    report(wasmaot_wasi_path_rename(from.fd, from.offset, from.size, to.fd, to.offset, to.size));
  } else if (is("stat")) { // PATH LOOKUP
    struct path p = path(2);
    u32 error = wasmaot_wasi_path_filestat_get(p.fd, (u32)number(3), p.offset, p.size, BUFFER);
    put_number(error);
    if (error == 0) {
      put(" ", 1);
      put_number(*(uint8_t *)at(BUFFER + 16));
    }
    flush();
  } else if (is("utimes")) { // PATH LOOKUP
    struct path p = path(2);
    report(wasmaot_wasi_path_filestat_set_times(p.fd, (u32)number(3), p.offset, p.size, 0,
                                                1000000000, 4));
  } else if (is("set_times")) { // PATH: by a descriptor that was opened to read
    u32 error = open_path(2, 1, 0, 2, 0);
    report(error ? error : wasmaot_wasi_fd_filestat_set_times(result(), 0, 1000000000, 4));
  } else if (is("set_size")) { // PATH
    u32 error = open_path(2, 1, 0, 2, 0);
    report(error ? error : wasmaot_wasi_fd_filestat_set_size(result(), 0));
  } else if (is("ls")) { // PATH
    u32 error = open_path(2, 1, 2, 0, 0);
    u64 cookie = 0;
    // A buffer that cuts entries off, so that reading goes on at cookies.
    const u32 size = 60;
    while (error == 0) {
      u32 fd = 4;
      error = wasmaot_wasi_fd_readdir(fd, BUFFER, size, cookie, RESULT);
      u32 used = error ? 0 : result();
      for (u32 i = 0; i + 24 <= used;) {
        u32 length = *(u32 *)at(BUFFER + i + 16);
        if (i + 24 + length > used)
          break;
        cookie = *(u64 *)at(BUFFER + i);
        put(at(BUFFER + i + 24), length);
        flush();
        i += 24 + length;
      }
      if (used < size)
        break;
    }
    report(error);
  }
}

// An event by its type, subscribed to as the WASI layout says.
WASM static void subscribe(u32 index, u32 type, u32 fd, u64 timeout) {
  uint8_t *subscription = at(BUFFER + index * 48);
  *(u64 *)subscription = index + 100;
  subscription[8] = (uint8_t)type;
  *(u32 *)(subscription + 16) = type == 0 ? 1 : fd;
  *(u64 *)(subscription + 24) = timeout;
}

WASM static void run_others(void) {
  if (is("exit"))
    wasmaot_wasi_proc_exit((u32)number(2));
  else if (is("preopens")) {
    for (u32 fd = 3; wasmaot_wasi_fd_prestat_get(fd, RESULT) == 0; fd++) {
      u32 size = *(u32 *)at(RESULT + 4);
      wasmaot_wasi_fd_prestat_dir_name(fd, BUFFER, size);
      put(at(BUFFER), size);
      flush();
    }
  } else if (is("environment")) {
    wasmaot_wasi_environ_sizes_get(RESULT, RESULT + 4);
    u32 count_of_strings = result();
    wasmaot_wasi_environ_get(BUFFER, BUFFER + 4096);
    print_list(count_of_strings, BUFFER);
  } else if (is("random")) // POINTER SIZE
    report(wasmaot_wasi_random_get((u32)number(2), (u32)number(3)));
  else if (is("write_raw")) // FD IOVECS COUNT RESULT
    report(wasmaot_wasi_fd_write((u32)number(2), (u32)number(3), (u32)number(4), (u32)number(5)));
  else if (is("write_iovec")) { // POINTER SIZE
    u32 *iovec = at(IOVEC);
    iovec[0] = (u32)number(2);
    iovec[1] = (u32)number(3);
    report(wasmaot_wasi_fd_write(1, IOVEC, 1, RESULT));
  } else if (is("clock")) // ID RESULT
    report(wasmaot_wasi_clock_time_get((u32)number(2), 0, (u32)number(3)));
  else if (is("renumber")) // FROM TO
    report(wasmaot_wasi_fd_renumber((u32)number(2), (u32)number(3)));
  else if (is("close")) // FD, twice
  {
    put_number(wasmaot_wasi_fd_close((u32)number(2)));
    put(" ", 1);
    report(wasmaot_wasi_fd_close((u32)number(2)));
  } else if (is("seek")) // FD WHENCE
    report(wasmaot_wasi_fd_seek((u32)number(2), 0, (u32)number(3), RESULT));
  else if (is("shutdown"))
    report(wasmaot_wasi_sock_shutdown((u32)number(2), 3));
  else if (is("sleep")) { // NANOSECONDS
    subscribe(0, 0, 0, number(2));
    u32 error = wasmaot_wasi_poll_oneoff(BUFFER, BUFFER + 4096, 1, RESULT);
    put_number(error);
    put(" ", 1);
    put_number(result());
    put(" ", 1);
    put_number(*(u64 *)at(BUFFER + 4096));
    flush();
  } else if (is("poll_stdin")) { // with a clock of ten minutes and a closed descriptor
    subscribe(0, 0, 0, 600000000000);
    subscribe(1, 1, 0, 0);
    u32 error = wasmaot_wasi_poll_oneoff(BUFFER, BUFFER + 4096, 2, RESULT);
    put_number(error);
    put(" ", 1);
    put_number(result());
    put(" ", 1);
    put_number(*(u64 *)at(BUFFER + 4096));
    put(" ", 1);
    put_number(*(u64 *)at(BUFFER + 4096 + 16));
    flush();
  } else if (is("poll_count")) // COUNT
    report(wasmaot_wasi_poll_oneoff(0, 0, (u32)number(2), RESULT));
}

WASM static void entry(void) {
  wasmaot_wasi_args_sizes_get(RESULT, RESULT + 4);
  u32 count_of_arguments = result();
  wasmaot_wasi_args_get(ARGUMENTS, ARGUMENT_BYTES);
  if (count_of_arguments < 2 || is("arguments")) {
    print_list(count_of_arguments, ARGUMENTS);
    return;
  }
  run_paths();
  run_others();
}

HIDDEN const struct wasmaot_module wasmaot_module = {
    .abi_version = WASMAOT_ABI_VERSION,
    .memory_count = 1,
    .memories = memories,
    .entry = entry,
};
