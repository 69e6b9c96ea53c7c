import Support

/// Bytes of linear memory that an access touches: the index is `root`, a value number, plus a constant, which
/// is in `offset` with the access's own.
struct AccessRange: Hashable {
  var memory: MemoryID
  var root: UInt32
  var offset: Int64
  var width: Int64

  /// Memory and root.
  var key: UInt64 { UInt64(memory.rawValue) << 32 | UInt64(root) }

  func overlaps(_ other: AccessRange) -> Bool {
    memory == other.memory && root == other.root && offset < other.offset + other.width
      && other.offset < offset + width
  }
}

/// An innermost loop as a vectoriser sees it: which addresses are accessed, and how they vary.
struct LoopValues {
  let function: Function
  let numbers: ValueNumbers
  let dominators: Dominators
  let loop: InnermostLoop
  private(set) var loads: [Access] = []
  private(set) var stores: [Access] = []
  private var loadPositions: [Inst: Int] = [:]
  /// By memory and root of the address.
  private var storesByRoot: [UInt64: [Access]] = [:]

  struct Access {
    var inst: Inst
    var block: Block
    /// Among the block's instructions.
    var position: Int
    var range: AccessRange
    /// Varies with the loop's parameters, and with nothing else.
    var isRegular: Bool
  }

  private enum Variation: Int { case none, regular, irregular }
  private var variations: [Value: Variation] = [:]
  private var places: [Inst: (block: Block, position: Int)] = [:]
  private let blocks: Set<Block>

  init(
    _ function: Function, _ numbers: ValueNumbers, _ dominators: Dominators, _ loop: InnermostLoop
  ) {
    self.function = function
    self.numbers = numbers
    self.dominators = dominators
    self.loop = loop
    blocks = Set(loop.blocks)
    for block in loop.blocks {
      let variation: Variation = block == loop.header ? .regular : .irregular
      for param in function.blockParams[block] { variations[param] = variation }
      for (position, inst) in function.blockInsts[block].enumerated() {
        places[inst] = (block, position)
        add(inst, block, position)
      }
    }
  }

  private mutating func add(_ inst: Inst, _ block: Block, _ position: Int) {
    let data = function.insts[inst]
    var variation = Variation.none
    if data.opcode.effects.isEmpty {
      function.forEachOperand(of: inst) {
        let operand = variations[function.resolve($0)] ?? .none
        if operand.rawValue > variation.rawValue { variation = operand }
      }
    } else {
      variation = .irregular
    }
    for result in function.results(of: inst) { variations[Value(rawValue: result)] = variation }
    let isLoad = [.load, .loadLane].contains(data.opcode.format) && !data.opcode.isStore
    if isLoad || data.opcode.isStore {
      let access = Access(
        inst: inst, block: block, position: position, range: range(of: data),
        isRegular: variations[function.resolve(data.valueA)] == .regular)
      if isLoad {
        loadPositions[inst] = loads.count
        loads.append(access)
      } else {
        stores.append(access)
        storesByRoot[access.range.key, default: []].append(access)
      }
    }
  }

  private func range(of data: InstData) -> AccessRange {
    let memArg = function.memArgs[MemArgID(rawValue: data.c)]
    let (index, constants) = splitSum(function.resolve(data.valueA))
    let offset = Int64(truncatingIfNeeded: memArg.offset) &+ constants
    let width = Int64(data.opcode.accessWidth(data.shape))
    // Nothing that a program can address is that far away.
    let isSane = offset.magnitude < 1 << 40
    return AccessRange(
      memory: memArg.memory, root: numbers[resolved: index], offset: isSane ? offset : 0, width: width)
  }

  /// A value as a sum of another one and constants. An optimiser that proves that the sums don't wrap sees it so.
  private func splitSum(_ value: Value) -> (value: Value, offset: Int64) {
    var index = value
    var offset: Int64 = 0
    for _ in 0..<8 {
      guard let sum = definition(index), sum.opcode == .iadd || sum.opcode == .isub,
        let constant = constant(sum.valueB)
      else { break }
      let signed =
        function.type(of: index) == .i64
        ? Int64(bitPattern: constant) : Int64(Int32(truncatingIfNeeded: constant))
      offset = sum.opcode == .iadd ? offset &+ signed : offset &- signed
      index = function.resolve(sum.valueA)
    }
    return (index, offset)
  }

  // MARK: Questions

  func contains(_ block: Block) -> Bool { blocks.contains(block) }

  /// Where the loop defines a value; nil outside.
  func definingBlock(_ value: Value) -> Block? {
    let data = function.values[value]
    if data.kind == .param {
      return contains(Block(rawValue: data.owner)) ? Block(rawValue: data.owner) : nil
    }
    return places[Inst(rawValue: data.owner)]?.block
  }

  func load(_ inst: Inst) -> Access? { loadPositions[inst].map { loads[$0] } }

  func definition(_ value: Value) -> InstData? {
    function.definition(of: value)
  }

  func constant(_ value: Value) -> UInt64? {
    guard let data = definition(value), data.opcode == .iconst || data.opcode == .fconst
    else { return nil }
    return data.constantBits
  }

  /// Whether what the store writes stays: it goes to another place in each turn, and no other store of the loop
  /// goes to the same.
  func isLasting(_ store: Access) -> Bool {
    store.isRegular && !storesNear(store.range) { $0.inst != store.inst }
  }

  /// Whether a load reads what is in memory, rather than what the loop has just stored there.
  func readsMemory(_ load: Access) -> Bool {
    load.isRegular && !storesNear(load.range) { $0.block == load.block && $0.position < load.position }
  }

  /// Whether a store that `matches` may overlap the range. Yes, if there are too many to look at.
  private func storesNear(_ range: AccessRange, _ matches: (Access) -> Bool) -> Bool {
    let candidates = storesByRoot[range.key] ?? []
    return candidates.count > 256 || candidates.contains { $0.range.overlaps(range) && matches($0) }
  }

  /// The branches that leave the loop.
  var exits: [(from: Block, call: BlockCall)] {
    var result: [(from: Block, call: BlockCall)] = []
    for block in loop.blocks {
      guard let last = function.terminator(of: block) else { continue }
      function.forEachBlockCall(of: last) {
        if !contains(function.blockCalls[$0].block) { result.append((block, $0)) }
      }
    }
    return result
  }

  /// Whether LLVM may unroll the loop completely: there are few turns, and their number follows from constants.
  /// Then stores of the loop and behind it can meet at constant addresses.
  var isUnrolled: Bool {
    let size = UInt64(loop.blocks.reduce(0) { $0 + function.blockInsts[$1].count })
    return exits.contains { exit in
      let closure = condition(ofBranch: exit.from)
      guard closure.isConstant else { return false }
      return closure.value.flatMap { turns(until: $0) }.map { $0 * size <= 2000 } ?? true
    }
  }

  /// What decides how often the loop turns, as far as it comes from outside: operands of instructions, and
  /// parameters of the header.
  var bounds: (operands: [LoopExpression.Operand], params: [Value]) {
    var result: (operands: [LoopExpression.Operand], params: [Value]) = ([], [])
    for exit in exits {
      let closure = condition(ofBranch: exit.from)
      result.operands += closure.outsideOperands
      result.params += closure.params
    }
    return result
  }

  private struct Condition {
    var value: Value?
    /// Nothing but constants, and parameters that start as constants, takes part.
    var isConstant = true
    var outsideOperands: [LoopExpression.Operand] = []
    var params: [Value] = []
  }

  private func condition(ofBranch block: Block) -> Condition {
    guard let last = function.terminator(of: block), function.insts[last].opcode == .brif else {
      return Condition()
    }
    var result = Condition(value: function.resolve(function.insts[last].valueA))
    var work = [(user: last, value: result.value!)]
    var seen: Set<Value> = []
    while let (user, value) = work.popLast() {
      if constant(value) != nil || !seen.insert(value).inserted { continue }
      guard seen.count < 32, let home = definingBlock(value) else {
        result.isConstant = false
        if user != last { result.outsideOperands.append(.init(inst: user, value: value)) }
        continue
      }
      guard let data = definition(value) else {
        if home == loop.header { result.params.append(value) }
        let isConstant = home == loop.header && entryArgument(of: value).flatMap { constant($0) } != nil
        result.isConstant = result.isConstant && isConstant
        continue
      }
      guard data.opcode.effects.isEmpty else {
        result.isConstant = false
        continue
      }
      let inst = Inst(rawValue: function.values[value].owner)
      function.forEachOperand(of: inst) { work.append((inst, function.resolve($0))) }
    }
    return result
  }

  /// How often the loop turns until a condition on a counter changes, if it is of a common form and all that takes
  /// part is constant. Only the order of magnitude matters.
  private func turns(until condition: Value) -> UInt64? {
    var counter = condition
    var limit: UInt64 = 0
    if let data = definition(condition), data.opcode.isComparison {
      let (a, b) = (function.resolve(data.valueA), function.resolve(data.valueB))
      guard let constant = constant(b) ?? constant(a) else { return nil }
      limit = constant
      counter = self.constant(b) != nil ? a : b
    } else if let data = definition(condition), data.opcode == .ieqz {
      counter = function.resolve(data.valueA)
    }
    if let sum = definition(counter), sum.opcode == .iadd || sum.opcode == .isub, constant(sum.valueB) != nil
    {
      counter = function.resolve(sum.valueA)
    }
    let data = function.values[counter]
    guard data.kind == .param, Block(rawValue: data.owner) == loop.header,
      let first = entryArgument(of: counter).flatMap({ constant($0) }),
      let next = latchArgument(of: counter).flatMap({ definition($0) }),
      next.opcode == .iadd || next.opcode == .isub, function.resolve(next.valueA) == counter,
      let step = constant(next.valueB)
    else { return nil }
    func signed(_ bits: UInt64) -> Int64 {
      next.shape == .i32 ? Int64(Int32(truncatingIfNeeded: bits)) : Int64(bitPattern: bits)
    }
    let distance = signed(limit).subtractingReportingOverflow(signed(first))
    guard !distance.overflow, signed(step) != 0 else { return nil }
    return min(distance.partialValue.magnitude / signed(step).magnitude, 1 << 32)
  }

  /// What the only branch into the loop passes to a parameter of the header.
  func entryArgument(of param: Value) -> Value? {
    guard loop.entries.count == 1 else { return nil }
    return argument(of: param, on: loop.entries[0])
  }

  /// What the only branch back passes to it.
  func latchArgument(of param: Value) -> Value? {
    guard loop.latches.count == 1 else { return nil }
    return argument(of: param, on: loop.latches[0])
  }

  /// Whether a parameter of the header counts: what it starts with matters to analyses of addresses.
  func isCounter(_ param: Value) -> Bool {
    guard let next = latchArgument(of: param).flatMap({ definition($0) }) else { return true }
    return [.iadd, .isub].contains(next.opcode)
      && (function.resolve(next.valueA) == param || function.resolve(next.valueB) == param)
  }

  private func argument(of param: Value, on edge: ControlFlowGraph.Edge) -> Value {
    let arguments = function.blockCalls[edge.call].arguments
    let number = Int(function.values[param].number)
    return function.resolve(function.valueLists.element(arguments, at: number))
  }
}

extension Opcode {
  var isStore: Bool {
    switch self {
    case .store, .store8, .store16, .store32, .storeLane: true
    default: false
    }
  }

  /// Bytes that a load or store touches, or a few more.
  func accessWidth(_ shape: Shape) -> Int {
    switch self {
    case .load8S, .load8U, .store8: 1
    case .load16S, .load16U, .store16: 2
    case .load32S, .load32U, .store32: 4
    default: shape.type?.byteCount ?? 16
    }
  }
}

extension Opcode {
  fileprivate var isComparison: Bool {
    switch self {
    case .ieq, .ine, .islt, .iult, .isgt, .iugt, .isle, .iule, .isge, .iuge: true
    default: false
    }
  }
}
