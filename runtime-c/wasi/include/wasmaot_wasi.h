// WASI preview 1, and wasi_unstable: one implementation for the instance models and the
// interpreter, which bind it to their modules' imports. All that a guest has hangs on a context;
// there is no other state. Each function is `wasmaot_wasip1_<name>`, takes the context before the
// parameters that the standard gives it, and returns WASI's error number.
//
// A context may be used by several threads at once where it was started so.
#ifndef WASMAOT_WASI_H
#define WASMAOT_WASI_H

#include "wasmaot_wasi_signatures.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wasmaot_wasi;

// ---- Contexts ---------------------------------------------------------------------------------

// Bytes that a context takes. (So that nothing here allocates: whoever binds it knows where.)
size_t wasmaot_wasi_size(void);
// Starts a context in memory with any contents. Without arguments, variables and descriptors.
void wasmaot_wasi_start(struct wasmaot_wasi *wasi, bool has_threads);
// Closes all its descriptors. No call may be running.
void wasmaot_wasi_end(struct wasmaot_wasi *wasi);

// Where the guest's memory is, and its size in bytes: looked up in every call, for both may change.
void wasmaot_wasi_set_memory(struct wasmaot_wasi *wasi, uint8_t *const *base,
                             const uint64_t *bytes);
// Neither array is copied. Variables are "K=V".
void wasmaot_wasi_set_arguments(struct wasmaot_wasi *wasi, uint32_t count,
                                const char *const *arguments);
void wasmaot_wasi_set_variables(struct wasmaot_wasi *wasi, uint32_t count,
                                const char *const *variables);

// The next descriptors of the guest, in order: standard streams first, which stay the host's, then
// directories, which now are the context's. `host` may be closed for a stream: then it is closed
// for the guest. `name`, not copied, is the directory's for the guest. False if there are too many.
bool wasmaot_wasi_add_stream(struct wasmaot_wasi *wasi, int host);
bool wasmaot_wasi_add_directory(struct wasmaot_wasi *wasi, int host, const char *name,
                                bool read_only);

// A socket that listens, now the context's. After the directories: guests look for those until the
// first number that is none.
bool wasmaot_wasi_add_listener(struct wasmaot_wasi *wasi, int host);
// Opens one at "ADDRESS:PORT", "[ADDRESS]:PORT" for IPv6: numbers, no names. A host descriptor or
// -errno: -EINVAL for what is no such address.
int wasmaot_wasi_listen(const char *address);

// Terminals get what the guest writes as it is, with control characters.
void wasmaot_wasi_set_raw_terminal(struct wasmaot_wasi *wasi);
// The process is a host's: SIGPIPE, which a program of its own ignores, must not reach it. Waiting
// calls that a signal interrupts return where `*interrupted` is not 0; it may be null.
void wasmaot_wasi_set_hosted(struct wasmaot_wasi *wasi, const volatile uint32_t *interrupted);

// Whether the guest has called proc_exit. The call returns: to end the guest is its binding's.
bool wasmaot_wasi_has_exited(const struct wasmaot_wasi *wasi, uint32_t *status);

// ---- Functions --------------------------------------------------------------------------------

void wasmaot_wasip1_proc_exit(struct wasmaot_wasi *wasi, uint32_t status);
uint32_t wasmaot_wasip1_sched_yield(struct wasmaot_wasi *wasi);

#define WASI_FUNCTION(group, name, signature)                                                      \
  uint32_t wasmaot_wasip1_##name(struct wasmaot_wasi *wasi, WASI_PARAMETERS_##signature);
#include "wasmaot_wasi_functions.h"
#undef WASI_FUNCTION

#endif
