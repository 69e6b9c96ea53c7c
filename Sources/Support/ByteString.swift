/// A name as the module spells it: bytes, compared as bytes.
///
/// Swift's `String ==` compares canonical equivalence, so two different wasm names can be equal; a
/// `ByteString` becomes a `String` only to be printed.
public struct ByteString: Hashable, Comparable, Sendable {
  public var bytes: [UInt8]

  public init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }
  public init(_ string: String) { bytes = Array(string.utf8) }

  public var count: Int { bytes.count }
  public var isEmpty: Bool { bytes.isEmpty }

  /// For people: invalid UTF-8 is repaired.
  public var string: String { String(decoding: bytes, as: UTF8.self) }

  public static func < (a: Self, b: Self) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }

  public func hasPrefix(_ prefix: String) -> Bool { bytes.starts(with: prefix.utf8) }
}

extension ByteString: ExpressibleByStringLiteral {
  public init(stringLiteral value: StaticString) {
    bytes = value.withUTF8Buffer { Array($0) }
  }
}

extension ByteString: CustomDebugStringConvertible {
  /// A string in which every byte outside printable ASCII is `\xx`: another one for each name, which texts of whole values
  /// need that something is found by.
  public var debugDescription: String {
    var text: [UInt8] = [UInt8(ascii: "\"")]
    let digits = Array("0123456789abcdef".utf8)
    for byte in bytes {
      if byte < 0x20 || byte >= 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        text += [UInt8(ascii: "\\"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      } else {
        text.append(byte)
      }
    }
    text.append(UInt8(ascii: "\""))
    return String(decoding: text, as: UTF8.self)
  }
}

extension ByteString: CustomStringConvertible {
  /// The name with control characters escaped, so that a hostile name can't drive a terminal.
  public var description: String {
    var text = ""
    for scalar in string.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        text += "\\u{\(String(scalar.value, radix: 16))}"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
