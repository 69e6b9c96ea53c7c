/// Writes the binary format: for modules that are too large, or too odd, for a text file.
struct WasmBytes {
  private(set) var bytes: [UInt8] = [0, 0x61, 0x73, 0x6D, 1, 0, 0, 0]

  static let i32: UInt8 = 0x7F
  static let i64: UInt8 = 0x7E

  /// Sections must come in order.
  mutating func section(_ id: UInt8, _ contents: [UInt8]) {
    bytes.append(id)
    bytes += Self.vector(contents)
  }

  mutating func types(_ types: [(params: [UInt8], results: [UInt8])]) {
    section(1, Self.items(types.map { [0x60] + Self.vector($0.params) + Self.vector($0.results) }))
  }

  /// One type index a function, which is also its body's.
  mutating func functions(_ types: [UInt32]) { section(3, Self.items(types.map(Self.leb))) }

  /// Minimum sizes of funcref tables.
  mutating func tables(_ minimums: [UInt32]) {
    section(4, Self.items(minimums.map { [0x70, 0] + Self.leb($0) }))
  }

  /// Minimum size of the only memory.
  mutating func memory(_ minimum: UInt32) { section(5, [1, 0] + Self.leb(minimum)) }

  /// One type index a tag.
  mutating func tags(_ types: [UInt32]) { section(13, Self.items(types.map { [0] + Self.leb($0) })) }

  /// Bodies without their `end`; locals are groups of a number and a type.
  mutating func code(_ bodies: [(locals: [(UInt32, UInt8)], code: [UInt8])]) {
    section(
      10,
      Self.items(
        bodies.map { body in
          Self.vector(Self.items(body.locals.map { Self.leb($0.0) + [$0.1] }) + body.code + [0x0B])
        }))
  }

  // MARK: - Encodings

  static func leb(_ value: UInt32) -> [UInt8] {
    var value = value
    var bytes: [UInt8] = []
    repeat {
      bytes.append(UInt8(value & 0x7F) | (value > 0x7F ? 0x80 : 0))
      value >>= 7
    } while value != 0
    return bytes
  }

  /// `i32.const`
  static func i32Const(_ value: Int32) -> [UInt8] {
    var value = value
    var bytes: [UInt8] = [0x41]
    while true {
      let low = UInt8(truncatingIfNeeded: value & 0x7F)
      value >>= 7
      if (value == 0 && low & 0x40 == 0) || (value == -1 && low & 0x40 != 0) { return bytes + [low] }
      bytes.append(low | 0x80)
    }
  }

  /// A vector of bytes, or anything preceded by its size.
  static func vector(_ bytes: [UInt8]) -> [UInt8] { leb(UInt32(bytes.count)) + bytes }

  static func items(_ items: [[UInt8]]) -> [UInt8] {
    var bytes = leb(UInt32(items.count))
    for item in items { bytes += item }
    return bytes
  }
}
