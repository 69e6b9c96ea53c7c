import WasmModule

/// How the compiler treats an operator; raw values are the generator's.
enum InstructionForm: UInt8 {
  case handwritten, scalar, compare, vector, load, store, atomic, wait, fence
}

extension FunctionCompiler {
  static let noInstruction: UInt16 = 0xFFFF

  mutating func compile(_ op: Operator) {
    if options.isMetered && !op.opcode.isFree { segmentCost += 1 }
    let row = Int(op.opcode.rawValue)
    switch InstructionForm(rawValue: InstructionTable.forms[row])! {
    case .scalar, .compare: scalar(op, row)
    case .vector: vector(op, row)
    case .load: load(op, row)
    case .store: store(op, row)
    case .atomic: atomic(op, row)
    case .wait: wait(op, row)
    case .fence: break
    case .handwritten: handwritten(op)
    }
  }

  private func resultKind(_ row: Int) -> Kind { Kind(rawValue: InstructionTable.results[row])! }

  // MARK: - Scalars

  private mutating func scalar(_ op: Operator, _ row: Int) {
    let isComparison = InstructionTable.forms[row] == InstructionForm.compare.rawValue
    if InstructionTable.operandCounts[row] == 1 {
      let entry = pop()
      // `eqz` of a comparison: a branch behind it can use the opposite one.
      let inverts = op.opcode == .i32Eqz && comparison.end == code.count && isLastResult(entry)
      let source = operand(entry)
      let first = code.count
      emitResult(Instruction(raw: InstructionTable.opcodes[row], b: source), resultKind(row))
      if inverts {
        comparison.isInverted.toggle()
        comparison.end = code.count
      } else if isComparison {
        comparison = Comparison(
          opcode: UInt16(row), index: first, end: code.count, isConstant: false, isInverted: false)
      }
      return
    }
    var second = pop()
    var first = pop()
    if first.place == .constant && second.place != .constant && op.opcode.isCommutative {
      swap(&first, &second)
    }
    if second.place == .constant, let constant = immediate(second),
      InstructionTable.constant[row] != Self.noInstruction
    {
      if delaySum(op.opcode, first, constant) || fuse(row, made: first, constant: constant) { return }
      let source = operand(first)
      let start = code.count
      emitResult(Instruction(raw: InstructionTable.constant[row], b: source, c: constant), resultKind(row))
      if isComparison {
        comparison = Comparison(
          opcode: UInt16(row), index: start, end: code.count, isConstant: true, isInverted: false)
      }
      return
    }
    if fuse(row, made: second, with: first)
      || op.opcode.isExchangeable && fuse(row, made: first, with: second)
    {
      return
    }
    let x = operand(first)
    let y = operand(second)
    let start = code.count
    emitResult(Instruction(raw: InstructionTable.opcodes[row], b: x, c: y), resultKind(row))
    if isComparison {
      comparison = Comparison(
        opcode: UInt16(row), index: start, end: code.count, isConstant: false, isInverted: false)
    }
  }

  /// Leaves the sum of an i32 and a constant to whoever uses it.
  private mutating func delaySum(_ opcode: WasmOpcode, _ entry: Entry, _ constant: UInt32) -> Bool {
    let addend = opcode == .i32Sub ? 0 &- constant : constant
    guard opcode == .i32Add || opcode == .i32Sub else { return false }
    switch entry.place {
    // Not one above the constant: what is pushed next may be written there.
    case .temporary where entry.slot == top: pushSum(base: top, addend: addend)
    case .local: pushSum(base: UInt32(entry.value), addend: addend)
    case .sum where entry.slot == top: pushSum(base: entry.base, addend: entry.addend &+ addend)
    default: return false
    }
    return true
  }

  /// Puts an operator into the instruction that has just made its last operand (if it can be exchanged: either), if there
  /// is one that does both. The other operand must be in a slot, whose number goes where that instruction has room.
  private mutating func fuse(_ row: Int, made: Entry, with other: Entry) -> Bool {
    guard let slot = other.readySlot.flatMap({ UInt16(exactly: $0) }) else { return false }
    return fuse(row, made, group: 2 * row, aux: slot)
  }

  private mutating func fuse(_ row: Int, made: Entry, constant: UInt32) -> Bool {
    guard let constant = UInt16(exactly: constant) else { return false }
    return fuse(row, made, group: 2 * row + 1, aux: constant)
  }

  private mutating func fuse(_ row: Int, _ made: Entry, group: Int, aux: UInt16) -> Bool {
    let pairs = Int(InstructionTable.fusionStarts[group])..<Int(InstructionTable.fusionStarts[group + 1])
    guard !pairs.isEmpty, isLastResult(made), code[resultIndex].aux == 0 else { return false }
    for index in stride(from: pairs.lowerBound, to: pairs.upperBound, by: 2)
    where InstructionTable.fusions[index] == code[resultIndex].number {
      let first = code.removeLast()
      emitResult(
        Instruction(raw: InstructionTable.fusions[index + 1], b: first.b, c: first.c, aux: aux),
        resultKind(row))
      return true
    }
    return false
  }

  /// A constant as the 32 bits of an instruction.
  private func immediate(_ entry: Entry) -> UInt32? {
    switch entry.kind {
    case .i32: UInt32(truncatingIfNeeded: entry.value)
    case .i64: Int32(exactly: Int64(bitPattern: entry.value)).map { UInt32(bitPattern: $0) }
    default: nil
    }
  }

  // MARK: - Vectors

  private mutating func vector(_ op: Operator, _ row: Int) {
    let number = InstructionTable.opcodes[row]
    let isLong = InstructionTable.operandCounts[row] & 0x80 != 0
    let kind = resultKind(row)
    switch InstructionTable.operandCounts[row] & 0x7F {
    case 1:
      let x = popOperand()
      emitResult(Instruction(.vector, b: x, c: UInt32(op.lane), aux: number), kind)
    case 2:
      let second = pop()
      let x = popOperand()
      let y = operand(second)
      let instruction = Instruction(isLong ? .vectorLong : .vector, b: x, c: y, aux: number)
      if !isLong {
        emitResult(instruction, kind)
      } else if op.opcode.immediates == .shuffle {
        emitResult(instruction, kind, words: Instruction(head: op.bits, word: op.bits2))
      } else {
        emitResult(instruction, kind, words: Instruction(a: UInt32(op.lane)))
      }
    default:
      let z = popOperand()
      let y = popOperand()
      let x = popOperand()
      emitResult(Instruction(.vectorLong, b: x, c: y, aux: number), kind, words: Instruction(a: z))
    }
  }

  // MARK: - The others

  private mutating func handwritten(_ op: Operator) {
    switch op.opcode {
    case .nop: break
    case .unreachable:
      emit(Instruction(.unreachable))
      markUnreachable()
    case .block, .loop, .if: block(op)
    case .else: elseArm()
    case .end: end()
    case .br: branch(depth: op.index)
    case .brIf: branchIf(depth: op.index)
    case .brTable: branchTable(op)
    case .return: returnResults()
    case .brOnNull: branchOnNull(depth: op.index)
    case .brOnNonNull: branchOnNonNull(depth: op.index)

    case .call: call(op)
    case .callIndirect: callIndirect(op)
    case .callRef: callReference(op)
    case .returnCall: returnCall(op)
    case .returnCallIndirect: returnCallIndirect(op)
    case .returnCallRef: returnCallReference(op)

    case .throw: throwTag(op)
    case .throwRef: throwReference()
    case .tryTable: tryTable(op)
    case .try: legacyTry(op)
    case .catch: legacyCatch(TagIdx(rawValue: op.index))
    case .catchAll: legacyCatch(nil)
    case .delegate: delegate(depth: op.index)
    case .rethrow: rethrow(depth: op.index)

    case .drop: _ = pop()
    case .select, .selectTyped: select()
    case .localGet: pushLocal(locals[Int(op.index)])
    case .localSet: setLocal(locals[Int(op.index)], keeps: false)
    case .localTee: setLocal(locals[Int(op.index)], keeps: true)
    case .globalGet: globalGet(op)
    case .globalSet: globalSet(op)

    case .i32Const: pushConstant(op.bits, .i32)
    case .i64Const: pushConstant(op.bits, .i64)
    case .f32Const: pushConstant(op.bits, .f32)
    case .f64Const: pushConstant(op.bits, .f64)
    case .v128Const: vectorConstant(op)

    case .refNull: pushConstant(0, .reference)
    case .refFunc:
      pushConstant(UInt64(at: instance.functions[Int(op.index)]), .reference)
    case .refIsNull:
      let source = popOperand()
      emitResult(Instruction(.isNull, b: source), .i32)
    case .refAsNonNull:
      let entry = stack[stack.count - 1]
      if entry.place == .constant { settle(stack.count - 1) }
      emit(Instruction(.checkNotNull, a: entry.place == .local ? UInt32(entry.value) : entry.slot))

    case .i64Add128: wide(.add128, operands: 4)
    case .i64Sub128: wide(.subtract128, operands: 4)
    case .i64MulWideS: wide(.multiplyWideSigned, operands: 2)
    case .i64MulWideU: wide(.multiplyWideUnsigned, operands: 2)

    case .memorySize, .memoryGrow, .memoryFill, .memoryCopy, .memoryInit, .dataDrop: memoryOperator(op)
    case .tableGet, .tableSet, .tableSize, .tableGrow, .tableFill, .tableCopy, .tableInit, .elemDrop:
      tableOperator(op)
    default: preconditionFailure("validation accepted \(op.opcode.name), which is not supported")
    }
  }

  private mutating func select() {
    let condition = popOperand()
    let second = pop()
    let first = pop()
    let x = operand(first)
    let y = operand(second)
    emitResult(
      Instruction(first.kind == .v128 ? .selectVector : .select, b: x, c: y), first.kind,
      words: Instruction(a: condition))
  }

  private mutating func setLocal(_ local: Local, keeps: Bool) {
    let entry = pop()
    if pending[Int(local.slot)] == 0, isLastResult(entry) {
      code[resultIndex].a = local.slot
      resultEnd = -1
      comparison.end = -1
    } else if !(entry.place == .local && entry.value == UInt64(local.slot)) {
      // The new value is not on the stack any more: what is moved for others does not touch it, for its slot is above.
      preserve(local)
      move(entry, to: local.slot)
      if entry.place == .sum && entry.base == local.slot
        && Int16(exactly: Int32(bitPattern: entry.addend)) != nil
      {
        incrementEnd = code.count
      }
    }
    if keeps { pushLocal(local) }
  }

  private mutating func globalGet(_ op: Operator) {
    let global = instance.globals[Int(op.index)]
    let kind = Kind(global.type.type)
    // One that never changes is a constant.
    if !global.type.isMutable && kind != .v128 { return pushConstant(global.cell.pointee, kind) }
    let opcode: Opcode = kind == .v128 ? .globalGetVector : .globalGet
    emitResult(Instruction(opcode, word: UInt64(at: global.cell)), kind)
  }

  private mutating func globalSet(_ op: Operator) {
    let global = instance.globals[Int(op.index)]
    let isVector = Kind(global.type.type) == .v128
    let source = popOperand()
    emit(Instruction(isVector ? .globalSetVector : .globalSet, a: source, word: UInt64(at: global.cell)))
  }

  private mutating func vectorConstant(_ op: Operator) {
    emit(Instruction(.constant, a: top, word: op.bits))
    emit(Instruction(.constant, a: top + 1, word: op.bits2))
    push(.v128)
  }

  private mutating func wide(_ opcode: Opcode, operands: Int) {
    let first = settle(last: operands)
    pop(operands)
    emit(Instruction(opcode, a: first, b: first))
    push(.i64)
    push(.i64)
  }
}

extension WasmOpcode {
  var isCommutative: Bool {
    switch self {
    case .i32Add, .i32Mul, .i32And, .i32Or, .i32Xor, .i32Eq, .i32Ne, .i64Add, .i64Mul, .i64And, .i64Or,
      .i64Xor, .i64Eq, .i64Ne:
      true
    default: false
    }
  }

  /// The operands of these can be exchanged where both are in slots; NaNs that come out may differ then.
  var isExchangeable: Bool {
    switch self {
    case .f32Add, .f32Mul, .f64Add, .f64Mul: true
    default: isCommutative
    }
  }

  /// Costs no fuel.
  var isFree: Bool {
    switch self {
    case .nop, .drop, .block, .loop, .else, .end, .unreachable, .return, .tryTable, .try, .catch, .catchAll,
      .delegate:
      true
    default: false
    }
  }
}
