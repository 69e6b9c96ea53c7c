// Numbers as LEB128: one byte where they are small, which most are.

public struct PackedWriter {
  public var bytes: [UInt8] = []

  public init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  @inlinable public mutating func number(_ value: some FixedWidthInteger & UnsignedInteger) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }

  @inlinable public mutating func number(_ value: Int) { number(UInt(bitPattern: value)) }

  /// "None" takes one byte, too.
  @inlinable public mutating func entity(_ id: some EntityID) { number(id.rawValue &+ 1) }

  /// A number that is close to `expected` in most cases, on either side; modulo 2³².
  @inlinable public mutating func number(_ value: UInt32, near expected: UInt32) {
    let distance = Int32(bitPattern: value &- expected)
    number(UInt32(bitPattern: (distance << 1) ^ (distance >> 31)))
  }

  @inlinable mutating func append(_ byte: UInt8) { bytes.append(byte) }
}

/// Reads what a `PackedWriter` has written, in the same order: a trusted part of this process, so nothing is checked but
/// where the bytes end.
public struct PackedReader {
  @usableFromInline let bytes: UnsafeRawBufferPointer
  @usableFromInline var position = 0

  public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  @inlinable public var isAtEnd: Bool { position == bytes.count }

  @inlinable public mutating func number<N: FixedWidthInteger & UnsignedInteger>(_: N.Type = N.self) -> N {
    var value: N = 0
    var shift: N = 0
    while true {
      precondition(position < bytes.count)
      let byte = bytes[position]
      position += 1
      value |= N(truncatingIfNeeded: byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
  }

  @inlinable public mutating func count() -> Int { Int(bitPattern: number(UInt.self)) }

  @inlinable public mutating func entity<ID: EntityID>(_: ID.Type = ID.self) -> ID {
    ID(rawValue: number(UInt32.self) &- 1)
  }

  @inlinable public mutating func number(near expected: UInt32) -> UInt32 {
    let code = number(UInt32.self)
    return expected &+ UInt32(bitPattern: Int32(bitPattern: code >> 1) ^ -Int32(bitPattern: code & 1))
  }
}
