internal import CLLVM
import IR

extension FunctionLowering {
  /// Lowers one instruction: by the class of its operator.
  func lower(_ inst: Inst) {
    let data = function.insts[inst]
    switch data.opcode {
    case .iconst, .fconst, .vconst, .refNull, .refFunc: lowerConstant(inst, data)
    case .copy: define(inst, operand(data.valueA))
    // Where every load is checked, LLVM has no load's trap to lose.
    case .keep: if !checksAllBounds { base.keep(operand(data.valueA)) }
    case .opaque:
      define(inst, checksAllBounds ? operand(data.valueA) : base.opaque(operand(data.valueA)))
    case .refIsNull: defineCondition(inst, LLVMBuildIsNull(builder, operand(data.valueA), ""))
    case .select:
      define(
        inst,
        LLVMBuildSelect(builder, condition(data.valueA), operand(data.valueB), operand(data.valueC), ""))

    case .iadd, .isub, .imul, .ineg, .iabs, .band, .bor, .bxor, .bnot, .bandnot, .clz, .ctz, .popcnt,
      .smin, .umin, .smax, .umax, .saddSat, .uaddSat, .ssubSat, .usubSat, .avgrU, .smulHigh,
      .umulHigh:
      define(inst, integerArithmetic(data))
    case .sdiv, .udiv, .srem, .urem: define(inst, division(data))
    case .ishl, .sshr, .ushr, .rotl, .rotr: define(inst, shift(data))
    case .ieqz, .ieq, .ine, .islt, .iult, .isgt, .iugt, .isle, .iule, .isge, .iuge:
      defineComparison(inst, data.shape, integerComparison(data))

    case .fadd, .fsub, .fmul, .fdiv, .fmin, .fmax, .fpmin, .fpmax, .fcopysign:
      define(inst, floatBinary(data))
    case .fabs, .fneg, .fceil, .ffloor, .ftrunc, .fnearest, .fsqrt: define(inst, floatUnary(data))
    case .feq, .fne, .flt, .fgt, .fle, .fge: defineComparison(inst, data.shape, floatComparison(data))

    case .wrap, .sextend, .uextend, .extend8S, .extend16S, .extend32S, .truncS, .truncU, .truncSatS,
      .truncSatU, .convertS, .convertU, .demote, .promote, .reinterpret:
      define(inst, conversion(data))

    case .splat, .extractLane, .extractLaneS, .extractLaneU, .replaceLane, .shuffle, .swizzle, .bitselect:
      define(inst, laneOperation(data))
    case .anyTrue, .allTrue: defineCondition(inst, laneTest(data))
    case .bitmask: define(inst, bitmask(data))
    case .narrowS, .narrowU, .extendLowS, .extendLowU, .extendHighS, .extendHighU, .extaddPairwiseS,
      .extaddPairwiseU, .extmulLowS, .extmulLowU, .extmulHighS, .extmulHighU, .dotS, .q15mulrSatS,
      .truncSatZeroS, .truncSatZeroU, .convertLowS, .convertLowU, .demoteZero, .promoteLow:
      define(inst, laneConversion(data))

    case .fmulAdd, .fnegMulAdd, .relaxedSwizzle, .relaxedTruncS, .relaxedTruncZeroS, .relaxedDot:
      define(inst, relaxedOperation(data))

    case .load, .load8S, .load8U, .load16S, .load16U, .load32S, .load32U, .loadExtendS, .loadExtendU,
      .loadSplat, .loadZero, .loadLane:
      lowerLoad(inst, data)
    case .store, .store8, .store16, .store32, .storeLane: lowerStore(inst, data)
    case .memorySize, .memoryGrow: define(inst, memorySizeOrGrow(data))
    case .memoryFill, .memoryCopy, .memoryInit, .dataDrop: lowerBulkMemory(data)

    case .atomicLoad, .atomicStore, .atomicAdd, .atomicSub, .atomicAnd, .atomicOr, .atomicXor,
      .atomicExchange,
      .atomicCompareExchange, .atomicNotify, .atomicWait, .atomicFence:
      lowerAtomic(inst, data)

    case .tableGet, .tableSize, .tableGrow: define(inst, tableOperation(data))
    case .tableSet, .tableFill, .tableCopy, .tableInit, .elementDrop: lowerTableStatement(data)
    case .globalGet: define(inst, globalGet(GlobalID(rawValue: data.c), data.shape))
    case .globalSet: lowerGlobalSet(data)

    case .exceptionNew, .exceptionIs, .exceptionField, .exceptionPending, .exceptionPeek:
      lowerException(inst, data)
    case .exceptionSet, .exceptionKeep, .exceptionRelease: lowerExceptionStatement(data)

    case .fuelCharge, .fuelCheck: lowerFuel(data)

    case .call, .callIndirect: lowerCall(inst, data)
    case .returnCall, .returnCallIndirect: lowerTailCall(data)
    case .jump, .brif, .brTable, .return, .unwind, .trap, .trapnz: lowerControl(data)
    }
  }

  /// Scalars compare to 0 or 1, lanes to all zeros or all ones.
  private func defineComparison(_ inst: Inst, _ shape: Shape, _ bits: LLVMValueRef) {
    guard shape.isVector else { return defineCondition(inst, bits) }
    define(inst, LLVMBuildSExt(builder, bits, types[shape.integerShape], ""))
  }
}

extension Shape {
  /// The shape of integers as wide.
  var integerShape: Shape {
    switch self {
    case .f32: .i32
    case .f64: .i64
    case .f32x4: .i32x4
    case .f64x2: .i64x2
    default: self
    }
  }
}
