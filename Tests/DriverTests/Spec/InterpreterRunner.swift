import Interpreter
import Support
import SystemPackage
import TestSupport
import WasmModule

/// Runs a script in the interpreter, in this process: the same commands as the host of the embedded model gets
/// (`runtime-c/test/spec_host.c`), with the same answers.
struct InterpreterRunner: Sendable {
  var configuration: Store.Configuration

  init() {
    configuration = Store.Configuration()
    // The suite recurses 200,000 calls deep without a tail call.
    configuration.stackBytes = 64 << 20
  }

  /// `folder` holds the script NAME.json and its modules.
  func run(_ folder: FilePath) throws -> SpecRunner.Outcome {
    let name = folder.lastComponent?.string ?? ""
    let script = try HostScript(SpecScript.load(folder), folder: folder) { path in
      do {
        return try decodeAndValidate(ModuleBytes(try TestSupport.read(path))).imports.map(\.module.string)
      } catch let error as WasmError {
        if case .unsupportedFeature = error.kind { return nil }
        return []
      }
    }
    var outcome = SpecRunner.Outcome()
    outcome.skipped = script.skipped
    outcome.textOnly = script.textOnly
    outcome.modules = script.modules.count
    let host = try InterpreterHost(configuration, folder: folder, modules: script.modules)
    for step in script.steps {
      let line = host.execute(step.command)
      if !step.expectation.isMet(by: line[...]) {
        outcome.failures.append(
          .init(
            place: "\(name):\(step.line)",
            message: "\(step.command): expected \(step.expectation.text), got '\(line)'"))
      } else if step.isAssertion {
        outcome.passed += 1
      }
    }
    return outcome
  }
}

/// The protocol of `spec_host.c` over a store of the interpreter.
final class InterpreterHost {
  private let store: Store
  private let folder: FilePath
  /// By the number in the commands.
  private let files: [Int: String]
  private var modules: [String: Module] = [:]
  private var instances: [String: Instance] = [:]
  private var registered: [ByteString: Instance] = [:]
  private var spectest: [ByteString: Extern] = [:]
  private var fuel: Int64 = 0

  init(_ configuration: Store.Configuration, folder: FilePath, modules: [HostScript.Module]) throws {
    store = try Store(configuration: configuration)
    self.folder = folder
    files = Dictionary(uniqueKeysWithValues: modules.map { ($0.number, $0.filename) })
    try makeSpectest()
  }

  private func makeSpectest() throws {
    let functions: [(String, [ValType])] = [
      ("print", []), ("print_i32", [.i32]), ("print_i64", [.i64]), ("print_f32", [.f32]),
      ("print_f64", [.f64]),
      ("print_i32_f32", [.i32, .f32]), ("print_f64_f64", [.f64, .f64]),
    ]
    for (name, params) in functions {
      spectest[ByteString(name)] = .function(
        store.makeFunction(FuncType(params: params, results: [])) { _ in })
    }
    let globals: [(String, ValType, UInt64)] = [
      ("global_i32", .i32, 666), ("global_i64", .i64, 666),
      ("global_f32", .f32, UInt64(Float(666.6).bitPattern)), ("global_f64", .f64, 666.6.bitPattern),
    ]
    for (name, type, bits) in globals {
      spectest[ByteString(name)] = .global(store.makeGlobal(GlobalType(type: type, isMutable: false), bits))
    }
    let limits = Limits(minimum: 10, maximum: 20)
    let pages = Limits(minimum: 1, maximum: 2)
    spectest["table"] = .table(try store.makeTable(TableType(element: .funcref, limits: limits)))
    spectest["table64"] = .table(
      try store.makeTable(TableType(element: .funcref, limits: limits, address: .i64)))
    spectest["memory"] = .memory(try store.makeMemory(MemType(limits: pages)))
    spectest["shared_memory"] = .memory(try store.makeMemory(MemType(limits: pages, isShared: true)))
  }

  func execute(_ command: String) -> String {
    let words = command.split(separator: " ").map(String.init)
    do {
      switch words[0] {
      case "module": return try load(words)
      case "instance": return try instantiate(words)
      case "register":
        registered[Self.name(words[1])] = instances[words[2]]
        return "ok"
      case "invoke": return try invoke(words)
      case "fuel":
        fuel = Int64(UInt64(words[1], radix: 16)!)
        store.fuel = fuel
        return "ok"
      case "consumed": return "ok I:" + String(fuel - store.fuel, radix: 16)
      case "get":
        guard case .global(let global) = instances[words[1]]?.export(Self.name(words[2])) else {
          return "error no such global"
        }
        return "ok " + Self.text(global.type.type, global.value)
      default: return "error unknown command"
      }
    } catch let error as InstantiationError {
      if case .unlinkable(let message) = error { return "unlinkable \(message)" }
      return "error \(error.message)"
    } catch let error as ExecutionError {
      switch error {
      case .trap(let trap, _): return "trap \(trap.message)"
      case .exception: return "exception"
      case .host(let error): return "error \(error)"
      }
    } catch {
      return "error \(error)"
    }
  }

  private func load(_ words: [String]) throws -> String {
    let number = Int(words[1].dropFirst())!
    let bytes = ModuleBytes(try TestSupport.read(folder.appending(files[number]!)))
    modules[words[1]] = try decodeAndValidate(bytes)
    return "ok"
  }

  private func instantiate(_ words: [String]) throws -> String {
    guard let module = modules[words[2]] else { return "error no such module" }
    let imports = module.imports.map { entry -> Extern? in
      if entry.module == "spectest", let found = spectest[entry.name] { return found }
      // What the tests of fuel import: it must cost none.
      if entry.module == "wasi_snapshot_preview1", case .function(let index) = entry.desc {
        return .function(
          store.makeFunction(module.type(of: index)) { $0.slots[0] = 0 })
      }
      return registered[entry.module]?.export(entry.name)
    }
    instances[words[1]] = try store.instantiate(module, imports: imports)
    return "ok"
  }

  private func invoke(_ words: [String]) throws -> String {
    guard case .function(let function) = instances[words[1]]?.export(Self.name(words[2])) else {
      return "error no such function"
    }
    var slots: [UInt64] = []
    for (type, word) in zip(function.type.params, words.dropFirst(3)) {
      let digits = word.dropFirst(2)
      slots.append(UInt64(digits.suffix(16), radix: 16)!)
      if type == .v128 { slots.append(UInt64(digits.dropLast(16), radix: 16) ?? 0) }
    }
    guard slots.count == function.paramSlots else { return "error bad argument" }
    var results = try store.call(function, slots: slots)[...]
    return "ok"
      + function.type.results.map { type in
        let low = results.removeFirst()
        return " " + Self.text(type, (low, type == .v128 ? results.removeFirst() : 0))
      }.joined()
  }

  private static func text(_ type: ValType, _ value: (low: UInt64, high: UInt64)) -> String {
    func hexadecimal(_ bits: UInt64) -> String { String(bits, radix: 16) }
    switch type {
    // The whole slot: i32 and f32 must be zero-extended.
    case .i32: return "i:" + hexadecimal(value.low)
    case .i64: return "I:" + hexadecimal(value.low)
    case .f32: return "f:" + hexadecimal(value.low)
    case .f64: return "F:" + hexadecimal(value.low)
    case .v128:
      let low = hexadecimal(value.low)
      return "v:" + hexadecimal(value.high) + String(repeating: "0", count: 16 - low.count) + low
    default:
      if type.heapType == .externref || type.heapType == .noextern { return "e:" + hexadecimal(value.low) }
      let letter = type.heapType == .exn || type.heapType == .noexn ? "x:" : "r:"
      return letter + (value.low == 0 ? "0" : "1")
    }
  }

  private static func name(_ word: String) -> ByteString {
    if word == "-" { return ByteString("") }
    let digits = Array(word)
    let bytes = stride(from: 0, to: digits.count, by: 2).map {
      UInt8(String(digits[$0...($0 + 1)]), radix: 16)!
    }
    return ByteString(bytes)
  }
}
