internal import Support

// Exceptions (specification 3.0, section 3.4.2), and their first form, which toolchains of 2021 to 2025 emit
// (proposal "exception-handling", legacy).

/// The clauses of a `try_table`, by their byte in the binary format.
enum CatchKind: UInt8 {
  case tag = 0
  case tagRef, all, allRef

  var hasTag: Bool { self == .tag || self == .tagRef }
  var hasReference: Bool { self == .tagRef || self == .allRef }
}

extension FunctionValidator {
  private func tagParams(_ index: UInt32) throws(WasmError) -> TypeList {
    guard index < context.tags.count else { throw .invalid("unknown tag \(index)", at: opStart) }
    return context.types[Int(context.tags[Int(index)])].params
  }

  mutating func throwTag() throws(WasmError) {
    try pop(try tagParams(try cursor.u32()))
    markUnreachable()
  }

  mutating func throwRef() throws(WasmError) {
    try pop(.exnref)
    markUnreachable()
  }

  mutating func tryTable() throws(WasmError) {
    let (params, results) = try blockType()
    let count = try cursor.count("catch clauses", limit: Int(UInt32.max), minimumSize: 2)
    for _ in 0..<count { try catchClause() }
    try pop(params)
    pushFrame(.block, start: params, end: results)
    try push(params)
  }

  /// Labels of clauses are those around the `try_table`.
  private mutating func catchClause() throws(WasmError) {
    let offset = cursor.position
    guard let kind = CatchKind(rawValue: try cursor.byte()) else {
      throw .malformed("malformed catch clause", at: offset)
    }
    let params = kind.hasTag ? try tagParams(try cursor.u32()) : context.noTypes
    let label = try frame(label: try cursor.u32()).labelTypes
    let count = params.count + (kind.hasReference ? 1 : 0)
    guard label.count == count else {
      throw .invalid("type mismatch", "a clause with \(count) values, a label of \(label.count)", at: offset)
    }
    for index in 0..<params.count where !matches(params[index], label[index]) {
      throw .invalid("type mismatch", "expected \(label[index]), found \(params[index])", at: offset)
    }
    let reference = ValType.ref(.exn, nullable: false)
    if kind.hasReference && !matches(reference, label[count - 1]) {
      throw .invalid("type mismatch", "expected \(label[count - 1]), found \(reference)", at: offset)
    }
  }

  // MARK: - Legacy

  mutating func catchTag() throws(WasmError) {
    let params = try tagParams(try cursor.u32())
    let frame = try popTry("catch")
    pushFrame(.catch, start: frame.start, end: frame.end)
    try push(params)
  }

  mutating func catchAll() throws(WasmError) {
    let frame = try popTry("catch_all")
    pushFrame(.catchAll, start: frame.start, end: frame.end)
  }

  private mutating func popTry(_ name: String) throws(WasmError) -> Frame {
    let kind = frames[frameCount - 1].kind
    guard kind == .try || kind == .catch else { throw .malformed("unexpected \(name)", at: opStart) }
    return try popFrame()
  }

  mutating func delegate() throws(WasmError) {
    guard frames[frameCount - 1].kind == .try else { throw .malformed("unexpected delegate", at: opStart) }
    let label = try cursor.u32()
    let frame = try popFrame()
    _ = try self.frame(label: label)
    try push(frame.end)
  }

  mutating func rethrow() throws(WasmError) {
    let kind = try frame(label: try cursor.u32()).kind
    guard kind == .catch || kind == .catchAll else { throw .invalid("invalid rethrow label", at: opStart) }
    markUnreachable()
  }
}
