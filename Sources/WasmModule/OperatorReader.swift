/// One operator with its immediates. Plain data; which fields mean something is `opcode.immediates`' to say.
public struct Operator: Sendable {
  public var opcode: WasmOpcode
  /// log2 of the alignment that a `memarg` promises.
  public var alignLog2: UInt8 = 0
  /// Lane of `memargLane` and `lane`.
  public var lane: UInt8 = 0
  /// Byte offset of the operator in the module.
  public var offset: Int
  /// The (first) index: label, function, local, global, table, memory, segment, tag, the type of
  /// `call_indirect`; of a `memarg` the memory; of `br_table` the number of labels but for the default, of `try_table` of clauses.
  /// `memory.init` and `table.init` have the segment here.
  public var index: UInt32 = 0
  /// The second index: the table of `call_indirect` and `table.init`, the memory of `memory.init`, the
  /// source of `memory.copy` and `table.copy`.
  public var index2: UInt32 = 0
  /// Bits of a constant (i32 zero-extended), the offset of a `memarg`, the low half of a v128 or shuffle.
  public var bits: UInt64 = 0
  /// The high half of a v128 constant, or of the lanes of a shuffle.
  public var bits2: UInt64 = 0
  public var blockType: BlockType = .empty

  /// The type of `select` with a type.
  public var valType: ValType { ValType(bits: index) }
  /// The type of `ref.null`.
  public var heapType: HeapType { HeapType(code: index) }
}

/// A clause of a `try_table`.
public struct CatchClause: Sendable {
  /// Nil catches all.
  public var tag: TagIdx?
  /// The label takes the exception itself, behind its values.
  public var takesReference: Bool
  /// Counts from the blocks around the `try_table`.
  public var label: UInt32
}

/// Reads the operators of a function body that validation has accepted.
///
/// Nothing is allocated and nothing is checked but in debug builds: on bytes that were not validated the
/// reader has no meaning. The bytes must outlive it (`Module.bytes` owns them).
public struct OperatorReader {
  private let base: UnsafeRawPointer
  /// Byte offset in the module of what is read next.
  public private(set) var position: Int
  public let end: Int

  /// - Parameter range: the body, from its local declarations to its last `end`; or, for a constant
  ///   expression, the operators.
  public init(bytes: UnsafeRawBufferPointer, range: ByteRange) {
    precondition(range.start >= 0 && range.start <= range.end && range.end <= bytes.count)
    base = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1)!
    position = range.start
    end = range.end
  }

  /// The body of a defined function.
  public init(module: Module, function: FuncIdx) {
    self.init(bytes: module.bytes.buffer, range: module.functions[function].body)
  }

  public var isAtEnd: Bool { position >= end }

  /// The local declarations, run-length encoded, without the parameters. To be called first, once.
  public mutating func readLocals() -> [(count: Int, type: ValType)] {
    let groups = Int(unsigned32())
    return (0..<groups).map { _ in
      let count = Int(unsigned32())
      return (count, valType())
    }
  }

  /// The next operator. The last `end` is one too: look at `isAtEnd` before each call.
  public mutating func next() -> Operator {
    let start = position
    let opcode = readOpcode()
    var op = Operator(opcode: opcode, offset: start)
    switch opcode.immediates {
    case .none: break
    case .labelidx, .funcidx, .typeidx, .localidx, .globalidx, .tableidx, .memidx, .elemidx, .dataidx,
      .tagidx:
      op.index = unsigned32()
    case .callindirect, .tableidx2, .memidx2, .datamem, .elemtable, .typefield, .typeidx2, .typecount,
      .typedata, .typeelem:
      op.index = unsigned32()
      op.index2 = unsigned32()
    case .memarg: memarg(&op)
    case .memargLane:
      memarg(&op)
      op.lane = byte()
    case .lane: op.lane = byte()
    case .i32: op.bits = UInt64(UInt32(truncatingIfNeeded: signed64()))
    case .i64: op.bits = UInt64(bitPattern: signed64())
    case .f32: op.bits = UInt64(fixed(UInt32.self))
    case .f64: op.bits = fixed(UInt64.self)
    case .v128, .shuffle:
      op.bits = fixed(UInt64.self)
      op.bits2 = fixed(UInt64.self)
    case .blocktype: op.blockType = blockType()
    case .brtable:
      op.index = unsigned32()
      op.bits = UInt64(position)
      for _ in 0...op.index { _ = unsigned32() }
    case .selecttypes:
      _ = unsigned32()  // validation leaves exactly one
      op.index = valType().bits
    case .heaptype: op.index = heapType().code
    case .zerobyte: _ = byte()
    case .trytable:
      op.blockType = blockType()
      op.index = unsigned32()
      op.bits = UInt64(position)
      for _ in 0..<op.index { _ = catchClause() }
    case .brcast:
      preconditionFailure("\(opcode.name) is not supported, and validation accepted it")
    }
    return op
  }

  /// The labels of a `br_table` in order, the default last.
  public func targets(of op: Operator) -> [UInt32] {
    var reader = self
    reader.position = Int(op.bits)
    return (0...op.index).map { _ in reader.unsigned32() }
  }

  /// The clauses of a `try_table` in order.
  public func clauses(of op: Operator) -> [CatchClause] {
    var reader = self
    reader.position = Int(op.bits)
    return (0..<op.index).map { _ in reader.catchClause() }
  }

  private mutating func catchClause() -> CatchClause {
    let kind = CatchKind(rawValue: byte())!
    let tag = kind.hasTag ? TagIdx(rawValue: unsigned32()) : nil
    return CatchClause(tag: tag, takesReference: kind.hasReference, label: unsigned32())
  }

  // MARK: - Primitives

  @inline(__always)
  private mutating func readOpcode() -> WasmOpcode {
    let first = byte()
    let code: UInt16
    switch first {
    case 0xFB: code = OpcodeTable.prefixFB[Int(unsigned32())]
    case 0xFC: code = OpcodeTable.prefixFC[Int(unsigned32())]
    case 0xFD: code = OpcodeTable.prefixFD[Int(unsigned32())]
    case 0xFE: code = OpcodeTable.prefixFE[Int(unsigned32())]
    default: code = OpcodeTable.oneByte[Int(first)]
    }
    return WasmOpcode(unchecked: code)
  }

  @inline(__always)
  private mutating func byte() -> UInt8 {
    assert(position < end)
    let value = base.load(fromByteOffset: position, as: UInt8.self)
    position += 1
    return value
  }

  @inline(__always)
  private mutating func fixed<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) -> T {
    assert(position + MemoryLayout<T>.size <= end)
    let value = T(littleEndian: base.loadUnaligned(fromByteOffset: position, as: T.self))
    position += MemoryLayout<T>.size
    return value
  }

  @inline(__always)
  private mutating func unsigned32() -> UInt32 {
    let first = byte()
    if first < 0x80 { return UInt32(first) }
    return UInt32(truncatingIfNeeded: unsigned64(UInt64(first)))
  }

  /// The rest of a LEB128 whose first byte is `first`.
  private mutating func unsigned64(_ first: UInt64) -> UInt64 {
    var result = first & 0x7F
    var shift: UInt64 = 7
    while true {
      let next = byte()
      result |= UInt64(next & 0x7F) << shift
      if next < 0x80 { return result }
      shift += 7
    }
  }

  @inline(__always)
  private mutating func signed64() -> Int64 {
    var result: Int64 = 0
    var shift: Int64 = 0
    while true {
      let next = byte()
      result |= Int64(next & 0x7F) << shift
      shift += 7
      if next < 0x80 {
        return shift < 64 && next & 0x40 != 0 ? result | (-1 << shift) : result
      }
    }
  }

  private mutating func memarg(_ op: inout Operator) {
    let flags = unsigned32()
    op.alignLog2 = UInt8(truncatingIfNeeded: flags & 0x3F)
    if flags & 0x40 != 0 { op.index = unsigned32() }
    let first = byte()
    op.bits = first < 0x80 ? UInt64(first) : unsigned64(UInt64(first))
  }

  private mutating func valType() -> ValType {
    let first = byte()
    switch first {
    case ValType.refByte: return .ref(heapType(), nullable: false)
    case ValType.refNullByte: return .ref(heapType(), nullable: true)
    default: return ValType(byte: first)!
    }
  }

  private mutating func heapType() -> HeapType {
    let code = signed64()
    if code >= 0 { return .concrete(TypeIdx(Int(code))) }
    return HeapType(byte: UInt8(truncatingIfNeeded: code & 0x7F))!
  }

  private mutating func blockType() -> BlockType {
    let first = base.load(fromByteOffset: position, as: UInt8.self)
    if first == BlockType.emptyByte {
      position += 1
      return .empty
    }
    // A positive LEB128 is a type index; value types are negative ones of one byte.
    if first & 0xC0 == 0x40 { return .value(valType()) }
    return .type(TypeIdx(Int(signed64())))
  }
}
