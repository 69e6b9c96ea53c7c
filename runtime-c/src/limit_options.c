// Limits on the command line of an app (grants.c): the compiler's options, with the same bounds.
#include "runtime.h"

#include <string.h>

struct unit {
  const char *suffix; // in upper or lower case
  uint64_t factor;
};
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

// A decimal number and a unit. False where it is neither, or more than 64 bits hold.
static bool parse(const char *text, const struct unit *units, size_t count, uint64_t *value) {
  if (*text < '0' || *text > '9')
    return false;
  *value = 0;
  for (; *text >= '0' && *text <= '9'; text++)
    if (__builtin_mul_overflow(*value, 10, value) ||
        __builtin_add_overflow(*value, (uint64_t)(*text - '0'), value))
      return false;
  for (size_t i = 0; i < count; i++) {
    size_t length = strlen(units[i].suffix);
    bool is_same = strlen(text) == length;
    for (size_t at = 0; is_same && at < length; at++)
      is_same = (text[at] | 32) == units[i].suffix[at];
    if (is_same)
      return !__builtin_mul_overflow(*value, units[i].factor, value);
  }
  return false;
}

static bool parse_size(const char *text, uint64_t *value) {
  static const struct unit units[] = {{"", 1}, {"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}};
  return parse(text, units, COUNT(units), value);
}

void wasmaot_limit_timeout(char *value) {
  static const struct unit units[] = {{"", 1000000000},
                                      {"ms", 1000000},
                                      {"s", 1000000000},
                                      {"m", 60000000000},
                                      {"h", 3600000000000}};
  uint64_t timeout;
  if (!parse(value, units, COUNT(units), &timeout) || timeout == 0 || timeout > INT64_MAX)
    wasmaot_usage("not a duration, such as 500ms, 2s or 1m: ", value);
  wasmaot_process.timeout = timeout;
}

void wasmaot_limit_memory(char *value) {
  if (!parse_size(value, &wasmaot_process.max_memory))
    wasmaot_usage("not a size, such as 64M: ", value);
}

void wasmaot_limit_stack(char *value) {
  uint64_t size;
  if (!parse_size(value, &size) || size < WASMAOT_STACK_SIZE_MIN || size > WASMAOT_STACK_SIZE_MAX)
    wasmaot_usage("not a size of a stack, from 64K to 64G: ", value);
  wasmaot_process.stack_size = size;
}

void wasmaot_limit_fuel(char *value) {
  static const struct unit units[] = {{"", 1}};
  uint64_t fuel;
  if (!parse(value, units, COUNT(units), &fuel) || fuel > INT64_MAX)
    wasmaot_usage("not an amount of fuel: ", value);
  if (!wasmaot_fuel_start)
    wasmaot_usage("the program does not count fuel (build it with --count-fuel): ", value);
  wasmaot_process.fuel = fuel;
}
