internal import Support

// The validator's fast path.

extension FunctionValidator {
  /// Validates the operators that real code is full of, as long as they are valid in the plainest way:
  /// operands of exactly the types that are expected, immediates of at most five bytes, memory 0 with
  /// 32-bit addresses, labels and blocks without values.
  ///
  /// It stops at the first operator for which that is not so, with nothing of it consumed, and leaves it and
  /// all errors to `anyOperator`. The state is kept in variables of its own meanwhile, and each operator is
  /// read as one word of eight bytes, so that nothing goes through memory but the stacks.
  mutating func simpleOperators() {
    let base = cursor.base
    let lastWord = cursor.end - 8
    let infos = UnsafePointer(context.operators.oneByte.baseAddress!)
    let stack = stack
    let frames = frames
    let hasPlainMemory = context.memories.count > 0 && context.memories[0] == .i32
    var position = cursor.position
    var height = height
    var floor = floor
    var frameCount = frameCount
    var used: UInt64 = 0
    defer {
      cursor.position = position
      self.height = height
      self.floor = floor
      self.frameCount = frameCount
      usedBits |= used
    }

    while position <= lastWord {
      let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: position, as: UInt64.self))
      let info = infos[Int(word & 0xFF)]
      let immediate = word >> 8
      switch info.kind {
      case .localGet:
        guard let (index, length) = u32(immediate), let type = locals.flat(index) else { return }
        stack[height] = type
        height += 1
        position += 1 + length
      case .localSet:
        guard let (index, length) = u32(immediate), let type = locals.flat(index), height > floor,
          stack[height - 1] == type
        else { return }
        height -= 1
        position += 1 + length
      case .localTee:
        guard let (index, length) = u32(immediate), let type = locals.flat(index), height > floor,
          stack[height - 1] == type
        else { return }
        position += 1 + length
      case .globalGet:
        guard let (index, length) = u32(immediate), index < context.globals.count else { return }
        stack[height] = context.globals[index].type
        height += 1
        position += 1 + length
      case .globalSet:
        guard let (index, length) = u32(immediate), index < context.globals.count,
          context.globals[index].isMutable, height > floor, stack[height - 1] == context.globals[index].type
        else { return }
        height -= 1
        position += 1 + length

      case .i32Const:
        guard let length = s32Length(immediate) else { return }
        stack[height] = .i32
        height += 1
        position += 1 + length

      case .unary:
        guard height > floor, stack[height - 1] == ValType(bits: UInt32(info.operand0)) else { return }
        stack[height - 1] = ValType(bits: UInt32(info.result))
        position += 1
      case .binary:
        guard height - floor >= 2, stack[height - 1] == ValType(bits: UInt32(info.operand1)),
          stack[height - 2] == ValType(bits: UInt32(info.operand0))
        else { return }
        height -= 1
        stack[height - 1] = ValType(bits: UInt32(info.result))
        position += 1
      case .drop:
        guard height > floor else { return }
        height -= 1
        position += 1

      case .load:
        guard hasPlainMemory, immediate & 0xFF <= info.parameter, let (_, length) = u32(immediate >> 8),
          height > floor, stack[height - 1] == .i32
        else { return }
        stack[height - 1] = ValType(bits: UInt32(info.result))
        position += 2 + length
      case .store:
        guard hasPlainMemory, immediate & 0xFF <= info.parameter, let (_, length) = u32(immediate >> 8),
          height - floor >= 2, stack[height - 1] == ValType(bits: UInt32(info.operand0)),
          stack[height - 2] == .i32
        else { return }
        height -= 2
        position += 2 + length

      case .block, .loop:
        guard immediate & 0xFF == BlockType.emptyByte, frameCount < frameCapacity else { return }
        floor = height
        frames[frameCount] = Frame(
          kind: info.kind == .block ? .block : .loop, height: height, initialized: initialized.count,
          start: context.noTypes, end: context.noTypes)
        frameCount += 1
        position += 2
      case .end:
        guard frameCount > 1, frames[frameCount - 1].start.count == 0, frames[frameCount - 1].end.count == 0,
          height == floor
        else { return }
        frameCount -= 1
        floor = frames[frameCount - 1].height
        position += 1
      case .brIf:
        guard let (label, length) = u32(immediate), label < frameCount,
          frames[frameCount - 1 - label].labelTypes.count == 0, height > floor, stack[height - 1] == .i32
        else { return }
        height -= 1
        position += 1 + length

      case .call:
        guard let (index, length) = u32(immediate), index < context.functions.count else { return }
        let type = context.types[Int(context.functions[index])]
        let bottom = height - type.params.count
        guard bottom >= floor, type.results.count <= 1 else { return }
        for param in 0..<type.params.count where stack[bottom + param] != type.params[param] { return }
        height = bottom
        if type.results.count == 1 {
          stack[height] = type.results[0]
          height += 1
        }
        position += 1 + length

      default: return
      }
      used |= 1 << UInt64(info.featureBit & 63)
    }
  }

  /// A LEB128 u32 in the low five bytes of a word, and its length; nil if it is none.
  @inline(__always)
  private func u32(_ word: UInt64) -> (value: Int, length: Int)? {
    if word & 0x80 == 0 { return (Int(word & 0x7F), 1) }
    guard let (payload, length) = ByteCursor.leb128(word), payload <= UInt32.max else { return nil }
    return (Int(payload), length)
  }

  /// The length of a LEB128 s32 in the low five bytes of a word; nil if it is none.
  @inline(__always)
  private func s32Length(_ word: UInt64) -> Int? {
    if word & 0x80 == 0 { return 1 }
    guard let (payload, length) = ByteCursor.leb128(word) else { return nil }
    if length < 5 { return length }
    // Five bytes are 35 bits: those above the sign repeat it.
    let top = payload >> 31
    return top == 0 || top == 0xF ? length : nil
  }
}
