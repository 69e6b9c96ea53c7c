import Support

extension Function {
  /// Replaces a block parameter whose arguments are all one value (or the parameter itself) by that value.
  ///
  /// For reducible control flow this repeated to the end gives minimal SSA (Braun et al., section 3.2). A
  /// parameter is looked at again when one of its arguments was replaced; arguments once found equal stay
  /// equal, so each look continues where the last one stopped.
  mutating func removeTrivialParams() {
    let graph = ControlFlowGraph(self)
    var users = ParamUsers(self, graph)
    var scans = SecondaryMap<Value, ParamScan>(default: ParamScan())
    var work: [Value] = []
    for block in graph.reversePostorder.dropFirst().reversed() { work += blockParams[block].reversed() }
    for param in work { scans[param].isQueued = true }
    var found = false
    while let param = work.popLast() {
      scans[param].isQueued = false
      if values[param].kind != .param { continue }
      guard let only = onlyArgument(of: param, graph, &scans[param]) else { continue }
      alias(param, to: only)
      found = true
      users.move(from: param, to: only) { user in
        if values[user].kind != .param { return false }
        if !scans[user].isQueued {
          scans[user].isQueued = true
          work.append(user)
        }
        return true
      }
    }
    if !found { return }
    removeParams { _, data in data.kind == .alias }
    resolveAliases()
  }

  /// The one value that `param` gets; nil if there are two, or none.
  private mutating func onlyArgument(of param: Value, _ graph: ControlFlowGraph, _ scan: inout ParamScan)
    -> Value?
  {
    let data = values[param]
    let edges = graph.predecessors(of: Block(rawValue: data.owner))
    func list(_ position: Int) -> EntityList<Value> {
      blockCalls[edges[edges.startIndex + position].call].arguments
    }
    var only = Value.none
    if scan.witness >= 0 {
      let value = resolveCompressing(valueLists.element(list(scan.witness), at: Int(data.number)))
      if value != param { only = value }
    }
    while scan.next < edges.count {
      if graph.isReachable(edges[edges.startIndex + scan.next].from) {
        let value = resolveCompressing(valueLists.element(list(scan.next), at: Int(data.number)))
        if value != param, value != only {
          if !only.isNone { return nil }
          only = value
          scan.witness = scan.next
        }
      }
      scan.next += 1
    }
    return only.isNone ? nil : only
  }

  /// Takes parameters out of their blocks, and the arguments for them out of the branches. Their values stay
  /// in `values`; nothing may use them any more.
  mutating func removeParams(where isRemoved: (Value, ValueData) -> Bool) {
    /// Old numbers of the parameters that stay, for blocks that lose some.
    var kept = SecondaryMap<Block, [Int]?>(default: nil)
    for block in blockOrder.dropFirst() {
      let params = blockParams[block]
      if !params.contains(where: { isRemoved($0, values[$0]) }) { continue }
      var numbers: [Int] = []
      var rest: [Value] = []
      for (number, param) in params.enumerated() where !isRemoved(param, values[param]) {
        values[param].number = UInt16(numbers.count)
        numbers.append(number)
        rest.append(param)
      }
      blockParams[block] = rest
      kept[block] = numbers
    }
    var calls: [BlockCall] = []
    for block in blockOrder {
      guard let last = terminator(of: block) else { continue }
      forEachDistinctBlockCall(of: last) { calls.append($0) }
    }
    for call in calls {
      guard let numbers = kept[blockCalls[call].block] else { continue }
      let list = blockCalls[call].arguments
      let arguments = numbers.map { valueLists.element(list, at: $0) }
      blockCalls[call].arguments = valueLists.make(arguments)
    }
  }
}

/// How far the arguments of one parameter have been looked at.
private struct ParamScan {
  /// Edges before this one bring the witness's value or the parameter itself.
  var next = 0
  /// An edge that brings something else than the parameter; -1 if none was found.
  var witness = -1
  var isQueued = false
}

/// For each value, the block parameters that get it as an argument, as linked lists that can be joined.
private struct ParamUsers {
  private static let end = UInt32.max
  private var nodes: [(user: Value, next: UInt32)] = []
  private var heads = SecondaryMap<Value, UInt32>(default: ParamUsers.end)
  private var tails = SecondaryMap<Value, UInt32>(default: ParamUsers.end)

  init(_ function: Function, _ graph: ControlFlowGraph) {
    for block in graph.reversePostorder {
      for edge in graph.predecessors(of: block) where graph.isReachable(edge.from) {
        let arguments = function.blockCalls[edge.call].arguments
        for (number, param) in function.blockParams[block].enumerated() {
          let value = function.resolve(function.valueLists.element(arguments, at: number))
          if function.values[value].kind == .param, value != param { append(param, to: value) }
        }
      }
    }
  }

  private mutating func append(_ user: Value, to value: Value) {
    let node = UInt32(nodes.count)
    nodes.append((user, Self.end))
    link(node, to: value)
  }

  private mutating func link(_ node: UInt32, to value: Value) {
    let tail = tails[value]
    if tail == Self.end { heads[value] = node } else { nodes[Int(tail)].next = node }
    tails[value] = node
    nodes[Int(node)].next = Self.end
  }

  /// Hands the users of `value`, which became an alias of `target`, over to `target`: those for which
  /// `isUser` is true.
  mutating func move(from value: Value, to target: Value, _ isUser: (Value) -> Bool) {
    var node = heads[value]
    while node != Self.end {
      let next = nodes[Int(node)].next
      if isUser(nodes[Int(node)].user) { link(node, to: target) }
      node = next
    }
  }
}
