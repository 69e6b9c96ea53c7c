internal import CLLVM

// What is put right behind LLVM's passes, before its code generator: what these made of the program, or that one would
// make of it, is not what WebAssembly says.

extension Unit {
  func correctAfterPasses() {
    var function = LLVMGetFirstFunction(llvm)
    while let current = function {
      function = LLVMGetNextFunction(current)
      for inst in Instructions(of: current) {
        switch LLVMGetInstructionOpcode(inst) {
        case LLVMLoad: trim(inst)
        case LLVMSelect: keepNaN(of: inst)
        default: break
        }
      }
    }
  }

  /// Of `x < 0 ? nan : sqrt(x)` the code generator makes `sqrt(x)`, which is a NaN then, too, but another one: the CPU's is
  /// negative. It must not see that the value is a square root. (Vectors that take several registers can't be hidden.)
  private func keepNaN(of select: LLVMValueRef) {
    let arms: [UInt32] = [1, 2]
    guard arms.contains(where: { LLVMIsConstant(LLVMGetOperand(select, $0)) != 0 }) else { return }
    for arm in arms where isSquareRoot(LLVMGetOperand(select, arm)) {
      LLVMPositionBuilderBefore(builder, select)
      LLVMSetOperand(select, arm, hidden(LLVMGetOperand(select, arm)))
    }
  }

  private func isSquareRoot(_ value: LLVMValueRef) -> Bool {
    guard LLVMIsACallInst(value) != nil, let function = LLVMIsAFunction(LLVMGetCalledValue(value)),
      LLVMSizeOfTypeInBits(LLVMGetModuleDataLayout(llvm), LLVMTypeOf(value)) <= 128
    else { return false }
    let id = LLVMGetIntrinsicID(function)
    return id != 0 && LLVMLookupIntrinsicID("llvm.sqrt", 9) == id
  }

  /// The same value behind an empty piece of assembly, which takes no instruction.
  private func hidden(_ value: LLVMValueRef) -> LLVMValueRef {
    let constraints = "=x,0"
    let type = functionType(LLVMTypeOf(value), [LLVMTypeOf(value)])
    let assembly = LLVMGetInlineAsm(
      type, "", 0, constraints, constraints.utf8.count, 0, 0, LLVMInlineAsmDialectATT, 0)
    var operand: LLVMValueRef? = value
    return LLVMBuildCall2(builder, type, assembly, &operand, 1, "")
  }
}
