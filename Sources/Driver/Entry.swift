import IR
import LLVMBackend
import Support
import WasmModule

/// How a program is entered: decided from the options and the module's exports.
enum Entry {
  /// `_start`, a command in WASI's words.
  case command(FuncIdx)
  /// `--invoke`: one export.
  case export(FuncIdx, name: ByteString)
  /// Every exported function: listings, and the test suite's scripts.
  case allExports
  /// Instances of a host, which finds all exports by the descriptor of this name.
  case host(CIdentifier)

  /// What the user called: for what to write instead.
  enum Command {
    case build, run, interpret, bench

    fileprivate func line(invoking name: ByteString, of file: String) -> String {
      switch self {
      case .build: "wasmaot build \(file) --invoke \(name)"
      // What follows the module is the program's.
      case .run: "wasmaot run --invoke \(name) \(file)"
      case .interpret: "wasmaot run --interpret --invoke \(name) \(file)"
      case .bench: "wasmaot bench \(file) --invoke \(name)"
      }
    }
  }

  init(
    of module: WasmModule.Module, options: BuildOptions, file: String, command: Command
  ) throws(Problem) {
    if options.emit.isEmbedded {
      self = .host(options.moduleName ?? CIdentifier(ofFile: file))
      return
    }
    if let name = options.invoke {
      let function = try Self.function(named: name, in: module, file: file)
      self = .export(function, name: ByteString(name))
      return
    }
    if options.isScriptDriven {
      self = .allExports
      return
    }
    let start = module.exportedFunctions.first { $0.name == "_start" }
    guard let start else {
      // An object or a listing need not be a program.
      guard options.emit == .exe else {
        self = .allExports
        return
      }
      throw Self.noStart(in: module, file: file, command: command)
    }
    let type = module.type(of: start.function)
    guard type == FuncType(params: [], results: []) else {
      throw Problem(
        "\(file) exports '_start' with the type \(type), which is not a program's",
        help: "call it with --invoke _start")
    }
    self = .command(start.function)
  }

  // MARK: - Problems

  private static func function(
    named name: String, in module: WasmModule.Module, file: String
  ) throws(Problem) -> FuncIdx {
    guard let export = module.exports.first(where: { $0.name == ByteString(name) }) else {
      let names = module.exportedFunctions.map(\.name.description)
      throw Problem(
        "\(file) has no export '\(name)' to invoke", notes: list(module.exportedFunctions, of: module),
        help: nearest(to: name, among: names).map { "did you mean '\($0)'?" })
    }
    guard case .function(let function) = export.desc else {
      throw Problem(
        "the export '\(name)' of \(file) is no function", notes: list(module.exportedFunctions, of: module))
    }
    let type = module.type(of: function)
    // Arguments are written as numbers on the command line.
    if let param = type.params.first(where: { $0.isReference || $0 == .v128 }) {
      throw Problem(
        "the export '\(name)' has the type \(type): a parameter of type \(param) can't be given on the command line",
        help: "choose another export")
    }
    return function
  }

  private static func noStart(
    in module: WasmModule.Module, file: String, command: Command
  ) -> Problem {
    let functions = module.exportedFunctions
    guard let first = functions.first(where: { $0.name != "_initialize" }) else {
      return Problem(
        "\(file) exports no function, so there is nothing to run",
        help: "link the module as a command: with wasi-libc's crt1-command.o, which exports _start")
    }
    let isReactor = functions.contains { $0.name == "_initialize" }
    return Problem(
      "\(file) has no '_start'" + (isReactor ? ": it is a library (a reactor), not a program" : ""),
      notes: list(functions, of: module),
      help: "call one of its exports: \(command.line(invoking: first.name, of: file))")
  }

  /// The functions to choose from, the first of them.
  private static func list(
    _ functions: [(name: ByteString, function: FuncIdx)], of module: WasmModule.Module
  ) -> [String] {
    let limit = 20
    var notes = functions.prefix(limit).map { "\($0.name) \(module.type(of: $0.function))" }
    if functions.count > limit { notes.append("… and \(functions.count - limit) more") }
    return functions.isEmpty
      ? ["it exports no functions"] : ["it exports these functions:"] + notes.map { "  " + $0 }
  }

  // MARK: - For the stages

  /// Leaves only what can be called from outside, so that the passes remove what only others reached.
  func restrictExports(of ir: inout IR.Module) {
    switch self {
    case .command: ir.exports = ir.exports.filter { $0.name == "_start" }
    // The runtime calls a reactor's _initialize before anything else.
    case .export(_, let name): ir.exports = ir.exports.filter { $0.name == name || $0.name == "_initialize" }
    case .allExports, .host: break
    }
  }

  func point(in ir: IR.Module) -> EntryPoint {
    switch self {
    case .command: .start(ir.exports[0].function!)
    case .export, .allExports: .invoke(ir.exports)
    case .host(let name): .embedded(name: name.text)
    }
  }
}

extension WasmModule.Module {
  var exportedFunctions: [(name: ByteString, function: FuncIdx)] {
    exports.compactMap {
      if case .function(let function) = $0.desc { ($0.name, function) } else { nil }
    }
  }
}
