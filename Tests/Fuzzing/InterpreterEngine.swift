import Interpreter
import Support
import WasmModule

/// The oracle: it decides how far each instance is called, too.
struct InterpreterEngine {
  /// Steps that a candidate may take in all; for what is not known to end. Nil: as many as it takes.
  var fuel: UInt64?

  /// Nil if it takes too long, or if nothing can be compared.
  func record(of candidate: Candidate) throws -> Record? {
    var calls = CallPlan.calls(of: candidate.module, seed: candidate.seed)[...]
    var record = Record()
    while !calls.isEmpty {
      let session = try Session(candidate.module, fuel: fuel)
      record.instantiation = session.instantiation
      if session.instantiation != "ok" { return session.isInconclusive ? nil : record }
      var (steps, outcomes): ([Step], [Outcome]) = ([], [])
      while let call = calls.popFirst() {
        let line = session.invoke(call)
        // Where the stack ends, and memory, is each engine's own affair.
        if session.isInconclusive { break }
        let isFault = line == "trap \(Trap.memoryOutOfBounds.message)"
        let step = Step(call: call, isFollowedByState: session.hasState && !isFault)
        let log = session.takeLog()
        let state = step.isFollowedByState ? session.invoke(Call(name: StateExport.name)) : nil
        if session.isInconclusive { break }
        steps.append(step)
        outcomes.append(Outcome(line: line, log: log, state: state))
        if line.hasPrefix("trap") { break }
      }
      if session.isOutOfFuel { return nil }
      record.runs.append(steps)
      record.outcomes.append(outcomes)
    }
    return record
  }

  /// What happens when these steps are taken, whatever is expected.
  func outcomes(of module: Module, runs: [[Step]]) throws -> [[Outcome]] {
    try runs.map { steps in
      let session = try Session(module, fuel: fuel)
      return steps.map { step in
        let line = session.invoke(step.call)
        let log = session.takeLog()
        return Outcome(
          line: line, log: log,
          state: step.isFollowedByState ? session.invoke(Call(name: StateExport.name)) : nil)
      }
    }
  }
}

/// One instance.
private final class Session {
  private let store: Store
  private var instance: Instance?
  private var logged: [String] = []
  private var loggedCount = 0
  private(set) var instantiation = ""
  /// Something happened that engines need not agree upon.
  private(set) var isInconclusive = false
  private(set) var isOutOfFuel = false
  let hasState: Bool

  init(_ module: Module, fuel: UInt64?) throws {
    var configuration = Store.Configuration()
    configuration.fuel = fuel
    configuration.stackBytes = 1 << 20
    store = try Store(configuration: configuration)
    hasState = module.exports.contains { $0.name == ByteString(StateExport.name) }
    let imports = module.imports.map { entry -> Extern? in
      guard entry.module == "fuzzing-support", case .function(let index) = entry.desc else { return nil }
      return .function(logger(entry.name.string, module.type(of: index)))
    }
    instantiation = try answer {
      instance = try store.instantiate(module, imports: imports)
      return "ok"
    }
  }

  func invoke(_ call: Call) -> String {
    guard let instance, case .function(let function) = instance.export(ByteString(call.name)) else {
      return "error no such export"
    }
    var slots: [UInt64] = []
    for (type, word) in zip(function.type.params, call.arguments) {
      let digits = word.dropFirst(2)
      slots.append(UInt64(digits.suffix(16), radix: 16)!)
      if type == .v128 { slots.append(UInt64(digits.dropLast(16), radix: 16) ?? 0) }
    }
    let line = try? answer {
      var results = try store.call(function, slots: slots)[...]
      return "ok"
        + function.type.results.map { type in
          let low = results.removeFirst()
          return " " + Self.text(type, low, type == .v128 ? results.removeFirst() : 0)
        }.joined()
    }
    return line ?? "error"
  }

  func takeLog() -> String {
    defer {
      logged = []
      loggedCount = 0
    }
    return "ok" + logged.map { " \($0)" }.joined() + " #" + String(loggedCount, radix: 16)
  }

  private func logger(_ name: String, _ type: FuncType) -> Function {
    store.makeFunction(type) { [unowned self] call in
      loggedCount += 1
      if logged.count < 256 {
        if name == "mix" {
          logged.append("m:" + String(call.slots[0], radix: 16))
        } else {
          logged.append(Self.text(type.params[0], call.slots[0], type.params[0] == .v128 ? call.slots[1] : 0))
        }
      }
      if name == "mix" { call.slots[0] = UInt64(UInt32(truncatingIfNeeded: call.slots[0]) &* 31 &+ 7) }
    }
  }

  private func answer(_ body: () throws -> String) throws -> String {
    do {
      return try body()
    } catch let error as ExecutionError {
      switch error {
      case .trap(let trap, _):
        if [.stackOverflow, .outOfMemory, .outOfExceptionMemory, .outOfFuel].contains(trap) {
          isInconclusive = true
        }
        if trap == .outOfFuel { isOutOfFuel = true }
        return "trap \(trap.message)"
      case .exception: return "exception"
      case .host(let error): throw error
      }
    }
  }

  private static func text(_ type: ValType, _ low: UInt64, _ high: UInt64) -> String {
    func hexadecimal(_ bits: UInt64) -> String { String(bits, radix: 16) }
    switch type {
    case .i32: return "i:" + hexadecimal(low)
    case .i64: return "I:" + hexadecimal(low)
    case .f32: return "f:" + hexadecimal(low)
    case .f64: return "F:" + hexadecimal(low)
    case .v128:
      func padded(_ bits: UInt64) -> String {
        let digits = hexadecimal(bits)
        return String(repeating: "0", count: 16 - digits.count) + digits
      }
      return "v:" + padded(high) + padded(low)
    default: return low == 0 ? "r:0" : "r:1"
    }
  }
}
