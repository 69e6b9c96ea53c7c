/// A typed 32-bit index into one array ("entity"), as in Cranelift's `entity` crate.
///
/// Every kind of index (function, block, value, …) is a type of its own, so that one can't be used for
/// another. `UInt32.max` is reserved for "none": an `Optional` would double the size.
public protocol EntityID: Hashable, Comparable, Sendable {
  var rawValue: UInt32 { get }
  init(rawValue: UInt32)
}

extension EntityID {
  /// The reserved "no such entity" value.
  @inlinable @inline(__always)
  public static var none: Self { Self(rawValue: .max) }

  @inlinable @inline(__always)
  public init(_ index: Int) { self.init(rawValue: UInt32(truncatingIfNeeded: index)) }

  @inlinable @inline(__always)
  public var index: Int { Int(rawValue) }

  @inlinable @inline(__always)
  public var isNone: Bool { rawValue == .max }

  @inlinable @inline(__always)
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// The array that owns entities of one kind: `append` makes the ID.
public struct PrimaryMap<ID: EntityID, Element> {
  @usableFromInline var storage: [Element]

  @inlinable public init() { storage = [] }
  @inlinable public init(_ elements: [Element]) { storage = elements }

  @inlinable public var count: Int { storage.count }
  @inlinable public var isEmpty: Bool { storage.isEmpty }
  @inlinable public var values: [Element] { storage }
  @inlinable public var ids: EntityRange<ID> { EntityRange(count: storage.count) }
  /// The ID that the next `append` returns.
  @inlinable public var nextID: ID { ID(storage.count) }

  @inlinable public func contains(_ id: ID) -> Bool { id.index < storage.count }

  @inlinable public mutating func reserveCapacity(_ n: Int) { storage.reserveCapacity(n) }

  @inlinable @discardableResult
  public mutating func append(_ element: Element) -> ID {
    let id = ID(storage.count)
    storage.append(element)
    return id
  }

  @inlinable public mutating func removeAll() { storage.removeAll(keepingCapacity: true) }

  @inlinable public subscript(id: ID) -> Element {
    @inline(__always) get { storage[id.index] }
    @inline(__always) _modify { yield &storage[id.index] }
  }
}

extension PrimaryMap: Sendable where Element: Sendable {}

/// Extra data beside a `PrimaryMap`, with a default for entities that were never set.
public struct SecondaryMap<ID: EntityID, Element> {
  @usableFromInline var storage: [Element]
  @usableFromInline let defaultValue: Element

  @inlinable public init(default defaultValue: Element, capacity: Int = 0) {
    self.defaultValue = defaultValue
    self.storage = []
    storage.reserveCapacity(capacity)
  }

  /// `values` are those of the first entities.
  @inlinable public init(_ values: [Element], default defaultValue: Element) {
    self.defaultValue = defaultValue
    self.storage = values
  }

  @inlinable public subscript(id: ID) -> Element {
    @inline(__always) get { id.index < storage.count ? storage[id.index] : defaultValue }
    set {
      // Most maps are filled in order.
      if id.index == storage.count {
        storage.append(newValue)
      } else {
        grow(to: id.index)
        storage[id.index] = newValue
      }
    }
    _modify {
      grow(to: id.index)
      yield &storage[id.index]
    }
  }

  @inlinable mutating func grow(to index: Int) {
    if index >= storage.count {
      storage.append(contentsOf: repeatElement(defaultValue, count: index + 1 - storage.count))
    }
  }

  @inlinable public mutating func removeAll() { storage.removeAll(keepingCapacity: true) }
}

extension SecondaryMap: Sendable where Element: Sendable {}

extension Array {
  /// Gives back the room that appending left, which is up to half of an array, for arrays that stay as they are.
  @inlinable public mutating func shrinkToFit() {
    guard capacity - count > count / 8 else { return }
    self = Array(unsafeUninitializedCapacity: count) { buffer, initialized in
      initialized = buffer.initialize(fromContentsOf: self)
    }
  }
}

/// All IDs from 0 to `count`, in order.
public struct EntityRange<ID: EntityID>: RandomAccessCollection, Sendable {
  public let startIndex = 0
  public let endIndex: Int
  @inlinable public init(count: Int) { endIndex = count }
  @inlinable public subscript(position: Int) -> ID { ID(position) }
}
