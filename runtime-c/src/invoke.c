// Apps built with --invoke: one export is called with the program's arguments, and its results are
// printed, one a line, as `wasmtime run --invoke` prints them.
#include "runtime.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The specification's implementation limit on parameters and results.
#define MAX_VALUES 1000

static struct wasmaot_value values[MAX_VALUES];

static const char *type_name(char type) {
  switch (type) {
  case 'i':
    return "i32";
  case 'I':
    return "i64";
  case 'f':
    return "f32";
  case 'F':
    return "f64";
  case 'v':
    return "v128";
  case 'r':
    return "funcref";
  default:
    return "externref";
  }
}

static _Noreturn void usage(const struct wasmaot_export *export) {
  struct wasmaot_text text;
  text.length = 0;
  wasmaot_text_add(&text, "wasmaot: usage: ");
  wasmaot_text_add_untrusted(&text, wasmaot_process.program_name,
                             strnlen(wasmaot_process.program_name, 128));
  for (const char *type = export->params; *type; type++) {
    wasmaot_text_add(&text, " ");
    wasmaot_text_add(&text, type_name(*type));
  }
  wasmaot_text_write(&text, 2);
  wasmaot_exit(WASMAOT_EXIT_USAGE);
}

// ---- Arguments --------------------------------------------------------------------------------

// Decimal or 0x hexadecimal with an optional sign, signed or unsigned, that fits `bits` (or 64 of
// 128).
static bool parse_integer(const char *text, unsigned bits, uint64_t *value) {
  bool negative = *text == '-';
  if (*text == '-' || *text == '+')
    text++;
  int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
  // strtoull would take white space and a second sign. (It skips 0x itself: a second one is none.)
  if (*text < '0' || *text > '9')
    return false;
  char *end;
  errno = 0;
  unsigned long long magnitude = strtoull(text, &end, base);
  if (*end != 0 || errno != 0)
    return false;
  uint64_t limit = negative ? 1ull << (bits - 1) : UINT64_MAX >> (64 - bits);
  if (magnitude > limit)
    return false;
  *value = negative ? -(uint64_t)magnitude : magnitude;
  if (bits == 32)
    *value = (uint32_t)*value;
  return true;
}

static bool parse_value(const char *text, char type, struct wasmaot_value *value) {
  char *end;
  value->high = 0;
  switch (type) {
  case 'i':
    return parse_integer(text, 32, &value->low);
  case 'I':
  case 'v': // the low half; what a command line can spell beyond that is of no use
    return parse_integer(text, 64, &value->low);
  case 'f': {
    float number = strtof(text, &end);
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    value->low = bits;
    return end != text && *end == 0;
  }
  case 'F': {
    double number = strtod(text, &end);
    memcpy(&value->low, &number, sizeof value->low);
    return end != text && *end == 0;
  }
  default:
    return false; // references have no spelling
  }
}

// ---- Results ----------------------------------------------------------------------------------

// The shortest decimal that reads back as the same number, without an exponent: Rust's Display.
static void format_float(double number, bool is_single, char *out, size_t size) {
  if (isnan(number)) {
    snprintf(out, size, "NaN");
    return;
  }
  if (isinf(number)) {
    snprintf(out, size, number < 0 ? "-inf" : "inf");
    return;
  }
  // -d.ddde±xx with as few digits as suffice
  char shortest[40];
  for (int digits = 0; digits <= 17; digits++) {
    snprintf(shortest, sizeof shortest, "%.*e", digits, number);
    if (is_single ? strtof(shortest, NULL) == (float)number : strtod(shortest, NULL) == number)
      break;
  }
  char *exponent_mark = strchr(shortest, 'e');
  int exponent = (int)strtol(exponent_mark + 1, NULL, 10);
  size_t length = 0;
  char digits[24];
  for (const char *at = shortest; at < exponent_mark; at++)
    if (*at >= '0' && *at <= '9')
      digits[length++] = *at;
  size_t used = 0;
  if (shortest[0] == '-')
    out[used++] = '-';
  int point = exponent + 1; // digits before the decimal point
  if (point <= 0) {
    out[used++] = '0';
    out[used++] = '.';
    for (int i = point; i < 0; i++)
      out[used++] = '0';
    for (size_t i = 0; i < length; i++)
      out[used++] = digits[i];
  } else {
    for (int i = 0; i < point || (size_t)i < length; i++) {
      if (i == point)
        out[used++] = '.';
      out[used++] = (size_t)i < length ? digits[i] : '0';
    }
  }
  out[used] = 0;
}

static void format_value(char type, const struct wasmaot_value *value, char *out, size_t size) {
  switch (type) {
  case 'i':
    snprintf(out, size, "%d", (int32_t)(uint32_t)value->low);
    break;
  case 'I':
    snprintf(out, size, "%lld", (long long)value->low);
    break;
  case 'f': {
    uint32_t bits = (uint32_t)value->low;
    float number;
    memcpy(&number, &bits, sizeof number);
    format_float((double)number, true, out, size);
    break;
  }
  case 'F': {
    double number;
    memcpy(&number, &value->low, sizeof number);
    format_float(number, false, out, size);
    break;
  }
  case 'v': {
    // Division of 128 bits by hand, 32 at a time: the compiler's own needs its support library.
    uint64_t limbs[] = {value->high >> 32, (uint32_t)value->high, value->low >> 32,
                        (uint32_t)value->low};
    char digits[40];
    size_t count = 0;
    do {
      uint64_t rest = 0;
      for (int i = 0; i < 4; i++) {
        rest = rest << 32 | limbs[i];
        limbs[i] = rest / 10;
        rest %= 10;
      }
      digits[count++] = (char)('0' + (int)rest);
    } while ((limbs[0] | limbs[1] | limbs[2] | limbs[3]) != 0);
    for (size_t i = 0; i < count; i++)
      out[i] = digits[count - 1 - i];
    out[count] = 0;
    break;
  }
  case 'r':
    snprintf(out, size, value->low ? "<funcref>" : "<null funcref>");
    break;
  case 'x':
    snprintf(out, size, value->low ? "<exnref>" : "<null exnref>");
    break;
  default:
    snprintf(out, size, value->low ? "<externref>" : "<null externref>");
    break;
  }
}

static void print_line(char *line) {
  size_t length = strlen(line);
  line[length++] = '\n';
  long result = wasmaot_write(1, line, length);
  if (result <= 0)
    wasmaot_fail(WASMAOT_EXIT_START, "cannot write the results to standard output: ",
                 result == -ENOSPC   ? "no space left"
                 : result == -EPIPE  ? "nobody reads it"
                 : result == -EBADF  ? "it is closed"
                 : result == -EAGAIN ? "it is full, and does not block"
                                     : "an error of the system",
                 NULL);
}

void wasmaot_invoke(void *unused) {
  (void)unused;
  const struct wasmaot_export *export =
      wasmaot_export_find(wasmaot_process.invoke, strlen(wasmaot_process.invoke));
  if (!export)
    wasmaot_fail(WASMAOT_EXIT_START, "there is no exported function '", wasmaot_process.invoke,
                 "'");
  size_t count = strlen(export->params);
  if (count > MAX_VALUES || strlen(export->results) > MAX_VALUES)
    wasmaot_fail(WASMAOT_EXIT_START, "too many parameters or results", NULL, NULL);
  char **arguments = wasmaot_process.argv + wasmaot_process.argument_start;
  if ((size_t)(wasmaot_process.argc - wasmaot_process.argument_start) != count)
    usage(export);
  for (size_t i = 0; i < count; i++)
    if (!parse_value(arguments[i], export->params[i], &values[i]))
      usage(export);

  wasmaot_initialize_reactor();
  export->call(values);
  if (wasmaot_exception_check)
    wasmaot_exception_check();

  char line[400]; // the smallest f64 takes 328
  for (size_t i = 0; export->results[i]; i++) {
    format_value(export->results[i], &values[i], line, sizeof line);
    print_line(line);
  }
}
