import Support
import WasmModule

/// Something that runs modules, and is measured.
struct BenchmarkEngine {
  /// What reports call it.
  var name: String
  /// Its version, in its own words; nil for wasmaot's own.
  var version: String?
  /// The command line that makes a file of a module, which is then run; nil if modules are run as they are.
  var prepare: ((_ module: String, _ output: String) -> [String])?
  /// The command line that runs a module, or the file that was made of it.
  var run: (_ file: String) -> [String]
  /// Whose failure is a failure of the benchmark: those of others are left out of the report's numbers.
  var isOwn: Bool
  /// Its code is for the CPU of this machine, whatever `--cpu` says.
  var usesHostCPU = false
  /// Why it is not run; the report says so.
  var refusal: String?
}

/// What all engines run.
struct BenchmarkedProgram {
  /// What decides how the module is entered and what it may do.
  var options: BuildOptions
  /// The first function that it imports from WASI that is about more files than the standard streams.
  var fileImport: String?
  /// What is called returns values.
  var hasResults: Bool

  init(module: WasmModule.Module, entry: Entry, options: BuildOptions) {
    self.options = options
    fileImport =
      module.imports.first { !Self.standardStreamsOnly.contains($0.name.description) }?.name.description
    hasResults =
      switch entry {
      case .command(let function), .export(let function, _): !module.type(of: function).results.isEmpty
      case .allExports, .host: false
      }
  }

  /// Functions of WASI that give nothing of the host's files to a program that has descriptors of directories.
  private static let standardStreamsOnly: Set<String> = [
    "args_get", "args_sizes_get", "environ_get", "environ_sizes_get", "clock_res_get", "clock_time_get",
    "fd_close",
    "fd_fdstat_get", "fd_read", "fd_seek", "fd_tell", "fd_write", "proc_exit", "random_get", "sched_yield",
  ]
}

/// Why an engine does not run a program: what it can't express. What reads as "it can't …".
struct EngineRefusal: Error {
  var reason: String

  init(_ reason: String) { self.reason = reason }
}

/// Engines that are not wasmaot's, and how they are told what to run: a row each.
struct OtherEngine: Sendable {
  /// The words that come before the file.
  struct Options {
    var prepare: [String] = []
    var run: [String] = []
  }

  var name: String
  /// What is looked for on the PATH: the program that runs modules first.
  var programs: [String]
  var prepare: (@Sendable (_ options: [String], _ module: String, _ output: String) -> [String])?
  var usesHostCPU = false
  /// An engine that can't express what is asked must not run the program with more than it was given.
  var options: @Sendable (BenchmarkedProgram) throws(EngineRefusal) -> Options

  static let all: [OtherEngine] = [
    OtherEngine(
      name: "wasmtime", programs: ["wasmtime"], prepare: { ["wasmtime", "compile"] + $0 + ["-o", $2, $1] },
      usesHostCPU: true,
      options: { program throws(EngineRefusal) in
        try refuseResults(program)
        let (whenCompiled, whenRun) = wasmtimeLimits(program.options)
        return Options(
          prepare: whenCompiled,
          run: try ["run", "--allow-precompiled"] + whenRun + grantOptions(program)
            + (program.options.invoke.map { ["--invoke", $0] } ?? []))
      }),
    OtherEngine(
      name: "wasm3", programs: ["wasm3"],
      options: { program throws(EngineRefusal) in
        try refuseResults(program, evenNone: true)
        try refuseLimits(program)
        guard program.options.grants == Grants() else { throw EngineRefusal("be given grants") }
        // Every program gets the working directory from it, with all that is in there.
        if let name = program.fileImport {
          throw EngineRefusal(
            "keep the working directory, which is not granted, from a module that imports \(name)")
        }
        return Options()
      }),
    OtherEngine(
      name: "wasmkit", programs: ["wasmkit"],
      options: { program throws(EngineRefusal) in
        try refuseLimits(program)
        // It finds out itself what to call.
        guard program.options.invoke == nil else { throw EngineRefusal("be told what to call") }
        guard program.options.grants.directories.allSatisfy({ $0.host == $0.guest }) else {
          throw EngineRefusal("give a directory another path than the host's")
        }
        return Options(run: try ["run"] + grantOptions(program, directory: \.host))
      }),
    OtherEngine(name: "iwasm", programs: ["iwasm"], options: wamrOptions),
    OtherEngine(
      name: "wamrc", programs: ["iwasm", "wamrc"], prepare: { ["wamrc"] + $0 + ["-o", $2, $1] },
      options: { program throws(EngineRefusal) in
        var options = try wamrOptions(program)
        options.prepare = wamrcTarget(cpu: program.options.cpu)
        return options
      }),
  ]

  // MARK: - What several of them share

  /// They print them in forms of their own, so that outputs would always differ; some have a form for none.
  private static func refuseResults(
    _ program: BenchmarkedProgram, evenNone: Bool = false
  ) throws(EngineRefusal) {
    if program.options.invoke != nil, program.hasResults || evenNone {
      throw EngineRefusal("print the results of an export as wasmaot does")
    }
  }

  private static func refuseLimits(_ program: BenchmarkedProgram) throws(EngineRefusal) {
    let (options, limits) = (program.options, program.options.limits)
    let given = [
      ("--max-memory", limits.maxMemory != nil), ("--max-stack", options.stackSize != nil),
      ("--timeout", limits.timeout != nil), ("--fuel", limits.fuel != nil),
      ("--stub-imports", options.stubsImports),
    ]
    if let option = given.first(where: \.1)?.0 { throw EngineRefusal("be given \(option)") }
  }

  /// Code that counts, or that can be stopped, is other code.
  private static func wasmtimeLimits(_ options: BuildOptions) -> (whenCompiled: [String], whenRun: [String]) {
    let limits = options.limits
    var compiled: [String] = []
    var run: [String] = []
    if let fuel = limits.fuel {
      compiled.append("fuel=\(fuel)")
      run.append("fuel=\(fuel)")
    }
    if let timeout = limits.timeout {
      compiled.append("epoch-interruption=y")
      run.append("timeout=\(timeout / 1_000_000)ms")
    }
    if let size = limits.maxMemory { run.append("max-memory-size=\(size)") }
    if let size = options.stackSize { run.append("max-wasm-stack=\(size)") }
    if options.stubsImports { run.append("unknown-imports-trap=y") }
    func words(_ settings: [String]) -> [String] {
      settings.isEmpty ? [] : ["-W", settings.joined(separator: ",")]
    }
    return (words(compiled), words(run))
  }

  private static func wamrOptions(_ program: BenchmarkedProgram) throws(EngineRefusal) -> Options {
    try refuseResults(program, evenNone: true)
    try refuseLimits(program)
    let grants = program.options.grants
    try refuseUnknown(grants)
    guard grants.environment.allSatisfy({ $0.value != nil }) else {
      throw EngineRefusal("be given a variable without its value")
    }
    return Options(
      run: grants.directories.map { "--map-dir=\($0.guest)::\($0.host)" }
        + grants.environment.map { "--env=\($0.name)=\($0.value ?? "")" })
  }

  /// Told nothing, it takes the machine's own; it knows no `native`.
  private static func wamrcTarget(cpu: String) -> [String] {
    if cpu == "native" { return [] }
    return ["--target=x86_64", "--cpu=\(cpu == "baseline" ? "x86-64-v2" : cpu)"]
  }

  /// wasmtime's spelling, which others share.
  private static func grantOptions(
    _ program: BenchmarkedProgram, directory: (DirectoryGrant) -> String = { "\($0.host)::\($0.guest)" }
  ) throws(EngineRefusal) -> [String] {
    let grants = program.options.grants
    try refuseUnknown(grants)
    return grants.directories.flatMap { ["--dir", directory($0)] }
      + grants.environment.flatMap { grant in
        ["--env", grant.value.map { "\(grant.name)=\($0)" } ?? grant.name]
      }
  }

  /// Only directories that may be changed and variables have a spelling everywhere.
  private static func refuseUnknown(_ grants: Grants) throws(EngineRefusal) {
    guard grants.listeners.isEmpty, !grants.isOpenAtRunTime else { throw EngineRefusal("listen") }
    guard !grants.directories.contains(where: \.isReadOnly) else {
      throw EngineRefusal("be given a directory only to read")
    }
  }
}
