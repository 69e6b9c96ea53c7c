import SystemPackage
import WasmModule

/// A script as commands for `runtime-c/test/spec_host.c`, which runs all its modules in one process over the public
/// C API, and what each command must answer.
struct HostScript: Sendable {
  struct Step: Sendable {
    var line: Int
    var command: String
    var expectation: Expectation
    /// Only the script's own assertions are counted.
    var isAssertion: Bool
  }

  enum Expectation: Sendable {
    case ok
    case unlinkable(String)
    case module(SpecModule.Expectation)
  }

  /// A module to compile. Commands name the shared library by `placeholder`.
  struct Module: Sendable {
    var filename: String
    var line: Int
    var id: String { "m\(number)" }
    var number: Int
  }

  private(set) var modules: [Module] = []
  private(set) var steps: [Step] = []
  /// Assertions that are left out, by reason.
  private(set) var skipped: [SpecModule.Obstacle: Int] = [:]
  /// Something is imported from `spectest` that the host can't make: `spectestRest` must be registered first.
  private(set) var needsSpectestRest = false
  /// About the text format only: not run, and counted apart.
  private(set) var textOnly = 0

  private var current: String?
  private var named: [String: String] = [:]
  private var definitions: [String: Module] = [:]
  private var lastDefinition: Module?
  private var instanceCount = 0
  /// Names that were registered for modules that can't be compiled.
  private var missing: Set<String> = []
  private let imports: @Sendable (FilePath) throws -> [String]?
  private let folder: FilePath

  /// `imports` gives the names of the modules that one imports from (`spectest+` for what of spectest the host can't
  /// make); nil if it needs a feature which wasmaot does not have.
  init(_ script: SpecScript, folder: FilePath, imports: @escaping @Sendable (FilePath) throws -> [String]?)
    throws
  {
    self.folder = folder
    self.imports = imports
    for command in script.commands { try add(command) }
  }

  private mutating func add(_ command: SpecScript.Command) throws {
    switch command.type {
    case "module":
      current = nil
      if let name = command.name { named[name] = nil }
      guard let module = try module(command) else { return }
      current = instantiate(module, command, .ok, isAssertion: false)
      if let name = command.name { named[name] = current }
    case "module_definition":
      lastDefinition = try module(command)
      if let name = command.name { definitions[name] = lastDefinition }
    case "module_instance":
      let module = command.module.map { definitions[$0] } ?? lastDefinition
      current = module.map { instantiate($0, command, .ok, isAssertion: false) }
      if let name = command.instance { named[name] = current }
    case "assert_uninstantiable":
      guard let module = try module(command) else { return skip(.feature) }
      _ = instantiate(module, command, .module(.trap(command.text ?? "")), isAssertion: true)
    case "assert_unlinkable":
      guard let module = try module(command) else { return skip(.feature) }
      _ = instantiate(module, command, .unlinkable(command.text ?? ""), isAssertion: true)
    case "register":
      guard let name = command.registeredName else { return }
      guard let target = instance(command.name) else {
        missing.insert(name)
        return
      }
      steps.append(
        Step(
          line: command.line, command: "register \(Self.hexadecimal(name)) \(target)", expectation: .ok,
          isAssertion: false))
    case "action", "assert_return", "assert_trap", "assert_exhaustion", "assert_exception":
      act(command)
    case "assert_malformed", "assert_malformed_custom":
      if command.filename?.hasSuffix(".wat") ?? false { textOnly += 1 }
    default:
      // assert_invalid and the like: nothing runs; WasmModuleTests has them.
      break
    }
  }

  private mutating func act(_ command: SpecScript.Command) {
    guard let action = command.action else { return }
    guard let target = instance(action.module) else { return skip(.feature) }
    let arguments = (action.args ?? []).map(\.argument)
    guard !arguments.contains(nil) else { return skip(.protocolGap) }
    let expectation: SpecModule.Expectation =
      switch command.type {
      case "assert_return": .results(command.expected ?? [])
      case "assert_exception": .exception
      case "action": .anything
      default: .trap(command.text ?? "")
      }
    let words = [action.type, target, Self.hexadecimal(action.field)] + arguments.compactMap { $0 }
    steps.append(
      Step(
        line: command.line, command: words.joined(separator: " "), expectation: .module(expectation),
        isAssertion: command.type != "action"))
  }

  private func instance(_ name: String?) -> String? { name.map { named[$0] } ?? current }

  private mutating func module(_ command: SpecScript.Command) throws -> Module? {
    guard let filename = command.binaryFilename ?? command.filename, filename.hasSuffix(".wasm"),
      let imports = try imports(folder.appending(filename)), missing.isDisjoint(with: imports)
    else { return nil }
    if imports.contains("spectest+") { needsSpectestRest = true }
    let module = Module(filename: filename, line: command.line, number: modules.count)
    modules.append(module)
    steps.append(
      Step(
        line: command.line, command: "module \(module.id) \(Self.placeholder)\(module.number).so module_wasm",
        expectation: .ok, isAssertion: false))
    return module
  }

  /// What the public API has no constructors for, as a module:
  ///
  ///     (module (table (export "table64") i64 10 20 funcref) (memory (export "shared_memory") 1 2 shared))
  static let spectestRest: [UInt8] =
    [0, 0x61, 0x73, 0x6D, 1, 0, 0, 0, 4, 5, 1, 0x70, 5, 10, 20, 5, 4, 1, 3, 1, 2, 7, 27, 2, 7]
    + Array("table64".utf8) + [1, 0, 13] + Array("shared_memory".utf8) + [2, 0]

  /// Commands that make it importable.
  static let spectestRestCommands = [
    "module rest \(placeholder)rest.so module_wasm", "instance rest rest",
    "register \(hexadecimal("spectest")) rest",
  ]

  /// The folder of the shared libraries, in `module` commands.
  static let placeholder = "@/"

  private mutating func instantiate(
    _ module: Module, _ command: SpecScript.Command, _ expectation: Expectation, isAssertion: Bool
  ) -> String {
    let id = "i\(instanceCount)"
    instanceCount += 1
    steps.append(
      Step(
        line: command.line, command: "instance \(id) \(module.id)", expectation: expectation,
        isAssertion: isAssertion))
    return id
  }

  private mutating func skip(_ obstacle: SpecModule.Obstacle) { skipped[obstacle, default: 0] += 1 }

  /// A name, in the protocol.
  static func hexadecimal(_ name: String) -> String {
    name.isEmpty ? "-" : name.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

extension HostScript.Expectation {
  var text: String {
    switch self {
    case .ok: "ok"
    case .unlinkable(let message): "unlinkable '\(message)'"
    case .module(let expectation): expectation.text
    }
  }

  func isMet(by line: Substring) -> Bool {
    switch self {
    case .ok: line == "ok"
    case .unlinkable(let message): line.hasPrefix("unlinkable " + message)
    case .module(let expectation): expectation.isMet(by: line)
    }
  }
}
