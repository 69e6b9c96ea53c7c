import Support

/// The same number for values that are computed in the same way: what common subexpression elimination finds.
struct ValueNumbers {
  private var numbers: [UInt32]

  private struct Key: Hashable {
    var data: InstData
    var a: UInt32
    var b: UInt32
  }

  /// Linear; one visit, for definitions precede their uses in reverse post-order.
  init(_ function: Function, _ graph: ControlFlowGraph) {
    numbers = (0..<UInt32(function.values.count)).map { $0 }
    var known: [Key: UInt32] = [:]
    for block in graph.reversePostorder {
      for inst in function.blockInsts[block] {
        var data = function.insts[inst]
        guard data.opcode.effects.isEmpty, !function.firstResults[inst].isNone else { continue }
        var key = Key(data: data, a: 0, b: 0)
        switch data.opcode.format {
        case .constant: break
        case .unary: key.a = number(data.valueA, function)
        case .binary:
          (key.a, key.b) = (number(data.valueA, function), number(data.valueB, function))
          if data.opcode.isCommutative, key.a > key.b { swap(&key.a, &key.b) }
        default: continue
        }
        if data.opcode.format != .constant { (data.a, data.b) = (0, 0) }
        key.data = data
        let result = function.result(of: inst).rawValue
        numbers[Int(result)] = known[key] ?? result
        if known[key] == nil { known[key] = result }
      }
    }
  }

  private func number(_ value: Value, _ function: Function) -> UInt32 {
    numbers[function.resolve(value).index]
  }

  subscript(resolved value: Value) -> UInt32 { numbers[value.index] }
}

extension Opcode {
  /// Of integers.
  var isCommutative: Bool {
    switch self {
    case .iadd, .imul, .band, .bor, .bxor, .ieq, .ine: true
    default: false
    }
  }
}
