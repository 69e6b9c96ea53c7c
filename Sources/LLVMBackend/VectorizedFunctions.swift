internal import CLLVM

// Which functions LLVM's SLP vectoriser is for.
//
// It counts instructions, and not how long values take from one kind of register to the other: that is nothing for
// floats, which are in vector registers already, and longer than any addition for integers. Where integers go round a
// loop it makes vectors of some, and takes them apart in the same turn (decision 0121).

extension Unit {
  /// Runs passes from which only the SLP vectoriser is kept, in functions that it is not for.
  func withSLPVectorizer(_ passes: () throws(BackendError) -> Void) throws(BackendError) {
    // It asks for this attribute, as other vectorisers and the code generator do: so it must be gone behind the passes.
    let attribute = "noimplicitfloat"
    var others: [LLVMValueRef] = []
    var next = LLVMGetFirstFunction(llvm)
    while let function = next {
      next = LLVMGetNextFunction(function)
      if LLVMIsDeclaration(function) == 0, !isForVectors(function) { others.append(function) }
    }
    for function in others { addAttribute(attribute, to: function) }
    try passes()
    // Of all that are left: the passes may have deleted some.
    next = LLVMGetFirstFunction(llvm)
    while let function = next {
      next = LLVMGetNextFunction(function)
      removeAttribute(attribute, from: function)
    }
  }

  private func isForVectors(_ function: LLVMValueRef) -> Bool {
    var computes = false
    var next = LLVMGetFirstBasicBlock(function)
    while let block = next {
      next = LLVMGetNextBasicBlock(block)
      if integersMeet(in: block) { return false }
      computes = computes || hasFloatsOrVectors(block)
    }
    return computes
  }

  /// Whether integers of one type come into a block from several others that would fill a vector, where vectors do not.
  private func integersMeet(in block: LLVMBasicBlockRef) -> Bool {
    var bits: [LLVMTypeRef: UInt32] = [:]
    var next = LLVMGetFirstInstruction(block)
    while let inst = next, LLVMGetInstructionOpcode(inst) == LLVMPHI {
      next = LLVMGetNextInstruction(inst)
      let type = LLVMTypeOf(inst)!
      switch LLVMGetTypeKind(type) {
      case LLVMVectorTypeKind: return false
      case LLVMIntegerTypeKind where !isInduction(inst): bits[type, default: 0] += LLVMGetIntTypeWidth(type)
      default: break
      }
    }
    return bits.values.contains { $0 >= 128 }
  }

  /// Counters and addresses: sums of themselves and something.
  private func isInduction(_ phi: LLVMValueRef) -> Bool {
    (0..<UInt32(LLVMGetNumOperands(phi))).contains { index in
      let value = LLVMGetOperand(phi, index)!
      return LLVMIsAInstruction(value) != nil && LLVMGetInstructionOpcode(value) == LLVMAdd
        && (LLVMGetOperand(value, 0) == phi || LLVMGetOperand(value, 1) == phi)
    }
  }

  private func hasFloatsOrVectors(_ block: LLVMBasicBlockRef) -> Bool {
    var next = LLVMGetFirstInstruction(block)
    while let inst = next {
      next = LLVMGetNextInstruction(inst)
      switch LLVMGetInstructionOpcode(inst) {
      case LLVMFAdd, LLVMFSub, LLVMFMul, LLVMFDiv: return true
      default: if LLVMGetTypeKind(LLVMTypeOf(inst)) == LLVMVectorTypeKind { return true }
      }
    }
    return false
  }
}
