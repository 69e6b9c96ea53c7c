// The type section, and types wherever else they stand (specification 3.0, section 5.3).

extension Decoder {
  mutating func typeSection() throws(WasmError) {
    let count = try cursor.count("types", limit: ImplementationLimits.types)
    for _ in 0..<count {
      let offset = cursor.position
      var group: [SubType] = []
      if cursor.peek() == 0x4E {
        cursor.position += 1
        try require(.functionReferences, "a recursive group of types", at: offset)
        let size = try cursor.count("types of a group", limit: ImplementationLimits.types)
        try checkTotal(module.types.count + size, "types", ImplementationLimits.types, at: offset)
        visibleTypes = module.types.count + size
        group.reserveCapacity(size)
        for _ in 0..<size { group.append(try subType()) }
      } else {
        try checkTotal(module.types.count + 1, "types", ImplementationLimits.types, at: offset)
        visibleTypes = module.types.count + 1
        group.append(try subType())
      }
      module.types.append(group: group)
    }
    visibleTypes = module.types.count
  }

  private mutating func subType() throws(WasmError) -> SubType {
    let offset = cursor.position
    switch try cursor.byte() {
    case 0x60: return SubType(composite: .function(try functionType()))
    case 0x5F: throw .unsupported(.gc, "a struct type", at: offset)
    case 0x5E: throw .unsupported(.gc, "an array type", at: offset)
    case 0x50, 0x4F: throw .unsupported(.gc, "a subtype", at: offset)
    case 0x5D: throw WasmError(.unsupportedFeature([]), "feature not supported: stack-switching", at: offset)
    case 0x65:
      throw WasmError(
        .unsupportedFeature([]), "feature not supported: shared-everything-threads", at: offset)
    case let form: throw .malformed("malformed definition type", "0x\(String(form, radix: 16))", at: offset)
    }
  }

  private mutating func functionType() throws(WasmError) -> FuncType {
    let params = try valTypes("parameters", limit: ImplementationLimits.functionParams)
    let resultsOffset = cursor.position
    let results = try valTypes("results", limit: ImplementationLimits.functionResults)
    if results.count > 1 {
      try require(.multiValue, "a function with \(results.count) results", at: resultsOffset)
    }
    return FuncType(params: params, results: results)
  }

  private mutating func valTypes(_ what: String, limit: Int) throws(WasmError) -> [ValType] {
    let count = try cursor.count(what, limit: limit)
    var types: [ValType] = []
    types.reserveCapacity(count)
    for _ in 0..<count { types.append(try valType()) }
    return types
  }

  /// A value type, and the use of the feature that it needs.
  mutating func valType() throws(WasmError) -> ValType {
    let offset = cursor.position
    let (type, feature) = try cursor.valType()
    try require(feature, "the type \(type)", at: offset)
    if type.isReference { try check(type.heapType, at: offset) }
    return type
  }

  mutating func refType() throws(WasmError) -> ValType {
    let offset = cursor.position
    let type = try valType()
    guard type.isReference else { throw .malformed("malformed reference type", "\(type)", at: offset) }
    return type
  }

  /// A heap type, and the use of the feature that it needs.
  mutating func heapType() throws(WasmError) -> HeapType {
    let offset = cursor.position
    let (heap, feature) = try cursor.heapType()
    try require(feature, "the type \(heap)", at: offset)
    try check(heap, at: offset)
    return heap
  }

  private func check(_ heap: HeapType, at offset: Int) throws(WasmError) {
    if let index = heap.typeIndex { try check(index.rawValue, visibleTypes, "unknown type", at: offset) }
  }

  mutating func globalType() throws(WasmError) -> GlobalType {
    let type = try valType()
    let offset = cursor.position
    let mutability = try cursor.byte()
    // Bit 1 is "shared", of shared-everything-threads.
    guard mutability <= 1 else { throw .malformed("malformed mutability", "\(mutability)", at: offset) }
    return GlobalType(type: type, isMutable: mutability == 1)
  }

  mutating func tableType() throws(WasmError) -> TableType {
    let offset = cursor.position
    let element = try refType()
    if element != .funcref { try require(.referenceTypes, "a table of \(element)", at: offset) }
    let limitsOffset = cursor.position
    let flags = try cursor.byte()
    guard flags & ~0x05 == 0 else { throw .malformed("malformed limits flags", "\(flags)", at: limitsOffset) }
    let (limits, address) = try limits(flags: flags, "a table")
    guard address == .i64 || (limits.maximum ?? limits.minimum) <= UInt32.max else {
      throw .invalid("table size must be at most 2^32-1", at: limitsOffset)
    }
    return TableType(element: element, limits: limits, address: address)
  }

  mutating func memoryType() throws(WasmError) -> MemType {
    let offset = cursor.position
    let flags = try cursor.byte()
    guard flags & ~0x0F == 0 else { throw .malformed("malformed limits flags", "\(flags)", at: offset) }
    let (limits, address) = try limits(flags: flags, "a memory")
    let pageSizeLog2 = flags & 0x08 == 0 ? 16 : try pageSizeLog2(at: offset)
    // 4 GiB, or 16 EiB. In pages of one byte, as many as the address type can count.
    let most: UInt64 =
      pageSizeLog2 == 16 ? (address == .i32 ? 1 << 16 : 1 << 48) : address == .i32 ? 1 << 32 - 1 : .max
    guard limits.minimum <= most, limits.maximum ?? 0 <= most else {
      let text =
        pageSizeLog2 == 0
        ? "2^32 - 1 bytes" : address == .i32 ? "65536 pages (4 GiB)" : "2^48 pages (16 EiB)"
      throw .invalid("memory size must be at most \(text)", at: offset)
    }
    let isShared = flags & 0x02 != 0
    if isShared {
      try require(.threads, "a shared memory", at: offset)
      guard limits.maximum != nil else { throw .invalid("shared memory must have maximum", at: offset) }
    }
    return MemType(limits: limits, address: address, isShared: isShared, pageSizeLog2: pageSizeLog2)
  }

  /// One byte and 64 KiB are all that there is.
  private mutating func pageSizeLog2(at offset: Int) throws(WasmError) -> UInt8 {
    try require(.customPageSizes, "a memory with a page size of its own", at: offset)
    let log2 = try cursor.u32()
    // The proposal calls 2^64 and more malformed.
    guard log2 < 64 else { throw .malformed("invalid custom page size", "2^\(log2) bytes", at: offset) }
    guard log2 == 0 || log2 == 16 else {
      throw .invalid("invalid custom page size", "2^\(log2) bytes", at: offset)
    }
    return UInt8(log2)
  }

  private mutating func limits(flags: UInt8, _ what: String) throws(WasmError) -> (Limits, AddressType) {
    let offset = cursor.position - 1
    let address: AddressType = flags & 0x04 != 0 ? .i64 : .i32
    if address == .i64 { try require(.memory64, "\(what) with 64-bit addresses", at: offset) }
    let minimum = try cursor.u64()
    let maximum = flags & 0x01 != 0 ? try cursor.u64() : nil
    if let maximum, minimum > maximum {
      throw .invalid("size minimum must not be greater than maximum", "\(minimum) and \(maximum)", at: offset)
    }
    return (Limits(minimum: minimum, maximum: maximum), address)
  }

  /// What a tag's type section and imports hold: an attribute, which says "exception", and a type.
  mutating func tagType() throws(WasmError) -> TypeIdx {
    let offset = cursor.position
    let attribute = try cursor.byte()
    guard attribute == 0 else { throw .malformed("malformed tag attribute", "\(attribute)", at: offset) }
    let typeOffset = cursor.position
    let type = try functionTypeIndex()
    guard module.types.functionType(type).results.isEmpty else {
      throw .invalid("non-empty tag result type", at: typeOffset)
    }
    return type
  }

  /// The index of a type that must be a function type.
  mutating func functionTypeIndex() throws(WasmError) -> TypeIdx {
    let offset = cursor.position
    let index = try cursor.u32()
    try check(index, module.types.count, "unknown type", at: offset)
    return TypeIdx(rawValue: index)
  }
}

extension ByteCursor {
  /// A value type, and the feature that it comes from.
  mutating func valType() throws(WasmError) -> (ValType, Features) {
    let start = position
    let first = try byte()
    switch first {
    case 0x7C...0x7F: return (ValType(bits: UInt32(first)), [])
    case 0x7B: return (.v128, .simd)
    case 0x70: return (.funcref, [])
    case 0x6F: return (.externref, .referenceTypes)
    case ValType.refByte, ValType.refNullByte:
      let (heap, feature) = try heapType()
      return (.ref(heap, nullable: first == ValType.refNullByte), feature.union(.functionReferences))
    default:
      if let heap = HeapType(byte: first) {
        return (.ref(heap, nullable: true), heap.feature)
      }
      throw .malformed("malformed value type", "0x\(String(first, radix: 16))", at: start)
    }
  }

  mutating func heapType() throws(WasmError) -> (HeapType, Features) {
    let start = position
    let code = try s33()
    if code >= 0 {
      guard code < ImplementationLimits.types else { throw .invalid("unknown type \(code)", at: start) }
      return (.concrete(TypeIdx(Int(code))), .functionReferences)
    }
    guard code >= -64, let heap = HeapType(byte: UInt8(truncatingIfNeeded: code & 0x7F)) else {
      throw .malformed("malformed heap type", at: start)
    }
    return (heap, heap.feature)
  }
}

extension HeapType {
  /// The proposal that an abstract heap type comes from.
  var feature: Features {
    switch self {
    case .funcref, .externref: .referenceTypes
    case .nofunc, .noextern: .functionReferences
    case .exn, .noexn: .exceptions
    default: .gc
    }
  }
}
