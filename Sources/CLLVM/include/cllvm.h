// The LLVM C API as Swift sees it, and the few functions that hide differences between LLVM versions.
#ifndef WASMAOT_CLLVM_H
#define WASMAOT_CLLVM_H

#include <llvm-c/Analysis.h>
#include <llvm-c/BitWriter.h>
#include <llvm-c/Core.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>

#endif
