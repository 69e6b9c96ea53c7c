import IR
import LLVMBackend
import Linker
import Support
import SystemPackage
import Translate
import WasmModule

/// The whole compiler, stage after stage: bytes of a module in, bytes of an output out.
struct Pipeline {
  let options: BuildOptions
  let jobs: Int
  let host: HostEnvironment
  let toolchain: Toolchain
  /// Name of the input, for messages.
  let file: String
  let timers: StageTimers
  /// What it runs for, for messages, too.
  var command = Entry.Command.build
  var changeIR: (@Sendable (inout IR.Module) -> Void)?
  var unitCache: (any UnitCache)?
  private(set) var counts = BuildReport.Counts()
  private(set) var slowestUnit: BuildReport.Unit?
  private(set) var featuresUsed: Features = []
  private(set) var warnings: [String] = []

  /// What a run makes.
  struct Output {
    var bytes: [UInt8]
    /// C declarations, for what hosts load.
    var header: [UInt8]?
  }

  /// `scratch` is a folder that the linker may work in.
  mutating func run(_ bytes: consuming ModuleBytes, scratch: FilePath) async throws(Problem) -> Output {
    let source = ModuleSource(file: file)
    let module = try timers.measure(.decode, explain: source.problem) { () throws(WasmError) in
      try decode(bytes, features: options.features)
    }
    let named = source.named(by: module)
    let featuresOfBodies = try timers.measure(.validate, explain: named.problem) { () throws(WasmError) in
      try validateFunctions(of: module, features: options.features, jobs: jobs)
    }
    featuresUsed = module.featuresUsed.union(featuresOfBodies)
    if options.countsFuel { try refuseThreads(in: module) }
    let entry = try Entry(of: module, options: options, file: file, command: command)

    let translation = host.translationOptions(
      model: options.emit.isEmbedded ? .embedded : .static, stubsImports: options.stubsImports,
      countsFuel: options.countsFuel, jobs: jobs)
    var ir = try timers.measure(.translate, explain: named.problem) { () throws(TranslationError) in
      try translate(module, options: translation)
    }
    entry.restrictExports(of: &ir)
    try timers.measure(.passes, explain: Problem.init) { () throws(PassError) in
      _ = try optimize(&ir, options: options.passOptions(jobs: jobs))
    }
    changeIR?(&ir)
    count(module, ir)
    if options.emit == .ir { return Output(bytes: Array("\(ir)".utf8)) }

    var backend = options.backendOptions(entry: entry.point(in: ir), jobs: jobs)
    if backend.emission == .object { backend.unitCache = unitCache }
    let config =
      options.emit == .exe ? try options.runtimeConfig(programName: programName, for: ir, jobs: jobs) : nil
    let code = try timers.measure(.codegen, explain: Problem.init) { () throws(BackendError) in
      try generateCode(taking: &ir, options: backend)
    }
    note(code, of: ir)
    if case .host(let name) = entry {
      let header = CHeader(of: ir, named: name, file: programName)
      let bytes = try await timers.measure(.link) { () async throws(Problem) in
        try await toolchain.join(
          code.units.map(\.bytes), to: options.emit, name: name, keepsSymbols: options.keepsSymbols,
          scratch: scratch)
      }
      return Output(bytes: bytes, header: Array(header.text.utf8))
    }
    guard let config else { return Output(bytes: code.units[0].bytes) }

    let configObject = try timers.measure(.codegen, explain: Problem.init) { () throws(BackendError) in
      // Notes are read in words of four bytes.
      try dataObject(
        symbol: RuntimeConfig.noteSymbol, bytes: config.note(), section: RuntimeConfig.noteSection,
        alignment: 4, options: backend)
    }
    let program = try await timers.measure(.link) { () async throws(Problem) in
      try await toolchain.link(
        code.units.map(\.bytes) + [configObject], config: config, keepsSymbols: options.keepsSymbols,
        scratch: scratch)
    }
    return Output(bytes: program)
  }
}

// MARK: - For the report

extension Pipeline {
  init(
    options: BuildOptions, jobs: Int, host: HostEnvironment, toolchain: Toolchain, file: String,
    timers: StageTimers
  ) {
    self.options = options
    self.jobs = jobs
    self.host = host
    self.toolchain = toolchain
    self.file = file
    self.timers = timers
  }

  /// The count is one for all threads: who comes to its end would be chance.
  private func refuseThreads(in module: WasmModule.Module) throws(Problem) {
    let startsThreads = module.imports.contains {
      $0.module == ByteString("wasi") && $0.name == ByteString("thread-spawn")
    }
    if startsThreads {
      throw Problem(
        "fuel can't be counted in \(file): it starts threads", help: "limit its time instead: --timeout")
    }
  }

  private mutating func count(_ module: WasmModule.Module, _ ir: IR.Module) {
    counts.functions = module.functions.count - module.importedFunctionCount
    counts.functionsKept = ir.bodies.defined.count
  }

  private mutating func note(_ code: CodegenResult, of ir: IR.Module) {
    counts.codegenUnits = code.units.count
    counts.unitsFromCache = code.units.count(where: \.isFromCache)
    slowestUnit = code.units.max { $0.seconds < $1.seconds }.map { unit in
      BuildReport.Unit(
        functions: unit.functionCount, largestFunction: unit.largestFunction.map { words(for: $0, in: ir) },
        instructions: unit.instructionCount, seconds: unit.seconds)
    }
    if let profiled = code.profiled, profiled.unknown > 0 {
      warnings.append(
        profiled.unknown == profiled.functions
          ? "the profile is of another module, or of other options: it knows none of the functions"
          : "the profile has nothing about \(profiled.unknown) of \(profiled.functions) functions: they differ from those that counted"
      )
    }
    for (function, size) in code.giantFunctions {
      warnings.append(
        "\(words(for: function, in: ir)) has \(size) instructions, and was optimised less than the others")
    }
  }

  private func words(for function: FunctionID, in ir: IR.Module) -> String {
    let name = ir.functions[function].name
    return "function \(function.rawValue)" + (name.isEmpty ? "" : " (\(name))")
  }

  /// argv[0] of the program: the module's name without its folder.
  private var programName: String { FilePath(file).lastComponent?.string ?? file }
}
