internal import CLLVM
import IR

// Operators that change the lanes' width or kind. They are written with LLVM's generic vector operations:
// instruction selection finds packsswb, pmaddwd, pmulhrsw and so on, and the optimiser understands them.

extension FunctionLowering {
  func laneConversion(_ data: InstData) -> LLVMValueRef {
    let shape = data.shape
    switch data.opcode {
    case .narrowS, .narrowU: return narrow(data)
    case .extendLowS: return extendHalf(data.valueA, shape, high: false, signed: true)
    case .extendLowU: return extendHalf(data.valueA, shape, high: false, signed: false)
    case .extendHighS: return extendHalf(data.valueA, shape, high: true, signed: true)
    case .extendHighU: return extendHalf(data.valueA, shape, high: true, signed: false)
    case .extmulLowS: return extendedProduct(data, high: false, signed: true)
    case .extmulLowU: return extendedProduct(data, high: false, signed: false)
    case .extmulHighS: return extendedProduct(data, high: true, signed: true)
    case .extmulHighU: return extendedProduct(data, high: true, signed: false)
    case .extaddPairwiseS: return pairwiseSum(data, signed: true)
    case .extaddPairwiseU: return pairwiseSum(data, signed: false)
    case .dotS: return dotProduct(data)
    case .q15mulrSatS: return roundingProduct(data)
    case .truncSatZeroS: return withZeros(truncatedToI32(data, signed: true), .i32x4)
    case .truncSatZeroU: return withZeros(truncatedToI32(data, signed: false), .i32x4)
    case .convertLowS: return LLVMBuildSIToFP(builder, lowHalf(data.valueA, .i32x4), types.f64x2, "")
    case .convertLowU: return LLVMBuildUIToFP(builder, lowHalf(data.valueA, .i32x4), types.f64x2, "")
    case .promoteLow: return LLVMBuildFPExt(builder, lowHalf(data.valueA, .f32x4), types.f64x2, "")
    case .demoteZero: return demoteZero(data)
    default: preconditionFailure("\(data.opcode) is not a lane conversion")
    }
  }

  /// The shape with twice as many lanes of half the width.
  private func halfWidth(_ shape: Shape) -> Shape {
    switch shape {
    case .i16x8: .i8x16
    case .i32x4: .i16x8
    case .i64x2: .i32x4
    default: preconditionFailure("no shape has lanes of half of \(shape)'s width")
    }
  }

  private func doubleWidth(_ shape: Shape) -> Shape { shape == .i8x16 ? .i16x8 : .i32x4 }

  private func vectorType(_ lane: LLVMTypeRef, _ count: Int) -> LLVMTypeRef {
    LLVMVectorType(lane, UInt32(count))
  }

  private func constantVector(_ lane: LLVMTypeRef, _ value: Int, _ count: Int) -> LLVMValueRef {
    unit.vector(Array(repeating: base.int(value, lane), count: count))
  }

  private func half(_ vector: LLVMValueRef, _ shape: Shape, high: Bool) -> LLVMValueRef {
    let count = shape.laneCount / 2
    return shuffle(vector, vector, Array(high ? count..<2 * count : 0..<count))
  }

  private func lowHalf(_ value: Value, _ shape: Shape) -> LLVMValueRef {
    half(operand(value, as: shape), shape, high: false)
  }

  private func extend(_ vector: LLVMValueRef, _ type: LLVMTypeRef, signed: Bool) -> LLVMValueRef {
    signed ? LLVMBuildSExt(builder, vector, type, "") : LLVMBuildZExt(builder, vector, type, "")
  }

  private func extendHalf(_ value: Value, _ shape: Shape, high: Bool, signed: Bool) -> LLVMValueRef {
    let narrow = halfWidth(shape)
    return extend(half(operand(value, as: narrow), narrow, high: high), types[shape], signed: signed)
  }

  private func extendedProduct(_ data: InstData, high: Bool, signed: Bool) -> LLVMValueRef {
    LLVMBuildMul(
      builder, extendHalf(data.valueA, data.shape, high: high, signed: signed),
      extendHalf(data.valueB, data.shape, high: high, signed: signed), "")
  }

  private func pairwiseSum(_ data: InstData, signed: Bool) -> LLVMValueRef {
    let narrow = halfWidth(data.shape)
    let vector = operand(data.valueA, as: narrow)
    func lanes(from start: Int) -> LLVMValueRef {
      let picked = shuffle(vector, vector, Array(stride(from: start, to: narrow.laneCount, by: 2)))
      return extend(picked, types[data.shape], signed: signed)
    }
    return LLVMBuildAdd(builder, lanes(from: 0), lanes(from: 1), "")
  }

  /// Both vectors' signed lanes, saturated to half the width.
  private func narrow(_ data: InstData) -> LLVMValueRef {
    let wide = doubleWidth(data.shape)
    let count = data.shape.laneCount
    let both = shuffle(
      operand(data.valueA, as: wide), operand(data.valueB, as: wide), Array(0..<count))
    let type = vectorType(types.lane(wide), count)
    let bits = data.shape.laneBits
    let (low, high) =
      data.opcode == .narrowS ? (-1 << (bits - 1), 1 << (bits - 1) - 1) : (0, 1 << bits - 1)
    let lower = intrinsic("llvm.smax", [type], [both, constantVector(types.lane(wide), low, count)])
    let clamped = intrinsic("llvm.smin", [type], [lower, constantVector(types.lane(wide), high, count)])
    return LLVMBuildTrunc(builder, clamped, types[data.shape], "")
  }

  /// Products of neighbouring signed 16-bit lanes, added: -32768 * -32768 * 2 wraps.
  private func dotProduct(_ data: InstData) -> LLVMValueRef {
    let wide = vectorType(types.i32, 8)
    let product = LLVMBuildMul(
      builder, extend(operand(data.valueA, as: .i16x8), wide, signed: true),
      extend(operand(data.valueB, as: .i16x8), wide, signed: true), "")!
    return LLVMBuildAdd(
      builder, shuffle(product, product, [0, 2, 4, 6]), shuffle(product, product, [1, 3, 5, 7]), "")
  }

  /// (a * b + 0x4000) >> 15. The only product that does not fit is -1 * -1 = 0x8000: it saturates.
  private func roundingProduct(_ data: InstData) -> LLVMValueRef {
    let a = operand(data.valueA, as: .i16x8)
    let b = operand(data.valueB, as: .i16x8)
    let result: LLVMValueRef
    switch unit.facts.options.target.architecture {
    // The one instruction here that selection does not find behind generic code.
    case .x86_64: result = intrinsic("llvm.x86.ssse3.pmul.hr.sw.128", [], [a, b])
    }
    let overflowed = LLVMBuildICmp(
      builder, LLVMIntEQ, result, unit.splat(integer: 0x8000, .i16x8), "")
    return LLVMBuildXor(builder, result, LLVMBuildSExt(builder, overflowed, types.i16x8, ""), "")
  }

  private func truncatedToI32(_ data: InstData, signed: Bool) -> LLVMValueRef {
    intrinsic(
      signed ? "llvm.fptosi.sat" : "llvm.fptoui.sat", [vectorType(types.i32, 2), types.f64x2],
      [operand(data.valueA, as: .f64x2)])
  }

  private func demoteZero(_ data: InstData) -> LLVMValueRef {
    var value = operand(data.valueA, as: .f64x2)
    // LLVM drops the pair, and with it the quieting of a signalling NaN.
    if function.definition(of: data.valueA)?.opcode == .promoteLow { value = base.opaque(value) }
    return withZeros(LLVMBuildFPTrunc(builder, value, vectorType(types.f32, 2), ""), .f32x4)
  }

  /// Two lanes, then two zeros.
  private func withZeros(_ pair: LLVMValueRef, _ shape: Shape) -> LLVMValueRef {
    shuffle(pair, LLVMConstNull(vectorType(types.lane(shape), 2)), [0, 1, 2, 3])
  }
}
