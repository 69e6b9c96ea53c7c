// The LLVM C API as Swift sees it, and the few functions that hide differences between LLVM
// versions.
#ifndef WASMAOT_CLLVM_H
#define WASMAOT_CLLVM_H

#include <llvm-c/Analysis.h>
#include <llvm-c/BitWriter.h>
#include <llvm-c/Core.h>
#include <llvm-c/ErrorHandling.h>
#include <llvm-c/Support.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>

// llvm::CallingConv::Tail (tailcc) and SwiftTail (swifttailcc), which the C API's LLVMCallConv leaves
// out.
static const unsigned cllvm_tail_call_convention = 18;
static const unsigned cllvm_swift_tail_call_convention = 20;

// Registers the targets that code is generated for, and makes a fatal error of LLVM's (there is no
// way back from one) end the process with one line on standard error and status 70 instead of a
// stack dump; sets the one option that has no other interface. Call once.
void cllvm_initialize(void);

#endif
