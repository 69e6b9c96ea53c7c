import ArgumentParser
import Driver
import FoundationEssentials

struct BuildCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build", abstract: "Compile modules to programs.",
    usage: """
      wasmaot build MODULE [-o OUT] [options]
      wasmaot build MODULE ... [-o DIR] [options]
      wasmaot build --manifest FILE [-o DIR]
      """,
    discussion: """
      The program is one static file that needs nothing installed where it runs. What it may touch is decided \
      here: directories (--dir), environment variables (--env) and sockets to listen at (--listen). With \
      --runtime-grants the program takes further ones itself, and --timeout, --max-memory, --max-stack and (with \
      --count-fuel) --fuel, before its own arguments and ended by '--'.

      Several modules are built side by side, and share the threads. One that fails does not stop the others; the \
      exit status is 1 then.
      """)

  @Argument(help: ArgumentHelp("Modules in the binary format; /dev/stdin for one.", valueName: "MODULE"))
  var modules: [String] = []

  @Option(
    name: .customShort("o", allowingJoined: true),
    help: ArgumentHelp(
      "Output; for several modules, or if it is one or ends with '/', a folder for outputs (default: the modules' names without .wasm, in the working directory).",
      discussion:
        "/dev/stdout, other devices and FIFOs are written to; a file is replaced once the build is done.",
      valueName: "OUT"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Build the modules in this list, with the options that it has for each.",
      discussion: "JSON; docs/batches.md describes it.", valueName: "FILE"))
  var manifest: String?

  @Flag(name: .customLong("fail-fast"), help: "Of several modules, begin none once one has failed.")
  var failsFast = false

  @OptionGroup var options: ModuleOptions

  @Flag(help: "Show how long each stage took, and the slowest part.")
  var timings = false

  @Flag(help: "Print a report: sizes, times, digests and options.")
  var json = false

  func run() async throws {
    try options.codegen.target.printListsAskedFor()
    try Builder.checkOutput(output, option: "-o")
    try Builder.checkOutput(options.header, option: "--header")
    options.codegen.startLogging()
    if manifest == nil, modules.count <= 1 { try await buildOne() } else { try await buildAll() }
  }

  private func buildOne() async throws {
    guard let module = modules.first else {
      throw Problem.usage("no module is given", help: "write wasmaot build MODULE [-o OUT]")
    }
    let builder = try builder(options, options.codegen.cacheOptions.cache())
    let emit = options.emit
    let output = try folder().map { Batch.output(for: module, emit: emit, in: $0) } ?? self.output
    let path = output ?? Builder.defaultOutput(for: module, emit: emit)
    let report = try await Progress(name: module).show { [header = options.header] observe throws(Problem) in
      var builder = builder
      builder.observe = observe
      return try await builder.build(module, to: path, header: header)
    }
    for warning in report.warnings { terminal.warn(warning) }
    if timings { terminal.writeError(report.timings()) }
    if json { try writeOutput(report.json() + "\n") }
  }

  private func buildAll() async throws {
    let batch = Batch(try items(), jobs: options.codegen.jobs, failsFast: failsFast)
    try batch.check()
    let report = await Progress(of: batch.items.count).show { observe in await batch.run(observe: observe) }
    for outcome in report.modules {
      for warning in outcome.report?.warnings ?? [] { terminal.warn("\(outcome.module): \(warning)") }
      if let problem = outcome.problem {
        terminal.writeError(problem.about(outcome.module).rendered(terminal.style))
      }
    }
    if timings { terminal.writeError(report.timings()) }
    if json { try writeOutput(report.json() + "\n") }
    if terminal.isInteractive || timings || report.hasFailed { terminal.writeError(report.summary + "\n") }
    if report.hasFailed { throw ExitCode(1) }
  }

  private func items() throws -> [Batch.Item] {
    guard let manifest else {
      if options.header != nil || options.name != nil {
        throw Problem.usage(
          "--name and --header are for one module",
          help: "give each module its own in a manifest (--manifest)")
      }
      let folder = try folder()
      let builder = try builder(options, options.codegen.cacheOptions.cache())
      return modules.map {
        Batch.Item(module: $0, output: Self.output(for: $0, emit: options.emit, in: folder), builder: builder)
      }
    }
    guard modules.isEmpty else {
      throw Problem.usage(
        "both modules and a manifest are given", help: "write the modules into the manifest, or leave it out")
    }
    // What would be lost must not be given; what is said of all modules has one place.
    guard try options.buildOptions() == BuildOptions(), options.header == nil else {
      throw Problem.usage(
        "with --manifest, options for modules are in the manifest",
        help: "write them there, under \"defaults\"")
    }
    let entries = try Manifest(contentsOf: manifest).entries
    let folder = try folder()
    let cache = try options.codegen.cacheOptions.cache()
    return try entries.map { entry in
      Batch.Item(
        module: entry.module,
        output: entry.output ?? Self.output(for: entry.module, emit: entry.options.emit, in: folder),
        header: entry.options.header, builder: try builder(entry.options, cache))
    }
  }

  private static func output(for module: String, emit: EmitKind, in folder: String?) -> String {
    folder.map { Batch.output(for: module, emit: emit, in: $0) }
      ?? Builder.defaultOutput(for: module, emit: emit)
  }

  /// What `-o` names if it is a folder; of several modules always. It is made where it is missing.
  private func folder() throws(Problem) -> String? {
    guard let output else { return nil }
    guard manifest != nil || modules.count > 1 || output.hasSuffix("/") || Builder.isFolder(output) else {
      return nil
    }
    try Builder.makeFolder(output)
    return output
  }

  /// Threads are those of the command line; all modules share the cache.
  private func builder(_ module: ModuleOptions, _ cache: BuildCache?) throws(Problem) -> Builder {
    Builder(
      options: try module.buildOptions(), jobs: options.codegen.jobs, cache: cache,
      environment: ProcessInfo.processInfo.environment)
  }
}

extension Problem {
  /// Not every problem says of itself which of several modules it is about.
  fileprivate func about(_ module: String) -> Problem {
    var problem = self
    if location?.file != module, !summary.contains(module) { problem.notes.insert("in \(module)", at: 0) }
    return problem
  }
}
