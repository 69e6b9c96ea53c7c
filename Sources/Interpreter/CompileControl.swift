import WasmModule

extension FunctionCompiler {
  // MARK: - Blocks

  func types(_ block: BlockType) -> (params: [ValType], results: [ValType]) {
    switch block {
    case .empty: return ([], [])
    case .value(let type): return ([], [type])
    case .type(let index):
      let type = module.types.functionType(index)
      return (type.params, type.results)
    }
  }

  /// Opens a block: its parameters are in their slots, and nothing below stands for a local.
  mutating func open(_ kind: Control.Kind, _ block: BlockType) {
    let (params, results) = types(block)
    settle(last: params.count)
    settleLocals()
    let base = params.isEmpty ? top : stack[stack.count - params.count].slot
    controls.append(
      Control(kind: kind, height: stack.count - params.count, base: base, params: params, results: results))
  }

  mutating func block(_ op: Operator) {
    switch op.opcode {
    case .loop:
      open(.loop, op.blockType)
      loopDepth += 1
      controls[controls.count - 1].start = code.count
      bindHere()
      beginSegment(checks: true)
      if options.isInterruptible { emit(Instruction(.interruptCheck)) }
    case .if:
      let condition = popCondition()
      open(.if, op.blockType)
      emit(condition.branch(ifTrue: false))
      fixups.append(Fixup(word: Int32(code.count * 4 - 1), from: Int32(code.count - 1), next: -1))
      controls[controls.count - 1].elseFixup = Int32(fixups.count - 1)
      bindHere()
      beginSegment()
    default: open(.block, op.blockType)
    }
  }

  mutating func elseArm() {
    let index = controls.count - 1
    finishArm(index)
    resolve(controls[index].elseFixup)
    controls[index].elseFixup = -1
    controls[index].kind = .else
    truncate(to: controls[index])
    push(controls[index].params)
    begin()
  }

  /// Code that is reached by branches, or by exceptions, begins here.
  mutating func begin() {
    isUnreachable = false
    settled = stack.count
    bindHere()
    beginSegment()
  }

  /// An arm of a block ends, and another begins behind it.
  mutating func finishArm(_ index: Int) {
    if isUnreachable { return }
    moveResults(to: index)
    emitBranch(Instruction(.jump), to: index)
  }

  mutating func end() {
    let index = controls.count - 1
    if index == 0 {
      if !isUnreachable { returnResults() }
      controls.removeLast()
      return
    }
    switch controls[index].kind {
    case .loop: loopDepth -= 1
    case .tryTable: endTryTable(index)
    default: break
    }
    // Of a loop only what falls through.
    if !isUnreachable { moveResults(to: index) }
    let control = controls.removeLast()
    resolve(control.elseFixup)
    if control.kind != .loop { resolve(control.fixup) }
    truncate(to: control)
    push(control.results)
    begin()
  }

  /// Puts a block's results where its end finds them. For the end of an arm: a loop's too.
  private mutating func moveResults(to index: Int) {
    moveValues(count: controls[index].results.count, to: controls[index].base)
  }

  /// Copies the last entries to consecutive slots. They stay on the stack.
  mutating func moveValues(count: Int, to base: UInt32) {
    if count == 0 { return }
    if count == 1 { return move(stack[stack.count - 1], to: base) }
    let first = settle(last: count)
    if first != base { emit(Instruction(.copySlots, a: base, b: first, c: top - first)) }
  }

  // MARK: - Branches

  mutating func branch(depth: UInt32) {
    jump(to: controls.count - 1 - Int(depth))
    markUnreachable()
  }

  /// A jump with the label's values.
  mutating func jump(to index: Int) {
    if index == 0 { return emitReturn() }
    moveValues(count: controls[index].labelTypes.count, to: controls[index].base)
    emitBranch(Instruction(.jump), to: index)
  }

  mutating func branchIf(depth: UInt32) {
    let condition = popCondition()
    conditionalBranch(condition, depth: depth)
  }

  mutating func conditionalBranch(_ condition: Condition, depth: UInt32) {
    let index = controls.count - 1 - Int(depth)
    let types = controls[index].labelTypes
    let count = types.count
    if index > 0 && areInPlace(count: count, base: controls[index].base) {
      emitBranch(incrementing(condition) ?? condition.branch(ifTrue: true), to: index)
    } else {
      // What `jump` settles behind the branch would be settled on that path only: all but a single scalar.
      if count > 1 || types.first.map(Kind.init) == .v128 { settle(last: count) }
      emit(condition.branch(ifTrue: false))
      let at = code.count - 1
      jump(to: index)
      patch(word: Int32(at * 4 + 3), from: Int32(at), to: code.count)
    }
    bindHere()
    beginSegment()
  }

  private func areInPlace(count: Int, base: UInt32) -> Bool {
    if count == 0 { return true }
    var slot = base
    for entry in stack[(stack.count - count)...] {
      if entry.place != .temporary || entry.slot != slot { return false }
      slot += entry.kind.slots
    }
    return true
  }

  mutating func branchTable(_ op: Operator) {
    let index = popOperand()
    let targets = reader.targets(of: op)
    let count = controls[controls.count - 1 - Int(targets[0])].labelTypes.count
    // Once, for all targets: what is left to know of each is where its values belong.
    let first = settle(last: count)
    let at = code.count
    emit(Instruction(.branchTable, a: index, b: UInt32(targets.count - 1)))
    for _ in 0..<(targets.count + 3) / 4 { emit(Instruction(a: 0)) }
    // A target whose values must move gets code for that, once.
    var stubs: [Int: Int] = [:]
    for (position, depth) in targets.enumerated() {
      let target = controls.count - 1 - Int(depth)
      let word = (at + 1) * 4 + position
      if target > 0 && (count == 0 || controls[target].base == first) {
        refer(target, word: word, from: at)
        continue
      }
      if stubs[target] == nil {
        stubs[target] = code.count
        jump(to: target)
      }
      patch(word: Int32(word), from: Int32(at), to: stubs[target]!)
    }
    markUnreachable()
  }

  mutating func branchOnNull(depth: UInt32) {
    // Under the label's values there is nothing to settle: the reference is above them.
    let entry = pop()
    let slot = operand(entry)
    conditionalBranch(Condition(.branchIfNull, .branchUnlessNull, a: slot), depth: depth)
    // It is where it was.
    if entry.place == .local {
      pushLocal(Local(slot: UInt32(entry.value), kind: .reference))
    } else {
      if slot != entry.slot { emit(Instruction(.copy, a: entry.slot, b: slot)) }
      push(.reference)
    }
  }

  mutating func branchOnNonNull(depth: UInt32) {
    // The reference is the label's last value.
    settle(stack.count - 1)
    let slot = stack[stack.count - 1].slot
    conditionalBranch(Condition(.branchUnlessNull, .branchIfNull, a: slot), depth: depth)
    _ = pop()
  }

  // MARK: - Return

  mutating func returnResults() {
    emitReturn()
    markUnreachable()
  }

  /// The header is behind the parameters.
  mutating func emitReturn() {
    let results = functionType.results
    switch results.count {
    case 0: emit(Instruction(.return, a: paramSlots))
    case 1 where Kind(results[0]) != .v128:
      emit(Instruction(.returnValue, a: paramSlots, b: operand(stack[stack.count - 1])))
    default:
      let first = settle(last: results.count)
      emit(Instruction(.returnSlots, a: paramSlots, b: first, c: top - first))
    }
  }
}

/// What a branch tests: a comparison that is fused with it, or a slot.
struct Condition {
  private var whenTrue: UInt16
  private var whenFalse: UInt16
  private var a: UInt32
  private var b: UInt32 = 0

  init(_ whenTrue: Opcode, _ whenFalse: Opcode, a: UInt32) {
    (self.whenTrue, self.whenFalse, self.a) = (whenTrue.rawValue, whenFalse.rawValue, a)
  }

  /// - Parameter instruction: its words are taken back already.
  init(_ comparison: FunctionCompiler.Comparison, _ instruction: Instruction) {
    let row = Int(comparison.opcode)
    (a, b) = (instruction.b, instruction.c)
    if comparison.isConstant {
      whenTrue = InstructionTable.branchConstant[row]
      whenFalse = InstructionTable.branchUnlessConstant[row]
    } else {
      whenTrue = InstructionTable.branch[row]
      whenFalse = InstructionTable.branchUnless[row]
    }
    if comparison.isInverted { swap(&whenTrue, &whenFalse) }
  }

  /// The displacement is its last field.
  func branch(ifTrue: Bool) -> Instruction { Instruction(raw: ifTrue ? whenTrue : whenFalse, a: a, b: b) }

  /// The branch that adds a constant to a slot before it is compared, if there is one.
  func branch(adding addend: UInt16, to slot: UInt32) -> Instruction? {
    switch whenTrue {
    case Opcode.branchIf.rawValue where a == slot:
      Instruction(.addBranchNotConstant, a: slot, b: 0, aux: addend)
    case Opcode.i32NeConstantBranch.rawValue where a == slot:
      Instruction(.addBranchNotConstant, a: slot, b: b, aux: addend)
    case Opcode.i32NeBranch.rawValue where (a == slot) != (b == slot):
      Instruction(.addBranchNot, a: slot, b: a == slot ? b : a, aux: addend)
    default: nil
    }
  }
}

extension FunctionCompiler {
  /// What the end of many loops is, in one instruction: a local grows, and is compared.
  private mutating func incrementing(_ condition: Condition) -> Instruction? {
    guard incrementEnd == code.count, let increment = code.last,
      let branch = condition.branch(adding: UInt16(truncatingIfNeeded: increment.c), to: increment.a)
    else { return nil }
    code.removeLast()
    return branch
  }

  /// Takes the condition off the stack; a comparison that was just made is taken back.
  mutating func popCondition() -> Condition {
    let comparison = comparison
    let entry = pop()
    guard comparison.end == code.count, isLastResult(entry) else {
      return Condition(.branchIf, .branchUnless, a: operand(entry))
    }
    let instruction = code[comparison.index]
    code.removeLast(code.count - comparison.index)
    forgetResult()
    return Condition(comparison, instruction)
  }
}
