import Support

// SSA construction on the fly: Braun, Buchwald, Hack, Leißa, Mallon, Zwinkau, "Simple and Efficient
// Construction of Static Single Assignment Form" (CC 2013), with block parameters for phis.
//
// The plain algorithm asks every block between a use and its definition, which is quadratic in "variables
// times blocks" on hostile input (15,000 blocks in a row, then 50,000 locals read). Here a lookup goes straight
// to the only blocks that matter. Blocks are numbered in the order in which they are filled, every variable
// keeps the numbers of the blocks that define it, and blocks form a dominator tree as they are filled: if no
// definition lies between a dominator's number and the block's, the variable has the same value at both,
// so the search continues at the topmost such dominator, found in logarithmic time by skip pointers. Only a
// loop leads back from higher numbers: the search stops at the header of every loop around the block, and
// goes on above it if nothing in the whole loop defines the variable.
// That needs code that is filled in an order where dominators come first, which structured control gives;
// anything else is noticed and falls back to the plain algorithm.
//
// Nothing recurses: hostile nesting must not overflow the stack.

/// What the builder knows about variables, predecessors and dominance.
struct SSABuilder {
  static let noFill = UInt32.max
  static let noEdge = UInt32.max

  struct BlockState {
    /// Position in the order in which blocks were first switched to.
    var fill = SSABuilder.noFill
    var idom = Block.none
    /// An ancestor in the dominator tree: skip pointers as in Myers' random-access lists.
    var skip = Block.none
    var depth: UInt32 = 0
    /// Header of the innermost loop that was open when the block was entered; a header's own loop is its own.
    var loop = Block.none
    /// Of a header: the loop around it, and the number of the last block that was entered before it was sealed.
    var outerLoop = Block.none
    var loopEnd = SSABuilder.noFill
    var firstEdge = SSABuilder.noEdge
    var lastEdge = SSABuilder.noEdge
    var isSealed = false
  }

  struct Edge {
    var predecessor: Block
    var call: BlockCall
    var next: UInt32
  }

  /// A parameter of an unsealed block, to be completed when the block is sealed.
  struct IncompleteParam {
    var variable: Variable
    var param: Value
  }

  /// An argument that a block call gets in addition to its explicit ones.
  struct AddedArgument {
    var value: Value
    var next: UInt32
  }

  var types = PrimaryMap<Variable, Type>()
  var blocks = PrimaryMap<Block, BlockState>()
  var edges: [Edge] = []
  var incomplete: [Block: [IncompleteParam]] = [:]
  var addedArguments: [AddedArgument] = []
  /// First and last of each block call's added arguments.
  var addedHeads = SecondaryMap<BlockCall, UInt32>(default: SSABuilder.noEdge)
  var addedTails = SecondaryMap<BlockCall, UInt32>(default: SSABuilder.noEdge)

  /// Values at the end of a block, or at its start if it does not define the variable.
  var known = DefinitionTable()
  /// The same for the current block, where nearly all accesses go; `current[v]` counts if its stamp is the
  /// current one.
  var current: [(value: Value, stamp: UInt32)] = []
  var stamp: UInt32 = 0
  var touched: [Variable] = []
  var currentBlock = Block.none

  /// For each variable the fill numbers of blocks that define it, ascending.
  var definers: [[UInt32]] = []
  var fillCount: UInt32 = 0
  /// Headers of the loops that are open, outermost first; sealed ones at the end are dropped when a block is
  /// entered.
  var unsealed: [Block] = []
  /// Blocks were filled in an order for which the dominator tree is right.
  var isStructured = true

  mutating func addBlock() { blocks.append(BlockState()) }

  mutating func declare(_ type: Type) -> Variable {
    current.append((.none, 0))
    definers.append([])
    return types.append(type)
  }

  func hasPredecessors(_ block: Block) -> Bool { blocks[block].firstEdge != Self.noEdge }

  mutating func addPredecessor(_ block: Block, from predecessor: Block, _ call: BlockCall) {
    precondition(!blocks[block].isSealed, "branch to a sealed block")
    let edge = UInt32(edges.count)
    edges.append(Edge(predecessor: predecessor, call: call, next: Self.noEdge))
    if blocks[block].lastEdge == Self.noEdge {
      blocks[block].firstEdge = edge
    } else {
      edges[Int(blocks[block].lastEdge)].next = edge
    }
    blocks[block].lastEdge = edge
  }

  /// Leaves the current block and enters `block`. True if it was never entered before.
  mutating func begin(_ block: Block) -> Bool {
    for variable in touched { known.set(currentBlock, variable, current[variable.index].value) }
    touched.removeAll(keepingCapacity: true)
    stamp += 1
    currentBlock = block
    guard blocks[block].fill == Self.noFill else { return false }
    blocks[block].fill = fillCount
    fillCount += 1
    if let dominator = commonDominator(of: block) { link(block, under: dominator) }
    while let last = unsealed.last, blocks[last].isSealed { unsealed.removeLast() }
    let enclosing = unsealed.last ?? .none
    if blocks[block].isSealed {
      blocks[block].loop = enclosing
    } else {
      blocks[block].loop = block
      blocks[block].outerLoop = enclosing
      unsealed.append(block)
    }
    return true
  }

  mutating func define(_ variable: Variable, _ value: Value) {
    setCurrent(variable, value)
    let fill = blocks[currentBlock].fill
    if let last = definers[variable.index].last {
      if last == fill { return }
      if last > fill { isStructured = false }
    }
    definers[variable.index].append(fill)
  }

  mutating func setCurrent(_ variable: Variable, _ value: Value) {
    if current[variable.index].stamp != stamp { touched.append(variable) }
    current[variable.index] = (value, stamp)
  }

  /// The value that `block` is known to have for `variable`.
  func lookup(_ block: Block, _ variable: Variable) -> Value {
    if block == currentBlock {
      let entry = current[variable.index]
      return entry.stamp == stamp ? entry.value : .none
    }
    return known.get(block, variable)
  }

  mutating func remember(_ block: Block, _ variable: Variable, _ value: Value) {
    if block == currentBlock {
      setCurrent(variable, value)
    } else {
      known.set(block, variable, value)
    }
  }

  // MARK: - Dominators

  private mutating func link(_ block: Block, under parent: Block) {
    blocks[block].idom = parent
    blocks[block].depth = blocks[parent].depth + 1
    let skip = blocks[parent].skip
    if !skip.isNone, !blocks[skip].skip.isNone,
      blocks[parent].depth - blocks[skip].depth == blocks[skip].depth - blocks[blocks[skip].skip].depth
    {
      blocks[block].skip = blocks[skip].skip
    } else {
      blocks[block].skip = parent
    }
  }

  /// The deepest block that dominates all predecessors seen so far; nil if there is none.
  private func commonDominator(of block: Block) -> Block? {
    var edge = blocks[block].firstEdge
    guard edge != Self.noEdge else { return nil }
    var result = edges[Int(edge)].predecessor
    edge = edges[Int(edge)].next
    while edge != Self.noEdge {
      guard let common = commonAncestor(result, edges[Int(edge)].predecessor) else { return nil }
      result = common
      edge = edges[Int(edge)].next
    }
    return result
  }

  private func commonAncestor(_ a: Block, _ b: Block) -> Block? {
    var a = a
    var b = b
    if blocks[a].depth < blocks[b].depth { swap(&a, &b) }
    while blocks[a].depth > blocks[b].depth {
      let skip = blocks[a].skip
      a = blocks[skip].depth >= blocks[b].depth ? skip : blocks[a].idom
    }
    while a != b {
      if blocks[a].idom.isNone || blocks[b].idom.isNone { return nil }
      // Skip pointers of equal depths have equal lengths.
      if blocks[a].skip != blocks[b].skip {
        a = blocks[a].skip
        b = blocks[b].skip
      } else {
        a = blocks[a].idom
        b = blocks[b].idom
      }
    }
    return a
  }

  /// To be called when `block` is sealed: is its place in the tree still right?
  mutating func checkDominator(of block: Block) {
    guard isStructured, blocks[block].fill != Self.noFill else { return }
    if (commonDominator(of: block) ?? .none) != blocks[block].idom { isStructured = false }
  }

  /// The topmost dominator at whose end `variable` has the value that it has at the start of `block`, or
  /// `block`.
  func topmostEquivalent(_ block: Block, _ variable: Variable) -> Block {
    guard isStructured else { return block }
    var result = block
    var loop = blocks[block].loop
    while true {
      // Blocks between a dominator in the same loop and this one have numbers between theirs.
      let definer = lastDefiner(of: variable, before: blocks[result].fill) ?? 0
      result = topmostDominator(of: result, from: max(definer, loop.isNone ? 0 : blocks[loop].fill))
      guard result == loop, blocks[loop].loopEnd != Self.noFill else { return result }
      if let inLoop = lastDefiner(of: variable, before: blocks[loop].loopEnd + 1), inLoop >= blocks[loop].fill
      {
        return result
      }
      loop = blocks[loop].outerLoop
    }
  }

  /// The highest number below `fill` of a block that defines `variable`.
  private func lastDefiner(of variable: Variable, before fill: UInt32) -> UInt32? {
    guard let last = definers[variable.index].last else { return nil }
    if last < fill { return last }
    var low = 0
    var high = definers[variable.index].count
    while low < high {
      let middle = (low + high) / 2
      if definers[variable.index][middle] < fill { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? definers[variable.index][low - 1] : nil
  }

  /// The topmost dominator of `block` whose number is `fill` or higher, or `block`.
  private func topmostDominator(of block: Block, from fill: UInt32) -> Block {
    var result = block
    while true {
      let skip = blocks[result].skip
      if !skip.isNone, blocks[skip].fill >= fill {
        result = skip
        continue
      }
      let idom = blocks[result].idom
      guard !idom.isNone, blocks[idom].fill >= fill else { return result }
      result = idom
    }
  }
}

// MARK: - Reading a variable

extension FunctionBuilder {
  private enum Step {
    /// Find the value at the end of the block; it is pushed on the results.
    case read(Block)
    /// The results' top is the value at the end of the block, too.
    case keep(Block)
    /// The top results are the values of the block's predecessors for the parameter.
    case join(Block, Value)
  }

  mutating func readVariable(_ variable: Variable) -> Value {
    let value = ssa.lookup(currentBlock, variable)
    if !value.isNone { return function.resolveCompressing(value) }
    return search(variable, [.read(currentBlock)])
  }

  /// Braun's readVariable, readVariableRecursive and addPhiOperands with explicit stacks.
  private mutating func search(_ variable: Variable, _ steps: [Step]) -> Value {
    var steps = steps
    var results: [Value] = []
    if variableCost > variableCostLimit { return zero(ssa.types[variable]) }
    while let step = steps.popLast() {
      switch step {
      case .read(let block):
        let value = ssa.lookup(block, variable)
        if !value.isNone {
          results.append(value)
          continue
        }
        let source = ssa.topmostEquivalent(block, variable)
        if source != block {
          steps.append(.keep(block))
          steps.append(.read(source))
          continue
        }
        let type = ssa.types[variable]
        guard ssa.blocks[block].isSealed else {
          let param = makeFloatingParam(type, of: block)
          ssa.incomplete[block, default: []].append(.init(variable: variable, param: param))
          ssa.remember(block, variable, param)
          results.append(param)
          continue
        }
        let edge = ssa.blocks[block].firstEdge
        if edge == SSABuilder.noEdge {
          let value = zero(type)
          ssa.remember(block, variable, value)
          results.append(value)
        } else if ssa.edges[Int(edge)].next == SSABuilder.noEdge {
          steps.append(.keep(block))
          steps.append(.read(ssa.edges[Int(edge)].predecessor))
        } else {
          let param = makeFloatingParam(type, of: block)
          ssa.remember(block, variable, param)
          readPredecessors(of: block, into: param, &steps)
        }
      case .keep(let block):
        ssa.remember(block, variable, results[results.count - 1])
      case .join(let block, let param):
        results.append(join(block, param, &results))
      }
    }
    return function.resolveCompressing(results[0])
  }

  private mutating func readPredecessors(of block: Block, into param: Value, _ steps: inout [Step]) {
    steps.append(.join(block, param))
    let first = steps.count
    var edge = ssa.blocks[block].firstEdge
    while edge != SSABuilder.noEdge {
      steps.append(.read(ssa.edges[Int(edge)].predecessor))
      edge = ssa.edges[Int(edge)].next
    }
    steps[first...].reverse()
    variableCost += steps.count - first
  }

  /// A parameter that is not in the block's list yet: `join` finds out whether it is needed.
  private mutating func makeFloatingParam(_ type: Type, of block: Block) -> Value {
    function.values.append(ValueData(kind: .param, type: type, owner: block.rawValue, number: .max))
  }

  /// Takes a value for each predecessor off `results`. Where all are equal (or `param` itself) `param` becomes
  /// an alias, otherwise it becomes a parameter of the block and the values its arguments.
  private mutating func join(_ block: Block, _ param: Value, _ results: inout [Value]) -> Value {
    var count = 0
    var edge = ssa.blocks[block].firstEdge
    while edge != SSABuilder.noEdge {
      count += 1
      edge = ssa.edges[Int(edge)].next
    }
    let start = results.count - count
    var only = Value.none
    var isTrivial = true
    for index in start..<results.count {
      let value = function.resolveCompressing(results[index])
      results[index] = value
      if value == param || value == only { continue }
      if !only.isNone { isTrivial = false }
      only = value
    }
    if isTrivial {
      // No value but itself: the block can't be reached, any value will do.
      if only.isNone { only = zero(function.type(of: param)) }
      results.removeLast(count)
      function.alias(param, to: only)
      return only
    }
    function.values[param].number = UInt16(function.blockParams[block].count)
    function.blockParams[block].append(param)
    edge = ssa.blocks[block].firstEdge
    for index in start..<results.count {
      let link = ssa.edges[Int(edge)]
      addArgument(results[index], to: link.call)
      edge = link.next
    }
    results.removeLast(count)
    return param
  }

  private mutating func addArgument(_ value: Value, to call: BlockCall) {
    let position = UInt32(ssa.addedArguments.count)
    ssa.addedArguments.append(.init(value: value, next: SSABuilder.noEdge))
    if ssa.addedHeads[call] == SSABuilder.noEdge {
      ssa.addedHeads[call] = position
    } else {
      ssa.addedArguments[Int(ssa.addedTails[call])].next = position
    }
    ssa.addedTails[call] = position
  }

  /// The zero or null of a type, made in the entry block, which dominates everything.
  private mutating func zero(_ type: Type) -> Value {
    let known = zeros[Int(type.rawValue)]
    if !known.isNone { return known }
    let data: InstData
    switch type {
    case .i32: data = .constant(.iconst, .i32, bits: 0)
    case .i64: data = .constant(.iconst, .i64, bits: 0)
    case .f32: data = .constant(.fconst, .f32, bits: 0)
    case .f64: data = .constant(.fconst, .f64, bits: 0)
    case .v128:
      data = InstData(.vconst, .v128, a: function.vectorConstants.append(V128(low: 0, high: 0)).rawValue)
    case .funcref: data = InstData(.refNull, .funcref)
    case .externref: data = InstData(.refNull, .externref)
    case .exnref: data = InstData(.refNull, .exnref)
    }
    let inst = function.insts.append(data)
    prologue.append(inst)
    let value = function.makeResult(type, of: inst)
    zeros[Int(type.rawValue)] = value
    return value
  }

  // MARK: - Sealing

  mutating func sealBlock(_ block: Block) {
    if ssa.blocks[block].isSealed { return }
    ssa.blocks[block].isSealed = true
    if ssa.blocks[block].fill != SSABuilder.noFill { ssa.blocks[block].loopEnd = ssa.fillCount - 1 }
    ssa.checkDominator(of: block)
    guard let params = ssa.incomplete.removeValue(forKey: block) else { return }
    for item in params {
      var steps: [Step] = []
      if variableCost > variableCostLimit {
        function.alias(item.param, to: zero(ssa.types[item.variable]))
      } else if ssa.hasPredecessors(block) {
        readPredecessors(of: block, into: item.param, &steps)
        _ = search(item.variable, steps)
      } else {
        function.alias(item.param, to: zero(ssa.types[item.variable]))
      }
    }
  }

  /// Appends the arguments that variables caused to the block calls' explicit ones.
  mutating func completeArguments() {
    for call in function.blockCalls.ids {
      var position = ssa.addedHeads[call]
      if position == SSABuilder.noEdge { continue }
      var arguments = Array(function.valueLists[function.blockCalls[call].arguments])
      while position != SSABuilder.noEdge {
        let added = ssa.addedArguments[Int(position)]
        arguments.append(added.value)
        position = added.next
      }
      function.blockCalls[call].arguments = function.valueLists.make(arguments)
    }
  }
}
