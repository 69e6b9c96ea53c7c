import Support

@testable import IR

/// Executes one function and records what can be seen from outside: stores, calls, writes of globals, and how it
/// ends. Calls are not followed; their results, and those of loads where nothing was stored, are made up from the
/// arguments. Enough for the operators of RandomFunctions.
///
/// Ends after a number of blocks, too.
struct TraceInterpreter {
  let module: Module
  let function: Function
  private(set) var trace: [String] = []
  private var values: [UInt64]
  /// Called with what each value becomes.
  var observe: (Value, UInt64) -> Void = { _, _ in }
  private var globals: [UInt64] = [7, 9]
  /// What was stored.
  private var stored: [Place: UInt64] = [:]

  private struct Place: Hashable {
    var memory: MemoryID
    var address: UInt64
  }

  init(_ module: Module, _ id: FunctionID) {
    self.module = module
    function = module.bodies[id]!
    values = Array(repeating: 0, count: function.values.count)
  }

  private struct Trap: Error {
    /// Nil if it has called what never returns, as passes have found out.
    var code: TrapCode?
  }

  /// The last event of a function that has gone through too many blocks, or of which passes have dropped the rest.
  static let unfinished = "and so on"

  mutating func run(_ arguments: [UInt64], blockLimit: Int = 200) -> [String] {
    var block = function.blockOrder[0]
    for (param, argument) in zip(function.blockParams[block], arguments) { define(param, argument) }
    do throws(Trap) {
      for _ in 0..<blockLimit {
        guard let call = try execute(block) else { return trace }
        let target = function.blockCalls[call]
        let passed = function.valueLists[target.arguments].map { self[$0] }
        for (param, value) in zip(function.blockParams[target.block], passed) { define(param, value) }
        block = target.block
      }
      trace.append(Self.unfinished)
    } catch {
      trace.append(error.code.map { "trap \($0.name)" } ?? Self.unfinished)
    }
    return trace
  }

  private mutating func define(_ value: Value, _ bits: UInt64) {
    values[value.index] = bits
    observe(value, bits)
  }

  /// What a load or store accesses.
  private func place(_ data: InstData) -> Place {
    let memArg = function.memArgs[MemArgID(rawValue: data.c)]
    return Place(memory: memArg.memory, address: self[data.valueA] &+ memArg.offset)
  }

  private subscript(value: Value) -> UInt64 { values[function.resolve(value).index] }

  private func madeUp(_ inputs: UInt64...) -> UInt64 {
    inputs.reduce(17) { ($0 ^ $1) &* 0x9E37_79B9_7F4A_7C15 } >> 40
  }

  /// Nil at the end of the function.
  private mutating func execute(_ block: Block) throws(Trap) -> BlockCall? {
    for inst in function.blockInsts[block] {
      let data = function.insts[inst]
      switch data.opcode {
      case .jump: return BlockCall(rawValue: data.c)
      case .brif: return BlockCall(rawValue: self[data.valueA] != 0 ? data.b : data.c)
      case .brTable:
        let calls = function.jumpTables[JumpTable(rawValue: data.c)]
        return calls[Int(min(self[data.valueA], UInt64(calls.count - 1)))]
      case .return:
        let list = function.valueLists[EntityList<Value>(handle: data.a)].map { self[$0] }
        trace.append("return \(list)")
        return nil
      case .trap: throw Trap(code: TrapCode(rawValue: data.c)!)
      case .trapnz: if self[data.valueA] != 0 { throw Trap(code: TrapCode(rawValue: data.c)!) }
      case .keep: break
      case .store:
        let place = place(data)
        trace.append("store \(place.memory.rawValue) \(place.address) \(self[data.valueB])")
        stored[place] = self[data.valueB]
      case .globalSet:
        globals[Int(data.c)] = self[data.valueA]
        trace.append("global \(data.c) \(self[data.valueA])")
      default:
        let result = try evaluate(data)
        if !function.results(of: inst).isEmpty { define(function.result(of: inst), result) }
      }
    }
    preconditionFailure("block without terminator")
  }

  private mutating func evaluate(_ data: InstData) throws(Trap) -> UInt64 {
    switch data.opcode {
    case .iconst, .fconst: return data.constantBits
    case .opaque: return self[data.valueA]
    case .globalGet: return globals[Int(data.c)]
    case .load:
      let place = place(data)
      return stored[place] ?? madeUp(place.address, UInt64(place.memory.rawValue))
    case .load16U: return madeUp(place(data).address) & 0xFFFF
    case .call:
      let callee = FunctionID(rawValue: data.b)
      let result = call(callee, function.valueLists[EntityList<Value>(handle: data.a)].map { self[$0] })
      if module.functions[callee].neverReturns { throw Trap(code: nil) }
      return result
    case .callIndirect:
      let list = function.valueLists[EntityList<Value>(handle: data.a)].map { self[$0] }
      let table = module.tables[TableID(rawValue: data.c)]
      if list[0] >= table.minimum { throw Trap(code: .undefinedElement) }
      let callee = table.initial[Int(list[0])]
      if callee.isNone { throw Trap(code: .uninitializedElement) }
      if module.functions[callee].signature.rawValue != data.b { throw Trap(code: .indirectCallTypeMismatch) }
      return call(callee, Array(list[1...]))
    case .sdiv, .urem:
      guard let result = evaluateBinary(data.opcode, data.shape, self[data.valueA], self[data.valueB]) else {
        throw Trap(code: self[data.valueB] == 0 ? .integerDivideByZero : .integerOverflow)
      }
      return result
    default:
      let a = function.resolve(data.valueA)
      let result =
        data.opcode.format == .unary
        ? evaluateUnary(data.opcode, data.shape, values[a.index], operand: function.type(of: a))
        : evaluateBinary(data.opcode, data.shape, values[a.index], self[data.valueB])
      return result!
    }
  }

  private mutating func call(_ callee: FunctionID, _ arguments: [UInt64]) -> UInt64 {
    trace.append("call \(callee.rawValue) \(arguments)")
    return madeUp(UInt64(callee.rawValue), arguments[0], arguments[1]) & 3
  }
}
