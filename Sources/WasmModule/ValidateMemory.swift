internal import Support

// Immediates of memory and vector operators; memory and table operators (specification 3.0, sections
// 3.2.6 and 3.2.7).

extension FunctionValidator {
  // MARK: - Immediates

  /// Checks a `memarg`; returns the address type of its memory.
  @inline(__always)
  mutating func memarg(_ info: OperatorInfo) throws(WasmError) -> ValType {
    let flags = try cursor.u32()
    if flags <= UInt32(info.parameter) && context.memories.count > 0 {
      let address = context.memories[0]
      let offset = try cursor.u64()
      if offset <= UInt32.max || address == .i64 { return address }
      throw .invalid("offset out of range", "\(offset)", at: opStart)
    }
    return try memargSlow(flags, natural: info.parameter)
  }

  @inline(never)
  private mutating func memargSlow(_ flags: UInt32, natural: UInt8) throws(WasmError) -> ValType {
    guard flags < 0x80 else { throw .malformed("malformed memop flags", "\(flags)", at: opStart) }
    guard flags & 0x3F <= UInt32(natural) else {
      throw .invalid("alignment must not be larger than natural", "2^\(flags & 0x3F) bytes", at: opStart)
    }
    let address = flags & 0x40 != 0 ? try memory() : try memory(0)
    let offset = try cursor.u64()
    guard offset <= UInt32.max || address == .i64 else {
      throw .invalid("offset out of range", "\(offset)", at: opStart)
    }
    return address
  }

  mutating func lane(below count: UInt8) throws(WasmError) {
    let lane = try cursor.byte()
    guard lane < count else { throw .invalid("invalid lane index", "\(lane)", at: opStart) }
  }

  @inline(__always)
  mutating func skipSigned(bits: Int) throws(WasmError) {
    // Up to two bytes can't be too large.
    if cursor.remaining >= 2 {
      let bytes = cursor.base.loadUnaligned(fromByteOffset: cursor.position, as: UInt16.self).littleEndian
      if bytes & 0x80 == 0 {
        cursor.position += 1
        return
      }
      if bytes & 0x8000 == 0 {
        cursor.position += 2
        return
      }
    }
    if bits == 32 {
      _ = try cursor.s32()
    } else {
      _ = try cursor.s64()
    }
  }

  /// A memory index; returns the memory's address type.
  mutating func memory() throws(WasmError) -> ValType {
    try memory(try cursor.u32())
  }

  private mutating func memory(_ index: UInt32) throws(WasmError) -> ValType {
    guard index < context.memories.count else { throw .invalid("unknown memory \(index)", at: opStart) }
    if index > 0 { try require(.multiMemory, "memory \(index)", at: opStart) }
    return context.memories[Int(index)]
  }

  mutating func table() throws(WasmError) -> ValidationContext.Table {
    let index = try cursor.u32()
    guard index < context.tables.count else { throw .invalid("unknown table \(index)", at: opStart) }
    if index > 0 { try require(.referenceTypes, "table \(index)", at: opStart) }
    return context.tables[Int(index)]
  }

  // MARK: - Memory

  mutating func memoryFill() throws(WasmError) {
    let address = try memory()
    try pop(address)
    try pop(.i32)
    try pop(address)
  }

  mutating func memoryCopy() throws(WasmError) {
    let destination = try memory()
    let source = try memory()
    try pop(destination == .i64 && source == .i64 ? .i64 : .i32)
    try pop(source)
    try pop(destination)
  }

  mutating func memoryInit() throws(WasmError) {
    let segment = try cursor.u32()
    let address = try memory()
    try checkData(segment)
    try pop(.i32)
    try pop(.i32)
    try pop(address)
  }

  mutating func dataDrop() throws(WasmError) {
    try checkData(try cursor.u32())
  }

  private func checkData(_ index: UInt32) throws(WasmError) {
    guard let count = context.module.dataCount else {
      throw .malformed("data count section required", at: opStart)
    }
    guard index < count else { throw .invalid("unknown data segment \(index)", at: opStart) }
  }

  // MARK: - Tables

  mutating func tableGet() throws(WasmError) {
    let table = try table()
    try pop(table.address)
    push(table.element)
  }

  mutating func tableSet() throws(WasmError) {
    let table = try table()
    try pop(table.element)
    try pop(table.address)
  }

  mutating func tableGrow() throws(WasmError) {
    let table = try table()
    try pop(table.address)
    try pop(table.element)
    push(table.address)
  }

  mutating func tableFill() throws(WasmError) {
    let table = try table()
    try pop(table.address)
    try pop(table.element)
    try pop(table.address)
  }

  mutating func tableCopy() throws(WasmError) {
    let destination = try table()
    let source = try table()
    guard matches(source.element, destination.element) else {
      throw mismatch(destination.element, source.element)
    }
    try pop(destination.address == .i64 && source.address == .i64 ? .i64 : .i32)
    try pop(source.address)
    try pop(destination.address)
  }

  mutating func tableInit() throws(WasmError) {
    let segment = try cursor.u32()
    let table = try table()
    let element = try elementType(segment)
    guard matches(element, table.element) else { throw mismatch(table.element, element) }
    try pop(.i32)
    try pop(.i32)
    try pop(table.address)
  }

  mutating func elemDrop() throws(WasmError) {
    _ = try elementType(try cursor.u32())
  }

  private func elementType(_ index: UInt32) throws(WasmError) -> ValType {
    guard index < context.module.elements.count else {
      throw .invalid("unknown elem segment \(index)", at: opStart)
    }
    return context.module.elements[ElemIdx(rawValue: index)].type
  }
}
