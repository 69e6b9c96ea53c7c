// What the loop reads of functions, instances, memories, tables and segments: plain records at addresses that stay the
// same as long as the store lives. The classes in Memory.swift and so on own them.

/// A function, of wasm or of the host. A function reference is the address of one.
struct FunctionRecord {
  /// The compiled code; the record's own `stub` until it is called first, and for functions of the host.
  var code: UnsafePointer<Instruction>
  /// Slots that a frame takes, from its parameters on.
  var frameSlots: UInt32
  /// The header is behind the parameters: where to return to; from this frame to the caller's, in slots; the caller's
  /// instance if it is another one, else zero.
  var paramSlots: UInt32
  var resultSlots: UInt32
  /// Equal for equal types, whatever module they are from.
  var type: UInt32
  /// Nil for functions of the host.
  var instance: UnsafeMutablePointer<InstanceRecord>?
  var stub: Instruction
  /// The index in its module, or among the functions of the host.
  var index: UInt32
}

/// Slots of a header.
let headerSlots = 3

struct InstanceRecord {
  /// Memory 0, or one of no bytes.
  var memory: UnsafeMutablePointer<MemoryRecord>
  /// The position among the store's instances.
  var index: Int
}

struct MemoryRecord {
  var base: UnsafeMutableRawPointer
  var byteCount: UInt64
  var pageSizeLog2: UInt8
  var isShared: Bool
  /// The position among the store's memories.
  var index: Int
}

struct TableRecord {
  /// Zero is null.
  var entries: UnsafeMutablePointer<UInt64>
  var count: UInt64
  var capacity: UInt64
  /// Entries that it may have.
  var maximum: UInt64
  /// What `table.grow` gives when it fails.
  var failure: UInt64
  var holdsExceptions: Bool
  /// That an entry counts against the budget.
  var bytesEach: UInt64
  var budget: UnsafeMutablePointer<Budget>
}

/// What the memories and tables of a store may still take.
struct Budget {
  var bytes: UInt64
  /// By which tables may grow: the limit that browsers share for one.
  var tableEntries = Table.limit

  mutating func take(bytes count: UInt64) -> Bool {
    guard count <= bytes else { return false }
    bytes -= count
    return true
  }

  /// As the runtime counts (docs/limits.md).
  mutating func take(entries count: UInt64, bytesEach size: UInt64) -> Bool {
    guard count <= tableEntries, take(bytes: count * size) else { return false }
    tableEntries -= count
    return true
  }

  mutating func giveBack(entries count: UInt64, bytesEach size: UInt64) {
    bytes += count * size
    tableEntries += count
  }
}

struct DataRecord {
  var bytes: UnsafeRawPointer
  /// Zero once it was dropped.
  var count: UInt64
}

struct ElementRecord {
  var entries: UnsafeMutablePointer<UInt64>
  var count: UInt64
}

/// The state of one thread of execution, between the loop and what it calls.
struct ExecutionState {
  var pc: UnsafePointer<Instruction>
  var fp: UnsafeMutablePointer<UInt64>
  var instance: UnsafeMutablePointer<InstanceRecord>
  /// Slots that nobody uses begin here, while a function of the host runs.
  var frameTop: UnsafeMutablePointer<UInt64>
  var stackBase: UnsafeMutablePointer<UInt64>
  var stackEnd: UnsafeMutablePointer<UInt64>
  var fuel: Int64
  /// Not zero: whoever looks at it next traps.
  var interrupt: UnsafeMutablePointer<UInt32>
  /// Not zero while a function of the host runs.
  var isInHost: UnsafeMutablePointer<UInt32>
  /// The one that is being thrown.
  var exception: UnsafeMutablePointer<ExceptionRecord>?
  var store: Unmanaged<Store>
}
