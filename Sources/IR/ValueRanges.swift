import Support

/// The unsigned numbers that an integer may be: all from `low` to `high`.
public struct NumberRange: Hashable, Sendable {
  public var low: UInt64
  public var high: UInt64

  init(_ low: UInt64, _ high: UInt64) {
    self.low = low
    self.high = high
  }
  init(_ value: UInt64) { self.init(value, value) }

  public var isConstant: Bool { low == high }

  func union(_ other: Self) -> Self { Self(min(low, other.low), max(high, other.high)) }
}

/// What numbers the integers of a function can be.
///
/// A value's range follows from its operator and the ranges of its operands; that of a loop's counter from where it
/// starts, and from how often the loop can turn. All sums are modulo two to the width: a sum has a range if none of
/// the additions wraps, or each does.
public struct ValueRanges {
  private let function: Function
  private let graph: ControlFlowGraph
  private let dominators: Dominators
  private var known: [Value: NumberRange] = [:]
  /// How often each loop can turn again, by its header; nil: no telling.
  private var turns: [Block: UInt64?] = [:]
  /// What is being found out: it may depend on itself.
  private var pending: Set<Value> = []

  /// Operators that one value's range may depend on, one behind the other.
  private static let deepest = 24

  public init(_ function: Function) {
    let graph = ControlFlowGraph(function)
    self.init(function, graph, Dominators(function, graph))
  }

  init(_ function: Function, _ graph: ControlFlowGraph, _ dominators: Dominators) {
    self.function = function
    self.graph = graph
    self.dominators = dominators
  }

  /// Of an i32 or i64.
  public mutating func range(of value: Value) -> NumberRange { range(of: value, depth: 0) }

  private func all(_ type: Type) -> NumberRange { NumberRange(0, type == .i32 ? 0xFFFF_FFFF : .max) }

  private mutating func range(of value: Value, depth: Int) -> NumberRange {
    let value = function.resolve(value)
    if let found = known[value] { return found }
    let all = all(function.type(of: value))
    guard depth < Self.deepest, pending.insert(value).inserted else { return all }
    defer { pending.remove(value) }
    let data = function.values[value]
    let found: NumberRange?
    switch data.kind {
    case .param: found = range(ofParam: value, depth: depth + 1)
    case .result:
      let inst = Inst(rawValue: data.owner)
      found = function.resultCounts[inst] == 1 ? range(of: function.insts[inst], depth: depth + 1) : nil
    case .alias: found = nil
    }
    // Of what was given up for its depth, or because it depends on itself, nothing more is found out later, either:
    // no value is looked at twice.
    known[value] = found ?? all
    return found ?? all
  }

  // MARK: Operators

  private mutating func range(of data: InstData, depth: Int) -> NumberRange? {
    guard data.shape == .i32 || data.shape == .i64 else { return nil }
    let all: NumberRange = data.shape == .i32 ? all(.i32) : all(.i64)
    let width: UInt64 = data.shape == .i32 ? 32 : 64
    func a() -> NumberRange { range(of: data.valueA, depth: depth) }
    func b() -> NumberRange { range(of: data.valueB, depth: depth) }
    switch data.opcode {
    case .iconst: return NumberRange(data.constantBits)
    case .copy, .opaque: return a()
    case .ieqz, .ieq, .ine, .islt, .iult, .isgt, .iugt, .isle, .iule, .isge, .iuge:
      return NumberRange(0, 1)
    case .clz, .ctz, .popcnt: return NumberRange(0, width)
    case .load8U: return NumberRange(0, 0xFF)
    case .load16U: return NumberRange(0, 0xFFFF)
    case .load32U: return NumberRange(0, 0xFFFF_FFFF)
    case .uextend: return a()
    case .wrap:
      let operand = a()
      return operand.high <= all.high ? operand : nil
    case .select: return range(of: data.valueB, depth: depth).union(range(of: data.valueC, depth: depth))
    case .iadd: return sum(a(), b(), all)
    case .isub: return difference(a(), b(), all)
    case .imul: return product(a(), b(), all)
    case .ishl:
      let count = b()
      guard count.isConstant else { return nil }
      return product(a(), NumberRange(1 << (count.low % width)), all)
    case .ushr:
      let (operand, count) = (a(), b())
      guard count.isConstant else { return NumberRange(0, operand.high) }
      return NumberRange(operand.low >> (count.low % width), operand.high >> (count.low % width))
    case .udiv:
      let (dividend, divisor) = (a(), b())
      return NumberRange(
        dividend.low / max(divisor.high, 1), dividend.high / max(divisor.low, 1))
    case .urem: return NumberRange(0, min(a().high, max(b().high, 1) - 1))
    case .band: return NumberRange(0, min(a().high, b().high))
    case .bor, .bxor:
      let (left, right) = (a(), b())
      let bits = left.high | right.high
      let high: UInt64 = bits == 0 ? 0 : .max >> UInt64(bits.leadingZeroBitCount)
      return NumberRange(data.opcode == .bor ? max(left.low, right.low) : 0, high)
    default: return nil
    }
  }

  private func sum(_ a: NumberRange, _ b: NumberRange, _ all: NumberRange) -> NumberRange? {
    let low = a.low.addingReportingOverflow(b.low)
    let high = a.high.addingReportingOverflow(b.high)
    // In 32 bits the carry is bit 32, in 64 it is the overflow.
    func carries(_ sum: (partialValue: UInt64, overflow: Bool)) -> Bool {
      sum.overflow || sum.partialValue > all.high
    }
    guard carries(low) == carries(high) else { return nil }
    return NumberRange(low.partialValue & all.high, high.partialValue & all.high)
  }

  private func difference(_ a: NumberRange, _ b: NumberRange, _ all: NumberRange) -> NumberRange? {
    guard (a.low < b.high) == (a.high < b.low) else { return nil }
    return NumberRange((a.low &- b.high) & all.high, (a.high &- b.low) & all.high)
  }

  private func product(_ a: NumberRange, _ b: NumberRange, _ all: NumberRange) -> NumberRange? {
    let high = a.high.multipliedReportingOverflow(by: b.high)
    guard !high.overflow, high.partialValue <= all.high else { return nil }
    return NumberRange(a.low * b.low, high.partialValue)
  }

  // MARK: Parameters and loops

  private mutating func range(ofParam param: Value, depth: Int) -> NumberRange? {
    let block = Block(rawValue: function.values[param].owner)
    // The entry's are the function's.
    guard block != function.blockOrder.first, graph.predecessors(of: block).count <= Self.mostEdges else {
      return nil
    }
    let edges = graph.predecessors(of: block).filter { graph.isReachable($0.from) }
    if edges.isEmpty { return nil }
    let latches = edges.filter { dominators.dominates(block, $0.from) }
    var start: NumberRange?
    for edge in edges where !latches.contains(edge) {
      let argument = range(of: argument(of: param, on: edge), depth: depth)
      start = start?.union(argument) ?? argument
    }
    guard let start else { return nil }
    guard !latches.isEmpty else { return start }
    guard let step = step(of: param, latches) else { return nil }
    if step == 0 { return start }
    guard let turns = turns(of: block, latches, depth: depth) else { return nil }
    let all = all(function.type(of: param))
    let distance = step.magnitude.multipliedReportingOverflow(by: turns)
    guard !distance.overflow, distance.partialValue <= all.high else { return nil }
    let ways = NumberRange(0, distance.partialValue)
    return step > 0 ? sum(start, ways, all) : difference(start, ways, all)
  }

  /// More predecessors than that are those of a branch table.
  private static let mostEdges = 32

  private func argument(of param: Value, on edge: ControlFlowGraph.Edge) -> Value {
    let arguments = function.blockCalls[edge.call].arguments
    return function.resolve(
      function.valueLists.element(arguments, at: Int(function.values[param].number)))
  }

  /// What each turn adds to a parameter of a loop's header.
  private func step(of param: Value, _ latches: [ControlFlowGraph.Edge]) -> Int64? {
    var step: Int64?
    for latch in latches {
      let (base, addend) = splitSum(argument(of: param, on: latch))
      guard base == param, step == nil || step == addend else { return nil }
      step = addend
    }
    return step
  }

  private func splitSum(_ value: Value) -> (Value, Int64) {
    let (base, addend) = function.splitSum(value)
    return (base, LinearSum.signed(addend, function.type(of: base)))
  }

  /// How often the loop with this header goes back to it at most; nil where there is no telling, or no loop.
  public mutating func turns(of header: Block) -> UInt64? {
    let latches = graph.predecessors(of: header).filter {
      graph.isReachable($0.from) && dominators.dominates(header, $0.from)
    }
    return latches.isEmpty ? nil : turns(of: header, latches, depth: 0)
  }

  /// How often a loop goes back to its header at most, because of one of the branches that each turn comes to.
  private mutating func turns(of header: Block, _ latches: [ControlFlowGraph.Edge], depth: Int) -> UInt64? {
    if let found = turns[header] { return found }
    // While it is being found out, nobody knows.
    turns[header] = .some(nil)
    var least: UInt64?
    for latch in latches {
      // From the latch up to the header: what dominates the latch is done in each turn that takes it.
      var block = latch.from
      var bound: UInt64?
      for _ in 0..<8 {
        if let turns = turns(until: block, leaves: header, latch: latch.from, depth: depth) {
          bound = min(turns, bound ?? .max)
        }
        guard block != header, let next = dominators.immediateDominator(of: block) else { break }
        block = next
      }
      // All latches count towards the same turns only if there is but one.
      guard let bound, latches.count == 1 else {
        least = nil
        break
      }
      least = bound
    }
    turns[header] = .some(least)
    return least
  }

  /// How often `block`'s branch lets the loop go on, counted in turns.
  private mutating func turns(until block: Block, leaves header: Block, latch: Block, depth: Int) -> UInt64? {
    guard let branch = function.terminator(of: block), function.insts[branch].opcode == .brif else {
      return nil
    }
    let data = function.insts[branch]
    let targets = [data.b, data.c].map { function.blockCalls[BlockCall(rawValue: $0)].block }
    // The way on is the one that the latch is behind. Nothing else may lead there: not the other way, either.
    func goesOn(_ target: Block) -> Bool {
      target == header
        ? block == latch
        : dominators.dominates(target, latch) && graph.predecessors(of: target).count == 1
    }
    guard targets[0] != targets[1], goesOn(targets[0]) != goesOn(targets[1]) else { return nil }
    let goesOnIfTrue = goesOn(targets[0])
    guard let test = LoopTest(function, function.resolve(data.valueA), goesOnIfTrue: goesOnIfTrue) else {
      return nil
    }
    let (param, addend) = splitSum(test.left)
    let values = function.values[param]
    guard values.kind == .param, Block(rawValue: values.owner) == header else { return nil }
    let edges = graph.predecessors(of: header).filter { graph.isReachable($0.from) }
    let latches = edges.filter { dominators.dominates(header, $0.from) }
    guard let step = step(of: param, latches), step != 0 else { return nil }
    var start: NumberRange?
    for edge in edges where !latches.contains(edge) {
      let argument = range(of: argument(of: param, on: edge), depth: depth)
      start = start?.union(argument) ?? argument
    }
    let type = function.type(of: param)
    let all = all(type)
    let shift = NumberRange(LinearSum.masked(UInt64(bitPattern: addend), type))
    guard let first = start.flatMap({ sum($0, shift, all) }) else { return nil }
    let limit = test.right.map { range(of: $0, depth: depth) } ?? NumberRange(0)
    return test.turns(from: first, step: step, limit, all)
  }
}
