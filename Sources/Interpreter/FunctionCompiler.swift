import WasmModule

/// Compiles a validated body to instructions of a register machine, in one pass and linear time.
///
/// A frame is: parameters, header (`headerSlots`), locals, constants that loops use, operands. Every place of the wasm
/// stack has a slot of its own, its *canonical* one, in the order of the stack. What lies on the stack is often
/// not there yet: a local's value, read in place, a constant, or the sum of an i32 and a constant, which an access adds
/// on its way. It moves when it must be found there: when the local is written, as an argument, where control flow joins. An operator's result goes to its canonical slot; a
/// `local.set` behind it makes the local the destination instead.
///
/// Invariants:
/// - Instructions read their operands before they write their result: both may be the same slot.
/// - At every label the values on the stack that belong to the block are in their canonical slots, and no
///   entry below stands for a local or a sum: code on one path does not move what another path finds.
/// - Branches are displacements from their own word, so that code can be moved as a whole.
struct FunctionCompiler {
  let instance: Instance
  let module: Module
  let options: CodeOptions
  /// Not zero once the store is interrupted.
  private let interrupt: UnsafePointer<UInt32>
  private static let bytesBetweenChecks = 4096
  var reader: OperatorReader
  var code: [Instruction] = []
  var handlers: [Handler] = []

  // MARK: Frame
  let functionType: FuncType
  let paramSlots: UInt32
  /// By local index.
  var locals: [Local] = []
  /// By slot: stack entries that stand for the local there.
  var pending: [UInt32] = []
  let firstConstant: UInt32
  var constants: [UInt64] = []
  let constantCapacity: Int
  let firstLocalSlot: UInt32

  // MARK: Stack
  var stack: [Entry] = []
  /// The canonical slot of what is pushed next.
  var top: UInt32
  var maximumTop: UInt32
  /// Entries below this one stand for no local.
  var settled = 0
  var controls: [Control] = []
  var fixups: [Fixup] = []
  var loopDepth = 0
  /// What follows can't be reached: blocks opened since are counted, and nothing is emitted.
  var isUnreachable = false
  var skippedBlocks = 0

  /// As many entries are looked at, for one local.
  private static let preserveWalk = 64

  // MARK: The last instruction
  /// Whose `a` is a result that nobody has seen but the stack's top entry, if `code` still ends at `resultEnd`.
  var resultIndex = 0
  var resultEnd = -1
  var comparison = Comparison()
  /// Where `code` ends if its last instruction adds a constant of 16 bits to a local.
  var incrementEnd = -1
  /// Where it ends if its last instruction is a copy that another may join.
  private var copyEnd = -1

  // MARK: Fuel
  var segmentIndex = -1
  var segmentCost: UInt32 = 0

  struct Local {
    var slot: UInt32
    var kind: Kind
  }

  /// What the compiler has to know of a type.
  enum Kind: UInt8 {
    case none = 0
    case i32, i64, f32, f64, v128, reference

    init(_ type: ValType) {
      switch type {
      case .i32: self = .i32
      case .i64: self = .i64
      case .f32: self = .f32
      case .f64: self = .f64
      case .v128: self = .v128
      default: self = .reference
      }
    }

    var slots: UInt32 { self == .v128 ? 2 : 1 }
  }

  struct Entry {
    enum Place: UInt8 {
      /// In the canonical slot.
      case temporary
      /// In the local whose slot is `value`.
      case local
      /// The bits in `value`; never of v128.
      case constant
      /// Of an i32, not added yet: `addend` and what is in the slot `base`, a local's or the canonical one.
      case sum
    }
    var place: Place
    var kind: Kind
    var slot: UInt32
    var value: UInt64

    /// Of a sum.
    var base: UInt32 { UInt32(truncatingIfNeeded: value) }
    var addend: UInt32 { UInt32(truncatingIfNeeded: value >> 32) }

    /// The slot of the local that this stands for, alone or in a sum.
    var local: UInt32? {
      switch place {
      case .local: UInt32(value)
      case .sum: base == slot ? nil : base
      case .temporary, .constant: nil
      }
    }

    /// Where the value is, if nothing must be done for that.
    var readySlot: UInt32? {
      switch place {
      case .temporary: slot
      case .local: UInt32(value)
      case .constant, .sum: nil
      }
    }
  }

  struct Control {
    enum Kind { case function, block, loop, `if`, `else`, tryTable, `try`, `catch` }
    var kind: Kind
    /// Entries below the block's parameters, and the slot of the first of these.
    var height: Int
    var base: UInt32
    var params: [ValType]
    var results: [ValType]
    /// Of a loop.
    var start = 0
    /// Head of the list of branches to the end.
    var fixup: Int32 = -1
    /// The branch around the first arm of an `if`.
    var elseFixup: Int32 = -1
    /// The position in `handlers` of a `try`'s, once its body has ended.
    var handler = -1
    var clauses: [CatchClause] = []

    var labelTypes: [ValType] { kind == .loop ? params : results }
  }

  /// A displacement to fill in: position of the 32-bit word in `code`, and the instruction that it counts from.
  struct Fixup {
    var word: Int32
    var from: Int32
    var next: Int32
  }

  struct Comparison {
    var opcode: UInt16 = 0
    /// The first instruction of it: an `eqz` behind it may belong to it.
    var index = 0
    var end = -1
    var isConstant = false
    var isInverted = false
  }

  init(
    instance: Instance, function: FuncIdx, options: CodeOptions, interrupt: UnsafePointer<UInt32>
  ) {
    self.instance = instance
    self.interrupt = interrupt
    module = instance.module
    self.options = options
    reader = OperatorReader(module: module, function: function)
    functionType = module.type(of: function)
    var slot: UInt32 = 0
    for type in functionType.params {
      locals.append(Local(slot: slot, kind: Kind(type)))
      slot += Kind(type).slots
    }
    paramSlots = slot
    slot += UInt32(headerSlots)
    firstLocalSlot = slot
    let bytes = module.functions[function].body.count
    for (count, type) in reader.readLocals() {
      let kind = Kind(type)
      for _ in 0..<count {
        locals.append(Local(slot: slot, kind: kind))
        slot += kind.slots
      }
    }
    pending = [UInt32](repeating: 0, count: Int(slot))
    firstConstant = slot
    // A short function that is called often should not begin with constants.
    constantCapacity = bytes > 48 ? 8 : 0
    slot += UInt32(constantCapacity)
    top = slot
    maximumTop = slot
    code.reserveCapacity(bytes / 2 + 8)
  }

  struct Output {
    var code: [Instruction]
    var handlers: [Handler]
    var frameSlots: UInt32
  }

  /// - Returns: nil if the store is interrupted meanwhile.
  consuming func compile() -> Output? {
    controls.append(
      Control(kind: .function, height: 0, base: top, params: [], results: functionType.results))
    beginSegment(checks: true)
    if options.isInterruptible { emit(Instruction(.interruptCheck)) }
    var nextCheck = reader.position
    while !reader.isAtEnd {
      // A giant body takes a while, and `--timeout` holds for that, too.
      if reader.position >= nextCheck {
        if interrupt.pointee != 0 { return nil }
        nextCheck = reader.position + Self.bytesBetweenChecks
      }
      let op = reader.next()
      if isUnreachable && !endsSkipping(op) { continue }
      compile(op)
    }
    endSegment()
    return finish()
  }

  /// The prologue before the code; handlers count from the code's start.
  private consuming func finish() -> Output {
    var prologue: [Instruction] = []
    let localSlots = firstConstant - firstLocalSlot
    if localSlots > 4 {
      prologue.append(Instruction(.zero, a: firstLocalSlot, b: localSlots))
    } else if localSlots > 0 {
      // What is behind the locals is written before it is read.
      prologue.append(Instruction(.zeroFour, a: firstLocalSlot))
      maximumTop = max(maximumTop, firstLocalSlot + 4)
    }
    for (index, bits) in constants.enumerated() {
      prologue.append(Instruction(.constant, a: firstConstant + UInt32(index), word: bits))
    }
    let shift = UInt32(prologue.count)
    if shift > 0 {
      code.insert(contentsOf: prologue, at: 0)
      for index in handlers.indices { handlers[index].move(by: shift) }
    }
    return Output(code: code, handlers: handlers, frameSlots: maximumTop)
  }

  // MARK: - Unreachable code

  /// Counts blocks in code that can't be reached. True for what ends it.
  private mutating func endsSkipping(_ op: Operator) -> Bool {
    switch op.opcode {
    case .block, .loop, .if, .try, .tryTable: skippedBlocks += 1
    case .end, .delegate:
      if skippedBlocks == 0 { return true }
      skippedBlocks -= 1
    case .else, .catch, .catchAll: return skippedBlocks == 0
    default: break
    }
    return false
  }

  mutating func markUnreachable() {
    isUnreachable = true
    skippedBlocks = 0
    bindHere()
  }

  // MARK: - Emission

  mutating func emit(_ instruction: Instruction) { code.append(instruction) }

  /// An instruction whose `a` is the result: pushes it.
  mutating func emitResult(_ instruction: Instruction, _ kind: Kind, words: Instruction...) {
    var instruction = instruction
    instruction.a = top
    resultIndex = code.count
    code.append(instruction)
    for word in words { code.append(word) }
    resultEnd = code.count
    push(kind)
  }

  /// Whether the last instruction made an entry's value. Its result may have been dropped, and what is then on top of the
  /// stack has another slot, or is no temporary.
  func isLastResult(_ entry: Entry) -> Bool {
    entry.place == .temporary && resultEnd == code.count && code[resultIndex].a == entry.slot
  }

  /// Control flow joins here: what came before can't be changed any more.
  mutating func bindHere() {
    forgetResult()
    incrementEnd = -1
    copyEnd = -1
  }

  mutating func forgetResult() {
    resultEnd = -1
    comparison.end = -1
  }

  // MARK: - Stack

  mutating func push(_ kind: Kind) {
    stack.append(Entry(place: .temporary, kind: kind, slot: top, value: 0))
    advance(kind.slots)
  }

  mutating func push(_ types: [ValType]) { for type in types { push(Kind(type)) } }

  mutating func pushConstant(_ bits: UInt64, _ kind: Kind) {
    stack.append(Entry(place: .constant, kind: kind, slot: top, value: bits))
    advance(kind.slots)
  }

  mutating func pushLocal(_ local: Local) {
    pending[Int(local.slot)] += 1
    stack.append(Entry(place: .local, kind: local.kind, slot: top, value: UInt64(local.slot)))
    advance(local.kind.slots)
  }

  mutating func pushSum(base: UInt32, addend: UInt32) {
    if base != top { pending[Int(base)] += 1 }
    stack.append(Entry(place: .sum, kind: .i32, slot: top, value: UInt64(base) | UInt64(addend) << 32))
    advance(1)
  }

  mutating func advance(_ slots: UInt32) {
    top += slots
    if top > maximumTop { maximumTop = top }
  }

  mutating func pop() -> Entry {
    let entry = stack.removeLast()
    top = entry.slot
    if let local = entry.local { pending[Int(local)] -= 1 }
    if settled > stack.count { settled = stack.count }
    return entry
  }

  mutating func pop(_ count: Int) { for _ in 0..<count { _ = pop() } }

  /// Down to a block's start.
  mutating func truncate(to control: Control) {
    while stack.count > control.height { _ = pop() }
    top = control.base
  }

  /// The slot where an entry's value can be read: constants are put where they belong, or kept for the loop.
  mutating func operand(_ entry: Entry) -> UInt32 {
    switch entry.place {
    case .temporary: return entry.slot
    case .local: return UInt32(entry.value)
    case .constant:
      if loopDepth > 0, let slot = constantSlot(entry.value) { return slot }
      emit(Instruction(.constant, a: entry.slot, word: entry.value))
    case .sum: emit(Instruction(.i32AddConstant, a: entry.slot, b: entry.base, c: entry.addend))
    }
    if entry.slot >= maximumTop { maximumTop = entry.slot + 1 }
    return entry.slot
  }

  /// A slot that holds the bits throughout the function, if one is left.
  mutating func constantSlot(_ bits: UInt64) -> UInt32? {
    if let index = constants.firstIndex(of: bits) { return firstConstant + UInt32(index) }
    guard constants.count < constantCapacity else { return nil }
    constants.append(bits)
    return firstConstant + UInt32(constants.count - 1)
  }

  mutating func popOperand() -> UInt32 { operand(pop()) }

  /// Writes an entry's value to a slot.
  mutating func move(_ entry: Entry, to slot: UInt32) {
    switch entry.place {
    case .constant: emit(Instruction(.constant, a: slot, word: entry.value))
    case .sum: emit(Instruction(.i32AddConstant, a: slot, b: entry.base, c: entry.addend))
    case .temporary, .local:
      let source = entry.place == .local ? UInt32(entry.value) : entry.slot
      if source == slot { return }
      if entry.kind == .v128 {
        emit(Instruction(.copyVector, a: slot, b: source))
      } else {
        copy(source, to: slot)
      }
    }
  }

  private mutating func copy(_ source: UInt32, to slot: UInt32) {
    if copyEnd == code.count, let source = UInt16(exactly: source) {
      let first = code[code.count - 1]
      code[code.count - 1] = Instruction(.copyPair, a: first.a, b: first.b, c: slot, aux: source)
      copyEnd = -1
    } else {
      emit(Instruction(.copy, a: slot, b: source))
      copyEnd = code.count
    }
  }

  /// Puts the value of a stack entry into its canonical slot.
  mutating func settle(_ index: Int) {
    let entry = stack[index]
    if entry.place == .temporary { return }
    move(entry, to: entry.slot)
    if let local = entry.local { pending[Int(local)] -= 1 }
    stack[index].place = .temporary
  }

  /// Puts the last entries into their slots: arguments, a block's parameters, several results.
  ///
  /// - Returns: the slot of the first.
  @discardableResult
  mutating func settle(last count: Int) -> UInt32 {
    for index in stack.count - count..<stack.count { settle(index) }
    return count == 0 ? top : stack[stack.count - count].slot
  }

  /// No entry stands for a local or a sum behind this. Every entry is looked at once.
  mutating func settleLocals() {
    for index in settled..<stack.count where stack[index].place == .local || stack[index].place == .sum {
      settle(index)
    }
    settled = stack.count
  }

  /// Before a local is written: entries that stand for its old value get it.
  ///
  /// Where these are deep in the stack all that stand for locals are settled, each once. A body that reads a thousand
  /// locals, fills the stack and then writes the locals would otherwise have all of the stack walked for each.
  mutating func preserve(_ local: Local) {
    var left = pending[Int(local.slot)]
    if left == 0 { return }
    var index = stack.count - 1
    let lowest = stack.count - Self.preserveWalk
    while left > 0 {
      if index < lowest { return settleLocals() }
      if stack[index].local == local.slot {
        settle(index)
        left -= 1
      }
      index -= 1
    }
  }

  // MARK: - Fuel

  /// See docs/limits.md: what a segment costs is charged where it begins.
  mutating func beginSegment(checks: Bool = false) {
    guard options.isMetered else { return }
    endSegment()
    segmentIndex = code.count
    emit(Instruction(checks ? .fuelCheck : .fuel))
    bindHere()
  }

  mutating func endSegment() {
    guard options.isMetered, segmentIndex >= 0 else { return }
    code[segmentIndex].c = segmentCost
    segmentIndex = -1
    segmentCost = 0
  }

  // MARK: - Patching

  mutating func patch(word: Int32, from: Int32, to target: Int) {
    let displacement = Int32(target) - from
    code.withUnsafeMutableBytes {
      $0.storeBytes(of: displacement, toByteOffset: Int(word) * 4, as: Int32.self)
    }
  }

  /// Makes `word` of `from` lead to the label of `control`, now or when it is known.
  mutating func refer(_ controlIndex: Int, word: Int, from: Int) {
    if controls[controlIndex].kind == .loop {
      patch(word: Int32(word), from: Int32(from), to: controls[controlIndex].start)
    } else {
      fixups.append(Fixup(word: Int32(word), from: Int32(from), next: controls[controlIndex].fixup))
      controls[controlIndex].fixup = Int32(fixups.count - 1)
    }
  }

  mutating func resolve(_ head: Int32) {
    var index = head
    while index >= 0 {
      let fixup = fixups[Int(index)]
      patch(word: fixup.word, from: fixup.from, to: code.count)
      index = fixup.next
    }
  }

  /// Emits a branch whose displacement is its last field.
  mutating func emitBranch(_ instruction: Instruction, to controlIndex: Int) {
    emit(instruction)
    refer(controlIndex, word: code.count * 4 - 1, from: code.count - 1)
  }
}

/// How code is made, for all of a store.
struct CodeOptions {
  var isMetered: Bool
  var isInterruptible: Bool
}
