public import WasmModule

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// What instances that know of each other share: their functions, memories, tables and globals live as long as the
/// store; nothing else keeps it. Not for several threads; only `interrupt` may be called from another one.
public final class Store {
  public struct Configuration: Sendable {
    /// Bytes of the stack that wasm calls use.
    public var stackBytes = 16 << 20
    /// Bytes that all memories together may have, with what tables grow by.
    public var maximumMemoryBytes: UInt64 = .max
    /// Steps of execution, counted as docs/limits.md says; nil: not counted.
    public var fuel: UInt64?
    /// Code looks whether `interrupt` was called, in loops and at calls.
    public var isInterruptible = false
    public init() {}
  }

  let state: UnsafeMutablePointer<ExecutionState>
  let codeOptions: CodeOptions
  private let stackBytes: Int
  /// Two words: whether to stop, and whether a function of the host runs.
  private let interruptFlag: UnsafeMutablePointer<UInt32>
  var code = CodeArena()
  var types = StoreTypes()
  var exceptions = ExceptionHeap()

  var instances: [Instance] = []
  var memories: [Memory] = []
  /// What memories and tables may still take.
  let budget: UnsafeMutablePointer<Budget>
  var tables: [Table] = []
  var globals: [Global] = []
  var tags: [Tag] = []
  var hostFunctions: [HostFunction] = []
  /// What a function of the host threw, while it passes through wasm.
  var hostError: (any Error)?

  /// An instance without anything, for code that no instance runs.
  private let emptyInstance: UnsafeMutablePointer<InstanceRecord>
  let emptyMemory: UnsafeMutablePointer<MemoryRecord>
  /// Code that ends an activation. The word before it is no call of anybody.
  private let exitCode: UnsafeMutablePointer<Instruction>

  public init(configuration: Configuration = Configuration()) throws(InstantiationError) {
    stackBytes = max(configuration.stackBytes, 64 << 10) & ~0xFFFF
    guard let stack = mapPages(stackBytes, isAccessible: true) else { throw .outOfMemory("the stack") }
    codeOptions = CodeOptions(
      isMetered: configuration.fuel != nil, isInterruptible: configuration.isInterruptible)
    budget = .allocate(capacity: 1)
    budget.initialize(to: Budget(bytes: configuration.maximumMemoryBytes))

    emptyMemory = .allocate(capacity: 1)
    emptyMemory.initialize(
      to: MemoryRecord(base: stack, byteCount: 0, pageSizeLog2: 16, isShared: false, index: -1))
    emptyInstance = .allocate(capacity: 1)
    emptyInstance.initialize(to: InstanceRecord(memory: emptyMemory, index: -1))
    exitCode = .allocate(capacity: 2)
    exitCode.initialize(to: Instruction(.unreachable))
    (exitCode + 1).initialize(to: Instruction(.exit))
    interruptFlag = .allocate(capacity: 2)
    interruptFlag.initialize(repeating: 0, count: 2)
    let base = stack.assumingMemoryBound(to: UInt64.self)
    state = .allocate(capacity: 1)
    state.initialize(
      to: ExecutionState(
        pc: UnsafePointer(exitCode), fp: base, instance: emptyInstance, frameTop: base, stackBase: base,
        stackEnd: base + stackBytes / 8, fuel: Int64(clamping: configuration.fuel ?? 0),
        interrupt: interruptFlag, isInHost: interruptFlag + 1, exception: nil,
        store: Unmanaged.passUnretained(self)))
    state.pointee.store = Unmanaged.passUnretained(self)
  }

  deinit {
    munmap(state.pointee.stackBase, stackBytes)
    exceptions.removeAll()
    state.deallocate()
    budget.deallocate()
    emptyMemory.deallocate()
    emptyInstance.deallocate()
    exitCode.deallocate()
    interruptFlag.deallocate()
  }

  // MARK: - Limits

  /// Fuel that is left; negative once a check has failed.
  public var fuel: Int64 {
    get { state.pointee.fuel }
    set { state.pointee.fuel = newValue }
  }

  /// Where another thread may write 1: running code traps soon. Valid as long as the store.
  public var interruptAddress: UnsafeMutablePointer<UInt32> { interruptFlag }

  /// Not zero while a function of the host runs, which does not look at the other word.
  public var isInHostAddress: UnsafePointer<UInt32> { UnsafePointer(interruptFlag + 1) }

  // MARK: - Calls

  /// Calls a function with its arguments in slots, as many as its type says; so are the results.
  public func call(_ function: Function, slots arguments: [UInt64]) throws(ExecutionError) -> [UInt64] {
    let record = function.record
    precondition(arguments.count == Int(record.pointee.paramSlots))
    let frame = state.pointee.frameTop
    let resultCount = Int(record.pointee.resultSlots)
    let needed = max(Int(record.pointee.frameSlots), arguments.count + headerSlots, resultCount)
    guard state.pointee.stackEnd - frame >= needed else { throw .trap(.stackOverflow, []) }
    let saved = (state.pointee.pc, state.pointee.fp, state.pointee.instance)
    for (index, argument) in arguments.enumerated() { frame[index] = argument }
    frame[arguments.count] = UInt64(at: exitCode + 1)
    frame[arguments.count + 1] = 0
    frame[arguments.count + 2] = 0
    state.pointee.pc = record.pointee.code
    state.pointee.fp = frame
    state.pointee.instance = record.pointee.instance ?? emptyInstance
    let wasInHost = state.pointee.isInHost.pointee
    state.pointee.isInHost.pointee = 0
    let trap = execute(state)
    defer {
      state.pointee.isInHost.pointee = wasInHost
      (state.pointee.pc, state.pointee.fp, state.pointee.instance) = saved
      state.pointee.frameTop = frame
    }
    if trap == .none { return (0..<resultCount).map { frame[$0] } }
    throw error(for: trap)
  }

  private func error(for trap: Trap) -> ExecutionError {
    switch trap {
    case .exception:
      let record = state.pointee.exception!
      state.pointee.exception = nil
      record.pointee.isPinned = true
      return .exception(Exception(record: record, store: self))
    case .hostError:
      let error = hostError!
      hostError = nil
      return .host(error)
    default: return .trap(trap, backtrace())
    }
  }

  /// The functions that run, innermost first, from where execution stopped.
  private func backtrace() -> [CodePosition] {
    var frames: [CodePosition] = []
    var (pc, fp) = (state.pointee.pc, state.pointee.fp)
    while frames.count < 64, let function = code.function(at: pc) {
      let record = function.record.pointee
      frames.append(
        CodePosition(instance: record.instance!.pointee.index, function: FuncIdx(rawValue: record.index)))
      let header = fp + Int(record.paramSlots)
      pc = UnsafePointer<Instruction>(at: header[0]) - 1
      fp += Int(truncatingIfNeeded: header[1])
    }
    return frames
  }
}

/// A function of an instance, in a backtrace.
public struct CodePosition: Hashable, Sendable {
  /// The position among the store's instances.
  public let instance: Int
  public let function: FuncIdx
}

/// How a call ended, if not by returning.
public enum ExecutionError: Error {
  /// With the functions that ran, innermost first.
  case trap(Trap, [CodePosition])
  case exception(Exception)
  /// What a function of the host threw.
  case host(any Error)
}

/// Why a module was not instantiated. A trap during instantiation is an `ExecutionError`.
public enum InstantiationError: Error, Hashable, Sendable {
  /// In the specification's words, and what is the matter.
  case unlinkable(String)
  case outOfMemory(String)
  case tooManyTypes

  public var message: String {
    switch self {
    case .unlinkable(let message): message
    case .outOfMemory(let what): "no memory for \(what)"
    case .tooManyTypes: "the modules of one store have too many types"
    }
  }
}

/// Address space: accessible, or to be opened by `mprotect`.
func mapPages(_ byteCount: Int, isAccessible: Bool) -> UnsafeMutableRawPointer? {
  let address = mmap(
    nil, byteCount, isAccessible ? PROT_READ | PROT_WRITE : PROT_NONE,
    MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_NORESERVE), -1, 0)
  return address == MAP_FAILED ? nil : address
}
