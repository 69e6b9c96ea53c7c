// WASI of the static model: the program's one context, and the functions that generated code
// imports, `wasmaot_wasi_<name>`. Each is a section of its own in an object file of its group, so
// that a program holds what it imports, and prepares what it uses.
#ifndef WASMAOT_STATIC_WASI_H
#define WASMAOT_STATIC_WASI_H

#include "../wasi/internal.h"
#include "runtime.h"

extern struct wasmaot_wasi *wasmaot_wasi;

// Prepare what the program imports functions of.
__attribute__((weak)) void wasmaot_wasi_start_environment(void);
__attribute__((weak)) void wasmaot_wasi_start_descriptors(void);
// wasi_listeners.c; linked in where listeners are granted, or grants are taken at run time.
__attribute__((weak)) void wasmaot_wasi_start_listeners(void);

// What the file of a group makes of a row of wasmaot_wasi_functions.h.
#define WASI_BINDING(name, signature)                                                              \
  uint32_t wasmaot_wasi_##name(WASI_PARAMETERS_##signature);                                       \
  uint32_t wasmaot_wasi_##name(WASI_PARAMETERS_##signature) {                                      \
    return wasmaot_wasip1_##name(wasmaot_wasi, WASI_NAMES_##signature);                            \
  }
#define WASI_FUNCTION(group, name, signature) WASI_##group(name, signature)

#endif
