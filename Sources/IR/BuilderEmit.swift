public import Support

// The emitting methods: one a format. Those whose operator has no result return `Value.none`.
extension FunctionBuilder {
  @discardableResult
  mutating func emit(_ data: InstData) -> Inst {
    precondition(!isFilled, "instruction after a terminator")
    let inst = function.insts.append(data)
    if sourceOffset != 0 { function.sourceOffsets[inst] = sourceOffset }
    function.blockInsts[currentBlock].append(inst)
    if data.opcode.isTerminator { isFilled = true }
    return inst
  }

  /// Emits an instruction that does not call, with its result if it has one.
  @discardableResult
  mutating func emitValue(_ data: InstData) -> Value {
    let inst = emit(data)
    guard let type = data.opcode.resultType(shape: data.shape) else { return .none }
    return function.makeResult(type, of: inst)
  }

  @discardableResult
  mutating func emitCall(_ data: InstData, results: [Type]) -> ValueRange {
    let inst = emit(data)
    if data.opcode.isTerminator { return ValueRange(first: .none, count: 0) }
    return function.makeResults(results, of: inst)
  }

  // MARK: - Constants

  public mutating func iconst(_ shape: Shape, _ bits: UInt64) -> Value {
    emitValue(.constant(.iconst, shape, bits: bits))
  }
  public mutating func i32Const(_ value: Int32) -> Value { iconst(.i32, UInt64(UInt32(bitPattern: value))) }
  public mutating func i64Const(_ value: Int64) -> Value { iconst(.i64, UInt64(bitPattern: value)) }
  public mutating func f32Const(bits: UInt32) -> Value {
    emitValue(.constant(.fconst, .f32, bits: UInt64(bits)))
  }
  public mutating func f64Const(bits: UInt64) -> Value { emitValue(.constant(.fconst, .f64, bits: bits)) }
  public mutating func v128Const(_ value: V128) -> Value {
    emitValue(InstData(.vconst, .v128, a: function.vectorConstants.append(value).rawValue))
  }
  public mutating func refNull(_ shape: Shape) -> Value { nullary(.refNull, shape) }
  public mutating func refFunc(_ target: FunctionID) -> Value { entity(.refFunc, .funcref, target) }

  // MARK: - Plain operators

  @discardableResult
  public mutating func nullary(_ opcode: Opcode, _ shape: Shape) -> Value {
    assert(opcode.format == .nullary)
    return emitValue(InstData(opcode, shape))
  }

  @discardableResult
  public mutating func unary(_ opcode: Opcode, _ shape: Shape, _ a: Value) -> Value {
    assert(opcode.format == .unary)
    return emitValue(InstData(opcode, shape, a: a.rawValue))
  }

  @discardableResult
  public mutating func binary(_ opcode: Opcode, _ shape: Shape, _ a: Value, _ b: Value) -> Value {
    assert(opcode.format == .binary)
    return emitValue(InstData(opcode, shape, a: a.rawValue, b: b.rawValue))
  }

  @discardableResult
  public mutating func ternary(_ opcode: Opcode, _ shape: Shape, _ a: Value, _ b: Value, _ c: Value) -> Value
  {
    assert(opcode.format == .ternary)
    return emitValue(InstData(opcode, shape, a: a.rawValue, b: b.rawValue, c: c.rawValue))
  }

  /// `condition != 0 ? a : b`
  public mutating func select(_ shape: Shape, _ condition: Value, _ a: Value, _ b: Value) -> Value {
    ternary(.select, shape, condition, a, b)
  }

  /// `extractLane` and its kin.
  @discardableResult
  public mutating func unaryImmediate(_ opcode: Opcode, _ shape: Shape, _ a: Value, _ immediate: UInt32)
    -> Value
  {
    assert(opcode.format == .unaryImmediate)
    return emitValue(InstData(opcode, shape, a: a.rawValue, c: immediate))
  }

  /// `replaceLane`.
  @discardableResult
  public mutating func binaryImmediate(
    _ opcode: Opcode, _ shape: Shape, _ a: Value, _ b: Value, _ immediate: UInt32
  ) -> Value {
    assert(opcode.format == .binaryImmediate)
    return emitValue(InstData(opcode, shape, a: a.rawValue, b: b.rawValue, c: immediate))
  }

  /// `lanes` holds 16 lane numbers below 32.
  public mutating func shuffle(_ a: Value, _ b: Value, lanes: V128) -> Value {
    binaryImmediate(.shuffle, .i8x16, a, b, function.vectorConstants.append(lanes).rawValue)
  }

  // MARK: - Memory

  @discardableResult
  public mutating func load(_ opcode: Opcode, _ shape: Shape, _ address: Value, _ memArg: MemArg) -> Value {
    assert(opcode.format == .load)
    return emitValue(
      InstData(opcode, shape, a: address.rawValue, c: function.memArgs.append(memArg).rawValue))
  }

  /// Stores, and atomic operators with one operand (most of which have a result).
  @discardableResult
  public mutating func store(
    _ opcode: Opcode, _ shape: Shape, _ address: Value, _ value: Value, _ memArg: MemArg
  ) -> Value {
    assert(opcode.format == .store)
    return emitValue(
      InstData(
        opcode, shape, a: address.rawValue, b: value.rawValue, c: function.memArgs.append(memArg).rawValue))
  }

  /// `atomicCompareExchange` and `atomicWait`: the operands are the address and two more.
  public mutating func listMemory(
    _ opcode: Opcode, _ shape: Shape, _ operands: ArraySlice<Value>, _ memArg: MemArg
  ) -> Value {
    assert(opcode.format == .listMemory)
    return emitValue(
      InstData(
        opcode, shape, a: function.valueLists.make(operands).handle,
        c: function.memArgs.append(memArg).rawValue))
  }

  /// `loadLane` and `storeLane` (which has no result).
  @discardableResult
  public mutating func loadLane(
    _ opcode: Opcode, _ shape: Shape, _ address: Value, _ vector: Value, _ memArg: MemArg
  ) -> Value {
    assert(opcode.format == .loadLane)
    return emitValue(
      InstData(
        opcode, shape, a: address.rawValue, b: vector.rawValue, c: function.memArgs.append(memArg).rawValue))
  }

  // MARK: - Module entities

  /// `globalGet` (shape: the global's type), `memorySize`, `tableSize` (shape: the address type),
  /// `dataDrop`, `elementDrop` (shape: none).
  @discardableResult
  public mutating func entity(_ opcode: Opcode, _ shape: Shape, _ entity: some EntityID) -> Value {
    assert(opcode.format == .entity)
    return emitValue(InstData(opcode, shape, c: entity.rawValue))
  }

  /// `globalSet`, `tableGet` (shape: the value's type), `memoryGrow` (shape: the address type).
  @discardableResult
  public mutating func unaryEntity(_ opcode: Opcode, _ shape: Shape, _ a: Value, _ entity: some EntityID)
    -> Value
  {
    assert(opcode.format == .unaryEntity)
    return emitValue(InstData(opcode, shape, a: a.rawValue, c: entity.rawValue))
  }

  /// `tableSet` (index, value; shape: the value's type), `tableGrow` (initial value, delta; shape: the
  /// address type).
  @discardableResult
  public mutating func binaryEntity(
    _ opcode: Opcode, _ shape: Shape, _ a: Value, _ b: Value, _ entity: some EntityID
  ) -> Value {
    assert(opcode.format == .binaryEntity)
    return emitValue(InstData(opcode, shape, a: a.rawValue, b: b.rawValue, c: entity.rawValue))
  }

  /// The bulk operators: destination, source or value, count.
  public mutating func listEntities(
    _ opcode: Opcode, _ operands: ArraySlice<Value>, _ first: some EntityID, _ second: some EntityID
  ) {
    assert(opcode.format == .listEntities)
    emitValue(
      InstData(
        opcode, .none, a: function.valueLists.make(operands).handle, b: first.rawValue, c: second.rawValue))
  }

  /// `memoryFill` and `tableFill`, which name one entity.
  public mutating func listEntities(_ opcode: Opcode, _ operands: ArraySlice<Value>, _ first: some EntityID) {
    listEntities(opcode, operands, first, FunctionID.none)
  }

  // MARK: - Calls

  @discardableResult
  public mutating func call(_ callee: FunctionID, _ arguments: ArraySlice<Value>) -> ValueRange {
    emitCall(
      InstData(.call, a: function.valueLists.make(arguments).handle, b: callee.rawValue),
      results: module.signatures[module.functions[callee].signature].results)
  }

  /// Calls entry `index` of `table`.
  @discardableResult
  public mutating func callIndirect(
    _ signature: SignatureID, _ table: TableID, _ index: Value, _ arguments: ArraySlice<Value>
  ) -> ValueRange {
    emitCall(
      indirect(.callIndirect, signature, table, index, arguments),
      results: module.signatures[signature].results)
  }

  public mutating func returnCall(_ callee: FunctionID, _ arguments: ArraySlice<Value>) {
    emitCall(
      InstData(.returnCall, a: function.valueLists.make(arguments).handle, b: callee.rawValue), results: [])
  }

  public mutating func returnCallIndirect(
    _ signature: SignatureID, _ table: TableID, _ index: Value, _ arguments: ArraySlice<Value>
  ) {
    emitCall(indirect(.returnCallIndirect, signature, table, index, arguments), results: [])
  }

  private mutating func indirect(
    _ opcode: Opcode, _ signature: SignatureID, _ table: TableID, _ index: Value,
    _ arguments: ArraySlice<Value>
  ) -> InstData {
    var operands: [Value] = [index]
    operands.append(contentsOf: arguments)
    return InstData(
      opcode, a: function.valueLists.make(operands).handle, b: signature.rawValue, c: table.rawValue)
  }

  // MARK: - Exceptions

  public mutating func exceptionNew(_ tag: TagID, _ payload: ArraySlice<Value>) -> Value {
    emitValue(
      InstData(.exceptionNew, .exnref, a: function.valueLists.make(payload).handle, b: tag.rawValue))
  }

  public mutating func exceptionField(_ shape: Shape, _ exception: Value, _ field: Int, _ tag: TagID) -> Value
  {
    emitValue(InstData(.exceptionField, shape, a: exception.rawValue, b: UInt32(field), c: tag.rawValue))
  }

  // MARK: - Fuel

  public mutating func fuelCharge(_ cost: UInt32) { emitValue(InstData(.fuelCharge, c: cost)) }

  // MARK: - Control

  /// A branch target; the arguments for parameters that variables cause are added later.
  mutating func makeBlockCall(_ block: Block, _ arguments: ArraySlice<Value>) -> BlockCall {
    let call = function.blockCalls.append(
      BlockCallData(block: block, arguments: function.valueLists.make(arguments)))
    ssa.addPredecessor(block, from: currentBlock, call)
    return call
  }

  public mutating func jump(_ block: Block, _ arguments: ArraySlice<Value> = []) {
    let call = makeBlockCall(block, arguments)
    emit(InstData(.jump, c: call.rawValue))
  }

  public mutating func brif(
    _ condition: Value, _ then: Block, _ thenArguments: ArraySlice<Value>,
    _ otherwise: Block, _ otherwiseArguments: ArraySlice<Value> = [], hint: BranchHint = .none
  ) {
    let taken = makeBlockCall(then, thenArguments)
    let other = makeBlockCall(otherwise, otherwiseArguments)
    var data = InstData(.brif, a: condition.rawValue, b: taken.rawValue, c: other.rawValue)
    data.flags = hint.rawValue
    emit(data)
  }

  public mutating func brif(_ condition: Value, _ then: Block, _ otherwise: Block) {
    brif(condition, then, [], otherwise, [])
  }

  /// All targets get the same arguments, as in wasm. Equal targets share one block call, so that a table of
  /// a million entries costs a million words and not a million argument lists.
  public mutating func brTable(
    _ index: Value, _ targets: ArraySlice<Block>, default defaultTarget: Block,
    _ arguments: ArraySlice<Value> = []
  ) {
    var calls: [BlockCall] = []
    calls.reserveCapacity(targets.count + 1)
    for target in targets { calls.append(sharedBlockCall(target, arguments)) }
    calls.append(sharedBlockCall(defaultTarget, arguments))
    for call in calls { tableCalls[function.blockCalls[call].block] = .none }
    let table = function.jumpTables.append(calls)
    emit(InstData(.brTable, a: index.rawValue, c: table.rawValue))
  }

  private mutating func sharedBlockCall(_ block: Block, _ arguments: ArraySlice<Value>) -> BlockCall {
    let known = tableCalls[block]
    if !known.isNone { return known }
    let call = makeBlockCall(block, arguments)
    tableCalls[block] = call
    return call
  }

  public mutating func emitReturn(_ values: ArraySlice<Value>) {
    emit(InstData(.return, a: function.valueLists.make(values).handle))
  }

  public mutating func trap(_ code: TrapCode) { emit(InstData(.trap, c: code.rawValue)) }

  /// Traps if `condition` is not zero.
  public mutating func trapnz(_ condition: Value, _ code: TrapCode) {
    emit(InstData(.trapnz, a: condition.rawValue, c: code.rawValue))
  }
}
