// Functions of the host for modules that the test driver runs: they log what they are called with,
// so that calls, their order and their arguments can be compared between engines.
#include "script.h"

#include <stddef.h>
#include <string.h>

typedef uint64_t v128 __attribute__((vector_size(16)));

struct entry {
  char type;
  uint64_t low;
  uint64_t high;
};
#define MAX_ENTRIES 256
static struct entry entries[MAX_ENTRIES];
// Of all calls; the first ones are kept.
static uint64_t count;

static void log_call(char type, uint64_t low, uint64_t high) {
  if (count < MAX_ENTRIES)
    entries[count] = (struct entry){type, low, high};
  count++;
}

// The words of script.c, behind them the number of calls.
void wasmaot_script_host_log(void) {
  for (size_t i = 0; i < count && i < MAX_ENTRIES; i++) {
    char prefix[] = {' ', entries[i].type, ':', 0};
    wasmaot_script_put(prefix);
    if (entries[i].type == 'v')
      wasmaot_script_put_hex(entries[i].high, true);
    wasmaot_script_put_hex(entries[i].low, entries[i].type == 'v');
  }
  wasmaot_script_put(" #");
  wasmaot_script_put_hex(count, false);
  count = 0;
}

// Imports "log-i32" and so on of "fuzzing-support", as binaryen's fuzzer calls them.
void wasmaot_script_host_log_i32(uint32_t value) { log_call('i', value, 0); }
void wasmaot_script_host_log_i64(uint64_t value) { log_call('I', value, 0); }

void wasmaot_script_host_log_f32(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  log_call('f', bits, 0);
}

void wasmaot_script_host_log_f64(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  log_call('F', bits, 0);
}

void wasmaot_script_host_log_v128(v128 value) { log_call('v', value[0], value[1]); }

// "mix": a result that no optimiser can know.
uint32_t wasmaot_script_host_mix(uint32_t value) {
  log_call('m', value, 0);
  return value * 31 + 7;
}
