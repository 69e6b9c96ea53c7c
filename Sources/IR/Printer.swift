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
      text +=
        "global g\(id.rawValue) = \(global.isMutable ? "mut " : "")\(global.type) \(constant(global.initial))\n"
    }
    for id in module.dataSegments.ids {
      text += "data data\(id.rawValue) ="
      bytes(module.dataSegments[id].bytes)
      text += "\n"
    }
    for id in module.elementSegments.ids {
      let segment = module.elementSegments[id]
      text += "elem elem\(id.rawValue) = \(segment.element) \(functions(segment.items))\n"
    }
    for export in module.exports {
      text += "export \(quoted(export.name.bytes)) = f\(export.function.rawValue)\n"
    }
    if !module.start.isNone { text += "start f\(module.start.rawValue)\n" }
    if let trap = module.instantiationTrap { text += "instantiation_trap \(trap.name)\n" }
    for id in module.functions.ids {
      function(id, module.functions[id], module.bodies.contains(id) ? module.bodies[id] : nil)
    }
  }

  private func signature(_ signature: Signature) -> String {
    "\(types(signature.params)) -> \(types(signature.results))"
  }

  private func types(_ types: [Type]) -> String { "(" + types.map { "\($0)" }.joined(separator: ", ") + ")" }

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

  private mutating func memory(_ id: MemoryID, _ memory: Memory) {
    text += "memory mem\(id.rawValue) = \(limits(memory.minimum, memory.maximum))"
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
    text += "table table\(id.rawValue) = \(table.element) \(limits(table.minimum, table.maximum))"
    if table.isTable64 { text += " i64" }
    if table.isReadOnly { text += " readonly" }
    text += " \(functions(table.initial))\n"
  }

  private mutating func function(_ id: FunctionID, _ declaration: FunctionDecl, _ body: Function?) {
    text += "function f\(id.rawValue) sig\(declaration.signature.rawValue)"
    if !declaration.name.isEmpty { text += " \(quoted(declaration.name.bytes))" }
    switch declaration.definition {
    case .imported(let symbol): text += " = import \(quoted(Array(symbol.utf8)))\n"
    case .stub(let module, let name): text += " = stub \(quoted(module.bytes)) \(quoted(name.bytes))\n"
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

  /// A string in which every byte outside printable ASCII is `\xx`.
  private func quoted(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = [UInt8(ascii: "\"")]
    let digits = Array("0123456789abcdef".utf8)
    for byte in bytes {
      if byte < 0x20 || byte >= 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        text += [UInt8(ascii: "\\"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      } else {
        text.append(byte)
      }
    }
    text.append(UInt8(ascii: "\""))
    return String(decoding: text, as: UTF8.self)
  }

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

  mutating func body(_ function: Function) {
    for block in function.blockOrder {
      text += "block\(block.rawValue)"
      let params = function.blockParams[block]
      if !params.isEmpty {
        text += "(" + params.map { "v\($0.rawValue): \(function.type(of: $0))" }.joined(separator: ", ") + ")"
      }
      text += ":\n"
      for inst in function.blockInsts[block] {
        text += "  "
        instruction(inst, function)
        text += "\n"
      }
    }
  }

  private func values(_ handle: UInt32, _ function: Function, from start: Int = 0) -> String {
    function.valueLists[EntityList<Value>(handle: handle)].dropFirst(start).map { name($0, function) }
      .joined(separator: ", ")
  }

  private func name(_ value: Value, _ function: Function) -> String { "v\(function.resolve(value).rawValue)" }

  private func blockCall(_ call: BlockCall, _ function: Function) -> String {
    let target = function.blockCalls[call]
    let arguments = values(target.arguments.handle, function)
    return "block\(target.block.rawValue)" + (arguments.isEmpty ? "" : "(\(arguments))")
  }

  mutating func instruction(_ inst: Inst, _ function: Function) {
    let data = function.insts[inst]
    let source = function.sourceOffsets[inst]
    if source != 0 { text += "@\(String(source, radix: 16)) " }
    let results = function.results(of: inst)
    if !results.isEmpty { text += results.map { "v\($0)" }.joined(separator: ", ") + " = " }
    text += data.opcode.name
    if data.shape != .none { text += ".\(data.shape)" }
    let operands = self.operands(data, function)
    if !operands.isEmpty { text += " " + operands }
    if data.flags != 0 { text += " flags=\(data.flags)" }
    if data.opcode == .fconst { text += " ; \(comment(data))" }
  }

  private func comment(_ data: InstData) -> String {
    data.shape == .f32 ? "\(Float(bitPattern: data.b))" : "\(Double(bitPattern: data.constantBits))"
  }

  private func operands(_ data: InstData, _ function: Function) -> String {
    let a = { name(data.valueA, function) }
    let b = { name(data.valueB, function) }
    let c = { name(data.valueC, function) }
    switch data.opcode.format {
    case .nullary: return ""
    case .unary: return a()
    case .binary: return "\(a()), \(b())"
    case .ternary: return "\(a()), \(b()), \(c())"
    case .constant:
      switch data.shape {
      case .i32: return "\(Int32(bitPattern: data.b))"
      case .i64: return "\(Int64(bitPattern: data.constantBits))"
      case .f32: return hex(UInt64(data.b), digits: 8)
      default: return hex(data.constantBits, digits: 16)
      }
    case .vectorConstant: return hex(function.vectorConstants[VectorConstant(rawValue: data.a)])
    case .unaryImmediate: return "\(a()), \(data.c)"
    case .binaryImmediate:
      let immediate =
        data.opcode == .shuffle
        ? hex(function.vectorConstants[VectorConstant(rawValue: data.c)]) : "\(data.c)"
      return "\(a()), \(b()), \(immediate)"
    case .load: return "\(a()), \(memArg(data, function))"
    case .store, .loadLane: return "\(a()), \(b()), \(memArg(data, function))"
    case .entity: return data.opcode.entityPrefix + "\(data.c)"
    case .unaryEntity: return "\(a()), " + data.opcode.entityPrefix + "\(data.c)"
    case .binaryEntity: return "\(a()), \(b()), " + data.opcode.entityPrefix + "\(data.c)"
    case .listEntities:
      let first = data.opcode.entityPrefix + "\(data.b)"
      let second = data.opcode.secondEntityPrefix.map { ", \($0)\(data.c)" } ?? ""
      return "\(values(data.a, function)), \(first)\(second)"
    case .call: return "f\(data.b)(\(values(data.a, function)))"
    case .callIndirect:
      let table = data.c == UInt32.max ? "" : "table\(data.c) "
      let callee = function.valueLists.element(EntityList<Value>(handle: data.a), at: 0)
      return "sig\(data.b) \(table)\(name(callee, function))(\(values(data.a, function, from: 1)))"
    case .jump: return blockCall(BlockCall(rawValue: data.c), function)
    case .branch:
      let taken = blockCall(BlockCall(rawValue: data.b), function)
      return "\(a()), \(taken), \(blockCall(BlockCall(rawValue: data.c), function))"
    case .branchTable:
      let calls = function.jumpTables[JumpTable(rawValue: data.c)]
      let entries = calls.dropLast().map { blockCall($0, function) }.joined(separator: ", ")
      return "\(a()), \(blockCall(calls[calls.count - 1], function)), [\(entries)]"
    case .list: return values(data.a, function)
    case .trap: return trapName(data.c)
    case .conditionalTrap: return "\(a()), \(trapName(data.c))"
    }
  }

  private func trapName(_ code: UInt32) -> String { TrapCode(rawValue: code)?.name ?? "\(code)" }

  private func memArg(_ data: InstData, _ function: Function) -> String {
    let memArg = function.memArgs[MemArgID(rawValue: data.c)]
    var text = "mem\(memArg.memory.rawValue)"
    if memArg.offset != 0 { text += "+\(memArg.offset)" }
    if 1 << Int(memArg.alignLog2) != data.accessByteCount {
      text += " align=\(1 << UInt64(memArg.alignLog2))"
    }
    if data.opcode.format == .loadLane { text += " lane=\(memArg.lane)" }
    return text
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

extension TrapCode {
  private static let names: [String] = allCases.map { snakeCase("\($0)") }
  /// The text form's name.
  public var name: String { Self.names[Int(rawValue) - 1] }
}
