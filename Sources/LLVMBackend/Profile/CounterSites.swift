import IR

/// Where a function counts: one counter for its calls, then for each branch of its blocks, in their order, one for every
/// way that it can go.
///
/// It is asked of the IR that is lowered, behind all passes: the build that counts and the one that makes use of the
/// counts see the same, or another `shape`.
struct CounterSites {
  /// Counters of the function.
  private(set) var count = 1
  /// Of what passes left of the body, whatever is around it: a function that moves in its module, or calls another one, keeps
  /// its counts.
  private(set) var shape: UInt64 = 0xcbf2_9ce4_8422_2325
  /// By block; 0 where none counts.
  private var firstCounters: [Int]

  /// Tables with more entries than this are not counted: there, one counter each would be more memory than the module.
  static let longestTable = 1024

  init(_ function: Function) {
    firstCounters = Array(repeating: 0, count: function.blockInsts.count)
    for block in function.blockOrder {
      mix(UInt64(block.rawValue))
      for inst in function.blockInsts[block] {
        let data = function.insts[inst]
        mix(UInt64(data.opcode.rawValue) << 8 | UInt64(data.shape.rawValue))
      }
      guard let last = function.terminator(of: block) else { continue }
      function.forEachBlockCall(of: last) { mix(UInt64(function.blockCalls[$0].block.rawValue)) }
      let ways = Self.ways(function.insts[last], in: function)
      if ways > 0 {
        firstCounters[block.index] = count
        count += ways
      }
    }
  }

  /// How many counters each function of a module has, and its shape; nil where it has no body.
  static func all(of module: IR.Module, jobs: Int) -> [(count: Int, shape: UInt64)?] {
    module.bodies.map(jobs: jobs) { _, body in
      let sites = CounterSites(body)
      return (sites.count, sites.shape)
    }
  }

  /// The first counter of the branch at the block's end; nil if it has none. Of a `brif` this one is of going on, the next
  /// one of being taken; of a table they are in the order of its entries.
  func firstCounter(of block: Block) -> Int? {
    firstCounters[block.index] == 0 ? nil : firstCounters[block.index]
  }

  private static func ways(_ data: InstData, in function: Function) -> Int {
    switch data.opcode {
    // Exceptions are rare whatever was counted.
    case .brif: return function.definition(of: data.valueA)?.opcode == .exceptionPending ? 0 : 2
    case .brTable:
      let entries = function.jumpTables[JumpTable(rawValue: data.c)].count
      return entries <= longestTable ? entries : 0
    default: return 0
    }
  }

  /// FNV-1a, a word at a time.
  private mutating func mix(_ word: UInt64) { shape = (shape ^ word) &* 0x100_0000_01b3 }
}
