/// A heap type (specification 3.0, section 2.3.3): an abstract type, or a type index of the module.
public struct HeapType: Hashable, Sendable, BitwiseCopyable {
  /// Abstract types count down from 0xFFFFF (20 bits); everything below `firstAbstract` is a type index.
  public let code: UInt32
  @inlinable init(code: UInt32) { self.code = code }

  @usableFromInline static let firstAbstract: UInt32 = 0xFFFE0

  public static let funcref = HeapType(code: 0xFFFFF)
  public static let externref = HeapType(code: 0xFFFFE)
  public static let any = HeapType(code: 0xFFFFD)
  public static let eq = HeapType(code: 0xFFFFC)
  public static let i31 = HeapType(code: 0xFFFFB)
  public static let structref = HeapType(code: 0xFFFFA)
  public static let array = HeapType(code: 0xFFFF9)
  public static let exn = HeapType(code: 0xFFFF8)
  public static let none = HeapType(code: 0xFFFF7)
  public static let nofunc = HeapType(code: 0xFFFF6)
  public static let noextern = HeapType(code: 0xFFFF5)
  public static let noexn = HeapType(code: 0xFFFF4)
  /// What a reference on an unreachable stack refers to: below every other type. Never in a module.
  public static let bottom = HeapType(code: 0xFFFE0)

  @inlinable public static func concrete(_ type: TypeIdx) -> HeapType { HeapType(code: type.rawValue) }
  @inlinable public var typeIndex: TypeIdx? {
    code < Self.firstAbstract ? TypeIdx(rawValue: code) : nil
  }
}

/// A value type in 32 bits: kind in the low byte, then nullability, then the heap type.
public struct ValType: Hashable, Sendable, BitwiseCopyable {
  public let bits: UInt32
  @inlinable public init(bits: UInt32) { self.bits = bits }

  /// The bytes of the binary format, which also serve as kinds.
  public static let i32 = ValType(bits: 0x7F)
  public static let i64 = ValType(bits: 0x7E)
  public static let f32 = ValType(bits: 0x7D)
  public static let f64 = ValType(bits: 0x7C)
  public static let v128 = ValType(bits: 0x7B)
  public static let funcref = ValType.ref(.funcref, nullable: true)
  public static let externref = ValType.ref(.externref, nullable: true)
  public static let exnref = ValType.ref(.exn, nullable: true)
  /// The bottom type that the validator finds on an unreachable stack. Never in a module.
  public static let bottom = ValType(bits: 0)

  @inlinable public static func ref(_ heap: HeapType, nullable: Bool) -> ValType {
    ValType(bits: 0x64 | (nullable ? 0x100 : 0) | heap.code << 9)
  }

  @inlinable public var isReference: Bool { bits & 0xFF == 0x64 }
  @inlinable public var isNullable: Bool { bits & 0x100 != 0 }
  /// Only for references.
  @inlinable public var heapType: HeapType { HeapType(code: bits >> 9) }
  /// A value that a local of this type starts with exists.
  @inlinable public var isDefaultable: Bool { !isReference || isNullable }
}

/// A function type. `params` then `results` lie in one array.
public struct FuncType: Hashable, Sendable {
  public var params: [ValType]
  public var results: [ValType]
  public init(params: [ValType], results: [ValType]) {
    self.params = params
    self.results = results
  }
}

/// What a type index names. Room is left for the GC proposal's composite types.
public enum CompositeType: Hashable, Sendable {
  case function(FuncType)
  case structure([FieldType])
  case array(FieldType)
}

public struct FieldType: Hashable, Sendable {
  public enum Storage: Hashable, Sendable {
    case value(ValType)
    case i8, i16
  }
  public var storage: Storage
  public var isMutable: Bool
  public init(storage: Storage, isMutable: Bool) {
    self.storage = storage
    self.isMutable = isMutable
  }
}

public struct SubType: Hashable, Sendable {
  public var composite: CompositeType
  public var isFinal: Bool
  /// Declared supertypes (at most one in 3.0).
  public var supertype: TypeIdx?
  public init(composite: CompositeType, isFinal: Bool = true, supertype: TypeIdx? = nil) {
    self.composite = composite
    self.isFinal = isFinal
    self.supertype = supertype
  }
}

/// Limits of a memory or table, in pages or entries.
public struct Limits: Hashable, Sendable {
  public var minimum: UInt64
  public var maximum: UInt64?
  public init(minimum: UInt64, maximum: UInt64? = nil) {
    self.minimum = minimum
    self.maximum = maximum
  }
}

/// Address type of a memory or table.
public enum AddressType: UInt8, Hashable, Sendable {
  case i32, i64
  public var valType: ValType { self == .i32 ? .i32 : .i64 }
}

public struct MemType: Hashable, Sendable {
  public var limits: Limits
  public var address: AddressType
  public var isShared: Bool
  /// log2 of the page size in bytes: 16, or 0 with custom page sizes.
  public var pageSizeLog2: UInt8
  public init(
    limits: Limits, address: AddressType = .i32, isShared: Bool = false, pageSizeLog2: UInt8 = 16
  ) {
    self.limits = limits
    self.address = address
    self.isShared = isShared
    self.pageSizeLog2 = pageSizeLog2
  }
}

public struct TableType: Hashable, Sendable {
  public var element: ValType
  public var limits: Limits
  public var address: AddressType
  public init(element: ValType, limits: Limits, address: AddressType = .i32) {
    self.element = element
    self.limits = limits
    self.address = address
  }
}

public struct GlobalType: Hashable, Sendable {
  public var type: ValType
  public var isMutable: Bool
  public init(type: ValType, isMutable: Bool) {
    self.type = type
    self.isMutable = isMutable
  }
}
