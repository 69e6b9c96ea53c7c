// What script.c, the test driver, and its functions of the host share.
#ifndef WASMAOT_SCRIPT_H
#define WASMAOT_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

// Append to the line that comes back; what there is no room for is left out.
void wasmaot_script_put(const char *text);
void wasmaot_script_put_hex(uint64_t value, bool padded);

// Appends what the functions of the host were called with since it was last asked for. Absent where
// a module imports none of them.
__attribute__((weak)) void wasmaot_script_host_log(void);

#endif
