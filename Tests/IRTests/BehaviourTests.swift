import Support
import Testing

@testable import IR

/// What a function does must not depend on how it was made or improved.
@Suite struct BehaviourTests {
  private static let inputs: [[UInt64]] = [[0, 0], [1, 2], [3, 0x1_0000_0000], [0xFFFF_FFFF, 5], [2, 1]]

  private func traces(_ module: Module) -> [[String]] {
    module.functions.ids.flatMap { id -> [[String]] in
      guard module.bodies[id] != nil else { return [] }
      return Self.inputs.map { input in
        var interpreter = TraceInterpreter(module, id)
        return interpreter.run(input)
      }
    }
  }

  /// The functions get far enough for the comparison to mean something.
  @Test func tracesAreLong() {
    var random = RandomFunctions(seed: 1)
    let events = traces(random.module(functions: 20, size: 100)).map(\.count).reduce(0, +)
    #expect(events > 500)
  }

  /// The builder's short cuts (SSA.swift) against the algorithm as published.
  @Test(arguments: 1...80)
  func shortCutsDoNotChangeBehaviour(seed: Int) {
    var fast = RandomFunctions(seed: UInt64(seed))
    var plain = RandomFunctions(seed: UInt64(seed))
    let expected = plain.module(functions: 4, size: 100, isPlain: true)
    let actual = fast.module(functions: 4, size: 100)
    #expect(verify(expected) == [])
    #expect(verify(actual) == [])
    #expect(traces(actual) == traces(expected))
  }

  @Test(arguments: 1...40)
  func passesDoNotChangeBehaviour(seed: Int) throws {
    var random = RandomFunctions(seed: UInt64(1000 + seed))
    // Of three, indirect calls have few enough targets to be made direct.
    let original = random.module(functions: 3 + seed % 2, size: 100)
    var optimized = original
    try optimize(&optimized, options: PassOptions(roots: Array(original.functions.ids), verify: false))
    #expect(verify(optimized) == [])
    for (actual, expected) in zip(traces(optimized), traces(original)) {
      #expect(agree(actual, expected), "\(actual), not \(expected)")
    }
  }

  /// As far as both go, where one has gone through too many blocks: passes make more or fewer of them.
  private func agree(_ one: [String], _ other: [String]) -> Bool {
    let parts = [one, other].map { $0.last == TraceInterpreter.unfinished ? $0.dropLast() : $0[...] }
    return parts[0] == parts[1]
      || parts[0].count < one.count && parts[1].starts(with: parts[0])
      || parts[1].count < other.count && parts[0].starts(with: parts[1])
  }
}
