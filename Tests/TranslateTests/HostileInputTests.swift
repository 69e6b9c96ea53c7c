import IR
import Support
import Testing
import WasmModule

@testable import Translate

/// Sizes at the limits that validation allows: time and memory must stay in proportion to the bytes.
@Suite struct HostileInputTests {
  private typealias W = WasmBytes

  private func translate(_ wasm: WasmBytes, jobs: Int = 1) throws -> IR.Module {
    let module = try decodeAndValidate(ModuleBytes(wasm.bytes))
    let result = try Translate.translate(module, options: TranslationOptions(jobs: jobs))
    let errors = verify(result)
    #expect(errors.isEmpty, "\(errors.prefix(5))")
    return result
  }

  private func function(_ code: [UInt8], locals: [(UInt32, UInt8)] = []) throws -> IR.Function {
    var wasm = WasmBytes()
    wasm.types([(params: [W.i32], results: [])])
    wasm.functions([0])
    wasm.code([(locals, code)])
    return try #require(try translate(wasm).bodies[FunctionID(0)])
  }

  private static let depth = 10_000

  @Test(arguments: [UInt8(0x02), 0x03]) func deepBlocksAndLoops(opcode: UInt8) throws {
    var code: [UInt8] = []
    for _ in 0..<Self.depth { code += [opcode, 0x40] }
    code += [0x20, 0, 0x0D] + W.leb(UInt32(Self.depth - 1))  // br_if to the outermost
    code += [UInt8](repeating: 0x0B, count: Self.depth)
    let function = try function(code)
    #expect(function.blockOrder.count <= Self.depth + 3)
  }

  @Test func deepIfs() throws {
    var code: [UInt8] = []
    for _ in 0..<Self.depth { code += [0x20, 0, 0x04, 0x40] }
    for _ in 0..<Self.depth { code += [0x05, 0x0B] }
    _ = try function(code)
  }

  @Test func deepBlocksInUnreachableCode() throws {
    var code: [UInt8] = [0x00]
    for _ in 0..<Self.depth { code += [0x02, 0x40] }
    code += [UInt8](repeating: 0x0B, count: Self.depth)
    #expect(try function(code).blockOrder.count == 1)
  }

  @Test func tableOfBranchesToEveryFrame() throws {
    var code: [UInt8] = []
    for _ in 0..<Self.depth { code += [0x02, 0x40] }
    code += [0x20, 0, 0x0E] + W.leb(UInt32(Self.depth))
    for label in 0...Self.depth { code += W.leb(UInt32(label)) }
    code += [UInt8](repeating: 0x0B, count: Self.depth)
    let function = try function(code)
    #expect(function.blockCalls.count >= Self.depth)
    #expect(function.blockCalls.count <= 2 * Self.depth + 2)
  }

  @Test func tableOfAMillionBranches() throws {
    let count = 1_000_000
    var code: [UInt8] = [0x02, 0x40, 0x20, 0, 0x0E] + W.leb(UInt32(count))
    for label in 0...count { code.append(UInt8(label & 1)) }
    code.append(0x0B)
    let function = try function(code)
    #expect(function.jumpTables.values.map(\.count) == [count + 1])
    #expect(function.blockCalls.count <= 3)
  }

  @Test func emptyLoopsInARow() throws {
    var code: [UInt8] = []
    for _ in 0..<20_000 { code += [0x03, 0x40, 0x0B] }
    _ = try function(code)
  }

  @Test func unusedLocalsMakeNoConstants() throws {
    let function = try function([], locals: [(49_999, W.i64)])
    #expect(function.insts.count == 1)
  }

  @Test func everyLocalUsedOnceInALoop() throws {
    var code: [UInt8] = [0x03, 0x40]
    for local in 1..<50_000 { code += [0x20] + W.leb(UInt32(local)) + [0x1A] }
    code += [0x20, 0, 0x0D, 0, 0x0B]
    _ = try function(code, locals: [(49_999, W.i64)])
  }

  @Test func everyLocalSetOnceBetweenBranches() throws {
    var code: [UInt8] = []
    for local in 1..<15_000 {
      code += [0x20, 0, 0x04, 0x40] + W.i32Const(1) + [0x21] + W.leb(UInt32(local)) + [0x0B]
    }
    for local in 1..<15_000 { code += [0x20] + W.leb(UInt32(local)) + [0x1A] }
    _ = try function(code, locals: [(15_000, W.i32)])
  }

  // MARK: - Budget

  /// Translates the only function of a module with a budget of 100,000 values.
  private func translateWithSmallBudget(_ wasm: WasmBytes) throws -> IR.Function {
    let module = try decodeAndValidate(ModuleBytes(wasm.bytes))
    let translator = try ModuleTranslator(module, options: TranslationOptions())
    var body = FunctionTranslator(
      FuncIdx(0), context: translator.context, module: translator.result,
      budget: TranslationBudget(limit: 100_000))
    return try body.translate()
  }

  /// Each `br_if` copies a thousand values: 5 bytes for 4 kB.
  @Test(arguments: [(branches: 50, isTooLarge: false), (branches: 200, isTooLarge: true)])
  func branchesWithManyValuesAreBounded(branches: Int, isTooLarge: Bool) throws {
    let wide = [UInt8](repeating: W.i32, count: 1000)
    var wasm = WasmBytes()
    wasm.types([(params: [], results: []), (params: [], results: wide)])
    wasm.functions([0])
    var code: [UInt8] = [0x02, 0x01]
    for _ in 0..<1000 { code += W.i32Const(0) }
    for _ in 0..<branches { code += W.i32Const(0) + [0x0D, 0] }
    code += [0x0B] + [UInt8](repeating: 0x1A, count: 1000)
    wasm.code([([], code)])
    try expect(wasm, isTooLarge: isTooLarge)
  }

  /// Each loop needs each local as a parameter.
  @Test(arguments: [(loops: 20, isTooLarge: false), (loops: 100, isTooLarge: true)])
  func localsThroughNestedLoopsAreBounded(loops: Int, isTooLarge: Bool) throws {
    var code: [UInt8] = []
    for _ in 0..<loops { code += [0x03, 0x40] }
    for local in 1...2000 {
      let index = W.leb(UInt32(local))
      code += [0x20] + index + W.i32Const(1) + [0x6A, 0x21] + index
    }
    for _ in 0..<loops { code += [0x20, 0, 0x0D, 0, 0x0B] }
    var wasm = WasmBytes()
    wasm.types([(params: [W.i32], results: [])])
    wasm.functions([0])
    wasm.code([([(2000, W.i32)], code)])
    try expect(wasm, isTooLarge: isTooLarge)
  }

  private func expect(_ wasm: WasmBytes, isTooLarge: Bool) throws {
    do {
      _ = try translateWithSmallBudget(wasm)
      #expect(!isTooLarge)
    } catch TranslationError.tooLarge {
      #expect(isTooLarge)
    }
  }

  // MARK: - Module level

  @Test func largeEmptyTablesAreNotMaterialised() throws {
    var wasm = WasmBytes()
    wasm.tables(Array(repeating: 10_000_000, count: 100))
    let module = try translate(wasm)
    #expect(module.tables.values.allSatisfy { $0.minimum == 10_000_000 && $0.initial.isEmpty })
  }

  /// A program's tables are part of its file; in the embedded model whoever makes an instance refuses them.
  @Test func tablesBeyondTheLimitAreNoPrograms() throws {
    var wasm = WasmBytes()
    wasm.tables([10_000_001])
    let module = try decodeAndValidate(ModuleBytes(wasm.bytes))
    #expect {
      try Translate.translate(module, options: TranslationOptions())
    } throws: { error in
      if case .tooLarge = error as? TranslationError { true } else { false }
    }
    var options = TranslationOptions()
    options.model = .embedded
    #expect(throws: Never.self) { try Translate.translate(module, options: options) }
  }

  @Test func oneEntryAtTheEndOfManyLargeTablesIsBounded() throws {
    var wasm = WasmBytes()
    wasm.types([(params: [], results: [])])
    wasm.functions([0])
    wasm.tables(Array(repeating: 10_000_000, count: 100))
    wasm.section(
      9,
      W.items((0..<100).map { [2] + W.leb($0) + W.i32Const(9_999_999) + [0x0B, 0, 1, 0] }))
    wasm.code([([], [])])
    let module = try decodeAndValidate(ModuleBytes(wasm.bytes))
    #expect {
      try Translate.translate(module, options: TranslationOptions())
    } throws: { error in
      if case .tooLarge = error as? TranslationError { true } else { false }
    }
  }

  @Test func segmentAtTheEndOfTheLargestMemory() throws {
    var wasm = WasmBytes()
    wasm.memory(65_536)
    wasm.section(11, [1, 0] + W.i32Const(-8) + [0x0B] + W.vector([1, 2, 3, 4, 5, 6, 7, 8]))
    let module = try translate(wasm)
    #expect(
      module.memories.values[0].image == [
        ImageChunk(offset: 0xFFFF_FFF8, bytes: [1, 2, 3, 4, 5, 6, 7, 8])
      ])
    #expect(module.instantiationTrap == nil)
  }

  /// Address and length wrap around in 32 bits.
  @Test func segmentPastTheEndOfTheLargestMemoryTraps() throws {
    var wasm = WasmBytes()
    wasm.memory(65_536)
    wasm.section(11, [1, 0] + W.i32Const(-7) + [0x0B] + W.vector([1, 2, 3, 4, 5, 6, 7, 8]))
    let module = try translate(wasm)
    #expect(module.memories.values[0].image.isEmpty)
    #expect(module.instantiationTrap == .memoryOutOfBounds)
  }
}
