// The LLVM C API as Swift sees it, and the few functions that hide differences between LLVM
// versions.
#ifndef WASMAOT_CLLVM_H
#define WASMAOT_CLLVM_H

#include "load.h"

#include <stdbool.h>

#include <llvm-c/Analysis.h>
#include <llvm-c/BitWriter.h>
#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/ErrorHandling.h>
#include <llvm-c/Support.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <llvm/Config/llvm-config.h>

// llvm::CallingConv::Tail (tailcc) and SwiftTail (swifttailcc), which the C API's LLVMCallConv
// leaves out.
static const unsigned cllvm_tail_call_convention = 18;
static const unsigned cllvm_swift_tail_call_convention = 20;

// LLVM 22 takes every musttail call with a matching convention for one that moves nothing, and so
// loses arguments that are passed on the stack (llvm-project issue 199224).
static const bool cllvm_musttail_loses_stack_arguments = LLVM_VERSION_MAJOR == 22;

// Registers the targets that code is generated for, and makes a fatal error of LLVM's (there is no
// way back from one) end the process with one line on standard error and status 70 instead of a
// stack dump; sets the two options that have no other interface. Call once, behind `cllvm_load`.
void cllvm_initialize(void);

#endif
