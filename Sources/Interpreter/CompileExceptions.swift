import WasmModule

/// Where exceptions of a range of a function's code are caught. A function's handlers are in the order in which their
/// ranges end: inner ones first.
struct Handler {
  struct Clause {
    enum Action {
      case catches(TagIdentity)
      case catchesAll
      /// Goes on with the handlers of blocks no deeper than this.
      case delegates(depth: Int)
    }
    var action: Action
    /// Position in the code.
    var target: UInt32
    /// Where the values go, and the exception itself unless that is `noSlot`.
    var values: UInt32
    var reference: UInt32
  }

  var start: UInt32
  var end: UInt32
  var depth: Int
  var clauses: [Clause]

  static let noSlot: UInt32 = .max

  mutating func move(by count: UInt32) {
    start += count
    end += count
    for index in clauses.indices { clauses[index].target += count }
  }
}

/// Tags are the same if they are the same record.
typealias TagIdentity = UnsafeMutablePointer<TagRecord>

extension FunctionCompiler {
  private func tagParams(_ index: TagIdx) -> [ValType] {
    module.types.functionType(module.tags[index].type).params
  }

  mutating func throwTag(_ op: Operator) {
    let tag = TagIdx(rawValue: op.index)
    let first = settle(last: tagParams(tag).count)
    emit(Instruction(.throw, a: first, word: UInt64(at: instance.tags[tag.index].record)))
    markUnreachable()
  }

  mutating func throwReference() {
    emit(Instruction(.throwReference, a: popOperand()))
    markUnreachable()
  }

  // MARK: - try_table

  mutating func tryTable(_ op: Operator) {
    let clauses = reader.clauses(of: op)
    open(.tryTable, op.blockType)
    bindHere()
    controls[controls.count - 1].clauses = clauses
    controls[controls.count - 1].start = code.count
  }

  /// Code for the clauses, behind the body: each moves its values to its label.
  mutating func endTryTable(_ index: Int) {
    let control = controls[index]
    let end = code.count
    if !isUnreachable {
      moveValues(count: control.results.count, to: control.base)
      emitBranch(Instruction(.jump), to: index)
    }
    truncate(to: control)
    var clauses: [Handler.Clause] = []
    for clause in control.clauses {
      // Labels count from the block around.
      let target = index - 1 - Int(clause.label)
      let types = clause.tag.map(tagParams) ?? []
      let position = UInt32(code.count)
      push(types)
      let reference = clause.takesReference ? top : Handler.noSlot
      if clause.takesReference { push(.reference) }
      jump(to: target)
      clauses.append(
        Handler.Clause(
          action: clause.tag.map { .catches(instance.tags[$0.index].record) } ?? .catchesAll,
          target: position, values: control.base, reference: reference))
      truncate(to: control)
    }
    handlers.append(
      Handler(start: UInt32(control.start), end: UInt32(end), depth: index, clauses: clauses))
    // The body's end jumps here; what falls through is nothing.
    isUnreachable = true
  }

  // MARK: - Legacy

  mutating func legacyTry(_ op: Operator) {
    open(.try, op.blockType)
    bindHere()
    controls[controls.count - 1].start = code.count
  }

  /// A `catch` keeps its exception in the block's first slot, for `rethrow`; its values are above.
  mutating func legacyCatch(_ tag: TagIdx?) {
    let index = controls.count - 1
    let end = code.count
    finishArm(index)
    if controls[index].kind == .try { endTryBody(index, end: end) }
    controls[index].kind = .catch
    truncate(to: controls[index])
    advance(1)
    handlers[controls[index].handler].clauses.append(
      Handler.Clause(
        action: tag.map { .catches(instance.tags[$0.index].record) } ?? .catchesAll,
        target: UInt32(code.count), values: top, reference: controls[index].base))
    if let tag { push(tagParams(tag)) }
    begin()
  }

  private mutating func endTryBody(_ index: Int, end: Int) {
    controls[index].handler = handlers.count
    handlers.append(
      Handler(start: UInt32(controls[index].start), end: UInt32(end), depth: index, clauses: []))
  }

  mutating func delegate(depth: UInt32) {
    let index = controls.count - 1
    endTryBody(index, end: code.count)
    // The label counts from the block around.
    let target = index - 1 - Int(depth)
    handlers[controls[index].handler].clauses.append(
      Handler.Clause(action: .delegates(depth: target), target: 0, values: 0, reference: Handler.noSlot))
    controls[index].kind = .block
    end()
  }

  mutating func rethrow(depth: UInt32) {
    emit(Instruction(.throwReference, a: controls[controls.count - 1 - Int(depth)].base))
    markUnreachable()
  }
}
