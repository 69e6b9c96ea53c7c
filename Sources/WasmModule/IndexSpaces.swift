public import Support

/// A typed index of one of the index spaces of the core specification (section 2.5.1).
public protocol IndexSpaceID: EntityID {}

public struct TypeIdx: IndexSpaceID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
public struct FuncIdx: IndexSpaceID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
public struct TableIdx: IndexSpaceID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
public struct MemIdx: IndexSpaceID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
public struct GlobalIdx: IndexSpaceID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
public struct TagIdx: IndexSpaceID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
public struct ElemIdx: IndexSpaceID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
public struct DataIdx: IndexSpaceID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}
