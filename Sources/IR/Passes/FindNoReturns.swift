import Support

extension Module {
  /// Finds the functions that never return, and ends blocks behind calls of them.
  ///
  /// A function returns if it may come to a `return`, or to a tail call of one that returns or that is not known.
  /// What is behind a call that doesn't return is not there, and without it more functions may have no way to return.
  mutating func findNoReturns(jobs: Int) {
    for id in functions.ids {
      if case .stub = functions[id].definition { functions[id].neverReturns = true }
    }
    let facts = bodies.map(jobs: jobs) { ReturnFacts($1) }
    var callers: [FunctionID: [FunctionID]] = [:]
    var found = functions.ids.filter { functions[$0].neverReturns }
    for id in bodies.ids {
      guard let facts = facts[id.index] else { continue }
      for callee in facts.callees { callers[callee, default: []].append(id) }
      if !facts.mayReturn(in: functions) {
        functions[id].neverReturns = true
        found.append(id)
      }
    }
    // A body is changed once a round at most.
    for _ in 0..<Self.mostRounds where !found.isEmpty {
      let concerned = Set(found.flatMap { callers[$0] ?? [] })
      let changed = bodies.changeEach(jobs: jobs, where: concerned.contains) { [functions] _, body in
        body.endBlocksBehindCalls(in: functions) ? ReturnFacts(body) : nil
      }
      found = []
      for id in concerned.sorted() where !functions[id].neverReturns {
        guard case let facts?? = changed[id.index], !facts.mayReturn(in: functions) else { continue }
        functions[id].neverReturns = true
        found.append(id)
      }
    }
  }

  /// Chains of functions that each call the next are followed so far: each round may look at a body again.
  private static let mostRounds = 8
}

private struct ReturnFacts {
  var returns = false
  var callees: Set<FunctionID> = []
  var tailCallees: Set<FunctionID> = []

  init(_ body: Function) {
    body.forEachInst { data in
      switch data.opcode {
      case .return, .returnCallIndirect: returns = true
      case .call: callees.insert(FunctionID(rawValue: data.b))
      case .returnCall: tailCallees.insert(FunctionID(rawValue: data.b))
      default: break
      }
    }
  }

  func mayReturn(in functions: PrimaryMap<FunctionID, FunctionDecl>) -> Bool {
    returns || !tailCallees.allSatisfy { functions[$0].neverReturns }
  }
}

extension Function {
  /// Whether there was anything to end.
  fileprivate mutating func endBlocksBehindCalls(in functions: PrimaryMap<FunctionID, FunctionDecl>) -> Bool {
    var isChanged = false
    // (Blocks that are added hold nothing but a trap.)
    for block in blockOrder {
      guard
        let position = blockInsts[block].firstIndex(where: {
          insts[$0].opcode == .call && functions[FunctionID(rawValue: insts[$0].b)].neverReturns
        })
      else { continue }
      isChanged = end(block, behind: position) || isChanged
    }
    if isChanged { removeUnreachableBlocks() }
    return isChanged
  }

  /// Of a call with a test, only where that finds nothing.
  private mutating func end(_ block: Block, behind position: Int) -> Bool {
    let rest = blockInsts[block][(position + 1)...]
    guard let first = rest.first else { return false }
    if insts[first].opcode != .exceptionPending {
      if rest.count == 1, insts[first].opcode == .trap { return false }
      let trap = insts.append(InstData(.trap, c: TrapCode.unreachable.rawValue))
      blockInsts[block].removeLast(rest.count)
      blockInsts[block].append(trap)
      return true
    }
    guard rest.count == 2, let last = rest.last, insts[last].opcode == .brif,
      resolve(insts[last].valueA) == result(of: first)
    else { return false }
    let normal = blockCalls[BlockCall(rawValue: insts[last].c)].block
    if terminator(of: normal).map({ insts[$0].opcode == .trap }) == true, blockInsts[normal].count == 1 {
      return false
    }
    let end = makeBlock()
    blockInsts[end] = [insts.append(InstData(.trap, c: TrapCode.unreachable.rawValue))]
    insts[last].c = call(end, []).rawValue
    return true
  }
}
