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
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  LLVMInitializeX86AsmParser();
}
