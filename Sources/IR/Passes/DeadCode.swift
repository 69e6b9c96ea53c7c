import Support

extension Function {
  /// Removes instructions that nothing uses and block parameters that nothing reads, also where they only
  /// use each other (a counter that only counts).
  ///
  /// What may trap stays, used or not: a load whose value is dropped still has its trap, and the
  /// specification wants to see it (DESIGN, "exact traps"). So do writes and calls.
  mutating func eliminateDeadCode() {
    let liveness = Liveness(self)
    for block in blockOrder where blockInsts[block].contains(where: { !liveness.isLive[$0] }) {
      blockInsts[block].removeAll { !liveness.isLive[$0] }
    }
    removeParams { value, _ in !liveness.isUsed[value] }
  }
}

/// What has an effect, and what that needs.
private struct Liveness {
  private(set) var isLive: SecondaryMap<Inst, Bool>
  private(set) var isUsed: SecondaryMap<Value, Bool>
  private var work: [Value] = []

  init(_ function: Function) {
    isLive = SecondaryMap(default: false, capacity: function.insts.count)
    isUsed = SecondaryMap(default: false, capacity: function.values.count)
    for block in function.blockOrder {
      for inst in function.blockInsts[block]
      where !function.insts[inst].opcode.effects.isDisjoint(with: .keep) {
        isLive[inst] = true
        function.forEachOperand(of: inst) { use($0, function) }
      }
    }
    if let entry = function.blockOrder.first {
      for param in function.blockParams[entry] { isUsed[param] = true }
    }
    propagate(function, ControlFlowGraph(function))
  }

  private mutating func use(_ value: Value, _ function: Function) {
    let value = function.resolve(value)
    if isUsed[value] { return }
    isUsed[value] = true
    work.append(value)
  }

  private mutating func propagate(_ function: Function, _ graph: ControlFlowGraph) {
    while let value = work.popLast() {
      let data = function.values[value]
      if data.kind == .result {
        let inst = Inst(rawValue: data.owner)
        if isLive[inst] { continue }
        isLive[inst] = true
        function.forEachOperand(of: inst) { use($0, function) }
      } else {
        for edge in graph.predecessors(of: Block(rawValue: data.owner)) {
          let arguments = function.blockCalls[edge.call].arguments
          use(function.valueLists.element(arguments, at: Int(data.number)), function)
        }
      }
    }
  }
}

extension Effects {
  /// Any of these keeps an instruction whose results nobody uses.
  static let keep: Effects = [.traps, .writes, .terminator]
}
