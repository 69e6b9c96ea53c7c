internal import CLLVM
import IR

extension FunctionLowering {
  func conversion(_ data: InstData) -> LLVMValueRef {
    let type = types[data.shape]
    switch data.opcode {
    case .wrap: return LLVMBuildTrunc(builder, operand(data.valueA), type, "")
    case .sextend: return LLVMBuildSExt(builder, operand(data.valueA), type, "")
    case .uextend: return LLVMBuildZExt(builder, operand(data.valueA), type, "")
    case .extend8S: return extendInPlace(data, types.i8)
    case .extend16S: return extendInPlace(data, types.i16)
    case .extend32S: return extendInPlace(data, types.i32)
    case .truncS, .truncU: return trappingTruncation(data)
    case .truncSatS, .truncSatU: return saturatingTruncation(data, signed: data.opcode == .truncSatS)
    case .convertS:
      return LLVMBuildSIToFP(builder, operand(data.valueA, as: data.shape.integerShape), type, "")
    case .convertU:
      return LLVMBuildUIToFP(builder, operand(data.valueA, as: data.shape.integerShape), type, "")
    case .promote: return LLVMBuildFPExt(builder, operand(data.valueA), type, "")
    case .demote:
      var value = operand(data.valueA)
      // LLVM drops the pair, and with it the quieting of a signalling NaN.
      if isPromoted(data.valueA) { value = base.opaque(value) }
      return LLVMBuildFPTrunc(builder, value, type, "")
    case .reinterpret: return cast(operand(data.valueA), type)
    default: preconditionFailure("\(data.opcode) is not a conversion")
    }
  }

  private func extendInPlace(_ data: InstData, _ narrow: LLVMTypeRef) -> LLVMValueRef {
    let low = LLVMBuildTrunc(builder, operand(data.valueA), narrow, "")
    return LLVMBuildSExt(builder, low, types[data.shape], "")
  }

  /// Whether a value is a promoted float, but for its sign.
  private func isPromoted(_ value: Value) -> Bool {
    var value = value
    while let data = function.definition(of: value) {
      switch data.opcode {
      case .promote: return true
      case .fneg, .fabs, .fcopysign, .copy: value = data.valueA
      default: return false
      }
    }
    return false
  }

  /// Traps unless the value, rounded toward zero, is in the range of the integer.
  private func trappingTruncation(_ data: InstData) -> LLVMValueRef {
    let signed = data.opcode == .truncS
    let value = operand(data.valueA)
    let floatType: LLVMTypeRef = LLVMTypeOf(value)
    let isF32 = floatType == types.f32
    // The range as an open or half-open interval whose ends the float type has exactly.
    let bits = data.shape.laneBits
    let upper = signed ? 0x1p31 * (bits == 64 ? 0x1p32 : 1) : 0x1p32 * (bits == 64 ? 0x1p32 : 1)
    let lower: Double
    let isLowerIncluded: Bool
    switch (signed, bits, isF32) {
    case (false, _, _): (lower, isLowerIncluded) = (-1, false)
    // -2147483649 is a f64.
    case (true, 32, false): (lower, isLowerIncluded) = (-0x1p31 - 1, false)
    default: (lower, isLowerIncluded) = (-upper, true)
    }
    let aboveLower = LLVMBuildFCmp(
      builder, isLowerIncluded ? LLVMRealOGE : LLVMRealOGT, value, LLVMConstReal(floatType, lower), "")
    let belowUpper = LLVMBuildFCmp(builder, LLVMRealOLT, value, LLVMConstReal(floatType, upper), "")
    let isOutside: LLVMValueRef = LLVMBuildNot(
      builder, LLVMBuildAnd(builder, aboveLower, belowUpper, ""), "")

    // Which trap it is matters only in the cold block.
    let cold = appendBlock()
    branchUnlikely(isOutside, to: cold)
    let next = LLVMGetInsertBlock(builder)
    LLVMPositionBuilderAtEnd(builder, cold)
    let isNaN = LLVMBuildFCmp(builder, LLVMRealUNO, value, value, "")
    LLVMBuildCondBr(
      builder, isNaN, trapBlock(.invalidConversionToInteger), trapBlock(.integerOverflow))
    LLVMPositionBuilderAtEnd(builder, next)
    return signed
      ? LLVMBuildFPToSI(builder, value, types[data.shape], "")
      : LLVMBuildFPToUI(builder, value, types[data.shape], "")
  }

  /// Also for the lanes of f32x4.
  func saturatingTruncation(_ data: InstData, signed: Bool) -> LLVMValueRef {
    let value = operand(data.valueA, as: data.shape.isVector ? .f32x4 : .none)
    return intrinsic(
      signed ? "llvm.fptosi.sat" : "llvm.fptoui.sat", [types[data.shape], LLVMTypeOf(value)], [value])
  }
}
