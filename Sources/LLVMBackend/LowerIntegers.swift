internal import CLLVM
import IR

extension FunctionLowering {
  func integerArithmetic(_ data: InstData) -> LLVMValueRef {
    let shape = data.shape
    let type = types[shape]
    let a = operand(data.valueA, as: shape)
    func b() -> LLVMValueRef { operand(data.valueB, as: shape) }
    switch data.opcode {
    case .iadd: return LLVMBuildAdd(builder, a, b(), "")
    case .isub: return LLVMBuildSub(builder, a, b(), "")
    case .imul: return LLVMBuildMul(builder, a, b(), "")
    case .ineg: return LLVMBuildNeg(builder, a, "")
    case .band: return LLVMBuildAnd(builder, a, b(), "")
    case .bor: return LLVMBuildOr(builder, a, b(), "")
    case .bxor: return LLVMBuildXor(builder, a, b(), "")
    case .bnot: return LLVMBuildNot(builder, a, "")
    case .bandnot: return LLVMBuildAnd(builder, a, LLVMBuildNot(builder, b(), ""), "")
    // The second operand says that 0 (the smallest number) is no poison.
    case .iabs: return intrinsic("llvm.abs", [type], [a, base.int(0, types.i1)])
    case .clz: return intrinsic("llvm.ctlz", [type], [a, base.int(0, types.i1)])
    case .ctz: return intrinsic("llvm.cttz", [type], [a, base.int(0, types.i1)])
    case .popcnt: return intrinsic("llvm.ctpop", [type], [a])
    case .smin: return intrinsic("llvm.smin", [type], [a, b()])
    case .umin: return intrinsic("llvm.umin", [type], [a, b()])
    case .smax: return intrinsic("llvm.smax", [type], [a, b()])
    case .umax: return intrinsic("llvm.umax", [type], [a, b()])
    case .saddSat: return intrinsic("llvm.sadd.sat", [type], [a, b()])
    case .uaddSat: return intrinsic("llvm.uadd.sat", [type], [a, b()])
    case .ssubSat: return intrinsic("llvm.ssub.sat", [type], [a, b()])
    case .usubSat: return intrinsic("llvm.usub.sat", [type], [a, b()])
    case .smulHigh, .umulHigh: return highProduct(a, b(), signed: data.opcode == .smulHigh)
    case .avgrU: return roundingAverage(a, b(), shape)
    default: preconditionFailure("\(data.opcode) is not integer arithmetic")
    }
  }

  /// (a + b + 1) / 2 without overflow; instruction selection knows the pattern.
  private func roundingAverage(_ a: LLVMValueRef, _ b: LLVMValueRef, _ shape: Shape) -> LLVMValueRef {
    let wide: LLVMTypeRef = LLVMVectorType(types.i32, UInt32(shape.laneCount))
    let one = unit.vector(Array(repeating: base.int32(1), count: shape.laneCount))
    let sum = LLVMBuildAdd(
      builder, LLVMBuildZExt(builder, a, wide, ""), LLVMBuildZExt(builder, b, wide, ""), "")
    let half = LLVMBuildLShr(builder, LLVMBuildAdd(builder, sum, one, ""), one, "")
    return LLVMBuildTrunc(builder, half, types[shape], "")
  }

  /// The upper 64 bits of a product of 128.
  private func highProduct(_ a: LLVMValueRef, _ b: LLVMValueRef, signed: Bool) -> LLVMValueRef {
    let wide: LLVMTypeRef = LLVMIntTypeInContext(base.context, 128)
    let product = LLVMBuildMul(
      builder, LLVMBuildIntCast2(builder, a, wide, signed ? 1 : 0, ""),
      LLVMBuildIntCast2(builder, b, wide, signed ? 1 : 0, ""), "")
    return LLVMBuildTrunc(builder, LLVMBuildLShr(builder, product, base.int(64, wide), ""), types.i64, "")
  }

  func division(_ data: InstData) -> LLVMValueRef {
    let type = types[data.shape]
    let a = operand(data.valueA)
    let b = operand(data.valueB)
    let minusOne: LLVMValueRef = LLVMConstAllOnes(type)
    trap(.integerDivideByZero, if: LLVMBuildICmp(builder, LLVMIntEQ, b, LLVMConstNull(type), ""))
    switch data.opcode {
    case .udiv: return LLVMBuildUDiv(builder, a, b, "")
    case .urem: return LLVMBuildURem(builder, a, b, "")
    case .sdiv:
      let minimum = base.int(data.shape == .i32 ? 1 << 31 : UInt64(1) << 63, type)
      let overflows = LLVMBuildAnd(
        builder, LLVMBuildICmp(builder, LLVMIntEQ, a, minimum, ""),
        LLVMBuildICmp(builder, LLVMIntEQ, b, minusOne, ""), "")!
      trap(.integerOverflow, if: overflows)
      return LLVMBuildSDiv(builder, a, b, "")
    case .srem:
      // The remainder by -1 is 0 as that by 1 is, and the minimum by -1 is undefined in LLVM and faults
      // in x86's idiv.
      let isMinusOne = LLVMBuildICmp(builder, LLVMIntEQ, b, minusOne, "")
      let divisor = LLVMBuildSelect(builder, isMinusOne, base.int(1, type), b, "")
      return LLVMBuildSRem(builder, a, divisor, "")
    default: preconditionFailure("\(data.opcode) is not a division")
    }
  }

  /// Counts are modulo the width, in LLVM a larger one is poison.
  func shift(_ data: InstData) -> LLVMValueRef {
    let shape = data.shape
    let a = operand(data.valueA, as: shape)
    let count = operand(data.valueB)
    switch data.opcode {
    case .rotl: return intrinsic("llvm.fshl", [types[shape]], [a, a, count])
    case .rotr: return intrinsic("llvm.fshr", [types[shape]], [a, a, count])
    default: break
    }
    let mask = base.int(shape.laneBits - 1, LLVMTypeOf(count))
    var amount: LLVMValueRef = LLVMBuildAnd(builder, count, mask, "")
    if shape.isVector { amount = splat(LLVMBuildIntCast2(builder, amount, types.lane(shape), 0, ""), shape) }
    switch data.opcode {
    case .ishl: return LLVMBuildShl(builder, a, amount, "")
    case .sshr: return LLVMBuildAShr(builder, a, amount, "")
    case .ushr: return LLVMBuildLShr(builder, a, amount, "")
    default: preconditionFailure("\(data.opcode) is not a shift")
    }
  }

  func integerComparison(_ data: InstData) -> LLVMValueRef {
    let a = operand(data.valueA, as: data.shape)
    if data.opcode == .ieqz {
      return LLVMBuildICmp(builder, LLVMIntEQ, a, LLVMConstNull(types[data.shape]), "")
    }
    let predicate: LLVMIntPredicate =
      switch data.opcode {
      case .ieq: LLVMIntEQ
      case .ine: LLVMIntNE
      case .islt: LLVMIntSLT
      case .iult: LLVMIntULT
      case .isgt: LLVMIntSGT
      case .iugt: LLVMIntUGT
      case .isle: LLVMIntSLE
      case .iule: LLVMIntULE
      case .isge: LLVMIntSGE
      case .iuge: LLVMIntUGE
      default: preconditionFailure("\(data.opcode) is not an integer comparison")
      }
    return LLVMBuildICmp(builder, predicate, a, operand(data.valueB, as: data.shape), "")
  }
}
