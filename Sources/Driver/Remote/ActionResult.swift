/// What the action cache has for a key: the part of `ActionResult` in Bazel's remote execution API (version 2) that a
/// cache needs. Servers such as bazel-remote refuse other contents, and look whether the files are there that it lists.
///
/// Written and read here, by the rules of Protocol Buffers: it is three messages of seven fields
/// (docs/decisions/0117).
struct ActionResult: Equatable {
  struct File: Equatable {
    /// Relative.
    var path: String
    /// SHA-256, as 64 lower-case hexadecimal digits.
    var digest: String
    var size: Int
    var isExecutable = false
  }

  var files: [File] = []
  var standardOutput: [UInt8] = []
  var standardError: [UInt8] = []
}

// MARK: - Writing

extension ActionResult {
  func encoded() -> [UInt8] {
    var message = MessageWriter()
    for file in files {
      var digest = MessageWriter()
      digest.add(1, Array(file.digest.utf8))
      digest.add(2, UInt64(file.size))
      var output = MessageWriter()
      output.add(1, Array(file.path.utf8))
      output.add(2, digest.bytes)
      output.add(4, file.isExecutable ? 1 : 0)
      message.add(2, output.bytes)
    }
    if !standardOutput.isEmpty { message.add(5, standardOutput) }
    if !standardError.isEmpty { message.add(7, standardError) }
    return message.bytes
  }
}

private struct MessageWriter {
  private(set) var bytes: [UInt8] = []

  /// Zero is what a field has that is not there.
  mutating func add(_ field: UInt64, _ value: UInt64) {
    guard value != 0 else { return }
    add(varint: field << 3 | WireType.varint.rawValue)
    add(varint: value)
  }

  mutating func add(_ field: UInt64, _ value: [UInt8]) {
    add(varint: field << 3 | WireType.bytes.rawValue)
    add(varint: UInt64(value.count))
    bytes += value
  }

  private mutating func add(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

private enum WireType: UInt64 {
  case varint = 0
  case fixed64 = 1
  case bytes = 2
  case fixed32 = 5
}

// MARK: - Reading

extension ActionResult {
  /// Nil where these bytes are no such message. Fields that are not known are passed over, as servers add some.
  init?(decoding bytes: [UInt8]) {
    var message = MessageReader(bytes[...])
    while let field = message.next() {
      switch field {
      case (2, .bytes(let bytes)):
        guard let file = File(decoding: bytes) else { return nil }
        files.append(file)
      case (5, .bytes(let bytes)): standardOutput = Array(bytes)
      case (7, .bytes(let bytes)): standardError = Array(bytes)
      // It failed: nobody stores that, and we would not want it.
      case (4, .number(let code)) where code != 0: return nil
      default: break
      }
    }
    guard message.isWhole else { return nil }
  }
}

extension ActionResult.File {
  fileprivate init?(decoding bytes: ArraySlice<UInt8>) {
    var (path, digest, size, isExecutable) = ("", "", 0, false)
    var message = MessageReader(bytes)
    while let field = message.next() {
      switch field {
      case (1, .bytes(let bytes)): path = String(decoding: bytes, as: UTF8.self)
      case (4, .number(let number)): isExecutable = number != 0
      case (2, .bytes(let bytes)):
        var message = MessageReader(bytes)
        while let field = message.next() {
          switch field {
          case (1, .bytes(let bytes)): digest = String(decoding: bytes, as: UTF8.self)
          case (2, .number(let number)):
            guard let number = Int(exactly: number) else { return nil }
            size = number
          default: break
          }
        }
        guard message.isWhole else { return nil }
      default: break
      }
    }
    // The digest becomes part of a URL.
    let isDigest =
      digest.utf8.count == 64
      && digest.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    guard message.isWhole, isDigest, !path.isEmpty else { return nil }
    self.init(path: path, digest: digest, size: size, isExecutable: isExecutable)
  }
}

private struct MessageReader {
  enum Value {
    case number(UInt64)
    case bytes(ArraySlice<UInt8>)
  }

  private var rest: ArraySlice<UInt8>
  private var isBroken = false

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// All of it was read.
  var isWhole: Bool { rest.isEmpty && !isBroken }

  /// Nil at the end, and where something is wrong.
  mutating func next() -> (field: UInt64, Value)? {
    guard !rest.isEmpty, !isBroken else { return nil }
    isBroken = true
    guard let tag = varint(), let type = WireType(rawValue: tag & 7), tag >> 3 != 0 else { return nil }
    let value: Value?
    switch type {
    case .varint: value = varint().map { .number($0) }
    case .fixed64: value = take(8).map { .bytes($0) }
    case .fixed32: value = take(4).map { .bytes($0) }
    case .bytes: value = varint().flatMap { take($0) }.map { .bytes($0) }
    }
    guard let value else { return nil }
    isBroken = false
    return (tag >> 3, value)
  }

  private mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = rest.popFirst() else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return shift == 63 && byte > 1 ? nil : value }
    }
    return nil
  }

  private mutating func take(_ count: UInt64) -> ArraySlice<UInt8>? {
    guard count <= UInt64(rest.count) else { return nil }
    defer { rest = rest.dropFirst(Int(count)) }
    return rest.prefix(Int(count))
  }
}
