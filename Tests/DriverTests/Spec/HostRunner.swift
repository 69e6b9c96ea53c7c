import Driver
import LLVMBackend
import Support
import SystemPackage
import TestSupport
import WasmModule

/// Compiles the modules of a script to shared libraries and runs the script in a host of the public C API: several
/// modules and instances that import from each other, in the embedded model.
struct HostRunner: Sendable {
  var options: BuildOptions
  /// `runtime-c/test/spec_host.c`, built.
  var host: FilePath

  init(level: OptimizationLevel, host: FilePath) {
    options = BuildOptions()
    options.optimization = level
    options.emit = .shared
    options.moduleName = CIdentifier("module")
    self.host = host
  }

  /// Builds the host as the Makefile does, once; WASMAOT_SPEC_HOST names another one (with sanitizers, say).
  static let builtHost = Task {
    if let path = TestSupport.environment["WASMAOT_SPEC_HOST"] { return FilePath(path) }
    let result = try await TestSupport.run(
      "/usr/bin/env", ["make", "--silent", "-C", TestSupport.packageRoot.string, "spec-host"])
    guard result.status == 0 else { throw HostNotBuilt(message: result.errorText) }
    return TestSupport.packageRoot.appending("runtime-c/build/embedded/spec_host")
  }

  /// `folder` holds the script NAME.json and its modules.
  func run(_ folder: FilePath) async throws -> SpecRunner.Outcome {
    let name = folder.lastComponent?.string ?? ""
    let script = try HostScript(SpecScript.load(folder), folder: folder, imports: Self.imports(of:))
    var outcome = SpecRunner.Outcome()
    outcome.skipped = script.skipped
    outcome.textOnly = script.textOnly
    outcome.modules = script.modules.count
    if script.modules.isEmpty { return outcome }
    func fail(_ line: Int, _ message: String) {
      outcome.failures.append(.init(place: "\(name):\(line)", message: message))
    }
    let lines = try await TemporaryFolder.with { temporary in
      for module in script.modules {
        do {
          try await compile(
            folder.appending(module.filename), to: temporary.appending("\(module.number).so"))
        } catch let problem as Problem {
          fail(module.line, "\(module.filename): \(problem.rendered())")
        }
      }
      var commands = script.steps.map(\.command)
      if script.needsSpectestRest {
        let rest = temporary.appending("rest.wasm")
        try TestSupport.write(HostScript.spectestRest, to: rest)
        try await compile(rest, to: temporary.appending("rest.so"))
        commands = HostScript.spectestRestCommands + commands
      }
      let input = commands.map { command in
        (command.hasPrefix("module ")
          ? command.replacing(HostScript.placeholder, with: temporary.string + "/") : command) + "\n"
      }
      let result = try await TestSupport.run(host, input: Array(input.joined().utf8))
      return result.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        .dropFirst(script.needsSpectestRest ? HostScript.spectestRestCommands.count : 0)
    }
    for (step, line) in zip(script.steps, lines) {
      if !step.expectation.isMet(by: line) {
        fail(step.line, "\(step.command): expected \(step.expectation.text), got '\(line)'")
      } else if step.isAssertion {
        outcome.passed += 1
      }
    }
    if lines.count < script.steps.count {
      let lost = script.steps[lines.count...]
      fail(lost.first!.line, "\(lost.first!.command): the host ended (\(lost.count) commands lost)")
    }
    return outcome
  }

  private func compile(_ module: FilePath, to output: FilePath) async throws {
    let builder = Builder(options: options, jobs: 1, environment: TestSupport.environment)
    _ = try await builder.build(module.string, to: output.string)
  }

  struct HostNotBuilt: Error { var message: String }

  private static func imports(of path: FilePath) throws -> [String]? {
    do {
      return try decodeAndValidate(ModuleBytes(try TestSupport.read(path))).imports.map { entry in
        ["table64", "shared_memory"].contains(entry.name.string) ? "spectest+" : entry.module.string
      }
    } catch let error as WasmError {
      if case .unsupportedFeature = error.kind { return nil }
      return []  // Whatever else is wrong shows when the module is built.
    }
  }
}
