#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The code of all functions that were called. It stays where it is as long as the store lives.
struct CodeArena: ~Copyable {
  private struct Chunk {
    var start: UnsafeMutablePointer<Instruction>
    var used = 0
    var capacity: Int
    /// In the order of their addresses.
    var functions: [CompiledFunction] = []
  }
  private var chunks: [Chunk] = []

  deinit { for chunk in chunks { chunk.start.deallocate() } }

  /// Copies code to its place. Nil if there is no memory.
  mutating func add(_ output: FunctionCompiler.Output, _ record: UnsafeMutablePointer<FunctionRecord>)
    -> UnsafePointer<Instruction>?
  {
    let count = output.code.count
    if chunks.last.map({ $0.capacity - $0.used < count }) ?? true {
      // Doubling: few chunks to search.
      let capacity = max(count, min(4096 << chunks.count, 1 << 20))
      guard let memory = malloc(capacity * MemoryLayout<Instruction>.stride) else { return nil }
      chunks.append(
        Chunk(start: memory.bindMemory(to: Instruction.self, capacity: capacity), capacity: capacity))
    }
    let last = chunks.count - 1
    let start = chunks[last].start + chunks[last].used
    output.code.withUnsafeBufferPointer { start.initialize(from: $0.baseAddress!, count: count) }
    chunks[last].used += count
    chunks[last].functions.append(
      CompiledFunction(start: UnsafePointer(start), count: count, record: record, handlers: output.handlers))
    return UnsafePointer(start)
  }

  /// The function whose code is at an address; nil for code of the store's own.
  func function(at pc: UnsafePointer<Instruction>) -> CompiledFunction? {
    for chunk in chunks where pc >= chunk.start && pc < chunk.start + chunk.used {
      var low = 0
      var high = chunk.functions.count
      while high - low > 1 {
        let middle = (low + high) / 2
        if chunk.functions[middle].start <= pc { low = middle } else { high = middle }
      }
      return chunk.functions[low]
    }
    return nil
  }
}

struct CompiledFunction {
  var start: UnsafePointer<Instruction>
  var count: Int
  var record: UnsafeMutablePointer<FunctionRecord>
  var handlers: [Handler]
}

/// Compiles the function that is about to run.
@inline(never)
func compileFunction(
  _ state: UnsafeMutablePointer<ExecutionState>, _ record: UnsafeMutablePointer<FunctionRecord>
) -> Trap {
  let store = state.pointee.store.takeUnretainedValue()
  let instance = store.instances[record.pointee.instance!.pointee.index]
  let compiler = FunctionCompiler(
    instance: instance, function: .init(rawValue: record.pointee.index), options: store.codeOptions,
    interrupt: UnsafePointer(state.pointee.interrupt))
  guard let output = compiler.compile() else { return .interrupted }
  guard let code = store.code.add(output, record) else { return .outOfMemory }
  record.pointee.code = code
  record.pointee.frameSlots = output.frameSlots
  return .none
}

extension Instance {
  /// Compiles now what would be compiled when it is called first: all functions of the module.
  ///
  /// - Returns: false if there is no memory for their code.
  public func compileFunctions() -> Bool {
    functions.dropFirst(module.importedFunctionCount).allSatisfy { record in
      record.pointee.code != UnsafePointer(record.stub) || compileFunction(store.state, record) == .none
    }
  }
}
