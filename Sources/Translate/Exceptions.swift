import IR
import Support
import WasmModule

// Exceptions, and their legacy form, become the same IR.
//
// A call that may throw is followed by a test of the pending exception and a branch to the *landing* of the
// innermost frame that handles exceptions: a block that compares tags and goes on to a handler, or else to the
// next landing; the function's own returns to the caller. A landing is filled when its frame's body has ended, for
// only then all branches to it are known. `throw` is a jump.
extension FunctionTranslator {
  mutating func translateExceptions(_ op: Operator) throws(TranslationError) -> Bool {
    switch op.opcode {
    case .throw: try translateThrow(TagIdx(rawValue: op.index))
    case .throwRef:
      let exception = pop()
      builder.trapnz(builder.unary(.refIsNull, .exnref, exception), .nullReference)
      propagate(exception, to: handler)
    case .tryTable:
      tryClauses.append(reader.clauses(of: op))
      try pushFrame(.tryTable, op.blockType)
      openHandler()
    case .try:
      try pushFrame(.try, op.blockType)
      openHandler()
    case .catch: try translateCatch(TagIdx(rawValue: op.index))
    case .catchAll: try translateCatch(nil)
    case .delegate: try translateDelegate(op.index)
    case .rethrow: translateRethrow(op.index)
    default: return false
    }
    return true
  }

  /// To come right behind each call that returns here.
  mutating func testException() throws(TranslationError) {
    if !context.hasExceptions { return }
    let pending = builder.nullary(.exceptionPending, .none)
    let landing = landing(of: handler)
    let next = builder.createBlock()
    builder.brif(pending, landing, next)
    builder.seal(next)
    builder.switchTo(next)
  }

  // MARK: - Landings

  private mutating func openHandler() {
    handler = frames.count - 1
    frames[handler].handler = handler
  }

  /// The innermost frame's body has ended: exceptions go to the frame around.
  private mutating func closeHandler() {
    handler = frames[frames.count - 2].handler
    frames[frames.count - 1].handler = handler
  }

  private mutating func landing(of frame: Int) -> Block {
    if frames[frame].landing.isNone { frames[frame].landing = builder.createBlock() }
    return frames[frame].landing
  }

  /// Leaves for the handlers of a frame with an exception pending.
  private mutating func goToHandlers(of frame: Int) {
    if frame == 0 {
      builder.nullary(.unwind, .none)
    } else {
      builder.jump(landing(of: frame))
    }
  }

  private mutating func propagate(_ exception: Value, to frame: Int) {
    builder.unary(.exceptionSet, .exnref, exception)
    goToHandlers(of: frame)
    isReachable = false
  }

  /// Where calls go that have no handler in the function.
  mutating func emitUnwind(_ frame: ControlFrame) {
    if frame.landing.isNone { return }
    builder.seal(frame.landing)
    builder.switchTo(frame.landing)
    builder.nullary(.unwind, .none)
  }

  /// The fields of a caught exception.
  private mutating func payload(of exception: Value, _ tag: TagIdx) throws(TranslationError) -> [Value] {
    let types = context.signatures[context.signature(of: tag)].params
    try budget.spend(types.count)
    return types.enumerated().map { field, type in
      builder.exceptionField(Shape(type), exception, field, TagID(rawValue: tag.rawValue))
    }
  }

  /// Goes on in a new block if the exception has the tag; returns the block for the case that it has not.
  private mutating func branchUnless(_ exception: Value, has tag: TagIdx) -> Block {
    let isCaught = builder.unaryEntity(.exceptionIs, .exnref, exception, TagID(rawValue: tag.rawValue))
    let caught = builder.createBlock()
    let next = builder.createBlock()
    builder.brif(isCaught, caught, next)
    builder.seal(caught)
    builder.seal(next)
    builder.switchTo(caught)
    return next
  }

  private mutating func clearPending() {
    let null = builder.refNull(.exnref)
    builder.unary(.exceptionSet, .exnref, null)
  }

  // MARK: - throw

  private mutating func translateThrow(_ tag: TagIdx) throws(TranslationError) {
    let count = context.signatures[context.signature(of: tag)].params.count
    try budget.spend(count)
    let arguments = stack.suffix(count)
    if let (frame, clause) = staticHandler(of: tag) {
      var values = clause.tag == nil ? [] : Array(arguments)
      if clause.takesReference {
        let exception = builder.exceptionNew(TagID(rawValue: tag.rawValue), arguments)
        builder.unary(.exceptionKeep, .exnref, exception)
        values.append(exception)
      }
      builder.jump(try target(ofFrame: frame - 1 - Int(clause.label)), values[...])
      isReachable = false
      return
    }
    propagate(builder.exceptionNew(TagID(rawValue: tag.rawValue), arguments), to: handler)
  }

  /// Clauses, and frames that may have none, that are looked at for one `throw`: nesting is the input's choice.
  private static let searchLimit = 16

  /// The `try_table` and its clause that get an exception of this tag from here; nil if that depends on who calls,
  /// or is a legacy `try`, whose clauses are still to come.
  private func staticHandler(of tag: TagIdx) -> (frame: Int, clause: CatchClause)? {
    var frame = handler
    var clauseList = tryClauses.count
    var searched = 0
    while frame > 0, frames[frame].kind == .tryTable {
      clauseList -= 1
      searched += 1
      if searched > Self.searchLimit { return nil }
      for clause in tryClauses[clauseList] {
        searched += 1
        if searched > Self.searchLimit { return nil }
        guard let other = clause.tag, other != tag else { return (frame, clause) }
        // Two imports may be one tag.
        if isImported(tag) && isImported(other) { return nil }
      }
      frame = frames[frame - 1].handler
    }
    return nil
  }

  private func isImported(_ tag: TagIdx) -> Bool { context.module.tags[tag].origin != .defined }

  // MARK: - try_table

  /// The end of a `try_table`, of a legacy `try` without clauses, or of its last clause.
  mutating func endTry() throws(TranslationError) {
    let last = frames.count - 1
    if isReachable { try jump(to: 0) }
    let kind = frames[last].kind
    if kind != .catch { closeHandler() }
    let clauses = kind == .tryTable ? tryClauses.removeLast() : []
    if !frames[last].landing.isNone {
      builder.seal(frames[last].landing)
      builder.switchTo(frames[last].landing)
      if try !emitClauses(clauses, of: last) { goToHandlers(of: handler) }
    }
    continueBehind()
  }

  /// What follows the innermost frame's end.
  private mutating func continueBehind() {
    let frame = frames.removeLast()
    isReachable = !frame.target.isNone
    if isReachable {
      builder.seal(frame.target)
      enter(frame.target, of: frame)
    } else {
      stack.removeLast(stack.count - frame.height)
    }
  }

  /// In the landing of a `try_table`. True if one of the clauses takes everything.
  private mutating func emitClauses(_ clauses: [CatchClause], of frame: Int) throws(TranslationError) -> Bool
  {
    if clauses.isEmpty { return false }
    let exception = builder.nullary(.exceptionPeek, .exnref)
    for clause in clauses {
      let next = clause.tag.map { branchUnless(exception, has: $0) }
      clearPending()
      var values =
        try clause.tag.map { tag throws(TranslationError) in try payload(of: exception, tag) } ?? []
      if clause.takesReference {
        builder.unary(.exceptionKeep, .exnref, exception)
        values.append(exception)
      } else {
        builder.unary(.exceptionRelease, .exnref, exception)
      }
      builder.jump(try target(ofFrame: frame - 1 - Int(clause.label)), values[...])
      guard let next else { return true }
      builder.switchTo(next)
    }
    return false
  }

  // MARK: - Legacy

  /// `catch`, or with nil `catch_all`: ends the body before it.
  mutating func translateCatch(_ tag: TagIdx?) throws(TranslationError) {
    let last = frames.count - 1
    if isReachable { try jump(to: 0) }
    let isFirst = frames[last].kind == .try
    if isFirst { closeHandler() }
    frames[last].kind = .catch
    stack.removeLast(stack.count - frames[last].height)
    let landing = frames[last].landing
    isReachable = !landing.isNone
    if !isReachable { return }
    builder.seal(landing)
    builder.switchTo(landing)
    if isFirst { frames[last].exception = builder.nullary(.exceptionPeek, .exnref) }
    let exception = frames[last].exception
    frames[last].landing = tag.map { branchUnless(exception, has: $0) } ?? .none
    clearPending()
    if let tag { stack += try payload(of: exception, tag) }
    // A `rethrow` needs it again. What none of them takes on is the collector's.
    if !findsRethrow() { builder.unary(.exceptionRelease, .exnref, exception) }
  }

  private mutating func findsRethrow() -> Bool {
    if let hasRethrow { return hasRethrow }
    var reader = OperatorReader(module: context.module, function: function)
    _ = reader.readLocals()
    var found = false
    while !found && !reader.isAtEnd { found = reader.next().opcode == .rethrow }
    hasRethrow = found
    return found
  }

  /// Ends a `try`; its exceptions go to the handlers of the frame that the label names.
  mutating func translateDelegate(_ label: UInt32) throws(TranslationError) {
    let last = frames.count - 1
    if isReachable { try jump(to: 0) }
    closeHandler()
    if !frames[last].landing.isNone {
      builder.seal(frames[last].landing)
      builder.switchTo(frames[last].landing)
      goToHandlers(of: frames[last - 1 - Int(label)].handler)
    }
    continueBehind()
  }

  private mutating func translateRethrow(_ label: UInt32) {
    let frame = frames.count - 1 - Int(label)
    let exception = frames[frame].exception
    // Caught inside of the clause, which may throw it once more: there are two then who hold it.
    if handler > frame { builder.unary(.exceptionKeep, .exnref, exception) }
    propagate(exception, to: handler)
  }
}
