import ArgumentParser
import Driver
import FoundationEssentials
import LLVMBackend
import Linker
import Logging
import WasmModule

/// What a program is granted, and how it is entered: for `build` and `run`.
struct GrantOptions: ParsableArguments {
  @Option(
    name: .customLong("dir"),
    help: ArgumentHelp(
      "Grant a directory, and all that is in it.",
      discussion: """
        GUEST is the path that the program sees; without it, it sees HOST. With ':ro' it can read there, and \
        change nothing. A relative HOST is relative to the working directory of the program when it runs. Can \
        be given several times.
        """, valueName: "HOST[::GUEST][:ro]"))
  var directories: [String] = []

  @Option(
    name: .customLong("env"),
    help: ArgumentHelp(
      "Grant an environment variable.",
      discussion: """
        NAME=VALUE fixes its value; NAME alone is the value that it has when the program starts. Can be given \
        several times.
        """, valueName: "NAME[=VALUE]"))
  var environment: [String] = []

  @Option(
    name: .customLong("listen"),
    help: ArgumentHelp(
      "Grant a socket that listens at this address, in numbers; [ADDRESS]:PORT for IPv6.",
      discussion: """
        It is open before the program starts: its descriptor is the first behind the directories. Can be given \
        several times.
        """, valueName: "ADDRESS:PORT"))
  var listeners: [String] = []

  @Flag(
    name: .customLong("raw-terminal"),
    help: "Let escape sequences and other control characters of the program reach the terminal.")
  var hasRawTerminal = false

  @Option(
    help: ArgumentHelp(
      "Call this export instead of _start; the program's arguments are its parameters.",
      discussion: "The program prints the results, one a line.", valueName: "NAME"))
  var invoke: String?

  @Option(
    name: .customLong("stub-imports"),
    help: ArgumentHelp(
      "What to make of imports that nothing provides: 'trap' traps when one is called. Otherwise they are errors.",
      valueName: "trap"))
  var stubImports: StubImports?

  enum StubImports: String, ExpressibleByArgument, CaseIterable { case trap }

  @Option(
    help: ArgumentHelp(
      "How the kernel confines the program, besides wasmaot's own checks: off, auto (default), or require.",
      discussion: """
        A seccomp filter allows the system calls of what is linked in, Landlock the granted directories. With auto \
        the program runs with what the system has, with require it refuses to start without.
        """, valueName: "off|auto|require"))
  var sandbox = SandboxMode.auto

  func apply(to options: inout BuildOptions) throws(Problem) {
    for text in directories { options.grants.directories.append(try DirectoryGrant(parsing: text)) }
    for text in environment { options.grants.environment.append(try EnvironmentGrant(parsing: text)) }
    for text in listeners { options.grants.listeners.append(try ListenGrant(parsing: text)) }
    options.grants.hasRawTerminal = hasRawTerminal
    try options.grants.check()
    options.invoke = invoke
    options.sandbox = sandbox
    options.stubsImports = stubImports == .trap
  }
}

/// What a program may use up: for `build` and `run`.
struct LimitOptions: ParsableArguments {
  @Option(
    name: .customLong("max-memory"),
    help: ArgumentHelp(
      "Most memory that the program may take: bytes, or with a suffix K, M or G.",
      discussion: """
        Of all linear memories together, with what tables grow by. Where they start with more, the program does \
        not start; memory.grow beyond it fails.
        """, valueName: "SIZE"))
  var maxMemory: String?

  @Option(
    name: [.customLong("max-stack"), .customLong("stack-size")],
    help: ArgumentHelp(
      "Stack of the program: bytes, or with a suffix K, M or G (default: 8M).", valueName: "SIZE"))
  var maxStack: String?

  @Option(
    help: ArgumentHelp(
      "Stop the program after this time: seconds, or a number with ms, s, m or h.", valueName: "DURATION"))
  var timeout: String?

  @Option(
    help: ArgumentHelp(
      "Stop the program when it has executed this many operators: at the same place in every run.",
      valueName: "N"))
  var fuel: String?

  @Flag(name: .customLong("report-fuel"), help: "Let the program say at its end how much fuel it consumed.")
  var reportsFuel = false

  @Flag(
    name: .customLong("count-fuel"),
    help: """
      Count fuel without a limit that is built in: for host programs, which set it, and for --fuel at run time.
      """)
  var countsFuel = false

  func apply(to options: inout BuildOptions) throws(Problem) {
    options.stackSize = try maxStack.map { text throws(Problem) in
      try parseSize(text, option: "--max-stack")
    }
    options.limits.maxMemory = try maxMemory.map { text throws(Problem) in
      try parseSize(text, option: "--max-memory")
    }
    options.limits.timeout = try timeout.map { text throws(Problem) in
      try parseDuration(text, option: "--timeout")
    }
    options.limits.fuel = try fuel.map { text throws(Problem) in try parseFuel(text) }
    options.limits.reportsFuel = reportsFuel
    options.countsFuel = countsFuel || reportsFuel || fuel != nil
  }
}

/// What modules may use, and how many threads look at them: for all commands that read modules.
struct FeatureOptions: ParsableArguments {
  @Option(
    name: [.customShort("j", allowingJoined: true), .customLong("jobs")],
    help: ArgumentHelp(
      "Threads to use (default: one a processor). The output does not depend on it.", valueName: "N"))
  var jobs: Int?

  @Option(
    name: .customShort("W", allowingJoined: true),
    help: ArgumentHelp(
      "Allow or forbid features of WebAssembly, as in -W simd=n,threads=n.",
      discussion: """
        Everything is allowed at first. Features: \
        \(Features.table.filter(\.isSupported).map(\.name).joined(separator: ", ")).
        """, valueName: "NAME=y|n"))
  var features: [String] = []

  @Option(
    name: .customLong("features"),
    help: ArgumentHelp(
      "The same in one list: 'all', 'none', names to allow, '-NAME' to forbid, in this order.",
      discussion: """
        Applied before -W. A list that starts with a name allows nothing else; one that starts with '-' is written \
        --features=-NAME.
        """,
      valueName: "LIST"))
  var featureList: String?

  func selected() throws(Problem) -> Features {
    if let jobs, jobs < 1 { throw .usage("-j \(jobs) asks for less than one thread") }
    var selected = Features.supported
    if let featureList { try selected.apply(list: featureList) }
    for text in features { try selected.apply(setting: text) }
    return selected
  }
}

/// What code is generated for, and how it checks: for all commands that generate code.
struct TargetOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "CPU to generate code for: baseline (x86-64-v2), native, or a name; 'help' lists the names.",
      valueName: "NAME"))
  var cpu = "baseline"

  @Option(
    help: ArgumentHelp("System to generate code for; 'help' lists those supported.", valueName: "TRIPLE"))
  var target = "native"

  @Option(
    name: .customLong("bounds-checks"),
    help: ArgumentHelp(
      "How accesses outside of a memory, and stack overflow, are caught: by guard pages (default), or by explicit checks.",
      discussion: """
        With explicit checks a program reserves no address space and handles no signals. 64-bit memories are \
        always checked explicitly.
        """, valueName: "guard|explicit"))
  var boundsChecks: BoundsChecks?

  @Flag(
    name: .customLong("spectre-mitigation"),
    help: "Make explicit checks of memories and tables hold for speculative execution, too.")
  var mitigatesSpectre = false

  @OptionGroup var features: FeatureOptions

  func apply(to options: inout BuildOptions) throws(Problem) {
    options.cpu = cpu
    options.target = try Target.named(target)
    options.boundsChecks = boundsChecks ?? .guardPages
    options.mitigatesSpectre = mitigatesSpectre
    options.features = try features.selected()
  }

  /// Answers `--cpu help` and `--target help`.
  func printListsAskedFor() throws {
    if target == "help" {
      try writeOutput(Target.supportedTriples.joined(separator: "\n") + "\n")
      throw ExitCode.success
    }
    if cpu == "help" {
      let cpus = LLVMInfo.cpus(for: try Target.named(target))
      let width = cpus.map(\.name.count).max() ?? 0
      let lines = cpus.map { cpu in
        cpu.description.isEmpty ? cpu.name : cpu.name.padding(toLength: width + 2) + cpu.description
      }
      try writeOutput(lines.map { $0 + "\n" }.joined())
      throw ExitCode.success
    }
  }
}

/// Where finished builds are kept: for `build` and `run`.
struct CacheOptions: ParsableArguments {
  @Flag(
    name: .customLong("no-cache"),
    help: "Neither look for a finished build in a cache, nor put this one there.")
  var ignoresCache = false

  @Option(
    name: .customLong("remote-cache"),
    help: ArgumentHelp(
      "Share finished builds by this server: http:// or https://, Bazel's HTTP cache protocol.",
      discussion: """
        Whoever may write there decides what programs are built: see docs/cache.md, which also has the variables for \
        credentials and signatures. The default is WASMAOT_REMOTE_CACHE.
        """, valueName: "URL"))
  var remote: String?

  @Option(
    name: .customLong("remote-cache-upload"),
    help: ArgumentHelp(
      "Put what is built here into the remote cache: yes (default) or no.", valueName: "yes|no"))
  var upload: YesOrNo?

  enum YesOrNo: String, ExpressibleByArgument, CaseIterable { case yes, no }

  @Option(
    name: .customLong("remote-cache-timeout"),
    help: ArgumentHelp(
      "Most time for one transfer from or to the remote cache (default: 60s).", valueName: "DURATION"))
  var timeout: String?

  /// The first of them that is given.
  var givenOption: String? {
    let options = [
      ("--no-cache", ignoresCache), ("--remote-cache", remote != nil),
      ("--remote-cache-upload", upload != nil),
      ("--remote-cache-timeout", timeout != nil),
    ]
    return options.first { $0.1 }?.0
  }

  /// Nil where none is wanted, or can be.
  func cache() throws(Problem) -> BuildCache? {
    if ignoresCache { return nil }
    let environment = ProcessInfo.processInfo.environment
    let remote = try RemoteCacheOptions.standard(
      environment: environment, url: self.remote, uploads: upload.map { $0 == .yes }, timeout: timeout)
    return try .standard(environment: environment, remote: remote)
  }
}

/// How code is generated: for `build` and `run`.
struct CodegenOptions: ParsableArguments {
  @Option(
    name: .customShort("O", allowingJoined: true),
    help: ArgumentHelp(
      "Optimisation level: 0, 1, 2 (default), 3, s (size) or z (least size).", valueName: "level"))
  var optimization: OptimizationLevel?

  @OptionGroup var target: TargetOptions

  @Flag(
    name: [.customShort("g"), .customLong("symbols")],
    help: "Keep a symbol for each function, for debuggers and profilers.")
  var keepsSymbols = false

  @OptionGroup var cacheOptions: CacheOptions

  @Flag(name: .shortAndLong, help: "Say what is going on.")
  var verbose = false

  func apply(to options: inout BuildOptions) throws(Problem) {
    options.optimization = optimization ?? .O2
    options.keepsSymbols = keepsSymbols
    try target.apply(to: &options)
  }

  /// For the interpreter: what would make no code safer is not silently accepted.
  func checkForInterpreter() throws(Problem) {
    let option =
      target.mitigatesSpectre
      ? "--spectre-mitigation" : target.boundsChecks.map { "--bounds-checks=\($0.rawValue)" }
    guard let option else { return }
    throw .usage(
      "\(option) is about compiled code: it can't be given with --interpret",
      help: "leave it out (the interpreter checks every access), or leave out --interpret")
  }

  var jobs: Int? { target.features.jobs }

  /// What is given that holds for the whole process, if anything is.
  var optionOfTheBuild: String? {
    jobs != nil ? "--jobs" : verbose ? "--verbose" : cacheOptions.givenOption
  }

  func startLogging() {
    let level: Logger.Level = verbose ? .debug : .warning
    LoggingSystem.bootstrap { _ in
      var handler = StandardErrorLog()
      handler.logLevel = level
      return handler
    }
  }
}

extension OptimizationLevel: ExpressibleByArgument {
  /// `2`, as in `-O2`.
  public init?(argument: String) { self.init(rawValue: "O" + argument) }
  // The help text names them already, and what they mean.
  public static var allValueStrings: [String] { [] }
}

extension EmitKind: ExpressibleByArgument {}

extension BoundsChecks: ExpressibleByArgument {}

extension SandboxMode: ExpressibleByArgument {}

extension String {
  fileprivate func padding(toLength length: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, length - count))
  }
}

/// swift-log's messages, as lines on standard error.
struct StandardErrorLog: LogHandler {
  var logLevel = Logger.Level.warning
  var metadata = Logger.Metadata()
  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    if event.level >= .warning {
      terminal.warn("\(event.message)")
    } else {
      terminal.writeError("\(terminal.style.faint("\(event.message)"))\n")
    }
  }
}
