import Driver
import LLVMBackend
import SystemPackage
import TestSupport
import Testing

/// Programs whose only trap, an access out of bounds, LLVM's passes or its code generator could be misled to lose: each was
/// lost at some level by a compiler that trusted them more.
@Suite(.enabled(if: TestSupport.tool("wasm-tools") != nil || TestSupport.tool("wat2wasm") != nil, "no tools"))
struct LostTrapTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    /// Locals: $s (sums), $p (an address), $q (another), $x; memory has one page.
    var body: String
    var testDescription: String { name }
  }

  /// More than LLVM looks at between a store and a load.
  private static let work = (0..<60).map {
    "(local.set $x (i32.mul (i32.xor (local.get $x) (i32.const \($0 * 7 + 3))) (i32.const \($0 * 2 + 3))))"
  }.joined(separator: "\n")
  /// More than it asks about memory in one function.
  private static let memory = (0..<700).map {
    "(drop (i32.load (i32.const 64))) (i32.store (i32.const 128) (i32.const \($0)))"
  }.joined(separator: "\n")
  /// Addresses that nobody knows: $q is in bounds, $p what is said.
  private static func addresses(_ p: Int) -> String {
    """
    (local.set $x (i32.load (i32.const 64)))
    (local.set $q (i32.load (i32.const 32)))
    (local.set $p (i32.add (i32.load (i32.const 36)) (i32.const \(p))))
    """
  }
  private static let result = "(i32.store (i32.const 200) (local.get $x))"
  private static let sumIsUnused = "(if (i32.mul (local.get $s) (i32.const 0)) (then unreachable))"

  /// What goes round in `$s` while `$p` goes from 0 to 999; the first turn reads `first`, the second is out of bounds.
  private static func sum(first: String, _ next: String) -> String {
    """
    (loop $l
      (if (i32.lt_u (local.get $p) (i32.const 1)) (then \(first)))
      (local.set $s \(next))
      (br_if $l (i32.ne (local.tee $p (i32.add (local.get $p) (i32.const 1))) (i32.const 1000))))
    \(sumIsUnused)
    """
  }
  /// What is at `$p`, which `step` is added to until `end` does not branch to `$l`, summed up in `$s`.
  private static func sumOfWords(step: Int, _ end: String) -> String {
    """
    (loop $l
      (local.set $s (i32.add (local.get $s) (i32.load (local.get $p))))
      (local.set $p (i32.add (local.get $p) (i32.const \(step))))
      \(end))
    (i32.store (i32.const 8) (local.get $s))
    """
  }
  private static let address = "(i32.shl (local.get $p) (i32.const 16))"

  static let cases = [
    // Loops that LLVM can show not to end: what they add up is nobody's.
    Case(
      name: "a step that misses the end",
      body: sumOfWords(step: 4096, "(br_if $l (i32.ne (local.get $p) (i32.const 2)))")),
    Case(
      name: "an odd end",
      body: "(local.set $q (i32.or (i32.load (i32.const 36)) (i32.const 1)))"
        + sumOfWords(step: 4, "(br_if $l (i32.ne (local.get $p) (local.get $q)))")),
    Case(
      name: "an end above all numbers",
      body: sumOfWords(step: 1, "(br_if $l (i32.le_u (local.get $p) (i32.const -1)))")),
    Case(
      name: "an end between two steps",
      body: sumOfWords(step: 16, "(br_if $l (i32.lt_u (local.get $p) (i32.const -8)))")),
    Case(
      name: "no end",
      body: sumOfWords(step: 4096, "(if (local.get $s) (then nop)) (br $l)")),
    // Sums that stay what they are from the first turn on.
    Case(
      name: "a sum that stays 7",
      body: sum(
        first: "(i32.store (i32.const 16) (i32.const 7))",
        """
        (select (local.get $s) (i32.add (local.get $s) (i32.load offset=16 \(address)))
          (i32.eq (local.get $s) (i32.const 7)))
        """)),
    Case(
      name: "a sum of at most 100",
      body: sum(
        first: "(i32.store8 (i32.const 16) (i32.const 200))",
        """
        (select (local.tee $x (i32.add (local.get $s) (i32.load8_u offset=16 \(address)))) (i32.const 100)
          (i32.lt_s (local.get $x) (i32.const 100)))
        """)),
    Case(
      name: "bits of a sum",
      body: sum(
        first: "(i32.store8 (i32.const 16) (i32.const 255))",
        "(i32.and (i32.or (local.get $s) (i32.load8_u offset=16 \(address))) (i32.const 0xF0))")),
    Case(
      name: "a sum of floats that stays 7",
      body: sum(
        first: "(f32.store (i32.const 16) (f32.const 7))",
        """
        (i32.reinterpret_f32 (local.tee $f
          (select (local.get $f) (f32.add (local.get $f) (f32.load offset=16 \(address)))
            (f32.eq (local.get $f) (f32.const 7)))))
        """)),
    // Updates in place of which the code generator knows more than the passes before it.
    Case(
      name: "an update by a stored zero",
      body: """
        \(addresses(65536))
        (i64.store offset=128 (local.get $q) (i64.const 0))
        \(work)
        (i32.store (local.get $p) (i32.add (i32.load (local.get $p)) (i32.load offset=128 (local.get $q))))
        \(result)
        """),
    Case(
      name: "an update of the low byte",
      body: """
        \(addresses(65534))
        (i64.store offset=128 (local.get $q) (i64.const 1))
        \(work)
        (i32.store (local.get $p) (i32.or (i32.load (local.get $p)) (i32.load offset=128 (local.get $q))))
        \(result)
        """),
    Case(
      name: "an update by itself",
      body: """
        \(memory)
        \(addresses(65536))
        (local.get $p)
        (i32.load (local.get $p))
        \(work)
        (i32.store (i32.and (i32.load (local.get $p))))
        \(result)
        """),
    Case(
      name: "an update that another one undoes",
      body: """
        \(memory)
        \(addresses(65236))
        (i32.store offset=400 (local.get $p) (i32.xor (i32.load offset=400 (local.get $p)) (i32.const 0x01000001)))
        (i32.store (local.get $p) (i32.add (i32.load (local.get $p)) (i32.const 3)))
        \(work)
        (i32.store offset=400 (local.get $p) (i32.xor (i32.load offset=400 (local.get $p)) (i32.const 0x01000001)))
        \(result)
        """),
  ]

  @Test(arguments: cases)
  func trapStays(_ trap: Case) async throws {
    let module = try await TestSupport.module(
      fromText: """
        (module (memory (export "memory") 1 1)
          (func (export "_start") (local $s i32) (local $p i32) (local $q i32) (local $x i32) (local $f f32)
            \(trap.body)))
        """)
    try await TemporaryFolder.with { folder in
      let (file, app) = (folder.appending("trap.wasm"), folder.appending("app"))
      try TestSupport.write(module, to: file)
      for level in [OptimizationLevel.O0, .O1, .O2, .O3, .Os] {
        var options = BuildOptions()
        options.optimization = level
        let builder = Builder(options: options, jobs: 1, environment: TestSupport.environment)
        _ = try await builder.build(file.string, to: app.string)
        // A trap that is lost can leave an endless loop.
        let result = try await TestSupport.run("/usr/bin/timeout", ["60", app.string])
        #expect(result.status == 134, "\(level)")
        #expect(result.errorText.contains("out of bounds memory access"), "\(level): \(result.errorText)")
      }
    }
  }
}
