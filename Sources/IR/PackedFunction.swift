import Support

/// A body as bytes, a quarter of what it is otherwise: how it waits for the next pass, and for the unit that lowers it.
public struct PackedFunction: Sendable {
  /// All but `sourceOffsets`. They are also what a unit is found by in the cache, so nothing that lowering asks may be in the
  /// unpacked body that is not in here.
  public let bytes: [UInt8]
  /// Where instructions were in the wasm module, apart: those of all functions move when one becomes longer.
  private var sourceOffsets: [UInt8] = []

  public init(_ function: Function) {
    // Most instructions take 7 bytes with their results.
    var writer = PackedWriter(capacity: 64 + 8 * function.insts.count)
    writer.number(function.signature.rawValue)
    writer.instructions(of: function)
    writer.values(of: function)
    writer.number(function.valueLists.words.count)
    for word in function.valueLists.words { writer.number(word &+ 1) }
    writer.number(function.blockCalls.count)
    for call in function.blockCalls.values {
      writer.number(call.block.rawValue)
      writer.number(call.arguments.handle)
    }
    writer.number(function.jumpTables.count)
    for table in function.jumpTables.values { writer.list(table) }
    writer.number(function.memArgs.count)
    for memArg in function.memArgs.values {
      writer.number(memArg.offset)
      writer.entity(memArg.memory)
      writer.number(memArg.alignLog2)
      writer.number(memArg.lane)
    }
    writer.number(function.vectorConstants.count)
    for constant in function.vectorConstants.values {
      writer.number(constant.low)
      writer.number(constant.high)
    }
    writer.list(function.blockOrder)
    writer.number(function.blockInsts.count)
    for insts in function.blockInsts.values { writer.list(insts) }
    writer.number(function.blockParams.count)
    for params in function.blockParams.values { writer.list(params) }
    // The room that was too much would stay as long as the bytes.
    writer.bytes.shrinkToFit()
    bytes = writer.bytes
    writer = PackedWriter(capacity: 16 + 2 * function.insts.count)
    writer.sourceOffsets(of: function)
    writer.bytes.shrinkToFit()
    sourceOffsets = writer.bytes
  }

  public func unpacked() -> Function {
    var function = bytes.withUnsafeBytes { Self.unpack($0) }
    sourceOffsets.withUnsafeBytes { bytes in
      var reader = PackedReader(bytes)
      reader.sourceOffsets(of: &function)
    }
    return function
  }

  /// The same without the places in the wasm module, which nothing behind the passes needs.
  public var withoutSourceOffsets: PackedFunction {
    var result = self
    result.sourceOffsets = []
    return result
  }

  private static func unpack(_ bytes: UnsafeRawBufferPointer) -> Function {
    var reader = PackedReader(bytes)
    var function = Function(signature: SignatureID(rawValue: reader.number()))
    reader.instructions(of: &function)
    function.values = reader.values()
    function.valueLists = ListPool(words: reader.array { $0.number(UInt32.self) &- 1 })
    function.blockCalls = PrimaryMap(
      reader.array {
        let block = Block(rawValue: $0.number())
        return BlockCallData(block: block, arguments: EntityList(handle: $0.number()))
      })
    function.jumpTables = PrimaryMap(reader.array { $0.list() })
    function.memArgs = PrimaryMap(
      reader.array {
        let offset: UInt64 = $0.number()
        let memory: MemoryID = $0.entity()
        let alignLog2: UInt8 = $0.number()
        return MemArg(offset: offset, memory: memory, alignLog2: alignLog2, lane: $0.number())
      })
    function.vectorConstants = PrimaryMap(
      reader.array {
        let low: UInt64 = $0.number()
        return V128(low: low, high: $0.number())
      })
    function.blockOrder = reader.list()
    function.blockInsts = PrimaryMap(reader.array { $0.list() })
    function.blockParams = PrimaryMap(reader.array { $0.list() })
    return function
  }
}

/// What is in front of an instruction: its opcode, above these bits.
private struct Head {
  static let a: UInt32 = 1, b: UInt32 = 2, c: UInt32 = 4, flags: UInt32 = 8
  /// It has one result, the value behind the last one that was named; or others than that.
  static let nextResult: UInt32 = 16, otherResults: UInt32 = 32
  static let bits: UInt32 = 6
}

extension PackedWriter {
  /// Nothing where none is known.
  fileprivate mutating func sourceOffsets(of function: Function) {
    guard function.insts.ids.contains(where: { function.sourceOffsets[$0] != 0 }) else { return }
    var last: UInt32 = 0
    for inst in function.insts.ids {
      number(function.sourceOffsets[inst], near: last)
      last = function.sourceOffsets[inst]
    }
  }

  fileprivate mutating func instructions(of function: Function) {
    number(function.insts.count)
    var next: UInt32 = 0
    for inst in function.insts.ids {
      let data = function.insts[inst]
      let (result, resultCount) = (function.firstResults[inst], function.resultCounts[inst])
      var head = UInt32(data.opcode.rawValue) << Head.bits
      if data.a != 0 { head |= Head.a }
      if data.b != 0 { head |= Head.b }
      if data.c != 0 { head |= Head.c }
      if data.flags != 0 { head |= Head.flags }
      if result.rawValue == next, resultCount == 1 {
        head |= Head.nextResult
      } else if !result.isNone || resultCount != 0 {
        head |= Head.otherResults
      }
      number(head)
      number(data.shape.rawValue)
      // The value that was made last is what most instructions use.
      if data.a != 0 { number(data.a, near: next) }
      if data.b != 0 { number(data.b) }
      if data.c != 0 { number(data.c) }
      if data.flags != 0 { number(data.flags) }
      if head & Head.nextResult != 0 {
        next &+= 1
      } else if head & Head.otherResults != 0 {
        number(result.rawValue, near: next)
        number(resultCount)
        next = result.rawValue &+ UInt32(resultCount)
      }
    }
  }

  fileprivate mutating func values(of function: Function) {
    number(function.values.count)
    var owner: UInt32 = 0
    for data in function.values.values {
      number(
        UInt32(data.type.rawValue) | UInt32(data.kind.rawValue) << 4 | UInt32(data.number) << 6)
      number(data.owner, near: owner &+ 1)
      owner = data.owner
    }
  }

  /// IDs that follow each other, more or less.
  fileprivate mutating func list(_ ids: [some EntityID]) {
    number(ids.count)
    var next: UInt32 = 0
    for id in ids {
      number(id.rawValue, near: next)
      next = id.rawValue &+ 1
    }
  }
}

extension PackedReader {
  fileprivate mutating func array<Element>(_ element: (inout PackedReader) -> Element) -> [Element] {
    let count = count()
    var elements: [Element] = []
    elements.reserveCapacity(count)
    for _ in 0..<count { elements.append(element(&self)) }
    return elements
  }

  fileprivate mutating func sourceOffsets(of function: inout Function) {
    if isAtEnd { return }
    var last: UInt32 = 0
    let offsets = (0..<function.insts.count).map { _ in
      last = number(near: last)
      return last
    }
    function.sourceOffsets = SecondaryMap(offsets, default: 0)
  }

  fileprivate mutating func instructions(of function: inout Function) {
    var next: UInt32 = 0
    var firstResults: [Value] = []
    var resultCounts: [UInt16] = []
    let insts = array { reader in
      let head: UInt32 = reader.number()
      // Whatever the number, it is what was written.
      var data = InstData(
        Opcode(rawValue: UInt16(head >> Head.bits))!, Shape(rawValue: reader.number())!)
      if head & Head.a != 0 { data.a = reader.number(near: next) }
      if head & Head.b != 0 { data.b = reader.number() }
      if head & Head.c != 0 { data.c = reader.number() }
      if head & Head.flags != 0 { data.flags = reader.number() }
      if head & Head.nextResult != 0 {
        firstResults.append(Value(rawValue: next))
        resultCounts.append(1)
        next &+= 1
      } else if head & Head.otherResults != 0 {
        let first = reader.number(near: next)
        let count: UInt16 = reader.number()
        firstResults.append(Value(rawValue: first))
        resultCounts.append(count)
        next = first &+ UInt32(count)
      } else {
        firstResults.append(.none)
        resultCounts.append(0)
      }
      return data
    }
    function.insts = PrimaryMap(insts)
    function.firstResults = SecondaryMap(firstResults, default: .none)
    function.resultCounts = SecondaryMap(resultCounts, default: 0)
  }

  fileprivate mutating func values() -> PrimaryMap<Value, ValueData> {
    var owner: UInt32 = 0
    return PrimaryMap(
      array { reader in
        let head: UInt32 = reader.number()
        owner = reader.number(near: owner &+ 1)
        return ValueData(
          kind: ValueData.Kind(rawValue: UInt8(head >> 4 & 3))!, type: Type(rawValue: UInt8(head & 15))!,
          owner: owner, number: UInt16(head >> 6))
      })
  }

  fileprivate mutating func list<ID: EntityID>() -> [ID] {
    var next: UInt32 = 0
    return array { reader in
      let id = reader.number(near: next)
      next = id &+ 1
      return ID(rawValue: id)
    }
  }
}
