import Support

// Invariants 4 and 11 to 13: what an instruction names exists and may be used so.
extension FunctionVerifier {
  mutating func checkEntities() {
    let data = subject.function.insts[inst]
    switch data.opcode.format {
    case .nullary, .immediate, .unary, .binary, .ternary, .load, .store, .loadLane, .conditionalTrap: break
    case .constant:
      if (data.shape == .i32 || data.shape == .f32) && data.c != 0 { fail("32-bit constant with upper bits") }
    case .vectorConstant:
      require(subject.function.vectorConstants, data.a, "vector constant")
    case .unaryImmediate: checkLane(data.c, data.shape)
    case .binaryImmediate:
      if data.opcode == .shuffle {
        if require(subject.function.vectorConstants, data.c, "vector constant") {
          let lanes = subject.function.vectorConstants[VectorConstant(rawValue: data.c)]
          if (0..<16).contains(where: { lanes[byte: $0] >= 32 }) { fail("shuffle lane out of range") }
        }
      } else {
        checkLane(data.c, data.shape)
      }
    case .entity, .unaryEntity, .binaryEntity: checkEntity(data.opcode, data.c)
    case .listEntities:
      if checkList(data.a) { checkBulk(data) }
    case .call:
      _ = checkList(data.a)
      checkFunction(data.b)
    case .taggedList:
      _ = checkList(data.a)
      checkTag(data.b)
    case .tagField: checkTag(data.c, field: data.b)
    case .callIndirect:
      _ = checkList(data.a)
      require(subject.module.signatures, data.b, "signature")
      if data.c != UInt32.max { require(subject.module.tables, data.c, "table") }
    case .jump: checkBlockCall(data.c)
    case .branch:
      checkBlockCall(data.b)
      checkBlockCall(data.c)
    case .branchTable:
      guard require(subject.function.jumpTables, data.c, "jump table") else { return }
      let calls = subject.function.jumpTables[JumpTable(rawValue: data.c)]
      if calls.isEmpty { fail("jump table without default") }
      for call in calls { checkBlockCall(call.rawValue) }
    case .list, .listMemory: _ = checkList(data.a)
    case .trap:
      if TrapCode(rawValue: data.c) == nil { fail("trap code out of range") }
    }
    if data.opcode.format == .conditionalTrap, TrapCode(rawValue: data.c) == nil {
      fail("trap code out of range")
    }
    if [.load, .store, .loadLane, .listMemory].contains(data.opcode.format) { checkMemArg(data) }
    if data.opcode == .brif, BranchHint(rawValue: data.flags) == nil { fail("no branch hint \(data.flags)") }
    if data.opcode == .exceptionPending { checkPending() }
    if errors.isEmpty { checkValues() }
  }

  @discardableResult
  private mutating func require<ID, Element>(_ map: PrimaryMap<ID, Element>, _ raw: UInt32, _ what: String)
    -> Bool
  {
    if map.contains(ID(rawValue: raw)) { return true }
    fail("\(what) \(raw) does not exist")
    return false
  }

  private mutating func checkValues() {
    var bad: [Value] = []
    subject.function.forEachUse(of: inst) { value in
      if !subject.function.values.contains(value) { return bad.append(value) }
      let value = subject.function.resolve(value)
      let data = subject.function.values[value]
      switch data.kind {
      case .param:
        let block = Block(rawValue: data.owner)
        if !inLayout[block] || Int(data.number) >= subject.function.blockParams[block].count
          || subject.function.blockParams[block][Int(data.number)] != value
        {
          bad.append(value)
        }
      case .result:
        let definition = Inst(rawValue: data.owner)
        if owners[definition].isNone || !subject.function.results(of: definition).contains(value.rawValue) {
          bad.append(value)
        }
      case .alias: bad.append(value)
      }
    }
    for value in bad { fail("v\(value.rawValue) has no definition") }
    let results = subject.function.results(of: inst)
    if Int(results.upperBound) > subject.function.values.count { return fail("results do not exist") }
    for (number, raw) in results.enumerated() {
      let data = subject.function.values[Value(rawValue: raw)]
      // A result that became an alias has no uses left once aliases are resolved.
      if data.kind == .alias { continue }
      if data.kind != .result || data.owner != inst.rawValue || Int(data.number) != number {
        fail("v\(raw) is not result \(number)")
      }
    }
  }

  private mutating func checkList(_ handle: UInt32) -> Bool {
    if subject.function.valueLists.isValid(EntityList(handle: handle)) { return true }
    fail("operand list does not exist")
    return false
  }

  private mutating func checkBlockCall(_ raw: UInt32) {
    guard require(subject.function.blockCalls, raw, "block call") else { return }
    let call = subject.function.blockCalls[BlockCall(rawValue: raw)]
    if !checkList(call.arguments.handle) { return }
    if !subject.function.blockParams.contains(call.block) || !inLayout[call.block] {
      fail("branch to block\(call.block.rawValue), which is not in the layout")
    }
  }

  private mutating func checkLane(_ lane: UInt32, _ shape: Shape) {
    if Int(lane) >= shape.laneCount { fail("lane \(lane) out of range") }
  }

  private mutating func checkMemArg(_ data: InstData) {
    guard require(subject.function.memArgs, data.c, "memory argument") else { return }
    let memArg = subject.function.memArgs[MemArgID(rawValue: data.c)]
    guard require(subject.module.memories, memArg.memory.rawValue, "memory") else { return }
    if !subject.module.memories[memArg.memory].isMemory64, memArg.offset > UInt64(UInt32.max) {
      fail("offset out of range")
    }
    if data.opcode.format == .loadLane { checkLane(UInt32(memArg.lane), data.shape) }
    if data.opcode.isAtomic, 1 << UInt64(memArg.alignLog2) > data.accessByteCount {
      fail("an atomic access of \(data.shape) is not 2^\(memArg.alignLog2) bytes wide")
    }
  }

  private mutating func checkFunction(_ raw: UInt32) {
    guard require(subject.module.functions, raw, "function") else { return }
    if case .removed = subject.module.functions[FunctionID(rawValue: raw)].definition {
      fail("function \(raw) is removed")
    }
  }

  private mutating func checkTag(_ raw: UInt32, field: UInt32? = nil) {
    guard require(subject.module.tags, raw, "tag") else { return }
    let signature = subject.module.signatures[subject.module.tags[TagID(rawValue: raw)].signature]
    if let field, Int(field) >= signature.params.count { fail("field \(field) out of range") }
  }

  /// Only then it means that this call ended in an exception.
  private mutating func checkPending() {
    let insts = subject.function.blockInsts[block]
    let position = insts.firstIndex(of: inst) ?? 0
    guard position > 0, subject.function.insts[insts[position - 1]].opcode.isCall else {
      return fail("exception_pending without a call right before it")
    }
  }

  private mutating func checkWritable(table raw: UInt32) {
    guard require(subject.module.tables, raw, "table") else { return }
    if subject.module.tables[TableID(rawValue: raw)].isReadOnly { fail("table \(raw) is read-only") }
  }

  private mutating func checkEntity(_ opcode: Opcode, _ raw: UInt32) {
    switch opcode {
    case .refFunc: checkFunction(raw)
    case .memorySize, .memoryGrow: require(subject.module.memories, raw, "memory")
    case .dataDrop: require(subject.module.dataSegments, raw, "data segment")
    case .elementDrop: require(subject.module.elementSegments, raw, "element segment")
    case .tableGet, .tableSize: require(subject.module.tables, raw, "table")
    case .tableSet, .tableGrow: checkWritable(table: raw)
    case .exceptionIs: require(subject.module.tags, raw, "tag")
    case .globalGet: require(subject.module.globals, raw, "global")
    case .globalSet:
      if require(subject.module.globals, raw, "global"),
        !subject.module.globals[GlobalID(rawValue: raw)].isMutable
      {
        fail("global \(raw) is immutable")
      }
    default: fail("\(opcode.name) names no entity")
    }
  }

  private mutating func checkBulk(_ data: InstData) {
    if subject.function.valueLists.count(EntityList<Value>(handle: data.a)) != 3 {
      return fail("not three operands")
    }
    switch data.opcode {
    case .memoryFill: require(subject.module.memories, data.b, "memory")
    case .memoryCopy:
      require(subject.module.memories, data.b, "memory")
      require(subject.module.memories, data.c, "memory")
    case .memoryInit:
      require(subject.module.memories, data.b, "memory")
      require(subject.module.dataSegments, data.c, "data segment")
    case .tableFill: checkWritable(table: data.b)
    case .tableCopy:
      checkWritable(table: data.b)
      // The runtime copies from a table, which a read-only one is not.
      checkWritable(table: data.c)
    case .tableInit:
      checkWritable(table: data.b)
      require(subject.module.elementSegments, data.c, "element segment")
    default: fail("\(data.opcode.name) is no bulk operator")
    }
  }
}
