import IR
public import LLVMBackend
public import Linker
import SystemPackage
public import WasmModule

/// What a build writes.
public enum EmitKind: String, CaseIterable, Codable, Sendable {
  /// A static executable.
  case exe
  /// For host programs (`embedded` model): one relocatable object, an archive with it, a shared library.
  case obj
  case staticlib
  case shared
  /// Assembly, after code generation.
  case asm
  /// LLVM's IR after optimisation, as text.
  case llvmIR = "llvm-ir"
  /// LLVM's IR after optimisation, as bitcode.
  case bitcode
  /// wasmaot's own IR after its passes, as text.
  case ir

  /// What hosts load: many instances, with imports that each is given, and a header goes with it.
  public var isEmbedded: Bool { [.obj, .staticlib, .shared].contains(self) }

  /// What the default output name ends with.
  public var fileExtension: String {
    switch self {
    case .exe: ""
    case .obj: ".o"
    case .staticlib: ".a"
    case .shared: ".so"
    case .asm: ".s"
    case .llvmIR: ".ll"
    case .bitcode: ".bc"
    case .ir: ".ir"
    }
  }
}

/// Everything that decides what a build's output is, but for the module and the tools.
public struct BuildOptions: Hashable, Codable, Sendable {
  public var optimization = OptimizationLevel.O2
  /// As LLVMBackend understands it: `baseline`, `native`, or LLVM's name of a CPU.
  public var cpu = "baseline"
  public var target = Target.host
  public var emit: EmitKind = .exe
  /// Features of WebAssembly that modules may use.
  public var features: Features = .supported
  public var grants = Grants()
  /// Export to call with the program's arguments, instead of `_start`.
  public var invoke: String?
  /// For hosts: what the module is called in C. Nil: as its file.
  public var moduleName: CIdentifier?
  /// Imports that nothing provides become functions that trap, instead of an error.
  public var stubsImports = false
  /// Bytes of the stack that the module's functions run on; nil: the runtime's default.
  public var stackSize: UInt64?
  public var limits = Limits()
  /// Code counts what it executes, whatever the limit is.
  public var countsFuel = false
  public var sandbox = SandboxMode.auto
  public var boundsChecks = BoundsChecks.guardPages
  /// Explicit checks hold for speculative execution, too.
  public var mitigatesSpectre = false
  /// Keep a symbol for each function, for debuggers and profilers.
  public var keepsSymbols = false
  /// The program counts how often its branches go each way.
  public var countsBranches = false
  /// Path of the file that it counts into; nil: the module's name with `.profile`, where the program is started.
  public var profileFile: String?
  /// What programs counted, to optimise by.
  public var profile: ProfileInput?
  /// The program reads invocations from standard input: how the test suite drives a module.
  public var isScriptDriven = false

  public init() {}
}

// MARK: - For the stages

extension BuildOptions {
  func passOptions(jobs: Int) -> PassOptions {
    let level =
      switch optimization {
      case .O0: 0
      case .O1: 1
      case .O2, .Os, .Oz: 2
      case .O3: 3
      }
    var options = PassOptions(level: level, jobs: jobs)
    options.isForSize = [.Os, .Oz].contains(optimization)
    return options
  }

  func backendOptions(entry: EntryPoint, jobs: Int) -> BackendOptions {
    var backend = BackendOptions(entry: entry)
    backend.level = optimization
    backend.cpu = cpu
    backend.target = target
    backend.jobs = jobs
    backend.symbols = keepsSymbols
    backend.boundsChecks = boundsChecks
    backend.mitigatesSpectre = mitigatesSpectre
    backend.countsBranches = countsBranches
    backend.profile = profile.map { input in
      guard let profile = input.profile else { preconditionFailure("options of a report are not built by") }
      return profile
    }
    backend.isOneUnit = emit != .exe && !emit.isEmbedded
    backend.emission =
      switch emit {
      case .exe, .obj, .staticlib, .shared, .ir: .object
      case .asm: .assembly
      case .llvmIR: .llvmIR
      case .bitcode: .bitcode
      }
    return backend
  }

  /// `module` is what the passes left of it: the sandbox allows what is in it and no more.
  func runtimeConfig(programName: String, for module: IR.Module, jobs: Int) throws(Problem) -> RuntimeConfig {
    var config = RuntimeConfig(programName: programName)
    config.directories = grants.directories.map {
      .init(host: $0.host, guest: $0.guest, isReadOnly: $0.isReadOnly)
    }
    config.environment = grants.environment.map { grant in
      grant.value.map { .value(name: grant.name, value: $0) } ?? .inherit(name: grant.name)
    }
    config.listeners = grants.listeners.map(\.address)
    config.hasRawTerminal = grants.hasRawTerminal
    config.takesRuntimeGrants = grants.isOpenAtRunTime
    config.invoke = invoke
    config.stackSize = stackSize
    config.maxMemory = limits.maxMemory
    config.timeout = limits.timeout
    config.fuel = limits.fuel
    config.countsFuel = countsFuel
    config.reportsFuel = limits.reportsFuel
    config.isScript = isScriptDriven
    if countsBranches { config.profile = profileFile ?? "\(FilePath(programName).stem ?? "app").profile" }
    let hostFunctions = module.hostFunctions
    config.sandbox = SandboxPlan(
      mode: sandbox, hostFunctions: hostFunctions, features: runtimeFeatures(of: module, jobs: jobs),
      canHaveDirectories: config.canHaveDirectories)
    config.product = "wasmaot \(Version.wasmaot)"
    config.hostFunctions = hostFunctions
    do throws(RuntimeConfigError) { try config.validate() } catch { throw Problem(error) }
    return config
  }
}

// MARK: - In reports and cache keys

extension OptimizationLevel: Codable {}

extension Target: Codable {
  public init(from decoder: any Decoder) throws {
    try self.init(triple: decoder.singleValueContainer().decode(String.self))
  }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(triple)
  }
}

extension Features: Codable {
  /// As a list of names.
  public init(from decoder: any Decoder) throws {
    let names = try Set(decoder.singleValueContainer().decode([String].self))
    self = Self.table.reduce(into: []) { if names.contains($1.name) { $0.insert($1.flag) } }
  }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(names)
  }
}

// MARK: - Features on the command line

extension Features {
  /// Applies `name`, `name=y` or `name=n` (wasmtime's `-W`), several of them separated by commas.
  public mutating func apply(setting text: String) throws(Problem) {
    for setting in text.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts.first ?? "")
      guard let row = Self.table.first(where: { $0.name == name }) else {
        throw .usage(
          "unknown feature '\(name)'",
          help: Self.limit(like: name).map { "write \($0)" } ?? Self.listOfNames(like: name))
      }
      guard row.isSupported else {
        throw .usage("feature '\(name)' is not supported yet", help: Self.listOfNames(like: name))
      }
      switch parts.count == 2 ? parts[1] : "y" {
      case "y", "yes", "true": insert(row.flag)
      case "n", "no", "false": remove(row.flag)
      default:
        throw .usage(
          "-W \(text) sets '\(name)' to neither y nor n", help: "write -W \(name)=y or -W \(name)=n")
      }
    }
  }

  /// Applies the list of `--features`: `all`, `none`, names, and names with a minus. As in wasm-tools, a list that
  /// starts with a name starts from nothing.
  public mutating func apply(list text: String) throws(Problem) {
    let words = text.split(separator: ",", omittingEmptySubsequences: false)
    if let first = words.first, first != "all", !first.hasPrefix("-") { self = [] }
    for word in words {
      switch word {
      case "all": self = .supported
      case "none": self = []
      default:
        let isForbidden = word.hasPrefix("-")
        try apply(setting: "\(isForbidden ? word.dropFirst() : word)=\(isForbidden ? "n" : "y")")
      }
    }
  }

  private static func listOfNames(like name: String) -> String {
    let names = table.filter(\.isSupported).map(\.name)
    if let near = nearest(to: name, among: names) { return "did you mean '\(near)'?" }
    return "features are: \(names.joined(separator: ", "))"
  }
}

extension Target {
  /// `native`, or a triple.
  public static func named(_ name: String) throws(Problem) -> Target {
    if name == "native" { return .host }
    do throws(BackendError) { return try Target(triple: name) } catch { throw Problem(error) }
  }
}

extension Features {
  /// Limits are features to another engine.
  fileprivate static func limit(like name: String) -> String? {
    [
      "fuel": "--fuel N", "timeout": "--timeout DURATION", "max-memory-size": "--max-memory SIZE",
      "max-wasm-stack": "--max-stack SIZE",
    ][name]
  }
}

/// Bytes, with an optional suffix of K, M or G (powers of 1024).
public func parseSize(_ text: String, option: String) throws(Problem) -> UInt64 {
  let suffixes: [Character: UInt64] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
  let unit = text.last.flatMap { suffixes[Character($0.uppercased())] }
  let digits = unit == nil ? text[...] : text.dropLast()
  guard digits.allSatisfy(\.isASCII), let number = UInt64(digits) else {
    // Some are variables.
    let separator = option.hasPrefix("-") ? " " : "="
    throw .usage(
      "\(option) '\(text)' is not a size",
      help: "write bytes, or a number with K, M or G: \(option)\(separator)8M")
  }
  let (size, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
  guard !overflow else { throw .usage("\(option) \(text) is too large") }
  return size
}
