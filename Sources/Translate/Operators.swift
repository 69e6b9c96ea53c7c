import IR
import WasmModule

// The operators that Generated/SimpleOperators.swift names: the format of the IR's operator says what to take
// from the operand stack and which immediates to pass on.
extension FunctionTranslator {
  mutating func translate(_ simple: SimpleOperator, _ op: Operator) {
    let opcode = simple.opcode
    let shape = simple.shape
    switch opcode.format {
    case .unary: push(builder.unary(opcode, shape, pop()))
    case .binary:
      let right = pop()
      push(builder.binary(opcode, shape, pop(), right))
    case .ternary:
      let third = pop()
      let second = pop()
      push(builder.ternary(opcode, shape, pop(), second, third))
    case .constant:
      switch shape {
      case .f32: push(builder.f32Const(bits: UInt32(truncatingIfNeeded: op.bits)))
      case .f64: push(builder.f64Const(bits: op.bits))
      default: push(builder.iconst(shape, op.bits))
      }
    case .vectorConstant: push(builder.v128Const(op.vector))
    case .unaryImmediate: push(builder.unaryImmediate(opcode, shape, pop(), UInt32(op.lane)))
    case .binaryImmediate:
      let right = pop()
      let left = pop()
      if opcode == .shuffle {
        push(builder.shuffle(left, right, lanes: op.vector))
      } else {
        push(builder.binaryImmediate(opcode, shape, left, right, UInt32(op.lane)))
      }
    case .load: push(builder.load(opcode, shape, pop(), op.memArg))
    case .store:
      let value = pop()
      let result = builder.store(opcode, shape, pop(), value, op.memArg)
      if opcode.resultRule != .none { push(result) }
    case .listMemory:
      let result = builder.listMemory(opcode, shape, stack.suffix(3), op.memArg)
      replaceTop(3, with: CollectionOfOne(result))
    case .loadLane:
      let vector = pop()
      let result = builder.loadLane(opcode, shape, pop(), vector, op.memArg)
      if opcode == .loadLane { push(result) }
    default: preconditionFailure("\(op.opcode.name) is not a simple operator")
    }
  }
}

extension Operator {
  fileprivate var vector: V128 { V128(low: bits, high: bits2) }

  fileprivate var memArg: MemArg {
    MemArg(offset: bits, memory: MemoryID(rawValue: index), alignLog2: alignLog2, lane: lane)
  }
}
