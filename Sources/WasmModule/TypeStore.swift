public import Support

/// The identity of a type: two type indices name equal types if and only if their canonical indices are
/// equal (specification 3.0, section 3.1.4). Dense from 0, in order of first appearance.
public struct CanonicalTypeIdx: EntityID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// The types of a module's type section.
///
/// Types are added in recursive groups. A group's canonical form is the group itself, references out of it by
/// canonical index and references into it by position; equal forms are one. One hash a group: linear time.
public struct TypeStore: Sendable {
  public private(set) var types = PrimaryMap<TypeIdx, SubType>()
  /// The first type of each recursive group, in order.
  public private(set) var groupStarts: [TypeIdx] = []
  private var canonicalOf: [CanonicalTypeIdx] = []
  private var representatives = PrimaryMap<CanonicalTypeIdx, TypeIdx>()
  /// The first canonical index of each group.
  private var known: [Group: CanonicalTypeIdx] = [:]

  /// A group's canonical form. Most are of one type: no array for those.
  private enum Group: Hashable {
    case one(SubType)
    case many([SubType])
  }

  public init() {}

  public var count: Int { types.count }

  /// Adds a recursive group. Its types may refer to those before it, and to each other by the indices that
  /// they are about to get.
  public mutating func append(group: [SubType]) {
    if group.isEmpty { return }
    let start = types.count
    groupStarts.append(types.nextID)
    let forms = group.map { canonicalForm($0, groupStart: start) }
    let form: Group = forms.count == 1 ? .one(forms[0]) : .many(forms)
    let first = known[form] ?? CanonicalTypeIdx(representatives.count)
    let isNew = first.index == representatives.count
    if isNew { known[form] = first }
    for (position, type) in group.enumerated() {
      let index = types.append(type)
      canonicalOf.append(CanonicalTypeIdx(first.index + position))
      if isNew { representatives.append(index) }
    }
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

  // MARK: - Canonical forms

  private func canonicalForm(_ type: SubType, groupStart: Int) -> SubType {
    // The decoder refuses what the GC proposal adds.
    guard case .function(let function) = type.composite,
      function.params.contains(where: \.isConcrete) || function.results.contains(where: \.isConcrete)
    else { return type }
    func canonical(_ type: ValType) -> ValType {
      guard type.isConcrete else { return type }
      let index = type.heapType.code
      let code =
        index < groupStart ? canonicalOf[Int(index)].rawValue : Self.inGroup + index - UInt32(groupStart)
      return .ref(HeapType(code: code), nullable: type.isNullable)
    }
    var form = type
    form.composite = .function(
      FuncType(params: function.params.map(canonical), results: function.results.map(canonical)))
    return form
  }

  /// Added to positions in the group: above all indices and all abstract types.
  private static let inGroup: UInt32 = 0x10_0000

  // MARK: - Subtyping (specification 3.0, section 3.3)

  /// Whether a value of one type can stand for another.
  public func matches(_ found: ValType, _ expected: ValType) -> Bool {
    if found == expected || found == .bottom || expected == .bottom { return true }
    guard found.isReference, expected.isReference, !found.isNullable || expected.isNullable else {
      return false
    }
    return matches(found.heapType, expected.heapType)
  }

  private func matches(_ found: HeapType, _ expected: HeapType) -> Bool {
    if found == expected || found == .bottom { return true }
    // All concrete types are functions.
    switch (found.typeIndex, expected.typeIndex) {
    case (let found?, let expected?): return canonical(found) == canonical(expected)
    case (.some, nil): return expected == .funcref
    case (nil, .some): return found == .nofunc
    case (nil, nil):
      return (found == .nofunc && expected == .funcref) || (found == .noextern && expected == .externref)
        || (found == .noexn && expected == .exn)
    }
  }
}

extension ValType {
  /// A reference to a type of the module.
  fileprivate var isConcrete: Bool { isReference && heapType.typeIndex != nil }
}
