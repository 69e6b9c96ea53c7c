import IR
import WasmModule

// Operators that are a few of the IR's.
extension FunctionTranslator {
  mutating func translateComposed(_ op: Operator) -> Bool {
    switch op.opcode {
    case .i64Add128: translateWideSum(.iadd)
    case .i64Sub128: translateWideSum(.isub)
    case .i64MulWideS: translateWideProduct(.smulHigh)
    case .i64MulWideU: translateWideProduct(.umulHigh)
    case .i32x4RelaxedDotI8x16I7x16AddS:
      let addend = pop()
      let right = pop()
      let products = builder.binary(.relaxedDot, .i16x8, pop(), right)
      let sums = builder.unary(.extaddPairwiseS, .i32x4, products)
      push(builder.binary(.iadd, .i32x4, sums, addend))
    default: return false
    }
    return true
  }

  /// i64.add128 and i64.sub128. The carry is the comparison that instruction selection makes `adc` and `sbb` of.
  private mutating func translateWideSum(_ opcode: IR.Opcode) {
    let rightHigh = pop()
    let rightLow = pop()
    let leftHigh = pop()
    let leftLow = pop()
    let low = builder.binary(opcode, .i64, leftLow, rightLow)
    let carry =
      opcode == .iadd
      ? builder.binary(.iult, .i64, low, leftLow) : builder.binary(.iult, .i64, leftLow, rightLow)
    let high = builder.binary(opcode, .i64, leftHigh, rightHigh)
    push(low)
    push(builder.binary(opcode, .i64, high, builder.unary(.uextend, .i64, carry)))
  }

  private mutating func translateWideProduct(_ high: IR.Opcode) {
    let right = pop()
    let left = pop()
    push(builder.binary(.imul, .i64, left, right))
    push(builder.binary(high, .i64, left, right))
  }
}
