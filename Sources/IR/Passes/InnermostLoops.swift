import Support

/// A loop without another one in it.
struct InnermostLoop {
  /// In reverse post-order: the header is first.
  let blocks: [Block]
  /// Branches back to the header.
  let latches: [ControlFlowGraph.Edge]
  /// The branches from outside to the header.
  let entries: [ControlFlowGraph.Edge]

  var header: Block { blocks[0] }
}

extension Function {
  /// The innermost loops of a size that an optimiser would bother to vectorise. Linear: what is larger, or has
  /// another loop in it, is given up after a fixed number of steps.
  func innermostLoops(_ graph: ControlFlowGraph, _ dominators: Dominators) -> [InnermostLoop] {
    func isLatch(_ edge: ControlFlowGraph.Edge, of block: Block) -> Bool {
      graph.isReachable(edge.from) && dominators.dominates(block, edge.from)
    }
    var isHeader = SecondaryMap<Block, Bool>(default: false)
    var headers: [Block] = []
    for block in graph.reversePostorder
    where graph.predecessors(of: block).contains(where: { isLatch($0, of: block) }) {
      isHeader[block] = true
      headers.append(block)
    }
    return headers.compactMap { header in
      let edges = graph.predecessors(of: header).filter { graph.isReachable($0.from) }
      let latches = edges.filter { isLatch($0, of: header) }
      guard let blocks = blocksOfLoop(header, latches, isHeader, graph) else { return nil }
      return InnermostLoop(
        blocks: blocks, latches: latches, entries: edges.filter { !isLatch($0, of: header) })
    }
  }

  private func blocksOfLoop(
    _ header: Block, _ latches: [ControlFlowGraph.Edge], _ isHeader: SecondaryMap<Block, Bool>,
    _ graph: ControlFlowGraph
  ) -> [Block]? {
    var known: Set<Block> = [header]
    var work = latches.map(\.from)
    var steps = 0
    while let block = work.popLast() {
      if !known.insert(block).inserted { continue }
      if isHeader[block] { return nil }
      for edge in graph.predecessors(of: block) where graph.isReachable(edge.from) {
        steps += 1
        if steps > Self.largestLoop { return nil }
        work.append(edge.from)
      }
    }
    return known.sorted { graph.position(of: $0) < graph.position(of: $1) }
  }

  private static let largestLoop = 256
}
