// Types as the binary format writes them (specification 3.0, section 5.3).

extension ValType {
  /// The type whose encoding is this one byte; nil if there is none, or if more bytes follow.
  @inline(__always)
  init?(byte: UInt8) {
    switch byte {
    case 0x7B...0x7F: self.init(bits: UInt32(byte))
    default:
      guard let heap = HeapType(byte: byte) else { return nil }
      self = .ref(heap, nullable: true)
    }
  }

  /// Bytes that announce a reference type with a heap type behind it.
  static let refByte: UInt8 = 0x64
  static let refNullByte: UInt8 = 0x63
}

extension HeapType {
  /// An abstract heap type, or as a value type the nullable reference to it.
  init?(byte: UInt8) {
    switch byte {
    case 0x70: self = .funcref
    case 0x6F: self = .externref
    case 0x6E: self = .any
    case 0x6D: self = .eq
    case 0x6C: self = .i31
    case 0x6B: self = .structref
    case 0x6A: self = .array
    case 0x69: self = .exn
    case 0x71: self = .none
    case 0x73: self = .nofunc
    case 0x72: self = .noextern
    case 0x74: self = .noexn
    default: return nil
    }
  }
}

/// The type of a block (specification 3.0, section 2.4.1).
public enum BlockType: Hashable, Sendable {
  case empty
  /// No parameters, one result.
  case value(ValType)
  case type(TypeIdx)

  static let emptyByte: UInt8 = 0x40
}
