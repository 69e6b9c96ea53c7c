/// Many short lists of 32-bit entities in one array. A list is a 4-byte handle, so it fits in a 16-byte
/// instruction. Lists are immutable once made but for `set`; space is reclaimed with the pool.
public struct ListPool<Element: EntityID>: Sendable {
  /// Layout: at `handle` the count, then the elements. Handle 0 is the empty list.
  @usableFromInline var storage: [UInt32] = [0]

  @inlinable public init() {}

  /// All lists, one behind the other, as they lie in memory.
  @inlinable public var words: [UInt32] { storage }
  /// Of the words of another one.
  @inlinable public init(words: [UInt32]) { storage = words }

  @inlinable public mutating func make(_ elements: some Sequence<Element>) -> EntityList<Element> {
    let start = storage.count
    storage.append(0)
    for element in elements { storage.append(element.rawValue) }
    let count = storage.count - start - 1
    if count == 0 {
      storage.removeLast()
      return EntityList(handle: 0)
    }
    storage[start] = UInt32(count)
    return EntityList(handle: UInt32(start))
  }

  /// The handle and the elements behind it lie inside the pool: what a verifier can tell.
  public func isValid(_ list: EntityList<Element>) -> Bool {
    let start = Int(list.handle)
    return start < storage.count && Int(storage[start]) < storage.count - start
  }

  @inlinable public func count(_ list: EntityList<Element>) -> Int { Int(storage[Int(list.handle)]) }

  @inlinable public func element(_ list: EntityList<Element>, at index: Int) -> Element {
    precondition(index < count(list))
    return Element(rawValue: storage[Int(list.handle) + 1 + index])
  }

  @inlinable public mutating func set(_ list: EntityList<Element>, at index: Int, to element: Element) {
    precondition(index < count(list))
    storage[Int(list.handle) + 1 + index] = element.rawValue
  }

  @inlinable public subscript(list: EntityList<Element>) -> EntityListView<Element> {
    EntityListView(pool: self, list: list)
  }
}

/// Handle to a list in a `ListPool`.
public struct EntityList<Element: EntityID>: Hashable, Sendable {
  public var handle: UInt32
  @inlinable public init(handle: UInt32) { self.handle = handle }
  @inlinable public static var empty: Self { Self(handle: 0) }
}

/// The elements of one list, read-only.
public struct EntityListView<Element: EntityID>: RandomAccessCollection, Sendable {
  @usableFromInline let pool: ListPool<Element>
  @usableFromInline let list: EntityList<Element>
  @inlinable init(pool: ListPool<Element>, list: EntityList<Element>) {
    self.pool = pool
    self.list = list
  }
  @inlinable public var startIndex: Int { 0 }
  @inlinable public var endIndex: Int { pool.count(list) }
  @inlinable public subscript(position: Int) -> Element { pool.element(list, at: position) }
}
