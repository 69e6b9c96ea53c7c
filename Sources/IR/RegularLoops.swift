extension Function {
  /// Whether a vectoriser might take one of the loops: one that only computes, and whose addresses do not come from
  /// memory.
  public func hasRegularLoop() -> Bool {
    guard insts.values.contains(where: { $0.opcode.isLoad || $0.opcode.isStore }) else { return false }
    let graph = ControlFlowGraph(self)
    let dominators = Dominators(self, graph)
    let loops = innermostLoops(graph, dominators)
    if loops.isEmpty { return false }
    let numbers = ValueNumbers(self, graph)
    return loops.contains { loop in
      isOnlyComputing(loop) && LoopValues(self, numbers, dominators, loop).isRegular
    }
  }
}

extension LoopValues {
  fileprivate var isRegular: Bool {
    let accesses = loads + stores
    guard !accesses.isEmpty, accesses.allSatisfy(\.isRegular) else { return false }
    // Not a walk along pointers.
    return function.blockParams[loop.header].allSatisfy { param in
      latchArgument(of: param).flatMap { definition($0) }.map { !$0.opcode.isLoad } ?? true
    }
  }
}
