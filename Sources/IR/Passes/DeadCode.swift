import Support

extension Function {
  /// Removes instructions that nothing uses and block parameters that nothing reads, also where they only
  /// use each other (a counter that only counts).
  ///
  /// What may trap stays, used or not: a load whose value is dropped still has its trap, and the
  /// specification wants to see it (DESIGN, "exact traps"). So do writes and calls.
  mutating func eliminateDeadCode() {
    let graph = ControlFlowGraph(self)
    var isLive = SecondaryMap<Inst, Bool>(default: false, capacity: insts.count)
    var isUsed = SecondaryMap<Value, Bool>(default: false, capacity: values.count)
    var work: [Value] = []
    func use(_ value: Value) {
      let value = resolve(value)
      if !isUsed[value] {
        isUsed[value] = true
        work.append(value)
      }
    }
    for block in blockOrder {
      for inst in blockInsts[block] where !insts[inst].opcode.effects.isDisjoint(with: .keep) {
        isLive[inst] = true
        forEachOperand(of: inst) { use($0) }
      }
    }
    for param in blockOrder.first.map({ blockParams[$0] }) ?? [] { isUsed[param] = true }
    while let value = work.popLast() {
      let data = values[value]
      if data.kind == .result {
        let inst = Inst(rawValue: data.owner)
        if isLive[inst] { continue }
        isLive[inst] = true
        forEachOperand(of: inst) { use($0) }
      } else {
        for edge in graph.predecessors(of: Block(rawValue: data.owner)) {
          use(valueLists.element(blockCalls[edge.call].arguments, at: Int(data.number)))
        }
      }
    }
    for block in blockOrder where blockInsts[block].contains(where: { !isLive[$0] }) {
      blockInsts[block].removeAll { !isLive[$0] }
    }
    removeParams { value, _ in !isUsed[value] }
  }
}

extension Effects {
  /// Any of these keeps an instruction whose results nobody uses.
  static let keep: Effects = [.traps, .writes, .terminator]
}
