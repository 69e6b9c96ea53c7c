import Support

/// Where values are defined, and which are known elsewhere.
struct ValueHomes {
  private var homes: SecondaryMap<Value, Block>
  /// Used in another block, or passed to one.
  private(set) var leaving: Set<Value>
  /// Used in another block.
  private(set) var usedElsewhere: Set<Value>

  init(_ function: Function) {
    var homes = SecondaryMap<Value, Block>(default: .none, capacity: function.values.count)
    for block in function.blockOrder {
      for param in function.blockParams[block] { homes[param] = block }
      for inst in function.blockInsts[block] {
        for result in function.results(of: inst) { homes[Value(rawValue: result)] = block }
      }
    }
    var leaving: Set<Value> = []
    var usedElsewhere: Set<Value> = []
    for block in function.blockOrder {
      for inst in function.blockInsts[block] {
        function.forEachUse(of: inst) { if homes[$0] != block { usedElsewhere.insert($0) } }
        function.forEachDistinctBlockCall(of: inst) { call in
          if function.blockCalls[call].block == block { return }
          leaving.formUnion(function.valueLists[function.blockCalls[call].arguments])
        }
      }
    }
    self.homes = homes
    self.leaving = leaving.union(usedElsewhere)
    self.usedElsewhere = usedElsewhere
  }

  subscript(value: Value) -> Block { homes[value] }
}

/// What is to become of one loop.
struct RerollPlan {
  enum LastValue {
    case value(Value)
    /// What this parameter would be in the next turn, and so much more.
    case counter(Int, plus: UInt64)
  }

  let loop: UnrolledLoop
  let exit: UnrolledLoop.Exit
  /// The parameter whose next value is the adjusted left side of the condition.
  private(set) var comparedCounter: Int?
  /// Values that are used behind the loop, and what they are there.
  private(set) var leaving: [(Value, LastValue)] = []

  /// More copies than unrollers make.
  private static let mostCopies = 16

  init?(
    _ function: Function, _ loop: InnermostLoop, among loops: Set<Block>, _ homes: ValueHomes,
    _ graph: ControlFlowGraph
  ) {
    guard let scan = LoopScan(function, loop), scan.accessCount >= 2 else { return nil }
    let found = (2...Self.mostCopies).reversed().lazy.compactMap { UnrolledLoop(scan, copies: $0) }.first
    guard var unrolled = found, let exit = unrolled.exit() else { return nil }
    self.loop = unrolled
    if let multiple = exit.multiple {
      guard graph.predecessors(of: function.blockCalls[scan.exit].block).count == 1,
        // What a loop has inside means something else once that loop is rolled up.
        multiple.sum.terms.allSatisfy({
          !loops.contains(homes[unrolled.scan.table.value(of: $0.expression)!])
        })
      else { return nil }
    }
    self.exit = exit
    comparedCounter = findComparedCounter()
    let values = scan.params + scan.insts.flatMap { function.results(of: $0).map(Value.init(rawValue:)) }
    for value in values where homes.leaving.contains(value) {
      guard let last = lastValue(of: value) else { return nil }
      leaving.append((value, last))
    }
  }

  private func findComparedCounter() -> Int? {
    let scan = loop.scan
    let left = scan.condition.left
    let type = scan.function.type(of: left)
    let adjusted = scan.table.sum(of: scan.numbers[left]!, type).adding(exit.adjustment)
    return scan.params.indices.first { position in
      guard case .counter(let step) = loop.params[position],
        scan.function.type(of: scan.params[position]) == type
      else { return false }
      return adjusted == LinearSum(type, expression: scan.numbers[scan.params[position]]!).adding(step)
    }
  }

  private func lastValue(of value: Value) -> LastValue? {
    let scan = loop.scan
    let number = scan.numbers[value]!
    for inst in loop.body where !scan.function.firstResults[inst].isNone {
      let result = scan.function.result(of: inst)
      if loop.lastNumbers[result] == number { return .value(result) }
    }
    let type = scan.function.type(of: value)
    guard type == .i32 || type == .i64 else { return nil }
    let sum = scan.table.sum(of: number, type)
    for (position, param) in scan.params.enumerated() {
      guard case .counter(let step) = loop.params[position], scan.function.type(of: param) == type else {
        continue
      }
      let rest = sum.adding(LinearSum(type, expression: scan.numbers[param]!), times: .max)
      if let addend = rest.onlyConstant {
        let turn = step &* UInt64(loop.copies)
        return .counter(position, plus: LinearSum.masked(addend &- turn, type))
      }
    }
    return nil
  }
}
