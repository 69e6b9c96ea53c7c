internal import Support
public import WasmModule

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

// Exceptions: objects that references lead to, in a heap of their own.

struct ExceptionRecord {
  var tag: UnsafeMutablePointer<TagRecord>
  /// Where it was thrown first.
  var origin: UnsafePointer<Instruction>
  /// Wasm may hold references to it.
  var isReferenced = false
  /// The host may.
  var isPinned = false
  var isMarked = false
  // The values' slots follow.

  static func byteCount(_ tag: UnsafeMutablePointer<TagRecord>) -> Int {
    MemoryLayout<ExceptionRecord>.stride + Int(tag.pointee.slots) * 8
  }

  /// With what malloc adds.
  static func cost(_ tag: UnsafeMutablePointer<TagRecord>) -> Int { (byteCount(tag) + 8 + 15) & ~15 }
}

extension UnsafeMutablePointer where Pointee == ExceptionRecord {
  var slots: UnsafeMutablePointer<UInt64> {
    UnsafeMutableRawPointer(self + 1).assumingMemoryBound(to: UInt64.self)
  }
}

/// An exception that left a call. To be used where its store is.
public struct Exception: @unchecked Sendable {
  let record: UnsafeMutablePointer<ExceptionRecord>
  unowned let store: Store

  /// Whether it is of this tag.
  public func has(_ tag: Tag) -> Bool { record.pointee.tag == tag.record }
  /// The tag's index in a module that has an instance in the store.
  public func tagIndex(in module: Module, store: Store) -> TagIdx? {
    store.instances.lazy.filter { $0.module.bytes === module.bytes }
      .compactMap { $0.tags.firstIndex { $0.record == record.pointee.tag } }.first.map { TagIdx($0) }
  }
  /// The function that threw it.
  public var origin: FuncIdx? {
    store.code.function(at: record.pointee.origin).map { FuncIdx(rawValue: $0.record.pointee.index) }
  }
  public var slots: [UInt64] { (0..<Int(record.pointee.tag.pointee.slots)).map { record.slots[$0] } }
}

/// All exceptions of a store. One that is caught without a reference is freed at once, the others by a collection,
/// which takes every word of the stack for a reference that it might be.
struct ExceptionHeap {
  private var records: [UnsafeMutablePointer<ExceptionRecord>] = []
  private var bytes = 0
  /// The next collection.
  private var threshold = 1 << 20

  /// What wasm may hold on to; the runtime's limit.
  static let limit = 256 << 20

  mutating func make(
    _ tag: UnsafeMutablePointer<TagRecord>, origin: UnsafePointer<Instruction>
  ) -> UnsafeMutablePointer<ExceptionRecord>? {
    guard let memory = malloc(ExceptionRecord.byteCount(tag)) else { return nil }
    let record = memory.bindMemory(to: ExceptionRecord.self, capacity: 1)
    record.initialize(to: ExceptionRecord(tag: tag, origin: origin))
    bytes += ExceptionRecord.cost(tag)
    records.append(record)
    return record
  }

  var needsCollection: Bool { bytes > threshold }

  /// Whether one more of this tag has room, under the limit of all memory too.
  func hasRoom(for tag: UnsafeMutablePointer<TagRecord>, under budget: UInt64) -> Bool {
    let total = bytes + ExceptionRecord.cost(tag)
    return total <= Self.limit && total <= budget
  }

  /// Frees one that was just thrown and that nothing refers to.
  mutating func discard(_ record: UnsafeMutablePointer<ExceptionRecord>) {
    // It is the last, as a rule.
    guard let index = records.lastIndex(of: record), index >= records.count - 16 else { return }
    records.remove(at: index)
    release(record)
  }

  private mutating func release(_ record: UnsafeMutablePointer<ExceptionRecord>) {
    bytes -= ExceptionRecord.cost(record.pointee.tag)
    free(record)
  }

  mutating func removeAll() {
    for record in records { release(record) }
    records = []
  }

  /// Frees all that no root leads to.
  mutating func collect(roots: (_ visit: (UInt64) -> Void) -> Void) {
    let known = Set(records.map { UInt64(at: $0) })
    var work: [UnsafeMutablePointer<ExceptionRecord>] = []
    func visit(_ word: UInt64) {
      guard known.contains(word) else { return }
      let record = UnsafeMutablePointer<ExceptionRecord>(at: word)
      if record.pointee.isMarked { return }
      record.pointee.isMarked = true
      work.append(record)
    }
    for record in records where record.pointee.isPinned { visit(UInt64(at: record)) }
    roots(visit)
    while let record = work.popLast() {
      for slot in 0..<Int(record.pointee.tag.pointee.slots) { visit(record.slots[slot]) }
    }
    var live: [UnsafeMutablePointer<ExceptionRecord>] = []
    for record in records {
      if record.pointee.isMarked {
        record.pointee.isMarked = false
        live.append(record)
      } else {
        release(record)
      }
    }
    records = live
    threshold = max(1 << 20, 2 * bytes)
  }
}

extension Store {
  func collectExceptions() {
    let (pc, fp) = (state.pointee.pc, state.pointee.fp)
    let top = fp + Int(code.function(at: pc)?.record.pointee.frameSlots ?? 0)
    exceptions.collect { visit in
      var slot = state.pointee.stackBase
      while slot < top {
        visit(slot.pointee)
        slot += 1
      }
      for global in globals where global.type.type.isReference { visit(global.cell.pointee) }
      for table in tables where table.record.pointee.holdsExceptions {
        for index in 0..<table.count { visit(table[index]) }
      }
      for instance in instances { instance.visitElements(visit) }
    }
  }
}

/// Makes the exception that is about to be thrown.
@inline(never)
func makeException(
  _ state: UnsafeMutablePointer<ExecutionState>, _ tag: UnsafeMutablePointer<TagRecord>,
  _ values: UnsafePointer<UInt64>
) -> Trap {
  let store = state.pointee.store.takeUnretainedValue()
  func hasRoom() -> Bool { store.exceptions.hasRoom(for: tag, under: store.budget.pointee.bytes) }
  if store.exceptions.needsCollection || !hasRoom() { store.collectExceptions() }
  guard hasRoom() else { return .outOfExceptionMemory }
  guard let record = store.exceptions.make(tag, origin: state.pointee.pc) else { return .outOfMemory }
  record.slots.update(from: values, count: Int(tag.pointee.slots))
  state.pointee.exception = record
  return .none
}

/// Finds who catches the exception that is being thrown, from `state`'s position outwards, and goes there.
///
/// - Returns: `.exception`, with the position as it was, if nobody in this activation does.
@inline(never)
func unwind(_ state: UnsafeMutablePointer<ExecutionState>) -> Trap {
  let store = state.pointee.store.takeUnretainedValue()
  let exception = state.pointee.exception!
  var pc = state.pointee.pc
  var fp = state.pointee.fp
  var instance = state.pointee.instance
  while let function = store.code.function(at: pc) {
    // Each frame may have many handlers, and there may be many frames.
    if state.pointee.interrupt.pointee != 0 {
      state.pointee.exception = nil
      return .interrupted
    }
    if let clause = function.clause(for: exception.pointee.tag, at: UInt32(pc - function.start)) {
      (fp + Int(clause.values)).update(
        from: exception.slots, count: clause.takesValues ? Int(exception.pointee.tag.pointee.slots) : 0)
      state.pointee.exception = nil
      if clause.reference != Handler.noSlot {
        exception.pointee.isReferenced = true
        fp[Int(clause.reference)] = UInt64(at: exception)
      } else if !exception.pointee.isReferenced && !exception.pointee.isPinned {
        store.exceptions.discard(exception)
      }
      state.pointee.pc = function.start + Int(clause.target)
      state.pointee.fp = fp
      state.pointee.instance = instance
      return .none
    }
    let header = fp + Int(function.record.pointee.paramSlots)
    pc = UnsafePointer<Instruction>(at: header[0]) - 1
    fp += Int(truncatingIfNeeded: header[1])
    if header[2] != 0 { instance = UnsafeMutablePointer<InstanceRecord>(at: header[2]) }
  }
  return .exception
}

extension CompiledFunction {
  /// The clause that catches exceptions of a tag thrown at an offset in the code.
  func clause(for tag: TagIdentity, at offset: UInt32) -> Handler.Clause? {
    var depth = Int.max
    for handler in handlers where handler.depth <= depth && offset >= handler.start && offset < handler.end {
      for clause in handler.clauses {
        switch clause.action {
        case .catches(let caught): if caught == tag { return clause }
        case .catchesAll: return clause
        case .delegates(let target): depth = target
        }
      }
    }
    return nil
  }
}

extension Handler.Clause {
  var takesValues: Bool {
    if case .catches = action { return true }
    return false
  }
}
