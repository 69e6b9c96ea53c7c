internal import CLLVM

// Loads that a block compares to decide where it goes need no anchor: as long as the branch stands, its condition is
// computed, and without an anchor in between the load becomes part of the compare.
//
// The code generator must be able neither to do without the branch nor to know the condition, nor to look at a part of
// the value that has not the last byte, with which an access out of bounds begins to be one.

extension Unit {
  /// Whether a keep's load decides a branch in its own block; then the keep is gone.
  func isCompared(_ keep: LLVMValueRef) -> Bool {
    let kept = LLVMGetOperand(keep, 0)!
    guard let load = loadBehind(kept), isSimple(load),
      LLVMGetTypeKind(LLVMTypeOf(load)) == LLVMIntegerTypeKind,
      let user = otherUser(of: load, than: kept == load ? keep : kept),
      let compare = comparison(of: load, by: user),
      let branch = onlyUser(of: compare), LLVMGetInstructionOpcode(branch) == LLVMBr,
      hasNoEffects(between: load, and: branch), stands(branch)
    else { return false }
    LLVMInstructionEraseFromParent(keep)
    if kept != load { LLVMInstructionEraseFromParent(kept) }
    return true
  }

  /// The compare that takes the load, itself or some of its bits, and depends on it.
  private func comparison(of load: LLVMValueRef, by user: LLVMValueRef) -> LLVMValueRef? {
    let width = LLVMSizeOfTypeInBits(LLVMGetModuleDataLayout(llvm), LLVMTypeOf(load))
    guard [8, 16, 32, 64].contains(width) else { return nil }
    if LLVMGetInstructionOpcode(user) == LLVMAnd {
      guard let mask = constant(beside: load, in: user), mask >> (width - 8) != 0,
        let compare = onlyUser(of: user), LLVMGetInstructionOpcode(compare) == LLVMICmp,
        [LLVMIntEQ, LLVMIntNE].contains(LLVMGetICmpPredicate(compare)),
        constant(beside: user, in: compare) == 0
      else { return nil }
      return compare
    }
    guard LLVMGetInstructionOpcode(user) == LLVMICmp else { return nil }
    if let constant = constant(beside: load, in: user) {
      let isFirst = LLVMGetOperand(user, 0) == load
      return isFirst && dependsOnValue(LLVMGetICmpPredicate(user), constant, width) ? user : nil
    }
    let other = LLVMGetOperand(user, 0) == load ? LLVMGetOperand(user, 1)! : LLVMGetOperand(user, 0)!
    return isUnknown(other, in: LLVMGetInstructionParent(load)) ? user : nil
  }

  /// Of integers, the other operand of two, if it is a constant.
  private func constant(beside value: LLVMValueRef, in inst: LLVMValueRef) -> UInt64? {
    let operands = [LLVMGetOperand(inst, 0)!, LLVMGetOperand(inst, 1)!]
    guard let other = operands.first(where: { $0 != value }), LLVMIsAConstantInt(other) != nil else {
      return nil
    }
    return LLVMConstIntGetZExtValue(other)
  }

  /// Whether some values of so many bits compare with the constant one way and some the other.
  private func dependsOnValue(_ predicate: LLVMIntPredicate, _ constant: UInt64, _ width: UInt64) -> Bool {
    let most = UInt64.max >> (64 - width)
    let (leastSigned, mostSigned) = (most / 2 + 1, most / 2)
    return switch predicate {
    case LLVMIntEQ, LLVMIntNE: true
    case LLVMIntULT, LLVMIntUGE: constant != 0
    case LLVMIntUGT, LLVMIntULE: constant != most
    case LLVMIntSLT, LLVMIntSGE: constant != leastSigned
    case LLVMIntSGT, LLVMIntSLE: constant != mostSigned
    default: false
    }
  }

  /// Whether the code generator, which looks at a block at a time, knows nothing of a value in this block.
  private func isUnknown(_ value: LLVMValueRef, in block: LLVMBasicBlockRef) -> Bool {
    if LLVMIsAArgument(value) != nil { return true }
    guard LLVMIsAInstruction(value) != nil else { return false }
    return LLVMGetInstructionOpcode(value) == LLVMPHI || LLVMGetInstructionParent(value) != block
  }

  /// Whether the two ways of a branch do not come together before anything is done on one of them.
  private func stands(_ branch: LLVMValueRef) -> Bool {
    guard LLVMIsConditional(branch) != 0, let first = destination(LLVMGetSuccessor(branch, 0)),
      let second = destination(LLVMGetSuccessor(branch, 1))
    else { return false }
    return first != second
  }

  /// Where a block leads to that does nothing but go on; nil if that is far.
  private func destination(_ block: LLVMBasicBlockRef) -> LLVMBasicBlockRef? {
    var block = block
    for _ in 0..<4 {
      var inst = LLVMGetFirstInstruction(block)
      while let phi = inst, LLVMGetInstructionOpcode(phi) == LLVMPHI { inst = LLVMGetNextInstruction(phi) }
      guard let last = inst, LLVMGetInstructionOpcode(last) == LLVMBr, LLVMIsConditional(last) == 0 else {
        return block
      }
      block = LLVMGetSuccessor(last, 0)
    }
    return nil
  }
}
