public import WasmModule

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A table: an array of references, as slots hold them.
public final class Table {
  let record: UnsafeMutablePointer<TableRecord>
  /// The element type in the store's numbers.
  public let type: TableType

  /// Entries that a table may start with: the limit that browsers share.
  static let limit: UInt64 = 10_000_000

  init(_ type: TableType, filledWith value: UInt64, in store: Store) throws(InstantiationError) {
    self.type = type
    let count = type.limits.minimum
    guard count <= Self.limit, let memory = calloc(Int(max(count, 1)), 8) else {
      throw .outOfMemory("a table of \(count) entries")
    }
    let entries = memory.bindMemory(to: UInt64.self, capacity: Int(max(count, 1)))
    // The system's zeros take no memory before they are looked at.
    if value != 0 { entries.update(repeating: value, count: Int(count)) }
    record = .allocate(capacity: 1)
    let heap = type.element.heapType
    record.initialize(
      to: TableRecord(
        entries: entries, count: count, capacity: max(count, 1),
        maximum: min(
          type.limits.maximum ?? .max, Self.limit, type.address == .i32 ? UInt64(UInt32.max) : .max),
        failure: type.address == .i32 ? UInt64(UInt32.max) : .max,
        holdsExceptions: heap == .exn || heap == .noexn,
        bytesEach: heap == .externref || heap == .exn ? 8 : 16,
        budget: store.budget))
  }

  deinit {
    free(record.pointee.entries)
    record.deallocate()
  }

  public var count: UInt64 { record.pointee.count }

  public subscript(index: UInt64) -> UInt64 {
    get { record.pointee.entries[Int(index)] }
    set { record.pointee.entries[Int(index)] = newValue }
  }
}

// MARK: - Operators on tables

/// - Returns: the old size, or -1 as wide as an index.
@inline(never)
func growTable(_ table: UnsafeMutablePointer<TableRecord>, by count: UInt64, value: UInt64) -> UInt64 {
  let old = table.pointee.count
  let failure = table.pointee.failure
  guard count <= table.pointee.maximum, old <= table.pointee.maximum - count else { return failure }
  let size = table.pointee.bytesEach
  guard table.pointee.budget.pointee.take(entries: count, bytesEach: size) else { return failure }
  let new = old + count
  if new > table.pointee.capacity {
    let capacity = max(new, min(2 * old, table.pointee.maximum))
    guard let memory = realloc(table.pointee.entries, Int(capacity) * 8) else {
      table.pointee.budget.pointee.giveBack(entries: count, bytesEach: size)
      return failure
    }
    table.pointee.entries = memory.bindMemory(to: UInt64.self, capacity: Int(capacity))
    table.pointee.capacity = capacity
  }
  (table.pointee.entries + Int(old)).update(repeating: value, count: Int(count))
  table.pointee.count = new
  return old
}

@inline(never)
func fillTable(_ table: UnsafeMutablePointer<TableRecord>, _ operands: UnsafePointer<UInt64>) -> Trap {
  let (start, value, count) = (operands[0], operands[1], operands[2])
  guard isInBounds(start, count, table.pointee.count) else { return .tableOutOfBounds }
  (table.pointee.entries + Int(start)).update(repeating: value, count: Int(count))
  return .none
}

@inline(never)
func copyTable(
  to target: UnsafeMutablePointer<TableRecord>, from source: UnsafeMutablePointer<TableRecord>,
  _ operands: UnsafePointer<UInt64>
) -> Trap {
  let (to, from, count) = (operands[0], operands[1], operands[2])
  guard isInBounds(to, count, target.pointee.count), isInBounds(from, count, source.pointee.count) else {
    return .tableOutOfBounds
  }
  (target.pointee.entries + Int(to)).update(from: source.pointee.entries + Int(from), count: Int(count))
  return .none
}

@inline(never)
func initTable(
  _ table: UnsafeMutablePointer<TableRecord>, from elements: UnsafeMutablePointer<ElementRecord>,
  _ operands: UnsafePointer<UInt64>
) -> Trap {
  let (to, from, count) = (operands[0], operands[1], operands[2])
  guard isInBounds(to, count, table.pointee.count), isInBounds(from, count, elements.pointee.count) else {
    return .tableOutOfBounds
  }
  (table.pointee.entries + Int(to)).update(from: elements.pointee.entries + Int(from), count: Int(count))
  return .none
}
