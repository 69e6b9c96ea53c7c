import Support
import Testing

@testable import IR

@Suite struct PassTests {
  @Test(arguments: 1...12)
  func pipelineKeepsRandomModulesValid(seed: Int) throws {
    var random = RandomFunctions(seed: UInt64(seed))
    let original = random.module(functions: 6, size: 150)
    var serial = original
    var parallel = original
    try optimize(&serial, options: PassOptions(jobs: 1, verify: true))
    try optimize(&parallel, options: PassOptions(jobs: 4, verify: true))
    #expect(serial.description == parallel.description)
    // Running it again finds a valid module, too.
    try optimize(&serial, options: PassOptions(verify: true))
  }

  @Test func everyPassHasAName() {
    #expect(Set(Pass.allCases.map(\.rawValue)).count == Pass.allCases.count)
    for pass in Pass.allCases { #expect(!pass.doc.isEmpty) }
    #expect(Pass.pipeline(level: 0) == [.removeDeadEntities, .findThrows])
  }

  @Test func brokenInputIsReported() {
    var (module, _) = testModule([], [])
    #expect(throws: PassError.self) { try optimize(&module, options: PassOptions(verify: true)) }
  }

  @Test func rootsStay() throws {
    var random = RandomFunctions(seed: 3)
    var module = random.module(functions: 3, size: 10)
    module.exports = []
    var rootless = module
    try optimize(&rootless, options: PassOptions(verify: true))
    #expect(rootless.bodies.defined.isEmpty)
    try optimize(&module, options: PassOptions(roots: [FunctionID(2)], verify: true))
    #expect(module.bodies[FunctionID(2)] != nil)
  }

  /// Straight code, a chain of blocks and a nest of loops of 100,000 instructions.
  @Test func largeFunctions() throws {
    var (module, signature) = testModule([.i32], [.i32])
    module.exports = [Export(name: "f", function: FunctionID(0))]
    var b = FunctionBuilder(signature: signature, in: module)
    let variable = b.declareVariable(.i32)
    b.defVariable(variable, b.params(of: b.entryBlock)[0])
    for index in 0..<40_000 {
      b.defVariable(variable, b.binary(.iadd, .i32, b.useVariable(variable), b.i32Const(Int32(index))))
    }
    for _ in 0..<10_000 {
      let (then, join) = (b.createBlock(), b.createBlock())
      b.brif(b.useVariable(variable), then, join)
      b.seal(then)
      b.switchTo(then)
      b.defVariable(variable, b.i32Const(1))
      b.jump(join)
      b.seal(join)
      b.switchTo(join)
    }
    var headers: [Block] = []
    for _ in 0..<5_000 {
      let header = b.createBlock()
      b.jump(header)
      b.switchTo(header)
      headers.append(header)
    }
    for header in headers.reversed() {
      let after = b.createBlock()
      b.brif(b.useVariable(variable), header, after)
      b.seal(header)
      b.seal(after)
      b.switchTo(after)
    }
    b.emitReturn([b.useVariable(variable)])
    module.bodies[FunctionID(0)] = b.finalize()
    try optimize(&module, options: PassOptions(verify: false))
    #expect(verify(module) == [])
    let body = try #require(module.bodies[FunctionID(0)])
    #expect(body.blockOrder.count == 30_001)
  }

  /// Parameters that are found trivial one after the other, each because of the one before.
  @Test func chainOfTrivialParams() throws {
    let depth = 20_000
    var text = "signature sig0 = (i32) -> (i32)\nfunction f0 sig0 {\nblock0(v0: i32):\n  jump block1(v0)\n"
    for index in 1...depth {
      text +=
        "block\(index)(v\(index): i32):\n  brif v0, block\(index)(v\(index)), block\(index + 1)(v\(index))\n"
    }
    text += "block\(depth + 1)(v\(depth + 1): i32):\n  return v\(depth + 1)\n}\n"
    var module = try parseModule(text)
    try run([.removeTrivialParams], on: &module, options: PassOptions(verify: false))
    #expect(verify(module) == [])
    let body = try #require(module.bodies[FunctionID(0)])
    #expect(body.blockOrder.dropFirst().allSatisfy { body.blockParams[$0].isEmpty })
  }

  // MARK: - Evaluation

  @Test(
    arguments: [
      (Opcode.sdiv, Shape.i32, 7, 0, nil), (.sdiv, .i32, 0x8000_0000, 0xFFFF_FFFF, nil),
      (.srem, .i32, 0x8000_0000, 0xFFFF_FFFF, 0), (.urem, .i64, 5, 0, nil),
      (.sdiv, .i32, 0xFFFF_FFF9, 2, 0xFFFF_FFFD), (.udiv, .i32, 0xFFFF_FFF9, 2, 0x7FFF_FFFC),
      (.ishl, .i32, 1, 33, 2), (.sshr, .i32, 0x8000_0000, 31, 0xFFFF_FFFF), (.ushr, .i32, 0x8000_0000, 31, 1),
      (.rotl, .i32, 0x8000_0001, 1, 3), (.rotl, .i32, 5, 32, 5), (.rotr, .i64, 1, 1, 1 << 63),
      (.islt, .i32, 0xFFFF_FFFF, 0, 1), (.iult, .i32, 0xFFFF_FFFF, 0, 0),
      (.iadd, .i32, 0xFFFF_FFFF, 1, 0), (.imul, .i64, 1 << 63, 2, 0),
      // min and max of zeros, a NaN that appears, a copied sign
      (.fmin, .f32, 0x8000_0000, 0, 0x8000_0000), (.fmin, .f32, 0, 0x8000_0000, 0x8000_0000),
      (.fmax, .f32, 0x8000_0000, 0, 0), (.fmax, .f32, 0, 0x8000_0000, 0),
      (.fmin, .f32, 0x7FC0_0000, 0, nil), (.fdiv, .f32, 0, 0, nil),
      (.fdiv, .f32, 0x3F80_0000, 0, 0x7F80_0000),
      (.fcopysign, .f32, 0x7FA0_0000, 0x8000_0000, 0xFFA0_0000), (.feq, .f32, 0x7FC0_0000, 0x7FC0_0000, 0),
      (.fne, .f64, 0x7FF8_0000_0000_0000, 0, 1),
    ] as [(Opcode, Shape, UInt64, UInt64, UInt64?)])
  func binary(opcode: Opcode, shape: Shape, a: UInt64, b: UInt64, expected: UInt64?) {
    #expect(evaluateBinary(opcode, shape, a, b) == expected)
  }

  @Test(
    arguments: [
      (Opcode.clz, Shape.i32, Type.i32, 0, 32), (.ctz, .i64, .i64, 0, 64), (.popcnt, .i32, .i32, 0xF0F0, 8),
      (.extend8S, .i32, .i32, 0x80, 0xFFFF_FF80),
      (.extend32S, .i64, .i64, 0x8000_0000, 0xFFFF_FFFF_8000_0000),
      (.wrap, .i32, .i64, 0x1_0000_0002, 2), (.sextend, .i64, .i32, 0x8000_0000, 0xFFFF_FFFF_8000_0000),
      (.fneg, .f32, .f32, 0x7FA0_0001, 0xFFA0_0001), (.fsqrt, .f32, .f32, 0xBF80_0000, nil),
      (.fnearest, .f64, .f64, 0x4004_0000_0000_0000, 0x4000_0000_0000_0000),
      // 2147483648.0: one too many for an i32; NaN
      (.truncS, .i32, .f64, 0x41E0_0000_0000_0000, nil),
      (.truncU, .i32, .f64, 0x41E0_0000_0000_0000, 0x8000_0000),
      (.truncS, .i32, .f32, 0x7FC0_0000, nil), (.truncSatS, .i32, .f32, 0x7FC0_0000, 0),
      (.truncS, .i32, .f64, 0xC1E0_0000_0010_0000, 0x8000_0000),
      (.truncU, .i32, .f32, 0xBF00_0000, 0), (.truncSatU, .i64, .f64, 0x7FF0_0000_0000_0000, .max),
      (.truncSatS, .i64, .f64, 0xFFF0_0000_0000_0000, 1 << 63),
      (.truncS, .i64, .f64, 0x43E0_0000_0000_0000, nil),
      (.convertU, .f32, .i64, .max, 0x5F80_0000), (.convertS, .f32, .i32, 0xFFFF_FFFF, 0xBF80_0000),
      (.convertU, .f64, .i32, 0xFFFF_FFFF, 0x41EF_FFFF_FFE0_0000),
      (.demote, .f32, .f64, 0x7FF8_0000_0000_0000, nil),
      (.promote, .f64, .f32, 0x3F80_0000, 0x3FF0_0000_0000_0000),
      (.reinterpret, .i32, .f32, 0x7FA0_0000, 0x7FA0_0000),
    ] as [(Opcode, Shape, Type, UInt64, UInt64?)])
  func unary(opcode: Opcode, shape: Shape, operand: Type, a: UInt64, expected: UInt64?) {
    #expect(evaluateUnary(opcode, shape, a, operand: operand) == expected)
  }
}
