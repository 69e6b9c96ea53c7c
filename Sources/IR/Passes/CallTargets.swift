import Support

// Where only a few functions can be meant, an indirect call becomes comparisons and direct calls: these can be inlined, and wait
// for no entry of a table, nor for its type. Whatever else the index says is left to the indirect call, which traps.

extension Function {
  mutating func callTargets(in module: Module) {
    var targets: [IndirectSite: [CallTarget]] = [:]
    var isChanged = false
    for first in blockOrder {
      var block = first
      while let (position, found) = firstSite(in: block, module, &targets) {
        block = split(block, at: position, into: found)
        isChanged = true
      }
    }
    if isChanged { resolveAliases() }
  }

  /// More take longer to tell apart than a table's entry takes to load.
  private static let mostTargets = 4

  private func firstSite(
    in block: Block, _ module: Module, _ targets: inout [IndirectSite: [CallTarget]]
  ) -> (position: Int, targets: [CallTarget])? {
    for (position, inst) in blockInsts[block].enumerated() where insts[inst].opcode == .callIndirect {
      let data = insts[inst]
      guard data.c != UInt32.max, module.tables[TableID(rawValue: data.c)].isReadOnly,
        // What may throw is followed by a test, which each of the calls would have.
        insts[blockInsts[block][position + 1]].opcode != .exceptionPending
      else { continue }
      let site = IndirectSite(signature: SignatureID(rawValue: data.b), table: TableID(rawValue: data.c))
      let found = targets[site] ?? module.targets(of: site, atMost: Self.mostTargets)
      targets[site] = found
      if !found.isEmpty { return (position, found) }
    }
    return nil
  }

  /// Returns the block of what comes behind the call.
  private mutating func split(_ block: Block, at position: Int, into targets: [CallTarget]) -> Block {
    let call = blockInsts[block][position]
    let data = insts[call]
    let operands = Array(valueLists[EntityList<Value>(handle: data.a)])
    let rest = makeBlock()
    blockInsts[rest] = Array(blockInsts[block][(position + 1)...])
    for result in results(of: call).map(Value.init(rawValue:)) {
      let param = appendParam(type(of: result), to: rest)
      values[result].kind = .alias
      values[result].owner = param.rawValue
    }

    var code = Array(blockInsts[block][..<position])
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

private struct CallTarget {
  var index: UInt64
  var function: FunctionID
}

extension Module {
  /// What a call can come to; nothing if there are more.
  fileprivate func targets(of site: IndirectSite, atMost most: Int) -> [CallTarget] {
    var targets: [CallTarget] = []
    for (index, function) in tables[site.table].initial.enumerated()
    where !function.isNone && functions[function].signature == site.signature {
      if targets.count == most { return [] }
      targets.append(CallTarget(index: UInt64(index), function: function))
    }
    return targets
  }
}
