public import Support

/// One instruction: 16 bytes. `format` of the opcode says what the operand words hold.
public struct InstData: Hashable, Sendable {
  public var opcode: Opcode
  public var shape: Shape
  /// Of `brif` a `BranchHint`; 0 for the others.
  public var flags: UInt8 = 0
  public var a: UInt32
  public var b: UInt32
  public var c: UInt32

  @inlinable
  public init(_ opcode: Opcode, _ shape: Shape = .none, a: UInt32 = 0, b: UInt32 = 0, c: UInt32 = 0) {
    self.opcode = opcode
    self.shape = shape
    self.a = a
    self.b = b
    self.c = c
  }

  public var branchHint: BranchHint { BranchHint(rawValue: flags) ?? .none }

  @inlinable public var valueA: Value { Value(rawValue: a) }
  @inlinable public var valueB: Value { Value(rawValue: b) }
  @inlinable public var valueC: Value { Value(rawValue: c) }
  /// The bits of `iconst` and `fconst` (i32 and f32: in the low half, zero-extended).
  @inlinable public var constantBits: UInt64 { UInt64(c) << 32 | UInt64(b) }
}

/// What the producer says of a branch (proposal branch hinting). A hint changes nothing but speed.
public enum BranchHint: UInt8, Sendable {
  case none, likely, unlikely
}

/// Where a value comes from, and its type: 8 bytes.
public struct ValueData: Hashable, Sendable {
  /// `Inst` or `Block` raw value, or the value that this one is an alias of.
  public var owner: UInt32
  /// Result or parameter number.
  public var number: UInt16
  public var type: Type
  public var kind: Kind
  public enum Kind: UInt8, Sendable { case result, param, alias }

  @inlinable public init(kind: Kind, type: Type, owner: UInt32, number: UInt16) {
    self.owner = owner
    self.number = number
    self.type = type
    self.kind = kind
  }
}

public struct MemArg: Hashable, Sendable {
  /// Static offset in bytes.
  public var offset: UInt64
  public var memory: MemoryID
  /// log2 of the alignment that the producer promised; never relied upon for correctness.
  public var alignLog2: UInt8
  /// Lane of `loadLane` and `storeLane`.
  public var lane: UInt8
  public init(offset: UInt64, memory: MemoryID, alignLog2: UInt8, lane: UInt8 = 0) {
    self.offset = offset
    self.memory = memory
    self.alignLog2 = alignLog2
    self.lane = lane
  }
}

public struct V128: Hashable, Sendable {
  public var low: UInt64
  public var high: UInt64
  public init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }
  /// Byte 0 is the lowest address.
  public subscript(byte index: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: (index < 8 ? low : high) >> UInt64(8 * (index & 7)))
  }
}

public struct BlockCallData: Hashable, Sendable {
  public var block: Block
  public var arguments: EntityList<Value>
  public init(block: Block, arguments: EntityList<Value>) {
    self.block = block
    self.arguments = arguments
  }
}

/// A function body in SSA form: plain data in arrays, data flow apart from layout.
///
/// The entry block is the first of `layout.blocks`; its parameters are the function's. Every value has one
/// definition; block parameters take the place of phis. Verifier.swift lists the invariants.
public struct Function: Sendable {
  public var signature: SignatureID

  // Data flow
  public var insts = PrimaryMap<Inst, InstData>()
  public var values = PrimaryMap<Value, ValueData>()
  /// First result of each instruction, `none` if it has none; the results are consecutive values.
  public var firstResults = SecondaryMap<Inst, Value>(default: .none)
  public var resultCounts = SecondaryMap<Inst, UInt16>(default: 0)
  /// Parameters of each block.
  public var blockParams = PrimaryMap<Block, [Value]>()
  public var valueLists = ListPool<Value>()
  public var blockCalls = PrimaryMap<BlockCall, BlockCallData>()
  public var jumpTables = PrimaryMap<JumpTable, [BlockCall]>()
  public var memArgs = PrimaryMap<MemArgID, MemArg>()
  public var vectorConstants = PrimaryMap<VectorConstant, V128>()

  // Layout
  /// Blocks in order of emission. A block that is not here is unreachable and has no meaning.
  public var blockOrder: [Block] = []
  /// The instructions of each block in order; the last is its only terminator.
  public var blockInsts = PrimaryMap<Block, [Inst]>()

  // Source
  /// Byte offset in the wasm module of each instruction, 0 if unknown.
  public var sourceOffsets = SecondaryMap<Inst, UInt32>(default: 0)

  public init(signature: SignatureID) { self.signature = signature }

  /// Follows aliases to the value that is really meant.
  @inlinable public func resolve(_ value: Value) -> Value {
    var value = value
    while values[value].kind == .alias { value = Value(rawValue: values[value].owner) }
    return value
  }

  @inlinable public func type(of value: Value) -> Type { values[value].type }

  /// The instruction that has the value as a result; nil for parameters of blocks.
  @inlinable public func definition(of value: Value) -> InstData? {
    let data = values[resolve(value)]
    return data.kind == .result ? insts[Inst(rawValue: data.owner)] : nil
  }

  /// The bits of an `iconst`.
  @inlinable public func integerConstant(_ value: Value) -> UInt64? {
    guard let data = definition(of: value), data.opcode == .iconst else { return nil }
    return data.constantBits
  }

  /// An integer as another one and a constant, modulo two to its width.
  func splitSum(_ value: Value) -> (base: Value, addend: UInt64) {
    var value = resolve(value)
    let type = type(of: value)
    var addend: UInt64 = 0
    for _ in 0..<8 {
      guard let data = definition(of: value), data.opcode == .iadd || data.opcode == .isub else { break }
      var (base, other) = (resolve(data.valueA), resolve(data.valueB))
      if data.opcode == .iadd, integerConstant(other) == nil { swap(&base, &other) }
      guard let constant = integerConstant(other) else { break }
      addend = data.opcode == .iadd ? addend &+ constant : addend &- constant
      value = base
    }
    return (value, LinearSum.masked(addend, type))
  }

  /// The results of an instruction.
  @inlinable public func results(of inst: Inst) -> Range<UInt32> {
    let first = firstResults[inst]
    return first.isNone ? 0..<0 : first.rawValue..<first.rawValue + UInt32(resultCounts[inst])
  }

  /// The only result of an instruction that has exactly one.
  @inlinable public func result(of inst: Inst) -> Value { firstResults[inst] }
}
