@testable import WasmModule

/// Writes modules of the binary format by hand, right and wrong ones.
struct ModuleWriter {
  var bytes: [UInt8] = [0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00]

  static func u32(_ value: Int) -> [UInt8] {
    var rest = value
    var bytes: [UInt8] = []
    repeat {
      let low = UInt8(rest & 0x7F)
      rest >>= 7
      bytes.append(rest == 0 ? low : low | 0x80)
    } while rest != 0
    return bytes
  }

  static func name(_ text: String) -> [UInt8] { u32(text.utf8.count) + Array(text.utf8) }

  static func vector(_ elements: [[UInt8]]) -> [UInt8] { u32(elements.count) + elements.flatMap(\.self) }

  mutating func section(_ id: SectionID, _ contents: [UInt8]) {
    bytes += [id.rawValue] + Self.u32(contents.count) + contents
  }

  /// A module of functions of type `[] -> []`, or of another one, with these bodies (locals and code).
  static func functions(_ bodies: [[UInt8]], type: [UInt8] = [0x60, 0, 0]) -> [UInt8] {
    var writer = ModuleWriter()
    writer.section(.type, vector([type]))
    writer.section(.function, vector(bodies.map { _ in [0] }))
    writer.section(.code, vector(bodies.map { u32($0.count) + $0 }))
    return writer.bytes
  }
}

/// The error of a module; nil if it is valid.
func wasmError(_ bytes: [UInt8], jobs: Int = 1) -> WasmError? {
  do throws(WasmError) {
    _ = try decodeAndValidate(ModuleBytes(bytes), jobs: jobs)
    return nil
  } catch {
    return error
  }
}
