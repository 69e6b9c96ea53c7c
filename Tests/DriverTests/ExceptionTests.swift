import Driver
import LLVMBackend
import Support
import SystemPackage
import TestSupport
import Testing

/// How exceptions get to their handlers, and what never returns, beside what filetests show.
@Suite(.enabled(if: TestSupport.tool("wasm-tools") != nil, "SKIPPED: needs wasm-tools on the PATH"))
struct ExceptionTests {
  /// `overflow` recurses until the stack ends on the way to a handler, most likely, and never returns. `caught` throws in
  /// the same place a few frames up.
  private static let module = """
    (module
      (tag $e (param i32))
      (func $throw (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (throw $e (i32.const 7))))
        (i32.add (call $throw (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
      (func $caught (export "caught") (param i32) (result i32)
        (block $caught (result i32)
          (try_table (catch $e $caught) (return (call $throw (local.get 0))))
          (unreachable)))
      (func $overflow (export "overflow") (param i32) (result i32)
        (i32.add
          (call $caught (i32.const 3))
          (call $overflow (i32.add (local.get 0) (i32.const 1)))))
      (func (export "thrown") (result i32) (call $throw (i32.const 2)))
      (func (export "plain") (result i32) (i32.const 5)))
    """

  /// The stack ends while the runtime walks frames, for the first time and again; what comes behind is not disturbed.
  @Test(arguments: [OptimizationLevel.O0, .O2], [BoundsChecks.guardPages, .explicit])
  func trapsOnTheWayToAHandler(level: OptimizationLevel, checks: BoundsChecks) async throws {
    var options = BuildOptions()
    options.optimization = level
    options.boundsChecks = checks
    let calls = ["overflow i:0", "plain", "caught i:4", "overflow i:0", "caught i:0", "thrown", "plain"]
    let module = try await TestSupport.module(fromText: Self.module)
    let lines = try await ScriptedProgram.run(
      module,
      calls.map {
        let words = $0.split(separator: " ").map(String.init)
        return ScriptedProgram.call(words[0], Array(words.dropFirst()))
      }, options: options)
    let expected = ["ok", "exhausted", "ok i:5", "ok i:7", "exhausted", "ok i:7", "exception", "ok i:5"]
    #expect(
      lines.map { $0.hasPrefix("trap") && $0.hasSuffix("exhausted") ? "exhausted" : $0 } == expected,
      "\(level), \(checks)")
  }

  /// Where the stack is compared with its limit, and no handler for signals is there: functions that never return are
  /// recursive like others.
  @Test func recursionWithoutReturns() async throws {
    let result = try await program("recursion-never-returns", bounds: .explicit)
    #expect(result.status == 134)
    #expect(result.errorText.contains("call stack exhausted"), "\(result.errorText)")
  }

  /// GNU ld's tables are found and read as lld's are.
  @Test(.enabled(if: TestSupport.tool("ld.bfd") != nil, "SKIPPED: no GNU ld"))
  func otherLinkers() async throws {
    let linker = try #require(TestSupport.tool("ld.bfd"))
    #expect(try await program("exception-stack-arguments", linker: linker).status == 42)
  }

  /// Runs one of the driver's filetests.
  private func program(
    _ name: String, bounds: BoundsChecks = .guardPages, linker: FilePath? = nil
  ) async throws -> ProgramResult {
    let source = TestSupport.packageRoot.appending("Tests/filetests/driver/\(name).wat")
    let module = try await TestSupport.module(
      fromText: String(decoding: try TestSupport.read(source), as: UTF8.self))
    return try await TemporaryFolder.with { folder in
      let (input, app) = (folder.appending("module.wasm"), folder.appending("app"))
      try TestSupport.write(module, to: input)
      var options = BuildOptions()
      options.boundsChecks = bounds
      var builder = Builder(options: options, jobs: 1, environment: TestSupport.environment)
      if let linker { builder.environment["WASMAOT_LINKER"] = linker.string }
      _ = try await builder.build(input.string, to: app.string)
      return try await TestSupport.run(app, [])
    }
  }
}
