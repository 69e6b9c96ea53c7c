import Support

extension Function {
  /// Joins charges of fuel, and removes checks behind which nothing was charged since the last one.
  ///
  /// A charge moves to an earlier one if the two are always executed together and nobody can see the count between them:
  /// neither a check, nor a call, nor a trap is there. So wherever the program ends or leaves its code, the count
  /// is what it would have been.
  mutating func mergeFuel() {
    guard insts.values.contains(where: { $0.opcode.isFuel }) else { return }
    let graph = ControlFlowGraph(self)
    var ends = SecondaryMap<Block, FuelState>(default: FuelState(), capacity: blockParams.count)
    for block in graph.reversePostorder {
      ends[block] = mergeFuel(in: block, from: stateBefore(block, graph, ends))
    }
    var moved: Set<Inst> = []
    for block in graph.reversePostorder.reversed() { moveChargeUp(from: block, graph, ends, &moved) }
  }

  /// What is known where a block begins that one branch leads to.
  private func stateBefore(
    _ block: Block, _ graph: ControlFlowGraph, _ ends: SecondaryMap<Block, FuelState>
  ) -> FuelState {
    let edges = graph.predecessors(of: block)
    guard edges.count == 1, let edge = edges.first, graph.isReachable(edge.from) else { return FuelState() }
    var state = ends[edge.from]
    if !endsInJump(edge.from) { state.charge = .none }
    return state
  }

  private func endsInJump(_ block: Block) -> Bool {
    terminator(of: block).map { insts[$0].opcode == .jump } ?? false
  }

  private mutating func mergeFuel(in block: Block, from start: FuelState) -> FuelState {
    var state = start
    var kept: [Inst] = []
    kept.reserveCapacity(blockInsts[block].count)
    for inst in blockInsts[block] {
      let opcode = insts[inst].opcode
      switch opcode {
      case .fuelCharge:
        if add(insts[inst].c, to: state.charge) { continue }
        state = FuelState(charge: inst)
      case .fuelCheck:
        if state.isChecked { continue }
        state = FuelState(isChecked: true)
      default:
        if opcode.showsFuel { state.charge = .none }
        if opcode.isCall { state.isChecked = false }
      }
      kept.append(inst)
    }
    if kept.count < blockInsts[block].count { blockInsts[block] = kept }
    return state
  }

  /// Adds to a charge. False if there is none, or it would not fit.
  private mutating func add(_ cost: UInt32, to charge: Inst) -> Bool {
    if charge.isNone { return false }
    let (sum, overflows) = insts[charge].c.addingReportingOverflow(cost)
    if overflows { return false }
    insts[charge].c = sum
    return true
  }

  /// Moves the charge that a block begins with into all blocks in front, if they end in jumps to it, and with a charge.
  private mutating func moveChargeUp(
    from block: Block, _ graph: ControlFlowGraph, _ ends: SecondaryMap<Block, FuelState>,
    _ moved: inout Set<Inst>
  ) {
    let edges = graph.predecessors(of: block).filter { graph.isReachable($0.from) }
    guard edges.count > 1,
      let position = blockInsts[block].firstIndex(where: {
        insts[$0].opcode.isFuel || insts[$0].opcode.showsFuel
      }), insts[blockInsts[block][position]].opcode == .fuelCharge
    else { return }
    let charge = blockInsts[block][position]
    let cost = insts[charge].c
    for edge in edges {
      let target = ends[edge.from].charge
      // (A block that jumps to itself can't take what it begins with.)
      guard endsInJump(edge.from), !target.isNone, target != charge, !moved.contains(target),
        !insts[target].c.addingReportingOverflow(cost).overflow
      else { return }
    }
    for edge in edges { insts[ends[edge.from].charge].c += cost }
    blockInsts[block].remove(at: position)
    moved.insert(charge)
  }
}

/// What is known of the count at some place.
private struct FuelState {
  /// The last charge, if nobody can see the count between it and here.
  var charge = Inst.none
  /// Nothing was charged since the last check, nor anything called.
  var isChecked = false
}

extension Opcode {
  fileprivate var isFuel: Bool { self == .fuelCharge || self == .fuelCheck }

  /// Behind it the program may not go on, or others look at the count.
  fileprivate var showsFuel: Bool {
    // An exception that there is no memory for ends the program.
    effects.contains(.traps) || self == .exceptionNew
  }
}
