// The test driver: calls exports as standard input says, and goes on after traps. The
// specification's tests run through it.
//
//   invoke NAME VALUE...     NAME: the export's name as hexadecimal bytes ("-" for the empty name)
//                            VALUE: type letter, colon, bits as hexadecimal: i:ffffffff
//   fuel N                   what is left from here on, hexadecimal (of code that counts)
//   consumed                 since then: ok I:N
//   log                      what functions of the host were called with: script_host.c
//   run LINE... end          the lines between in a process of their own, on an instance as new as
//                            this one is; then: end STATUS
//
// For each line, and once before the first for the instantiation itself, one line comes back:
//
//   ok VALUE...   |   trap MESSAGE   |   exception   |   error MESSAGE
//
// References: 0 is null. A funcref is printed as its number in the module's descriptors, an
// externref as its bits.
#include "script.h"
#include "../common/sys.h"
#include "runtime.h"

#include <string.h>

#define MAX_VALUES 1000
#define MAX_LINE (64 << 10)

static char line[MAX_LINE];
static char output[MAX_LINE];
static struct wasmaot_value values[MAX_VALUES];
static const struct wasmaot_export *current;
// Lines of a run, behind each other.
static char run[1 << 20];

// ---- Input ------------------------------------------------------------------------------------

static char buffer[MAX_LINE];
static size_t buffer_start;
static size_t buffer_end;

// Next byte of standard input, or -1 at the end.
static int next_byte(void) {
  if (buffer_start == buffer_end) {
    long count = sys3(SYS_read, 0, buffer, sizeof buffer);
    if (sys_failed(count) || count == 0)
      return -1;
    buffer_start = 0;
    buffer_end = (size_t)count;
  }
  return (unsigned char)buffer[buffer_start++];
}

static bool next_line(void) {
  size_t length = 0;
  for (;;) {
    int byte = next_byte();
    if (byte < 0)
      return false;
    if (byte == '\n') {
      line[length] = 0;
      return true;
    }
    if (length + 1 == sizeof line)
      return false;
    line[length++] = (char)byte;
  }
}

static int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9')
    return digit - '0';
  if (digit >= 'a' && digit <= 'f')
    return digit - 'a' + 10;
  return -1;
}

// ---- Output -----------------------------------------------------------------------------------

static size_t output_length;
#define put wasmaot_script_put
#define put_hex wasmaot_script_put_hex

void wasmaot_script_put(const char *text) {
  while (*text && output_length < sizeof output)
    output[output_length++] = *text++;
}

void wasmaot_script_put_hex(uint64_t value, bool padded) {
  char digits[17];
  int count = 0;
  for (int shift = 60; shift >= 0; shift -= 4) {
    unsigned digit = value >> shift & 15;
    if (digit != 0 || count > 0 || padded || shift == 0)
      digits[count++] = "0123456789abcdef"[digit];
  }
  digits[count] = 0;
  put(digits);
}

static void flush(void) {
  if (output_length == sizeof output)
    output_length--;
  put("\n");
  if (wasmaot_write(1, output, output_length) <= 0)
    wasmaot_exit(WASMAOT_EXIT_START);
  output_length = 0;
}

// ---- Calls ------------------------------------------------------------------------------------

// Next word of the line after `at`, which is cut off there; null at the end.
static char *next_word(char **at) {
  char *word = *at;
  while (*word == ' ')
    word++;
  if (*word == 0)
    return NULL;
  char *end = word;
  while (*end != 0 && *end != ' ')
    end++;
  *at = *end ? end + 1 : end;
  *end = 0;
  return word;
}

// Decodes in place. The name's size, or SIZE_MAX.
static size_t parse_name(char *word) {
  if (strcmp(word, "-") == 0)
    return 0;
  size_t length = 0;
  for (; word[2 * length]; length++) {
    int high = hex_digit(word[2 * length]);
    int low = high < 0 ? -1 : hex_digit(word[2 * length + 1]);
    if (low < 0)
      return SIZE_MAX;
    word[length] = (char)(high << 4 | low);
  }
  return length;
}

static bool parse_value(const char *word, char type, struct wasmaot_value *value) {
  if (word[0] != type || word[1] != ':' || word[2] == 0)
    return false;
  value->low = 0;
  value->high = 0;
  for (const char *at = word + 2; *at; at++) {
    int digit = hex_digit(*at);
    if (digit < 0)
      return false;
    value->high = value->high << 4 | value->low >> 60;
    value->low = value->low << 4 | (uint64_t)digit;
  }
  return true;
}

static void print_value(char type, const struct wasmaot_value *value) {
  char prefix[] = {' ', type, ':', 0};
  put(prefix);
  uint64_t low = value->low;
  if (type == 'i' || type == 'f')
    low = (uint32_t)low;
  if (type == 'r' && low != 0)
    low = ((const struct wasmaot_func *)low)->index; // NOLINT: a funcref is a descriptor's address
  if (type == 'v')
    put_hex(value->high, true);
  put_hex(low, type == 'v');
}

static const char *prepare_call(void) {
  char *at = line;
  char *word = next_word(&at);
  if (!word || strcmp(word, "invoke") != 0)
    return "unknown command";
  word = next_word(&at);
  size_t size = word ? parse_name(word) : SIZE_MAX;
  if (size == SIZE_MAX)
    return "bad name";
  current = wasmaot_export_find(word, size);
  if (!current)
    return "no such export";
  size_t count = 0;
  while ((word = next_word(&at)) != NULL) {
    if (!current->params[count] || count == MAX_VALUES ||
        !parse_value(word, current->params[count], &values[count]))
      return "bad argument";
    count++;
  }
  return current->params[count] ? "too few arguments" : NULL;
}

static void call(void *unused) {
  (void)unused;
  current->call(values);
}

static void instantiate(void *unused) {
  (void)unused;
  if (wasmaot_module.instantiation_trap)
    wasmaot_trap(wasmaot_module.instantiation_trap);
  if (wasmaot_module.start)
    wasmaot_module.start();
  wasmaot_initialize_reactor();
}

static bool report(uint32_t trap) {
  // (A trap on the way to a handler leaves its exception behind.)
  bool is_exception = wasmaot_exception_take && wasmaot_exception_take();
  if (trap == 0 && is_exception) {
    put("exception");
    return false;
  }
  put(trap == 0 ? "ok" : "trap ");
  if (trap != 0)
    put(wasmaot_trap_message(trap));
  return trap == 0;
}

extern int64_t wasmaot_fuel __attribute__((weak));

// The count, if code counts.
static int64_t *fuel(void) {
  static int64_t nobodys;
  return &wasmaot_fuel ? &wasmaot_fuel : &nobodys;
}

// False if the line is another command.
static bool execute_fuel(void) {
  if (strcmp(line, "consumed") == 0) {
    struct wasmaot_value consumed = {.low = wasmaot_process.fuel - (uint64_t)*fuel()};
    put("ok");
    print_value('I', &consumed);
    return true;
  }
  if (strncmp(line, "fuel ", 5) != 0)
    return false;
  uint64_t value = 0;
  for (const char *digit = line + 5; *digit; digit++)
    value = value << 4 | (unsigned)(hex_digit(*digit) & 15);
  wasmaot_process.fuel = value;
  *fuel() = (int64_t)value;
  put("ok");
  return true;
}

// False if the line is another command.
static bool execute_log(void) {
  if (strcmp(line, "log") != 0)
    return false;
  put("ok");
  if (wasmaot_script_host_log)
    wasmaot_script_host_log();
  else
    put(" #0");
  return true;
}

// Executes the line.
static void execute(bool is_usable) {
  const char *problem = "not instantiated";
  if (is_usable) {
    if (execute_fuel() || execute_log())
      return;
    problem = prepare_call();
  }
  if (problem) {
    put("error ");
    put(problem);
  } else if (report(wasmaot_stack_enter(call, NULL))) {
    for (size_t i = 0; current->results[i]; i++)
      print_value(current->results[i], &values[i]);
  }
}

// Executes lines in a child process, which is this instance's copy. They are read before it is
// made: what one of the two takes from standard input is lost to the other.
static void execute_run(bool is_usable) {
  size_t length = 0;
  while (next_line() && strcmp(line, "end") != 0) {
    size_t size = strlen(line) + 1;
    if (length + size > sizeof run)
      wasmaot_fail(WASMAOT_EXIT_START, "a run is too long", NULL, NULL);
    memcpy(run + length, line, size);
    length += size;
  }
  long child = sys0(SYS_fork);
  if (child == 0) {
    for (size_t at = 0; at < length; at += strlen(run + at) + 1) {
      memcpy(line, run + at, strlen(run + at) + 1);
      execute(is_usable);
      flush();
    }
    wasmaot_exit(0);
  }
  int status = -1;
  if (!sys_failed(child))
    sys4(SYS_wait4, child, &status, 0, NULL);
  put("end ");
  put_hex((uint32_t)status, false);
}

void wasmaot_script(void) {
  wasmaot_trap_recover();
  bool is_usable = report(wasmaot_stack_enter(instantiate, NULL));
  flush();
  while (next_line()) {
    if (strcmp(line, "run") == 0)
      execute_run(is_usable);
    else
      execute(is_usable);
    flush();
  }
}
