import IR
import Testing
import WasmModule

@testable import Translate

/// What validation accepts and translation does not is an error that says where, never a crash.
@Suite struct UnsupportedTests {
  /// With one that is off by default.
  private static let features = Features.supported.union(.wideArithmetic)

  @Test(arguments: [1, 4]) func theFirstUnsupportedOperatorIsNamed(jobs: Int) throws {
    var wasm = WasmBytes()
    wasm.types([(params: [], results: [])])
    wasm.functions([0, 0, 0])
    // i64.const 0, four times; i64.add128; drop; drop
    let add: [UInt8] = [0x42, 0, 0x42, 0, 0x42, 0, 0x42, 0, 0xFC, 0x13, 0x1A, 0x1A]
    wasm.code([([], [0x01]), ([], add), ([], [0x01] + add)])
    let module = try decodeAndValidate(ModuleBytes(wasm.bytes), features: Self.features)
    let error = #expect(throws: TranslationError.self) {
      try translate(module, options: TranslationOptions(jobs: jobs))
    }
    // Behind the number of groups of locals and the constants.
    let offset = module.functions[FuncIdx(1)].body.start + 9
    #expect(
      error
        == .unsupported(
          "operator i64.add128 is", TranslationError.Location(function: FuncIdx(1), offset: offset)))
    #expect(
      error?.description
        == "operator i64.add128 is not supported yet in function 1 at offset 0x\(String(offset, radix: 16))"
    )
  }

  /// Behind an unconditional branch it does not matter.
  @Test func unreachableOperatorsAreSkipped() throws {
    var wasm = WasmBytes()
    wasm.types([(params: [], results: [])])
    wasm.functions([0])
    wasm.code([([], [0x00, 0xFC, 0x13, 0x1A, 0x1A])])
    let module = try decodeAndValidate(ModuleBytes(wasm.bytes), features: Self.features)
    #expect(verify(try translate(module, options: TranslationOptions())).isEmpty)
  }
}
