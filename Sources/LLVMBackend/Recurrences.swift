internal import CLLVM

// Of the least or greatest of three LLVM takes that with a constant last, or the order of the program. In loops that compute
// each value from the one before (alignments, distances, best paths) what comes from the last turn should be last: all else
// can be compared before it is there, and each comparison behind it makes every turn two cycles longer.
extension Unit {
  /// Behind LLVM's passes.
  func shortenRecurrences() {
    let kinds = ["llvm.smax", "llvm.smin", "llvm.umax", "llvm.umin"].compactMap { intrinsicNumber($0) }
    var function = LLVMGetFirstFunction(llvm)
    while let current = function {
      function = LLVMGetNextFunction(current)
      for inst in Instructions(of: current) { shorten(inst, kinds) }
    }
  }

  /// Makes `max(last, max(b, c))` of `max(max(last, b), c)`, where only `last` comes from the last turn's maximum.
  private func shorten(_ outer: LLVMValueRef, _ kinds: [UInt32]) {
    guard let kind = kind(of: outer, among: kinds), let phi = valueOfNextTurn(outer),
      // Vectors may take several registers, and are compared in one instruction each.
      LLVMGetTypeKind(LLVMTypeOf(outer)) == LLVMIntegerTypeKind
    else { return }
    let block = LLVMGetInstructionParent(outer)!
    for number: UInt32 in 0..<2 {
      let inner = LLVMGetOperand(outer, number)!
      let third = LLVMGetOperand(outer, 1 - number)!
      guard LLVMIsAInstruction(inner) != nil, LLVMGetInstructionParent(inner) == block,
        self.kind(of: inner, among: [kind]) != nil, !comes(third, from: phi, in: block)
      else { continue }
      let operands = (0..<2).map { LLVMGetOperand(inner, UInt32($0))! }
      guard let late = operands.firstIndex(where: { comes($0, from: phi, in: block) }),
        !comes(operands[1 - late], from: phi, in: block)
      else { continue }
      LLVMPositionBuilderBefore(builder, outer)
      let callee = LLVMGetCalledValue(outer)!
      var arguments: [LLVMValueRef?] = [operands[1 - late], third]
      var early = LLVMBuildCall2(builder, LLVMGlobalGetValueType(callee), callee, &arguments, 2, "")!
      // The code generator takes constants last, too, if it sees them.
      if LLVMIsConstant(third) != 0 { early = opaque(early) }
      LLVMSetOperand(outer, number, operands[late])
      LLVMSetOperand(outer, 1 - number, early)
      if LLVMGetFirstUse(inner) == nil { LLVMInstructionEraseFromParent(inner) }
      return
    }
  }

  private func kind(of inst: LLVMValueRef, among kinds: [UInt32]) -> UInt32? {
    guard LLVMIsACallInst(inst) != nil, let callee = LLVMIsAFunction(LLVMGetCalledValue(inst)) else {
      return nil
    }
    let id = LLVMGetIntrinsicID(callee)
    return kinds.contains(id) ? id : nil
  }

  /// The phi by which the next turn of a loop of one block has the value.
  private func valueOfNextTurn(_ value: LLVMValueRef) -> LLVMValueRef? {
    var use = LLVMGetFirstUse(value)
    while let current = use {
      let user = LLVMGetUser(current)!
      if LLVMGetInstructionOpcode(user) == LLVMPHI,
        LLVMGetInstructionParent(user) == LLVMGetInstructionParent(value)
      {
        return user
      }
      use = LLVMGetNextUse(current)
    }
    return nil
  }

  /// Whether a value is computed from a phi in its block, as far as some steps show. (Too few make nothing wrong.)
  private func comes(_ value: LLVMValueRef, from phi: LLVMValueRef, in block: LLVMBasicBlockRef) -> Bool {
    var pending = [value]
    var steps = 0
    while let next = pending.popLast(), steps < Self.mostSteps {
      if next == phi { return true }
      guard LLVMIsAInstruction(next) != nil, LLVMGetInstructionParent(next) == block,
        LLVMGetInstructionOpcode(next) != LLVMPHI
      else { continue }
      steps += 1
      for number in 0..<UInt32(LLVMGetNumOperands(next)) { pending.append(LLVMGetOperand(next, number)) }
    }
    return false
  }

  private static var mostSteps: Int { 16 }
}
