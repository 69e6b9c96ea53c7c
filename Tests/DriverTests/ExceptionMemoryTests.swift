import Support
import SystemPackage
import TestSupport
import Testing

/// Exceptions are freed when nothing refers to them any more, and not before.
@Suite struct ExceptionMemoryTests {
  private static let canParseText = TestSupport.tool("wasm-tools") != nil

  /// Builds a module with `_start`, and runs it with at most 48 MiB of writable memory.
  private func run(_ text: String) async throws -> ProgramResult {
    let module = try await TestSupport.module(fromText: text)
    return try await TemporaryFolder.with { folder in
      let input = folder.appending("module.wasm")
      let app = folder.appending("app")
      try TestSupport.write(module, to: input)
      let build = try await CommandLineTool.run(["build", input.string, "-o", app.string, "--no-cache"])
      try #require(build.status == 0, "\(build.errorText)")
      return try await TestSupport.run(
        "/bin/sh", ["-c", "ulimit -d 49152; exec \(app)"], workingDirectory: folder)
    }
  }

  /// A hundred million exceptions, caught in each of the ways there are.
  @Test(
    .enabled(if: canParseText, "SKIPPED: needs wasm-tools on the PATH"),
    arguments: [
      """
      (block $h (result i32)
        (try_table (catch $e $h) (call $f (local.get $i)))
        (br $done))
      (drop)
      """,
      """
      (block $h (result i32 exnref)
        (try_table (catch_ref $e $h) (call $f (local.get $i)))
        (br $done))
      (global.set $g)
      (drop)
      """,
      """
      (block $h (result exnref)
        (try_table (catch_all_ref $h)
          (block $inner (result exnref)
            (try_table (catch_all_ref $inner) (call $f (local.get $i)))
            (br $done))
          (throw_ref))
        (br $done))
      (global.set $g)
      """,
      """
      try
        try
          (call $f (local.get $i))
        catch_all
          rethrow 0
        end
      catch $e
        drop
      end
      """,
    ])
  func manyExceptionsTakeLittleMemory(body: String) async throws {
    let result = try await run(
      """
      (module
        (tag $e (param i32))
        (global $g (mut exnref) (ref.null exn))
        (func $f (param i32) (throw $e (local.get 0)))
        (func (export "_start") (local $i i32)
          (loop $l
            (block $done \(body))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get $i) (i32.const 100000000))))))
      """)
    #expect(result.status == 0, "\(result.errorText)")
  }

  /// What is reachable stays: from a table, a global, a local across calls, and through payloads (a chain of
  /// 50,000, and fields of a thousand exceptions with a hundred each), while millions of others come and go.
  @Test(.enabled(if: canParseText, "SKIPPED: needs wasm-tools on the PATH"))
  func reachableExceptionsStay() async throws {
    let fields = 1000
    let loads = (0..<fields).map { "(table.get $t (i32.const \($0)))" }.joined()
    let stores = (0..<fields).reversed().map {
      "(local.set $x) (table.set $t (i32.const \($0)) (local.get $x))"
    }.joined()
    let result = try await run(
      """
      (module
        (tag $leaf (param i32))
        (tag $node (param exnref i32))
        (tag $wide (param \(Array(repeating: "exnref", count: fields).joined(separator: " "))))
        (table $t \(fields) exnref)
        (table $saved \(fields) exnref)
        (global $chain (mut exnref) (ref.null exn))

        (func $new_leaf (param i32) (result exnref)
          (block $h (result exnref)
            (try_table (catch_all_ref $h) (throw $leaf (local.get 0))) (unreachable)))
        (func $new_node (param exnref i32) (result exnref)
          (block $h (result exnref)
            (try_table (catch_all_ref $h) (throw $node (local.get 0) (local.get 1))) (unreachable)))
        (func $new_wide (result exnref)
          (block $h (result exnref)
            (try_table (catch_all_ref $h) \(loads) (throw $wide)) (unreachable)))
        (func $open_wide (param exnref) (local $x exnref)
          (block $h (result \(Array(repeating: "exnref", count: fields).joined(separator: " ")))
            (try_table (catch $wide $h) (throw_ref (local.get 0))) (unreachable))
          \(stores))
        (func $leaf_value (param exnref) (result i32)
          (block $h (result i32)
            (try_table (catch $leaf $h) (throw_ref (local.get 0))) (unreachable)))

        ;; A collection or more.
        (func $garbage (local $i i32)
          (loop $l
            (drop (call $new_leaf (i32.const -1)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get $i) (i32.const 2000000)))))

        (func (export "_start") (local $i i32) (local $j i32) (local $root exnref) (local $next exnref)
          (local.set $i (i32.const 0))
          (loop $l
            (global.set $chain (call $new_node (global.get $chain) (local.get $i)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get $i) (i32.const 50000))))
          ;; The wide one: each field of the root has a hundred leaves.
          (local.set $i (i32.const 0))
          (loop $l
            (local.set $j (i32.const 0))
            (loop $m
              (table.set $t (local.get $j)
                (call $new_leaf (i32.add (i32.mul (local.get $i) (i32.const 100)) (local.get $j))))
              (local.set $j (i32.add (local.get $j) (i32.const 1)))
              (br_if $m (i32.lt_u (local.get $j) (i32.const 100))))
            (table.set $saved (local.get $i) (call $new_wide))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get $i) (i32.const \(fields)))))
          (table.copy $t $saved (i32.const 0) (i32.const 0) (i32.const \(fields)))
          (local.set $root (call $new_wide))
          (table.fill $t (i32.const 0) (ref.null exn) (i32.const \(fields)))
          (table.fill $saved (i32.const 0) (ref.null exn) (i32.const \(fields)))
          (call $garbage)

          (call $open_wide (local.get $root))
          (table.copy $saved $t (i32.const 0) (i32.const 0) (i32.const \(fields)))
          (local.set $i (i32.const 0))
          (loop $l
            (call $open_wide (table.get $saved (local.get $i)))
            (local.set $j (i32.const 0))
            (loop $m
              (if (i32.ne (call $leaf_value (table.get $t (local.get $j)))
                    (i32.add (i32.mul (local.get $i) (i32.const 100)) (local.get $j)))
                (then (unreachable)))
              (local.set $j (i32.add (local.get $j) (i32.const 1)))
              (br_if $m (i32.lt_u (local.get $j) (i32.const 100))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get $i) (i32.const \(fields)))))

          (local.set $next (global.get $chain))
          (local.set $i (i32.const 50000))
          (loop $l
            (block $h (result exnref i32)
              (try_table (catch $node $h) (throw_ref (local.get $next))) (unreachable))
            (local.set $j)
            (local.set $next)
            (local.set $i (i32.sub (local.get $i) (i32.const 1)))
            (if (i32.ne (local.get $i) (local.get $j)) (then (unreachable)))
            (br_if $l (i32.eqz (ref.is_null (local.get $next)))))
          (if (local.get $i) (then (unreachable)))))
      """)
    #expect(result.status == 0, "\(result.errorText)")
  }

  /// A guest that keeps all of its exceptions is stopped: it can't take the host's memory.
  @Test(.enabled(if: canParseText, "SKIPPED: needs wasm-tools on the PATH"))
  func keptExceptionsHaveALimit() async throws {
    let result = try await run(
      """
      (module
        (tag $node (param exnref))
        (func (export "_start") (local $chain exnref)
          (loop $l
            (block $h (result exnref)
              (try_table (catch_all_ref $h) (throw $node (local.get $chain))) (unreachable))
            (local.set $chain)
            (br $l))))
      """)
    #expect(result.status == 134)
    #expect(result.errorText.contains("out of memory for exceptions"), "\(result.errorText)")
  }
}
