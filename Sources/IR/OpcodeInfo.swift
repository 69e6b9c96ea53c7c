extension Opcode {
  /// The text form's name: the case's name in snake case.
  public var name: String { Self.names[Int(rawValue)] }

  private static let names: [String] = allCases.map { snakeCase("\($0)") }

  /// The operator of a name of the text form.
  public static let byName: [String: Opcode] = Dictionary(
    uniqueKeysWithValues: allCases.map { ($0.name, $0) })

  /// How the operand words are used.
  public var format: Format {
    switch self {
    case .refNull, .atomicFence, .exceptionPending, .exceptionPeek, .fuelCheck, .unwind: .nullary
    case .fuelCharge: .immediate
    case .iconst, .fconst: .constant
    case .vconst: .vectorConstant
    case .refFunc: .entity
    case .refIsNull, .copy, .keep, .opaque, .exceptionSet, .exceptionKeep, .exceptionRelease, .ineg, .iabs,
      .bnot, .clz, .ctz,
      .popcnt, .ieqz,
      .fabs, .fneg, .fceil, .ffloor, .ftrunc, .fnearest, .fsqrt,
      .wrap, .sextend, .uextend, .extend8S, .extend16S, .extend32S,
      .truncS, .truncU, .truncSatS, .truncSatU, .convertS, .convertU, .demote, .promote, .reinterpret,
      .splat, .anyTrue, .allTrue, .bitmask,
      .extendLowS, .extendLowU, .extendHighS, .extendHighU, .extaddPairwiseS, .extaddPairwiseU,
      .truncSatZeroS, .truncSatZeroU, .convertLowS, .convertLowU, .demoteZero, .promoteLow,
      .relaxedTruncS, .relaxedTruncZeroS:
      .unary
    case .select, .bitselect, .fmulAdd, .fnegMulAdd: .ternary
    case .iadd, .isub, .imul, .sdiv, .udiv, .srem, .urem, .band, .bor, .bxor, .bandnot,
      .ishl, .sshr, .ushr, .rotl, .rotr,
      .ieq, .ine, .islt, .iult, .isgt, .iugt, .isle, .iule, .isge, .iuge,
      .smin, .umin, .smax, .umax, .saddSat, .uaddSat, .ssubSat, .usubSat, .avgrU,
      .fadd, .fsub, .fmul, .fdiv, .fmin, .fmax, .fpmin, .fpmax, .fcopysign,
      .feq, .fne, .flt, .fgt, .fle, .fge,
      .swizzle, .narrowS, .narrowU, .extmulLowS, .extmulLowU, .extmulHighS, .extmulHighU, .dotS, .q15mulrSatS,
      .smulHigh, .umulHigh, .relaxedSwizzle, .relaxedDot:
      .binary
    case .extractLane, .extractLaneS, .extractLaneU: .unaryImmediate
    case .replaceLane, .shuffle: .binaryImmediate
    case .load, .load8S, .load8U, .load16S, .load16U, .load32S, .load32U, .loadExtendS, .loadExtendU,
      .loadSplat, .loadZero, .atomicLoad:
      .load
    case .store, .store8, .store16, .store32, .atomicStore, .atomicAdd, .atomicSub, .atomicAnd, .atomicOr,
      .atomicXor, .atomicExchange, .atomicNotify:
      .store
    case .loadLane, .storeLane: .loadLane
    case .atomicCompareExchange, .atomicWait: .listMemory
    case .memorySize, .dataDrop, .tableSize, .elementDrop, .globalGet: .entity
    case .memoryGrow, .tableGet, .globalSet, .exceptionIs: .unaryEntity
    case .exceptionNew: .taggedList
    case .exceptionField: .tagField
    case .tableSet, .tableGrow: .binaryEntity
    case .memoryFill, .memoryCopy, .memoryInit, .tableFill, .tableCopy, .tableInit: .listEntities
    case .call, .returnCall: .call
    case .callIndirect, .returnCallIndirect: .callIndirect
    case .jump: .jump
    case .brif: .branch
    case .brTable: .branchTable
    case .return: .list
    case .trap: .trap
    case .trapnz: .conditionalTrap
    }
  }

  public var effects: Effects {
    switch self {
    case .sdiv, .udiv, .srem, .urem, .truncS, .truncU, .trapnz: .traps
    case .fuelCharge: .writes
    case .fuelCheck: [.traps, .reads]
    case .load, .load8S, .load8U, .load16S, .load16U, .load32S, .load32U, .loadExtendS, .loadExtendU,
      .loadSplat, .loadZero, .loadLane, .tableGet:
      [.traps, .reads]
    case .store, .store8, .store16, .store32, .storeLane, .tableSet, .memoryFill, .tableFill:
      [.traps, .writes]
    // A load, too: nothing of any thread's may move across.
    case .atomicLoad, .atomicStore, .atomicAdd, .atomicSub, .atomicAnd, .atomicOr, .atomicXor,
      .atomicExchange,
      .atomicCompareExchange, .atomicNotify, .atomicWait:
      [.traps, .reads, .writes]
    case .memoryCopy, .memoryInit, .tableCopy, .tableInit, .call, .callIndirect: [.traps, .reads, .writes]
    case .memorySize, .tableSize, .globalGet, .exceptionField, .exceptionPending, .exceptionPeek: .reads
    case .memoryGrow, .tableGrow, .atomicFence: [.reads, .writes]
    case .dataDrop, .elementDrop, .globalSet, .keep, .exceptionSet, .exceptionKeep, .exceptionRelease:
      .writes
    case .returnCall, .returnCallIndirect: [.traps, .reads, .writes, .terminator]
    case .jump, .brif, .brTable, .return, .unwind: .terminator
    case .trap: [.traps, .terminator]
    default: []
    }
  }

  /// As wide as its `MemArg`'s alignment.
  public var isAtomic: Bool {
    switch self {
    case .atomicLoad, .atomicStore, .atomicAdd, .atomicSub, .atomicAnd, .atomicOr, .atomicXor,
      .atomicExchange,
      .atomicCompareExchange, .atomicNotify, .atomicWait:
      true
    default: false
    }
  }

  /// A call that returns here.
  public var isCall: Bool { self == .call || self == .callIndirect }

  public var isTerminator: Bool { effects.contains(.terminator) }
}
