internal import CLLVM
import CRuntimeABI
import IR

// Stack overflow without guard pages: functions that call others compare the stack pointer with a limit when they
// are entered. Below the limit there is room for frames of less than a page and for the runtime; larger
// frames are compared by `wasmaot_stack_probe`, which their prologue calls; in the embedded model they touch their pages
// and hit the guard.

extension ModuleUnit {
  /// Adds the checks; after optimisation, so that a function that was inlined into a loop is not checked there.
  func checkStack() {
    guard facts.options.boundsChecks == .explicit else { return }
    var next = LLVMGetFirstFunction(base.llvm)
    while let function = next {
      next = LLVMGetNextFunction(function)
      guard let id = wasmFunction(function), calls(function), hasContext(function) else { continue }
      addStackCheck(function, module.functions[id].signature)
    }
  }

  /// The function of the module that an LLVM function is the code of.
  private func wasmFunction(_ function: LLVMValueRef) -> FunctionID? {
    LLVMIsDeclaration(function) == 0 ? functionNumber(function).map { FunctionID(rawValue: $0) } : nil
  }

  /// Of a function of the module, whichever unit defines it.
  private func functionNumber(_ function: LLVMValueRef) -> UInt32? {
    var length = 0
    let name = String(cString: LLVMGetValueName2(function, &length))
    return Self.functionIndex(inSymbol: name, symbolPrefix: model.symbolPrefix)
  }

  /// LLVM removes the instance from the parameters of functions that don't use it, and then there is no way to the
  /// limit: such a function ends at the guard, which a host's stacks have in any case.
  private func hasContext(_ function: LLVMValueRef) -> Bool {
    guard model.contextParameter != nil else { return true }
    return LLVMGetEnumAttributeAtIndex(function, 1, base.enumAttributeKind("swiftself")) != nil
  }

  /// Whether anything is called but intrinsics and what of the runtime does not return.
  private func calls(_ function: LLVMValueRef) -> Bool {
    let noReturn = base.enumAttributeKind("noreturn")
    for inst in Instructions(of: function) where isCall(inst) {
      let callee: LLVMValueRef = LLVMGetCalledValue(inst)
      if LLVMIsAInlineAsm(callee) != nil { continue }
      if LLVMIsAFunction(callee) != nil {
        // memcpy and its kin may become calls, of functions that need no more than is left.
        if LLVMGetIntrinsicID(callee) != 0 { continue }
        let index = LLVMAttributeIndex(bitPattern: Int32(LLVMAttributeFunctionIndex))
        // The runtime's: functions of the module that never return may call themselves.
        if LLVMGetEnumAttributeAtIndex(callee, index, noReturn) != nil, functionNumber(callee) == nil {
          continue
        }
      }
      return true
    }
    return false
  }

  private func addStackCheck(_ function: LLVMValueRef, _ signature: SignatureID) {
    let builder = base.builder
    let lowering = FunctionLowering(self, Function(signature: signature), into: function)
    let body: LLVMBasicBlockRef = LLVMGetEntryBasicBlock(function)
    let entry = LLVMInsertBasicBlockInContext(base.context, body, "")!
    LLVMPositionBuilderAtEnd(builder, entry)
    // Allocations in any other block would be dynamic ones.
    var inst = LLVMGetFirstInstruction(body)
    while let candidate = inst {
      inst = LLVMGetNextInstruction(candidate)
      guard LLVMIsAAllocaInst(candidate) != nil else { continue }
      LLVMInstructionRemoveFromParent(candidate)
      LLVMInsertIntoBuilder(builder, candidate)
    }
    guard let limit = model.stackLimit(in: lowering) else {
      LLVMBuildBr(builder, body)
      return
    }
    let stackPointer = lowering.intrinsic("llvm.read_register", [types.i64], [base.stackPointerName])
    let isBelow = LLVMBuildICmp(builder, LLVMIntULT, stackPointer, limit, "")
    let branch = LLVMBuildCondBr(builder, isBelow, lowering.trapBlock(.stackOverflow), body)
    LLVMSetMetadata(branch, base.profileKind, base.unlikelyWeights)
  }
}

extension Unit {
  /// The register's name as an operand.
  fileprivate var stackPointerName: LLVMValueRef {
    let name: String
    switch options.target.architecture {
    case .x86_64: name = "rsp"
    }
    return LLVMMetadataAsValue(context, node([metadata(name)]))
  }

  fileprivate func enumAttributeKind(_ name: String) -> UInt32 {
    LLVMGetEnumAttributeKindForName(name, name.utf8.count)
  }
}
