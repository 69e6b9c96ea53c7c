import Support
import SystemPackage

/// A name that C and C++ take as an identifier.
public struct CIdentifier: Hashable, Sendable {
  public let text: String

  /// Nil if the text is none.
  public init?(_ text: String) {
    guard let first = text.utf8.first, !first.isDigit, text.utf8.allSatisfy(\.isIdentifier) else {
      return nil
    }
    self.text = text
  }

  /// The name of a file without its extension, with `_` for what can't be in an identifier.
  public init(ofFile path: String) {
    let stem = FilePath(path).lastComponent?.stem ?? ""
    let bytes = stem.utf8.map { $0.isIdentifier ? $0 : UInt8(ascii: "_") }
    let needsLetter = bytes.first.map(\.isDigit) ?? true
    text = (needsLetter ? "wasm" : "") + String(decoding: bytes, as: UTF8.self)
  }

  /// The rest of an identifier for any name: letters, digits and underscores stay, other bytes become `_x` and two
  /// hexadecimal digits. So does an underscore that would read as the start of such: no two names become one.
  static func mangled(_ name: ByteString) -> String {
    var text = ""
    for (index, byte) in name.bytes.enumerated() {
      let isEscape = byte == UInt8(ascii: "_") && name.bytes[index...].dropFirst().looksEscaped
      text += byte.isIdentifier && !isEscape ? String(UnicodeScalar(byte)) : escaped(byte)
    }
    return text
  }

  static func escaped(_ byte: UInt8) -> String {
    "_x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }
}

extension CIdentifier: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let identifier = CIdentifier(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "no identifier")
    }
    self = identifier
  }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
  fileprivate var isIdentifier: Bool {
    isDigit || self == UInt8(ascii: "_")
      || (self | 0x20 >= UInt8(ascii: "a") && self | 0x20 <= UInt8(ascii: "z"))
  }
  fileprivate var isHexDigit: Bool { isDigit || (self >= UInt8(ascii: "a") && self <= UInt8(ascii: "f")) }
}

extension ArraySlice<UInt8> {
  /// What follows an underscore is `x` and two hexadecimal digits.
  fileprivate var looksEscaped: Bool {
    count >= 3 && self[startIndex] == UInt8(ascii: "x") && self[startIndex + 1].isHexDigit
      && self[startIndex + 2].isHexDigit
  }
}

extension BuildOptions {
  /// Takes `--name`, and checks that what is only for hosts, or only for programs, is asked for where it means
  /// something.
  public mutating func setHostNames(module name: String?, header: String?) throws(Problem) {
    guard emit.isEmbedded else {
      for (option, value) in [("--name", name), ("--header", header)] where value != nil {
        throw .usage(
          "\(option) is for host programs, not for --emit=\(emit.rawValue)",
          help: "add --emit=obj, staticlib or shared")
      }
      return
    }
    let forPrograms: [(String, Bool)] = [
      ("--dir", !grants.directories.isEmpty), ("--env", !grants.environment.isEmpty),
      ("--listen", !grants.listeners.isEmpty), ("--raw-terminal", grants.hasRawTerminal),
      ("--invoke", invoke != nil), ("--stub-imports", stubsImports), ("--max-stack", stackSize != nil),
      ("--max-memory", limits.maxMemory != nil), ("--timeout", limits.timeout != nil),
      ("--fuel", limits.fuel != nil), ("--report-fuel", limits.reportsFuel),
      ("--runtime-grants", grants.isOpenAtRunTime),
    ]
    if let (option, _) = forPrograms.first(where: { $0.1 }) {
      throw .usage(
        "\(option) is for programs, not for --emit=\(emit.rawValue)",
        help: "the host decides what an instance is given: its imports, its memory, its stack")
    }
    if sandbox == .require {
      throw .usage(
        "--sandbox=require is for programs, not for --emit=\(emit.rawValue)",
        help: "a sandbox holds for a whole process: confine the host program, and leave it out")
    }
    guard let name else { return }
    guard let identifier = CIdentifier(name) else {
      throw .usage(
        "--name '\(name)' is no C identifier", help: "use letters, digits and underscores, and no digit first"
      )
    }
    moduleName = identifier
  }
}
