import Driver
import Interpreter
import LLVMBackend
import SystemPackage
import TestSupport

/// A way to run a module with a limit of fuel: a row of the tests that compare counts.
struct FuelEngine: Sendable, CustomStringConvertible {
  /// A call of an export: its name, arguments as the drivers' lines have them, and what it may consume.
  struct Call: Sendable {
    var name: String
    var arguments: [String] = []
    var fuel = UInt64(Int64.max)
  }

  /// What a call gave, and what it consumed.
  struct Outcome: Hashable, Sendable, CustomStringConvertible {
    var line: Substring
    var consumed: UInt64
    var description: String { "\(line), \(consumed) consumed" }
  }

  enum Kind: String { case program, embedded, interpreter }
  var kind = Kind.program
  var level = OptimizationLevel.O0
  var boundsChecks = BoundsChecks.guardPages

  static let all = [
    FuelEngine(level: .O0), FuelEngine(level: .O2), FuelEngine(level: .O3),
    FuelEngine(level: .O0, boundsChecks: .explicit), FuelEngine(level: .O2, boundsChecks: .explicit),
    FuelEngine(kind: .embedded, level: .O0), FuelEngine(kind: .embedded, level: .O2),
    FuelEngine(kind: .embedded, level: .O2, boundsChecks: .explicit),
    FuelEngine(kind: .interpreter),
  ]

  var description: String { "\(kind) -\(level)\(boundsChecks == .explicit ? " explicit" : "")" }
  private var isEmbedded: Bool { kind == .embedded }

  /// Makes one instance of a module, and the calls in order. `imports` is a module that it imports from, under a name.
  func run(
    _ module: FilePath, _ calls: [Call], imports: (name: String, module: FilePath)? = nil
  ) async throws -> [Outcome] {
    try await TemporaryFolder.with { folder in
      var lines =
        switch kind {
        case .program: [] as [String]
        case .embedded: try await prepareHost(module, imports, in: folder)
        case .interpreter: ["module m0", "instance i m0"]
        }
      let prefix = kind == .program ? 1 : lines.count
      for call in calls {
        let words = (kind == .program ? [] : ["i"]) + [Self.hexadecimal(call.name)] + call.arguments
        lines.append("fuel \(String(call.fuel, radix: 16))")
        lines.append("invoke \(words.joined(separator: " "))")
        lines.append("consumed")
      }
      let output = try await answers(to: lines, module, in: folder)
      let answers = output.split(separator: "\n").dropFirst(prefix)
      guard answers.count == 3 * calls.count else { throw EndedEarly(engine: self, output: output) }
      return calls.indices.map { index in
        let start = answers.startIndex + 3 * index
        // A program's own output stands in front of the answer, in capitals.
        let line = answers[start + 1].drop { $0.isUppercase }
        return Outcome(line: line, consumed: UInt64(answers[start + 2].dropFirst(5), radix: 16) ?? .max)
      }
    }
  }

  struct EndedEarly: Error {
    var engine: FuelEngine
    var output: String
  }

  private func answers(to lines: [String], _ module: FilePath, in folder: FilePath) async throws -> String {
    if kind == .interpreter {
      var configuration = Store.Configuration()
      configuration.fuel = .max
      let file = HostScript.Module(filename: module.lastComponent!.string, line: 0, number: 0)
      let host = try InterpreterHost(
        configuration, folder: module.removingLastComponent(), modules: [file])
      return lines.map { host.execute($0) + "\n" }.joined()
    }
    let program =
      isEmbedded
      ? try await HostRunner.builtHost.value : try await build(module, as: .exe, in: folder, name: "app")
    let input = Array(lines.map { $0 + "\n" }.joined().utf8)
    return try await TestSupport.run(program, input: input).text
  }

  private func prepareHost(
    _ module: FilePath, _ imports: (name: String, module: FilePath)?, in folder: FilePath
  ) async throws -> [String] {
    var lines = ["fuel 7fffffffffffffff"]
    if let imports {
      let library = try await build(
        imports.module, as: .shared, in: folder, name: "imports", countsFuel: false)
      lines += [
        "module mi \(library) module_wasm", "instance ii mi",
        "register \(Self.hexadecimal(imports.name)) ii",
      ]
    }
    let library = try await build(module, as: .shared, in: folder, name: "module")
    return lines + ["module m \(library) module_wasm", "instance i m"]
  }

  private func build(
    _ module: FilePath, as emit: EmitKind, in folder: FilePath, name: String, countsFuel: Bool = true
  ) async throws -> FilePath {
    var options = BuildOptions()
    options.optimization = level
    options.boundsChecks = boundsChecks
    options.emit = emit
    options.countsFuel = countsFuel
    options.stubsImports = !emit.isEmbedded
    options.isScriptDriven = !emit.isEmbedded
    options.moduleName = emit.isEmbedded ? CIdentifier("module") : nil
    let output = folder.appending(name + emit.fileExtension)
    var builder = Builder(options: options, jobs: 1, environment: TestSupport.environment)
    if !emit.isEmbedded, !usesWASI(module) { builder.host = .spectest }
    _ = try await builder.build(module.string, to: output.string)
    return output
  }

  private func usesWASI(_ module: FilePath) -> Bool {
    let bytes = (try? TestSupport.read(module)) ?? []
    return String(decoding: bytes, as: UTF8.self).contains("wasi_snapshot_preview1")
  }

  private static func hexadecimal(_ name: String) -> String {
    if name.isEmpty { return "-" }
    return name.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}
