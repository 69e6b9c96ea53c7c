import ArgumentParser
import BenchReport
import Driver
import FoundationEssentials
import LLVMBackend

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure a module: compiled, interpreted, and in other engines.",
    usage: "wasmaot bench MODULE [options] [-- ARGS ...]",
    discussion: """
      Measures compile time and memory, size, start-up, run time with its spread, and peak memory, and shows a table; \
      --html writes a report with plots. The outputs of all engines are compared. What follows '--' is the program's. \
      If the program traps or fails, nothing is measured, and the status is the program's.
      """)

  @Argument(help: ArgumentHelp("The module, in the binary format.", valueName: "MODULE"))
  var module: String?

  @Argument(parsing: .postTerminator, help: ArgumentHelp("The program's arguments.", valueName: "ARGS"))
  var arguments: [String] = []

  @Option(
    name: .customShort("O", allowingJoined: true),
    help: ArgumentHelp(
      "Optimisation level to measure: 0, 1, 2, 3, s or z. Can be given several times (default: -O2 -O0).",
      valueName: "level"))
  var levels: [OptimizationLevel] = []

  @Option(
    name: .customLong("engine"),
    help: ArgumentHelp(
      "Measure another engine, too; 'all' is those that are on the PATH. Can be given several times.",
      discussion: "Engines: \(ModuleBenchmark.otherEngines.joined(separator: ", ")).", valueName: "NAME"))
  var engines: [String] = []

  @Flag(name: .customLong("no-interpreter"), help: "Leave the interpreter out.")
  var leavesInterpreterOut = false

  @Option(
    help: ArgumentHelp(
      "Runs to measure (default: 10, or fewer, but at least 3, where they take long).", valueName: "N"))
  var runs: Int?

  @Option(
    help: ArgumentHelp(
      "Runs before those, besides the first of each engine, whose output is compared.",
      valueName: "N"))
  var warmup = 0

  @Option(
    name: .customLong("stdin"),
    help: ArgumentHelp("What the program reads from standard input (default: nothing).", valueName: "FILE"))
  var input: String?

  @Flag(
    name: .customLong("ignore-output"),
    help: "Do not compare outputs: for programs that print times, or random numbers.")
  var ignoresOutput = false

  @Flag(
    name: .customLong("no-start"),
    help: "Do not measure start-up, which takes one more build for each level.")
  var leavesStartOut = false

  @Option(help: ArgumentHelp("Write a report with plots, one page that needs no network.", valueName: "FILE"))
  var html: String?

  @Flag(help: "Print the results as JSON, instead of a table.")
  var json = false

  @OptionGroup(title: "Code generation") var target: TargetOptions
  @OptionGroup(title: "Grants and entry") var grants: GrantOptions
  @OptionGroup(title: "Limits") var limits: LimitOptions

  func run() throws {
    try target.printListsAskedFor()
    guard let module else {
      throw Problem.usage("no module is given", help: "write wasmaot bench MODULE [options] [-- ARGS ...]")
    }
    let plan = try plan()
    guard let compiler = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
      throw Problem("cannot find the program itself: /proc is not mounted", help: "mount /proc")
    }
    Interruption.watch()
    let progress = ProgressLine()
    let benchmark = ModuleBenchmark(
      plan, compiler: compiler, environment: ProcessInfo.processInfo.environment,
      observe: { progress.show($0) })
    do {
      let outcome = try benchmark.run(module)
      progress.clear()
      try report(outcome, of: module)
    } catch {
      progress.clear()
      if let signal = Interruption.received { Interruption.end(by: signal) }
      throw error
    }
  }

  private func plan() throws(Problem) -> ModuleBenchmark.Plan {
    if let runs, runs < 1 {
      throw .usage("--runs \(runs) measures nothing", help: "write --runs N, with N from 1")
    }
    if warmup < 0 { throw .usage("--warmup \(warmup) is negative", help: "write a number without a sign") }
    if let html { try ModuleBenchmark.checkReport(to: html) }
    var plan = ModuleBenchmark.Plan()
    try target.apply(to: &plan.options)
    try grants.apply(to: &plan.options)
    try limits.apply(to: &plan.options)
    // Whoever requires the second wall must not run without it unawares.
    if plan.options.sandbox == .require, !leavesInterpreterOut || !engines.isEmpty {
      throw .usage(
        "--sandbox=require is for compiled programs: the interpreter and other engines run without a sandbox",
        help: "give --no-interpreter and no --engine, or leave out --sandbox=require")
    }
    if !levels.isEmpty {
      plan.levels = levels.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
    plan.interprets = !leavesInterpreterOut
    plan.engines = engines
    plan.buildArguments = target.words + grants.words + limits.words
    plan.interpreterArguments = target.features.words + grants.words + limits.words
    plan.arguments = arguments
    plan.input = input
    plan.runs = runs
    plan.warmups = warmup
    plan.comparesOutput = !ignoresOutput
    plan.measuresStart = !leavesStartOut
    plan.command = (["wasmaot"] + CommandLine.arguments.dropFirst()).map(\.shellQuoted).joined(separator: " ")
    return plan
  }

  private func report(_ outcome: ModuleBenchmark.Outcome, of module: String) throws {
    switch outcome {
    case .ended(let engine, let status, let errors):
      // What the program or the build said; not a terminal's control sequences.
      for line in errors.split(separator: "\n") {
        terminal.writeError(visible(String(line), limit: 4000) + "\n")
      }
      let help = engine == ModuleBenchmark.interpreter ? "leave it out with --no-interpreter" : nil
      let problem = Problem("\(engine) ended with status \(status): nothing is measured", help: help)
      terminal.writeError(problem.rendered(terminal.style))
      throw ExitCode(status)
    case .measured(let results, let problems):
      var problems = problems
      // What was measured is not lost where one of the two can't be written.
      do throws(Problem) {
        try writeOutput(json ? results.json() + "\n" : text(results, of: module))
      } catch {
        problems.append(error)
      }
      if let html {
        do throws(Problem) { try ModuleBenchmark.write(results.html(), to: html) } catch {
          problems.append(error)
        }
      }
      for problem in problems { terminal.writeError(problem.rendered(terminal.style)) }
      if !problems.isEmpty { throw ExitCode.failure }
    }
  }

  private func text(_ results: BenchmarkResults, of module: String) -> String {
    let size = Unit("bytes").text(Double(results.module?.size ?? 0))
    let reasons = results.reasons().map { visible($0, limit: 1000) + "\n" }
    return "\(visible(module)), \(size)\n\n" + (results.summary()?.text() ?? "")
      + (reasons.isEmpty ? "" : "\n" + reasons.joined())
  }
}

extension String {
  /// As a shell reads it back.
  fileprivate var shellQuoted: String {
    let isPlain = utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-_./=:,+@%".utf8.contains(byte)
    }
    return isPlain && !isEmpty ? self : "'" + replacing("'", with: "'\\''") + "'"
  }
}

// MARK: - As they were written

// For the commands that a benchmark runs.

extension TargetOptions {
  var words: [String] {
    var words = ["--cpu=\(cpu)", "--target=\(target)"]
    if let boundsChecks { words.append("--bounds-checks=\(boundsChecks.rawValue)") }
    if mitigatesSpectre { words.append("--spectre-mitigation") }
    return words + features.words
  }
}

extension FeatureOptions {
  var words: [String] {
    var words = features.map { "-W\($0)" }
    if let jobs { words.append("-j\(jobs)") }
    if let featureList { words.append("--features=\(featureList)") }
    return words
  }
}

extension GrantOptions {
  var words: [String] {
    var words = directories.map { "--dir=\($0)" }
    words += environment.map { "--env=\($0)" }
    words += listeners.map { "--listen=\($0)" }
    if hasRawTerminal { words.append("--raw-terminal") }
    if let invoke { words.append("--invoke=\(invoke)") }
    if let stubImports { words.append("--stub-imports=\(stubImports.rawValue)") }
    return words + ["--sandbox=\(sandbox.rawValue)"]
  }
}

extension LimitOptions {
  var words: [String] {
    let values = [("max-memory", maxMemory), ("max-stack", maxStack), ("timeout", timeout), ("fuel", fuel)]
    var words = values.compactMap { name, value in value.map { "--\(name)=\($0)" } }
    if reportsFuel { words.append("--report-fuel") }
    if countsFuel { words.append("--count-fuel") }
    return words
  }
}
