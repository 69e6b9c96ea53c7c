internal import Support

// Control, parametric and variable operators (specification 3.0, sections 3.2.1 to 3.2.5).

extension FunctionValidator {
  // MARK: - Blocks

  mutating func block(_ kind: Frame.Kind) throws(WasmError) {
    let (params, results) = try blockType()
    if kind == .if { try pop(.i32) }
    try pop(params)
    pushFrame(kind, start: params, end: results)
    try push(params)
  }

  mutating func blockType() throws(WasmError) -> (params: TypeList, results: TypeList) {
    let offset = cursor.position
    guard let first = cursor.peek() else { throw cursor.unexpectedEnd() }
    if first == BlockType.emptyByte {
      cursor.position += 1
      return (context.noTypes, context.noTypes)
    }
    // A type index is a positive LEB128; value types are negative ones of one byte.
    if first & 0xC0 == 0x40 {
      let type = try valType()
      let isOneByte = first != ValType.refByte && first != ValType.refNullByte
      return (context.noTypes, isOneByte ? context.single(byte: first) : single(type))
    }
    let index = try cursor.s33()
    guard index >= 0 else { throw .malformed("malformed block type", at: offset) }
    guard index < context.types.count else { throw .invalid("unknown type \(index)", at: offset) }
    try require(.multiValue, "a block with a type index", at: offset)
    let type = context.types[Int(index)]
    return (type.params, type.results)
  }

  mutating func elseFrame() throws(WasmError) {
    guard frames[frameCount - 1].kind == .if else { throw .malformed("unexpected else", at: opStart) }
    let frame = try popFrame()
    pushFrame(.else, start: frame.start, end: frame.end)
    try push(frame.start)
  }

  mutating func endFrame() throws(WasmError) {
    let frame = try popFrame()
    // An `if` without an `else` passes its parameters on.
    if frame.kind == .if && !matches(frame.start, frame.end) { throw mismatch(frame.end, frame.start) }
    if frameCount > 0 { try push(frame.end) }
  }

  // MARK: - Branches

  mutating func br() throws(WasmError) {
    let target = try frame(label: try cursor.u32())
    try pop(target.labelTypes)
    markUnreachable()
  }

  mutating func brIf() throws(WasmError) {
    let target = try frame(label: try cursor.u32())
    try pop(.i32)
    if target.labelTypes.count > 0 {
      try pop(target.labelTypes)
      try push(target.labelTypes)
    }
  }

  mutating func brTable() throws(WasmError) {
    let count = try cursor.count("labels", limit: Int(UInt32.max))
    try pop(.i32)
    var first: TypeList?
    var checked: UnsafePointer<ValType>?
    for _ in 0...count {
      let types = try frame(label: try cursor.u32()).labelTypes
      if let first {
        guard types.count == first.count else {
          throw .invalid(
            "type mismatch", "labels of \(first.count) and of \(types.count) values", at: opStart)
        }
      } else {
        first = types
      }
      // Runs of labels with the same types are common, and types can be a thousand.
      if types.count > 0 && types.start != checked {
        try checkTop(types)
        checked = types.start
      }
    }
    markUnreachable()
  }

  // MARK: - Calls

  mutating func call() throws(WasmError) {
    let type = try callee()
    try pop(type.params)
    try push(type.results)
  }

  mutating func callIndirect() throws(WasmError) {
    let type = try indirectCallee()
    try pop(type.params)
    try push(type.results)
  }

  mutating func returnCall() throws(WasmError) {
    try leave(by: try callee())
  }

  mutating func returnCallIndirect() throws(WasmError) {
    try leave(by: try indirectCallee())
  }

  mutating func leave(by type: ValidationContext.FunctionType) throws(WasmError) {
    let results = frames[0].end
    guard matches(type.results, results) else { throw mismatch(results, type.results) }
    try pop(type.params)
    markUnreachable()
  }

  @inline(__always)
  private mutating func callee() throws(WasmError) -> ValidationContext.FunctionType {
    let index = try cursor.u32()
    guard index < context.functions.count else { throw .invalid("unknown function \(index)", at: opStart) }
    return context.types[Int(context.functions[Int(index)])]
  }

  private mutating func indirectCallee() throws(WasmError) -> ValidationContext.FunctionType {
    let index = try cursor.u32()
    let table = try table()
    guard index < context.types.count else { throw .invalid("unknown type \(index)", at: opStart) }
    guard matches(table.element, .funcref) else { throw mismatch(.funcref, table.element) }
    try pop(table.address)
    return context.types[Int(index)]
  }

  // MARK: - Parametric and variable operators

  mutating func select() throws(WasmError) {
    try pop(.i32)
    let second = try popAny()
    let first = try popAny()
    guard !first.isReference, !second.isReference else {
      throw .invalid("type mismatch", "select without a type on references", at: opStart)
    }
    guard matches(second, first) else { throw mismatch(first, second) }
    push(first == .bottom ? second : first)
  }

  mutating func selectTyped() throws(WasmError) {
    let count = try cursor.count("select types", limit: Int(UInt32.max))
    guard count == 1 else { throw .invalid("invalid result arity", "\(count) types", at: opStart) }
    let type = try valType()
    try pop(.i32)
    try pop(type)
    try pop(type)
    push(type)
  }

  @inline(__always)
  mutating func global() throws(WasmError) -> ValidationContext.Global {
    let index = try cursor.u32()
    guard index < context.globals.count else { throw .invalid("unknown global \(index)", at: opStart) }
    return context.globals[Int(index)]
  }

  // MARK: - Immediates

  /// A value type that exists, and the use of the feature that it needs.
  mutating func valType() throws(WasmError) -> ValType {
    let offset = cursor.position
    let (type, feature) = try cursor.valType()
    try require(feature, "the type \(type)", at: offset)
    if type.isReference { try check(type.heapType, at: offset) }
    return type
  }

  func check(_ heap: HeapType, at offset: Int) throws(WasmError) {
    guard let index = heap.typeIndex, index.index >= context.types.count else { return }
    throw .invalid("unknown type \(index.rawValue)", at: offset)
  }

  mutating func require(
    _ feature: Features, _ what: @autoclosure () -> String, at offset: Int
  ) throws(WasmError) {
    if !context.features.isSuperset(of: feature) {
      throw .unsupported(feature.subtracting(context.features), what(), at: offset)
    }
    usedBits |= feature.rawValue
  }
}
