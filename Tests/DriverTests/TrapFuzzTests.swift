import Driver
import LLVMBackend
import SystemPackage
import TestSupport
import Testing

/// Random modules (TrapProgram) at several levels: results, traps, what was logged before them, and memory where
/// there was no trap, must be the same, and wasmtime must agree. `scripts/fuzz-traps` runs more of them.
@Suite(
  .serialized,
  .enabled(if: TestSupport.tool("wasm-tools") != nil && TestSupport.tool("wasmtime") != nil, "no tools"))
struct TrapFuzzTests {
  private static func number(_ name: String, _ standard: UInt64) -> UInt64 {
    TestSupport.environment[name].flatMap { UInt64($0) } ?? standard
  }
  private static let seeds = {
    let first = number("WASMAOT_TRAP_SEED", 1)
    return Array(first..<first + number("WASMAOT_TRAP_MODULES", 4))
  }()

  @Test(arguments: seeds)
  func levelsAgree(seed: UInt64) async throws {
    let program = TrapProgram(seed: seed, functions: 24)
    if let folder = TestSupport.environment["WASMAOT_TRAP_TEXTS"] {
      try TestSupport.write(program.text.utf8, to: FilePath(folder).appending("\(seed).wat"))
    }
    try await TemporaryFolder.with { folder in
      let module = folder.appending("module.wasm")
      try TestSupport.write(try await TestSupport.module(fromText: program.text), to: module)
      let reference = try await run(program, module, .O0, folder)
      for level in [OptimizationLevel.O1, .O2, .O3] {
        let outcomes = try await run(program, module, level, folder)
        for (expected, actual) in zip(reference, outcomes) where expected != actual {
          Issue.record("seed \(seed), \(level): \(actual), at -O0 \(expected)")
        }
      }
      let script = folder.appending("script.wast")
      try TestSupport.write(wast(program, reference).utf8, to: script)
      let result = try await TestSupport.run(
        try #require(TestSupport.tool("wasmtime")), ["wast", script.string])
      #expect(result.status == 0, "seed \(seed): wasmtime: \(result.errorText)")
    }
  }

  private struct Outcome: Equatable, CustomStringConvertible {
    var function: String
    var argument: UInt32
    /// Letters written to standard output.
    var log: Substring
    /// `ok i:…` or `trap …`.
    var line: Substring
    /// Nil after a trap.
    var hash: Substring?
    var description: String { "\(function)(\(argument)): \(log) \(line) \(hash ?? "")" }
  }

  private func run(
    _ program: TrapProgram, _ module: FilePath, _ level: OptimizationLevel, _ folder: FilePath
  ) async throws -> [Outcome] {
    var options = BuildOptions()
    options.optimization = level
    options.isScriptDriven = true
    let app = folder.appending("app")
    let builder = Builder(options: options, jobs: 1, environment: TestSupport.environment)
    _ = try await builder.build(module.string, to: app.string)
    func invoke(_ name: String, _ arguments: String...) -> String {
      ScriptedProgram.call(name, arguments) + "\n"
    }
    var input = ""
    var outcomes: [Outcome] = []
    for index in 0..<program.functionCount {
      for argument in TrapProgram.arguments {
        let value = "i:" + String(argument, radix: 16)
        input += invoke("reset") + invoke("f\(index)", value) + invoke("hash")
        outcomes.append(Outcome(function: "f\(index)", argument: argument, log: "", line: "", hash: nil))
      }
    }
    let lines = try await TestSupport.run(app, input: Array(input.utf8)).text.split(separator: "\n")
    try #require(
      lines.count == 1 + 3 * outcomes.count, "\(level): the program ended early: \(lines.last ?? "")")
    for index in outcomes.indices {
      // The log stands in front of the outcome, in capitals.
      let line = lines[3 * index + 2]
      let start = line.firstIndex { !$0.isUppercase } ?? line.endIndex
      outcomes[index].log = line[..<start]
      outcomes[index].line = line[start...]
      if line[start...].hasPrefix("ok") { outcomes[index].hash = lines[3 * index + 3] }
    }
    return outcomes
  }

  /// The same calls with the same outcomes as a script of the specification's tests.
  private func wast(_ program: TrapProgram, _ outcomes: [Outcome]) -> String {
    var lines = [
      """
      (module $wasi (global $h (mut i32) (i32.const 0))
        (func (export "fd_write") (param i32 i32 i32 i32) (result i32)
          (global.set $h (i32.add (i32.mul (global.get $h) (i32.const 31)) (local.get 3))) (i32.const 0))
        (func (export "log") (result i32) (global.get $h) (global.set $h (i32.const 0))))
      (register "wasi_snapshot_preview1" $wasi)
      """,
      program.text.replacing("(module\n", with: "(module $program\n"),
    ]
    for outcome in outcomes {
      let call = "(invoke $program \"\(outcome.function)\" (i32.const \(outcome.argument)))"
      lines.append("(invoke $program \"reset\")")
      func bits(_ line: Substring) -> Substring { line.split(separator: ":").last ?? "" }
      if let hash = outcome.hash {
        lines.append("(assert_return \(call) (i32.const 0x\(bits(outcome.line))))")
        lines.append("(assert_return (invoke $program \"hash\") (i64.const 0x\(bits(hash))))")
      } else {
        lines.append("(assert_trap \(call) \"\(outcome.line.dropFirst(5))\")")
      }
      let log = outcome.log.utf8.reduce(UInt32(0)) { $0 &* 31 &+ 16 &+ UInt32($1 - 65) * 4 }
      lines.append("(assert_return (invoke $wasi \"log\") (i32.const \(log)))")
    }
    return lines.joined(separator: "\n")
  }
}
