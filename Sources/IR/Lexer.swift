/// Text that is not IR: where and why.
public struct ParseError: Error, Hashable, Sendable, CustomStringConvertible {
  /// From 1; the column counts bytes.
  public var line: Int
  public var column: Int
  public var message: String
  public var description: String { "\(line):\(column): \(message)" }
}

struct Token {
  enum Kind {
    /// Letters, digits, `_` and single dots: keywords, operators with shapes, entities such as `v12`.
    case word
    /// Digits, with `0x` or `-` in front.
    case number
    /// Between quotes, escapes not yet decoded.
    case string
    /// One byte, or `->` and `..`.
    case punctuation
    case end
  }
  var kind: Kind
  var start: Int
  var end: Int
  var line: Int
  var column: Int
}

/// Splits text into tokens. White space and comments (from `;` to the end of the line) separate them.
struct Lexer {
  let bytes: [UInt8]
  private var position = 0
  private var line = 1
  private var lineStart = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  func text(_ token: Token) -> String { String(decoding: bytes[token.start..<token.end], as: UTF8.self) }

  mutating func next() throws(ParseError) -> Token {
    skipSpace()
    let start = position
    var token = Token(kind: .end, start: start, end: start, line: line, column: start - lineStart + 1)
    guard start < bytes.count else { return token }
    let first = bytes[start]
    position += 1
    if Self.isLetter(first) {
      token.kind = .word
      while position < bytes.count,
        Self.isLetter(bytes[position]) || Self.isDigit(bytes[position]) || isInnerDot()
      {
        position += 1
      }
    } else if Self.isDigit(first) || (first == UInt8(ascii: "-") && peek(0).map(Self.isDigit) == true) {
      token.kind = .number
      while position < bytes.count, Self.isLetter(bytes[position]) || Self.isDigit(bytes[position]) {
        position += 1
      }
    } else if first == UInt8(ascii: "\"") {
      token.kind = .string
      while position < bytes.count, bytes[position] != first, bytes[position] != UInt8(ascii: "\n") {
        position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
      }
      guard position < bytes.count, bytes[position] == first else {
        throw ParseError(line: token.line, column: token.column, message: "string without end")
      }
      position += 1
    } else {
      token.kind = .punctuation
      if first == UInt8(ascii: "-"), peek(0) == UInt8(ascii: ">") { position += 1 }
      if first == UInt8(ascii: "."), peek(0) == UInt8(ascii: ".") { position += 1 }
    }
    token.end = position
    return token
  }

  private func peek(_ distance: Int) -> UInt8? {
    position + distance < bytes.count ? bytes[position + distance] : nil
  }

  /// A dot that a letter or digit follows.
  private func isInnerDot() -> Bool {
    guard bytes[position] == UInt8(ascii: "."), let next = peek(1) else { return false }
    return Self.isLetter(next) || Self.isDigit(next)
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\n"):
        position += 1
        line += 1
        lineStart = position
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): position += 1
      case UInt8(ascii: ";"):
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
      default: return
      }
    }
  }

  static func isLetter(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
      || byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
      || byte == UInt8(ascii: "_")
  }

  static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}
