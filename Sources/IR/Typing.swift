// One place says what an operator takes and gives: the builder makes results from it, the verifier and the
// parser check against it.

/// A set of shapes.
public struct ShapeSet: OptionSet, Sendable {
  public let rawValue: UInt16
  @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }
  @inlinable public init(_ shape: Shape) { self.init(rawValue: 1 << UInt16(shape.rawValue)) }

  public static let none = ShapeSet(.none)
  public static let i32 = ShapeSet(.i32)
  public static let i64 = ShapeSet(.i64)
  public static let f32 = ShapeSet(.f32)
  public static let f64 = ShapeSet(.f64)
  public static let v128 = ShapeSet(.v128)
  public static let i8x16 = ShapeSet(.i8x16)
  public static let i16x8 = ShapeSet(.i16x8)
  public static let i32x4 = ShapeSet(.i32x4)
  public static let i64x2 = ShapeSet(.i64x2)
  public static let f32x4 = ShapeSet(.f32x4)
  public static let f64x2 = ShapeSet(.f64x2)
  public static let exnref = ShapeSet(.exnref)
  public static let ints: ShapeSet = [.i32, .i64]
  public static let floats: ShapeSet = [.f32, .f64]
  public static let references: ShapeSet = [ShapeSet(.funcref), ShapeSet(.externref), .exnref]
  public static let intVectors: ShapeSet = [.i8x16, .i16x8, .i32x4, .i64x2]
  public static let floatVectors: ShapeSet = [.f32x4, .f64x2]
  /// One shape a value type.
  public static let types: ShapeSet = [.ints, .floats, .v128, .references]
}

/// How the type of an operator's result follows from its shape.
public enum ResultRule: UInt8, Sendable {
  /// No result.
  case none
  /// The shape's type.
  case shape
  /// The type of one lane.
  case lane
  /// Always i32: tests.
  case i32
  /// Comparisons: i32 for scalars, a lane mask for vectors.
  case comparison
  /// The results of the called signature.
  case signature
}

/// How the type of one operand follows from the shape.
public enum OperandRule: UInt8, Sendable {
  case shape, lane
  case i32, i64, f32, f64, v128, exnref, anyInt, anyFloat, reference
  /// The type that `reinterpret` reads: as wide as the shape, of the other class.
  case reinterpreted
  /// The shape's type for scalars, i32 for vectors.
  case shiftCount
  /// Address type of the memory or table that the instruction names.
  case address
}

/// A row of the typing table.
public struct Typing: Sendable {
  public var shapes: ShapeSet
  public var result: ResultRule
  /// For formats whose operands are not a list, and for `listMemory`.
  public var operands: [OperandRule]

  init(_ shapes: ShapeSet, _ result: ResultRule, _ operands: OperandRule...) {
    self.shapes = shapes
    self.result = result
    self.operands = operands
  }
}

extension Opcode {
  private static let typings: [Typing] = allCases.map(\.typingRow)
  private static let resultRules: [ResultRule] = allCases.map(\.typingRow.result)

  public var typing: Typing { Self.typings[Int(rawValue)] }
  public var resultRule: ResultRule { Self.resultRules[Int(rawValue)] }

  /// The result's type for an operator that does not call; nil where there is no result.
  public func resultType(shape: Shape) -> Type? {
    switch resultRule {
    case .none, .signature: nil
    case .shape: shape.type
    case .lane: shape.laneType
    case .i32: .i32
    case .comparison: shape.isVector ? .v128 : .i32
    }
  }

  private var typingRow: Typing {
    switch self {
    case .iconst: Typing(.ints, .shape)
    case .fconst: Typing(.floats, .shape)
    case .vconst: Typing(.v128, .shape)
    case .refNull: Typing(.references, .shape)
    case .refFunc: Typing(ShapeSet(.funcref), .shape)
    case .refIsNull: Typing(.references, .i32, .shape)
    case .select: Typing(.types, .shape, .i32, .shape, .shape)
    case .copy: Typing(.types, .shape, .shape)
    case .keep: Typing([.ints, .floats, .v128], .none, .shape)
    case .opaque: Typing(.types, .shape, .shape)

    case .iadd, .isub: Typing([.ints, .intVectors], .shape, .shape, .shape)
    case .imul: Typing([.ints, .i16x8, .i32x4, .i64x2], .shape, .shape, .shape)
    case .ineg, .iabs: Typing(.intVectors, .shape, .shape)
    case .sdiv, .udiv, .srem, .urem, .rotl, .rotr: Typing(.ints, .shape, .shape, .shape)
    case .band, .bor, .bxor: Typing([.ints, .v128], .shape, .shape, .shape)
    case .bandnot: Typing(.v128, .shape, .shape, .shape)
    case .bnot: Typing(.v128, .shape, .shape)
    case .ishl, .sshr, .ushr: Typing([.ints, .intVectors], .shape, .shape, .shiftCount)
    case .clz, .ctz: Typing(.ints, .shape, .shape)
    case .popcnt: Typing([.ints, .i8x16], .shape, .shape)
    case .ieqz: Typing(.ints, .i32, .shape)
    case .ieq, .ine, .islt, .isgt, .isle, .isge: Typing([.ints, .intVectors], .comparison, .shape, .shape)
    case .iult, .iugt, .iule, .iuge:
      Typing([.ints, .i8x16, .i16x8, .i32x4], .comparison, .shape, .shape)
    case .smin, .umin, .smax, .umax: Typing([.i8x16, .i16x8, .i32x4], .shape, .shape, .shape)
    case .saddSat, .uaddSat, .ssubSat, .usubSat, .avgrU: Typing([.i8x16, .i16x8], .shape, .shape, .shape)

    case .smulHigh, .umulHigh: Typing(.i64, .shape, .shape, .shape)

    case .fadd, .fsub, .fmul, .fdiv, .fmin, .fmax: Typing([.floats, .floatVectors], .shape, .shape, .shape)
    case .fpmin, .fpmax: Typing(.floatVectors, .shape, .shape, .shape)
    case .fcopysign: Typing(.floats, .shape, .shape, .shape)
    case .fabs, .fneg, .fceil, .ffloor, .ftrunc, .fnearest, .fsqrt:
      Typing([.floats, .floatVectors], .shape, .shape)
    case .feq, .fne, .flt, .fgt, .fle, .fge: Typing([.floats, .floatVectors], .comparison, .shape, .shape)

    case .fmulAdd, .fnegMulAdd: Typing(.floatVectors, .shape, .shape, .shape, .shape)

    case .wrap: Typing(.i32, .shape, .i64)
    case .sextend, .uextend: Typing(.i64, .shape, .i32)
    case .extend8S, .extend16S: Typing(.ints, .shape, .shape)
    case .extend32S: Typing(.i64, .shape, .shape)
    case .truncS, .truncU: Typing(.ints, .shape, .anyFloat)
    case .truncSatS, .truncSatU: Typing([.ints, .i32x4], .shape, .anyFloat)
    case .convertS, .convertU: Typing([.floats, .f32x4], .shape, .anyInt)
    case .demote: Typing(.f32, .shape, .f64)
    case .promote: Typing(.f64, .shape, .f32)
    case .reinterpret: Typing([.ints, .floats], .shape, .reinterpreted)

    case .splat: Typing([.intVectors, .floatVectors], .shape, .lane)
    case .extractLane: Typing([.i32x4, .i64x2, .floatVectors], .lane, .shape)
    case .extractLaneS, .extractLaneU: Typing([.i8x16, .i16x8], .lane, .shape)
    case .replaceLane: Typing([.intVectors, .floatVectors], .shape, .shape, .lane)
    case .shuffle, .swizzle, .relaxedSwizzle: Typing(.i8x16, .shape, .shape, .shape)
    case .bitselect: Typing(.v128, .shape, .shape, .shape, .shape)
    case .anyTrue: Typing(.v128, .i32, .shape)
    case .allTrue, .bitmask: Typing(.intVectors, .i32, .shape)
    case .narrowS, .narrowU: Typing([.i8x16, .i16x8], .shape, .shape, .shape)
    case .extendLowS, .extendLowU, .extendHighS, .extendHighU:
      Typing([.i16x8, .i32x4, .i64x2], .shape, .shape)
    case .extaddPairwiseS, .extaddPairwiseU: Typing([.i16x8, .i32x4], .shape, .shape)
    case .extmulLowS, .extmulLowU, .extmulHighS, .extmulHighU:
      Typing([.i16x8, .i32x4, .i64x2], .shape, .shape, .shape)
    case .dotS: Typing(.i32x4, .shape, .shape, .shape)
    case .q15mulrSatS: Typing(.i16x8, .shape, .shape, .shape)
    case .truncSatZeroS, .truncSatZeroU: Typing(.i32x4, .shape, .shape)
    case .convertLowS, .convertLowU: Typing(.f64x2, .shape, .shape)
    case .demoteZero: Typing(.f32x4, .shape, .shape)
    case .promoteLow: Typing(.f64x2, .shape, .shape)
    case .relaxedTruncS, .relaxedTruncZeroS: Typing(.i32x4, .shape, .shape)
    case .relaxedDot: Typing(.i16x8, .shape, .shape, .shape)

    case .load: Typing([.ints, .floats, .v128], .shape, .address)
    case .load8S, .load8U, .load16S, .load16U: Typing(.ints, .shape, .address)
    case .load32S, .load32U: Typing(.i64, .shape, .address)
    case .store: Typing([.ints, .floats, .v128], .none, .address, .shape)
    case .store8, .store16: Typing(.ints, .none, .address, .shape)
    case .store32: Typing(.i64, .none, .address, .shape)
    case .loadExtendS, .loadExtendU: Typing([.i16x8, .i32x4, .i64x2], .shape, .address)
    case .loadSplat: Typing(.intVectors, .shape, .address)
    case .loadZero: Typing([.i32x4, .i64x2], .shape, .address)
    case .loadLane: Typing(.intVectors, .shape, .address, .v128)
    case .storeLane: Typing(.intVectors, .none, .address, .v128)
    case .memorySize: Typing(.ints, .shape)
    case .memoryGrow: Typing(.ints, .shape, .address)
    case .memoryFill, .memoryCopy, .memoryInit, .dataDrop: Typing(.none, .none)

    case .atomicLoad: Typing(.ints, .shape, .address)
    case .atomicStore: Typing(.ints, .none, .address, .shape)
    case .atomicAdd, .atomicSub, .atomicAnd, .atomicOr, .atomicXor, .atomicExchange:
      Typing(.ints, .shape, .address, .shape)
    case .atomicCompareExchange: Typing(.ints, .shape, .address, .shape, .shape)
    case .atomicNotify: Typing(.i32, .i32, .address, .i32)
    case .atomicWait: Typing(.ints, .i32, .address, .shape, .i64)
    case .atomicFence: Typing(.none, .none)

    case .tableGet: Typing(.references, .shape, .address)
    case .tableSet: Typing(.references, .none, .address, .shape)
    case .tableSize: Typing(.ints, .shape)
    case .tableGrow: Typing(.ints, .shape, .reference, .address)
    case .tableFill, .tableCopy, .tableInit, .elementDrop: Typing(.none, .none)
    case .globalGet: Typing(.types, .shape)
    case .globalSet: Typing(.types, .none, .shape)

    case .exceptionNew: Typing(.exnref, .shape)
    case .exceptionIs: Typing(.exnref, .i32, .shape)
    case .exceptionField: Typing(.types, .shape, .exnref)
    case .exceptionPending: Typing(.none, .i32)
    case .exceptionPeek: Typing(.exnref, .shape)
    case .exceptionSet, .exceptionKeep, .exceptionRelease: Typing(.exnref, .none, .shape)
    case .fuelCharge, .fuelCheck, .unwind: Typing(.none, .none)

    case .call, .callIndirect: Typing(.none, .signature)
    case .returnCall, .returnCallIndirect, .jump, .return, .trap: Typing(.none, .none)
    case .brif, .brTable, .trapnz: Typing(.none, .none, .i32)
    }
  }
}
