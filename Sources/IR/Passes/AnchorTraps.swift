import Support

// Traps that LLVM must not lose.
//
// To LLVM a load is something that can be deleted, narrowed and moved as soon as nobody needs (all of) its
// value at its place; that it may trap does not count. So here, after all other passes, each load's value gets
// a use that LLVM knows nothing about, right behind it: `keep`, which costs no instruction. Only one thing that
// LLVM should do is in the way of a `keep`: vectorising a loop. So in innermost loops that do nothing but
// compute, load and store, a load goes without if LLVM can be shown to need its value: because it decides what
// is stored (LoopExpression.shows), to a place where it lasts, or what the loop has added up in the end
// (LoopExpression.remembers), which is kept behind the loop.
//
// That needs values from outside of the loop to be unknown: `x * n` does not depend on x once inlining shows
// that n is zero. `opaque` makes them so.

extension Function {
  mutating func anchorTraps() {
    let hasLoads = insts.values.contains { $0.opcode.isLoad }
    guard hasLoads else { return }
    resolveAliases()
    var plan = AnchorPlan()
    let graph = ControlFlowGraph(self)
    let dominators = Dominators(self, graph)
    let loops = innermostLoops(graph, dominators)
    if !loops.isEmpty {
      let numbers = ValueNumbers(self, graph)
      for loop in loops where isOnlyComputing(loop) {
        plan.add(LoopValues(self, numbers, dominators, loop))
      }
    }
    apply(plan)
  }

  /// Whether nothing in the loop could be seen from outside while it runs, but memory and its own traps of memory.
  func isOnlyComputing(_ loop: InnermostLoop) -> Bool {
    loop.blocks.allSatisfy { block in
      blockInsts[block].allSatisfy { inst in
        let opcode = insts[inst].opcode
        switch opcode {
        // Nothing moves across a change of fuel; whoever runs out of it has executed what came before.
        case .jump, .brif, .globalSet, .fuelCharge, .fuelCheck: return true
        default:
          return opcode.isLoad || opcode.isStore
            || opcode.effects.isDisjoint(with: [.traps, .writes, .terminator])
        }
      }
    }
  }
}

extension Opcode {
  var isLoad: Bool {
    switch self {
    case .load, .load8S, .load8U, .load16S, .load16U, .load32S, .load32U, .loadExtendS, .loadExtendU,
      .loadSplat,
      .loadZero, .loadLane:
      true
    default: false
    }
  }
}

/// What is to be done for a function's loads.
private struct AnchorPlan {
  struct Argument: Hashable {
    var call: BlockCall
    var number: Int
  }

  /// Loads that need no `keep`.
  var anchored: Set<Inst> = []
  /// Operands to make unknown.
  var hidden: Set<LoopExpression.Operand> = []
  /// Arguments of the branches into loops to make unknown.
  var hiddenArguments: Set<Argument> = []
  /// Values to keep on the way out of a loop.
  var exits: [(from: Block, call: BlockCall, value: Value)] = []

  mutating func add(_ values: LoopValues) {
    if !values.isUnrolled { addStores(values) }
    addSums(values)
  }

  private mutating func addStores(_ values: LoopValues) {
    var isAnchoring = false
    for store in values.stores where values.isLasting(store) {
      let data = values.function.insts[store.inst]
      guard let expression = LoopExpression(data.valueB, in: store.block, of: values) else { continue }
      let width = data.opcode.accessWidth(data.shape)
      let shown = expression.loads.filter {
        !anchored.contains($0.inst) && expression.shows($0, width: width, storedTo: store.range)
      }
      if shown.isEmpty { continue }
      anchor(shown, by: expression, values)
      isAnchoring = true
    }
    // How often the loop turns must not become a small constant, either.
    guard isAnchoring else { return }
    let bounds = values.bounds
    hidden.formUnion(bounds.operands)
    for param in bounds.params {
      if let start = values.entryArgument(of: param), values.constant(start) == nil {
        hideStart(of: param, values)
      }
    }
  }

  private mutating func anchor(
    _ loads: [LoopValues.Access], by expression: LoopExpression, _ values: LoopValues
  ) {
    anchored.formUnion(loads.map(\.inst))
    hidden.formUnion(expression.outsideOperands)
    for param in expression.freeParams { hideStart(of: param, values) }
  }

  private mutating func hideStart(of param: Value, _ values: LoopValues) {
    let number = Int(values.function.values[param].number)
    hiddenArguments.insert(Argument(call: values.loop.entries[0].call, number: number))
  }

  private mutating func addSums(_ values: LoopValues) {
    // Behind a loop that can be shown to go on for ever nobody needs what it adds up.
    guard values.surelyEnds else { return }
    for param in values.function.blockParams[values.loop.header] {
      guard let start = values.entryArgument(of: param), let next = values.latchArgument(of: param),
        next != param, values.definition(next) != nil, let block = values.definingBlock(next),
        let expression = LoopExpression(next, in: block, of: values, state: param), expression.usesState
      else { continue }
      let initial = values.constant(start)
      let type = values.function.type(of: param)
      // Whoever knows what one turn reads may know that the sum stays as it is then, whatever the others read. So
      // nobody may know where they read.
      var shown: [LoopValues.Access] = []
      var leaves: [AddressLeaf] = []
      let neverStays = expression.neverStays
      for load in expression.loads
      where !anchored.contains(load.inst) && expression.remembers(load, initial: initial, type) {
        if !neverStays {
          guard let leaf = addressLeaf(of: load, values) else { continue }
          leaves.append(leaf)
        }
        shown.append(load)
      }
      guard !shown.isEmpty else { continue }
      for leaf in leaves {
        switch leaf {
        case .start(let param): hideStart(of: param, values)
        case .operand(let operand): hidden.insert(operand)
        }
      }
      anchor(shown, by: expression, values)
      if initial == nil { hideStart(of: param, values) }
      // An exit in front of the sum's computation leaves with the turn before's.
      for exit in values.exits {
        let value = values.dominators.dominates(block, exit.from) ? next : param
        exits.append((exit.from, exit.call, value))
      }
    }
  }
}

extension AnchorPlan {
  /// What an address is unknown by, in each turn, once it is unknown itself.
  private enum AddressLeaf {
    /// What a counter starts with.
    case start(Value)
    case operand(LoopExpression.Operand)
  }

  /// Nil if the address is a constant in some turn.
  private func addressLeaf(of load: LoopValues.Access, _ values: LoopValues) -> AddressLeaf? {
    let function = values.function
    let base = function.splitSum(function.insts[load.inst].valueA).base
    guard let home = values.definingBlock(base) else { return nil }
    guard let sum = values.definition(base) else {
      guard home == values.loop.header, values.isCounter(base),
        let next = values.latchArgument(of: base), values.definition(next) != nil,
        let start = values.entryArgument(of: base), values.constant(start) == nil
      else { return nil }
      return .start(base)
    }
    guard sum.opcode == .iadd else { return nil }
    for operand in [function.resolve(sum.valueA), function.resolve(sum.valueB)]
    where values.definingBlock(operand) == nil && values.constant(operand) == nil {
      return .operand(
        LoopExpression.Operand(inst: Inst(rawValue: function.values[base].owner), value: operand))
    }
    return nil
  }
}

// MARK: - Doing it

extension Function {
  private mutating func apply(_ plan: AnchorPlan) {
    var added = AddedInsts()
    hide(plan, &added)
    for exit in plan.exits { keep(exit.value, onBranch: exit.call, from: exit.from) }
    for block in blockOrder {
      var result = added.atStart[block] ?? []
      result.reserveCapacity(blockInsts[block].count)
      // A call whose test comes next: there is nothing between the two.
      var tested: Inst?
      for (position, inst) in blockInsts[block].enumerated() {
        result.append(inst)
        if insts[inst].opcode.isLoad, !plan.anchored.contains(inst) {
          result.append(makeKeep(self.result(of: inst), at: inst))
        }
        let rest = blockInsts[block][(position + 1)...]
        if let next = rest.first, insts[next].opcode == .exceptionPending {
          tested = inst
          continue
        }
        if let call = tested { added.append(behind: call, to: &result) }
        tested = nil
        added.append(behind: inst, to: &result)
      }
      blockInsts[block] = result
    }
  }

  private struct AddedInsts {
    var behind: [Inst: Inst] = [:]
    var atStart: [Block: [Inst]] = [:]

    func append(behind inst: Inst, to insts: inout [Inst]) {
      var last = inst
      while let next = behind[last] {
        insts.append(next)
        last = next
      }
    }
  }

  private mutating func makeKeep(_ value: Value, at inst: Inst) -> Inst {
    let keep = insts.append(InstData(.keep, Shape(type(of: value)), a: value.rawValue))
    sourceOffsets[keep] = sourceOffsets[inst]
    return keep
  }

  /// Puts a block with a `keep` on the branch.
  private mutating func keep(_ value: Value, onBranch call: BlockCall, from block: Block) {
    let added = blockParams.append([])
    let onwards = blockCalls.append(blockCalls[call])
    let keep = makeKeep(value, at: blockInsts[block].last!)
    let jump = insts.append(InstData(.jump, c: onwards.rawValue))
    blockInsts.append([keep, jump])
    blockCalls[call] = BlockCallData(block: added, arguments: .empty)
    blockOrder.append(added)
  }

  private mutating func hide(_ plan: AnchorPlan, _ added: inout AddedInsts) {
    var unknown: [Value: Value] = [:]
    func hidden(_ value: Value, _ function: inout Function) -> Value {
      if let known = unknown[value] { return known }
      let result = function.makeOpaque(value, &added)
      unknown[value] = result
      return result
    }
    // In an order that does not depend on hashes.
    for operand in plan.hidden.sorted(by: { ($0.inst, $0.value) < ($1.inst, $1.value) }) {
      let result = hidden(operand.value, &self)
      rewriteOperands(of: operand.inst) { $0 == operand.value ? result : $0 }
    }
    for argument in plan.hiddenArguments.sorted(by: { ($0.call, $0.number) < ($1.call, $1.number) }) {
      var arguments = Array(valueLists[blockCalls[argument.call].arguments])
      arguments[argument.number] = hidden(arguments[argument.number], &self)
      blockCalls[argument.call].arguments = valueLists.make(arguments)
    }
  }

  /// The same value, made unknown right behind its definition.
  private mutating func makeOpaque(_ value: Value, _ added: inout AddedInsts) -> Value {
    let type = type(of: value)
    let inst = insts.append(InstData(.opaque, Shape(type), a: value.rawValue))
    let result = makeResult(type, of: inst)
    let data = values[value]
    if data.kind == .param {
      added.atStart[Block(rawValue: data.owner), default: []].append(inst)
    } else {
      // Of several results of a call, each has its own.
      var last = Inst(rawValue: data.owner)
      sourceOffsets[inst] = sourceOffsets[last]
      while let next = added.behind[last] { last = next }
      added.behind[last] = inst
    }
    return result
  }
}
