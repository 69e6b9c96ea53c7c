import Support

/// A loop that goes through two sequences of integers until two of them differ, or a count is over, and does nothing else:
///
///     header:  a = load p; b = load q; brif a == b, rest, out
///     rest:    brif counter' != limit, header, out
///
/// or with the two tests in the other order, and with jumps between them. That is `memcmp`, and what compares arrays.
struct ComparingLoop {
  struct Side {
    var address: Value
    var memArg: MemArg
  }

  let header: Block
  let params: [Value]
  /// What the loop defines, its parameters included.
  let own: Set<Value>
  /// From outside.
  let entry: BlockCall
  /// What is compared in a turn: two loads of the same kind.
  let sides: [Side]
  /// Of each of them, in bytes: 1, 2 or 4.
  let width: UInt64
  /// What each of the header's parameters grows by in a turn; 0 for those that stay, whatever their type.
  let steps: [UInt64]
  /// A parameter that grows by 1 or -1, and what is added to it before it is compared with the limit.
  let counter: (param: Int, addend: UInt64)
  /// A constant, or known in front of the loop; nil is zero.
  let limit: Value?

  private static let mostParams = 64
  private static let mostBlocks = 4
  /// Of sums that make an address.
  private static let deepest = 4
  private static let loads: Set<Opcode> = [.load, .load8S, .load8U, .load16S, .load16U]

  init?(_ function: Function, _ loop: InnermostLoop, in module: Module) {
    guard (2...Self.mostBlocks).contains(loop.blocks.count), loop.latches.count == 1, loop.entries.count == 1
    else { return nil }
    header = loop.blocks[0]
    entry = loop.entries[0].call
    let params = function.blockParams[header]
    guard loop.blocks.dropFirst().allSatisfy({ function.blockParams[$0].isEmpty }),
      params.count <= Self.mostParams,
      let branches = Self.branches(of: loop, function), let loads = Self.loads(of: loop, function),
      // Either may be the one that compares.
      let comparing = branches.firstIndex(where: { $0.goesOn(ifEqual: loads, function) }),
      let test = LoopTest(
        function, branches[1 - comparing].condition, goesOnIfTrue: branches[1 - comparing].goesOnIfTrue),
      let steps = Self.steps(
        params, function.valueLists[function.blockCalls[loop.latches[0].call].arguments], function)
    else { return nil }
    self.steps = steps
    sides = loads.map {
      let data = function.insts[$0]
      return Side(
        address: function.resolve(data.valueA), memArg: function.memArgs[MemArgID(rawValue: data.c)])
    }
    let load = function.insts[loads[0]]
    width = UInt64(load.opcode.accessWidth(load.shape))

    var own = Set(params)
    for block in loop.blocks {
      for inst in function.blockInsts[block] {
        own.formUnion(function.results(of: inst).map(Value.init(rawValue:)))
      }
    }
    let counts = [test, test.exchanged].compactMap { [own] in
      $0.flatMap { Self.count($0, params, own, function) }
    }
    guard let (counter, limit) = counts.first, [1, 0xFFFF_FFFF].contains(steps[counter.param]),
      [1, 2, 4].contains(width)
    else { return nil }
    self.counter = counter
    self.limit = limit
    self.own = own
    self.params = params
    for side in sides {
      let memory = module.memories[side.memArg.memory]
      // In shared memories others write meanwhile; sums of addresses of 64 bits would overflow.
      guard !memory.isShared, !memory.isMemory64, step(of: side.address, function) == width else {
        return nil
      }
    }
  }

  /// How a block of the loop goes on with it.
  private struct Branch {
    var condition: Value
    var goesOnIfTrue: Bool

    func goesOn(ifEqual loads: [Inst], _ function: Function) -> Bool {
      guard let data = function.definition(of: condition), data.opcode == (goesOnIfTrue ? .ieq : .ine) else {
        return false
      }
      let operands = [function.resolve(data.valueA), function.resolve(data.valueB)]
      let values = loads.map { function.result(of: $0) }
      return operands == values || operands == values.reversed()
    }
  }

  /// The two of a loop whose blocks come one after another.
  private static func branches(of loop: InnermostLoop, _ function: Function) -> [Branch]? {
    var branches: [Branch] = []
    for (block, next) in zip(loop.blocks, loop.blocks.dropFirst() + [loop.header]) {
      guard let last = function.terminator(of: block) else { return nil }
      let data = function.insts[last]
      func goesOn(_ call: UInt32) -> Bool { function.blockCalls[BlockCall(rawValue: call)].block == next }
      switch data.opcode {
      case .jump: guard goesOn(data.c) else { return nil }
      case .brif:
        guard goesOn(data.b) != goesOn(data.c) else { return nil }
        branches.append(Branch(condition: function.resolve(data.valueA), goesOnIfTrue: goesOn(data.b)))
      default: return nil
      }
    }
    return branches.count == 2 ? branches : nil
  }

  /// Two of the same kind; nil if the loop has others, or does anything that can be noticed.
  private static func loads(of loop: InnermostLoop, _ function: Function) -> [Inst]? {
    var found: [Inst] = []
    for block in loop.blocks {
      for inst in function.blockInsts[block].dropLast() {
        let data = function.insts[inst]
        if loads.contains(data.opcode) {
          found.append(inst)
        } else if !data.opcode.effects.isEmpty {
          return nil
        }
      }
    }
    guard found.count == 2 else { return nil }
    let (one, other) = (function.insts[found[0]], function.insts[found[1]])
    return one.opcode == other.opcode && one.shape == other.shape ? found : nil
  }

  private static func steps(_ params: [Value], _ nexts: some Sequence<Value>, _ function: Function)
    -> [UInt64]?
  {
    var steps: [UInt64] = []
    for (param, next) in zip(params, nexts) {
      if function.resolve(next) == param {
        steps.append(0)
        continue
      }
      guard [.i32, .i64].contains(function.type(of: param)) else { return nil }
      let sum = function.splitSum(next)
      guard sum.base == param else { return nil }
      steps.append(sum.addend)
    }
    return steps
  }

  private static func count(_ test: LoopTest, _ params: [Value], _ own: Set<Value>, _ function: Function)
    -> (counter: (param: Int, addend: UInt64), limit: Value?)?
  {
    let sum = function.splitSum(test.left)
    guard case .different = test.relation, let position = params.firstIndex(of: sum.base),
      function.type(of: sum.base) == .i32
    else { return nil }
    if let right = test.right, own.contains(right), function.integerConstant(right) == nil { return nil }
    return ((position, sum.addend), test.right)
  }

  /// By how much more an i32 is in each next turn: it is a sum of parameters, of constants and of what is known in front of
  /// the loop, or nil.
  private func step(of value: Value, _ function: Function, depth: Int = 0) -> UInt64? {
    let value = function.resolve(value)
    if let position = params.firstIndex(of: value) { return steps[position] }
    if !own.contains(value) { return 0 }
    guard depth < Self.deepest, let data = function.definition(of: value) else { return nil }
    switch data.opcode {
    case .iconst: return 0
    case .iadd, .isub:
      guard let left = step(of: data.valueA, function, depth: depth + 1),
        let right = step(of: data.valueB, function, depth: depth + 1)
      else { return nil }
      return LinearSum.masked(data.opcode == .iadd ? left &+ right : left &- right, .i32)
    default: return nil
    }
  }
}
