import Support

/// The dominator tree of the blocks that the entry reaches.
///
/// Blocks are visited in reverse post-order, each becoming the child of its predecessors' nearest common
/// ancestor, which skip pointers find in logarithmic time. For reducible graphs (all that come from wasm) one
/// visit is enough; others are iterated as in Cooper, Harvey, Kennedy, "A Simple, Fast Dominance Algorithm".
public struct Dominators: Sendable {
  private struct Node {
    var idom = Block.none
    var skip = Block.none
    var depth: Int32 = -1
    /// Numbers of a walk over the tree: `a` dominates `b` if b's interval lies in a's.
    var enter: Int32 = 0
    var leave: Int32 = -1
  }
  private var nodes: PrimaryMap<Block, Node>

  public init(_ function: Function, _ graph: ControlFlowGraph) {
    nodes = PrimaryMap(Array(repeating: Node(), count: function.blockParams.count))
    guard let entry = graph.reversePostorder.first else { return }
    build(graph, entry)
    if !isFixpoint(graph, entry) { iterate(graph, entry) }
    number(graph, entry)
  }

  /// The block that dominates `block` and is dominated by all others that do; nil for the entry and for
  /// unreachable blocks.
  public func immediateDominator(of block: Block) -> Block? {
    let idom = nodes[block].idom
    return idom.isNone ? nil : idom
  }

  /// Every path from the entry to `b` goes through `a`. False if either is unreachable.
  public func dominates(_ a: Block, _ b: Block) -> Bool {
    nodes[a].enter <= nodes[b].enter && nodes[b].leave <= nodes[a].leave && nodes[b].leave >= 0
  }

  /// Depth in the tree; the entry's is 0, that of unreachable blocks is negative.
  public func depth(of block: Block) -> Int { Int(nodes[block].depth) }

  // MARK: - Reducible graphs

  private mutating func build(_ graph: ControlFlowGraph, _ entry: Block) {
    nodes[entry].depth = 0
    for block in graph.reversePostorder.dropFirst() { link(block, under: common(graph, block)) }
  }

  private func common(_ graph: ControlFlowGraph, _ block: Block) -> Block {
    var result = Block.none
    for edge in graph.predecessors(of: block) where nodes[edge.from].depth >= 0 {
      result = result.isNone ? edge.from : commonAncestor(result, edge.from)
    }
    return result
  }

  private mutating func link(_ block: Block, under parent: Block) {
    nodes[block].idom = parent
    nodes[block].depth = nodes[parent].depth + 1
    let skip = nodes[parent].skip
    if !skip.isNone, !nodes[skip].skip.isNone,
      nodes[parent].depth - nodes[skip].depth == nodes[skip].depth - nodes[nodes[skip].skip].depth
    {
      nodes[block].skip = nodes[skip].skip
    } else {
      nodes[block].skip = parent
    }
  }

  private func commonAncestor(_ a: Block, _ b: Block) -> Block {
    var a = a
    var b = b
    if nodes[a].depth < nodes[b].depth { swap(&a, &b) }
    while nodes[a].depth > nodes[b].depth {
      let skip = nodes[a].skip
      a = nodes[skip].depth >= nodes[b].depth ? skip : nodes[a].idom
    }
    while a != b {
      // Skip pointers from equal depths are equally long.
      if nodes[a].skip != nodes[b].skip {
        a = nodes[a].skip
        b = nodes[b].skip
      } else {
        a = nodes[a].idom
        b = nodes[b].idom
      }
    }
    return a
  }

  private func isFixpoint(_ graph: ControlFlowGraph, _ entry: Block) -> Bool {
    for block in graph.reversePostorder where block != entry {
      if common(graph, block) != nodes[block].idom { return false }
    }
    return true
  }

  // MARK: - Irreducible graphs

  private mutating func iterate(_ graph: ControlFlowGraph, _ entry: Block) {
    nodes[entry].idom = entry
    var changed = true
    while changed {
      changed = false
      for block in graph.reversePostorder where block != entry {
        var result = Block.none
        for edge in graph.predecessors(of: block) where graph.isReachable(edge.from) {
          var a = edge.from
          if !result.isNone {
            var b = result
            while a != b {
              if graph.position(of: a) > graph.position(of: b) {
                a = nodes[a].idom
              } else {
                b = nodes[b].idom
              }
            }
          }
          result = a
        }
        if nodes[block].idom != result {
          nodes[block].idom = result
          changed = true
        }
      }
    }
    nodes[entry].idom = .none
    for block in graph.reversePostorder where block != entry { link(block, under: nodes[block].idom) }
  }

  // MARK: - Intervals

  private mutating func number(_ graph: ControlFlowGraph, _ entry: Block) {
    // A subtree's size is known once its blocks, which come later in reverse post-order, are added up.
    var sizes = PrimaryMap<Block, Int32>(Array(repeating: 1, count: nodes.count))
    for block in graph.reversePostorder.reversed() where block != entry {
      sizes[nodes[block].idom] += sizes[block]
    }
    // Where the next child of a block starts.
    var cursor = PrimaryMap<Block, Int32>(Array(repeating: 0, count: nodes.count))
    for block in graph.reversePostorder {
      let start: Int32
      if block == entry {
        start = 0
      } else {
        start = cursor[nodes[block].idom]
        cursor[nodes[block].idom] += sizes[block]
      }
      nodes[block].enter = start
      nodes[block].leave = start + sizes[block] - 1
      cursor[block] = start + 1
    }
  }
}
