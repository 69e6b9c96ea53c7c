import Support

// Producers unroll loops, as much as is good for an interpreter or a simple compiler. LLVM vectorises loops, and has no
// use for several copies of one: each copy's addresses are sums of their own, which may wrap, so that it can't even tell
// that they are neighbours. So here loops become what they were: UnrolledLoop shows that the copies are copies,
// LoopExit that the shorter loop ends where the other one did.

extension Function {
  mutating func rerollLoops(in module: Module) {
    guard insts.values.contains(where: { $0.opcode.isLoad || $0.opcode.isStore }) else { return }
    resolveAliases()
    let graph = ControlFlowGraph(self)
    let loops = innermostLoops(graph, Dominators(self, graph)).filter { $0.blocks.count == 1 }
    if loops.isEmpty { return }
    let homes = ValueHomes(self)
    // Accesses are compared with each store, and there may be thousands of loops.
    let headers = Set(loops.map(\.header))
    var budget = Self.rerollBudget
    let plans = loops.compactMap { loop -> RerollPlan? in
      let insts = blockInsts[loop.header]
      guard readsAreItsOwn(insts, module) else { return nil }
      let stores = insts.count { self.insts[$0].opcode.isStore }
      budget -= insts.count * (stores + 1)
      return budget < 0 ? nil : RerollPlan(self, loop, among: headers, homes, graph)
    }
    if plans.isEmpty { return }
    var replacements: [Value: Value] = [:]
    // Blocks whose branches pass the right values already.
    var guarded: Set<Block> = []
    for plan in plans {
      if let multiple = plan.exit.multiple {
        applyGuarded(plan, multiple, homes, &replacements)
        guarded.insert(plan.loop.scan.block)
      } else {
        for (old, new) in apply(plan) { replacements[old] = new }
      }
    }
    replaceUses(of: replacements, homes, guarded)
  }

  private static let rerollBudget = 400_000

  /// Whether nobody else sees, or makes a difference to, how often something is read: what one copy has read, a next turn
  /// reads again. Not in shared memories, where other threads write. And whether different memories are different ones:
  /// hosts may give one for two imports.
  private func readsAreItsOwn(_ insts: [Inst], _ module: Module) -> Bool {
    var external: MemoryID?
    for inst in insts {
      let data = self.insts[inst]
      guard data.opcode.format == .load || data.opcode.format == .store else { continue }
      let memory = memArgs[MemArgID(rawValue: data.c)].memory
      if module.memories[memory].isShared && data.opcode.isLoad { return false }
      guard module.memories[memory].isExternal else { continue }
      if let external, external != memory { return false }
      external = memory
    }
    return true
  }

  /// Returns what the values that are used behind the loop have become.
  private mutating func apply(_ plan: RerollPlan) -> [Value: Value] {
    let scan = plan.loop.scan
    var insts = plan.loop.body
    let branch = blockInsts[scan.block].last!
    func append(_ data: InstData, _ type: Type, _ function: inout Function) -> Value {
      let inst = function.insts.append(data)
      function.sourceOffsets[inst] = function.sourceOffsets[branch]
      insts.append(inst)
      return function.makeResult(type, of: inst)
    }
    func sum(_ value: Value, _ addend: UInt64, _ function: inout Function) -> Value {
      let type = function.type(of: value)
      let constant = append(.constant(.iconst, Shape(type), bits: addend), type, &function)
      return append(InstData(.iadd, Shape(type), a: value.rawValue, b: constant.rawValue), type, &function)
    }
    var nexts: [Value] = []
    for (param, kind) in zip(scan.params, plan.loop.params) {
      switch kind {
      case .counter(let step): nexts.append(sum(param, step, &self))
      case .carried(let value): nexts.append(value)
      }
    }
    let left = plan.comparedCounter.map { nexts[$0] } ?? sum(scan.condition.left, plan.exit.adjustment, &self)
    let shape = Shape(type(of: left))
    if let right = scan.condition.right {
      let test = InstData(
        scan.condition.continuesIfTrue ? .ine : .ieq, shape, a: left.rawValue, b: right.rawValue)
      self.insts[branch].a = append(test, .i32, &self).rawValue
    } else if scan.condition.continuesIfTrue {
      self.insts[branch].a = left.rawValue
    } else {
      self.insts[branch].a = append(InstData(.ieqz, shape, a: left.rawValue), .i32, &self).rawValue
    }
    var replacements: [Value: Value] = [:]
    for (old, new) in plan.leaving {
      switch new {
      case .value(let value): replacements[old] = value
      case .counter(let position, let addend):
        replacements[old] = addend == 0 ? nexts[position] : sum(nexts[position], addend, &self)
      }
    }
    blockCalls[scan.latch].arguments = valueLists.make(nexts)
    blockInsts[scan.block] = insts + [branch]
    return replacements
  }

  /// The loop is rolled up where its count is a multiple of the copies, which is seen in front of it. Otherwise the
  /// loop as it was is done, in a block of its own.
  private mutating func applyGuarded(
    _ plan: RerollPlan, _ multiple: (sum: LinearSum, of: UInt64), _ homes: ValueHomes,
    _ replacements: inout [Value: Value]
  ) {
    let scan = plan.loop.scan
    let (original, copied) = copyLoop(scan)
    let exitBlock = blockCalls[scan.exit].block
    let passed = Array(valueLists[blockCalls[scan.exit].arguments])
    // What was known behind the loop comes from one or the other.
    let joined = plan.leaving.map(\.0).filter { homes.usedElsewhere.contains($0) }
    let params = joined.map { appendParam(type(of: $0), to: exitBlock) }
    let rerolled = apply(plan)
    for (call, last) in [(scan.exit, rerolled), (original.exit, copied)] {
      blockCalls[call] = BlockCallData(
        block: exitBlock, arguments: valueLists.make((passed + joined).map { last[$0] ?? $0 }))
    }
    for (old, param) in zip(joined, params) { replacements[old] = param }
    addGuard(scan, multiple, original.block)
  }

  /// The loop once more, in the same values: its block, what leaves it, and its names for the loop's values.
  private mutating func copyLoop(_ scan: LoopScan) -> ((block: Block, exit: BlockCall), [Value: Value]) {
    let block = makeBlock()
    var copies: [Value: Value] = [:]
    for param in scan.params { copies[param] = appendParam(type(of: param), to: block) }
    var exit = BlockCall.none
    for inst in blockInsts[scan.block] {
      let copy = insts.append(insts[inst])
      sourceOffsets[copy] = sourceOffsets[inst]
      rewriteOperands(of: copy) { copies[$0] ?? $0 }
      if !firstResults[inst].isNone {
        copies[result(of: inst)] = makeResult(type(of: result(of: inst)), of: copy)
      }
      if insts[copy].opcode == .brif {
        let loops = blockCalls.append(
          BlockCallData(block: block, arguments: valueLists.make(scan.nexts.map { copies[$0] ?? $0 })))
        exit = blockCalls.append(blockCalls[scan.exit])
        let isLoopFirst = insts[inst].b == scan.latch.rawValue
        insts[copy].b = (isLoopFirst ? loops : exit).rawValue
        insts[copy].c = (isLoopFirst ? exit : loops).rawValue
      }
      blockInsts[block].append(copy)
    }
    return ((block, exit), copies)
  }

  /// A block in front of the loop that goes to it if a sum is a multiple, else to `other`.
  private mutating func addGuard(
    _ scan: LoopScan, _ multiple: (sum: LinearSum, of: UInt64), _ other: Block
  ) {
    let block = makeBlock()
    var code: [Inst] = []
    let type = multiple.sum.type
    var sum = constant(multiple.sum.constant, type, &code)
    for term in multiple.sum.terms {
      let value = scan.table.value(of: term.expression)!
      let product =
        term.factor == 1 ? value : binary(.imul, value, constant(term.factor, type, &code), &code)
      sum = binary(.iadd, sum, product, &code)
    }
    var test = binary(.band, sum, constant(multiple.of - 1, type, &code), &code)
    if type == .i64 { test = append(InstData(.wrap, .i32, a: test.rawValue), .i32, to: &code) }
    let arguments = Array(valueLists[blockCalls[scan.entry].arguments])
    end(block, code, test, then: call(other, arguments), otherwise: call(scan.block, arguments))
    blockCalls[scan.entry] = BlockCallData(block: block, arguments: .empty)
  }

  /// Replaces values where they are used outside of their blocks, or passed to others.
  private mutating func replaceUses(
    of replacements: [Value: Value], _ homes: ValueHomes, _ guarded: Set<Block>
  ) {
    if replacements.isEmpty { return }
    for block in blockOrder {
      func replacement(_ value: Value) -> Value {
        guard let new = replacements[value], homes[value] != block else { return value }
        return new
      }
      for inst in blockInsts[block] {
        rewriteOperands(of: inst, replacement)
        var calls: [BlockCall] = []
        forEachDistinctBlockCall(of: inst) { calls.append($0) }
        for call in calls {
          let areOwn = blockCalls[call].block == block || guarded.contains(block)
          let arguments = Array(valueLists[blockCalls[call].arguments])
          let new = arguments.map { areOwn ? replacement($0) : replacements[$0] ?? $0 }
          if new != arguments { blockCalls[call].arguments = valueLists.make(new) }
        }
      }
    }
  }
}
