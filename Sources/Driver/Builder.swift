import FoundationEssentials
import IR
import LLVMBackend
import Logging
import Support
import SystemPackage
import WasmModule

/// Builds modules, through the cache if there is one. The entry to everything that makes files.
public struct Builder: Sendable {
  public var options: BuildOptions
  /// Threads; the output does not depend on it.
  public var jobs: Int
  public var cache: BuildCache?
  public var host = HostEnvironment.wasi
  /// Environment variables, to find the linker and the runtime.
  public var environment: [String: String]
  /// Is told when a stage begins.
  public var observe: @Sendable (Stage) -> Void = { _ in }
  /// Changes the IR behind the passes: how tests plant bugs. Such builds do without the cache.
  package var changeIR: (@Sendable (inout IR.Module) -> Void)?

  private let log = Logger(label: "wasmaot")

  public init(
    options: BuildOptions, jobs: Int? = nil, cache: BuildCache? = nil, environment: [String: String] = [:]
  ) {
    self.options = options
    self.jobs = jobs ?? processorCount
    self.cache = cache
    self.environment = environment
  }

  /// What a build made.
  struct Product {
    var contents: OutputContents
    var header: [UInt8]?
    var report: BuildReport
    /// Where the cache has it.
    var cachedPath: String?
  }

  /// Where the output goes if the user doesn't say: the module's name in the working directory, without its
  /// extension.
  public static func defaultOutput(for input: String, emit: EmitKind) -> String {
    let name = FilePath(input).lastComponent
    let stem = name?.stem ?? "app"
    return "./\(stem)\(emit.fileExtension)"
  }

  /// Where the header of what hosts load goes if the user doesn't say: beside the output.
  func defaultHeader(for input: String, output: String) -> String {
    let name = options.moduleName ?? CIdentifier(ofFile: input)
    return FilePath(output).removingLastComponent().appending("\(name.text).h").string
  }

  /// Compiles the module in `input` and writes `output`, whole or not at all; then the header, if there is one. A device
  /// or a FIFO is written to, and has no header beside it.
  public func build(
    _ input: String, to output: String, header: String? = nil
  ) async throws(Problem) -> BuildReport {
    guard !OutputFile.isSame(input, output) else {
      throw .usage("the output \(output) would overwrite the module", help: "choose another name with -o")
    }
    // Beside a device there is no place for a header that nobody asked for, nor one for the linker.
    let isInPlace = OutputFile.isWrittenInPlace(output)
    let header = header ?? (isInPlace ? nil : defaultHeader(for: input, output: output))
    if options.emit.isEmbedded, let header, header == output || OutputFile.isSame(input, header) {
      throw .usage(
        "the header \(header) would overwrite another file", help: "choose another name with --header")
    }
    let folder = FilePath(output).removingLastComponent()
    let scratch =
      isInPlace ? OutputFile.temporaryFolder(environment: environment) : folder.isEmpty ? "." : folder
    var product = try await make(input, scratch: scratch)
    let clock = ContinuousClock()
    let start = clock.now
    observe(.write)
    try OutputFile.write(product.contents, to: output, isExecutable: options.emit == .exe)
    if let bytes = product.header, let header {
      try OutputFile.write(bytes, to: header, option: "--header")
      product.report.header?.path = header
    } else {
      product.report.header = nil
    }
    let seconds = (clock.now - start) / .seconds(1)
    product.report.output.path = output
    product.report.stages.append(StageTime(stage: .write, seconds: seconds))
    product.report.seconds += seconds
    return product.report
  }

  /// Compiles the module in `input` to a program that can be executed at once with these arguments.
  ///
  /// Grants, limits and the sandbox's mode are not built in but given when the program starts, so that the cache holds
  /// one program whatever they are.
  public func program(
    for input: String, arguments: [String]
  ) async throws(Problem) -> (program: Program, warnings: [String]) {
    var builder = self
    builder.options.grants = Grants()
    builder.options.grants.isOpenAtRunTime = true
    builder.options.limits = options.limits.withoutArguments
    builder.options.sandbox = .auto
    let scratch = OutputFile.temporaryFolder(environment: environment)
    let product = try await builder.make(input, scratch: scratch, command: .run)
    let program = Program(
      cachedPath: product.cachedPath, contents: product.contents, scratch: scratch,
      arguments: [input] + runtimeOptions + ["--"] + arguments)
    return (program, product.report.warnings)
  }

  /// As a program takes them that was built to take grants when it is started.
  private var runtimeOptions: [String] {
    options.grants.arguments + options.limits.arguments
      + (options.sandbox == .auto ? [] : ["--sandbox=\(options.sandbox.rawValue)"])
  }

  func make(
    _ input: String, scratch: FilePath, command: Entry.Command = .build
  ) async throws(Problem) -> Product {
    let timers = StageTimers(observe: observe)
    var source = InputModule(input, timers)
    let toolchain: Toolchain
    do throws(Problem) { toolchain = try Toolchain(for: options, environment: environment) } catch {
      // What is wrong with the module comes before what is wrong with the tools.
      _ = try source.bytes()
      throw error
    }
    var pipeline = Pipeline(
      options: options, jobs: jobs, host: host, toolchain: toolchain, file: input, timers: timers)
    pipeline.command = command
    pipeline.changeIR = changeIR

    var key: BuildCache.Key?
    if let cache, changeIR == nil {
      let digests = ToolDigests(folder: cache.folder)
      let compiler = Self.compilerVersions(digests)
      let tools = keyTools(compiler + toolchain.identity(digests), name: input)
      switch try lookUp(&source, in: cache, tools) {
      case .found(let product): return product
      case .missing(let missing): key = missing
      }
      // Without optimisation, looking for a unit takes as long as making it.
      if options.optimization != .O0 {
        pipeline.unitCache = CachedUnits(cache: cache, tools: compiler)
      }
    }
    let inputFile = try source.reported()

    let output: Pipeline.Output
    do throws(Problem) {
      output = try await pipeline.run(source.take(), scratch: scratch)
    } catch {
      // Its units were made all the same.
      if key != nil { cache?.finish() }
      throw error
    }
    for time in timers.times {
      log.debug("\(time.stage.activity): \(fixed(time.seconds * 1000, digits: 1)) ms")
    }
    var report = BuildReport(
      llvm: LLVMInfo.version,
      input: inputFile,
      output: .init(path: "", size: output.bytes.count, sha256: sha256(output.bytes)), options: options,
      features: pipeline.featuresUsed.names, counts: pipeline.counts, stages: timers.times,
      seconds: timers.total, slowestUnit: pipeline.slowestUnit,
      warnings: pipeline.warnings)
    report.header = output.header.map { .init(path: "", size: $0.count, sha256: sha256($0)) }
    var product = Product(contents: .bytes(output.bytes), header: output.header, report: report)
    if let key {
      store(&product, output.bytes, for: key)
      product.report.warnings += cache?.settle(keeping: key) ?? []
    }
    return product
  }

  private enum LookUp {
    case found(Product)
    /// Under this key it is to be put there.
    case missing(BuildCache.Key)
  }

  /// Where a module is a file, its bytes are hashed first, and had in memory only if nothing is found by them.
  private func lookUp(
    _ source: inout InputModule, in cache: BuildCache, _ tools: [String]
  ) throws(Problem) -> LookUp {
    if let file = source.file {
      if let key = BuildCache.Key(module: file, options: options, tools: tools),
        let entry = cache.entry(for: key)
      {
        return .found(product(entry, of: source.path, found: key))
      }
      // The file may be another one by now.
      return .missing(BuildCache.Key(module: try source.bytes().buffer, options: options, tools: tools))
    }
    let key = BuildCache.Key(module: try source.bytes().buffer, options: options, tools: tools)
    return cache.entry(for: key).map { .found(product($0, of: source.path, found: key)) } ?? .missing(key)
  }

  private func product(_ entry: BuildCache.Entry, of input: String, found key: BuildCache.Key) -> Product {
    log.debug("found in the \(entry.report.isFromRemoteCache ? "remote " : "")cache: \(key.text)")
    var report = entry.report
    report.isFromCache = true
    if report.isFromRemoteCache { report.warnings += cache?.settle(keeping: key) ?? [] }
    report.input.path = input
    return Product(contents: entry.contents, header: entry.header, report: report, cachedPath: entry.path)
  }

  /// The cache must never fail a build.
  private func store(_ product: inout Product, _ bytes: [UInt8], for key: BuildCache.Key) {
    // Where the module was is nobody's business, and not what the next build should report.
    var report = product.report
    report.input.path = ""
    do throws(Problem) {
      product.cachedPath = try cache?.store(
        bytes, header: product.header, report: report, for: key)
    } catch {
      product.report.warnings.append(
        "the build is not kept in the cache: \(error.summary)" + (error.help.map { "; \($0)" } ?? ""))
    }
  }

  private static func compilerVersions(_ digests: ToolDigests) -> [String] {
    [
      "wasmaot \(Version.wasmaot) \(BuildID.own().text)",
      "LLVM \(LLVMInfo.major) \(digests.llvm())",
    ]
  }

  /// What a key has besides the module and the options.
  private func keyTools(_ tools: [String], name: String) -> [String] {
    tools + [FilePath(name).lastComponent?.string ?? ""]
      + (options.cpu == "native" ? [LLVMInfo.hostCPU] + LLVMInfo.hostFeatures : [])
  }
}

// MARK: - Files, for the command line

extension Builder {
  /// Elsewhere `-` is a standard stream; here it would be a file of this name.
  public static func checkOutput(_ path: String?, option: String) throws(Problem) {
    guard path == "-" else { return }
    throw .usage(
      "\(option) '-' is not standard output", help: "write /dev/stdout, or ./- for a file of this name")
  }

  public static func isFolder(_ path: String) -> Bool { OutputFile.isFolder(path) }

  /// Makes the folder where it is missing, and those that it is in.
  public static func makeFolder(_ path: String) throws(Problem) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw Problem("cannot make the directory \(path)", help: "choose another place with -o")
    }
  }

  public static func read(_ path: String) throws(Problem) -> [UInt8] { try OutputFile.read(path) }
}

/// The module of a build, read once, when it is first needed.
private struct InputModule {
  let path: String
  /// Nil where it can be read only once: a pipe.
  let file: OpenFile?
  private let timers: StageTimers
  private var known: ModuleBytes?

  init(_ path: String, _ timers: StageTimers) {
    self.path = path
    self.timers = timers
    file = path == "-" ? nil : OpenFile(path)
  }

  mutating func bytes() throws(Problem) -> ModuleBytes {
    if let known { return known }
    let bytes = try timers.measure(.read) { [path] () throws(Problem) in try readModule(path) }
    known = bytes
    return bytes
  }

  mutating func reported() throws(Problem) -> BuildReport.File {
    let bytes = try bytes()
    return BuildReport.File(path: path, size: bytes.count, sha256: sha256(bytes.buffer))
  }

  /// The same, and lets go of them: nobody needs them when code is generated.
  mutating func take() throws(Problem) -> ModuleBytes {
    defer { known = nil }
    return try bytes()
  }
}

/// Reads a file that should be a core module.
func readModule(_ path: String) throws(Problem) -> ModuleBytes {
  if path == "-" {
    throw .usage("'-' is not standard input", help: "write /dev/stdin, or ./- for a file of this name")
  }
  let bytes = try OutputFile.readModule(path)
  if let problem = InputFormat.problem(with: bytes.buffer, file: path) { throw problem }
  return bytes
}
