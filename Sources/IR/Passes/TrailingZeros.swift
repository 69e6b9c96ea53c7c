import Support

/// How many of each integer's low bits are certainly zero, what goes round loops included: their parameters are taken to
/// be multiples of everything until something else is passed to them.
struct TrailingZeros {
  private var zeros: SecondaryMap<Value, UInt8>

  /// Loops in loops take a round each, what changes little by little more: after these nothing is said.
  private static let mostRounds = 8

  init(_ function: Function, _ graph: ControlFlowGraph) {
    zeros = SecondaryMap(default: 64, capacity: function.values.count)
    for param in function.blockOrder.first.map({ function.blockParams[$0] }) ?? [] { zeros[param] = 0 }
    for _ in 0..<Self.mostRounds {
      if !improve(function, graph) { return }
    }
    zeros = SecondaryMap(default: 0, capacity: 0)
  }

  subscript(value: Value) -> Int { Int(zeros[value]) }

  /// Says whether a parameter changed.
  private mutating func improve(_ function: Function, _ graph: ControlFlowGraph) -> Bool {
    var changed = false
    for (position, block) in graph.reversePostorder.enumerated() {
      for (number, param) in function.blockParams[block].enumerated() where position > 0 {
        var least = function.type(of: param) == .i32 ? 32 : 64
        for edge in graph.predecessors(of: block) where graph.isReachable(edge.from) {
          let argument = function.valueLists.element(function.blockCalls[edge.call].arguments, at: number)
          least = min(least, Int(zeros[function.resolve(argument)]))
        }
        if least != zeros[param] {
          zeros[param] = UInt8(least)
          changed = true
        }
      }
      for inst in function.blockInsts[block] {
        for result in function.results(of: inst) {
          zeros[Value(rawValue: result)] = UInt8(
            function.resultCounts[inst] == 1
              ? function.trailingZeros(ofResult: function.insts[inst]) { Int(zeros[$0]) } : 0)
        }
      }
    }
    return changed
  }
}

extension Function {
  /// How many of an integer's low bits are certainly zero; the type's width for 0.
  func trailingZeros(_ value: Value, depth: Int = 8) -> Int {
    guard depth > 0, let data = definition(of: value) else { return 0 }
    return trailingZeros(ofResult: data) {
      trailingZeros($0, depth: depth - 1)
    }
  }

  /// Of an operator's result, by those of its operands.
  fileprivate func trailingZeros(ofResult data: InstData, _ zeros: (Value) -> Int) -> Int {
    guard !data.shape.isVector else { return 0 }
    let width = data.shape == .i32 ? 32 : 64
    func zero(_ operand: Value) -> Int { zeros(resolve(operand)) }
    switch data.opcode {
    case .iconst: return min(width, data.constantBits.trailingZeroBitCount)
    case .copy, .opaque: return zero(data.valueA)
    case .iadd, .isub, .bor, .bxor: return min(zero(data.valueA), zero(data.valueB))
    case .band: return max(zero(data.valueA), zero(data.valueB))
    case .imul: return min(width, zero(data.valueA) + zero(data.valueB))
    case .ishl:
      guard let count = integerConstant(data.valueB) else { return zero(data.valueA) }
      return min(width, zero(data.valueA) + Int(count % UInt64(width)))
    case .select: return min(zero(data.valueB), zero(data.valueC))
    case .uextend, .sextend:
      let operand = zero(data.valueA)
      return operand == 32 ? 64 : operand
    case .wrap: return min(32, zero(data.valueA))
    default: return 0
    }
  }
}
