import IR
import Testing
import WasmModule

@testable import Translate

/// Exceptions nested and repeated beyond all reason take time in proportion to their bytes.
@Suite struct HostileExceptionTests {
  private func translate(_ body: [UInt8]) throws -> IR.Module {
    var wasm = WasmBytes()
    wasm.types([(params: [], results: [])])
    wasm.functions([0])
    wasm.tags([0])
    wasm.code([([], body)])
    let module = try decodeAndValidate(ModuleBytes(wasm.bytes))
    let result = try Translate.translate(module, options: TranslationOptions())
    #expect(verify(result).isEmpty)
    return result
  }

  private func repeated(_ bytes: [UInt8], _ count: Int) -> [UInt8] {
    [[UInt8]](repeating: bytes, count: count).flatMap(\.self)
  }

  /// `try_table` in `try_table`, with a call inside, and a throw that nothing on the way catches.
  @Test func deepTryTables() throws {
    let depth = 20_000
    // try_table, no clauses; with a clause of a tag and the label 0
    for clauses: [UInt8] in [[0], [1, 0x00, 0x00, 0x00]] {
      let open = repeated([0x1F, 0x40] + clauses, depth)
      _ = try translate(open + [0x10, 0] + repeated([0x0B], depth))
      _ = try translate(open + repeated([0x02, 0x40, 0x08, 0, 0x0B], 1000) + repeated([0x0B], depth))
    }
  }

  /// `try` in `try` that all delegate to the outermost, and in `catch_all` of `catch_all`.
  @Test func deepLegacyTries() throws {
    let depth = 20_000
    var delegates: [UInt8] = []
    for level in stride(from: depth - 1, through: 0, by: -1) { delegates += [0x18] + leb(max(level - 1, 0)) }
    _ = try translate(repeated([0x06, 0x40], depth) + [0x10, 0] + delegates)
    _ = try translate(
      repeated([0x06, 0x40, 0x10, 0, 0x19], depth) + [0x10, 0] + repeated([0x0B], depth))
    // rethrow of the outermost
    _ = try translate(
      repeated([0x06, 0x40, 0x10, 0, 0x19], depth) + [0x09] + leb(depth - 1) + repeated([0x0B], depth))
  }

  /// A hundred thousand clauses, in one `try_table` and in one `try`.
  @Test func manyClauses() throws {
    let count = 100_000
    let result = try translate(
      [0x02, 0x40, 0x1F, 0x40] + leb(count) + repeated([0x00, 0x00, 0x00], count) + [0x10, 0, 0x0B, 0x0B])
    #expect(result.bodies[FunctionID(0)]!.blockOrder.count >= count)
    _ = try translate([0x06, 0x40, 0x10, 0] + repeated([0x07, 0], count) + [0x0B])
  }

  @Test func countsThatLie() {
    for count: [UInt8] in [[0x7F], [0xFF, 0xFF, 0xFF, 0xFF, 0x0F]] {
      var wasm = WasmBytes()
      wasm.types([(params: [], results: [])])
      wasm.functions([0])
      wasm.code([([], [0x1F, 0x40] + count + [0x02, 0x00, 0x0B])])
      #expect { try decodeAndValidate(ModuleBytes(wasm.bytes)) } throws: {
        ($0 as? WasmError)?.kind == .malformed
      }
    }
  }

  private func leb(_ value: Int) -> [UInt8] { WasmBytes.leb(UInt32(value)) }
}
