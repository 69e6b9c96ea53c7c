import Support

// Where only a few functions can be meant, an indirect call becomes comparisons and direct calls: these can be inlined, and wait
// for no entry of a table, nor for its type. Whatever else the index says is left to the indirect call, which traps.

extension Function {
  mutating func callTargets(in module: Module, _ targets: IndirectTargets) {
    var budget = Self.mostCalls
    let blocks = blockOrder
    for first in blocks {
      guard blockInsts[first].contains(where: { insts[$0].opcode == .callIndirect }) else { continue }
      let code = blockInsts[first]
      var block = first
      blockInsts[block] = []
      for (position, inst) in code.enumerated() {
        // What may throw is followed by a test, which each of the calls would have.
        if budget > 0, insts[inst].opcode == .callIndirect,
          insts[code[position + 1]].opcode != .exceptionPending,
          let found = module.targets(of: insts[inst], targets)
        {
          block = split(block, at: inst, into: found)
          budget -= 1
        } else {
          blockInsts[block].append(inst)
        }
      }
    }
    if budget < Self.mostCalls { resolveAliases() }
  }

  /// In a function: each makes several blocks.
  private static let mostCalls = 256

  /// Ends a block with one of the calls. Returns the block of what comes behind it.
  private mutating func split(_ block: Block, at call: Inst, into targets: [IndirectTargets.Target])
    -> Block
  {
    let data = insts[call]
    let operands = Array(valueLists[EntityList<Value>(handle: data.a)])
    let rest = makeBlock()
    for result in results(of: call).map(Value.init(rawValue:)) {
      alias(result, to: appendParam(type(of: result), to: rest))
    }

    var code = blockInsts[block]
    var current = block
    for (number, target) in targets.enumerated() {
      let index = constant(target.index, type(of: operands[0]), &code)
      let isMeant = compare(.ieq, operands[0], index, &code)
      let arguments = valueLists.make(operands.dropFirst())
      let direct = makeCallBlock(
        InstData(.call, a: arguments.handle, b: target.function.rawValue), like: call, before: rest)
      if number < targets.count - 1 {
        let next = makeBlock()
        end(current, code, isMeant, then: direct, otherwise: self.call(next, []))
        current = next
        code = []
      } else {
        let indirect = makeCallBlock(data, like: call, before: rest)
        end(current, code, isMeant, then: direct, otherwise: indirect)
        insts[blockInsts[current].last!].flags = BranchHint.likely.rawValue
      }
    }
    return rest
  }

  /// A block that only calls, and goes on with the results.
  private mutating func makeCallBlock(_ data: InstData, like call: Inst, before rest: Block) -> BlockCall {
    let block = makeBlock()
    let inst = insts.append(data)
    sourceOffsets[inst] = sourceOffsets[call]
    let results = makeResults(blockParams[rest].map { type(of: $0) }, of: inst)
    let jump = insts.append(InstData(.jump, c: self.call(rest, Array(results)).rawValue))
    blockInsts[block] = [inst, jump]
    return self.call(block, [])
  }
}

extension Module {
  /// What a call can come to; nil if that is not known, nobody, or too many.
  fileprivate func targets(of call: InstData, _ targets: IndirectTargets) -> [IndirectTargets.Target]? {
    guard call.c != UInt32.max, tables[TableID(rawValue: call.c)].isReadOnly else { return nil }
    let found = targets[
      IndirectSite(signature: SignatureID(rawValue: call.b), table: TableID(rawValue: call.c))]
    return (1...IndirectTargets.most).contains(found.count) ? found.first : nil
  }
}
