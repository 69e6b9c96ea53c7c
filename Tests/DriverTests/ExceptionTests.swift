import Driver
import LLVMBackend
import Linker
import Support
import SystemPackage
import TestSupport
import Testing

/// How exceptions get to their handlers, and what never returns, beside what filetests show.
@Suite(.enabled(if: TestSupport.tool("wasm-tools") != nil, "SKIPPED: needs wasm-tools on the PATH"))
struct ExceptionTests {
  /// `overflow` fills the stack and counts the frames; `near` goes as deep but for some frames, and throws there.
  private static let module = """
    (module
      (tag $e (param i32))
      (global $frames (mut i32) (i32.const 0))
      (func $throw (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (throw $e (i32.const 7))))
        (i32.add (call $throw (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
      (func $caught (export "caught") (param i32) (result i32)
        (block $caught (result i32)
          (try_table (catch $e $caught) (return (call $throw (local.get 0))))
          (unreachable)))
      (func $down (param i32) (result i32)
        (global.set $frames (i32.add (global.get $frames) (i32.const 1)))
        (if (i32.eqz (local.get 0)) (then (return (call $caught (i32.const 3)))))
        (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
      (func (export "overflow") (result i32) (call $down (i32.const -1)))
      (func (export "near") (param i32) (result i32)
        (call $down (i32.sub (global.get $frames) (local.get 0))))
      (func (export "thrown") (result i32) (call $throw (i32.const 2)))
      (func (export "plain") (result i32) (i32.const 5)))
    """

  /// The stack ends while the runtime walks frames, and before, and just not, each in a process that has thrown nothing
  /// yet; what comes behind is not disturbed.
  @Test(arguments: [OptimizationLevel.O0, .O2], [BoundsChecks.guardPages, .explicit])
  func trapsOnTheWayToAHandler(level: OptimizationLevel, checks: BoundsChecks) async throws {
    var options = BuildOptions()
    options.optimization = level
    options.boundsChecks = checks
    // It has no `fork`.
    options.sandbox = .off
    var lines = [ScriptedProgram.call("overflow")]
    let distances = stride(from: 0, to: 512, by: 4)
    for distance in distances {
      lines += ["run", ScriptedProgram.call("near", ["i:" + String(distance, radix: 16)])]
      lines += [ScriptedProgram.call("plain"), ScriptedProgram.call("caught", ["i:2"])]
      lines += [ScriptedProgram.call("thrown"), "end"]
    }
    let module = try await TestSupport.module(fromText: Self.module)
    let output = try await ScriptedProgram.run(module, lines, options: options)
    try #require(output.count == 2 + 5 * distances.underestimatedCount, "\(output.last ?? "no output")")
    var exhausted = 0
    for (index, distance) in distances.enumerated() {
      let results = output[(2 + 5 * index)...].prefix(5).map { String($0) }
      if results[0].hasSuffix("exhausted") { exhausted += 1 }
      #expect(results[0].hasPrefix("ok i:") || results[0].hasSuffix("exhausted"), "\(distance): \(results)")
      #expect(results[1...] == ["ok i:5", "ok i:7", "exception", "end 0"], "\(distance): \(results)")
    }
    #expect(exhausted > 0 && exhausted < distances.underestimatedCount, "\(exhausted)")
  }

  /// The compiler knows that nothing is behind the function of WASI that ends a program.
  @Test func proc_exit() async throws {
    let exit = try #require(HostFunctions.find(module: "wasi_snapshot_preview1", name: "proc_exit"))
    try await Self.withFiletest("exit-never-returns") { folder, module in
      let output = folder.appending("module.ir")
      let built = try await CommandLineTool.run(["build", module.string, "--emit=ir", "-o", output.string])
      #expect(built.status == 0, "\(built.errorText)")
      let text = String(decoding: try TestSupport.read(output), as: UTF8.self)
      #expect(text.contains(" noreturn = import \"\(exit.symbol)\""), "\(text)")
    }
  }

  /// At a level at which arguments on the stack are pushed, which the tables say apart.
  @Test func pushedArguments() async throws {
    #expect(try await program("exception-stack-arguments", level: .Oz).status == 42)
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

  /// Builds one of the driver's filetests, and runs it.
  private func program(
    _ name: String, level: OptimizationLevel = .O2, bounds: BoundsChecks = .guardPages,
    linker: FilePath? = nil
  ) async throws -> ProgramResult {
    try await Self.withFiletest(name) { folder, module in
      var options = BuildOptions()
      options.optimization = level
      options.boundsChecks = bounds
      var builder = Builder(options: options, jobs: 1, environment: TestSupport.environment)
      if let linker { builder.environment["WASMAOT_LINKER"] = linker.string }
      let app = folder.appending("app")
      _ = try await builder.build(module.string, to: app.string)
      return try await TestSupport.run(app, [])
    }
  }

  private static func withFiletest<R: Sendable>(
    _ name: String, _ body: @Sendable (FilePath, FilePath) async throws -> R
  ) async throws -> R {
    let source = TestSupport.packageRoot.appending("Tests/filetests/driver/\(name).wat")
    let bytes = try await TestSupport.module(
      fromText: String(decoding: try TestSupport.read(source), as: UTF8.self))
    return try await TemporaryFolder.with { folder in
      let module = folder.appending("module.wasm")
      try TestSupport.write(bytes, to: module)
      return try await body(folder, module)
    }
  }
}
