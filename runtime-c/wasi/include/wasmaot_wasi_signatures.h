// Signatures of wasmaot_wasi_functions.h as C: parameters, and arguments to pass on.
#ifndef WASMAOT_WASI_SIGNATURES_H
#define WASMAOT_WASI_SIGNATURES_H

#include <stdint.h>

#define WASI_PARAMETERS_i uint32_t a
#define WASI_PARAMETERS_ii WASI_PARAMETERS_i, uint32_t b
#define WASI_PARAMETERS_iI WASI_PARAMETERS_i, uint64_t b
#define WASI_PARAMETERS_iii WASI_PARAMETERS_ii, uint32_t c
#define WASI_PARAMETERS_iIi WASI_PARAMETERS_iI, uint32_t c
#define WASI_PARAMETERS_iII WASI_PARAMETERS_iI, uint64_t c
#define WASI_PARAMETERS_iiii WASI_PARAMETERS_iii, uint32_t d
#define WASI_PARAMETERS_iIii WASI_PARAMETERS_iIi, uint32_t d
#define WASI_PARAMETERS_iIIi WASI_PARAMETERS_iII, uint32_t d
#define WASI_PARAMETERS_iiiii WASI_PARAMETERS_iiii, uint32_t e
#define WASI_PARAMETERS_iiiIi WASI_PARAMETERS_iii, uint64_t d, uint32_t e
#define WASI_PARAMETERS_iiiiii WASI_PARAMETERS_iiiii, uint32_t f
#define WASI_PARAMETERS_iiiiiii WASI_PARAMETERS_iiiiii, uint32_t g
#define WASI_PARAMETERS_iiiiIIi WASI_PARAMETERS_iiii, uint64_t e, uint64_t f, uint32_t g
#define WASI_PARAMETERS_iiiiiIIii                                                                  \
  WASI_PARAMETERS_iiiii, uint64_t f, uint64_t g, uint32_t h, uint32_t i

#define WASI_NAMES_i a
#define WASI_NAMES_ii a, b
#define WASI_NAMES_iI a, b
#define WASI_NAMES_iii a, b, c
#define WASI_NAMES_iIi a, b, c
#define WASI_NAMES_iII a, b, c
#define WASI_NAMES_iiii a, b, c, d
#define WASI_NAMES_iIii a, b, c, d
#define WASI_NAMES_iIIi a, b, c, d
#define WASI_NAMES_iiiii a, b, c, d, e
#define WASI_NAMES_iiiIi a, b, c, d, e
#define WASI_NAMES_iiiiii a, b, c, d, e, f
#define WASI_NAMES_iiiiiii a, b, c, d, e, f, g
#define WASI_NAMES_iiiiIIi a, b, c, d, e, f, g
#define WASI_NAMES_iiiiiIIii a, b, c, d, e, f, g, h, i

// The same from an array: I32(n) and I64(n) give its nth value.
#define WASI_VALUES_i(I32, I64) I32(0)
#define WASI_VALUES_ii(I32, I64) I32(0), I32(1)
#define WASI_VALUES_iI(I32, I64) I32(0), I64(1)
#define WASI_VALUES_iii(I32, I64) I32(0), I32(1), I32(2)
#define WASI_VALUES_iIi(I32, I64) I32(0), I64(1), I32(2)
#define WASI_VALUES_iII(I32, I64) I32(0), I64(1), I64(2)
#define WASI_VALUES_iiii(I32, I64) I32(0), I32(1), I32(2), I32(3)
#define WASI_VALUES_iIii(I32, I64) I32(0), I64(1), I32(2), I32(3)
#define WASI_VALUES_iIIi(I32, I64) I32(0), I64(1), I64(2), I32(3)
#define WASI_VALUES_iiiii(I32, I64) I32(0), I32(1), I32(2), I32(3), I32(4)
#define WASI_VALUES_iiiIi(I32, I64) I32(0), I32(1), I32(2), I64(3), I32(4)
#define WASI_VALUES_iiiiii(I32, I64) I32(0), I32(1), I32(2), I32(3), I32(4), I32(5)
#define WASI_VALUES_iiiiiii(I32, I64) I32(0), I32(1), I32(2), I32(3), I32(4), I32(5), I32(6)
#define WASI_VALUES_iiiiIIi(I32, I64) I32(0), I32(1), I32(2), I32(3), I64(4), I64(5), I32(6)
#define WASI_VALUES_iiiiiIIii(I32, I64)                                                            \
  I32(0), I32(1), I32(2), I32(3), I32(4), I64(5), I64(6), I32(7), I32(8)

#endif
