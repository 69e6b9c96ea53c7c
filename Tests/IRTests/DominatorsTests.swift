import Support
import TestSupport
import Testing

@testable import IR

@Suite struct DominatorsTests {
  /// A function whose blocks branch as `successors` says: none returns, one jumps, more go by table.
  private func function(_ successors: [[Int]]) -> Function {
    var function = Function(signature: SignatureID(0))
    for index in successors.indices {
      function.blockOrder.append(function.blockParams.append([]))
      function.blockInsts.append([])
      let calls = successors[index].map {
        function.blockCalls.append(BlockCallData(block: Block($0), arguments: .empty))
      }
      let data: InstData
      switch calls.count {
      case 0: data = InstData(.return)
      case 1: data = InstData(.jump, c: calls[0].rawValue)
      default: data = InstData(.brTable, c: function.jumpTables.append(calls).rawValue)
      }
      function.blockInsts[Block(index)] = [function.insts.append(data)]
    }
    return function
  }

  /// The definition: `a` dominates `b` if `b` can't be reached without `a`.
  private func dominatesSlowly(_ successors: [[Int]], _ a: Int, _ b: Int) -> Bool {
    func reaches(_ target: Int, without hole: Int?) -> Bool {
      var seen: Set<Int> = []
      var work = hole == 0 ? [] : [0]
      while let block = work.popLast() {
        if block == target { return true }
        if block != hole, seen.insert(block).inserted { work += successors[block].filter { $0 != hole } }
      }
      return false
    }
    return reaches(b, without: nil) && reaches(a, without: nil) && (a == b || !reaches(b, without: a))
  }

  @Test(arguments: 1...60)
  func agreesWithTheDefinition(seed: Int) {
    // Any graph, reducible or not, with blocks that are not reached.
    var generator = SplitMix64(state: UInt64(seed))
    let count = Int.random(in: 1...12, using: &generator)
    let successors = (0..<count).map { _ in
      (0..<Int.random(in: 0...3, using: &generator)).map { _ in Int.random(in: 0..<count, using: &generator) }
    }
    let function = function(successors)
    let dominators = Dominators(function, ControlFlowGraph(function))
    for a in 0..<count {
      for b in 0..<count {
        #expect(
          dominators.dominates(Block(a), Block(b)) == dominatesSlowly(successors, a, b),
          "\(successors) \(a) \(b)")
      }
    }
  }

  @Test func chainAndLadder() {
    // Every block also branches to the last: its dominator is the entry.
    let count = 100_000
    let successors = (0..<count).map { $0 == count - 1 ? [] : [$0 + 1, count - 1] }
    let function = function(successors)
    let dominators = Dominators(function, ControlFlowGraph(function))
    #expect(dominators.immediateDominator(of: Block(count - 1)) == Block(0))
    #expect(dominators.depth(of: Block(count - 2)) == count - 2)
    #expect(dominators.dominates(Block(5), Block(count - 2)))
  }
}
