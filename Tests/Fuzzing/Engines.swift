import Driver
import IR
import LLVMBackend
import Linker
import Support
import SystemPackage
import TestSupport
import WasmModule

/// A way to compile modules, to be compared with the interpreter: a row of a table.
public struct Engine: Sendable, CustomStringConvertible {
  public var name: String
  var options: BuildOptions
  /// It is built twice: to count its branches, and with what it counted.
  var learns = false
  public var description: String { name }

  private init(_ name: String, _ kind: EmitKind, _ change: (inout BuildOptions) -> Void) {
    self.name = name
    options = BuildOptions()
    options.emit = kind
    options.isScriptDriven = kind == .exe
    options.sandbox = .off
    change(&options)
  }

  private init(
    _ kind: EmitKind, _ level: OptimizationLevel, _ checks: BoundsChecks = .guardPages, _ more: String = "",
    _ change: (inout BuildOptions) -> Void = { _ in }
  ) {
    let words = [
      kind == .exe ? "program" : "embedded", "-\(level)",
      checks == .explicit ? "--bounds-checks=explicit" : "", more,
    ]
    self.init(words.filter { !$0.isEmpty }.joined(separator: " "), kind) {
      $0.optimization = level
      $0.boundsChecks = checks
      change(&$0)
    }
  }

  /// Every module goes through these.
  public static let all = [
    Engine(.exe, .O0), Engine(.exe, .O2), Engine(.exe, .O3), Engine(.exe, .O2, .explicit), Engine(.obj, .O2),
  ]

  /// And through one of these.
  public static let others = [
    Engine(.obj, .O0), Engine(.obj, .O3), Engine(.obj, .O0, .explicit), Engine(.obj, .O2, .explicit),
    Engine(.obj, .O3, .explicit), Engine(.exe, .O0, .explicit), Engine(.exe, .O1), Engine(.exe, .Os),
    Engine(.exe, .Oz), Engine(.exe, .O3, .explicit),
    Engine(.exe, .O2, .explicit, "--spectre-mitigation") { $0.mitigatesSpectre = true },
    Engine(.exe, .O2, .guardPages, "--cpu=native") { $0.cpu = "native" },
    Engine(.exe, .O3, .guardPages, "--cpu=native") { $0.cpu = "native" },
    Engine(.exe, .O2, .guardPages, "--fuel") { $0.countsFuel = true },
    Engine(.obj, .O2, .guardPages, "--count-fuel") { $0.countsFuel = true },
    learning(.O2), learning(.O3, .explicit),
  ]

  private static func learning(_ level: OptimizationLevel, _ checks: BoundsChecks = .guardPages) -> Engine {
    var engine = Engine(.exe, level, checks, "--profile-use")
    engine.learns = true
    return engine
  }

  public static func named(_ name: String) -> Engine? { (all + others).first { $0.name == name } }

  public static func extra(for seed: UInt64) -> Engine { others[Int(seed % UInt64(others.count))] }

  var isEmbedded: Bool { options.emit.isEmbedded }
}

/// What an engine gave for a module.
enum Answer: Sendable {
  case record(instantiation: String, outcomes: [[Outcome]])
  /// It could not be compiled, or what was compiled did not come to its end.
  case failure(String)
}

extension Engine {
  /// Changes the IR of what is compiled: a planted bug.
  public typealias Bug = @Sendable (inout IR.Module) -> Void

  private func build(
    _ candidate: Candidate, to output: FilePath, name: String, bug: Bug?,
    _ change: (inout BuildOptions) throws(Problem) -> Void = { _ throws(Problem) in }
  ) async throws(Problem) {
    var options = options
    try change(&options)
    if isEmbedded { options.moduleName = CIdentifier(name) }
    var builder = Builder(options: options, jobs: 1, environment: TestSupport.environment)
    builder.changeIR = bug
    builder.host = .fuzzing
    _ = try await builder.build(candidate.path, to: output.string)
  }

  /// As a program of its own.
  func run(_ candidate: Candidate, _ record: Record, in folder: FilePath, bug: Bug? = nil) async throws
    -> Answer
  {
    let app = folder.appending("app-\(candidate.seed)")
    let profile = folder.appending("profile-\(candidate.seed)")
    defer {
      TestSupport.remove(app)
      if learns { TestSupport.remove(profile) }
    }
    var input: [String] = []
    for run in record.runs { input += ["run"] + run.flatMap { $0.lines(instance: nil) } + ["end"] }
    let lines: [Substring]
    do {
      if learns {
        try await build(candidate, to: app, name: "", bug: bug) {
          $0.countsBranches = true
          $0.profileFile = profile.string
        }
        let counted = try await Self.execute(app, input)
        try await build(candidate, to: app, name: "", bug: bug) { options throws(Problem) in
          options.profile = try ProfileInput(contentsOf: [profile.string])
        }
        lines = try await Self.execute(app, input)
        if lines != counted { return .failure("what counts its branches answers otherwise") }
      } else {
        try await build(candidate, to: app, name: "", bug: bug)
        lines = try await Self.execute(app, input)
      }
    } catch let problem as Problem {
      return .failure("does not compile: \(problem.rendered())")
    }
    guard let instantiation = lines.first else { return .failure("printed nothing") }
    var reader = LineReader(lines.dropFirst())
    if instantiation != "ok" { return .record(instantiation: String(instantiation), outcomes: []) }
    var outcomes: [[Outcome]] = []
    for run in record.runs {
      outcomes.append(reader.outcomes(of: run))
      let end = reader.next() ?? "nothing"
      if end != "end 0" { return .failure("ended early in \(run.map(\.call.text)): \(end)") }
    }
    return .record(instantiation: "ok", outcomes: outcomes)
  }

  /// All in one shared library, and one host.
  func runEmbedded(_ batch: [(Candidate, Record)], in folder: FilePath, bug: Bug? = nil) async throws
    -> [Answer]
  {
    var answers: [Answer?] = batch.map { _ in nil }
    var objects: [LinkObject] = []
    var compiled: [Int] = []
    for (index, (candidate, _)) in batch.enumerated() {
      let object = folder.appending("m\(index).o")
      do {
        try await build(candidate, to: object, name: "m\(index)", bug: bug)
        objects.append(LinkObject(name: "m\(index).o", bytes: try TestSupport.read(object)))
        compiled.append(index)
      } catch let problem as Problem {
        answers[index] = .failure("does not compile: \(problem.rendered())")
      }
    }
    let library = folder.appending("batch.so")
    if !objects.isEmpty {
      try await JoinPlan(
        .sharedLibrary, of: objects, output: library,
        linker: .find(environment: TestSupport.environment)
      ).run()
    }
    var input: [String] = []
    for index in compiled { input += Self.hostLines(library, index, batch[index].1) }
    let lines = compiled.isEmpty ? [] : try await Self.execute(FuzzHost.path(), input)
    var reader = LineReader(lines[...])
    for index in compiled {
      let record = batch[index].1
      if reader.isAtEnd, batch.count > 1 {
        // The host ended: who is to blame?
        answers[index] = try await runEmbedded([batch[index]], in: folder, bug: bug)[0]
        continue
      }
      let answer = Self.readHost(&reader, record)
      if case .failure = answer, batch.count > 1 {
        answers[index] = try await runEmbedded([batch[index]], in: folder, bug: bug)[0]
        continue
      }
      answers[index] = answer
    }
    return answers.map { $0! }
  }

  private static func hostLines(_ library: FilePath, _ index: Int, _ record: Record) -> [String] {
    // Fuel is not what ends anything here: what counts it is compiled, and compared.
    var lines = ["store", "fuel 7fffffffffffffff", "module m\(index) \(library) m\(index)_wasm"]
    // Something that does not come to be says so.
    if record.runs.isEmpty { lines.append("instance i m\(index)") }
    for run in record.runs {
      lines += ["instance i m\(index)"] + run.flatMap { $0.lines(instance: "i") }
    }
    return lines
  }

  private static func readHost(_ reader: inout LineReader, _ record: Record) -> Answer {
    guard reader.next() == "ok", reader.next() == "ok", let loaded = reader.next() else {
      return .failure("the host ended early")
    }
    if loaded != "ok" { return .failure("does not load: \(loaded)") }
    if record.runs.isEmpty {
      return .record(instantiation: String(reader.next() ?? "nothing"), outcomes: [])
    }
    var outcomes: [[Outcome]] = []
    var instantiation = "ok"
    for run in record.runs {
      guard let line = reader.next() else { return .failure("the host ended early") }
      if line != "ok" { instantiation = String(line) }
      outcomes.append(reader.outcomes(of: run))
    }
    if reader.isTooShort { return .failure("the host ended early") }
    return .record(instantiation: instantiation, outcomes: outcomes)
  }

  /// Whole lines that a driver prints; killed after a while, for a wrong program may not end.
  private static func execute(_ program: FilePath, _ input: [String]) async throws -> [Substring] {
    let bytes = Array(input.map { $0 + "\n" }.joined().utf8)
    let result = try await TestSupport.run(
      "/usr/bin/timeout", ["-s", "KILL", "60", program.string], input: bytes)
    return result.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
  }
}

/// Answers of a driver in the order of what was asked.
private struct LineReader {
  private var lines: ArraySlice<Substring>
  /// More was asked for than there is.
  private(set) var isTooShort = false
  init(_ lines: ArraySlice<Substring>) { self.lines = lines }
  var isAtEnd: Bool { lines.isEmpty }

  mutating func next() -> Substring? {
    if lines.isEmpty { isTooShort = true }
    return lines.popFirst()
  }

  mutating func outcomes(of run: [Step]) -> [Outcome] {
    run.map { step in
      Outcome(
        line: next() ?? "nothing", log: next() ?? "nothing",
        state: step.isFollowedByState ? next() ?? "nothing" : nil as Substring?)
    }
  }
}

/// The host of embedded modules, `runtime-c/test/spec_host.c`, as the Makefile builds it; WASMAOT_SPEC_HOST names
/// another one.
enum FuzzHost {
  private static let built = Task {
    if let path = TestSupport.environment["WASMAOT_SPEC_HOST"] { return FilePath(path) }
    let result = try await TestSupport.run(
      "/usr/bin/env", ["make", "--silent", "-C", TestSupport.packageRoot.string, "spec-host"])
    guard result.status == 0 else { throw FuzzError(result.errorText) }
    return TestSupport.packageRoot.appending("runtime-c/build/embedded/spec_host")
  }
  static func path() async throws -> FilePath { try await built.value }
}

public struct FuzzError: Error, CustomStringConvertible {
  public var description: String
  init(_ description: String) { self.description = description }
}

extension HostEnvironment {
  /// The functions of `runtime-c/src/script_host.c`.
  static let fuzzing = HostEnvironment { module, name, type in
    guard module == "fuzzing-support" else { return nil }
    let types: [ByteString: FuncType] = [
      "log-i32": FuncType(params: [.i32], results: []), "log-i64": FuncType(params: [.i64], results: []),
      "log-f32": FuncType(params: [.f32], results: []), "log-f64": FuncType(params: [.f64], results: []),
      "log-v128": FuncType(params: [.v128], results: []), "mix": FuncType(params: [.i32], results: [.i32]),
    ]
    return types[name] == type ? "wasmaot_script_host_" + name.string.replacing("-", with: "_") : nil
  }
}
