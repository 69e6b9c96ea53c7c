import Support

// Invariants 7 to 10: types of operands, results, branch arguments and calls.
extension FunctionVerifier {
  mutating func checkTypes() {
    let data = subject.function.insts[inst]
    let typing = data.opcode.typing
    guard typing.shapes.contains(ShapeSet(data.shape)) else {
      return fail("\(data.opcode.name) has no shape \(data.shape)")
    }
    checkResults(data)
    switch data.opcode.format {
    case .listEntities: checkBulkTypes(data)
    case .call: checkCall(data)
    case .callIndirect: checkIndirectCall(data)
    case .taggedList: expect(listTypes(data.a), payload(of: data.b), "payload")
    case .list:
      expect(
        listTypes(data.a), subject.module.signatures[subject.function.signature].results, "returned values")
    default: checkOperands(data, typing)
    }
    var calls: [BlockCall] = []
    subject.function.forEachDistinctBlockCall(of: inst) { calls.append($0) }
    for call in calls {
      let target = subject.function.blockCalls[call]
      let params = subject.function.blockParams[target.block].map { subject.function.type(of: $0) }
      expect(listTypes(target.arguments.handle), params, "arguments of block\(target.block.rawValue)")
    }
    checkEntityTypes(data)
  }

  private func listTypes(_ handle: UInt32) -> [Type] {
    subject.function.valueLists[EntityList<Value>(handle: handle)].map {
      subject.function.type(of: subject.function.resolve($0))
    }
  }

  private mutating func expect(_ actual: [Type], _ expected: [Type], _ what: String) {
    if actual != expected { fail("\(what): found (\(names(actual))), expected (\(names(expected)))") }
  }

  private func names(_ types: [Type]) -> String { types.map { "\($0)" }.joined(separator: ", ") }

  private mutating func checkResults(_ data: InstData) {
    var expected: [Type] = []
    switch data.opcode {
    case .call:
      let callee = subject.module.functions[FunctionID(rawValue: data.b)]
      if subject.module.signatures.contains(callee.signature) {
        expected = subject.module.signatures[callee.signature].results
      }
    case .callIndirect: expected = subject.module.signatures[SignatureID(rawValue: data.b)].results
    default: expected = data.opcode.resultType(shape: data.shape).map { [$0] } ?? []
    }
    expect(
      subject.function.results(of: inst).map { subject.function.type(of: Value(rawValue: $0)) }, expected,
      "results")
  }

  private mutating func checkOperands(_ data: InstData, _ typing: Typing) {
    var operands: [Type] = []
    subject.function.forEachOperand(of: inst) {
      operands.append(subject.function.type(of: subject.function.resolve($0)))
    }
    guard operands.count == typing.operands.count else { return fail("wrong number of operands") }
    for (number, rule) in typing.operands.enumerated() {
      if !matches(operands[number], rule, data) {
        fail("operand \(number) of \(data.opcode.name).\(data.shape) is \(operands[number])")
      }
    }
  }

  private func matches(_ type: Type, _ rule: OperandRule, _ data: InstData) -> Bool {
    switch rule {
    case .shape: type == data.shape.type
    case .lane: type == data.shape.laneType
    case .i32: type == .i32
    case .i64: type == .i64
    case .f32: type == .f32
    case .f64: type == .f64
    case .v128: type == .v128
    case .exnref: type == .exnref
    case .anyInt: data.shape.isVector ? type == .v128 : type == .i32 || type == .i64
    case .anyFloat: data.shape.isVector ? type == .v128 : type == .f32 || type == .f64
    case .reference: type.isReference
    case .reinterpreted: type == data.shape.reinterpretSource
    case .shiftCount: type == (data.shape.isVector ? .i32 : data.shape.type)
    case .address: type == addressType(data)
    }
  }

  /// The address type of the memory or table that an instruction names.
  private func addressType(_ data: InstData) -> Type {
    switch data.opcode.format {
    case .load, .store, .loadLane, .listMemory:
      address(subject.function.memArgs[MemArgID(rawValue: data.c)].memory)
    default:
      switch data.opcode {
      case .memorySize, .memoryGrow: address(MemoryID(rawValue: data.c))
      default: address(TableID(rawValue: data.c))
      }
    }
  }

  private func address(_ memory: MemoryID) -> Type {
    subject.module.memories[memory].isMemory64 ? .i64 : .i32
  }
  private func address(_ table: TableID) -> Type { subject.module.tables[table].isTable64 ? .i64 : .i32 }

  private func payload(of tag: UInt32) -> [Type] {
    subject.module.signatures[subject.module.tags[TagID(rawValue: tag)].signature].params
  }

  private mutating func checkEntityTypes(_ data: InstData) {
    let expected: Type
    switch data.opcode {
    case .exceptionField: expected = payload(of: data.c)[Int(data.b)]
    case .globalGet, .globalSet: expected = subject.module.globals[GlobalID(rawValue: data.c)].type
    case .memorySize, .memoryGrow: expected = address(MemoryID(rawValue: data.c))
    case .tableGet, .tableSet: expected = subject.module.tables[TableID(rawValue: data.c)].element
    case .tableSize: expected = address(TableID(rawValue: data.c))
    case .tableGrow:
      let table = TableID(rawValue: data.c)
      expected = address(table)
      if subject.function.type(of: subject.function.resolve(data.valueA))
        != subject.module.tables[table].element
      {
        fail("table_grow's value is not of the table's type")
      }
    default: return
    }
    if data.shape.type != expected {
      fail("\(data.opcode.name).\(data.shape) of an entity of type \(expected)")
    }
  }

  private mutating func checkBulkTypes(_ data: InstData) {
    let memory = MemoryID(rawValue: data.b)
    let table = TableID(rawValue: data.b)
    let expected: [Type]
    switch data.opcode {
    case .memoryFill: expected = [address(memory), .i32, address(memory)]
    case .memoryInit: expected = [address(memory), .i32, .i32]
    case .memoryCopy:
      let source = address(MemoryID(rawValue: data.c))
      expected = [address(memory), source, address(memory) == .i64 ? source : .i32]
    case .tableFill: expected = [address(table), subject.module.tables[table].element, address(table)]
    case .tableInit: expected = [address(table), .i32, .i32]
    default:
      let source = address(TableID(rawValue: data.c))
      expected = [address(table), source, address(table) == .i64 ? source : .i32]
      if subject.module.tables[table].element != subject.module.tables[TableID(rawValue: data.c)].element {
        fail("table_copy between tables of different types")
      }
    }
    expect(listTypes(data.a), expected, "operands")
  }

  private mutating func checkCall(_ data: InstData) {
    let id = subject.module.functions[FunctionID(rawValue: data.b)].signature
    guard subject.module.signatures.contains(id) else { return fail("the callee's signature does not exist") }
    expect(listTypes(data.a), subject.module.signatures[id].params, "arguments")
    if data.opcode == .returnCall { checkTail(subject.module.signatures[id]) }
  }

  private mutating func checkIndirectCall(_ data: InstData) {
    let signature = subject.module.signatures[SignatureID(rawValue: data.b)]
    var callee = Type.funcref
    let table = TableID(rawValue: data.c)
    if !table.isNone {
      callee = address(table)
      if subject.module.tables[table].element != .funcref {
        fail("call through a table of \(subject.module.tables[table].element)")
      }
    }
    expect(listTypes(data.a), [callee] + signature.params, "callee and arguments")
    if data.opcode == .returnCallIndirect { checkTail(signature) }
  }

  private mutating func checkTail(_ callee: Signature) {
    expect(
      callee.results, subject.module.signatures[subject.function.signature].results, "results of a tail call")
  }
}

extension Shape {
  /// What `reinterpret` to this shape reads.
  var reinterpretSource: Type? {
    switch self {
    case .i32: .f32
    case .i64: .f64
    case .f32: .i32
    case .f64: .i64
    default: nil
    }
  }
}
