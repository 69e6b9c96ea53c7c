internal import Support

/// Reads the binary format's primitives (specification 3.0, section 5.2), checking every byte.
struct ByteCursor {
  /// First byte of the module.
  let base: UnsafeRawPointer
  /// Byte offset in the module of what is read next.
  var position: Int
  /// Nothing at or behind this offset is read: the end of the section, body or module.
  var end: Int

  init(_ bytes: UnsafeRawBufferPointer, range: ByteRange) {
    precondition(range.start >= 0 && range.start <= range.end && range.end <= bytes.count)
    base = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1)!
    position = range.start
    end = range.end
  }

  var remaining: Int { end - position }
  var isAtEnd: Bool { position >= end }

  // MARK: - Bytes

  @inline(__always)
  mutating func byte() throws(WasmError) -> UInt8 {
    guard position < end else { throw unexpectedEnd() }
    let value = base.load(fromByteOffset: position, as: UInt8.self)
    position += 1
    return value
  }

  /// The next byte, not consumed; nil at the end.
  @inline(__always)
  func peek() -> UInt8? {
    position < end ? base.load(fromByteOffset: position, as: UInt8.self) : nil
  }

  @inline(__always)
  mutating func fixed<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) throws(WasmError) -> T {
    guard remaining >= MemoryLayout<T>.size else { throw unexpectedEnd() }
    let value = T(littleEndian: base.loadUnaligned(fromByteOffset: position, as: T.self))
    position += MemoryLayout<T>.size
    return value
  }

  /// The range of the next `count` bytes, which are passed over.
  mutating func skip(_ count: Int) throws(WasmError) -> ByteRange {
    guard count <= remaining else {
      throw .malformed("length out of bounds", "\(count) bytes, \(remaining) remain", at: position)
    }
    defer { position += count }
    return ByteRange(start: position, end: position + count)
  }

  @inline(never)
  func unexpectedEnd() -> WasmError { .malformed("unexpected end of section or function", at: end) }

  // MARK: - LEB128

  @inline(__always)
  mutating func u32() throws(WasmError) -> UInt32 {
    if position + 1 < end {
      let first = base.load(fromByteOffset: position, as: UInt8.self)
      if first < 0x80 {
        position += 1
        return UInt32(first)
      }
      let second = base.load(fromByteOffset: position + 1, as: UInt8.self)
      if second < 0x80 {
        position += 2
        return UInt32(first & 0x7F) | UInt32(second) << 7
      }
    }
    return try paddedU32()
  }

  @inline(__always)
  mutating func u64() throws(WasmError) -> UInt64 {
    if position + 1 < end {
      let first = base.load(fromByteOffset: position, as: UInt8.self)
      if first < 0x80 {
        position += 1
        return UInt64(first)
      }
      let second = base.load(fromByteOffset: position + 1, as: UInt8.self)
      if second < 0x80 {
        position += 2
        return UInt64(first & 0x7F) | UInt64(second) << 7
      }
    }
    return try unsigned(bits: 64)
  }

  mutating func s32() throws(WasmError) -> Int32 {
    if let (payload, length) = fiveBytes() {
      // 7, 14, …, 35 bits, whose highest is the sign.
      let unused = Int64(64 - 7 * length)
      if let value = Int32(exactly: (Int64(payload) << unused) >> unused) {
        position += length
        return value
      }
    }
    return Int32(truncatingIfNeeded: try signed(bits: 32))
  }
  mutating func s33() throws(WasmError) -> Int64 { try signed(bits: 33) }
  mutating func s64() throws(WasmError) -> Int64 { try signed(bits: 64) }

  @inline(never)
  private mutating func paddedU32() throws(WasmError) -> UInt32 {
    if let (payload, length) = fiveBytes(), let value = UInt32(exactly: payload) {
      position += length
      return value
    }
    return UInt32(truncatingIfNeeded: try unsigned(bits: 32))
  }

  /// `leb128` of what is read next; nil too if it is too close to the end to tell.
  @inline(__always)
  private func fiveBytes() -> (payload: UInt64, length: Int)? {
    guard remaining >= 8 else { return nil }
    return Self.leb128(UInt64(littleEndian: base.loadUnaligned(fromByteOffset: position, as: UInt64.self)))
  }

  /// The payload and length of a LEB128 in the low five bytes of a word, all at once: linkers pad what they
  /// relocate (function indices, addresses) to five. Nil if it is longer.
  @inline(__always)
  static func leb128(_ word: UInt64) -> (payload: UInt64, length: Int)? {
    let stops = ~word & 0x80_8080_8080
    guard stops != 0 else { return nil }
    let bits = word & ((stops & (0 &- stops)) &- 1)
    let payload =
      bits & 0x7F | bits >> 1 & 0x3F80 | bits >> 2 & 0x1F_C000 | bits >> 3 & 0xFE0_0000
      | bits >> 4 & 0x7_F000_0000
    return (payload, stops.trailingZeroBitCount / 8 + 1)
  }

  @inline(never)
  private mutating func unsigned(bits: Int) throws(WasmError) -> UInt64 {
    let start = position
    var result: UInt64 = 0
    var shift = 0
    while true {
      let next = try byte()
      let left = bits - shift
      if left < 7 {
        // The last byte that the type has room for.
        if next >= 0x80 { throw .malformed("integer representation too long", at: start) }
        if next >> UInt8(left) != 0 { throw .malformed("integer too large", at: start) }
      }
      result |= UInt64(next & 0x7F) << UInt64(shift)
      if next < 0x80 { return result }
      shift += 7
    }
  }

  @inline(never)
  private mutating func signed(bits: Int) throws(WasmError) -> Int64 {
    let start = position
    var result: Int64 = 0
    var shift = 0
    while true {
      let next = try byte()
      let left = bits - shift
      if left < 7 {
        if next >= 0x80 { throw .malformed("integer representation too long", at: start) }
        // All bits above the sign bit repeat it.
        let signAndAbove = Int8(bitPattern: next << 1) >> Int8(left)
        if signAndAbove != 0 && signAndAbove != -1 { throw .malformed("integer too large", at: start) }
      }
      result |= Int64(next & 0x7F) << Int64(shift)
      shift += 7
      if next < 0x80 {
        return shift < 64 && next & 0x40 != 0 ? result | (-1 << Int64(shift)) : result
      }
    }
  }

  // MARK: - Vectors and names

  /// The length of a vector whose elements take `minimumSize` bytes or more: checked against the bytes that
  /// remain, so that what is reserved for it is never more than a constant times the input.
  mutating func count(
    _ what: String, limit: Int, minimumSize: Int = 1
  ) throws(WasmError) -> Int {
    let start = position
    let count = Int(try u32())
    if count > limit { throw .limit("number of \(what)", limit, at: start) }
    if count > remaining / minimumSize {
      throw .malformed(
        "unexpected end of section or function", "\(count) \(what) announced, \(remaining) bytes remain",
        at: end)
    }
    return count
  }

  mutating func name() throws(WasmError) -> ByteString {
    let range = try nameRange()
    return ByteString(UnsafeRawBufferPointer(start: base + range.start, count: range.count))
  }

  /// A name's bytes, shown to be UTF-8.
  mutating func nameRange() throws(WasmError) -> ByteRange {
    let length = Int(try u32())
    let range = try skip(length)
    guard isUTF8(UnsafeRawBufferPointer(start: base + range.start, count: range.count)) else {
      throw .malformed("malformed UTF-8 encoding", at: range.start)
    }
    return range
  }
}

/// Strict UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
  var position = 0
  while position < bytes.count {
    let first = bytes[position]
    position += 1
    if first < 0x80 { continue }
    // Continuation bytes to come, and the range of the first of them.
    let (more, low, high): (Int, UInt8, UInt8)
    switch first {
    case 0xC2...0xDF: (more, low, high) = (1, 0x80, 0xBF)
    case 0xE0: (more, low, high) = (2, 0xA0, 0xBF)
    case 0xED: (more, low, high) = (2, 0x80, 0x9F)
    case 0xE1...0xEF: (more, low, high) = (2, 0x80, 0xBF)
    case 0xF0: (more, low, high) = (3, 0x90, 0xBF)
    case 0xF4: (more, low, high) = (3, 0x80, 0x8F)
    case 0xF1...0xF3: (more, low, high) = (3, 0x80, 0xBF)
    default: return false
    }
    guard position + more <= bytes.count, bytes[position] >= low, bytes[position] <= high else {
      return false
    }
    for index in 1..<more where bytes[position + index] & 0xC0 != 0x80 { return false }
    position += more
  }
  return true
}
