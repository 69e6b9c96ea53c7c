internal import CLLVM
import IR

// Operators on lanes: splat, lane access, shuffles, tests.

extension FunctionLowering {
  func laneOperation(_ data: InstData) -> LLVMValueRef {
    let shape = data.shape
    switch data.opcode {
    case .splat: return splat(narrowToLane(operand(data.valueA), shape), shape)
    case .extractLane: return extract(operand(data.valueA, as: shape), Int(data.c))
    case .extractLaneS:
      return LLVMBuildSExt(builder, extract(operand(data.valueA, as: shape), Int(data.c)), types.i32, "")
    case .extractLaneU:
      return LLVMBuildZExt(builder, extract(operand(data.valueA, as: shape), Int(data.c)), types.i32, "")
    case .replaceLane:
      let scalar = narrowToLane(operand(data.valueB), shape)
      return insert(operand(data.valueA, as: shape), scalar, Int(data.c))
    case .shuffle:
      let lanes = function.vectorConstants[VectorConstant(rawValue: data.c)]
      return shuffle(
        operand(data.valueA, as: .i8x16), operand(data.valueB, as: .i8x16),
        (0..<16).map { Int(lanes[byte: $0]) & 31 })
    case .swizzle: return swizzle(operand(data.valueA, as: .i8x16), operand(data.valueB, as: .i8x16))
    case .bitselect:
      let mask = operand(data.valueC)
      return LLVMBuildOr(
        builder, LLVMBuildAnd(builder, operand(data.valueA), mask, ""),
        LLVMBuildAnd(builder, operand(data.valueB), LLVMBuildNot(builder, mask, ""), ""), "")
    default: preconditionFailure("\(data.opcode) is not a lane operation")
    }
  }

  /// An i32 to the width of an i8x16's or i16x8's lane.
  func narrowToLane(_ scalar: LLVMValueRef, _ shape: Shape) -> LLVMValueRef {
    shape == .i8x16 || shape == .i16x8 ? LLVMBuildTrunc(builder, scalar, types.lane(shape), "") : scalar
  }

  func splat(_ scalar: LLVMValueRef, _ shape: Shape) -> LLVMValueRef {
    let vector = insert(LLVMGetPoison(types[shape]), scalar, 0)
    return shuffle(vector, vector, Array(repeating: 0, count: shape.laneCount))
  }

  func extract(_ vector: LLVMValueRef, _ lane: Int) -> LLVMValueRef {
    LLVMBuildExtractElement(builder, vector, base.int32(lane), "")
  }

  func insert(_ vector: LLVMValueRef, _ scalar: LLVMValueRef, _ lane: Int) -> LLVMValueRef {
    LLVMBuildInsertElement(builder, vector, scalar, base.int32(lane), "")
  }

  /// The lanes of `a` and then `b` that the list names.
  func shuffle(_ a: LLVMValueRef, _ b: LLVMValueRef, _ lanes: [Int]) -> LLVMValueRef {
    LLVMBuildShuffleVector(builder, a, b, unit.vector(lanes.map { base.int32($0) }), "")
  }

  /// Lanes of `a` that `indices` name; 0 where the index is 16 or more.
  private func swizzle(_ a: LLVMValueRef, _ indices: LLVMValueRef) -> LLVMValueRef {
    switch unit.facts.options.target.architecture {
    case .x86_64:
      // pshufb gives 0 where bit 7 is set and looks at the low four bits otherwise: 16 + 0x70 sets it.
      let adjusted = intrinsic(
        "llvm.uadd.sat", [types.i8x16], [indices, unit.splat(integer: 0x70, .i8x16)])
      return intrinsic("llvm.x86.ssse3.pshuf.b.128", [], [a, adjusted])
    }
  }

  /// An i1.
  func laneTest(_ data: InstData) -> LLVMValueRef {
    let whole: LLVMTypeRef = LLVMIntTypeInContext(base.context, 128)
    switch data.opcode {
    case .anyTrue:
      let bits = cast(operand(data.valueA), whole)
      return LLVMBuildICmp(builder, LLVMIntNE, bits, LLVMConstNull(whole), "")
    case .allTrue:
      let isZero = LLVMBuildICmp(
        builder, LLVMIntEQ, operand(data.valueA, as: data.shape), LLVMConstNull(types[data.shape]), "")!
      let mask = laneMask(isZero, data.shape)
      return LLVMBuildICmp(builder, LLVMIntEQ, mask, LLVMConstNull(LLVMTypeOf(mask)), "")
    default: preconditionFailure("\(data.opcode) is not a test")
    }
  }

  /// The sign bits of the lanes as an i32.
  func bitmask(_ data: InstData) -> LLVMValueRef {
    let isNegative = LLVMBuildICmp(
      builder, LLVMIntSLT, operand(data.valueA, as: data.shape), LLVMConstNull(types[data.shape]), "")!
    return LLVMBuildZExt(builder, laneMask(isNegative, data.shape), types.i32, "")
  }

  /// A vector of i1 as an integer of as many bits.
  private func laneMask(_ bits: LLVMValueRef, _ shape: Shape) -> LLVMValueRef {
    cast(bits, LLVMIntTypeInContext(base.context, UInt32(shape.laneCount)))
  }
}
