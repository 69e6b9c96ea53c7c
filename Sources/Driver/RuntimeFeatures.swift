import CRuntimeABI
import IR
import LLVMBackend
import Linker

// What of the runtime a module makes use of: the system calls of an app's sandbox follow from it.

extension IR.Module {
  /// Names of the host functions that are linked in, sorted.
  var hostFunctions: [String] {
    Set(
      functions.values.compactMap { function in
        if case .imported(let symbol) = function.definition {
          HostFunctions.name(ofSymbol: symbol)?.description
        } else {
          nil
        }
      }
    ).sorted()
  }
}

extension BuildOptions {
  func runtimeFeatures(of module: IR.Module, jobs: Int) -> [RuntimeFeature] {
    var features: [RuntimeFeature] = []
    if boundsChecks == .guardPages { features.append(.faultHandlers) }
    if limits.timeout != nil || grants.isOpenAtRunTime { features.append(.timeout) }
    if invoke != nil { features.append(.invoke) }
    if isScriptDriven { features.append(.script) }
    if !module.tags.isEmpty { features.append(.exceptions) }
    var usage = GrowthAndWaits()
    for case let other? in module.bodies.map(jobs: jobs, { GrowthAndWaits($1) }) { usage.add(other) }
    for memory in usage.grownMemories.sorted(by: { $0.rawValue < $1.rawValue }) {
      features.append(growth(of: memory, in: module))
    }
    if usage.growsTables { features.append(.growsTables) }
    if usage.waits { features.append(.atomicWaits) }
    return features
  }

  private func growth(of id: MemoryID, in module: IR.Module) -> RuntimeFeature {
    let memory = module.memories[id]
    if boundsChecks.areExplicit(for: memory) {
      return memory.isShared
        ? .growsSharedMemory
        : .growsByMapping(
          start: UInt64(WASMAOT_CHECKED_MEMORIES_BASE), size: UInt64(WASMAOT_CHECKED_MEMORIES_SIZE))
    }
    // 16 GiB from 0, and the place of all other memories: powers of two that hold nothing of the process's own, so that
    // the filter needs to look at a few bits only.
    return id.rawValue == 0
      ? .growsInPlace(start: 0, size: 0x4_0000_0000)
      : .growsInPlace(start: UInt64(WASMAOT_MEMORY_N_BASE), size: 0x800_0000_0000)
  }
}

/// What bodies ask of the runtime.
private struct GrowthAndWaits {
  var grownMemories: Set<MemoryID> = []
  var growsTables = false
  var waits = false

  init() {}

  init(_ body: Function) {
    body.forEachInst { data in
      switch data.opcode {
      case .memoryGrow: grownMemories.insert(MemoryID(rawValue: data.c))
      case .tableGrow: growsTables = true
      case .atomicWait, .atomicNotify: waits = true
      default: break
      }
    }
  }

  mutating func add(_ other: Self) {
    grownMemories.formUnion(other.grownMemories)
    growsTables = growsTables || other.growsTables
    waits = waits || other.waits
  }
}
