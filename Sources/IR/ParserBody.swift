import Support

// Function bodies. Values and blocks keep the numbers that they have in the text.
extension Parser {
  /// Numbers in hand-written text are small; what is larger would only exhaust memory.
  private static let numberLimit: UInt32 = 1 << 24

  private struct Body {
    var function: Function
    var isDefined: [Bool] = []
    var isPlaced: [Bool] = []
    /// Where values and blocks that are not yet defined were first used.
    var pendingValues: [Value: Token] = [:]
    var pendingBlocks: [Block: Token] = [:]
  }

  /// What stands between the braces, and the closing one.
  mutating func functionBody(_ signature: SignatureID) throws(ParseError) -> Function {
    var body = Body(function: Function(signature: signature))
    while try !accept("}") {
      let block = try blockHeader(&body)
      while entityNumber("block") == nil, !isAt("}") {
        let inst = try instruction(&body)
        body.function.blockInsts[block].append(inst)
      }
    }
    let value = body.pendingValues.min { $0.key < $1.key }
    if let value { throw undefined("v\(value.key.rawValue)", value.value) }
    let block = body.pendingBlocks.min { $0.key < $1.key }
    if let block { throw undefined("block\(block.key.rawValue)", block.value) }
    return body.function
  }

  private func undefined(_ name: String, _ token: Token) -> ParseError {
    ParseError(line: token.line, column: token.column, message: "\(name) is not defined")
  }

  // MARK: - Blocks and values

  private mutating func block(_ body: inout Body) throws(ParseError) -> Block {
    let start = token
    let block = Block(rawValue: try numbered("block"))
    while body.function.blockParams.count <= block.index {
      body.function.blockParams.append([])
      body.function.blockInsts.append([])
      body.isPlaced.append(false)
    }
    if !body.isPlaced[block.index], body.pendingBlocks[block] == nil { body.pendingBlocks[block] = start }
    return block
  }

  private mutating func numbered(_ prefix: String) throws(ParseError) -> UInt32 {
    if let number = entityNumber(prefix), number >= Self.numberLimit {
      throw error("\(prefix) number is too large")
    }
    return try entity(prefix)
  }

  private func grow(_ body: inout Body, to value: Value) {
    while body.function.values.count <= value.index {
      // A number that the text skips: nothing refers to it.
      body.function.values.append(ValueData(kind: .result, type: .i32, owner: .max, number: 0))
      body.isDefined.append(false)
    }
  }

  private mutating func use(_ body: inout Body) throws(ParseError) -> Value {
    let start = token
    let value = Value(rawValue: try numbered("v"))
    grow(&body, to: value)
    if !body.isDefined[value.index], body.pendingValues[value] == nil { body.pendingValues[value] = start }
    return value
  }

  private mutating func define(_ value: Value, _ data: ValueData, at start: Token, _ body: inout Body)
    throws(ParseError)
  {
    grow(&body, to: value)
    if body.isDefined[value.index] {
      throw ParseError(line: start.line, column: start.column, message: "v\(value.rawValue) is defined twice")
    }
    body.isDefined[value.index] = true
    body.pendingValues[value] = nil
    body.function.values[value] = data
  }

  private mutating func blockHeader(_ body: inout Body) throws(ParseError) -> Block {
    let start = token
    let block = try block(&body)
    if body.isPlaced[block.index] {
      throw ParseError(
        line: start.line, column: start.column, message: "block\(block.rawValue) is there twice")
    }
    body.isPlaced[block.index] = true
    body.pendingBlocks[block] = nil
    body.function.blockOrder.append(block)
    if isAt("(") {
      var number: UInt16 = 0
      try expect("(")
      while try !accept(")") {
        if number > 0 { try expect(",") }
        if number == .max { throw error("too many block parameters") }
        let start = token
        let value = Value(rawValue: try numbered("v"))
        try expect(":")
        let data = ValueData(kind: .param, type: try type(), owner: block.rawValue, number: number)
        try define(value, data, at: start, &body)
        body.function.blockParams[block].append(value)
        number += 1
      }
    }
    try expect(":")
    return block
  }

  private mutating func blockCall(_ body: inout Body) throws(ParseError) -> BlockCall {
    let block = try block(&body)
    var arguments: [Value] = []
    if isAt("(") { arguments = try valueList("(", ")", &body) }
    let list = body.function.valueLists.make(arguments)
    return body.function.blockCalls.append(BlockCallData(block: block, arguments: list))
  }

  private mutating func valueList(_ open: String, _ close: String, _ body: inout Body) throws(ParseError)
    -> [Value]
  {
    try expect(open)
    var values: [Value] = []
    while try !accept(close) {
      if !values.isEmpty { try expect(",") }
      values.append(try use(&body))
    }
    return values
  }

  // MARK: - Instructions

  private mutating func instruction(_ body: inout Body) throws(ParseError) -> Inst {
    var source: UInt32 = 0
    if try accept("@") { source = try sourceOffset() }
    let start = token
    var results: [(value: Value, token: Token)] = []
    if entityNumber("v") != nil {
      repeat {
        let start = token
        results.append((Value(rawValue: try numbered("v")), start))
      } while try accept(",")
      try expect("=")
    }
    let opcodeToken = token
    var data = try opcodeAndShape()
    try operands(&data, &body)
    if try accept("flags") {
      try expect("=")
      data.flags = UInt8(try number(atMost: 255))
    }
    let inst = body.function.insts.append(data)
    if source != 0 { body.function.sourceOffsets[inst] = source }
    let types = try resultTypes(data, at: opcodeToken)
    guard results.count == types.count else {
      throw ParseError(line: start.line, column: start.column, message: "\(types.count) results expected")
    }
    for (number, result) in results.enumerated() {
      if result.value.index != results[0].value.index + number {
        throw ParseError(
          line: result.token.line, column: result.token.column,
          message: "results are not numbered consecutively")
      }
      let data = ValueData(kind: .result, type: types[number], owner: inst.rawValue, number: UInt16(number))
      try define(result.value, data, at: result.token, &body)
    }
    if let first = results.first {
      body.function.firstResults[inst] = first.value
      body.function.resultCounts[inst] = UInt16(results.count)
    }
    return inst
  }

  /// Hexadecimal without `0x`, so it may be a word or a number to the lexer.
  private mutating func sourceOffset() throws(ParseError) -> UInt32 {
    guard let value = UInt32(tokenText, radix: 16) else { throw error("expected a hexadecimal offset") }
    try advance()
    return value
  }

  private mutating func opcodeAndShape() throws(ParseError) -> InstData {
    guard token.kind == .word else { throw error("expected an operator") }
    let parts = tokenText.split(separator: ".", maxSplits: 1)
    guard let opcode = Opcode.byName[String(parts[0])] else { throw error("no operator '\(parts[0])'") }
    var shape = Shape.none
    if parts.count > 1 {
      guard let named = Shape.byName[String(parts[1])] else { throw error("no shape '\(parts[1])'") }
      shape = named
    }
    if !opcode.typing.shapes.contains(ShapeSet(shape)) { throw error("\(opcode.name) has no shape \(shape)") }
    try advance()
    return InstData(opcode, shape)
  }

  private func resultTypes(_ data: InstData, at start: Token) throws(ParseError) -> [Type] {
    let signature: SignatureID
    switch data.opcode {
    case .call:
      let callee = FunctionID(rawValue: data.b)
      guard result.functions.contains(callee) else {
        throw ParseError(line: start.line, column: start.column, message: "f\(data.b) is not declared")
      }
      signature = result.functions[callee].signature
    case .callIndirect: signature = SignatureID(rawValue: data.b)
    default: return data.opcode.resultType(shape: data.shape).map { [$0] } ?? []
    }
    guard result.signatures.contains(signature) else {
      throw ParseError(
        line: start.line, column: start.column, message: "sig\(signature.rawValue) is not declared")
    }
    return result.signatures[signature].results
  }

  private mutating func operands(_ data: inout InstData, _ body: inout Body) throws(ParseError) {
    switch data.opcode.format {
    case .nullary: break
    case .unary: try uses(&data, 1, &body)
    case .binary: try uses(&data, 2, &body)
    case .ternary: try uses(&data, 3, &body)
    case .constant:
      let is32 = data.shape == .i32 || data.shape == .f32
      let bits = is32 ? UInt64(try bits32()) : try number()
      data = .constant(data.opcode, data.shape, bits: bits)
    case .vectorConstant: data.a = body.function.vectorConstants.append(try vector()).rawValue
    case .unaryImmediate:
      try uses(&data, 1, &body)
      try expect(",")
      data.c = UInt32(try number(atMost: 255))
    case .binaryImmediate:
      try uses(&data, 2, &body)
      try expect(",")
      if data.opcode == .shuffle {
        data.c = body.function.vectorConstants.append(try vector()).rawValue
      } else {
        data.c = UInt32(try number(atMost: 255))
      }
    case .load:
      try uses(&data, 1, &body)
      try memArg(&data, &body)
    case .store, .loadLane:
      try uses(&data, 2, &body)
      try memArg(&data, &body)
    case .listMemory:
      var list: [Value] = []
      for position in 0..<3 {
        if position > 0 { try expect(",") }
        list.append(try use(&body))
      }
      data.a = body.function.valueLists.make(list).handle
      try memArg(&data, &body)
    case .entity: data.c = try entity(data.opcode.entityPrefix)
    case .unaryEntity:
      try uses(&data, 1, &body)
      try expect(",")
      data.c = try entity(data.opcode.entityPrefix)
    case .binaryEntity:
      try uses(&data, 2, &body)
      try expect(",")
      data.c = try entity(data.opcode.entityPrefix)
    case .listEntities: try bulkOperands(&data, &body)
    case .call:
      data.b = try entity("f")
      data.a = body.function.valueLists.make(try valueList("(", ")", &body)).handle
    case .taggedList:
      data.b = try entity("tag")
      data.a = body.function.valueLists.make(try valueList("(", ")", &body)).handle
    case .tagField:
      try uses(&data, 1, &body)
      try expect(",")
      data.b = UInt32(try number(atMost: UInt64(UInt16.max)))
      try expect(",")
      data.c = try entity("tag")
    case .callIndirect:
      data.b = try entity("sig")
      data.c = entityNumber("table") == nil ? UInt32.max : try entity("table")
      var list = [try use(&body)]
      list += try valueList("(", ")", &body)
      data.a = body.function.valueLists.make(list).handle
    case .jump: data.c = try blockCall(&body).rawValue
    case .branch:
      try uses(&data, 1, &body)
      try expect(",")
      data.b = try blockCall(&body).rawValue
      try expect(",")
      data.c = try blockCall(&body).rawValue
    case .branchTable:
      try uses(&data, 1, &body)
      try expect(",")
      let defaultCall = try blockCall(&body)
      try expect(",")
      try expect("[")
      var calls: [BlockCall] = []
      while try !accept("]") {
        if !calls.isEmpty { try expect(",") }
        calls.append(try blockCall(&body))
      }
      data.c = body.function.jumpTables.append(calls + [defaultCall]).rawValue
    case .list:
      var list: [Value] = []
      // A value that `=` or `,` and more results follow would be the next instruction's, but a `return`
      // ends its block.
      if entityNumber("v") != nil {
        repeat { list.append(try use(&body)) } while try accept(",")
      }
      data.a = body.function.valueLists.make(list).handle
    case .immediate: data.c = UInt32(try number(atMost: UInt64(UInt32.max)))
    case .trap: data.c = try trapCode().rawValue
    case .conditionalTrap:
      try uses(&data, 1, &body)
      try expect(",")
      data.c = try trapCode().rawValue
    }
  }

  private mutating func uses(_ data: inout InstData, _ count: Int, _ body: inout Body) throws(ParseError) {
    data.a = try use(&body).rawValue
    if count < 2 { return }
    try expect(",")
    data.b = try use(&body).rawValue
    if count < 3 { return }
    try expect(",")
    data.c = try use(&body).rawValue
  }

  private mutating func memArg(_ data: inout InstData, _ body: inout Body) throws(ParseError) {
    try expect(",")
    let memory = MemoryID(rawValue: try entity("mem"))
    var memArg = MemArg(
      offset: 0, memory: memory, alignLog2: UInt8(data.accessByteCount.trailingZeroBitCount))
    if try accept("+") { memArg.offset = try number() }
    if try accept("align") {
      try expect("=")
      memArg.alignLog2 = try powerOfTwo(atMost: 1 << 63)
    }
    if data.opcode.format == .loadLane {
      try expect("lane")
      try expect("=")
      memArg.lane = UInt8(try number(atMost: 15))
    }
    data.c = body.function.memArgs.append(memArg).rawValue
  }

  private mutating func bulkOperands(_ data: inout InstData, _ body: inout Body) throws(ParseError) {
    var list: [Value] = []
    for _ in 0..<3 {
      list.append(try use(&body))
      try expect(",")
    }
    data.a = body.function.valueLists.make(list).handle
    data.b = try entity(data.opcode.entityPrefix)
    data.c = UInt32.max
    if let prefix = data.opcode.secondEntityPrefix {
      try expect(",")
      data.c = try entity(prefix)
    }
  }
}
