public import BenchReport
import CProcess
import FoundationEssentials
import LLVMBackend
import SystemPackage
import WasmModule

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `wasmaot bench`: a user's own module, compiled and interpreted, beside other engines.
///
/// Everything is measured on processes: what a user waits for is what counts. All engines take their turns in each round,
/// so that what else the machine does falls on all of them alike.
public struct ModuleBenchmark {
  public struct Plan: Sendable {
    public var levels: [OptimizationLevel] = [.O2, .O0]
    /// Whether the interpreter takes part.
    public var interprets = true
    /// Names of other engines; `all` is those that are installed.
    public var engines: [String] = []
    /// What decides how the module is entered and what it may do.
    public var options = BuildOptions()
    /// The words of the command line that say the same to `build`, and to `run --interpret`.
    public var buildArguments: [String] = []
    public var interpreterArguments: [String] = []
    /// The program's own.
    public var arguments: [String] = []
    /// The file that is its standard input.
    public var input: String?
    /// Runs that are measured; nil: ten, or fewer where they take long.
    public var runs: Int?
    /// Runs before them, besides the first of each engine, whose output is compared.
    public var warmups = 0
    public var comparesOutput = true
    public var measuresStart = true
    /// What the report says that repeats it.
    public var command = ""

    public init() {}
  }

  public enum Outcome {
    /// `problems` are engines whose output differs.
    case measured(BenchmarkResults, problems: [Problem])
    /// A program of wasmaot's ended with another status than 0: there is nothing to measure.
    case ended(engine: String, status: Int32, errors: String)
  }

  let plan: Plan
  /// The path of wasmaot itself.
  let compiler: String
  let environment: [String: String]
  /// Is told what is going on.
  let observe: (String) -> Void

  public init(
    _ plan: Plan, compiler: String, environment: [String: String],
    observe: @escaping (String) -> Void = { _ in }
  ) {
    self.plan = plan
    self.compiler = compiler
    self.environment = environment
    self.observe = observe
  }

  public func run(_ module: String) throws(Problem) -> Outcome {
    let bytes = try readModule(module)
    let decoded: WasmModule.Module
    do throws(WasmError) {
      decoded = try decode(bytes, features: plan.options.features)
    } catch {
      throw ModuleSource(file: module).problem(error)
    }
    let entry = try Entry(of: decoded, options: plan.options, file: module, command: .bench)
    let engines = try engines(
      for: BenchmarkedProgram(module: decoded, entry: entry, options: plan.options))
    let folder = try BenchmarkFolder(in: OutputFile.temporaryFolder(environment: environment))
    defer { folder.remove() }
    // What programs print is kept, and one that never stops must not fill the disk.
    wasmaot_limit_files(Self.largestFile)
    var session = BenchmarkSession(
      plan: plan, folder: folder, engines: engines,
      moduleName: FilePath(module).lastComponent?.string ?? module,
      observe: observe)
    let failure = try session.measure(
      module: module, start: plan.measuresStart ? startModule(of: decoded, entry, in: folder) : nil)
    if let failure { return .ended(engine: failure.engine, status: failure.status, errors: failure.errors) }
    var results = BenchmarkResults(date: Self.today(), command: plan.command, machine: .current())
    results.versions = versions(of: engines)
    results.module = MeasuredModule(module, size: bytes.count, sha256: sha256(bytes.buffer))
    results.options = plan.buildArguments
    results.sections = session.sections(moduleSize: bytes.count)
    return .measured(results, problems: session.problems)
  }

  private func startModule(
    of module: WasmModule.Module, _ entry: Entry, in folder: BenchmarkFolder
  ) throws(Problem) -> String? {
    let function: FuncIdx? =
      switch entry {
      case .command(let function), .export(let function, _): function
      case .allExports, .host: nil
      }
    guard let function, let bytes = StartModule.bytes(of: module, entry: function) else { return nil }
    let path = folder.file("start.wasm").string
    try OutputFile.write(bytes, to: path, option: "TMPDIR")
    return path
  }

  private static func today() -> String {
    var now = time(nil)
    var date = tm()
    localtime_r(&now, &date)
    func two(_ number: Int32) -> Substring { String(number + 100).suffix(2) }
    return "\(date.tm_year + 1900)-\(two(date.tm_mon + 1))-\(two(date.tm_mday))"
  }

  /// Writes a report: it appears whole, or not at all.
  public static func write(_ report: String, to path: String) throws(Problem) {
    try OutputFile.write(Array(report.utf8), to: path, option: "--html")
  }

  /// Before everything is measured: whether a report can be written there.
  public static func checkReport(to path: String) throws(Problem) {
    try Builder.checkOutput(path, option: "--html")
    if let error = OutputFile.obstacle(to: path) { throw .cannotWrite(path, error, option: "--html") }
  }

  private static let largestFile: UInt64 = 4 << 30

  // MARK: - Engines

  /// What reports call it.
  public static let interpreter = "interpreter"

  /// The names that `Plan.engines` may have.
  public static var otherEngines: [String] { OtherEngine.all.map(\.name) }

  private func engines(for program: BenchmarkedProgram) throws(Problem) -> [BenchmarkEngine] {
    var engines = plan.levels.map { level in
      BenchmarkEngine(
        name: "wasmaot -\(level.rawValue)",
        prepare: { module, output in
          [compiler, "build", "--no-cache", "-\(level.rawValue)"] + plan.buildArguments + [
            module, "-o", output,
          ]
        },
        run: { [$0] + plan.arguments }, isOwn: true)
    }
    if plan.interprets {
      engines.append(
        BenchmarkEngine(
          name: Self.interpreter,
          run: { [compiler, "run", "--interpret"] + plan.interpreterArguments + [$0] + plan.arguments },
          isOwn: true))
    }
    for engine in try otherEngines(for: program) where !engines.contains(where: { $0.name == engine.name }) {
      engines.append(engine)
    }
    return engines
  }

  private func otherEngines(for program: BenchmarkedProgram) throws(Problem) -> [BenchmarkEngine] {
    let known = OtherEngine.all.map(\.name)
    var engines: [BenchmarkEngine] = []
    for name in plan.engines {
      if name == "all" {
        engines += OtherEngine.all.compactMap { installed($0, for: program) }
        continue
      }
      guard let row = OtherEngine.all.first(where: { $0.name == name }) else {
        throw .usage(
          "unknown engine '\(name)'",
          help: nearest(to: name, among: known).map { "did you mean '\($0)'?" }
            ?? "engines are: \(known.joined(separator: ", ")), and 'all' for those that are installed")
      }
      guard let engine = installed(row, for: program) else {
        let programs = row.programs.filter { path(of: $0) == nil }
        throw Problem(
          "\(programs.joined(separator: " and ")) is not on the PATH",
          help: "install it, or leave out --engine \(name)")
      }
      if let refusal = engine.refusal {
        throw Problem("\(name): \(refusal)", help: "leave out --engine \(name)")
      }
      engines.append(engine)
    }
    return engines
  }

  /// Nil if it is not on the PATH.
  private func installed(_ row: OtherEngine, for program: BenchmarkedProgram) -> BenchmarkEngine? {
    let paths = row.programs.compactMap(path(of:))
    guard paths.count == row.programs.count else { return nil }
    var engine = BenchmarkEngine(
      name: row.name, version: version(of: paths[0]), run: { [$0] }, isOwn: false,
      usesHostCPU: row.usesHostCPU)
    do throws(EngineRefusal) {
      let options = try row.options(program)
      engine.prepare = row.prepare.map { prepare in
        { module, output in
          let words = prepare(options.prepare, module, output)
          return [path(of: words[0]) ?? words[0]] + words.dropFirst()
        }
      }
      engine.run = { [paths[0]] + options.run + [$0] + plan.arguments }
    } catch {
      engine.refusal = "it can't \(error.reason)"
    }
    return engine
  }

  private func path(of program: String) -> String? {
    (environment["PATH"] ?? "").split(separator: ":").lazy.map { "\($0)/\(program)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  private func version(of program: String) -> String? {
    guard let folder = try? BenchmarkFolder(in: OutputFile.temporaryFolder(environment: environment)) else {
      return nil
    }
    defer { folder.remove() }
    let output = folder.file("version")
    let process = MeasuredProcess(
      arguments: [program, "--version"], output: output, errors: folder.file("errors"))
    guard (try? process.run())?.status == 0 else { return nil }
    return folder.text(of: "version", limit: 200).split(separator: "\n").first.map { visible(String($0)) }
  }

  private func versions(of engines: [BenchmarkEngine]) -> [String: String] {
    var versions = ["wasmaot": Version.text]
    for engine in engines where !engine.isOwn { versions[engine.name] = engine.version ?? "unknown version" }
    return versions
  }
}
