import Support

extension Function {
  /// Evaluates operators whose operands are constants, selects the branch of a terminator on a constant, and
  /// takes copies and selects out of the way.
  ///
  /// Blocks are visited in reverse post-order, so that operands come before their uses; one visit is enough for
  /// everything but constants that go round a loop. What would trap is left to trap.
  mutating func foldConstants() {
    let graph = ControlFlowGraph(self)
    var constants = ConstantValues(count: values.count)
    var changedControl = false
    for block in graph.reversePostorder {
      var insts = blockInsts[block]
      var kept = 0
      for (position, inst) in insts.enumerated() {
        let action = fold(inst, &constants)
        if action != .remove {
          if kept != position { insts[kept] = inst }
          kept += 1
        }
        if action == .endBlock {
          changedControl = true
          break
        }
      }
      if kept < insts.count {
        insts.removeLast(insts.count - kept)
        blockInsts[block] = insts
      }
    }
    resolveAliases()
    if changedControl { removeUnreachableBlocks() }
  }

  private enum FoldAction {
    case keep, remove
    /// The instruction now is the block's terminator, or another one than it was.
    case endBlock
  }

  private mutating func fold(_ inst: Inst, _ constants: inout ConstantValues) -> FoldAction {
    rewriteFormsOfSelect(inst, constants)
    let data = insts[inst]
    switch data.opcode {
    case .iconst, .fconst:
      constants.set(result(of: inst), data.constantBits)
      return .keep
    case .copy:
      alias(result(of: inst), to: data.valueA)
      return .remove
    case .refIsNull:
      guard let isNull = isKnownNull(resolve(data.valueA)) else { return .keep }
      replace(inst, .i32, bits: isNull ? 1 : 0, &constants)
      return .keep
    case .brif:
      guard let condition = constants.get(resolve(data.valueA)) else { return .keep }
      insts[inst] = InstData(.jump, c: condition != 0 ? data.b : data.c)
      return .endBlock
    case .brTable:
      guard let index = constants.get(resolve(data.valueA)) else { return .keep }
      let calls = jumpTables[JumpTable(rawValue: data.c)]
      let call = calls[Int(min(index, UInt64(calls.count - 1)))]
      insts[inst] = InstData(.jump, c: call.rawValue)
      return .endBlock
    case .trapnz:
      guard let condition = constants.get(resolve(data.valueA)) else { return .keep }
      if condition == 0 { return .remove }
      insts[inst] = InstData(.trap, c: data.c)
      return .endBlock
    default: break
    }
    guard let type = data.opcode.resultType(shape: data.shape), let bits = evaluate(data, constants) else {
      return .keep
    }
    replace(inst, type, bits: bits, &constants)
    return .keep
  }

  /// A select that is known becomes a copy.
  private mutating func rewriteFormsOfSelect(_ inst: Inst, _ constants: ConstantValues) {
    let data = insts[inst]
    guard data.opcode == .select else { return }
    let condition = constants.get(resolve(data.valueA))
    if let condition {
      insts[inst] = InstData(.copy, data.shape, a: condition != 0 ? data.b : data.c)
    } else if resolve(data.valueB) == resolve(data.valueC) {
      insts[inst] = InstData(.copy, data.shape, a: data.b)
    }
  }

  private mutating func replace(_ inst: Inst, _ type: Type, bits: UInt64, _ constants: inout ConstantValues) {
    switch type {
    case .i32: insts[inst] = .constant(.iconst, .i32, bits: bits)
    case .i64: insts[inst] = .constant(.iconst, .i64, bits: bits)
    case .f32: insts[inst] = .constant(.fconst, .f32, bits: bits)
    case .f64: insts[inst] = .constant(.fconst, .f64, bits: bits)
    default: preconditionFailure("no scalar constant of type \(type)")
    }
    constants.set(result(of: inst), bits)
  }

  private func isKnownNull(_ value: Value) -> Bool? {
    switch definition(of: value)?.opcode {
    case .refNull: return true
    case .refFunc: return false
    default: return nil
    }
  }

  private func evaluate(_ data: InstData, _ constants: ConstantValues) -> UInt64? {
    if data.shape.isVector { return nil }
    // What others have in place of operands may be no value: lists, for one.
    switch data.opcode.format {
    case .unary:
      let a = resolve(data.valueA)
      guard let bits = constants.get(a), values[a].type != .v128 else { return nil }
      return evaluateUnary(data.opcode, data.shape, bits, operand: values[a].type)
    case .binary:
      guard let x = constants.get(resolve(data.valueA)), let y = constants.get(resolve(data.valueB)) else {
        return nil
      }
      return evaluateBinary(data.opcode, data.shape, x, y)
    default: return nil
    }
  }
}

/// The bits of scalar constants, by value.
private struct ConstantValues {
  private var bits: [UInt64]
  private var isKnown: [Bool]

  init(count: Int) {
    bits = Array(repeating: 0, count: count)
    isKnown = Array(repeating: false, count: count)
  }

  func get(_ value: Value) -> UInt64? { isKnown[value.index] ? bits[value.index] : nil }

  mutating func set(_ value: Value, _ newBits: UInt64) {
    bits[value.index] = newBits
    isKnown[value.index] = true
  }
}
