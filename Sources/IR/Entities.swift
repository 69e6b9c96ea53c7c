public import Support

// The entities of the IR. Function-local: Block, Inst, Value. Module-level: the rest.

public struct Block: EntityID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
public struct Inst: EntityID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
public struct Value: EntityID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
/// A branch target with its arguments (`Function.blockCalls`).
public struct BlockCall: EntityID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
/// A list of block calls for `br_table` (`Function.jumpTables`).
public struct JumpTable: EntityID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
/// A memory access's immediates (`Function.memArgs`).
public struct MemArgID: EntityID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
/// A 16-byte constant (`Function.vectorConstants`).
public struct VectorConstant: EntityID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}

public struct SignatureID: EntityID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
/// Index into `Module.functions`; equal to the wasm function index.
public struct FunctionID: EntityID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
public struct GlobalID: EntityID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
public struct TableID: EntityID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
public struct MemoryID: EntityID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
/// Index into `Module.tags`; equal to the wasm tag index.
public struct TagID: EntityID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
public struct DataID: EntityID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
public struct ElementID: EntityID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
