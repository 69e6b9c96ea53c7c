import Driver
import LLVMBackend
import TestSupport
import Testing

/// Indirect calls through tables that nothing changes: to few functions, which are compared and called directly, and to many.
/// Each index leads to its function or to its own trap.
@Suite(.enabled(if: TestSupport.tool("wasm-tools") != nil, "no tools"))
struct IndirectCallTests {
  private static let module = """
    (module
      (type $unary (func (param i32) (result i32)))
      (type $pair (func (result i32 i64)))
      (type $many (func (param i64) (result i64)))
      (type $nobody (func (param f32)))
      (table $few 9 9 funcref)
      (elem (table $few) (i32.const 1) func $plus $times $plus $pair)
      (table $wide i64 4 4 funcref)
      (elem (table $wide) (i64.const 0) func $times $pair $plus)
      (table $leading 7 7 funcref)
      (elem (table $leading) (i32.const 2) func $times $plus $plus $plus $pair)
      (table $mixed 6 6 funcref)
      (elem (table $mixed) (i32.const 0) func $id $id $id $id $id $plus)
      (func $plus (param i32) (result i32) (i32.add (local.get 0) (i32.const 10)))
      (func $times (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
      (func $pair (result i32 i64) (i32.const 5) (i64.const 6))
      (func $id (param i64) (result i64) (local.get 0))
      (func (export "few") (param i32) (result i32)
        (call_indirect $few (type $unary) (i32.const 7) (local.get 0)))
      (func (export "twice") (param i32) (result i32)
        (call_indirect $few (type $unary)
          (call_indirect $few (type $unary) (i32.const 1) (local.get 0))
          (i32.const 2)))
      (func (export "pair") (param i32) (result i64) (local i64)
        (call_indirect $few (type $pair) (local.get 0))
        (local.set 1)
        (i64.add (i64.extend_i32_u) (local.get 1)))
      (func (export "nobody") (param i32) (call_indirect $few (type $nobody) (f32.const 0) (local.get 0)))
      (func (export "wide") (param i64) (result i32)
        (call_indirect $wide (type $unary) (i32.const 7) (local.get 0)))
      (func (export "leading") (param i32) (result i32)
        (call_indirect $leading (type $unary) (i32.const 7) (local.get 0)))
      (func (export "leadingPair") (param i32) (drop (call_indirect $leading (type $pair) (local.get 0))) drop)
      (func (export "many") (param i32) (result i64)
        (call_indirect $mixed (type $many) (i64.const 9) (local.get 0)))
      (func (export "sum") (param $first i32) (param $count i32) (result i32) (local $sum i32)
        (loop $next
          (local.set $sum
            (i32.add (local.get $sum)
              (call_indirect $few (type $unary) (local.get $sum) (local.get $first))))
          (local.set $first (i32.add (local.get $first) (i32.const 1)))
          (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
        (local.get $sum)))
    """

  private static let undefined = "undefined element"
  private static let null = "uninitialized element"
  private static let mismatch = "indirect call type mismatch"

  /// Calls, and what they return or how they trap.
  private static let calls = [
    ("few i:0", null), ("few i:1", "i:11"), ("few i:2", "i:15"), ("few i:3", "i:11"),
    ("few i:4", mismatch), ("few i:5", null), ("few i:8", null), ("few i:9", undefined),
    ("few i:ffffffff", undefined),
    ("twice i:3", "i:21"), ("twice i:2", "i:9"), ("twice i:4", mismatch),
    ("pair i:4", "I:b"), ("pair i:3", mismatch), ("pair i:7", null), ("pair i:80000000", undefined),
    ("nobody i:1", mismatch), ("nobody i:0", null), ("nobody i:9", undefined),
    ("wide I:0", "i:15"), ("wide I:2", "i:11"), ("wide I:1", mismatch), ("wide I:3", null),
    ("wide I:4", undefined), ("wide I:100000000", undefined), ("wide I:ffffffffffffffff", undefined),
    ("leading i:0", null), ("leading i:1", null), ("leading i:2", "i:15"), ("leading i:5", "i:11"),
    ("leading i:6", mismatch), ("leading i:7", undefined), ("leadingPair i:1", null),
    ("leadingPair i:2", mismatch),
    ("many i:0", "I:9"), ("many i:4", "I:9"), ("many i:5", mismatch), ("many i:6", undefined),
    // 10; 10 + 30; 40 + 50
    ("sum i:1 i:3", "i:5a"), ("sum i:1 i:4", mismatch), ("sum i:3 i:1", "i:a"),
  ]

  @Test(arguments: [OptimizationLevel.O0, .O1, .O2, .O3, .Os], [BoundsChecks.guardPages, .explicit])
  func eachIndexLeadsToItsOwn(_ level: OptimizationLevel, _ boundsChecks: BoundsChecks) async throws {
    let module = try await TestSupport.module(fromText: Self.module)
    let lines = Self.calls.map { call in
      let words = call.0.split(separator: " ").map(String.init)
      return ScriptedProgram.call(words[0], Array(words.dropFirst()))
    }
    var options = BuildOptions()
    options.optimization = level
    options.boundsChecks = boundsChecks
    let output = try await ScriptedProgram.run(module, lines, options: options)
    try #require(output.count == lines.count + 1, "\(output.last ?? "no output")")
    for (call, result) in zip(Self.calls, output.dropFirst()) {
      let isRight =
        call.1.contains(":") ? result == "ok \(call.1)" : result.hasPrefix("trap") && result.hasSuffix(call.1)
      #expect(isRight, "\(call.0): \(result), not \(call.1)")
    }
  }
}
