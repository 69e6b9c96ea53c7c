extension Function {
  /// How many of an integer's low bits are certainly zero; the type's width for 0.
  func trailingZeros(_ value: Value, depth: Int = 8) -> Int {
    let value = resolve(value)
    let width = type(of: value) == .i32 ? 32 : 64
    guard depth > 0, values[value].kind == .result else { return 0 }
    let data = insts[Inst(rawValue: values[value].owner)]
    func zeros(_ operand: Value) -> Int { trailingZeros(operand, depth: depth - 1) }
    func constant(_ operand: Value) -> UInt64? {
      let operand = resolve(operand)
      guard values[operand].kind == .result else { return nil }
      let data = insts[Inst(rawValue: values[operand].owner)]
      return data.opcode == .iconst ? data.constantBits : nil
    }
    switch data.opcode {
    case .iconst: return min(width, data.constantBits.trailingZeroBitCount)
    case .iadd, .isub, .bor, .bxor: return min(zeros(data.valueA), zeros(data.valueB))
    case .band: return max(zeros(data.valueA), zeros(data.valueB))
    case .imul: return min(width, zeros(data.valueA) + zeros(data.valueB))
    case .ishl:
      guard let count = constant(data.valueB) else { return zeros(data.valueA) }
      return min(width, zeros(data.valueA) + Int(count % UInt64(width)))
    case .select: return min(zeros(data.valueB), zeros(data.valueC))
    case .uextend, .sextend:
      let operand = zeros(data.valueA)
      return operand == 32 ? 64 : operand
    case .wrap: return min(32, zeros(data.valueA))
    default: return 0
    }
  }
}
