import Support

// What passes make new blocks of: instructions in a list of their own, which becomes a block where it ends (`end`).

extension Function {
  /// Without instructions.
  mutating func makeBlock() -> Block {
    let block = blockParams.append([])
    blockInsts.append([])
    blockOrder.append(block)
    return block
  }

  mutating func append(_ data: InstData, _ type: Type, to code: inout [Inst]) -> Value {
    let inst = insts.append(data)
    code.append(inst)
    return makeResult(type, of: inst)
  }

  mutating func constant(_ bits: UInt64, _ type: Type, _ code: inout [Inst]) -> Value {
    append(.constant(.iconst, Shape(type), bits: bits), type, to: &code)
  }

  /// Of two integers of a type, and of that type.
  mutating func binary(_ opcode: Opcode, _ a: Value, _ b: Value, _ code: inout [Inst]) -> Value {
    let type = type(of: a)
    return append(InstData(opcode, Shape(type), a: a.rawValue, b: b.rawValue), type, to: &code)
  }

  mutating func compare(_ opcode: Opcode, _ a: Value, _ b: Value, _ code: inout [Inst]) -> Value {
    append(InstData(opcode, Shape(type(of: a)), a: a.rawValue, b: b.rawValue), .i32, to: &code)
  }

  mutating func sum(_ value: Value, _ addend: UInt64, _ code: inout [Inst]) -> Value {
    if addend == 0 { return value }
    let type = type(of: value)
    return binary(.iadd, value, constant(LinearSum.masked(addend, type), type, &code), &code)
  }

  mutating func call(_ block: Block, _ arguments: [Value]) -> BlockCall {
    blockCalls.append(BlockCallData(block: block, arguments: valueLists.make(arguments)))
  }

  mutating func end(
    _ block: Block, _ code: [Inst], _ condition: Value, then: BlockCall, otherwise: BlockCall
  ) {
    let branch = insts.append(
      InstData(.brif, a: condition.rawValue, b: then.rawValue, c: otherwise.rawValue))
    blockInsts[block] = code + [branch]
  }
}
