import Support

/// Predecessors and successors of a function's blocks, and a reverse post-order of those that the entry
/// reaches. A snapshot: changing a terminator makes it stale.
public struct ControlFlowGraph: Sendable {
  /// A branch: where it comes from, and its block call.
  public struct Edge: Hashable, Sendable {
    public var from: Block
    public var call: BlockCall
  }

  /// Edges into block b: `edges[starts[b] ..< starts[b + 1]]`, in layout order. A `brTable` counts once for
  /// each block call.
  private var edges: [Edge] = []
  private var starts: [Int] = []
  /// The same for targets out of a block.
  private var targets: [Block] = []
  private var targetStarts: [Int] = []
  /// Blocks that the entry reaches, in reverse post-order; the entry is first.
  public private(set) var reversePostorder: [Block] = []
  /// Position in `reversePostorder`; -1 for blocks that the entry does not reach.
  private var positions: [Int32] = []

  /// Linear in blocks and branches.
  public init(_ function: Function) {
    let count = function.blockParams.count
    var counts = Array(repeating: 0, count: count)
    var outgoing: [(call: BlockCall, from: Block)] = []
    targetStarts = Array(repeating: 0, count: count + 1)
    var successors: [Int] = Array(repeating: 0, count: count)
    for block in function.blockOrder {
      guard let last = function.terminator(of: block) else { continue }
      function.forEachDistinctBlockCall(of: last) { call in
        outgoing.append((call, block))
        counts[function.blockCalls[call].block.index] += 1
        successors[block.index] += 1
      }
    }
    starts = Array(repeating: 0, count: count + 1)
    for index in 0..<count {
      starts[index + 1] = starts[index] + counts[index]
      targetStarts[index + 1] = targetStarts[index] + successors[index]
    }
    var cursor = starts
    var targetCursor = targetStarts
    edges = Array(
      repeating: Edge(from: .none, call: .none), count: outgoing.count)
    targets = Array(repeating: .none, count: outgoing.count)
    for (call, from) in outgoing {
      let to = function.blockCalls[call].block
      edges[cursor[to.index]] = Edge(from: from, call: call)
      cursor[to.index] += 1
      targets[targetCursor[from.index]] = to
      targetCursor[from.index] += 1
    }
    positions = Array(repeating: -1, count: count)
    if let entry = function.blockOrder.first { computeOrder(from: entry) }
  }

  private mutating func computeOrder(from entry: Block) {
    // Depth first with an explicit stack of (block, next successor).
    var stack: [(block: Block, next: Int)] = [(entry, targetStarts[entry.index])]
    positions[entry.index] = 0
    var postorder: [Block] = []
    while let top = stack.last {
      if top.next < targetStarts[top.block.index + 1] {
        stack[stack.count - 1].next += 1
        let target = targets[top.next]
        if positions[target.index] < 0 {
          positions[target.index] = 0
          stack.append((target, targetStarts[target.index]))
        }
      } else {
        postorder.append(top.block)
        stack.removeLast()
      }
    }
    reversePostorder = postorder.reversed()
    for (position, block) in reversePostorder.enumerated() { positions[block.index] = Int32(position) }
  }

  public func predecessors(of block: Block) -> ArraySlice<Edge> {
    edges[starts[block.index]..<starts[block.index + 1]]
  }
  public func successors(of block: Block) -> ArraySlice<Block> {
    targets[targetStarts[block.index]..<targetStarts[block.index + 1]]
  }
  public func isReachable(_ block: Block) -> Bool { positions[block.index] >= 0 }
  /// Position in the reverse post-order of a block that is reachable.
  public func position(of block: Block) -> Int { Int(positions[block.index]) }
}
