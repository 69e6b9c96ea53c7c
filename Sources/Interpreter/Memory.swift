public import WasmModule

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A linear memory. Address space is reserved for what it may become, where that is possible; else it moves.
public final class Memory {
  let record: UnsafeMutablePointer<MemoryRecord>
  public let type: MemType
  unowned let store: Store
  private var reserved: Int
  private let maximumPages: UInt64

  init(_ type: MemType, in store: Store) throws(InstantiationError) {
    self.type = type
    self.store = store
    let pageLog2 = UInt64(type.pageSizeLog2)
    // Beyond this no size in bytes can be told: 2^64 - 1, and 2^32 - 1 for single bytes with i32 addresses.
    let addressable: UInt64 =
      type.address == .i32
      ? (pageLog2 == 0 ? UInt64(UInt32.max) : 1 << (32 - pageLog2)) : 1 << (47 - pageLog2)
    maximumPages = min(type.limits.maximum ?? .max, addressable)
    guard type.limits.minimum <= addressable else {
      throw .outOfMemory("a memory of \(type.limits.minimum) pages")
    }
    let bytes = type.limits.minimum << pageLog2
    guard store.budget.pointee.take(bytes: bytes) else {
      throw .outOfMemory("a memory of \(bytes) bytes: the limit is lower")
    }
    let wanted = Self.roundUp(min(maximumPages << pageLog2, max(bytes, 1 << 33)))
    var base = mapPages(wanted, isAccessible: false)
    reserved = wanted
    if base == nil {
      reserved = Self.roundUp(bytes)
      base = mapPages(reserved, isAccessible: false)
    }
    guard let base, bytes == 0 || mprotect(base, Self.roundUp(bytes), PROT_READ | PROT_WRITE) == 0 else {
      if let base { munmap(base, reserved) }
      throw .outOfMemory("a memory of \(bytes) bytes")
    }
    Self.adviseHugePages(base, reserved, from: 0, to: bytes)
    record = .allocate(capacity: 1)
    record.initialize(
      to: MemoryRecord(
        base: base, byteCount: bytes, pageSizeLog2: type.pageSizeLog2, isShared: type.isShared,
        index: store.memories.count))
  }

  deinit {
    munmap(record.pointee.base, reserved)
    record.deallocate()
  }

  /// Asks for huge pages where a memory becomes large: fewer faults, and fewer misses of the TLB (docs/decisions/0162). What
  /// is not accessible yet keeps the advice until it is. Best effort: what goes wrong changes nothing.
  private static func adviseHugePages(
    _ base: UnsafeMutableRawPointer, _ reserved: Int, from old: UInt64, to bytes: UInt64
  ) {
    #if os(Linux)
      let large: UInt64 = 4 << 20
      if old < large, bytes >= large { _ = madvise(base, reserved, Int32(MADV_HUGEPAGE)) }
    #endif
  }

  /// Whole host pages, at least one.
  private static func roundUp(_ bytes: UInt64) -> Int { Int((max(bytes, 1) + 0xFFFF) & ~0xFFFF) }

  /// Valid until the memory grows.
  public var bytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: record.pointee.base, count: Int(record.pointee.byteCount))
  }

  /// Where its address and its size are, which change when it grows.
  public var location: (base: UnsafePointer<UnsafeMutablePointer<UInt8>?>, byteCount: UnsafePointer<UInt64>) {
    let raw = UnsafeRawPointer(record)
    return (
      (raw + MemoryLayout<MemoryRecord>.offset(of: \.base)!).assumingMemoryBound(
        to: UnsafeMutablePointer<UInt8>?.self),
      (raw + MemoryLayout<MemoryRecord>.offset(of: \.byteCount)!).assumingMemoryBound(to: UInt64.self)
    )
  }

  public var pageCount: UInt64 { record.pointee.byteCount >> UInt64(type.pageSizeLog2) }

  /// - Returns: the old size, nil if it can't grow so far.
  public func grow(by pages: UInt64) -> UInt64? {
    let old = pageCount
    guard pages <= maximumPages - old else { return nil }
    let added = pages << UInt64(type.pageSizeLog2)
    let bytes = record.pointee.byteCount + added
    guard store.budget.pointee.take(bytes: added) else { return nil }
    guard extend(to: bytes) else {
      store.budget.pointee.bytes += added
      return nil
    }
    record.pointee.byteCount = bytes
    return old
  }

  private func extend(to bytes: UInt64) -> Bool {
    let size = Self.roundUp(bytes)
    if size <= reserved {
      Self.adviseHugePages(record.pointee.base, reserved, from: record.pointee.byteCount, to: bytes)
      return bytes == 0 || mprotect(record.pointee.base, size, PROT_READ | PROT_WRITE) == 0
    }
    guard let base = mapPages(size, isAccessible: true) else { return false }
    Self.adviseHugePages(base, size, from: 0, to: bytes)
    base.copyMemory(from: record.pointee.base, byteCount: Int(record.pointee.byteCount))
    munmap(record.pointee.base, reserved)
    record.pointee.base = base
    reserved = size
    return true
  }
}

// MARK: - Operators on memories

/// - Returns: what the operator gives: the old size, or -1 as wide as an address.
@inline(never)
func growMemory(
  _ state: UnsafeMutablePointer<ExecutionState>, _ record: UnsafeMutablePointer<MemoryRecord>,
  by pages: UInt64
) -> UInt64 {
  let memory = state.pointee.store.takeUnretainedValue().memories[record.pointee.index]
  return memory.grow(by: pages) ?? (memory.type.address == .i32 ? UInt64(UInt32.max) : .max)
}

/// Whether bytes from `offset` on lie in a memory, table or segment of `size`: no sum may wrap.
@inline(__always)
func isInBounds(_ offset: UInt64, _ count: UInt64, _ size: UInt64) -> Bool {
  count <= size && offset <= size - count
}

@inline(never)
func fillMemory(_ memory: UnsafeMutablePointer<MemoryRecord>, _ operands: UnsafePointer<UInt64>) -> Trap {
  let (start, value, count) = (operands[0], operands[1], operands[2])
  guard isInBounds(start, count, memory.pointee.byteCount) else { return .memoryOutOfBounds }
  memset(memory.pointee.base + Int(start), Int32(UInt8(truncatingIfNeeded: value)), Int(count))
  return .none
}

@inline(never)
func copyMemory(
  to target: UnsafeMutablePointer<MemoryRecord>, from source: UnsafeMutablePointer<MemoryRecord>,
  _ operands: UnsafePointer<UInt64>
) -> Trap {
  let (to, from, count) = (operands[0], operands[1], operands[2])
  guard isInBounds(to, count, target.pointee.byteCount), isInBounds(from, count, source.pointee.byteCount)
  else {
    return .memoryOutOfBounds
  }
  memmove(target.pointee.base + Int(to), source.pointee.base + Int(from), Int(count))
  return .none
}

@inline(never)
func initMemory(
  _ memory: UnsafeMutablePointer<MemoryRecord>, from data: UnsafeMutablePointer<DataRecord>,
  _ operands: UnsafePointer<UInt64>
) -> Trap {
  let (to, from, count) = (operands[0], operands[1], operands[2])
  guard isInBounds(to, count, memory.pointee.byteCount), isInBounds(from, count, data.pointee.count) else {
    return .memoryOutOfBounds
  }
  memcpy(memory.pointee.base + Int(to), data.pointee.bytes + Int(from), Int(count))
  return .none
}

/// `memory.atomic.wait`: there is one thread, so that nobody can notify. 1 if the value is another one; 2 once the
/// time is over.
@inline(never)
func atomicWait(
  _ state: UnsafeMutablePointer<ExecutionState>, _ memory: UnsafePointer<MemoryRecord>, _ address: Int,
  width: UInt32,
  operands: UnsafePointer<UInt64>, result: UnsafeMutablePointer<UInt64>
) -> Trap {
  guard memory.pointee.isShared else { return .expectedSharedMemory }
  let p = memory.pointee.base + address
  let value =
    width == 4 ? UInt64(p.loadUnaligned(as: UInt32.self)) : p.loadUnaligned(as: UInt64.self)
  let timeout = Int64(bitPattern: operands[1])
  guard value == operands[0] else {
    result.pointee = 1
    return .none
  }
  // Short sleeps: an interruption ends the wait.
  var left = timeout
  while left != 0 {
    if state.pointee.interrupt.pointee != 0 { return .interrupted }
    let slice: Int64 = left < 0 ? 10_000_000 : min(left, 10_000_000)
    var time = timespec(tv_sec: 0, tv_nsec: Int(slice))
    nanosleep(&time, nil)
    if left > 0 { left -= slice }
  }
  result.pointee = 2
  return .none
}
