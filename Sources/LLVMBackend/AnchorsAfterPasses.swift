internal import CLLVM

// Anchors that cost as little as they can, once LLVM's passes are done.
//
// What these could make of the program they have made. Behind them only the code generator can lose a load: it looks at
// a block at a time, and knows of values only what is in it. So some loads need no anchor any more, and others a lighter
// one.

extension Unit {
  /// Of a function, in its order.
  func settle(_ keeps: [LLVMValueRef]) {
    var updated: Set<Place> = []
    let others = keeps.filter { !isUpdate($0, &updated) && !isCompared($0) }
    // LLVM 19 has none.
    guard intrinsicNumber(Self.fakeUse) != nil else { return }
    var isShort: [LLVMBasicBlockRef: Bool] = [:]
    for keep in others {
      let block = LLVMGetInstructionParent(keep)!
      let short = isShort[block] ?? hasAtMost(shortBlock, block)
      isShort[block] = short
      if short { lighten(keep) }
    }
  }

  // MARK: Lighter anchors

  /// The same code at the ends of several blocks becomes one, but not if there is assembly in it. LLVM has a use that is no
  /// instruction, either, and not in the way of that; but nothing is scheduled across it, which long blocks suffer from.
  private func lighten(_ keep: LLVMValueRef) {
    // A block that only returns is copied into those before it, and uses of what comes from them get lost.
    let kept = LLVMGetOperand(keep, 0)
    if LLVMIsAInstruction(kept) != nil, LLVMGetInstructionOpcode(kept) == LLVMPHI { return }
    LLVMPositionBuilderBefore(builder, keep)
    let use = intrinsic(Self.fakeUse)
    var value: LLVMValueRef? = kept
    LLVMBuildCall2(builder, use.type, use.function, &value, 1, "")
    LLVMInstructionEraseFromParent(keep)
  }

  private func hasAtMost(_ most: Int, _ block: LLVMBasicBlockRef) -> Bool {
    var count = 0
    var inst = LLVMGetFirstInstruction(block)
    while let current = inst, count <= most {
      inst = LLVMGetNextInstruction(current)
      count += 1
    }
    return count <= most
  }

  // MARK: Updates

  /// Where in a function memory is updated.
  private struct Place: Hashable {
    var block: LLVMBasicBlockRef
    var pointer: LLVMValueRef
  }

  /// Of `store p, (load p) + n` with nothing in between, the store traps where the load would, if the code generator can
  /// neither leave both out nor narrow them: then there is no anchor, and it may become one instruction.
  ///
  /// Only the first update of a place in its block is one: of two, which can undo each other, nothing would be left.
  private func isUpdate(_ keep: LLVMValueRef, _ updated: inout Set<Place>) -> Bool {
    let kept = LLVMGetOperand(keep, 0)!
    guard let load = loadBehind(kept), isSimple(load),
      let sum = otherUser(of: load, than: kept == load ? keep : kept),
      let store = onlyUser(of: sum), LLVMGetInstructionOpcode(store) == LLVMStore, isSimple(store),
      LLVMGetOperand(store, 0) == sum,
      LLVMGetOperand(store, 1) == LLVMGetOperand(load, 0), hasNoEffects(between: load, and: store),
      let number = otherOperand(of: sum, than: load),
      updated.insert(Place(block: LLVMGetInstructionParent(store), pointer: LLVMGetOperand(store, 1)))
        .inserted
    else { return false }
    LLVMInstructionEraseFromParent(keep)
    if kept != load { LLVMInstructionEraseFromParent(kept) }
    // Anchors of other loads would be in between.
    LLVMPositionBuilderBefore(builder, store)
    if mayBeFolded(LLVMGetOperand(sum, number)) {
      LLVMSetOperand(sum, number, opaque(LLVMGetOperand(sum, number)))
    }
    for inst in [load, sum] {
      LLVMInstructionRemoveFromParent(inst)
      LLVMInsertIntoBuilder(builder, inst)
    }
    return true
  }

  /// The operand beside the load of an operator after which the memory's last byte may be any other one.
  private func otherOperand(of sum: LLVMValueRef, than load: LLVMValueRef) -> UInt32? {
    let opcode = LLVMGetInstructionOpcode(sum)
    guard [LLVMAdd, LLVMSub, LLVMAnd, LLVMOr, LLVMXor].contains(opcode) else { return nil }
    let type = LLVMTypeOf(load)!
    guard LLVMTypeOf(sum) == type, LLVMGetTypeKind(type) == LLVMIntegerTypeKind else { return nil }
    let number: UInt32 = LLVMGetOperand(sum, 0) == load ? 1 : 0
    if number == 0 && opcode == LLVMSub { return nil }
    let operand = LLVMGetOperand(sum, number)!
    if operand == load { return nil }
    guard LLVMIsConstant(operand) != 0 else { return number }
    guard LLVMIsAConstantInt(operand) != nil else { return nil }
    let width = LLVMSizeOfTypeInBits(LLVMGetModuleDataLayout(llvm), type)
    guard [8, 16, 32, 64].contains(width) else { return nil }
    let constant = LLVMConstIntGetZExtValue(operand)
    let lastByte = constant >> (width - 8)
    // x86's code generator narrows the access to bytes that bits change in, around `or x, 1`; it does not around sums.
    return switch opcode {
    case LLVMAnd: lastByte != 0xFF ? number : nil
    case LLVMOr, LLVMXor: lastByte != 0 ? number : nil
    default: constant != 0 ? number : nil
    }
  }

  /// Whether the code generator sees how the value comes about, and could find that it is a constant, or what is in memory: of
  /// a load it may know what was stored there. Of what a function returns it knows nothing.
  private func mayBeFolded(_ value: LLVMValueRef?) -> Bool {
    guard LLVMIsAInstruction(value) != nil else { return false }
    guard let value, isCall(value) else { return true }
    return LLVMIsAFunction(LLVMGetCalledValue(value)).map { LLVMGetIntrinsicID($0) != 0 } ?? false
  }

  func loadBehind(_ value: LLVMValueRef) -> LLVMValueRef? {
    guard LLVMIsAInstruction(value) != nil else { return nil }
    switch LLVMGetInstructionOpcode(value) {
    case LLVMLoad: return value
    case LLVMZExt, LLVMSExt:
      guard onlyUser(of: value) != nil, let load = LLVMGetOperand(value, 0), LLVMIsAInstruction(load) != nil
      else { return nil }
      return LLVMGetInstructionOpcode(load) == LLVMLoad ? load : nil
    default: return nil
    }
  }

  /// Neither volatile nor atomic.
  func isSimple(_ access: LLVMValueRef) -> Bool {
    LLVMGetVolatile(access) == 0 && LLVMGetOrdering(access) == LLVMAtomicOrderingNotAtomic
  }

  func onlyUser(of value: LLVMValueRef) -> LLVMValueRef? {
    guard let use = LLVMGetFirstUse(value), LLVMGetNextUse(use) == nil else { return nil }
    return LLVMGetUser(use)
  }

  /// The only use of a value besides one that is known.
  func otherUser(of value: LLVMValueRef, than known: LLVMValueRef) -> LLVMValueRef? {
    guard let first = LLVMGetFirstUse(value), let second = LLVMGetNextUse(first),
      LLVMGetNextUse(second) == nil
    else { return nil }
    let users = [LLVMGetUser(first)!, LLVMGetUser(second)!]
    return users[0] == known ? users[1] : users[1] == known ? users[0] : nil
  }

  /// Whether an instruction comes behind another one in its block, and nothing is written and nobody called on the way.
  func hasNoEffects(between first: LLVMValueRef, and last: LLVMValueRef) -> Bool {
    var inst = LLVMGetNextInstruction(first)
    var count = 0
    while let current = inst, current != last, count < mostInBetween {
      switch LLVMGetInstructionOpcode(current) {
      case LLVMLoad: if LLVMGetVolatile(current) != 0 { return false }
      case LLVMCall: if !isKeep(current) { return false }
      case LLVMStore, LLVMFence, LLVMAtomicRMW, LLVMAtomicCmpXchg: return false
      default: break
      }
      inst = LLVMGetNextInstruction(current)
      count += 1
    }
    return inst == last
  }

  private static var fakeUse: String { "llvm.fake.use" }
}

/// Instructions of a block whose anchors are in nobody's way.
private let shortBlock = 32
/// Instructions to look at between a load and a store.
private let mostInBetween = 256
