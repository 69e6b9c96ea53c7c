import WasmModule

/// The function types of a store: equal types of all its modules have one number, by which calls are checked.
///
/// Value types that refer to functions name them by these numbers. As in `TypeStore`, the identity of a type is its
/// recursive group: references into the group by position, out of it by number.
struct StoreTypes {
  private(set) var types: [FuncType] = []
  private var known: [[FuncType]: UInt32] = [:]

  /// References into the group: above all numbers and all abstract types.
  private static let inGroup: UInt32 = 0x10_0000
  /// Numbers must stay below the codes of abstract types.
  private static let limit = 0xF_0000

  /// The numbers of a module's types, by index.
  mutating func add(_ module: Module) throws(InstantiationError) -> [UInt32] {
    let store = module.types
    var numbers: [UInt32] = []
    numbers.reserveCapacity(store.count)
    for (position, start) in store.groupStarts.enumerated() {
      let end = position + 1 < store.groupStarts.count ? store.groupStarts[position + 1].index : store.count
      let group = (start.index..<end).map { store.functionType(TypeIdx($0)) }
      let form = group.map { type in
        type.mapped { code in
          code < start.rawValue ? numbers[Int(code)] : Self.inGroup + code - start.rawValue
        }
      }
      let first: UInt32
      if let number = known[form] {
        first = number
      } else {
        first = UInt32(types.count)
        guard types.count + group.count < Self.limit else { throw .tooManyTypes }
        known[form] = first
        for type in group {
          types.append(
            type.mapped { $0 < start.rawValue ? numbers[Int($0)] : first + $0 - start.rawValue })
        }
      }
      for offset in group.indices { numbers.append(first + UInt32(offset)) }
    }
    return numbers
  }

  /// The number of a type that refers to no other.
  mutating func add(_ type: FuncType) -> UInt32 {
    if let number = known[[type]] { return number }
    let number = UInt32(types.count)
    known[[type]] = number
    types.append(type)
    return number
  }

  /// Whether a value of one type can stand for another; both in the store's numbers.
  func matches(_ found: ValType, _ expected: ValType) -> Bool {
    if found == expected { return true }
    guard found.isReference, expected.isReference, !found.isNullable || expected.isNullable else {
      return false
    }
    let (found, expected) = (found.heapType, expected.heapType)
    if found == expected { return true }
    switch (found.typeIndex, expected.typeIndex) {
    case (.some, .some): return false
    case (.some, nil): return expected == .funcref
    case (nil, .some): return found == .nofunc
    case (nil, nil):
      return (found == .nofunc && expected == .funcref) || (found == .noextern && expected == .externref)
        || (found == .noexn && expected == .exn)
    }
  }
}

extension FuncType {
  func mapped(_ number: (UInt32) -> UInt32) -> FuncType {
    guard params.contains(where: \.refersToType) || results.contains(where: \.refersToType) else {
      return self
    }
    return FuncType(params: params.map { $0.mapped(number) }, results: results.map { $0.mapped(number) })
  }

  static func slots(_ types: [ValType]) -> UInt32 {
    types.reduce(0) { $0 + ($1 == .v128 ? 2 : 1) }
  }
}

extension ValType {
  var refersToType: Bool { isReference && heapType.typeIndex != nil }

  /// With another number for the type that it refers to.
  func mapped(_ number: (UInt32) -> UInt32) -> ValType {
    guard refersToType else { return self }
    return ValType(bits: bits & 0x1FF | number(heapType.code) << 9)
  }
}
