internal import CLLVM

// Loads that a block compares to decide where it goes need no anchor: as long as the branch stands, its condition is
// computed, and without an anchor in between the load becomes part of the compare: `cmp reg, [mem]`. (Not with
// constants: of `cmp [mem], imm` and a branch CPUs make three operations, of a load, `cmp reg, imm` and the branch two.
// Lua was 5% slower.)
//
// The code generator must be able neither to do without the branch nor to know the condition.

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

  /// The compare that takes the load, beside something of which nothing is known.
  private func comparison(of load: LLVMValueRef, by user: LLVMValueRef) -> LLVMValueRef? {
    guard LLVMGetInstructionOpcode(user) == LLVMICmp else { return nil }
    let other = LLVMGetOperand(user, 0) == load ? LLVMGetOperand(user, 1)! : LLVMGetOperand(user, 0)!
    guard isUnknown(other, in: LLVMGetInstructionParent(load)) else { return nil }
    // Of a value from elsewhere it may know some bits, and if it knows all, say, that nothing is less than 0.
    let isOpen = [LLVMIntEQ, LLVMIntNE].contains(LLVMGetICmpPredicate(user)) || isNeverConstant(other)
    return isOpen ? user : nil
  }

  /// Whether bits of a value of this kind are known from types at most, which leave some.
  private func isNeverConstant(_ value: LLVMValueRef) -> Bool {
    guard LLVMIsAInstruction(value) != nil else { return true }
    return [LLVMLoad, LLVMCall, LLVMInvoke, LLVMPHI, LLVMAdd, LLVMSub].contains(
      LLVMGetInstructionOpcode(value))
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

  /// Where a block leads to that does nothing but go on; nil if that is far. (Keeps may be gone later.)
  private func destination(_ block: LLVMBasicBlockRef) -> LLVMBasicBlockRef? {
    var block = block
    for _ in 0..<4 {
      var inst = LLVMGetFirstInstruction(block)
      while let current = inst, doesNothing(current) { inst = LLVMGetNextInstruction(current) }
      guard let last = inst, LLVMGetInstructionOpcode(last) == LLVMBr, LLVMIsConditional(last) == 0 else {
        return block
      }
      block = LLVMGetSuccessor(last, 0)
    }
    return nil
  }

  private func doesNothing(_ inst: LLVMValueRef) -> Bool {
    switch LLVMGetInstructionOpcode(inst) {
    case LLVMPHI: true
    case LLVMCall: isKeep(inst)
    default: false
    }
  }
}
