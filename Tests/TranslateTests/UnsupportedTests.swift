import IR
import Testing
import WasmModule

@testable import Translate

/// Operators without operands, as unreachable code may have them.
@Suite struct UnreachableOperatorTests {
  /// Behind an unconditional branch it does not matter.
  @Test func unreachableOperatorsAreSkipped() throws {
    var wasm = WasmBytes()
    wasm.types([(params: [], results: [])])
    wasm.functions([0])
    wasm.code([([], [0x00, 0xFC, 0x13, 0x1A, 0x1A])])
    let module = try decodeAndValidate(ModuleBytes(wasm.bytes))
    #expect(verify(try translate(module, options: TranslationOptions())).isEmpty)
  }
}
