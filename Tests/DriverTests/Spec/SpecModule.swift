import SystemPackage
import WasmModule

/// One module of a script, and everything that the script does with it alone.
struct SpecModule: Sendable {
  var filename: String
  var line: Int
  var steps: [Step] = []
  /// Message of the trap that instantiation must end with.
  var instantiationTrap: String?
  /// Why the module can't be run on its own.
  var obstacle: Obstacle?

  struct Step: Sendable {
    var line: Int
    var field: String
    var arguments: [String]
    var expectation: Expectation
  }

  enum Expectation: Sendable {
    case anything
    case results([SpecValue])
    case trap(String)
    case exception
  }

  enum Obstacle: String, Sendable, CaseIterable {
    /// Imports something of another module of the script: comes with linked instances.
    case registeredModules = "need registered modules"
    /// Uses a proposal that is not supported yet.
    case feature = "need an unsupported feature"
    /// The script does with it what the protocol of the test driver has no words for.
    case protocolGap = "need what the test driver can't do"
  }
}

/// Sorts a script's commands by the modules that they are about.
struct SpecPlan {
  private(set) var modules: [SpecModule] = []
  /// Assertions that are left out, by reason.
  private(set) var skipped: [SpecModule.Obstacle: Int] = [:]

  private var current: Int?
  private var named: [String: Int] = [:]
  private var registered: [String: Int] = [:]
  /// Another module, which is not run here, has been given access to this one's state.
  private var tainted: Set<Int> = []

  init(_ script: SpecScript, folder: FilePath, load: (FilePath) throws -> ModuleBytes) rethrows {
    for command in script.commands {
      switch command.type {
      // A malformed custom section changes nothing.
      case "module", "assert_uninstantiable", "assert_invalid_custom", "assert_malformed_custom":
        guard let filename = command.filename, filename.hasSuffix(".wasm") else {
          current = nil
          continue
        }
        var module = SpecModule(filename: filename, line: command.line)
        if command.type == "assert_uninstantiable" { module.instantiationTrap = command.text ?? "" }
        module.obstacle = obstacle(of: try load(folder.appending(filename)))
        modules.append(module)
        if command.type != "assert_uninstantiable" {
          current = modules.count - 1
          if let name = command.name { named[name] = current }
        }
      case "register":
        let target = command.name.flatMap { named[$0] } ?? current
        if let target, let name = command.registeredName { registered[name] = target }
      case "module_definition", "module_instance":
        // Several instances of one module.
        current = nil
      case "assert_return", "assert_trap", "assert_exhaustion", "assert_exception", "action":
        add(command)
      default:
        // assert_invalid, assert_malformed and assert_unlinkable: nothing runs.
        break
      }
    }
  }

  private mutating func add(_ command: SpecScript.Command) {
    guard let action = command.action else { return }
    let target = action.module.map { named[$0] } ?? current
    guard let target else { return skip(.registeredModules) }
    if let obstacle = modules[target].obstacle { return skip(obstacle) }
    if tainted.contains(target) { return skip(.registeredModules) }
    let arguments = (action.args ?? []).map(\.argument)
    guard action.type == "invoke", !arguments.contains(nil) else { return skip(.protocolGap) }
    let expectation: SpecModule.Expectation =
      switch command.type {
      case "assert_return": .results(command.expected ?? [])
      case "action": .anything
      case "assert_exception": .exception
      default: .trap(command.text ?? "")
      }
    modules[target].steps.append(
      .init(
        line: command.line, field: action.field, arguments: arguments.compactMap { $0 },
        expectation: expectation))
  }

  private mutating func skip(_ obstacle: SpecModule.Obstacle) { skipped[obstacle, default: 0] += 1 }

  private mutating func obstacle(of bytes: ModuleBytes) -> SpecModule.Obstacle? {
    do {
      let module = try decodeAndValidate(bytes)
      let foreign = module.imports.filter { $0.module != "spectest" }
      for entry in foreign { if let target = registered[entry.module.string] { tainted.insert(target) } }
      return foreign.isEmpty ? nil : .registeredModules
    } catch {
      // Whatever else is wrong shows when the module is built.
      if case .unsupportedFeature = error.kind { return .feature }
      return nil
    }
  }
}
