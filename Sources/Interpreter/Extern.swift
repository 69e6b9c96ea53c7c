public import WasmModule

/// What can be imported and exported.
public enum Extern {
  case function(Function)
  case table(Table)
  case memory(Memory)
  case global(Global)
  case tag(Tag)
}

/// A function of wasm or of the host; valid as long as its store.
public struct Function {
  let record: UnsafeMutablePointer<FunctionRecord>
  unowned let store: Store

  /// Types that it refers to are numbers of the store's.
  public var type: FuncType { store.types.types[Int(record.pointee.type)] }
  public var paramSlots: Int { Int(record.pointee.paramSlots) }

  /// As a reference in a slot.
  public var reference: UInt64 { UInt64(at: record) }
}

public final class Global {
  /// Two slots.
  let cell: UnsafeMutablePointer<UInt64>
  /// With the store's numbers of types.
  public let type: GlobalType

  init(_ type: GlobalType, _ low: UInt64, _ high: UInt64 = 0) {
    self.type = type
    cell = .allocate(capacity: 2)
    cell[0] = low
    cell[1] = high
  }

  deinit { cell.deallocate() }

  public var value: (low: UInt64, high: UInt64) {
    get { (cell[0], cell[1]) }
    set { (cell[0], cell[1]) = newValue }
  }
}

public final class Tag {
  let record: UnsafeMutablePointer<TagRecord>

  init(type: UInt32, slots: UInt32) {
    record = .allocate(capacity: 1)
    record.initialize(to: TagRecord(type: type, slots: slots))
  }

  deinit { record.deallocate() }
}

struct TagRecord {
  /// The store's number of its function type.
  var type: UInt32
  /// That its values take.
  var slots: UInt32
}

// MARK: - Functions of the host

/// A call from wasm to the host.
public struct HostCall {
  /// The arguments; the results go to the same place.
  public let slots: UnsafeMutablePointer<UInt64>
  public unowned let store: Store
  /// Memory 0 of the instance that calls; nil if it has none.
  public let memory: Memory?
}

struct HostFunction {
  var record: UnsafeMutablePointer<FunctionRecord>
  var body: (HostCall) throws -> Void
}

extension Store {
  /// A function of the host. What it throws ends the call, a `Trap` as a trap of that kind.
  public func makeFunction(_ type: FuncType, _ body: @escaping (HostCall) throws -> Void) -> Function {
    let params = FuncType.slots(type.params)
    let results = FuncType.slots(type.results)
    let record = UnsafeMutablePointer<FunctionRecord>.allocate(capacity: 1)
    record.initialize(
      to: FunctionRecord(
        code: UnsafePointer(record.stub), frameSlots: max(params + UInt32(headerSlots), results),
        paramSlots: params, resultSlots: results, type: types.add(type), instance: nil,
        stub: Instruction(.host, word: UInt64(at: record)), index: UInt32(hostFunctions.count)))
    hostFunctions.append(HostFunction(record: record, body: body))
    return Function(record: record, store: self)
  }

  public func makeMemory(_ type: MemType) throws(InstantiationError) -> Memory {
    let memory = try Memory(type, in: self)
    memories.append(memory)
    return memory
  }

  /// Of functions or of the host's references; all entries are null.
  public func makeTable(_ type: TableType) throws(InstantiationError) -> Table {
    let table = try Table(type, filledWith: 0, in: self)
    tables.append(table)
    return table
  }

  public func makeGlobal(_ type: GlobalType, _ low: UInt64, _ high: UInt64 = 0) -> Global {
    let global = Global(type, low, high)
    globals.append(global)
    return global
  }
}

extension UnsafeMutablePointer where Pointee == FunctionRecord {
  /// Where the function's first instruction lies.
  var stub: UnsafeMutablePointer<Instruction> {
    (UnsafeMutableRawPointer(self) + MemoryLayout<FunctionRecord>.offset(of: \.stub)!)
      .assumingMemoryBound(to: Instruction.self)
  }
}

@inline(never)
func callHost(
  _ state: UnsafeMutablePointer<ExecutionState>, _ function: UnsafeMutablePointer<FunctionRecord>,
  _ slots: UnsafeMutablePointer<UInt64>
) -> Trap {
  let store = state.pointee.store.takeUnretainedValue()
  let memory = state.pointee.instance.pointee.memory.pointee.index
  let frameTop = state.pointee.frameTop
  state.pointee.isInHost.pointee = 1
  defer {
    state.pointee.isInHost.pointee = 0
    state.pointee.frameTop = frameTop
  }
  do {
    try store.hostFunctions[Int(function.pointee.index)].body(
      HostCall(slots: slots, store: store, memory: memory < 0 ? nil : store.memories[memory]))
    return .none
  } catch let trap as Trap {
    return trap
  } catch let error as ExecutionError {
    // Of a call that the function made: as if nobody stood between.
    switch error {
    case .trap(let trap, _): return trap
    case .exception(let exception):
      state.pointee.exception = exception.record
      return .exception
    case .host(let error): store.hostError = error
    }
    return .hostError
  } catch {
    store.hostError = error
    return .hostError
  }
}
