import IR
import WasmModule

// Fuel is counted by segments: the longest runs of operators that control enters at their start only. What a
// segment costs is charged when it is entered, all of it; whether fuel is left is looked at where functions begin and
// where loops turn, so that nothing runs for ever. docs/limits.md has the rule in full.
//
// It is the input that is counted and not what became of it: every engine, model and level counts the same.

extension WasmOpcode {
  /// Operators that only shape the code, or end it, cost nothing.
  fileprivate var fuelCost: UInt32 {
    switch self {
    case .nop, .drop, .block, .loop, .else, .end, .unreachable, .return, .tryTable, .try, .catch, .catchAll,
      .delegate:
      0
    default: 1
    }
  }

  /// The next operator begins a segment: control may come to it from elsewhere, or not come to it from here.
  fileprivate var endsFuelSegment: Bool {
    switch self {
    case .loop, .if, .else, .end, .catch, .catchAll, .delegate, .brIf, .brOnNull, .brOnNonNull: true
    default: false
    }
  }

  /// Control does not go on behind it.
  fileprivate var endsReachableCode: Bool {
    switch self {
    case .unreachable, .return, .br, .brTable, .throw, .throwRef, .rethrow, .returnCall, .returnCallIndirect,
      .returnCallRef:
      true
    default: false
    }
  }
}

/// The costs of a body's segments in their order: reads the body a segment ahead of its translation.
struct FuelSegments {
  private var reader: OperatorReader

  init(of function: FuncIdx, in module: WasmModule.Module) {
    reader = OperatorReader(module: module, function: function)
    _ = reader.readLocals()
  }

  /// The cost of the segment that begins where the one before ended.
  mutating func next() -> UInt32 {
    var cost: UInt32 = 0
    var isReachable = true
    while !reader.isAtEnd {
      let opcode = reader.next().opcode
      if isReachable { cost += opcode.fuelCost }
      if opcode.endsFuelSegment { break }
      if opcode.endsReachableCode { isReachable = false }
    }
    return cost
  }
}

extension FunctionTranslator {
  mutating func beginFunctionFuel() { enterSegment(checks: true) }

  /// To come behind each operator, reached or not: begins the next segment where this one ended.
  mutating func continueFuel(behind op: Operator) {
    if op.opcode.endsFuelSegment { enterSegment(checks: op.opcode == .loop) }
  }

  private mutating func enterSegment(checks: Bool) {
    guard let cost = fuel?.next(), isReachable, !frames.isEmpty else { return }
    if cost > 0 { builder.fuelCharge(cost) }
    if checks { builder.nullary(.fuelCheck, .none) }
  }
}
