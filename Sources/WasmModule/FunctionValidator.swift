internal import Support

/// Validates function bodies by the algorithm of the specification's appendix "Validation Algorithm", one
/// after the other on reused memory.
///
/// The operand stack is raw memory with room for as many values as bytes remain in the body: an operator of
/// one byte pushes one value at the most, so that only operators which push more ask for room.
struct FunctionValidator: ~Copyable {
  struct Frame {
    enum Kind: UInt8 { case function, block, loop, `if`, `else`, `try`, `catch`, catchAll }
    var kind: Kind
    var isUnreachable = false
    /// Height of the operand stack below the frame.
    var height: Int
    /// Length of `initialized` when the frame was entered.
    var initialized: Int
    var start: TypeList
    var end: TypeList

    /// What a branch to it needs on the stack.
    @inline(__always)
    var labelTypes: TypeList { kind == .loop ? start : end }
  }

  let context: ValidationContext
  var cursor: ByteCursor
  /// Byte offset of the operator under validation.
  var opStart = 0

  // The operand stack.
  var stack: UnsafeMutablePointer<ValType>
  var stackCapacity: Int
  var height = 0
  /// Height of the operand stack below the innermost frame: what must not be popped.
  var floor = 0

  // The control stack.
  var frames: UnsafeMutablePointer<Frame>
  var frameCapacity: Int
  var frameCount = 0

  var locals = LocalTypes()
  /// Locals without a default value that have been set, in that order, and as a set.
  var initialized: [UInt32] = []
  var isInitialized: Set<UInt32> = []
  /// Lists of one type that has no encoding of one byte, made when a block has it.
  private var singleTypes: [ValType: UnsafeMutablePointer<ValType>] = [:]

  /// Bits of `Features`; bit 63 stands for the MVP.
  var usedBits: UInt64 = 0
  var featuresUsed: Features { Features(rawValue: usedBits & ~(1 << 63)) }

  init(context: ValidationContext) {
    self.context = context
    cursor = ByteCursor(context.module.bytes.buffer, range: ByteRange(start: 0, end: 0))
    stackCapacity = 1 << 12
    stack = .allocate(capacity: stackCapacity)
    frameCapacity = 1 << 8
    frames = .allocate(capacity: frameCapacity)
  }

  deinit {
    stack.deallocate()
    frames.deallocate()
    for list in singleTypes.values { list.deallocate() }
  }

  /// The list with just this type.
  mutating func single(_ type: ValType) -> TypeList {
    if let known = singleTypes[type] { return TypeList(start: known, count: 1) }
    let list = UnsafeMutablePointer<ValType>.allocate(capacity: 1)
    list.initialize(to: type)
    singleTypes[type] = list
    return TypeList(start: list, count: 1)
  }

  // MARK: - A body

  mutating func validate(_ function: FuncIdx, body: ByteRange) throws(WasmError) {
    do throws(WasmError) {
      cursor = ByteCursor(context.module.bytes.buffer, range: body)
      opStart = body.start
      height = 0
      floor = 0
      frameCount = 0
      let type = context.types[Int(context.functions[function.index])]
      try readLocals(params: type.params)
      forgetInitialized(above: 0)
      // It does not look at whether a local is initialized.
      let takesFastPath = context.takesFastPath && !locals.hasUndefaulted
      try reserveValues(0)
      pushFrame(.function, start: context.noTypes, end: type.results)
      repeat {
        if takesFastPath { simpleOperators() }
      } while try !anyOperator()
      if !cursor.isAtEnd {
        throw .malformed(
          "unexpected end of function body", "\(cursor.remaining) bytes follow it", at: cursor.position)
      }
    } catch {
      var error = error
      error.function = function
      error.section = .code
      throw error
    }
  }

  private mutating func readLocals(params: TypeList) throws(WasmError) {
    locals.reset(params: params, bodyBytes: cursor.remaining)
    let groups = try cursor.count("local declarations", limit: Int(UInt32.max), minimumSize: 2)
    for _ in 0..<groups {
      let offset = cursor.position
      let count = Int(try cursor.u32())
      let type = try valType()
      guard locals.count + count <= ImplementationLimits.functionLocals else {
        let kind: WasmError.Kind = locals.count + count > UInt32.max ? .malformed : .limitExceeded
        throw WasmError(
          kind, "too many locals",
          "\(locals.count + count), \(ImplementationLimits.functionLocals) is the most", at: offset)
      }
      locals.append(type, count: count)
    }
  }

  /// Validates one operator, whatever it is.
  ///
  /// - Returns: whether it was the `end` of the function's own frame.
  private mutating func anyOperator() throws(WasmError) -> Bool {
    opStart = cursor.position
    let first = try cursor.byte()
    var info = context.operators.oneByte[Int(first)]
    if info.kind == .prefix { info = try prefixed(first) }
    usedBits |= 1 << UInt64(info.featureBit & 63)

    switch info.kind {
    case .illegal, .unsupported, .prefix: throw rejected()

    case .localGet: try localGet()
    case .localSet: _ = try localSet()
    case .localTee: push(try localSet())

    case .i32Const:
      try skipSigned(bits: 32)
      push(.i32)
    case .i64Const:
      try skipSigned(bits: 64)
      push(.i64)
    case .f32Const:
      _ = try cursor.fixed(UInt32.self)
      push(.f32)
    case .f64Const:
      _ = try cursor.fixed(UInt64.self)
      push(.f64)
    case .v128Const:
      _ = try cursor.skip(16)
      push(.v128)

    case .binary:
      try pop(ValType(bits: UInt32(info.operand1)))
      try pop(ValType(bits: UInt32(info.operand0)))
      push(ValType(bits: UInt32(info.result)))
    case .unary:
      try pop(ValType(bits: UInt32(info.operand0)))
      push(ValType(bits: UInt32(info.result)))
    case .ternary:
      try pop(ValType(bits: UInt32(info.operand2)))
      try pop(ValType(bits: UInt32(info.operand1)))
      try pop(ValType(bits: UInt32(info.operand0)))
      push(ValType(bits: UInt32(info.result)))
    case .signature: try bySignature()

    case .load:
      let address = try memarg(info)
      try pop(address)
      push(ValType(bits: UInt32(info.result)))
    case .store:
      let address = try memarg(info)
      try pop(ValType(bits: UInt32(info.operand0)))
      try pop(address)
    case .loadLane, .storeLane:
      let address = try memarg(info)
      try lane(below: 16 >> info.parameter)
      try pop(.v128)
      try pop(address)
      if info.kind == .loadLane { push(.v128) }
    case .lane:
      try lane(below: info.parameter)
      if info.operand1 != 0 { try pop(ValType(bits: UInt32(info.operand1))) }
      try pop(ValType(bits: UInt32(info.operand0)))
      push(ValType(bits: UInt32(info.result)))
    case .atomic: try atomic(info)
    case .atomicFence: try atomicFence()
    case .shuffle:
      for _ in 0..<16 { try lane(below: 32) }
      try pop(.v128)
      try pop(.v128)
      push(.v128)

    case .block: try block(.block)
    case .loop: try block(.loop)
    case .if:
      try block(.if)
    case .else: try elseFrame()
    case .end:
      try endFrame()
      return frameCount == 0
    case .br: try br()
    case .brIf: try brIf()
    case .brTable: try brTable()
    case .return:
      try pop(frames[0].end)
      markUnreachable()
    case .unreachable: markUnreachable()
    case .nop: break
    case .call: try call()
    case .callIndirect: try callIndirect()
    case .returnCall: try returnCall()
    case .returnCallIndirect: try returnCallIndirect()

    case .drop: _ = try popAny()
    case .select: try select()
    case .selectTyped: try selectTyped()
    case .globalGet: push(try global().type)
    case .globalSet:
      let global = try global()
      guard global.isMutable else { throw .invalid("immutable global", at: opStart) }
      try pop(global.type)

    case .memorySize: push(try memory())
    case .memoryGrow:
      let address = try memory()
      try pop(address)
      push(address)
    case .memoryFill: try memoryFill()
    case .memoryCopy: try memoryCopy()
    case .memoryInit: try memoryInit()
    case .dataDrop: try dataDrop()

    case .tableGet: try tableGet()
    case .tableSet: try tableSet()
    case .tableSize: push(try table().address)
    case .tableGrow: try tableGrow()
    case .tableFill: try tableFill()
    case .tableCopy: try tableCopy()
    case .tableInit: try tableInit()
    case .elemDrop: try elemDrop()

    case .refNull: try refNull()
    case .refIsNull: try refIsNull()
    case .refFunc: try refFunc()
    case .callRef: try callRef()
    case .returnCallRef: try returnCallRef()
    case .refAsNonNull: try refAsNonNull()
    case .brOnNull: try brOnNull()
    case .brOnNonNull: try brOnNonNull()

    case .throw: try throwTag()
    case .throwRef: try throwRef()
    case .tryTable: try tryTable()
    case .try: try block(.try)
    case .catch: try catchTag()
    case .catchAll: try catchAll()
    case .rethrow: try rethrow()
    case .delegate: try delegate()
    }
    return false
  }

  @inline(never)
  private mutating func prefixed(_ prefix: UInt8) throws(WasmError) -> OperatorInfo {
    let code = Int(try cursor.u32())
    for (candidate, infos) in context.operators.prefixed where candidate == prefix {
      return code < infos.count ? infos[code] : .illegal
    }
    return .illegal
  }

  /// The error for an operator that does not exist or is not supported.
  @inline(never)
  private func rejected() -> WasmError {
    var reader = cursor
    reader.position = opStart
    guard let opcode = try? reader.opcode() else {
      let bytes = (opStart..<cursor.position).map { offset in
        let byte = context.base.load(fromByteOffset: offset, as: UInt8.self)
        return (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
      return .malformed("illegal opcode " + bytes.joined(separator: " "), at: opStart)
    }
    return .unsupported(opcode.feature, opcode.name, at: opStart)
  }

  private mutating func bySignature() throws(WasmError) {
    var reader = cursor
    reader.position = opStart
    guard let signature = try reader.opcode()?.signature else { preconditionFailure("no signature") }
    for type in signature.operands().reversed() { try pop(type) }
    for type in signature.results() { push(type) }
  }
}
