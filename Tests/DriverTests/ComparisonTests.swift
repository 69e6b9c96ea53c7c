import Driver
import LLVMBackend
import TestSupport
import Testing

/// Loops that look for the first difference of two sequences, which are compiled to more than one element at a time
/// (`WidenComparisons`): what they find, and where they trap, is what single elements would have led to.
@Suite(.enabled(if: TestSupport.tool("wasm-tools") != nil, "no tools"))
struct ComparisonTests {
  struct Kind: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var memory: String
    var bytes: UInt64
    var boundsChecks = BoundsChecks.guardPages
    var mitigatesSpectre = false
    var level = OptimizationLevel.O2

    static let all = [
      Kind(testDescription: "guard pages", memory: "1 1", bytes: 65536),
      Kind(testDescription: "guard pages, -O3", memory: "1 1", bytes: 65536, level: .O3),
      Kind(testDescription: "not widened", memory: "1 1", bytes: 65536, level: .Os),
      Kind(testDescription: "explicit", memory: "1 1", bytes: 65536, boundsChecks: .explicit),
      Kind(
        testDescription: "explicit, masked", memory: "1 1", bytes: 65536, boundsChecks: .explicit,
        mitigatesSpectre: true),
      Kind(testDescription: "pages of one byte", memory: "1000 1000 (pagesize 1)", bytes: 1000),
    ]
  }

  /// One way to write the loop: all return how many elements were equal.
  private struct Form {
    var name: String
    var width: UInt64
    /// Locals: $a, $b (addresses), $n (elements, at least 1), $i (0).
    var body: String

    static let all = [
      // memcmp: the bytes, then the count, downwards.
      Form(
        name: "down", width: 1,
        body: """
          (block $out
            (loop $next
              (br_if $out (i32.ne (i32.load8_u (local.get $a)) (i32.load8_u (local.get $b))))
              (local.set $a (i32.add (local.get $a) (i32.const 1)))
              (local.set $b (i32.add (local.get $b) (i32.const 1)))
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
          (local.get $i)
          """),
      // The count first, upwards; addresses that are sums.
      Form(
        name: "up", width: 1,
        body: """
          (block $out
            (loop $next
              (br_if $out (i32.eq (local.get $i) (local.get $n)))
              (br_if $out
                (i32.ne
                  (i32.load8_s offset=5 (i32.add (local.get $a) (local.get $i)))
                  (i32.load8_s (i32.add (local.get $b) (local.get $i)))))
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br $next)))
          (local.get $i)
          """),
      Form(
        name: "halves", width: 2,
        body: """
          (block $out
            (loop $next
              (br_if $out (i32.ne (i32.load16_u (local.get $a)) (i32.load16_u (local.get $b))))
              (local.set $a (i32.add (local.get $a) (i32.const 2)))
              (local.set $b (i32.add (local.get $b) (i32.const 2)))
              (br_if $next
                (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))))
          (local.get $i)
          """),
      Form(
        name: "words", width: 4,
        body: """
          (block $out
            (loop $next
              (br_if $out (i32.ne (i32.load (local.get $a)) (i32.load (local.get $b))))
              (local.set $a (i32.add (local.get $a) (i32.const 4)))
              (local.set $b (i32.add (local.get $b) (i32.const 4)))
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
          (local.get $i)
          """),
    ]
    /// Of the first address.
    var offset: UInt64 { name == "up" ? 5 : 0 }
  }

  private static func module(_ kind: Kind) -> String {
    let loops = Form.all.map {
      """
      (func (export "\($0.name)") (param $a i32) (param $b i32) (param $n i32) (result i32) (local $i i32)
        \($0.body))
      """
    }
    return """
      (module (memory \(kind.memory))
        (func (export "differ") (param $at i32)
          (memory.fill (i32.const 0) (i32.const 1) (i32.const \(kind.bytes)))
          (if (i32.lt_u (local.get $at) (i32.const \(kind.bytes)))
            (then (i32.store8 (local.get $at) (i32.const 129)))))
        \(loops.joined(separator: "\n")))
      """
  }

  /// All bytes are the same, but for one.
  private static func expected(
    _ form: Form, _ a: UInt64, _ b: UInt64, _ count: UInt64, _ at: UInt64, _ bytes: UInt64
  )
    -> String
  {
    func element(_ address: UInt64, _ number: UInt64) -> Range<UInt64>? {
      let start = address & 0xFFFF_FFFF + number * form.width
      return start + form.width <= bytes ? start..<start + form.width : nil
    }
    for number in 0..<count {
      guard let one = element(a + form.offset, number), let other = element(b, number) else { return "trap" }
      let places = [one, other].map { $0.contains(at) ? at - $0.lowerBound : nil }
      if places[0] != places[1] { return "ok i:" + String(number, radix: 16) }
    }
    return "ok i:" + String(count, radix: 16)
  }

  @Test(arguments: Kind.all)
  func findsTheFirstDifference(_ kind: Kind) async throws {
    var lines: [String] = []
    var expected: [String] = []
    func call(_ name: String, _ arguments: [UInt64]) {
      lines.append(ScriptedProgram.call(name, arguments.map { "i:" + String($0, radix: 16) }))
    }
    let end = kind.bytes
    for at in [end, 0, 100, 107, 108, 215, end - 20, end - 1] {
      call("differ", [at])
      expected.append("ok")
      for form in Form.all {
        for (a, b) in [
          (100, 200), (96, 101), (100, 100), (3, end - 40), (end - 45, 8), (end - 13, 60), (end, 0),
        ] {
          for count: UInt64 in [1, 2, 3, 7, 8, 9, 10, 15, 16, 17, 24, 25, 33, 100, 0x4000_0000, 0xFFFF_FFFF] {
            call(form.name, [a, b, count])
            expected.append(Self.expected(form, a, b, count, at, end))
          }
        }
      }
    }
    let module = try await TestSupport.module(fromText: Self.module(kind))
    var options = BuildOptions()
    options.optimization = kind.level
    options.boundsChecks = kind.boundsChecks
    options.mitigatesSpectre = kind.mitigatesSpectre
    let output = try await ScriptedProgram.run(module, lines, options: options)
    try #require(output.count == lines.count + 1, "\(output.last ?? "no output")")
    for (line, (result, expected)) in zip(lines, zip(output.dropFirst(), expected)) {
      let isRight =
        expected == "trap"
        ? result.hasPrefix("trap") && result.hasSuffix("out of bounds memory access") : result == expected
      #expect(isRight, "\(line): \(result), not \(expected)")
    }
  }
}
