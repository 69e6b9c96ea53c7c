/// The type of an SSA value.
public enum Type: UInt8, Hashable, Sendable, CaseIterable {
  case i32, i64, f32, f64, v128
  /// A function reference: the address of a function descriptor, or null.
  case funcref
  /// An opaque host reference.
  case externref
  /// A reference to an exception: the address of its object, or null.
  case exnref

  /// Size in memory, in bytes.
  public var byteCount: Int {
    switch self {
    case .i32, .f32: 4
    case .i64, .f64, .funcref, .externref, .exnref: 8
    case .v128: 16
    }
  }

  public var isReference: Bool { self == .funcref || self == .externref || self == .exnref }
}

/// What an operator works on: a scalar type, or the lane shape of a v128 ("controlling type").
public enum Shape: UInt8, Hashable, Sendable, CaseIterable {
  case none
  case i32, i64, f32, f64
  case v128
  case i8x16, i16x8, i32x4, i64x2, f32x4, f64x2
  case funcref, externref, exnref

  /// The type of a value of this shape; nil for `none`.
  public var type: Type? {
    switch self {
    case .none: nil
    case .i32: .i32
    case .i64: .i64
    case .f32: .f32
    case .f64: .f64
    case .v128, .i8x16, .i16x8, .i32x4, .i64x2, .f32x4, .f64x2: .v128
    case .funcref: .funcref
    case .externref: .externref
    case .exnref: .exnref
    }
  }

  /// The shape of values of a type as they are.
  public init(_ type: Type) {
    self =
      switch type {
      case .i32: .i32
      case .i64: .i64
      case .f32: .f32
      case .f64: .f64
      case .v128: .v128
      case .funcref: .funcref
      case .externref: .externref
      case .exnref: .exnref
      }
  }

  public var isVector: Bool { type == .v128 }

  /// Number of lanes; 1 for scalars, 0 for `none` and for `v128` without lanes.
  public var laneCount: Int {
    switch self {
    case .none, .v128: 0
    case .i8x16: 16
    case .i16x8: 8
    case .i32x4, .f32x4: 4
    case .i64x2, .f64x2: 2
    default: 1
    }
  }

  /// The type of one lane once it is out of the vector (i8 and i16 lanes widen to i32).
  public var laneType: Type? {
    switch self {
    case .i8x16, .i16x8, .i32x4: .i32
    case .i64x2: .i64
    case .f32x4: .f32
    case .f64x2: .f64
    default: type
    }
  }
}
