internal import Support

// The operand and control stacks of the validator, and type matching.

extension FunctionValidator {
  // MARK: - Operands

  @inline(__always)
  mutating func push(_ type: ValType) {
    stack[height] = type
    height += 1
  }

  @inline(__always)
  mutating func pop(_ expected: ValType) throws(WasmError) {
    if height > floor && stack[height - 1] == expected {
      height -= 1
    } else {
      try popSlow(expected)
    }
  }

  @inline(never)
  mutating func popSlow(_ expected: ValType) throws(WasmError) {
    let found = try popAny(expected)
    guard matches(found, expected) else { throw mismatch(expected, found) }
  }

  /// Pops whatever there is; the bottom type from an empty unreachable stack.
  ///
  /// - Parameter expected: for the message.
  @inline(__always)
  mutating func popAny(_ expected: ValType? = nil) throws(WasmError) -> ValType {
    if height > floor {
      height -= 1
      return stack[height]
    }
    guard frames[frameCount - 1].isUnreachable else {
      let wanted = expected?.description ?? "a value"
      throw .invalid("type mismatch", "expected \(wanted), found an empty stack", at: opStart)
    }
    return .bottom
  }

  mutating func pop(_ types: TypeList) throws(WasmError) {
    var index = types.count
    while index > 0 {
      index -= 1
      try pop(types[index])
    }
  }

  mutating func push(_ types: TypeList) throws(WasmError) {
    if types.count > 1 { try reserveValues(types.count) }
    for index in 0..<types.count { push(types[index]) }
  }

  /// Checks that the types are on top of the stack, and leaves everything as it is.
  mutating func checkTop(_ types: TypeList) throws(WasmError) {
    var position = height
    var index = types.count
    while index > 0 {
      index -= 1
      guard position > floor else {
        if frames[frameCount - 1].isUnreachable { return }
        throw .invalid("type mismatch", "expected \(types[index]), found an empty stack", at: opStart)
      }
      position -= 1
      let found = stack[position]
      if found != types[index] && !matches(found, types[index]) { throw mismatch(types[index], found) }
    }
  }

  /// Makes room for `count` values and for one value per byte that remains.
  mutating func reserveValues(_ count: Int) throws(WasmError) {
    if height + count > ImplementationLimits.operandStack {
      throw .limit("number of values on the operand stack", ImplementationLimits.operandStack, at: opStart)
    }
    let needed = height + count + cursor.remaining + 1
    guard needed > stackCapacity else { return }
    let grown = UnsafeMutablePointer<ValType>.allocate(capacity: needed * 2)
    grown.update(from: stack, count: height)
    stack.deallocate()
    stack = grown
    stackCapacity = needed * 2
  }

  /// Whether a value of one type can stand for another.
  @inline(__always)
  func matches(_ found: ValType, _ expected: ValType) -> Bool {
    found == expected || found == .bottom || expected == .bottom
      || found.isReference && expected.isReference && context.module.types.matches(found, expected)
  }

  func mismatch(_ expected: ValType, _ found: ValType) -> WasmError {
    .invalid("type mismatch", "expected \(expected), found \(found)", at: opStart)
  }

  func mismatch(_ expected: TypeList, _ found: TypeList) -> WasmError {
    .invalid("type mismatch", "expected \(expected.description), found \(found.description)", at: opStart)
  }

  func matches(_ found: TypeList, _ expected: TypeList) -> Bool {
    guard found.count == expected.count else { return false }
    if found.start == expected.start { return true }
    for index in 0..<found.count where !matches(found[index], expected[index]) { return false }
    return true
  }

  // MARK: - Frames

  mutating func pushFrame(_ kind: Frame.Kind, start: TypeList, end: TypeList) {
    if frameCount == frameCapacity {
      let grown = UnsafeMutablePointer<Frame>.allocate(capacity: frameCapacity * 2)
      grown.update(from: frames, count: frameCount)
      frames.deallocate()
      frames = grown
      frameCapacity *= 2
    }
    floor = height
    frames[frameCount] = Frame(
      kind: kind, height: height, initialized: initialized.count, start: start, end: end)
    frameCount += 1
  }

  /// Pops the innermost frame once its results are all that is on the stack.
  mutating func popFrame() throws(WasmError) -> Frame {
    let frame = frames[frameCount - 1]
    try pop(frame.end)
    guard height == frame.height else {
      throw .invalid("type mismatch", "\(height - frame.height) values too many on the stack", at: opStart)
    }
    if initialized.count > frame.initialized { forgetInitialized(above: frame.initialized) }
    frameCount -= 1
    floor = frameCount > 0 ? frames[frameCount - 1].height : 0
    return frame
  }

  mutating func markUnreachable() {
    height = floor
    frames[frameCount - 1].isUnreachable = true
  }

  /// The frame that a label names: 0 is the innermost.
  func frame(label: UInt32) throws(WasmError) -> Frame {
    guard label < frameCount else { throw .invalid("unknown label \(label)", at: opStart) }
    return frames[frameCount - 1 - Int(label)]
  }
}
