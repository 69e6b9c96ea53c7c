import Support

extension LoopValues {
  /// Whether it follows from a counter alone that the loop ends, whatever is in memory and comes from outside: one of the exits
  /// is come to in each turn, and taken in one of them. No optimiser can prove of such a loop that it goes on for ever.
  var surelyEnds: Bool {
    guard loop.latches.count == 1 else { return false }
    return exits.contains { exit in
      dominators.dominates(exit.from, loop.latches[0].from) && isSurelyTaken(exit.call, from: exit.from)
    }
  }

  private func isSurelyTaken(_ exit: BlockCall, from block: Block) -> Bool {
    guard let last = function.terminator(of: block), function.insts[last].opcode == .brif else {
      return false
    }
    let branch = function.insts[last]
    let test = LoopTest(
      function, function.resolve(branch.valueA), goesOnIfTrue: BlockCall(rawValue: branch.c) == exit)
    return [test, test?.exchanged].contains { $0.map { surelyFails($0) } ?? false }
  }

  private func surelyFails(_ test: LoopTest) -> Bool {
    let (counter, addend) = function.splitSum(test.left)
    guard definition(counter) == nil, definingBlock(counter) == loop.header,
      let next = latchArgument(of: counter)
    else { return false }
    let (base, step) = function.splitSum(next)
    let type = function.type(of: counter)
    guard base == counter, type == .i32 || type == .i64 else { return false }
    let limit = test.right.map { constant($0) } ?? 0
    if limit == nil, definingBlock(test.right!) != nil { return false }
    return test.surelyFails(
      step: LinearSum.signed(step, type), limit: limit,
      zeros: zeros(from: entryArgument(of: counter), addend, to: test.right),
      NumberRange(0, type == .i32 ? 0xFFFF_FFFF : .max))
  }

  /// How many low bits of the way from `start + addend` to the limit are certainly zero. A limit of nil is 0.
  private func zeros(from start: Value?, _ addend: UInt64, to limit: Value?) -> Int {
    guard let start else { return 0 }
    let first = function.splitSum(start)
    let last = limit.map { function.splitSum($0) }
    if let last, last.base == first.base {
      return (last.addend &- first.addend &- addend).trailingZeroBitCount
    }
    // A limit that is the start and a length.
    if let last, let sum = definition(last.base), sum.opcode == .iadd {
      for (a, b) in [(sum.valueA, sum.valueB), (sum.valueB, sum.valueA)]
      where function.resolve(a) == first.base {
        let constant = last.addend &- first.addend &- addend
        return min(function.trailingZeros(function.resolve(b)), constant.trailingZeroBitCount)
      }
    }
    let distance = min(function.trailingZeros(start), limit.map { function.trailingZeros($0) } ?? 64)
    if let first = constant(start), let last = limit.map({ constant($0) }) ?? 0 {
      return (last &- first &- addend).trailingZeroBitCount
    }
    return min(distance, addend.trailingZeroBitCount)
  }
}
