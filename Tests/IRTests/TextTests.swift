import IR
import Support
import TestSupport
import Testing

@Suite struct TextTests {
  @Test(arguments: 1...40)
  func randomModulesRoundTrip(seed: Int) throws {
    var random = RandomFunctions(seed: UInt64(seed))
    let module = random.module(functions: 3, size: 120)
    #expect(verify(module) == [])
    let text = module.description
    let parsed = try parseModule(text)
    #expect(verify(parsed) == [])
    #expect(parsed.description == text)
  }

  /// The example of docs/ir.md is what it says.
  @Test func documentedExample() throws {
    let page = String(
      decoding: try TestSupport.read(TestSupport.packageRoot.appending("docs/ir.md")), as: UTF8.self)
    let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex(of: "```"))
    let end = try #require(lines[(start + 1)...].firstIndex(of: "```"))
    let text = lines[(start + 1)..<end].joined(separator: "\n")
    let module = try parseModule(text)
    #expect(verify(module) == [])
    expectText(module.description, text.split(separator: "\n").dropFirst().joined(separator: "\n"))
  }

  /// Every way in which text can be wrong is an error at a place.
  @Test(arguments: [
    ("nonsense", "1:1: expected a declaration"),
    ("signature sig1 = () -> ()", "1:11: expected sig0"),
    ("signature sig0 = (i31) -> ()", "1:19: expected a type"),
    ("signature sig0 = (i32 i32) -> ()", "1:23: expected ','"),
    ("memory mem0 = 1 2", "1:17: expected '..'"),
    ("memory mem0 = 1.. page=3", "1:24: not a power of two"),
    ("memory mem0 = 99999999999999999999..", "1:15: not a 64-bit number"),
    ("data data0 = \"ab", "1:14: string without end"),
    ("data data0 = \"a\\zz\"", "1:14: escape without two hexadecimal digits"),
    ("data data0 = \"a\\", "1:14: string without end"),
    ("global g0 = i32 5000000000", "1:17: not a 32-bit number"),
    ("global g0 = v128 0x12", "1:18: expected 0x and 32 hexadecimal digits"),
    ("export \"x\" = 5", "1:14: expected f and a number"),
    ("instantiation_trap nothing", "1:20: expected a trap"),
    ("function f0 sig0 = removed", "1:18: the function's signature is not declared above"),
    ("function f4294967295 sig0", "1:10: expected f0"),
  ])
  func declarationErrors(text: String, expected: String) {
    expectError(text, expected)
  }

  @Test(arguments: [
    ("return v0", "3:12: v0 is not defined"),
    ("v0 = iconst.i32", "4:1: expected a number"),
    ("v0 = iconst.f32 1", "3:10: iconst has no shape f32"),
    ("v0 = wonder.i32 1", "3:10: no operator 'wonder'"),
    ("v0 = iadd.i33 v1, v2", "3:10: no shape 'i33'"),
    ("v0 = iadd.i32 v1", "4:1: expected ','"),
    ("iconst.i32 1", "3:5: 1 results expected"),
    ("v0 = trap unreachable", "3:5: 0 results expected"),
    ("v0 = iconst.i32 1\nv0 = iconst.i32 1", "4:1: v0 is defined twice"),
    ("v16777216 = iconst.i32 1", "3:5: v number is too large"),
    ("jump block7", "3:10: block7 is not defined"),
    ("block0:", "3:5: block0 is there twice"),
    ("trap sometimes", "3:10: expected a trap"),
    ("call f9()", "3:5: f9 is not declared"),
    ("call_indirect sig9 table0 v0()", "3:5: sig9 is not declared"),
    ("@zz trap unreachable", "3:6: expected a hexadecimal offset"),
    ("store.i32 v0, v1, mem0 align=3", "3:34: not a power of two"),
    ("trap unreachable flags=256", "3:28: number above 255"),
  ])
  func bodyErrors(line: String, expected: String) {
    expectError("signature sig0 = () -> ()\nfunction f0 sig0 { block0:\n    \(line)\n}", expected)
  }

  @Test func unfinishedBody() {
    expectError("signature sig0 = () -> ()\nfunction f0 sig0 { block0: trap", "2:32: function without '}'")
  }

  private func expectError(_ text: String, _ expected: String) {
    do {
      _ = try parseModule(text)
      Issue.record("no error")
    } catch {
      #expect(error.description == expected)
    }
  }

  /// Text cut anywhere is an error or a module, never a crash.
  @Test func truncatedText() throws {
    var random = RandomFunctions(seed: 99)
    let bytes = Array(random.module(functions: 2, size: 30).description.utf8)
    var failures = 0
    for count in stride(from: 0, to: bytes.count, by: 7) {
      do {
        _ = try parseModule(String(decoding: bytes[..<count], as: UTF8.self))
      } catch {
        failures += 1
      }
    }
    #expect(failures > 0)
  }

  /// Text with bytes changed may parse; the verifier then says whether it is right, and passes run on what is.
  @Test func mutatedText() throws {
    var random = RandomFunctions(seed: 7)
    let original = Array(random.module(functions: 2, size: 40).description.utf8)
    var valid = 0
    for _ in 0..<400 {
      var bytes = original
      for _ in 0..<2 {
        let position = Int.random(in: 0..<bytes.count, using: &random.generator)
        bytes[position] = Array("0123456789vi32,() ".utf8).randomElement(using: &random.generator)!
      }
      guard var module = try? parseModule(String(decoding: bytes, as: UTF8.self)) else { continue }
      if !verify(module).isEmpty { continue }
      valid += 1
      try optimize(&module, options: PassOptions(verify: true))
    }
    #expect(valid > 0)
  }

  @Test func floatsAreBitExact() throws {
    let patterns: [UInt32] = [0, 0x8000_0000, 1, 0x7F80_0000, 0xFFC0_0001, 0x7FA0_0000]
    for bits in patterns {
      var (module, signature) = testModule([], [.f32])
      var builder = FunctionBuilder(signature: signature, in: module)
      builder.emitReturn([builder.f32Const(bits: bits)])
      module.bodies[FunctionID(0)] = builder.finalize()
      let body = try #require(try parseModule(module.description).bodies[FunctionID(0)])
      #expect(body.insts[body.blockInsts[Block(0)][0]].constantBits == UInt64(bits))
    }
  }
}
