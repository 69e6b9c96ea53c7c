internal import CLLVM
import IR

// No fast-math flag anywhere. What LLVM's default rules still allow and WebAssembly's do not is to return a
// signalling NaN as it came: `x * 1.0` is `x` to LLVM, but arithmetic must quiet it. So an operand that
// LLVM would fold away is hidden from it (`opaque`).

extension FunctionLowering {
  func floatBinary(_ data: InstData) -> LLVMValueRef {
    let shape = data.shape
    let type = types[shape]
    let a = operand(data.valueA, as: shape)
    let b = operand(data.valueB, as: shape)
    switch data.opcode {
    case .fpmin:
      return LLVMBuildSelect(builder, LLVMBuildFCmp(builder, LLVMRealOLT, b, a, ""), b, a, "")
    case .fpmax:
      return LLVMBuildSelect(builder, LLVMBuildFCmp(builder, LLVMRealOLT, a, b, ""), b, a, "")
    case .fcopysign: return intrinsic("llvm.copysign", [type], [a, b])
    default: return arithmetic(data.opcode, a, b, shape)
    }
  }

  /// An operator that quiets a signalling NaN.
  func arithmetic(_ opcode: Opcode, _ a: LLVMValueRef, _ b: LLVMValueRef, _ shape: Shape) -> LLVMValueRef {
    let type = types[shape]
    var a = a
    var b = b
    for identity in identities(opcode) {
      let constant = unit.splat(float: identity, shape)
      if a == constant { a = base.opaque(a) }
      if b == constant { b = base.opaque(b) }
    }
    switch opcode {
    case .fadd: return LLVMBuildFAdd(builder, a, b, "")
    case .fsub: return LLVMBuildFSub(builder, a, b, "")
    case .fmul: return LLVMBuildFMul(builder, a, b, "")
    case .fdiv: return LLVMBuildFDiv(builder, a, b, "")
    case .fmin, .fmax:
      // min(x, x) is another identity.
      if a == b { b = base.opaque(b) }
      // Instruction selection (LLVM 19 to 22) looks through bitcasts for zeros in constants, and takes lanes of another
      // width for lanes that are none: max(0, -0) is -0 then. Optimised code has such constants folded.
      if !isOptimized, shape.isVector { (a, b) = (base.opaque(a), base.opaque(b)) }
      let result = intrinsic(opcode == .fmin ? "llvm.minimum" : "llvm.maximum", [type], [a, b])
      // The intrinsics may return a signalling NaN as it came; an addition quiets it.
      let isNaN: LLVMValueRef = LLVMBuildFCmp(builder, LLVMRealUNO, a, b, "")
      return LLVMBuildSelect(builder, isNaN, arithmetic(.fadd, a, b, shape), result, "")
    default: preconditionFailure("\(opcode) is not a binary float operator")
    }
  }

  /// Operands with which LLVM folds an operator to the other operand, or to its negation.
  private func identities(_ opcode: Opcode) -> [Double] {
    switch opcode {
    case .fadd, .fsub: [0, -0.0]
    case .fmul, .fdiv: [1, -1]
    case .fmin, .fmax: [.infinity, -.infinity]
    default: []
    }
  }

  func floatUnary(_ data: InstData) -> LLVMValueRef {
    let a = operand(data.valueA, as: data.shape)
    let name: String
    switch data.opcode {
    case .fneg: return LLVMBuildFNeg(builder, a, "")
    case .fabs: name = "llvm.fabs"
    case .fceil: name = "llvm.ceil"
    case .ffloor: name = "llvm.floor"
    case .ftrunc: name = "llvm.trunc"
    case .fnearest: name = "llvm.rint"
    case .fsqrt: name = "llvm.sqrt"
    default: preconditionFailure("\(data.opcode) is not a unary float operator")
    }
    return intrinsic(name, [types[data.shape]], [a])
  }

  func floatComparison(_ data: InstData) -> LLVMValueRef {
    let predicate: LLVMRealPredicate =
      switch data.opcode {
      case .feq: LLVMRealOEQ
      case .fne: LLVMRealUNE
      case .flt: LLVMRealOLT
      case .fgt: LLVMRealOGT
      case .fle: LLVMRealOLE
      case .fge: LLVMRealOGE
      default: preconditionFailure("\(data.opcode) is not a float comparison")
      }
    return LLVMBuildFCmp(
      builder, predicate, operand(data.valueA, as: data.shape), operand(data.valueB, as: data.shape), "")
  }
}
