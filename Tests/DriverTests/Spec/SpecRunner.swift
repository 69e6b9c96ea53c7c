import Driver
import IR
import LLVMBackend
import Support
import SystemPackage
import TestSupport
import Translate
import WasmModule

/// Builds the modules of a script, runs each in its own program, and compares.
struct SpecRunner: Sendable {
  var options: BuildOptions
  /// Also those without an assertion.
  var runsEveryModule = false
  /// Bytes that a program may map (ulimit -v).
  var addressSpaceLimit: Int?

  struct Outcome: Sendable {
    var passed = 0
    var skipped: [SpecModule.Obstacle: Int] = [:]
    var modules = 0
    var failures: [Failure] = []
    /// Assertions about the text format.
    var textOnly = 0

    static func += (a: inout Outcome, b: Outcome) {
      a.passed += b.passed
      a.modules += b.modules
      a.textOnly += b.textOnly
      a.skipped.merge(b.skipped, uniquingKeysWith: +)
      a.failures += b.failures
    }
  }

  struct Failure: Sendable, CustomStringConvertible {
    /// `call_indirect:471`
    var place: String
    var message: String
    var description: String { "\(place): \(message)" }
  }

  init(level: OptimizationLevel) {
    options = BuildOptions()
    options.optimization = level
    options.isScriptDriven = true
  }

  /// `folder` holds the script NAME.json and its modules.
  func run(_ folder: FilePath) async throws -> Outcome {
    let name = folder.lastComponent?.string ?? ""
    let plan = try SpecPlan(SpecScript.load(folder), folder: folder) {
      ModuleBytes(try TestSupport.read($0))
    }
    var outcome = Outcome()
    outcome.skipped = plan.skipped
    for module in plan.modules where module.obstacle == nil {
      // A module that is only there to be imported, or to be left behind.
      if module.steps.isEmpty && module.instantiationTrap == nil && !runsEveryModule { continue }
      outcome.modules += 1
      await run(module, folder: folder, name: name, into: &outcome)
    }
    return outcome
  }

  private func run(_ module: SpecModule, folder: FilePath, name: String, into outcome: inout Outcome) async {
    func fail(_ line: Int, _ message: String) {
      outcome.failures.append(Failure(place: "\(name):\(line)", message: message))
    }
    do {
      let lines = try await TemporaryFolder.with { temporary in
        try await execute(module, folder: folder, temporary: temporary)
      }
      guard let instantiation = lines.first else { return fail(module.line, "printed nothing") }
      if let trap = module.instantiationTrap {
        if SpecModule.Expectation.trap(trap).isMet(by: instantiation) {
          outcome.passed += 1
        } else {
          fail(module.line, "instantiation: expected trap '\(trap)', got '\(instantiation)'")
        }
        return
      }
      if instantiation != "ok" { return fail(module.line, "instantiation: '\(instantiation)'") }
      if module.steps.isEmpty { outcome.passed += 1 }
      for (index, step) in module.steps.enumerated() {
        guard index + 1 < lines.count else {
          fail(step.line, "the program ended (\(module.steps.count - index) assertions lost)")
          return
        }
        if step.expectation.isMet(by: lines[index + 1]) {
          outcome.passed += 1
        } else {
          fail(
            step.line,
            "\(step.field)(\(step.arguments.joined(separator: ", "))): expected \(step.expectation.text), got '\(lines[index + 1])'"
          )
        }
      }
    } catch let problem as Problem {
      fail(module.line, "\(module.filename): \(problem.rendered())")
    } catch {
      fail(module.line, "\(module.filename): \(error)")
    }
  }

  /// The lines that the program prints: one for the instantiation, one a step.
  private func execute(_ module: SpecModule, folder: FilePath, temporary: FilePath) async throws
    -> [Substring]
  {
    var builder = Builder(options: options, jobs: 1, environment: TestSupport.environment)
    builder.host = .spectest
    let program = temporary.appending("app")
    _ = try await builder.build(folder.appending(module.filename).string, to: program.string)
    let input = module.steps.map { step in
      let name =
        step.field.isEmpty
        ? "-"
        : step.field.utf8.map { byte in
          let digits = String(byte, radix: 16)
          return digits.count == 1 ? "0" + digits : digits
        }.joined()
      return (["invoke", name] + step.arguments).joined(separator: " ") + "\n"
    }.joined()
    let result =
      if let limit = addressSpaceLimit {
        try await TestSupport.run(
          "/bin/sh", ["-c", "ulimit -v \(limit >> 10) && exec \"$0\"", program.string],
          input: Array(input.utf8))
      } else {
        try await TestSupport.run(program, input: Array(input.utf8))
      }
    return result.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
  }
}

extension SpecModule.Expectation {
  var text: String {
    switch self {
    case .anything: "anything"
    case .trap(let message): "trap '\(message)'"
    case .exception: "exception"
    case .results(let values): "[\(values.map(\.text).joined(separator: ", "))]"
    }
  }

  func isMet(by line: Substring) -> Bool {
    switch self {
    case .anything: return line.hasPrefix("ok") || line.hasPrefix("trap")
    case .exception: return line == "exception"
    case .trap(let message):
      guard line.hasPrefix("trap ") else { return false }
      let actual = line.dropFirst(5)
      // The suite says what the reference is to; here as in the field a null is a null.
      if message.hasPrefix("null "), message.hasSuffix(" reference") { return actual == "null reference" }
      // The suite's text may end early, or name the element.
      return actual.hasPrefix(message) || message.hasPrefix(actual)
    case .results(let values):
      let words = line.split(separator: " ")
      guard words.first == "ok", words.count == values.count + 1 else { return false }
      return zip(values, words.dropFirst()).allSatisfy { $0.matches($1) }
    }
  }
}

// MARK: - spectest

extension HostEnvironment {
  /// The suite's host module. Its functions do nothing that a test can see.
  static let spectest = HostEnvironment { module, name, type in
    guard module == "spectest" else { return nil }
    let types: [ByteString: [ValType]] = [
      "print": [], "print_i32": [.i32], "print_i64": [.i64], "print_f32": [.f32], "print_f64": [.f64],
      "print_i32_f32": [.i32, .f32], "print_f64_f64": [.f64, .f64],
    ]
    guard let params = types[name], type == FuncType(params: params, results: []) else { return nil }
    // In C's calling convention a function that takes no arguments ignores those that it is given.
    return "wasmaot_wasi_sched_yield"
  } state: { module, name, type in
    guard module == "spectest" else { return nil }
    switch (name, type) {
    case ("global_i32", .global(GlobalType(type: .i32, isMutable: false))): return .global(.i32(666))
    case ("global_i64", .global(GlobalType(type: .i64, isMutable: false))): return .global(.i64(666))
    case ("global_f32", .global(GlobalType(type: .f32, isMutable: false))):
      return .global(.f32(Float(666.6).bitPattern))
    case ("global_f64", .global(GlobalType(type: .f64, isMutable: false))):
      return .global(.f64(666.6.bitPattern))
    case ("memory", .memory), ("shared_memory", .memory): return .memory(Limits(minimum: 1, maximum: 2))
    case ("table", .table): return .table(Limits(minimum: 10, maximum: 20))
    default: return nil
    }
  }
}
