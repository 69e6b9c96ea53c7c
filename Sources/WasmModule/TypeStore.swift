public import Support

/// The identity of a type: two type indices name equal types if and only if their canonical indices are
/// equal (specification 3.0, section 3.1.4). Dense from 0, in order of first appearance.
public struct CanonicalTypeIdx: EntityID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// The types of a module's type section.
///
/// Types are added in recursive groups, of one type each until the GC proposal is supported. A group's
/// canonical form is the group itself, references out of it by canonical index and references into it by
/// position; equal forms are one. One hash a group: linear time.
public struct TypeStore: Sendable {
  public private(set) var types = PrimaryMap<TypeIdx, SubType>()
  private var canonicalOf: [CanonicalTypeIdx] = []
  private var representatives = PrimaryMap<CanonicalTypeIdx, TypeIdx>()
  private var known: [SubType: CanonicalTypeIdx] = [:]

  public init() {}

  public var count: Int { types.count }

  /// Adds a recursive group of one type, which refers to no type index.
  @discardableResult
  public mutating func append(_ type: SubType) -> TypeIdx {
    let index = types.append(type)
    if let same = known[type] {
      canonicalOf.append(same)
    } else {
      let canonical = representatives.append(index)
      known[type] = canonical
      canonicalOf.append(canonical)
    }
    return index
  }

  public func canonical(_ index: TypeIdx) -> CanonicalTypeIdx { canonicalOf[index.index] }

  /// The first type index of each canonical type.
  public var canonicalTypes: PrimaryMap<CanonicalTypeIdx, TypeIdx> { representatives }

  /// The function type at `index`, which validation has shown to be one.
  public func functionType(_ index: TypeIdx) -> FuncType {
    guard case .function(let type) = types[index].composite else {
      preconditionFailure("type \(index.rawValue) is not a function type")
    }
    return type
  }
}
