import Support

// The text form, documented in docs/ir.md. Parser.swift reads it back.

extension Module: CustomStringConvertible {
  /// The whole module as text.
  public var description: String {
    var printer = Printer()
    printer.module(self)
    return printer.text
  }
}

extension Function: CustomStringConvertible {
  /// The blocks alone, as between the braces of a function.
  public var description: String {
    var printer = Printer()
    printer.body(self)
    return printer.text
  }

  /// One instruction, without indentation or line feed.
  public func text(of inst: Inst) -> String {
    var printer = Printer()
    printer.instruction(inst, self)
    return printer.text
  }
}

struct Printer {
  var text = ""

  // MARK: - Module

  mutating func module(_ module: Module) {
    for id in module.signatures.ids {
      text += "signature sig\(id.rawValue) = \(signature(module.signatures[id]))\n"
    }
    for id in module.memories.ids { memory(id, module.memories[id]) }
    for id in module.tables.ids { table(id, module.tables[id]) }
    for id in module.globals.ids {
      let global = module.globals[id]
      let external = global.isExternal ? "external " : ""
      text +=
        "global g\(id.rawValue) = \(external)\(global.isMutable ? "mut " : "")\(global.type)\(precise(global.preciseType))\(initializer(global))\n"
    }
    for id in module.tags.ids {
      let external = module.tags[id].isExternal ? "external " : ""
      text += "tag tag\(id.rawValue) = \(external)sig\(module.tags[id].signature.rawValue)"
      if !module.tags[id].name.isEmpty { text += " \(quoted(module.tags[id].name.bytes))" }
      text += "\n"
    }
    for id in module.dataSegments.ids {
      let segment = module.dataSegments[id]
      text += "data data\(id.rawValue) ="
      if let place = segment.place {
        text += " active mem\(place.target.rawValue) \(expression(place.offset))"
      }
      bytes(segment.bytes)
      text += "\n"
    }
    for id in module.elementSegments.ids {
      let segment = module.elementSegments[id]
      text += "elem elem\(id.rawValue) ="
      if let place = segment.place {
        text += " active table\(place.target.rawValue) \(expression(place.offset))"
      }
      let items =
        segment.expressions.isEmpty
        ? functions(segment.items) : "[" + segment.expressions.map(expression).joined(separator: ", ") + "]"
      text += " \(segment.element) \(items)\n"
    }
    for entry in module.imports {
      text += "import \(quoted(entry.module.bytes)) \(quoted(entry.name.bytes)) = \(item(entry.item))\n"
    }
    for export in module.exports {
      text += "export \(quoted(export.name.bytes)) = \(item(export.item))\n"
    }
    if !module.start.isNone { text += "start f\(module.start.rawValue)\n" }
    if module.isThreaded { text += "thread_start f\(module.threadStart.rawValue)\n" }
    if let trap = module.instantiationTrap { text += "instantiation_trap \(trap.name)\n" }
    for id in module.functions.ids {
      function(id, module.functions[id], module.bodies.contains(id) ? module.bodies[id] : nil)
    }
  }

  private func signature(_ signature: Signature) -> String {
    "\(types(signature.params)) -> \(types(signature.results))"
      + (signature.variant == 0 ? "" : " variant \(signature.variant)")
      + (signature.precise.map { " as \(quoted($0.params.utf8)) \(quoted($0.results.utf8))" } ?? "")
  }

  private func types(_ types: [Type]) -> String { "(" + types.map(\.name).joined(separator: ", ") + ")" }

  private func functions(_ functions: [FunctionID]) -> String {
    "[" + functions.map { $0.isNone ? "null" : "f\($0.rawValue)" }.joined(separator: ", ") + "]"
  }

  private func limits(_ minimum: UInt64, _ maximum: UInt64?) -> String {
    "\(minimum)..\(maximum.map { "\($0)" } ?? "")"
  }

  private func constant(_ constant: Constant) -> String {
    switch constant {
    case .i32(let bits): "\(Int32(bitPattern: bits))"
    case .i64(let bits): "\(Int64(bitPattern: bits))"
    case .f32(let bits): hex(UInt64(bits), digits: 8)
    case .f64(let bits): hex(bits, digits: 16)
    case .v128(let value): hex(value)
    case .null: "null"
    case .function(let function): "f\(function.rawValue)"
    }
  }

  private func precise(_ type: String?) -> String { type.map { " as \(quoted($0.utf8))" } ?? "" }

  private func initializer(_ global: Global) -> String {
    switch global.initializer {
    case .constant(let value): " \(constant(value))"
    case .expression(let expression): " \(self.expression(expression))"
    case .external: ""
    }
  }

  private func expression(_ expression: ConstantExpression) -> String {
    let operators = expression.operators.map { operation in
      switch operation {
      case .constant(let value): "\(value.type) \(constant(value))"
      case .global(let global): "global g\(global.rawValue)"
      case .binary(let binary): snakeCase(binary.rawValue)
      }
    }
    return "(" + operators.joined(separator: ", ") + ")"
  }

  private func item(_ item: ExternItem) -> String {
    switch item {
    case .function(let id): "f\(id.rawValue)"
    case .table(let id): "table\(id.rawValue)"
    case .memory(let id): "mem\(id.rawValue)"
    case .global(let id): "g\(id.rawValue)"
    case .tag(let id): "tag\(id.rawValue)"
    }
  }

  private mutating func memory(_ id: MemoryID, _ memory: Memory) {
    text +=
      "memory mem\(id.rawValue) = \(memory.isExternal ? "external " : "")\(limits(memory.minimum, memory.maximum))"
    if memory.isMemory64 { text += " i64" }
    if memory.isShared { text += " shared" }
    if memory.pageSizeLog2 != 16 { text += " page=\(1 << UInt64(memory.pageSizeLog2))" }
    text += "\n"
    for chunk in memory.image {
      text += "  image \(chunk.offset)"
      bytes(chunk.bytes)
      text += "\n"
    }
  }

  private mutating func table(_ id: TableID, _ table: Table) {
    text +=
      "table table\(id.rawValue) = \(table.isExternal ? "external " : "")\(table.element)\(precise(table.preciseElement))"
    text += " \(limits(table.minimum, table.maximum))"
    if table.isTable64 { text += " i64" }
    if table.isReadOnly { text += " readonly" }
    if let fill = table.fill { text += " fill \(expression(fill))" }
    if !table.isExternal { text += " \(functions(table.initial))" }
    text += "\n"
  }

  private mutating func function(_ id: FunctionID, _ declaration: FunctionDecl, _ body: Function?) {
    text += "function f\(id.rawValue) sig\(declaration.signature.rawValue)"
    if !declaration.name.isEmpty { text += " \(quoted(declaration.name.bytes))" }
    if declaration.neverReturns { text += " noreturn" }
    switch declaration.definition {
    case .imported(let symbol): text += " = import \(quoted(Array(symbol.utf8)))\n"
    case .stub(let module, let name): text += " = stub \(quoted(module.bytes)) \(quoted(name.bytes))\n"
    case .external: text += " = external\n"
    case .removed: text += " = removed\n"
    case .body:
      text += " {\n"
      if let body { self.body(body) }
      text += "}\n"
    }
  }

  // MARK: - Bytes and numbers

  private func hex(_ bits: UInt64, digits: Int) -> String {
    let text = String(bits, radix: 16)
    return "0x" + String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }

  private func hex(_ value: V128) -> String {
    hex(value.high, digits: 16) + hex(value.low, digits: 16).dropFirst(2)
  }

  private func quoted(_ bytes: some Sequence<UInt8>) -> String { ByteString(bytes).debugDescription }

  /// Strings of 64 bytes, on lines of their own if there are several.
  private mutating func bytes(_ bytes: [UInt8]) {
    if bytes.count <= 64 {
      text += " " + quoted(bytes)
      return
    }
    for start in stride(from: 0, to: bytes.count, by: 64) {
      text += "\n    " + quoted(bytes[start..<min(start + 64, bytes.count)])
    }
  }

  // MARK: - Function
  // Bodies are most of the text: they are appended piece by piece, not made of strings in between.

  mutating func body(_ function: Function) {
    for block in function.blockOrder {
      entity("block", block.rawValue)
      if !function.blockParams[block].isEmpty {
        text += "("
        for (number, param) in function.blockParams[block].enumerated() {
          if number > 0 { text += ", " }
          entity("v", param.rawValue)
          text += ": "
          text += function.type(of: param).name
        }
        text += ")"
      }
      text += ":\n"
      for inst in function.blockInsts[block] {
        text += "  "
        instruction(inst, function)
        text += "\n"
      }
    }
  }

  private mutating func entity(_ prefix: String, _ number: UInt32) {
    text += prefix
    text += String(number)
  }

  private mutating func value(_ value: Value, _ function: Function) {
    entity("v", function.resolve(value).rawValue)
  }

  private mutating func values(_ list: EntityList<Value>, _ function: Function, from start: Int = 0) {
    for index in start..<max(start, function.valueLists.count(list)) {
      if index > start { text += ", " }
      value(function.valueLists.element(list, at: index), function)
    }
  }

  private mutating func blockCall(_ call: BlockCall, _ function: Function) {
    let target = function.blockCalls[call]
    entity("block", target.block.rawValue)
    if function.valueLists.count(target.arguments) == 0 { return }
    text += "("
    values(target.arguments, function)
    text += ")"
  }

  mutating func instruction(_ inst: Inst, _ function: Function) {
    let data = function.insts[inst]
    let source = function.sourceOffsets[inst]
    if source != 0 {
      text += "@"
      text += String(source, radix: 16)
      text += " "
    }
    let results = function.results(of: inst)
    for result in results {
      if result != results.lowerBound { text += ", " }
      entity("v", result)
    }
    if !results.isEmpty { text += " = " }
    text += data.opcode.name
    if data.shape != .none {
      text += "."
      text += data.shape.name
    }
    operands(data, function)
    if data.flags != 0 { text += " flags=\(data.flags)" }
    if data.opcode == .fconst { text += " ; \(comment(data))" }
  }

  private func comment(_ data: InstData) -> String {
    data.shape == .f32 ? "\(Float(bitPattern: data.b))" : "\(Double(bitPattern: data.constantBits))"
  }

  /// The words of an instruction that are values: the first `count`.
  private mutating func words(_ count: Int, _ data: InstData, _ function: Function) {
    text += " "
    value(data.valueA, function)
    if count < 2 { return }
    text += ", "
    value(data.valueB, function)
    if count < 3 { return }
    text += ", "
    value(data.valueC, function)
  }

  private mutating func operands(_ data: InstData, _ function: Function) {
    let list = EntityList<Value>(handle: data.a)
    switch data.opcode.format {
    case .nullary: break
    case .unary: words(1, data, function)
    case .binary: words(2, data, function)
    case .ternary: words(3, data, function)
    case .constant: constant(data)
    case .vectorConstant: text += " " + hex(function.vectorConstants[VectorConstant(rawValue: data.a)])
    case .unaryImmediate:
      words(1, data, function)
      text += ", \(data.c)"
    case .binaryImmediate:
      words(2, data, function)
      let isShuffle = data.opcode == .shuffle
      text +=
        ", " + (isShuffle ? hex(function.vectorConstants[VectorConstant(rawValue: data.c)]) : "\(data.c)")
    case .load:
      words(1, data, function)
      memArg(data, function)
    case .store, .loadLane:
      words(2, data, function)
      memArg(data, function)
    case .listMemory:
      text += " "
      values(list, function)
      memArg(data, function)
    case .entity:
      text += " "
      entity(data.opcode.entityPrefix, data.c)
    case .unaryEntity:
      words(1, data, function)
      text += ", "
      entity(data.opcode.entityPrefix, data.c)
    case .binaryEntity:
      words(2, data, function)
      text += ", "
      entity(data.opcode.entityPrefix, data.c)
    case .listEntities:
      text += " "
      values(list, function)
      text += ", "
      entity(data.opcode.entityPrefix, data.b)
      if let prefix = data.opcode.secondEntityPrefix {
        text += ", "
        entity(prefix, data.c)
      }
    case .call:
      entity(" f", data.b)
      text += "("
      values(list, function)
      text += ")"
    case .taggedList:
      entity(" tag", data.b)
      text += "("
      values(list, function)
      text += ")"
    case .tagField:
      words(1, data, function)
      text += ", \(data.b)"
      entity(", tag", data.c)
    case .callIndirect:
      entity(" sig", data.b)
      if data.c != UInt32.max { entity(" table", data.c) }
      text += " "
      value(function.valueLists.element(list, at: 0), function)
      text += "("
      values(list, function, from: 1)
      text += ")"
    case .jump:
      text += " "
      blockCall(BlockCall(rawValue: data.c), function)
    case .branch:
      words(1, data, function)
      text += ", "
      blockCall(BlockCall(rawValue: data.b), function)
      text += ", "
      blockCall(BlockCall(rawValue: data.c), function)
    case .branchTable: branchTable(data, function)
    case .list:
      if function.valueLists.count(list) > 0 { text += " " }
      values(list, function)
    case .immediate: text += " \(data.c)"
    case .trap: text += " " + trapName(data.c)
    case .conditionalTrap:
      words(1, data, function)
      text += ", " + trapName(data.c)
    }
  }

  private mutating func constant(_ data: InstData) {
    text += " "
    switch data.shape {
    case .i32: text += String(Int32(bitPattern: data.b))
    case .i64: text += String(Int64(bitPattern: data.constantBits))
    case .f32: text += hex(UInt64(data.b), digits: 8)
    default: text += hex(data.constantBits, digits: 16)
    }
  }

  private mutating func branchTable(_ data: InstData, _ function: Function) {
    words(1, data, function)
    text += ", "
    let calls = function.jumpTables[JumpTable(rawValue: data.c)]
    blockCall(calls[calls.count - 1], function)
    text += ", ["
    for (number, call) in calls.dropLast().enumerated() {
      if number > 0 { text += ", " }
      blockCall(call, function)
    }
    text += "]"
  }

  private func trapName(_ code: UInt32) -> String { TrapCode(rawValue: code)?.name ?? "\(code)" }

  private mutating func memArg(_ data: InstData, _ function: Function) {
    let memArg = function.memArgs[MemArgID(rawValue: data.c)]
    entity(", mem", memArg.memory.rawValue)
    if memArg.offset != 0 { text += "+\(memArg.offset)" }
    if 1 << Int(memArg.alignLog2) != data.accessByteCount {
      text += " align=\(1 << UInt64(memArg.alignLog2))"
    }
    if data.opcode.format == .loadLane { text += " lane=\(memArg.lane)" }
  }
}

extension InstData {
  /// Bytes of memory that a load or store touches; its natural alignment.
  public var accessByteCount: Int {
    switch opcode {
    case .load8S, .load8U, .store8: 1
    case .load16S, .load16U, .store16: 2
    case .load32S, .load32U, .store32: 4
    case .loadExtendS, .loadExtendU: 8
    case .loadSplat, .loadZero, .loadLane, .storeLane: 16 / max(1, shape.laneCount)
    default: shape.type?.byteCount ?? 1
    }
  }
}

extension Opcode {
  /// What the text form calls the entity that an instruction names.
  var entityPrefix: String {
    switch self {
    case .memorySize, .memoryGrow, .memoryFill, .memoryCopy, .memoryInit: "mem"
    case .globalGet, .globalSet: "g"
    case .dataDrop: "data"
    case .elementDrop: "elem"
    case .refFunc: "f"
    case .exceptionIs: "tag"
    default: "table"
    }
  }

  /// The second entity's, nil if there is none.
  var secondEntityPrefix: String? {
    switch self {
    case .memoryCopy: "mem"
    case .memoryInit: "data"
    case .tableCopy: "table"
    case .tableInit: "elem"
    default: nil
    }
  }
}

/// `memoryOutOfBounds` to `memory_out_of_bounds`.
func snakeCase(_ name: String) -> String {
  var text = ""
  for character in name {
    if character.isUppercase {
      text += "_" + character.lowercased()
    } else {
      text.append(character)
    }
  }
  return text
}

extension Type {
  private static let names: [String] = allCases.map { "\($0)" }
  /// The text form's name.
  public var name: String { Self.names[Int(rawValue)] }
}

extension Shape {
  private static let names: [String] = allCases.map { "\($0)" }
  /// The text form's name.
  public var name: String { Self.names[Int(rawValue)] }
}

extension TrapCode {
  private static let names: [String] = allCases.map { snakeCase("\($0)") }
  /// The text form's name.
  public var name: String { Self.names[Int(rawValue) - 1] }
}
