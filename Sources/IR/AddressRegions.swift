import Support

// Parts of a memory that accesses never leave.
//
// A C compiler knows that a store to one array leaves another one alone. In wasm both are numbers, and LLVM looks no
// further than constants and common bases: what the loops around it leave constant is loaded again in each turn, and
// sums go through memory. But the addresses of accesses to arrays with constant bounds have ranges (`ValueRanges`):
// where these are apart, so are the accesses, whatever runs. LLVM is told by scopes (`!alias.scope`, `!noalias`).

/// Which accesses of a function are known to be in one of several parts of their memory.
public struct AddressRegions {
  /// Each access's region.
  public private(set) var regions: [Inst: Int] = [:]
  /// The memory of each region; those of one memory are apart.
  public private(set) var memories: [MemoryID] = []

  /// Each access names all other regions.
  private static let mostRegions = 24

  private struct Access {
    var inst: Inst
    var first: UInt64
    var last: UInt64
    var isConstant: Bool
  }

  public init(_ function: Function) {
    guard function.insts.values.contains(where: { $0.opcode.isStore }) else { return }
    var accesses: [MemoryID: [Access]] = [:]
    var ranges = ValueRanges(function)
    for block in function.blockOrder {
      for inst in function.blockInsts[block] {
        let data = function.insts[inst]
        guard [.load, .store, .loadLane].contains(data.opcode.format), !data.opcode.isAtomic else { continue }
        let memArg = function.memArgs[MemArgID(rawValue: data.c)]
        guard memArg.offset < 1 << 40 else { continue }
        let index = ranges.range(of: data.valueA)
        let width = UInt64(data.accessByteCount)
        let first = index.low.addingReportingOverflow(memArg.offset)
        let last = index.high.addingReportingOverflow(memArg.offset + width - 1)
        guard !first.overflow, !last.overflow else { continue }
        accesses[memArg.memory, default: []].append(
          Access(inst: inst, first: first.partialValue, last: last.partialValue, isConstant: index.isConstant)
        )
      }
    }
    for memory in accesses.keys.sorted() { add(accesses[memory]!, memory) }
  }

  /// An array is where the ranges of some accesses overlap. All single places outside of arrays are one region: LLVM
  /// tells them apart by itself.
  private mutating func add(_ accesses: [Access], _ memory: MemoryID) {
    var places: [Access] = []
    var arrays: [(last: UInt64, accesses: [Access])] = []
    for access in accesses.sorted(by: { ($0.first, $0.inst) < ($1.first, $1.inst) }) {
      if let array = arrays.last, access.first <= array.last {
        arrays[arrays.count - 1].last = max(array.last, access.last)
        arrays[arrays.count - 1].accesses.append(access)
      } else {
        arrays.append((access.last, [access]))
      }
    }
    arrays.removeAll { array in
      guard array.accesses.allSatisfy(\.isConstant) else { return false }
      places += array.accesses
      return true
    }
    let regions = (arrays.map(\.accesses) + [places]).filter { !$0.isEmpty }
    guard regions.count > 1, memories.count + regions.count <= Self.mostRegions else { return }
    for region in regions {
      for access in region { self.regions[access.inst] = memories.count }
      memories.append(memory)
    }
  }
}
