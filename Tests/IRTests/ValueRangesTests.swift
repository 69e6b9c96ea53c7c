import Support
import TestSupport
import Testing

@testable import IR

@Suite struct ValueRangesTests {
  /// The ranges of some values of a function in the text form.
  private func ranges(_ names: [UInt32], _ body: String) throws -> [NumberRange] {
    let module = try parseModule(
      """
      signature sig0 = (i32, i64) -> (i32)
      memory mem0 = 1..
      export "f" = f0
      function f0 sig0 {
      \(body)
      }
      """)
    try #require(verify(module) == [])
    var ranges = ValueRanges(module.bodies[FunctionID(0)]!)
    return names.map { ranges.range(of: Value(rawValue: $0)) }
  }

  @Test func operators() throws {
    let found = try ranges(
      Array(3...15),
      """
      block0(v0: i32, v1: i64):
        v2 = iconst.i32 255
        v3 = band.i32 v0, v2
        v4 = iconst.i32 2
        v5 = ishl.i32 v3, v4
        v6 = iconst.i32 1000
        v7 = iadd.i32 v5, v6
        v8 = isub.i32 v5, v6
        v9 = ushr.i32 v0, v4
        v10 = load16_u.i32 v0, mem0
        v11 = isub.i32 v7, v3
        v12 = urem.i32 v0, v6
        v13 = ieqz.i32 v0
        v14 = bor.i32 v7, v2
        v15 = uextend.i64 v0
        v16 = iadd.i32 v0, v2
        return v16
      """)
    #expect(
      found == [
        NumberRange(0, 255), NumberRange(2), NumberRange(0, 1020), NumberRange(1000),
        NumberRange(1000, 2020),
        // Some wrap, some do not.
        NumberRange(0, 0xFFFF_FFFF),
        NumberRange(0, 0x3FFF_FFFF), NumberRange(0, 0xFFFF),
        NumberRange(745, 2020), NumberRange(0, 999), NumberRange(0, 1), NumberRange(1000, 2047),
        NumberRange(0, 0xFFFF_FFFF),
      ])
  }

  @Test func countersOfNestedLoops() throws {
    // A pointer beside the counter that ends the loop, and a counter that goes up to zero.
    let found = try ranges(
      [3, 4, 5, 9, 10],
      """
      block0(v0: i32, v1: i64):
        v2 = iconst.i32 0
        v17 = iconst.i32 3664
        jump block1(v2, v17)
      block1(v3: i32, v4: i32):
        v18 = iconst.i32 -64
        jump block2(v18)
      block2(v5: i32):
        v8 = iconst.i32 4
        v9 = iadd.i32 v5, v8
        v10 = iadd.i32 v4, v5
        brif v9, block2(v9), block3
      block3:
        v11 = iconst.i32 1
        v12 = iadd.i32 v3, v11
        v13 = iconst.i32 16
        v14 = iadd.i32 v4, v13
        v15 = iconst.i32 10
        v16 = iult.i32 v12, v15
        brif v16, block1(v12, v14), block4
      block4:
        return v3
      """)
    #expect(
      found == [
        NumberRange(0, 9), NumberRange(3664, 3664 + 9 * 16), NumberRange(0xFFFF_FFC0, 0xFFFF_FFFC),
        // With the last, which is zero, it is nothing that has a range.
        NumberRange(0, 0xFFFF_FFFF), NumberRange(3600, 3664 + 9 * 16 - 4),
      ])
  }

  /// Where a test is passed by, or not come to in each turn, it says nothing.
  @Test(arguments: [("block3(v5)", "block3(v5)"), ("block4", "block3(v5)")])
  func testsThatDoNotEndTheLoop(taken: String, other: String) throws {
    let found = try ranges(
      [3],
      """
      block0(v0: i32, v1: i64):
        v2 = iconst.i32 0
        jump block1(v2)
      block1(v3: i32):
        v4 = iconst.i32 1
        v5 = iadd.i32 v3, v4
        brif v0, block2, block3(v5)
      block2:
        v6 = iconst.i32 10
        v7 = ieq.i32 v5, v6
        brif v7, \(taken), \(other)
      block3(v8: i32):
        brif v0, block1(v8), block4
      block4:
        return v3
      """)
    #expect(found == [NumberRange(0, 0xFFFF_FFFF)])
  }

  /// All that values become while functions run is in their ranges.
  @Test(arguments: 1...150)
  func rangesHold(seed: Int) {
    var random = RandomFunctions(seed: UInt64(5000 + seed))
    let module = random.module(functions: 4, size: 100)
    for id in module.functions.ids { expectRangesHold(module, id) }
  }

  /// Loops with counters of all kinds, with ends that they meet, miss, or wrap around to.
  @Test(arguments: 1...600)
  func rangesOfCountersHold(seed: Int) throws {
    var random = SplitMix64(state: UInt64(seed))
    let near = [0, 1, 7, 16, 100, 0x7FFF_FFF0, 0x7FFF_FFFF, 0xFFFF_FFF0, 0xFFFF_FFFF]
    func number() -> Int {
      (near.randomElement(using: &random)! + Int.random(in: -3...12, using: &random)) & 0xFFFF_FFFF
    }
    let step = Int.random(in: -5...7, using: &random)
    let test = ["ine", "ieq", "iult", "iule", "iugt", "iuge", "islt", "isle", "isgt", "isge"]
      .randomElement(using: &random)!
    let start = number()
    let end = Bool.random(using: &random) ? number() : (start + step * 9) & 0xFFFF_FFFF
    let left = ["v4", "v6"].randomElement(using: &random)!
    let start2 = Bool.random(using: &random) ? "v2" : "v9"
    let goesOnIfTrue = Bool.random(using: &random)
    let module = try parseModule(
      """
      signature sig0 = (i32, i64) -> (i32)
      export "f" = f0
      function f0 sig0 {
      block0(v0: i32, v1: i64):
        v8 = iconst.i32 3
        v12 = band.i32 v0, v8
        v2 = iconst.i32 \(Int32(truncatingIfNeeded: start))
        v9 = iadd.i32 v2, v12
        v3 = iconst.i32 \(Int32(truncatingIfNeeded: end))
        v10 = iconst.i32 64
        v5 = iconst.i32 \(step)
        v14 = iconst.i32 24
        jump block1(\(start2), v10)
      block1(v4: i32, v11: i32):
        v6 = iadd.i32 v4, v5
        v13 = iadd.i32 v11, v14
        v7 = \(test).i32 \(left), v3
        brif v7, \(goesOnIfTrue ? "block1(v6, v13), block2" : "block2, block1(v6, v13)")
      block2:
        return v4
      }
      """)
    expectRangesHold(module, FunctionID(0))
  }

  private func expectRangesHold(_ module: Module, _ id: FunctionID) {
    let function = module.bodies[id]!
    var ranges = ValueRanges(function)
    let known = function.values.ids.map { function.values[$0].kind == .alias ? nil : ranges.range(of: $0) }
    for input: [UInt64] in [[0, 0], [1, 2], [2, 0x1_0000_0000], [0xFFFF_FFFF, 5], [7, 1]] {
      var interpreter = TraceInterpreter(module, id)
      var wrong: [String] = []
      interpreter.observe = { value, bits in
        guard let range = known[value.index], !(range.low...range.high).contains(bits) else { return }
        wrong.append("v\(value.rawValue) is \(bits), not \(range)")
      }
      _ = interpreter.run(input, blockLimit: 1000)
      #expect(wrong.isEmpty, "\(wrong.prefix(3))\n\(module)")
    }
  }

  @Test func zerosOfNestedLoops() throws {
    let module = try parseModule(
      """
      signature sig0 = (i32) -> (i32)
      export "f" = f0
      function f0 sig0 {
      block0(v0: i32):
        v1 = iconst.i32 16
        v2 = imul.i32 v0, v1
        jump block1(v2)
      block1(v3: i32):
        v4 = iconst.i32 8
        jump block2(v3)
      block2(v5: i32):
        v6 = iadd.i32 v5, v1
        v7 = iadd.i32 v6, v4
        brif v0, block2(v6), block3
      block3:
        v8 = iconst.i32 4
        v9 = isub.i32 v5, v8
        brif v0, block1(v3), block4
      block4:
        return v9
      }
      """)
    let function = module.bodies[FunctionID(0)]!
    let zeros = TrailingZeros(function, ControlFlowGraph(function))
    #expect([3, 5, 6, 7, 9].map { zeros[Value(rawValue: $0)] } == [4, 4, 4, 3, 2])
  }
}
