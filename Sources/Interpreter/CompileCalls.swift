import WasmModule

extension FunctionCompiler {
  private func type(_ index: UInt32) -> FuncType { module.types.functionType(TypeIdx(rawValue: index)) }

  /// Takes the arguments off the stack and pushes the results: they are at the same place.
  private mutating func finishCall(_ type: FuncType) {
    pop(type.params.count)
    push(type.results)
    bindHere()
  }

  mutating func call(_ op: Operator) {
    let function = instance.functions[Int(op.index)]
    let type = module.type(of: FuncIdx(rawValue: op.index))
    let frame = settle(last: type.params.count)
    let isOwn = function.pointee.instance == instance.record
    emit(Instruction(isOwn ? .call : .callForeign, a: frame, word: UInt64(at: function)))
    finishCall(type)
  }

  mutating func callIndirect(_ op: Operator) {
    let type = type(op.index)
    let index = popOperand()
    let frame = settle(last: type.params.count)
    emit(Instruction(.callIndirect, a: frame, b: index, c: instance.typeIDs[Int(op.index)]))
    emit(Instruction(word: UInt64(at: instance.tables[Int(op.index2)].record)))
    finishCall(type)
  }

  mutating func callReference(_ op: Operator) {
    let type = type(op.index)
    let reference = popOperand()
    let frame = settle(last: type.params.count)
    emit(Instruction(.callReference, a: frame, b: reference))
    finishCall(type)
  }

  // MARK: - Tail calls

  mutating func returnCall(_ op: Operator) {
    let function = instance.functions[Int(op.index)]
    let frame = settle(last: module.type(of: FuncIdx(rawValue: op.index)).params.count)
    emit(Instruction(.returnCall, a: frame, b: paramSlots))
    emit(Instruction(word: UInt64(at: function)))
    markUnreachable()
  }

  mutating func returnCallIndirect(_ op: Operator) {
    let index = popOperand()
    let frame = settle(last: type(op.index).params.count)
    emit(Instruction(.returnCallIndirect, a: frame, b: index, c: instance.typeIDs[Int(op.index)]))
    emit(Instruction(word: UInt64(at: instance.tables[Int(op.index2)].record)))
    emit(Instruction(a: paramSlots))
    markUnreachable()
  }

  mutating func returnCallReference(_ op: Operator) {
    let reference = popOperand()
    let frame = settle(last: type(op.index).params.count)
    emit(Instruction(.returnCallReference, a: frame, b: paramSlots, c: reference))
    markUnreachable()
  }
}
