internal import CLLVM

// What is put right behind LLVM's passes, before its code generator: what these made of the program, or that one would
// make of it, is not what WebAssembly says.

extension Unit {
  func correctAfterPasses() {
    var function = LLVMGetFirstFunction(llvm)
    while let current = function {
      function = LLVMGetNextFunction(current)
      var keeps: [LLVMValueRef] = []
      for inst in Instructions(of: current) {
        switch LLVMGetInstructionOpcode(inst) {
        case LLVMLoad: trim(inst)
        case LLVMSelect: keepNaN(of: inst)
        case LLVMCall: if isKeep(inst) { keeps.append(inst) }
        default: break
        }
      }
      settle(keeps)
    }
  }

  /// Of `x < 0 ? nan : sqrt(x)` the code generator makes `sqrt(x)`, which is a NaN then, too, but another one: the CPU's is
  /// negative. It must not see that the other arm is a NaN.
  private func keepNaN(of select: LLVMValueRef) {
    for (arm, other): (UInt32, UInt32) in [(1, 2), (2, 1)] {
      let constant = LLVMGetOperand(select, arm)!
      guard LLVMIsConstant(constant) != 0, isSquareRoot(LLVMGetOperand(select, other)) else { continue }
      LLVMPositionBuilderBefore(builder, select)
      LLVMSetOperand(select, arm, hidden(constant))
    }
  }

  private func isSquareRoot(_ value: LLVMValueRef) -> Bool {
    guard LLVMIsACallInst(value) != nil, let function = LLVMIsAFunction(LLVMGetCalledValue(value)) else {
      return false
    }
    return LLVMGetIntrinsicID(function) == intrinsicNumber("llvm.sqrt")
  }

  /// The same floats, of which the code generator knows nothing. Vectors are made lane by lane, because they may take more
  /// than a register, and be split before it looks at them.
  private func hidden(_ constant: LLVMValueRef) -> LLVMValueRef {
    let type = LLVMTypeOf(constant)!
    guard LLVMGetTypeKind(type) == LLVMVectorTypeKind else { return opaque(constant) }
    var vector = LLVMGetPoison(type)!
    var known: [LLVMValueRef: LLVMValueRef] = [:]
    for lane in 0..<LLVMGetVectorSize(type) {
      let element = LLVMGetAggregateElement(constant, lane)!
      let scalar = known[element] ?? opaque(element)
      known[element] = scalar
      vector = LLVMBuildInsertElement(builder, vector, scalar, LLVMConstInt(types.i32, UInt64(lane), 0), "")
    }
    return vector
  }
}
