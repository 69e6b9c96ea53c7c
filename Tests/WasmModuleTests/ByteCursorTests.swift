import Testing

@testable import WasmModule

@Suite struct ByteCursorTests {
  /// Reads from bytes with and without others behind them: near the end the reader takes another path.
  private func read<T: Equatable>(
    _ bytes: [UInt8], _ body: (inout ByteCursor) throws(WasmError) -> T
  ) -> Result<T, WasmError> {
    var results: [Result<T, WasmError>] = []
    for behind in [0, 1, 16] {
      let module = ModuleBytes(bytes + [UInt8](repeating: 0xFF, count: behind))
      var cursor = ByteCursor(module.buffer, range: ByteRange(start: 0, end: module.count))
      do throws(WasmError) {
        results.append(.success(try body(&cursor)))
        #expect(cursor.position == bytes.count)
      } catch {
        results.append(.failure(error))
      }
    }
    let first = results[0]
    for result in results.dropFirst() {
      switch (first, result) {
      case (.success(let a), .success(let b)): #expect(a == b)
      case (.failure, .failure): break
      default: Issue.record("\(bytes): \(results)")
      }
    }
    return first
  }

  private func message<T>(_ result: Result<T, WasmError>) -> String? {
    if case .failure(let error) = result { error.message } else { nil }
  }

  static func signed(_ value: Int64) -> [UInt8] {
    var rest = value
    var bytes: [UInt8] = []
    while true {
      let low = UInt8(truncatingIfNeeded: rest & 0x7F)
      rest >>= 7
      if (rest == 0 && low & 0x40 == 0) || (rest == -1 && low & 0x40 != 0) { return bytes + [low] }
      bytes.append(low | 0x80)
    }
  }

  @Test func unsigned() throws {
    for shift in 0..<32 {
      for delta in [-1, 0, 1] {
        let value = max(0, min((1 << shift) + delta, 0xFFFF_FFFF))
        var bytes = ModuleWriter.u32(value)
        #expect(try read(bytes) { c throws(WasmError) in try c.u32() }.get() == UInt32(value))
        #expect(try read(bytes) { c throws(WasmError) in try c.u64() }.get() == UInt64(value))
        // Padded to five bytes, as linkers write them.
        while bytes.count < 5 {
          bytes[bytes.count - 1] |= 0x80
          bytes.append(0)
        }
        #expect(try read(bytes) { c throws(WasmError) in try c.u32() }.get() == UInt32(value))
      }
    }
  }

  @Test func signed() throws {
    for shift in 0..<63 {
      for value in [(1 << shift) - 1, 1 << shift, -(1 << shift), -(1 << shift) - 1] as [Int64] {
        let bytes = Self.signed(value)
        #expect(try read(bytes) { c throws(WasmError) in try c.s64() }.get() == value)
        let narrow = read(bytes) { c throws(WasmError) in try c.s32() }
        if let expected = Int32(exactly: value) {
          #expect(try narrow.get() == expected)
        } else {
          #expect(message(narrow) != nil)
        }
      }
    }
    #expect(try read(Self.signed(.min)) { c throws(WasmError) in try c.s64() }.get() == .min)
  }

  @Test func tooLong() {
    let six: [UInt8] = [0x80, 0x80, 0x80, 0x80, 0x80, 0x00]
    #expect(message(read(six) { c throws(WasmError) in try c.u32() }) == "integer representation too long")
    #expect(message(read(six) { c throws(WasmError) in try c.s32() }) == "integer representation too long")
  }

  @Test func tooLarge() {
    for last: UInt8 in [0x10, 0x40, 0x7F] {
      let bytes = [0x80, 0x80, 0x80, 0x80, last]
      #expect(message(read(bytes) { c throws(WasmError) in try c.u32() }) == "integer too large")
    }
    for last: UInt8 in [0x08, 0x0F, 0x70, 0x77] {
      let bytes = [0x80, 0x80, 0x80, 0x80, last]
      #expect(message(read(bytes) { c throws(WasmError) in try c.s32() }) == "integer too large")
    }
  }

  @Test func cutOff() {
    for bytes: [UInt8] in [[], [0x80], [0x80, 0x80, 0x80, 0x80]] {
      let module = ModuleBytes(bytes)
      var cursor = ByteCursor(module.buffer, range: ByteRange(start: 0, end: bytes.count))
      #expect(throws: WasmError.self) { try cursor.u32() }
    }
  }

  @Test func utf8() {
    func check(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { isUTF8($0) } }
    for text in ["", "plain", "é", "€", "\u{10FFFF}", "\u{D7FF}\u{E000}", "a\u{0}b"] {
      #expect(check(Array(text.utf8)), "\(text)")
    }
    for bytes: [UInt8] in [
      [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80], [0xE2, 0x82],
      [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
      [0x41, 0xE2, 0x41, 0x41],
    ] {
      #expect(!check(bytes), "\(bytes)")
    }
  }
}
