internal import CLLVM
import IR

// Relaxed SIMD. Of the results that the proposal allows, each operator always gives the one that is the
// target's cheapest; docs/features.md says which.

extension FunctionLowering {
  func relaxedOperation(_ data: InstData) -> LLVMValueRef {
    switch (data.opcode, unit.facts.options.target.architecture) {
    case (.fmulAdd, _), (.fnegMulAdd, _): return multiplyAdd(data)
    case (.relaxedSwizzle, .x86_64):
      // An index of 128 and more gives 0, as it must not otherwise.
      return intrinsic(
        "llvm.x86.ssse3.pshuf.b.128", [],
        [operand(data.valueA, as: .i8x16), operand(data.valueB, as: .i8x16)])
    case (.relaxedTruncS, .x86_64):
      return intrinsic("llvm.x86.sse2.cvttps2dq", [], [operand(data.valueA, as: .f32x4)])
    case (.relaxedTruncZeroS, .x86_64):
      return intrinsic("llvm.x86.sse2.cvttpd2dq", [], [operand(data.valueA, as: .f64x2)])
    case (.relaxedDot, .x86_64):
      // The first operand's bytes are unsigned to the instruction, the second's signed.
      return intrinsic(
        "llvm.x86.ssse3.pmadd.ub.sw.128", [],
        [operand(data.valueB, as: .i8x16), operand(data.valueA, as: .i8x16)])
    default: preconditionFailure("\(data.opcode) is not of relaxed SIMD")
    }
  }

  private func multiplyAdd(_ data: InstData) -> LLVMValueRef {
    let shape = data.shape
    var a = operand(data.valueA, as: shape)
    let b = operand(data.valueB, as: shape)
    let c = operand(data.valueC, as: shape)
    if data.opcode == .fnegMulAdd { a = LLVMBuildFNeg(builder, a, "") }
    if unit.facts.instructionSet.features.contains("fma") {
      return intrinsic("llvm.fma", [types[shape]], [a, b, c])
    }
    return arithmetic(.fadd, arithmetic(.fmul, a, b, shape), c, shape)
  }
}
