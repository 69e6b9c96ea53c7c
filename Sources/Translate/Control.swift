import IR
import Support
import WasmModule

/// An open block, loop, if or function: an entry of the control stack.
struct ControlFrame {
  enum Kind: UInt8 {
    case function, block, loop
    /// An `if` whose `else` has not come.
    case `if`
    case `else`
    case tryTable
    /// A legacy `try` whose first `catch` has not come.
    case `try`
    /// The body of a legacy `catch` or `catch_all`.
    case `catch`

    var handlesExceptions: Bool { self == .tryTable || self == .try || self == .catch }
  }

  var kind: Kind
  var type: FrameType
  var paramCount: Int
  var resultCount: Int
  /// Of the operand stack below the parameters.
  var height: Int
  /// Where a branch to the frame's label goes. A loop's header; for all others the block behind the `end`,
  /// which is made by the first branch to it: most code falls off the end of its blocks.
  var target: Block
  /// Where an `if` goes with a zero.
  var elseBlock: Block
  /// The frame whose handlers get an exception from inside of this one's body.
  var handler: Int
  /// Where an exception in the body goes; behind a `catch`, where it goes that this one does not take. Made by the
  /// first that may come.
  var landing = Block.none
  /// Of a `catch`: the exception.
  var exception = Value.none

  /// Number of values that a branch to the label takes.
  var labelArity: Int { kind == .loop ? paramCount : resultCount }
}

/// Parameters and results of a frame.
enum FrameType {
  case empty
  case value(Type)
  case signature(SignatureID)
}

extension FunctionTranslator {
  mutating func translateControl(_ op: Operator) throws(TranslationError) -> Bool {
    switch op.opcode {
    case .unreachable:
      builder.trap(.unreachable)
      isReachable = false
    case .nop: break
    case .block: try pushFrame(.block, op.blockType)
    case .loop: try translateLoop(op.blockType)
    case .if: try translateIf(op)
    case .else: try translateElse()
    case .end: try translateEnd()
    case .br: try translateBr(op.index)
    case .brIf: try translateBrIf(op)
    case .brTable: try translateBrTable(op)
    case .return: translateReturn()
    default: return false
    }
    return true
  }

  /// Unreachable code: only its nesting matters.
  mutating func skip(_ op: Operator) throws(TranslationError) {
    switch op.opcode {
    case .block, .loop, .if, .try, .tryTable: skippedBlocks += 1
    case .else where skippedBlocks == 0: try translateElse()
    case .end where skippedBlocks == 0: try translateEnd()
    case .catch where skippedBlocks == 0: try translateCatch(TagIdx(rawValue: op.index))
    case .catchAll where skippedBlocks == 0: try translateCatch(nil)
    case .delegate where skippedBlocks == 0: try translateDelegate(op.index)
    case .end, .delegate: skippedBlocks -= 1
    default: break
    }
  }

  // MARK: - Frames

  mutating func pushFunctionFrame() {
    let signature = builder.function.signature
    frames.append(
      ControlFrame(
        kind: .function, type: .signature(signature), paramCount: 0,
        resultCount: context.signatures[signature].results.count, height: 0, target: .none, elseBlock: .none,
        handler: 0))
  }

  mutating func pushFrame(_ kind: ControlFrame.Kind, _ type: BlockType) throws(TranslationError) {
    var frame = ControlFrame(
      kind: kind, type: .empty, paramCount: 0, resultCount: 0, height: stack.count, target: .none,
      elseBlock: .none, handler: handler)
    switch type {
    case .empty: break
    case .value(let type):
      frame.type = .value(try ModuleContext.irType(type))
      frame.resultCount = 1
    case .type(let type):
      let signature = context.signature(of: type)
      frame.type = .signature(signature)
      frame.paramCount = context.signatures[signature].params.count
      frame.resultCount = context.signatures[signature].results.count
      frame.height -= frame.paramCount
    }
    frames.append(frame)
  }

  /// A new block whose parameters are the frame's results, or those of a loop.
  private mutating func createTarget(of frame: ControlFrame) throws(TranslationError) -> Block {
    try budget.spend(frame.labelArity)
    let block = builder.createBlock()
    switch frame.type {
    case .empty: break
    case .value(let type): if frame.kind != .loop { builder.appendBlockParam(type, to: block) }
    case .signature(let signature):
      let signature = context.signatures[signature]
      for type in frame.kind == .loop ? signature.params : signature.results {
        builder.appendBlockParam(type, to: block)
      }
    }
    return block
  }

  /// The block that a branch to `label` goes to.
  mutating func target(of label: UInt32) throws(TranslationError) -> Block {
    try target(ofFrame: frames.count - 1 - Int(label))
  }

  mutating func target(ofFrame index: Int) throws(TranslationError) -> Block {
    if frames[index].target.isNone { frames[index].target = try createTarget(of: frames[index]) }
    return frames[index].target
  }

  func arity(of label: UInt32) -> Int { frames[frames.count - 1 - Int(label)].labelArity }

  /// Continues in `block`, with the values below the frame and the block's own parameters on the stack.
  mutating func enter(_ block: Block, of frame: ControlFrame) {
    builder.switchTo(block)
    stack.removeLast(stack.count - frame.height)
    stack.append(contentsOf: builder.params(of: block))
    isReachable = true
  }

  // MARK: - Structured control

  private mutating func translateLoop(_ type: BlockType) throws(TranslationError) {
    try pushFrame(.loop, type)
    let last = frames.count - 1
    let header = try createTarget(of: frames[last])
    frames[last].target = header
    // The header stays unsealed: branches back to it follow.
    builder.jump(header, stack.suffix(frames[last].paramCount))
    enter(header, of: frames[last])
  }

  private mutating func translateIf(_ op: Operator) throws(TranslationError) {
    let condition = pop()
    try pushFrame(.if, op.blockType)
    let last = frames.count - 1
    let params = stack.suffix(frames[last].paramCount)
    try budget.spend(params.count)
    elseParams.append(contentsOf: params)
    let then = builder.createBlock()
    let otherwise = builder.createBlock()
    builder.brif(condition, then, [], otherwise, [], hint: hints.next(at: op.offset))
    builder.seal(then)
    builder.switchTo(then)
    frames[last].elseBlock = otherwise
  }

  private mutating func translateElse() throws(TranslationError) {
    let last = frames.count - 1
    if isReachable { try jump(to: 0) }
    enterElse(of: frames[last])
    frames[last].kind = .else
  }

  /// The parameters are the results. Mostly there are none, and no branch to the label: then the block that the
  /// condition's zero leads to is the one behind the `end`.
  private mutating func endIfWithoutElse() throws(TranslationError) {
    let last = frames.count - 1
    if frames[last].target.isNone && frames[last].paramCount == 0 {
      frames[last].target = frames[last].elseBlock
      frames[last].kind = .block
    } else {
      try translateElse()
    }
  }

  /// Continues in an `if`'s other block, with the parameters back on the stack.
  private mutating func enterElse(of frame: ControlFrame) {
    builder.seal(frame.elseBlock)
    enter(frame.elseBlock, of: frame)
    stack.append(contentsOf: elseParams.suffix(frame.paramCount))
    elseParams.removeLast(frame.paramCount)
  }

  private mutating func translateEnd() throws(TranslationError) {
    if frames[frames.count - 1].kind == .if { try endIfWithoutElse() }
    if frames[frames.count - 1].kind.handlesExceptions { return try endTry() }
    let frame = frames[frames.count - 1]
    switch frame.kind {
    case .loop: builder.seal(frame.target)
    default:
      if !frame.target.isNone {
        if isReachable { try jump(to: 0) }
        builder.seal(frame.target)
        enter(frame.target, of: frame)
      }
    }
    if !isReachable { stack.removeLast(stack.count - frame.height) }
    frames.removeLast()
    if frame.kind == .function {
      if isReachable { builder.emitReturn(stack[...]) }
      emitUnwind(frame)
    }
  }

  // MARK: - Branches

  /// Jumps to a label with the topmost operands. What follows is not reached.
  mutating func jump(to label: UInt32) throws(TranslationError) {
    let arity = arity(of: label)
    try budget.spend(arity)
    builder.jump(try target(of: label), stack.suffix(arity))
  }

  private mutating func translateBr(_ label: UInt32) throws(TranslationError) {
    try jump(to: label)
    isReachable = false
  }

  private mutating func translateBrIf(_ op: Operator) throws(TranslationError) {
    try branch(to: op.index, if: pop(), hint: hints.next(at: op.offset))
  }

  /// Branches to a label with the topmost operands, which stay for the case that the branch is not taken.
  mutating func branch(
    to label: UInt32, if condition: Value, hint: BranchHint = .none
  ) throws(TranslationError) {
    let arity = arity(of: label)
    try budget.spend(arity)
    let taken = try target(of: label)
    let next = builder.createBlock()
    builder.brif(condition, taken, stack.suffix(arity), next, [], hint: hint)
    builder.seal(next)
    builder.switchTo(next)
  }

  private mutating func translateBrTable(_ op: Operator) throws(TranslationError) {
    let index = pop()
    let labels = reader.targets(of: op)
    let arity = arity(of: labels[0])
    // The builder makes one list of arguments for each different target: there are at most as many as labels,
    // and as frames.
    try budget.spend(arity * min(labels.count, frames.count))
    var targets: [Block] = []
    targets.reserveCapacity(labels.count)
    for label in labels { targets.append(try target(of: label)) }
    builder.brTable(index, targets.dropLast(), default: targets[targets.count - 1], stack.suffix(arity))
    isReachable = false
  }

  private mutating func translateReturn() {
    builder.emitReturn(stack.suffix(frames[0].resultCount))
    isReachable = false
  }
}
