#include "common.h"

static const char *const messages[WASMAOT_TRAP_LAST + 1] = {
    [WASMAOT_TRAP_UNREACHABLE] = "unreachable",
    [WASMAOT_TRAP_MEMORY_OUT_OF_BOUNDS] = "out of bounds memory access",
    [WASMAOT_TRAP_TABLE_OUT_OF_BOUNDS] = "out of bounds table access",
    [WASMAOT_TRAP_UNDEFINED_ELEMENT] = "undefined element",
    [WASMAOT_TRAP_UNINITIALIZED_ELEMENT] = "uninitialized element",
    [WASMAOT_TRAP_INDIRECT_CALL_TYPE_MISMATCH] = "indirect call type mismatch",
    [WASMAOT_TRAP_INTEGER_DIVIDE_BY_ZERO] = "integer divide by zero",
    [WASMAOT_TRAP_INTEGER_OVERFLOW] = "integer overflow",
    [WASMAOT_TRAP_INVALID_CONVERSION_TO_INTEGER] = "invalid conversion to integer",
    [WASMAOT_TRAP_STACK_OVERFLOW] = "call stack exhausted",
    [WASMAOT_TRAP_NULL_REFERENCE] = "null reference",
    [WASMAOT_TRAP_UNALIGNED_ATOMIC] = "unaligned atomic",
    [WASMAOT_TRAP_UNRESOLVED_IMPORT] = "unresolved import called",
    [WASMAOT_TRAP_EXPECTED_SHARED_MEMORY] = "expected shared memory",
    [WASMAOT_TRAP_OUT_OF_FUEL] = "all fuel consumed by WebAssembly",
    [WASMAOT_TRAP_INTERRUPTED] = "interrupt",
};

const char *wasmaot_trap_message(uint32_t code) {
  return code > 0 && code <= WASMAOT_TRAP_LAST ? messages[code] : "unknown trap";
}
