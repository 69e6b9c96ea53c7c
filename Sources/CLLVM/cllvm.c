#include "cllvm.h"

#include <stdio.h>
#include <unistd.h>

static void fatal_error(const char *reason) {
  fprintf(stderr, "wasmaot: internal error: LLVM: %s\n", reason);
  // Other threads may be inside LLVM: no destructors.
  _exit(70);
}

void cllvm_initialize(void) {
  LLVMInstallFatalErrorHandler(fatal_error);
  // clang's loops count an i32 up to zero and add the arrays' addresses to it, so that the counter
  // wraps and the addresses do not. Widened to 64 bits, the sums have to be masked again, which no
  // later analysis sees through: nothing of that form was vectorised. In 32 bits each
  // zext(counter + address) is a recurrence of its own.
  // The SLP vectoriser tries vectors of any number of elements, the largest first, in time that is
  // more than quadratic in it: 64 values that meet in a block took nine seconds, for nothing.
  // Where a maximum in a loop depends on the turn before, x86's code generator makes branches of
  // it, of which it can't know that they are predicted (decision 0147).
  // Functions begin at 2 bytes, not at 16: 1.5% of the code was padding between them, which gained
  // nothing (decision 0163).
  const char *const options[] = {"wasmaot", "-indvars-widen-indvars=false", "-slp-max-vf=16",
                                 "-x86-cmov-converter=false", "-align-all-functions=1"};
  LLVMParseCommandLineOptions(sizeof options / sizeof *options, options, NULL);
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  LLVMInitializeX86AsmParser();
}
