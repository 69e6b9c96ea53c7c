import WasmModule

// Accesses to memory 0 with i32 addresses are one instruction; all others take the general form.

extension FunctionCompiler {
  private func isFast(_ op: Operator) -> Bool {
    op.index == 0 && module.memories[MemIdx(rawValue: 0)].type.address == .i32
      && InstructionTable.fast[Int(op.opcode.rawValue)] != Self.noInstruction
  }

  /// The words behind an access in its general form.
  private mutating func emitAccessWords(_ op: Operator, operand: UInt32 = 0) {
    emit(Instruction(head: op.bits, word: UInt64(at: instance.memories[Int(op.index)].record)))
    emit(
      Instruction(
        a: UInt32(InstructionTable.widths[Int(op.opcode.rawValue)]), b: UInt32(op.lane), c: operand))
  }

  /// An access to memory 0 in the form that its address allows. `a` is left to the caller.
  private mutating func fastAccess(_ row: Int, _ address: Entry, offset: UInt64) -> Instruction {
    if let short = UInt16(exactly: offset) {
      if address.place == .sum {
        return Instruction(raw: InstructionTable.fastSum[row], b: address.base, c: address.addend, aux: short)
      }
      let indexed = InstructionTable.fastIndexed[row]
      if indexed != Self.noInstruction, isLastResult(address), code[resultIndex].opcode == .i32Add {
        let sum = code.removeLast()
        return Instruction(raw: indexed, b: sum.b, c: sum.c, aux: short)
      }
    }
    // An address that is a constant: a slot that is zero, and the address as the offset.
    if address.place == .constant, case let sum = address.value &+ offset, sum <= UInt64(UInt32.max),
      loopDepth > 0,
      let zero = constantSlot(0)
    {
      return Instruction(raw: InstructionTable.fast[row], b: zero, c: UInt32(sum))
    }
    return Instruction(raw: InstructionTable.fast[row], b: operand(address), c: UInt32(offset))
  }

  mutating func load(_ op: Operator, _ row: Int) {
    let kind = Kind(rawValue: InstructionTable.results[row])!
    // Of a lane's load: the vector whose other lanes stay.
    let vector = op.opcode.immediates == .memargLane ? popOperand() : 0
    let entry = pop()
    if isFast(op) {
      let access = fastAccess(row, entry, offset: op.bits)
      emitResult(access, kind)
      return
    }
    let address = operand(entry)
    let at = code.count
    emit(Instruction(.memoryAccess, a: top, b: address, c: vector, aux: InstructionTable.opcodes[row]))
    emitAccessWords(op)
    (resultIndex, resultEnd) = (at, code.count)
    push(kind)
  }

  mutating func store(_ op: Operator, _ row: Int) {
    let value = popOperand()
    let entry = pop()
    if isFast(op) {
      var access = fastAccess(row, entry, offset: op.bits)
      access.a = value
      emit(access)
      return
    }
    let address = operand(entry)
    emit(Instruction(.memoryAccess, a: value, b: address, aux: InstructionTable.opcodes[row]))
    emitAccessWords(op)
  }

  // MARK: - Atomics

  mutating func atomic(_ op: Operator, _ row: Int) {
    let kind = Kind(rawValue: InstructionTable.results[row])!
    let count = InstructionTable.operandCounts[row]
    let replacement = count == 3 ? popOperand() : 0
    let value = count >= 2 ? popOperand() : 0
    let address = popOperand()
    let isStore = kind == .none
    emit(
      Instruction(
        .atomicAccess, a: isStore ? value : top, b: address, c: value, aux: InstructionTable.opcodes[row]))
    emitAccessWords(op, operand: replacement)
    if !isStore { push(kind) }
  }

  mutating func wait(_ op: Operator, _ row: Int) {
    let first = settle(last: 3)
    pop(3)
    emit(Instruction(.atomicWait, a: first, b: first, c: first + 1))
    emitAccessWords(op)
    push(.i32)
  }

  // MARK: - Whole memories

  mutating func memoryOperator(_ op: Operator) {
    func record(_ index: UInt32) -> UInt64 { UInt64(at: instance.memories[Int(index)].record) }
    switch op.opcode {
    case .memorySize:
      emitResult(Instruction(.memorySize, word: record(op.index)), addressKind(of: op.index))
    case .memoryGrow:
      let slot = settle(last: 1)
      emit(Instruction(.memoryGrow, a: slot, word: record(op.index)))
      bindHere()
    case .memoryFill:
      emitBulk(.memoryFill, record(op.index))
    case .memoryCopy:
      emitBulk(.memoryCopy, record(op.index), record(op.index2))
    case .memoryInit:
      emitBulk(.memoryInit, record(op.index2), UInt64(at: instance.data + Int(op.index)))
    default:
      emit(Instruction(.dataDrop, word: UInt64(at: instance.data + Int(op.index))))
    }
  }

  /// An operator on three operands, with the record that it changes and the one that it reads, if that is another.
  private mutating func emitBulk(_ opcode: Opcode, _ target: UInt64, _ source: UInt64? = nil) {
    emit(Instruction(opcode, a: settle(last: 3), word: target))
    if let source { emit(Instruction(word: source)) }
    pop(3)
  }

  private func addressKind(of memory: UInt32) -> Kind {
    module.memories[MemIdx(rawValue: memory)].type.address == .i32 ? .i32 : .i64
  }

  // MARK: - Tables

  mutating func tableOperator(_ op: Operator) {
    func record(_ index: UInt32) -> UInt64 { UInt64(at: instance.tables[Int(index)].record) }
    var addressKind: Kind { module.tables[TableIdx(rawValue: op.index)].type.address == .i32 ? .i32 : .i64 }
    switch op.opcode {
    case .tableGet:
      let index = popOperand()
      emitResult(Instruction(.tableGet, b: index), .reference, words: Instruction(word: record(op.index)))
    case .tableSet:
      let value = popOperand()
      let index = popOperand()
      emit(Instruction(.tableSet, a: value, b: index))
      emit(Instruction(word: record(op.index)))
    case .tableSize:
      emitResult(Instruction(.tableSize, word: record(op.index)), addressKind)
    case .tableGrow:
      emit(Instruction(.tableGrow, a: settle(last: 2), word: record(op.index)))
      pop(2)
      push(addressKind)
      bindHere()
    case .tableFill:
      emitBulk(.tableFill, record(op.index))
    case .tableCopy:
      emitBulk(.tableCopy, record(op.index), record(op.index2))
    case .tableInit:
      emitBulk(.tableInit, record(op.index2), UInt64(at: instance.elements + Int(op.index)))
    default:
      emit(Instruction(.elementDrop, word: UInt64(at: instance.elements + Int(op.index))))
    }
  }
}
