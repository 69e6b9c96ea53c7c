public import Support

// Making and walking instructions, for the builder, the parser and the passes.

extension InstData {
  /// `iconst` or `fconst`; 32-bit shapes keep the low half only.
  public static func constant(_ opcode: Opcode, _ shape: Shape, bits: UInt64) -> InstData {
    let is32 = shape == .i32 || shape == .f32
    return InstData(
      opcode, shape, b: UInt32(truncatingIfNeeded: bits), c: is32 ? 0 : UInt32(truncatingIfNeeded: bits >> 32)
    )
  }
}

extension Function {
  @discardableResult
  mutating func appendParam(_ type: Type, to block: Block) -> Value {
    let number = UInt16(blockParams[block].count)
    let value = values.append(ValueData(kind: .param, type: type, owner: block.rawValue, number: number))
    blockParams[block].append(value)
    return value
  }

  mutating func makeResult(_ type: Type, of inst: Inst) -> Value {
    let value = values.append(ValueData(kind: .result, type: type, owner: inst.rawValue, number: 0))
    firstResults[inst] = value
    resultCounts[inst] = 1
    return value
  }

  mutating func makeResults(_ types: [Type], of inst: Inst) -> ValueRange {
    guard !types.isEmpty else { return ValueRange(first: .none, count: 0) }
    let first = values.nextID
    for (number, type) in types.enumerated() {
      values.append(ValueData(kind: .result, type: type, owner: inst.rawValue, number: UInt16(number)))
    }
    firstResults[inst] = first
    resultCounts[inst] = UInt16(types.count)
    return ValueRange(first: first, count: types.count)
  }

  /// The instruction that ends `block`, nil while the block is not complete.
  public func terminator(of block: Block) -> Inst? {
    guard let last = blockInsts[block].last, insts[last].opcode.isTerminator else { return nil }
    return last
  }

  /// All instructions, block by block.
  @inlinable
  public func forEachInst(_ body: (InstData) -> Void) {
    for block in blockOrder {
      for inst in blockInsts[block] { body(insts[inst]) }
    }
  }

  /// The branches of an instruction, those of a `brTable` in order and with repetition.
  @inlinable
  public func forEachBlockCall(of inst: Inst, _ body: (BlockCall) -> Void) {
    let data = insts[inst]
    switch data.opcode.format {
    case .jump: body(BlockCall(rawValue: data.c))
    case .branch:
      body(BlockCall(rawValue: data.b))
      body(BlockCall(rawValue: data.c))
    case .branchTable:
      for call in jumpTables[JumpTable(rawValue: data.c)] { body(call) }
    default: break
    }
  }

  /// The value operands of an instruction, without the arguments of its branches.
  @inlinable
  public func forEachOperand(of inst: Inst, _ body: (Value) -> Void) {
    let data = insts[inst]
    switch data.opcode.format {
    case .nullary, .immediate, .constant, .vectorConstant, .entity, .jump, .trap: break
    case .unary, .unaryImmediate, .load, .unaryEntity, .tagField, .branch, .branchTable, .conditionalTrap:
      body(data.valueA)
    case .binary, .binaryImmediate, .store, .loadLane, .binaryEntity:
      body(data.valueA)
      body(data.valueB)
    case .ternary:
      body(data.valueA)
      body(data.valueB)
      body(data.valueC)
    case .listEntities, .listMemory, .taggedList, .call, .callIndirect, .list:
      let list = EntityList<Value>(handle: data.a)
      for index in 0..<valueLists.count(list) { body(valueLists.element(list, at: index)) }
    }
  }

  /// The value operands of an instruction and the arguments of its branches, each block call once: a
  /// `brTable` may have a million entries that share one.
  @inlinable
  public func forEachUse(of inst: Inst, _ body: (Value) -> Void) {
    forEachOperand(of: inst, body)
    forEachDistinctBlockCall(of: inst) { call in
      let list = blockCalls[call].arguments
      for index in 0..<valueLists.count(list) { body(valueLists.element(list, at: index)) }
    }
  }

  @inlinable
  public func forEachDistinctBlockCall(of inst: Inst, _ body: (BlockCall) -> Void) {
    if insts[inst].opcode.format != .branchTable { return forEachBlockCall(of: inst, body) }
    var seen = Set<BlockCall>()
    forEachBlockCall(of: inst) { if seen.insert($0).inserted { body($0) } }
  }

  /// Replaces every value operand of `inst`, not the arguments of its branches.
  @inlinable
  public mutating func rewriteOperands(of inst: Inst, _ body: (Value) -> Value) {
    let data = insts[inst]
    switch data.opcode.format {
    case .nullary, .immediate, .constant, .vectorConstant, .entity, .jump, .trap: break
    case .unary, .unaryImmediate, .load, .unaryEntity, .tagField, .branch, .branchTable, .conditionalTrap:
      insts[inst].a = body(data.valueA).rawValue
    case .binary, .binaryImmediate, .store, .loadLane, .binaryEntity:
      insts[inst].a = body(data.valueA).rawValue
      insts[inst].b = body(data.valueB).rawValue
    case .ternary:
      insts[inst].a = body(data.valueA).rawValue
      insts[inst].b = body(data.valueB).rawValue
      insts[inst].c = body(data.valueC).rawValue
    case .listEntities, .listMemory, .taggedList, .call, .callIndirect, .list:
      rewriteList(EntityList(handle: data.a), body)
    }
  }

  @inlinable
  mutating func rewriteList(_ list: EntityList<Value>, _ body: (Value) -> Value) {
    for index in 0..<valueLists.count(list) {
      let old = valueLists.element(list, at: index)
      let new = body(old)
      if new != old { valueLists.set(list, at: index, to: new) }
    }
  }

  /// Makes `value` mean `target` everywhere. `target` must not resolve to `value`.
  public mutating func alias(_ value: Value, to target: Value) {
    let target = resolve(target)
    precondition(target != value, "alias to itself")
    values[value].kind = .alias
    values[value].owner = target.rawValue
    values[value].number = 0
  }

  /// `resolve` that shortens the chains it walks, so that long ones cost once.
  public mutating func resolveCompressing(_ value: Value) -> Value {
    if values[value].kind != .alias { return value }
    let root = resolve(value)
    var value = value
    while values[value].kind == .alias, values[value].owner != root.rawValue {
      let next = Value(rawValue: values[value].owner)
      values[value].owner = root.rawValue
      value = next
    }
    return root
  }

  /// Rewrites every operand and branch argument to the value that it really means.
  public mutating func resolveAliases() {
    var found = false
    for value in values.ids where values[value].kind == .alias {
      _ = resolveCompressing(value)
      found = true
    }
    guard found else { return }
    // Chains have length one now.
    let known = values
    func root(_ value: Value) -> Value {
      known[value].kind == .alias ? Value(rawValue: known[value].owner) : value
    }
    for block in blockOrder {
      for inst in blockInsts[block] { rewriteOperands(of: inst, root) }
    }
    for call in blockCalls.ids { rewriteList(blockCalls[call].arguments, root) }
  }
}
