import Support

// Invariants 4, 11 and 12: what an instruction names exists and may be used so.
extension FunctionVerifier {
  mutating func checkEntities() {
    let data = function.insts[inst]
    switch data.opcode.format {
    case .nullary, .unary, .binary, .ternary, .load, .store, .loadLane, .conditionalTrap: break
    case .constant:
      if (data.shape == .i32 || data.shape == .f32) && data.c != 0 { fail("32-bit constant with upper bits") }
    case .vectorConstant:
      require(function.vectorConstants, data.a, "vector constant")
    case .unaryImmediate: checkLane(data.c, data.shape)
    case .binaryImmediate:
      if data.opcode == .shuffle {
        if require(function.vectorConstants, data.c, "vector constant") {
          let lanes = function.vectorConstants[VectorConstant(rawValue: data.c)]
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
    case .callIndirect:
      _ = checkList(data.a)
      require(module.signatures, data.b, "signature")
      if data.c != UInt32.max { require(module.tables, data.c, "table") }
    case .jump: checkBlockCall(data.c)
    case .branch:
      checkBlockCall(data.b)
      checkBlockCall(data.c)
    case .branchTable:
      guard require(function.jumpTables, data.c, "jump table") else { return }
      let calls = function.jumpTables[JumpTable(rawValue: data.c)]
      if calls.isEmpty { fail("jump table without default") }
      for call in calls { checkBlockCall(call.rawValue) }
    case .list: _ = checkList(data.a)
    case .trap:
      if TrapCode(rawValue: data.c) == nil { fail("trap code out of range") }
    }
    if data.opcode.format == .conditionalTrap, TrapCode(rawValue: data.c) == nil {
      fail("trap code out of range")
    }
    if [.load, .store, .loadLane].contains(data.opcode.format) { checkMemArg(data) }
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
    let function = self.function
    function.forEachUse(of: inst) { value in
      if !function.values.contains(value) { return bad.append(value) }
      let value = function.resolve(value)
      let data = function.values[value]
      switch data.kind {
      case .param:
        let block = Block(rawValue: data.owner)
        if !inLayout[block] || Int(data.number) >= function.blockParams[block].count
          || function.blockParams[block][Int(data.number)] != value
        {
          bad.append(value)
        }
      case .result:
        let definition = Inst(rawValue: data.owner)
        if owners[definition].isNone || !function.results(of: definition).contains(value.rawValue) {
          bad.append(value)
        }
      case .alias: bad.append(value)
      }
    }
    for value in bad { fail("v\(value.rawValue) has no definition") }
    let results = function.results(of: inst)
    if Int(results.upperBound) > function.values.count { return fail("results do not exist") }
    for (number, raw) in results.enumerated() {
      let data = function.values[Value(rawValue: raw)]
      // A result that became an alias has no uses left once aliases are resolved.
      if data.kind == .alias { continue }
      if data.kind != .result || data.owner != inst.rawValue || Int(data.number) != number {
        fail("v\(raw) is not result \(number)")
      }
    }
  }

  private mutating func checkList(_ handle: UInt32) -> Bool {
    if function.valueLists.isValid(EntityList(handle: handle)) { return true }
    fail("operand list does not exist")
    return false
  }

  private mutating func checkBlockCall(_ raw: UInt32) {
    guard require(function.blockCalls, raw, "block call") else { return }
    let call = function.blockCalls[BlockCall(rawValue: raw)]
    if !checkList(call.arguments.handle) { return }
    if !function.blockParams.contains(call.block) || !inLayout[call.block] {
      fail("branch to block\(call.block.rawValue), which is not in the layout")
    }
  }

  private mutating func checkLane(_ lane: UInt32, _ shape: Shape) {
    if Int(lane) >= shape.laneCount { fail("lane \(lane) out of range") }
  }

  private mutating func checkMemArg(_ data: InstData) {
    guard require(function.memArgs, data.c, "memory argument") else { return }
    let memArg = function.memArgs[MemArgID(rawValue: data.c)]
    guard require(module.memories, memArg.memory.rawValue, "memory") else { return }
    if !module.memories[memArg.memory].isMemory64, memArg.offset > UInt64(UInt32.max) {
      fail("offset out of range")
    }
    if data.opcode.format == .loadLane { checkLane(UInt32(memArg.lane), data.shape) }
  }

  private mutating func checkFunction(_ raw: UInt32) {
    guard require(module.functions, raw, "function") else { return }
    if case .removed = module.functions[FunctionID(rawValue: raw)].definition {
      fail("function \(raw) is removed")
    }
  }

  private mutating func checkWritable(table raw: UInt32) {
    guard require(module.tables, raw, "table") else { return }
    if module.tables[TableID(rawValue: raw)].isReadOnly { fail("table \(raw) is read-only") }
  }

  private mutating func checkEntity(_ opcode: Opcode, _ raw: UInt32) {
    switch opcode {
    case .refFunc: checkFunction(raw)
    case .memorySize, .memoryGrow: require(module.memories, raw, "memory")
    case .dataDrop: require(module.dataSegments, raw, "data segment")
    case .elementDrop: require(module.elementSegments, raw, "element segment")
    case .tableGet, .tableSize: require(module.tables, raw, "table")
    case .tableSet, .tableGrow: checkWritable(table: raw)
    case .globalGet: require(module.globals, raw, "global")
    case .globalSet:
      if require(module.globals, raw, "global"), !module.globals[GlobalID(rawValue: raw)].isMutable {
        fail("global \(raw) is immutable")
      }
    default: fail("\(opcode.name) names no entity")
    }
  }

  private mutating func checkBulk(_ data: InstData) {
    if function.valueLists.count(EntityList<Value>(handle: data.a)) != 3 { return fail("not three operands") }
    switch data.opcode {
    case .memoryFill: require(module.memories, data.b, "memory")
    case .memoryCopy:
      require(module.memories, data.b, "memory")
      require(module.memories, data.c, "memory")
    case .memoryInit:
      require(module.memories, data.b, "memory")
      require(module.dataSegments, data.c, "data segment")
    case .tableFill: checkWritable(table: data.b)
    case .tableCopy:
      checkWritable(table: data.b)
      // The runtime copies from a table, which a read-only one is not.
      checkWritable(table: data.c)
    case .tableInit:
      checkWritable(table: data.b)
      require(module.elementSegments, data.c, "element segment")
    default: fail("\(data.opcode.name) is no bulk operator")
    }
  }
}
