import Dispatch
import Glibc
import Interpreter
import LLVMBackend
import Linker
import Support
import SystemPackage
import Translate
import WasmModule

/// `run --interpret`: a module in the interpreter, with the grants, the limits and the words of a program of its own.
public struct Interpretation {
  public var options: BuildOptions
  public var jobs: Int
  public var environment: [String: String]

  public init(options: BuildOptions, jobs: Int? = nil, environment: [String: String]) {
    self.options = options
    self.jobs = jobs ?? processorCount
    self.environment = environment
  }

  /// Runs a module to its end.
  ///
  /// - Returns: the status to exit with.
  public func run(_ input: String, arguments: [String]) throws(Problem) -> Int32 {
    try checkOptions()
    let source = ModuleSource(file: input)
    let bytes = try readModule(input)
    let module: WasmModule.Module
    do throws(WasmError) {
      module = try decode(bytes, features: options.features)
    } catch {
      throw source.problem(error)
    }
    do throws(WasmError) {
      _ = try validateFunctions(of: module, features: options.features, jobs: jobs)
    } catch {
      throw source.named(by: module).problem(error)
    }
    let entry = try Entry(of: module, options: options, file: input, command: .interpret)
    let store: Store
    do throws(InstantiationError) {
      store = try Store(configuration: configuration)
    } catch {
      throw Problem(error.message)
    }
    let timer = options.limits.timeout.map { InterpreterTimer(store, nanoseconds: $0) }
    defer { timer?.cancel() }
    let name = FilePath(input).lastComponent?.string ?? input
    let program = InterpretedProgram(module: module, name: name, store: store, limits: options.limits)
    let takesArguments = if case .command = entry { true } else { false }
    let wasi = try WASIBinding(
      arguments: [name] + (takesArguments ? arguments : []), grants: options.grants, environment: environment)
    let imports = try resolveImports(of: module, wasi: wasi, store: store, source: source)
    return try program.run(entry, imports: imports, arguments: arguments)
  }

  /// What a build would refuse is refused.
  private func checkOptions() throws(Problem) {
    var config = RuntimeConfig(programName: "")
    config.stackSize = options.stackSize
    do throws(RuntimeConfigError) { try config.validate() } catch { throw Problem(error) }
    guard LLVMInfo.cpus(for: options.target).contains(where: { $0.name == options.cpu }) else {
      throw Problem(BackendError.unknownCPU(options.cpu, target: options.target.triple))
    }
  }

  private var configuration: Store.Configuration {
    var configuration = Store.Configuration()
    if let size = options.stackSize { configuration.stackBytes = Int(clamping: size) }
    if let size = options.limits.maxMemory { configuration.maximumMemoryBytes = size }
    configuration.fuel = options.limits.fuel ?? (options.limits.reportsFuel ? UInt64(Int64.max) : nil)
    configuration.isInterruptible = options.limits.timeout != nil
    return configuration
  }

  private func resolveImports(
    of module: WasmModule.Module, wasi: WASIBinding, store: Store, source: ModuleSource
  ) throws(Problem) -> [Extern?] {
    var unresolved: [UnresolvedImport] = []
    var found: [Extern?] = []
    for entry in module.imports {
      let type = externType(of: entry.desc, in: module)
      switch type {
      case .function(let type):
        let known = HostFunctions.find(module: entry.module, name: entry.name)
        if let known, known.type == type, let body = wasi.function(known.symbol) {
          found.append(.function(store.makeFunction(type, body)))
          continue
        }
        if options.stubsImports {
          found.append(
            .function(
              store.makeFunction(type) { _ in
                throw StubbedImport(
                  name: ByteString(entry.module.bytes + [UInt8(ascii: ".")] + entry.name.bytes))
              }))
          continue
        }
      // As for programs (`HostEnvironment.wasi`).
      case .memory(let type) where type.isShared:
        do throws(InstantiationError) {
          found.append(.memory(try store.makeMemory(type)))
        } catch {
          throw Problem(error.message)
        }
        continue
      default: break
      }
      unresolved.append(UnresolvedImport(module: entry.module, name: entry.name, type: type))
    }
    if !unresolved.isEmpty { throw source.problem(unresolved) }
    return found
  }

  private func externType(of desc: ExternDesc, in module: WasmModule.Module) -> ExternType {
    switch desc {
    case .function(let index): .function(module.type(of: index))
    case .table(let index): .table(module.tables[index].type)
    case .memory(let index): .memory(module.memories[index].type)
    case .global(let index): .global(module.globals[index].type)
    case .tag(let index): .tag(module.types.functionType(module.tags[index].type))
    }
  }
}

/// `--stub-imports=trap`: what a call of such an import throws.
private struct StubbedImport: Error { var name: ByteString }

/// A module that runs: what it prints at its end is what a compiled program's runtime prints.
struct InterpretedProgram {
  let module: WasmModule.Module
  let name: String
  let store: Store
  let limits: Limits

  func run(_ entry: Entry, imports: [Extern?], arguments: [String]) throws(Problem) -> Int32 {
    defer {
      if limits.reportsFuel {
        let fuel = limits.fuel.map { Int64(clamping: $0) } ?? .max
        say("wasmaot: fuel consumed: \(UInt64(bitPattern: fuel &- store.fuel))")
      }
    }
    if let status = checkMemories() { return status }
    do {
      let instance = try store.instantiate(module, imports: imports)
      switch entry {
      case .command: _ = try store.call(try function("_start", of: instance), slots: [])
      case .export(_, let name): return try invoke(name, of: instance, arguments)
      case .allExports, .host: preconditionFailure("not of a program")
      }
      return 0
    } catch let error as InstantiationError {
      throw Problem("the module can't be instantiated: \(error.message)")
    } catch let problem as Problem {
      throw problem
    } catch let error as ExecutionError {
      return report(error)
    } catch {
      preconditionFailure("no other error is thrown")
    }
  }

  private func checkMemories() -> Int32? {
    guard let limit = limits.maxMemory else { return nil }
    let total = module.memories.values.reduce(UInt64(0)) { sum, memory in
      let type = memory.type
      let (bytes, isTooLarge) = type.limits.minimum.multipliedReportingOverflow(
        by: 1 << UInt64(type.pageSizeLog2))
      let (total, overflow) = sum.addingReportingOverflow(bytes)
      return isTooLarge || overflow ? .max : total
    }
    guard total > limit else { return nil }
    say("wasmaot: the program's memories start with \(total) bytes, which is more than --max-memory \(limit)")
    return 1
  }

  private func function(_ name: ByteString, of instance: Instance) throws -> Function {
    guard case .function(let function) = instance.export(name) else {
      throw Problem("there is no exported function '\(name)'")
    }
    return function
  }

  private func invoke(_ name: ByteString, of instance: Instance, _ arguments: [String]) throws -> Int32 {
    let function = try function(name, of: instance)
    let type = function.type
    let values = zip(type.params, arguments).map { InvokeValues.parse($1, $0) }
    guard arguments.count == type.params.count, !values.contains(nil) else {
      say("wasmaot: usage: \(self.name)" + type.params.map { " \($0)" }.joined())
      return 2
    }
    // A reactor's _initialize comes before anything else.
    if name != "_initialize", case .function(let initialize) = instance.export("_initialize"),
      initialize.type == FuncType(params: [], results: [])
    {
      _ = try store.call(initialize, slots: [])
    }
    var results = try store.call(function, slots: values.flatMap { $0! })[...]
    let lines = type.results.map { InvokeValues.text($0, &results) + "\n" }
    do {
      try FileDescriptor.standardOutput.writeAll(lines.joined().utf8)
    } catch {
      let reason =
        switch error as? Errno {
        case .noSpace: "no space left"
        case .brokenPipe: "nobody reads it"
        case .badFileDescriptor: "it is closed"
        default: "\(error)"
        }
      say("wasmaot: cannot write the results to standard output: \(reason)")
      return 1
    }
    return 0
  }

  // MARK: - Ends

  private static let trapStatus: Int32 = 134
  /// As many as the runtime shows.
  private static let shownFrames = 20

  private func report(_ error: ExecutionError) -> Int32 {
    let names = NameSection(module)
    func line(_ index: Int, _ function: FuncIdx) -> String {
      let known = names.name(of: function) ?? module.exportedFunctions.first { $0.function == function }?.name
      let name = known.map(printable) ?? "<wasm function \(function.rawValue)>"
      return (index < 10 ? "   " : "  ") + "\(index): \(name)"
    }
    switch error {
    case .host(let error as WASIBinding.Exit): return Int32(truncatingIfNeeded: error.status)
    case .host(let stub as StubbedImport):
      say("wasmaot: trap: \(Trap.unresolvedImport.message)\n wasm backtrace:\n   0: \(printable(stub.name))")
    case .host(let error): say("wasmaot: \(error)")
    case .trap(.outOfExceptionMemory, _): say("wasmaot: \(Trap.outOfExceptionMemory.message)")
    case .trap(let trap, let frames):
      say("wasmaot: trap: \(trap.message)\(limits.description(of: trap))")
      // There is none where the time was up while a function was compiled.
      if !frames.isEmpty { say(" wasm backtrace:") }
      for (index, frame) in frames.prefix(Self.shownFrames).enumerated() { say(line(index, frame.function)) }
      if frames.count > Self.shownFrames { say("      ... more frames") }
    case .exception(let exception):
      say("wasmaot: uncaught exception: tag \(name(of: exception.tagIndex(in: module, store: store)))")
      if let function = exception.origin { say(" thrown in:\n" + line(0, function)) }
    }
    return Self.trapStatus
  }

  private func name(of tag: TagIdx?) -> String {
    guard let tag else { return "?" }
    let own = NameSection(module).tagNames[tag]
    let exported = module.exports.first { if case .tag(tag) = $0.desc { true } else { false } }
    return (own.isEmpty ? exported?.name : own).map(printable) ?? "\(tag.rawValue)"
  }

  /// Control characters of a hostile name must not reach a terminal.
  private func printable(_ name: ByteString) -> String {
    String(name.string.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : Character($0) })
  }

  private func say(_ text: String) {
    _ = try? FileDescriptor.standardError.writeAll((text + "\n").utf8)
  }
}

extension Limits {
  /// What was used up, as the user gave it.
  fileprivate func description(of trap: Trap) -> String {
    switch trap {
    case .outOfFuel: return fuel.map { " (--fuel \($0))" } ?? ""
    case .interrupted:
      guard let timeout else { return "" }
      let second: UInt64 = 1_000_000_000
      return timeout % second == 0
        ? ": the time is up (--timeout \(timeout / second)s)"
        : ": the time is up (--timeout \(timeout / 1_000_000)ms)"
    default: return ""
    }
  }

  fileprivate static func endAtOnce(_ text: String) -> Never {
    _ = try? FileDescriptor.standardError.writeAll((text + "\n").utf8)
    _exit(134)
  }
}

/// `--timeout`: code looks at the flag in loops and at calls. Whoever does not, because a function of WASI waits, is
/// ended a moment later, without a backtrace.
private final class InterpreterTimer {
  private static let grace = DispatchTimeInterval.milliseconds(20)
  private let timer = DispatchSource.makeTimerSource(queue: .global())

  init(_ store: Store, nanoseconds: UInt64) {
    // Words that live as long as the store, which outlives the timer.
    nonisolated(unsafe) let flag = store.interruptAddress
    nonisolated(unsafe) let isInHost = store.isInHostAddress
    var limits = Limits()
    limits.timeout = nanoseconds
    let message = "wasmaot: trap: \(Trap.interrupted.message)\(limits.description(of: .interrupted))"
    timer.schedule(deadline: .now() + .nanoseconds(Int(clamping: nanoseconds)), repeating: Self.grace)
    timer.setEventHandler {
      if flag.pointee != 0 && isInHost.pointee != 0 { Limits.endAtOnce(message) }
      flag.pointee = 1
    }
    timer.resume()
  }

  func cancel() { timer.cancel() }
}
