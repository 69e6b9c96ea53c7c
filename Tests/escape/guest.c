// A guest that does what it is told, one WASI call a line, by raw imports: no libc resolves paths
// in between.
//
//   clang-19 --target=wasm32-wasi -O1 -nostdlib -ffreestanding guest.c -o guest.wasm
//
// It reads lines from standard input and answers each with a line: the call's error number, then
// its results. Words are separated by a space; %XX in one stands for a byte. Descriptors are
// numbers, or $a to $z where `open` has stored one. The table at the end lists the calls. `# TEXT`
// is answered by itself. Between `loop MILLISECONDS` and `end` lines are repeated without answers;
// `end` says how often each error came: ERROR*COUNT.
#include <stddef.h>
#include <stdint.h>

typedef uint32_t u32;
typedef uint64_t u64;

#define WASI(name)                                                                                 \
  __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) u32 name
WASI(clock_time_get)(u32, u64, u64 *);
WASI(fd_advise)(u32, u64, u64, u32);
WASI(fd_allocate)(u32, u64, u64);
WASI(fd_close)(u32);
WASI(fd_fdstat_get)(u32, void *);
WASI(fd_fdstat_set_flags)(u32, u32);
WASI(fd_fdstat_set_rights)(u32, u64, u64);
WASI(fd_filestat_get)(u32, void *);
WASI(fd_filestat_set_size)(u32, u64);
WASI(fd_filestat_set_times)(u32, u64, u64, u32);
WASI(fd_prestat_get)(u32, u32 *);
WASI(fd_prestat_dir_name)(u32, char *, u32);
WASI(fd_pwrite)(u32, const void *, u32, u64, u32 *);
WASI(fd_read)(u32, const void *, u32, u32 *);
WASI(fd_readdir)(u32, void *, u32, u64, u32 *);
WASI(fd_renumber)(u32, u32);
WASI(fd_sync)(u32);
WASI(fd_write)(u32, const void *, u32, u32 *);
WASI(path_create_directory)(u32, const char *, u32);
WASI(path_filestat_get)(u32, u32, const char *, u32, void *);
WASI(path_filestat_set_times)(u32, u32, const char *, u32, u64, u64, u32);
WASI(path_link)(u32, u32, const char *, u32, u32, const char *, u32);
WASI(path_open)(u32, u32, const char *, u32, u32, u64, u64, u32, u32 *);
WASI(path_readlink)(u32, const char *, u32, char *, u32, u32 *);
WASI(path_remove_directory)(u32, const char *, u32);
WASI(path_rename)(u32, const char *, u32, u32, const char *, u32);
WASI(path_symlink)(const char *, u32, u32, const char *, u32);
WASI(path_unlink_file)(u32, const char *, u32);

// ---- Output ------------------------------------------------------------------------------------

struct buffer {
  const void *bytes;
  u32 size;
};

static void flush(void);

// A mistake in the script: what was answered until then is worth seeing.
_Noreturn static void stop(void) {
  flush();
  __builtin_trap();
}

static char output[1 << 16];
static u32 output_size;

static void flush(void) {
  for (u32 done = 0, count = 0; done < output_size; done += count) {
    struct buffer buffer = {output + done, output_size - done};
    if (fd_write(1, &buffer, 1, &count) != 0)
      __builtin_trap();
  }
  output_size = 0;
}

static void put_byte(char byte) {
  if (output_size == sizeof output)
    flush();
  output[output_size++] = byte;
}

static void put(const char *text) {
  while (*text)
    put_byte(*text++);
}

static void put_number(u64 value) {
  char digits[20];
  u32 count = 0;
  do
    digits[count++] = (char)('0' + value % 10);
  while (value /= 10);
  while (count)
    put_byte(digits[--count]);
}

// Bytes as a word.
static void put_word(const char *bytes, u32 size) {
  static const char hex[] = "0123456789ABCDEF";
  for (u32 i = 0; i < size; i++) {
    uint8_t byte = (uint8_t)bytes[i];
    if (byte > ' ' && byte < 127 && byte != '%') {
      put_byte((char)byte);
    } else {
      put_byte('%');
      put_byte(hex[byte >> 4]);
      put_byte(hex[byte & 15]);
    }
  }
}

// ---- Input -------------------------------------------------------------------------------------

struct word {
  char *bytes;
  u32 size;
};

#define MAX_WORDS 12
static struct word words[MAX_WORDS];
static u32 word_count;
static u32 registers[26];

static u32 digit(char byte) { return byte <= '9' ? (u32)(byte - '0') : (u32)((byte & 31) + 9); }

// Splits a line, into a copy: lines of a loop are read again.
static void split(const char *line, const char *end) {
  static char copy[1 << 16];
  char *out = copy;
  word_count = 0;
  if ((size_t)(end - line) > sizeof copy)
    stop();
  for (;; line++) { // the space, behind which there is a word, if an empty one
    if (word_count == MAX_WORDS)
      stop();
    struct word *word = &words[word_count++];
    word->bytes = out;
    for (; line < end && *line != ' '; line++) {
      if (*line == '%') {
        *out++ = (char)(digit(line[1]) << 4 | digit(line[2]));
        line += 2;
      } else {
        *out++ = *line;
      }
    }
    word->size = (u32)(out - word->bytes);
    if (line >= end)
      return;
  }
}

static const struct word *word(u32 index) {
  if (index >= word_count)
    stop();
  return &words[index];
}

static u64 number(u32 index) {
  const struct word *given = word(index);
  u64 value = 0;
  for (u32 i = 0; i < given->size; i++)
    value = value * 10 + digit(given->bytes[i]);
  return value;
}

static u32 *reg(u32 index) {
  u32 name = (u32)(word(index)->bytes[word(index)->size - 1] - 'a');
  if (name >= 26)
    stop();
  return &registers[name];
}

static u32 fd(u32 index) { return word(index)->bytes[0] == '$' ? *reg(index) : (u32)number(index); }

#define PATH(index) word(index)->bytes, word(index)->size
#define N32(index) (u32) number(index)

// ---- Calls -------------------------------------------------------------------------------------

static union {
  char bytes[1 << 16];
  u64 aligned;
} result;
static u32 result_size;
// What is printed of the results, after the error.
static enum { NOTHING, WORD, STATUS, RIGHTS, ENTRIES } shown;

static u32 u32_at(u32 offset) { return *(u32 *)(result.bytes + offset); }
static u64 u64_at(u32 offset) { return *(u64 *)(result.bytes + offset); }

static u32 do_open(void) { // FD LOOKUP PATH OFLAGS RIGHTS INHERITING FDFLAGS REGISTER
  u32 opened = UINT32_MAX;
  u32 error = path_open(fd(1), N32(2), PATH(3), N32(4), number(5), number(6), N32(7), &opened);
  // Where nothing was opened a later use must not find an older descriptor.
  *reg(8) = opened;
  return error;
}
static u32 do_read(void) { // FD
  struct buffer buffer = {result.bytes, 4096};
  shown = WORD;
  return fd_read(fd(1), &buffer, 1, &result_size);
}
static u32 do_write(void) { // FD TEXT
  struct buffer buffer = {PATH(2)};
  return fd_write(fd(1), &buffer, 1, &result_size);
}
static u32 do_pwrite(void) { // FD TEXT OFFSET
  struct buffer buffer = {PATH(2)};
  return fd_pwrite(fd(1), &buffer, 1, number(3), &result_size);
}
static u32 do_close(void) { return fd_close(fd(1)); }
static u32 do_renumber(void) { return fd_renumber(fd(1), fd(2)); }
static u32 do_sync(void) { return fd_sync(fd(1)); }
static u32 do_allocate(void) { return fd_allocate(fd(1), number(2), number(3)); }
static u32 do_fdsize(void) { return fd_filestat_set_size(fd(1), number(2)); }
static u32 do_fdtimes(void) { return fd_filestat_set_times(fd(1), number(2), number(3), N32(4)); }
static u32 do_fdflags(void) { return fd_fdstat_set_flags(fd(1), N32(2)); }
static u32 do_fdrights(void) { return fd_fdstat_set_rights(fd(1), number(2), number(3)); }
static u32 do_fdstat(void) {
  shown = RIGHTS;
  return fd_fdstat_get(fd(1), result.bytes);
}
static u32 do_filestat(void) {
  shown = STATUS;
  return fd_filestat_get(fd(1), result.bytes);
}
static u32 do_prestat(void) {
  u32 prestat[2];
  u32 error = fd_prestat_get(fd(1), prestat);
  if (error != 0)
    return error;
  shown = WORD;
  result_size = prestat[1];
  return fd_prestat_dir_name(fd(1), result.bytes, prestat[1]);
}
static u32 do_readdir(void) { // FD
  shown = ENTRIES;
  return fd_readdir(fd(1), result.bytes, sizeof result.bytes, 0, &result_size);
}
static u32 do_mkdir(void) { return path_create_directory(fd(1), PATH(2)); }
static u32 do_rmdir(void) { return path_remove_directory(fd(1), PATH(2)); }
static u32 do_unlink(void) { return path_unlink_file(fd(1), PATH(2)); }
static u32 do_rename(void) { return path_rename(fd(1), PATH(2), fd(3), PATH(4)); }
// FD LOOKUP PATH FD PATH
static u32 do_link(void) { return path_link(fd(1), N32(2), PATH(3), fd(4), PATH(5)); }
static u32 do_symlink(void) { return path_symlink(PATH(1), fd(2), PATH(3)); } // TARGET FD PATH
static u32 do_readlink(void) {
  shown = WORD;
  return path_readlink(fd(1), PATH(2), result.bytes, 4096, &result_size);
}
static u32 do_stat(void) { // FD LOOKUP PATH
  shown = STATUS;
  return path_filestat_get(fd(1), N32(2), PATH(3), result.bytes);
}
static u32 do_times(void) { // FD LOOKUP PATH ATIM MTIM FLAGS
  return path_filestat_set_times(fd(1), N32(2), PATH(3), number(4), number(5), N32(6));
}

static const struct {
  const char *name;
  u32 (*call)(void);
} calls[] = {
    {"open", do_open},       {"read", do_read},         {"write", do_write},
    {"pwrite", do_pwrite},   {"close", do_close},       {"renumber", do_renumber},
    {"sync", do_sync},       {"allocate", do_allocate}, {"fdsize", do_fdsize},
    {"fdtimes", do_fdtimes}, {"fdflags", do_fdflags},   {"fdrights", do_fdrights},
    {"fdstat", do_fdstat},   {"filestat", do_filestat}, {"prestat", do_prestat},
    {"readdir", do_readdir}, {"mkdir", do_mkdir},       {"rmdir", do_rmdir},
    {"unlink", do_unlink},   {"rename", do_rename},     {"link", do_link},
    {"symlink", do_symlink}, {"readlink", do_readlink}, {"stat", do_stat},
    {"times", do_times},
};
#define CALL_COUNT (sizeof calls / sizeof calls[0])

static int is(const char *name) {
  const struct word *given = word(0);
  u32 i = 0;
  while (i < given->size && name[i] == given->bytes[i])
    i++;
  return i == given->size && name[i] == 0;
}

static u32 call(void) {
  shown = NOTHING;
  result_size = 0;
  for (u32 i = 0; i < CALL_COUNT; i++)
    if (is(calls[i].name))
      return calls[i].call();
  put("unknown: ");
  put_word(word(0)->bytes, word(0)->size);
  flush();
  stop();
}

static void put_results(void) {
  if (shown != NOTHING)
    put_byte(' ');
  switch (shown) {
  case NOTHING:
    break;
  case WORD:
    put_word(result.bytes, result_size);
    break;
  case STATUS: // file type, and a regular file's size
    put_number((uint8_t)result.bytes[16]);
    if (result.bytes[16] == 4) {
      put_byte(' ');
      put_number(u64_at(32));
    }
    break;
  case RIGHTS:
    put_number(u64_at(8));
    put_byte(' ');
    put_number(u64_at(16));
    break;
  case ENTRIES:
    for (u32 at = 0; at + 24 <= result_size; at += 24 + u32_at(at + 16)) {
      u32 size = u32_at(at + 16);
      put_word(result.bytes + at + 24, size < result_size - at - 24 ? size : result_size - at - 24);
      put_byte('/');
    }
    break;
  }
}

// Whether what was read is what nobody may read.
static int is_secret(void) {
  static const char secret[] = "SECRET";
  if (shown != WORD && shown != ENTRIES)
    return 0;
  for (u32 at = 0; at + 6 <= result_size; at++) {
    u32 i = 0;
    while (i < 6 && result.bytes[at + i] == secret[i])
      i++;
    if (i == 6)
      return 1;
  }
  return 0;
}

// ---- Lines -------------------------------------------------------------------------------------

static char *input;
static u32 input_size;

static u64 now(void) {
  u64 time = 0;
  clock_time_get(1, 0, &time);
  return time;
}

static const char *end_of_line(const char *line) {
  while (*line != '\n')
    line++;
  return line;
}

// Runs lines from `line` to `end` for a while. Returns the line after `end`.
static const char *loop(const char *line, u64 nanoseconds) {
  static u64 counts[128];
  u64 until = now() + nanoseconds;
  for (u32 i = 0; i < 128; i++)
    counts[i] = 0;
  for (;;) {
    const char *at = line;
    for (;;) {
      const char *end = end_of_line(at);
      split(at, end);
      at = end + 1;
      if (is("end"))
        break;
      u32 error = call();
      counts[error < 128 ? error : 127]++;
      if (error == 0 && is_secret()) {
        put("SECRET READ ");
        put_results();
        put_byte('\n');
      }
    }
    if (now() >= until) {
      put("loop");
      for (u32 i = 0; i < 128; i++) {
        if (counts[i]) {
          put_byte(' ');
          put_number(i);
          put_byte('*');
          put_number(counts[i]);
        }
      }
      put_byte('\n');
      return at;
    }
  }
}

static void read_input(void) {
  u32 capacity = 0;
  input = (char *)(__builtin_wasm_memory_size(0) * 65536);
  for (;;) {
    if (input_size + 2 > capacity) {
      if (__builtin_wasm_memory_grow(0, 16) == (size_t)-1)
        stop();
      capacity += 16 * 65536;
    }
    struct buffer buffer = {input + input_size, capacity - input_size - 1};
    u32 count = 0;
    if (fd_read(0, &buffer, 1, &count) != 0)
      stop();
    if (count == 0)
      return;
    input_size += count;
  }
}

__attribute__((export_name("_start"))) void _start(void) {
  read_input();
  const char *line = input;
  while (line < input + input_size) {
    const char *end = end_of_line(line);
    split(line, end);
    const char *next = end + 1;
    if (line == end) {
      // An empty line.
    } else if (line[0] == '#') {
      while (line < end)
        put_byte(*line++);
      put_byte('\n');
    } else if (is("loop")) {
      next = loop(next, number(1) * 1000000);
    } else {
      u32 error = call();
      put_number(error);
      if (error == 0)
        put_results();
      put_byte('\n');
    }
    line = next;
  }
  flush();
}
