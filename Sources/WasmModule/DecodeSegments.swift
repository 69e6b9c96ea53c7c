internal import Support

// Element and data segments, and the constant expressions in them and in globals (specification 3.0,
// sections 5.5.12, 5.5.14 and 3.3.13).

extension Decoder {
  // MARK: - Element segments

  mutating func elementSection() throws(WasmError) {
    let count = try cursor.count(
      "element segments", limit: ImplementationLimits.elementSegments, minimumSize: 2)
    module.elements.reserveCapacity(count)
    for _ in 0..<count { module.elements.append(try elementSegment()) }
  }

  private mutating func elementSegment() throws(WasmError) -> ElementSegment {
    let offset = cursor.position
    let flags = try cursor.u32()
    guard flags < 8 else { throw .malformed("malformed elements segment kind", "\(flags)", at: offset) }
    let isActive = flags & 1 == 0
    // For active segments bit 1 says that the table and the kind are given, for others "declarative".
    let hasSecondBit = flags & 2 != 0
    let hasExpressions = flags & 4 != 0
    if flags != 0 { try require(.bulkMemory, "an element segment of kind \(flags)", at: offset) }

    var mode: SegmentMode = hasSecondBit ? .declarative : .passive
    var table: TableType?
    if isActive {
      let indexOffset = cursor.position
      let index = hasSecondBit ? try cursor.u32() : 0
      try check(index, module.tables.count, "unknown table", at: indexOffset)
      if index > 0 { try require(.referenceTypes, "an element segment for table \(index)", at: indexOffset) }
      let type = module.tables[TableIdx(rawValue: index)].type
      table = type
      mode = .active(index: index, offset: try constantExpression(expecting: type.address.valType))
    }

    // Function indices give functions, expressions may give null.
    var type = ValType.ref(.funcref, nullable: hasExpressions)
    let typeOffset = cursor.position
    if !isActive || hasSecondBit {
      if hasExpressions {
        type = try refType()
      } else {
        let kind = try cursor.byte()
        guard kind == 0 else { throw .malformed("malformed element kind", "\(kind)", at: typeOffset) }
      }
    }
    if let table, !module.types.matches(type, table.element) {
      throw .invalid("type mismatch", "a segment of \(type) for a table of \(table.element)", at: typeOffset)
    }
    let items = hasExpressions ? try elementExpressions(type) : .functions(try elementFunctions())
    return ElementSegment(type: type, mode: mode, items: items)
  }

  private mutating func elementFunctions() throws(WasmError) -> [FuncIdx] {
    let count = try cursor.count("elements", limit: ImplementationLimits.tableEntries)
    var functions: [FuncIdx] = []
    functions.reserveCapacity(count)
    for _ in 0..<count { functions.append(try functionReference()) }
    return functions
  }

  /// Expressions, or functions if all of them are a plain `ref.func`, as producers write them: millions of
  /// expressions would take hundreds of bytes each.
  private mutating func elementExpressions(_ type: ValType) throws(WasmError) -> ElementSegment.Items {
    let count = try cursor.count("elements", limit: ImplementationLimits.tableEntries, minimumSize: 2)
    var functions: [FuncIdx] = []
    var expressions: [ConstExpr] = []
    for index in 0..<count {
      let expression = try constantExpression(expecting: type)
      if expressions.isEmpty, expression.ops.count == 1, case .refFunc(let function) = expression.ops[0] {
        functions.append(function)
        continue
      }
      if expressions.isEmpty {
        expressions = functions.map { ConstExpr(ops: [.refFunc($0)], range: expression.range) }
        expressions.reserveCapacity(count - index)
      }
      expressions.append(expression)
    }
    return expressions.isEmpty ? .functions(functions) : .expressions(expressions)
  }

  /// A function index that makes the function's reference a declared one.
  private mutating func functionReference() throws(WasmError) -> FuncIdx {
    let offset = cursor.position
    let index = try cursor.u32()
    try check(index, module.functions.count, "unknown function", at: offset)
    module.isDeclaredReference[Int(index)] = true
    return FuncIdx(rawValue: index)
  }

  // MARK: - Data segments

  mutating func dataSection() throws(WasmError) {
    let start = cursor.position
    let count = try cursor.count("data segments", limit: ImplementationLimits.dataSegments, minimumSize: 2)
    if let announced = module.dataCount, announced != count {
      throw .malformed(
        "data count and data section have inconsistent lengths", "\(announced) and \(count)", at: start)
    }
    module.data.reserveCapacity(count)
    for _ in 0..<count {
      let offset = cursor.position
      let flags = try cursor.u32()
      var mode = SegmentMode.passive
      switch flags {
      case 0, 2:
        let indexOffset = cursor.position
        let index = flags == 2 ? try cursor.u32() : 0
        try check(index, module.memories.count, "unknown memory", at: indexOffset)
        let address = module.memories[MemIdx(rawValue: index)].type.address
        mode = .active(index: index, offset: try constantExpression(expecting: address.valType))
      case 1: break
      default: throw .malformed("malformed data segment kind", "\(flags)", at: offset)
      }
      if flags != 0 { try require(.bulkMemory, "a data segment of kind \(flags)", at: offset) }
      let length = Int(try cursor.u32())
      module.data.append(DataSegment(mode: mode, bytes: try cursor.skip(length)))
    }
  }

  // MARK: - Constant expressions

  /// Decodes and validates a constant expression with one result.
  ///
  /// `global.get` may name any immutable global before it, as in version 3.0; version 2.0 had only imported
  /// ones.
  mutating func constantExpression(expecting expected: ValType) throws(WasmError) -> ConstExpr {
    let start = cursor.position
    var ops: [ConstExpr.Op] = []
    var stack: [ValType] = []
    while true {
      let offset = cursor.position
      guard let first = cursor.peek() else { throw .malformed("END opcode expected", at: offset) }
      if first == 0x0B {
        cursor.position += 1
        break
      }
      guard let opcode = try cursor.opcode() else {
        throw .malformed("illegal opcode \(String(first, radix: 16))", at: offset)
      }
      try require(opcode.feature, opcode.name, at: offset)
      switch opcode {
      case .i32Const:
        ops.append(.i32(try cursor.s32()))
        stack.append(.i32)
      case .i64Const:
        ops.append(.i64(try cursor.s64()))
        stack.append(.i64)
      case .f32Const:
        ops.append(.f32(try cursor.fixed(UInt32.self)))
        stack.append(.f32)
      case .f64Const:
        ops.append(.f64(try cursor.fixed(UInt64.self)))
        stack.append(.f64)
      case .v128Const:
        let low = try cursor.fixed(UInt64.self)
        ops.append(.v128(low: low, high: try cursor.fixed(UInt64.self)))
        stack.append(.v128)
      case .refNull:
        let heap = try heapType()
        ops.append(.refNull(heap))
        stack.append(.ref(heap, nullable: true))
      case .refFunc:
        let function = try functionReference()
        ops.append(.refFunc(function))
        stack.append(.ref(.concrete(module.functions[function].type), nullable: false))
      case .globalGet:
        let indexOffset = cursor.position
        let index = try cursor.u32()
        try check(index, module.globals.count, "unknown global", at: indexOffset)
        let type = module.globals[GlobalIdx(rawValue: index)].type
        if type.isMutable {
          throw .invalid("constant expression required", "global \(index) is mutable", at: offset)
        }
        ops.append(.globalGet(GlobalIdx(rawValue: index)))
        stack.append(type.type)
      case .i32Add, .i32Sub, .i32Mul: try constantArithmetic(opcode, .i32, &ops, &stack, at: offset)
      case .i64Add, .i64Sub, .i64Mul: try constantArithmetic(opcode, .i64, &ops, &stack, at: offset)
      default: throw .invalid("constant expression required", opcode.name, at: offset)
      }
    }
    guard stack.count == 1, module.types.matches(stack[0], expected) else {
      let found = stack.map(\.description).joined(separator: " ")
      throw .invalid("type mismatch", "a constant expression of [\(expected)], found [\(found)]", at: start)
    }
    return ConstExpr(ops: ops, range: ByteRange(start: start, end: cursor.position))
  }

  private mutating func constantArithmetic(
    _ opcode: WasmOpcode, _ type: ValType, _ ops: inout [ConstExpr.Op], _ stack: inout [ValType],
    at offset: Int
  ) throws(WasmError) {
    try require(.extendedConst, "\(opcode.name) in a constant expression", at: offset)
    guard stack.count >= 2, stack.suffix(2).allSatisfy({ $0 == type }) else {
      throw .invalid("type mismatch", "\(opcode.name) in a constant expression", at: offset)
    }
    stack.removeLast()
    switch opcode {
    case .i32Add: ops.append(.i32Add)
    case .i32Sub: ops.append(.i32Sub)
    case .i32Mul: ops.append(.i32Mul)
    case .i64Add: ops.append(.i64Add)
    case .i64Sub: ops.append(.i64Sub)
    default: ops.append(.i64Mul)
    }
  }
}

extension ByteCursor {
  /// The next operator; nil if there is none of that encoding.
  mutating func opcode() throws(WasmError) -> WasmOpcode? {
    let first = try byte()
    let table: [UInt16]
    switch first {
    case 0xFB: table = OpcodeTable.prefixFB
    case 0xFC: table = OpcodeTable.prefixFC
    case 0xFD: table = OpcodeTable.prefixFD
    case 0xFE: table = OpcodeTable.prefixFE
    default:
      let row = OpcodeTable.oneByte[Int(first)]
      return row == OpcodeTable.none ? nil : WasmOpcode(unchecked: row)
    }
    let code = Int(try u32())
    guard code < table.count, table[code] != OpcodeTable.none else { return nil }
    return WasmOpcode(unchecked: table[code])
  }
}
