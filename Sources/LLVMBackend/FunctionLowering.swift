internal import CLLVM
import IR
import Support

/// Lowers one function body. The operators are in `Lower*.swift`, one file a class.
///
/// IR values map to LLVM values one to one; block parameters become phis. A v128 is always `<2 x i64>`
/// between instructions.
final class FunctionLowering {
  let unit: ModuleUnit
  let function: Function
  let llvmFunction: LLVMValueRef
  /// The instance that the function runs in, if the model passes it.
  let context: LLVMValueRef?
  /// Otherwise LLVM compiles it as it is, but for what nobody uses: its code generator drops that at any level.
  let isOptimized: Bool
  /// Where results go that do not fit into registers (`ResultPassing.pointer`).
  let resultPointer: LLVMValueRef?

  let profile: FunctionProfile
  private let counterSites: CounterSites?
  /// The block whose instructions are lowered.
  private(set) var currentBlock = Block.none
  /// The first counter of the branch that ends it, among the function's (LowerProfile.swift).
  private(set) var branchCounter: Int?

  private let leadingParameterCount: UInt32
  /// The function does not disable tail calls altogether (`findTailCalls`).
  var marksCallsAsNoTail = false
  /// The function's own copy of the count of fuel (LowerFuel.swift).
  var ownFuel: LLVMValueRef?
  /// The test of an exception that comes right behind the instruction that is lowered.
  private(set) var testBehind = Inst.none
  /// What the test behind the last call that may throw finds: an i1, constant where exceptions go elsewhere by themselves
  /// (LowerUnwinding.swift).
  var exceptionOfCall: LLVMValueRef?
  /// By the block that they go on to.
  var landingPads: [Block: LandingPad] = [:]
  /// Accesses are checked in this function, also where guard pages would do (LowerFuel.swift).
  var checksForFuel = false
  /// Nil where nothing is optimised.
  let regions: RegionScopes?

  /// Of the function's integers; made when somebody asks.
  lazy var ranges = ValueRanges(function)

  private var values: [LLVMValueRef?]
  /// For values that are an i1 widened to i32: the i1, for branches.
  private var conditions: [LLVMValueRef?]
  /// 0, 1 or more.
  private var useCounts: [UInt8]
  private var blocks: [LLVMBasicBlockRef?]
  private var phis: [[LLVMValueRef]]
  private var instanceValues: [InstanceValue: LLVMValueRef] = [:]
  private var trapBlocks: [TrapCode: LLVMBasicBlockRef] = [:]

  var base: Unit { unit.base }
  var types: UnitTypes { unit.types }
  var builder: LLVMBuilderRef { unit.base.builder }
  var module: IR.Module { unit.module }
  var model: any InstanceModel { unit.model }

  func checksBounds(of memory: MemoryID) -> Bool { checksForFuel || unit.facts.checksBounds(of: memory) }
  var checksAllBounds: Bool { checksForFuel || unit.facts.checksAllBounds }

  init(
    _ unit: ModuleUnit, _ function: Function, into llvmFunction: LLVMValueRef, isOptimized: Bool = true,
    profile: FunctionProfile = .none
  ) {
    self.unit = unit
    self.function = function
    self.llvmFunction = llvmFunction
    // The order of `ModuleUnit.functionType`.
    var leading: UInt32 = 0
    func leadingParameter(_ isThere: Bool) -> LLVMValueRef? {
      guard isThere else { return nil }
      defer { leading += 1 }
      return LLVMGetParam(llvmFunction, leading)
    }
    context = leadingParameter(unit.model.contextParameter != nil)
    let results = unit.module.signatures[function.signature].results
    resultPointer = leadingParameter(ResultPassing(results) == .pointer)
    leadingParameterCount = leading
    self.isOptimized = isOptimized
    self.profile = profile
    counterSites = if case .none = profile { nil } else { CounterSites(function) }
    regions =
      isOptimized && unit.facts.options.level != .O0
      ? RegionScopes(unit.base, function, llvmFunction) : nil
    values = Array(repeating: nil, count: function.values.count)
    conditions = Array(repeating: nil, count: function.values.count)
    useCounts = Array(repeating: 0, count: function.values.count)
    blocks = Array(repeating: nil, count: function.blockInsts.count)
    phis = Array(repeating: [], count: function.blockInsts.count)
  }

  func lower() {
    let order = reversePostorder()
    findUses(order)
    findTailCalls(order)
    makeBlocks(reachable: order)
    for block in order {
      LLVMPositionBuilderAtEnd(builder, blocks[block.index])
      instanceValues = [:]
      currentBlock = block
      branchCounter = counterSites?.firstCounter(of: block)
      let insts = function.blockInsts[block]
      for (position, inst) in insts.enumerated() {
        let next = position + 1 < insts.count ? insts[position + 1] : .none
        testBehind = !next.isNone && function.insts[next].opcode == .exceptionPending ? next : .none
        lower(inst)
      }
    }
  }

  /// Blocks in an order in which a definition precedes its uses, but for phis.
  private func reversePostorder() -> [Block] {
    var state = [UInt8](repeating: 0, count: function.blockInsts.count)
    var postorder: [Block] = []
    guard let entry = function.blockOrder.first else { return [] }
    // Explicit stack: nesting is the input's choice.
    var stack: [(block: Block, successors: [Block])] = [(entry, successors(of: entry))]
    state[entry.index] = 1
    while let (block, pending) = stack.last {
      if let next = pending.last {
        stack[stack.count - 1].successors.removeLast()
        if state[next.index] == 0 {
          state[next.index] = 1
          stack.append((next, successors(of: next)))
        }
      } else {
        postorder.append(block)
        stack.removeLast()
      }
    }
    return postorder.reversed()
  }

  private func successors(of block: Block) -> [Block] {
    var result: [Block] = []
    if let last = function.terminator(of: block) {
      function.forEachDistinctBlockCall(of: last) { result.append(function.blockCalls[$0].block) }
    }
    // Taken from the back.
    return result.reversed()
  }

  private func findUses(_ order: [Block]) {
    for block in order {
      for inst in function.blockInsts[block] {
        function.forEachUse(of: inst) { use in
          let index = function.resolve(use).index
          useCounts[index] = min(useCounts[index] + 1, 2)
        }
      }
    }
  }

  private func makeBlocks(reachable order: [Block]) {
    var isReachable = [Bool](repeating: false, count: function.blockInsts.count)
    for block in order { isReachable[block.index] = true }
    for block in function.blockOrder where isReachable[block.index] {
      blocks[block.index] = LLVMAppendBasicBlockInContext(base.context, llvmFunction, "")
    }
    guard let entry = order.first else { return }
    // LLVM's entry block has no predecessors; a loop back to ours gets a block in front.
    let arguments = LLVMInsertBasicBlockInContext(base.context, blocks[entry.index], "")!
    for block in function.blockOrder where isReachable[block.index] {
      LLVMPositionBuilderAtEnd(builder, blocks[block.index])
      phis[block.index] = function.blockParams[block].map { param in
        let phi = LLVMBuildPhi(builder, types[function.type(of: param)], "")!
        values[param.index] = phi
        return phi
      }
    }
    LLVMPositionBuilderAtEnd(builder, arguments)
    let parameters = function.blockParams[entry].indices.map {
      LLVMGetParam(llvmFunction, leadingParameterCount + UInt32($0))!
    }
    beginFuel()
    beginProfile()
    addIncoming(to: entry, parameters)
    LLVMBuildBr(builder, blocks[entry.index])
  }

  // MARK: Values

  /// The value as an operator of this shape takes it.
  func operand(_ value: Value, as shape: Shape = .none) -> LLVMValueRef {
    let value = function.resolve(value)
    guard let llvm = values[value.index] else {
      preconditionFailure("use of v\(value.rawValue) is not dominated by its definition")
    }
    // With the lanes that it is used with: a cast of a constant is not the constant to a comparison.
    if shape.isVector, let data = function.definition(of: value), data.opcode == .vconst {
      return unit.constant(function.vectorConstants[VectorConstant(rawValue: data.a)], as: shape)
    }
    return shape.isVector ? cast(llvm, types[shape]) : llvm
  }

  /// Whether an i32 is not 0.
  func condition(_ value: Value) -> LLVMValueRef {
    let value = function.resolve(value)
    if let condition = conditions[value.index] { return condition }
    return LLVMBuildICmp(builder, LLVMIntNE, operand(value), base.int32(0), "")
  }

  /// Defines the only result of an instruction. Vectors may have any lanes.
  func define(_ inst: Inst, _ llvm: LLVMValueRef) {
    let result = function.result(of: inst)
    values[result.index] = function.type(of: result) == .v128 ? cast(llvm, types.v128) : llvm
  }

  /// Defines an i32 result that is 0 or 1.
  func defineCondition(_ inst: Inst, _ condition: LLVMValueRef) {
    define(inst, LLVMBuildZExt(builder, condition, types.i32, ""))
    conditions[function.result(of: inst).index] = condition
  }

  func defineResults(_ inst: Inst, _ results: [LLVMValueRef]) {
    for (index, llvm) in zip(function.results(of: inst), results) { values[Int(index)] = llvm }
  }

  func hasUses(_ inst: Inst) -> Bool { useCounts[function.result(of: inst).index] > 0 }
  func hasOneUse(_ inst: Inst) -> Bool { useCounts[function.result(of: inst).index] == 1 }

  func cast(_ value: LLVMValueRef, _ type: LLVMTypeRef) -> LLVMValueRef {
    LLVMTypeOf(value) == type ? value : LLVMBuildBitCast(builder, value, type, "")
  }

  func call(_ callee: Callee, _ arguments: [LLVMValueRef]) -> LLVMValueRef {
    var arguments = arguments.map(Optional.some)
    let call = LLVMBuildCall2(
      builder, callee.type, callee.function, &arguments, UInt32(arguments.count), "")!
    if marksCallsAsNoTail { LLVMSetTailCallKind(call, LLVMTailCallKindNoTail) }
    return call
  }

  func intrinsic(_ name: String, _ overloads: [LLVMTypeRef], _ arguments: [LLVMValueRef]) -> LLVMValueRef {
    call(base.intrinsic(name, overloads), arguments)
  }

  /// Something that is the same while the function runs, found once in a block of the IR: what comes later in it
  /// is dominated by what comes before. (In the entry block it would take a register in functions that need it in
  /// a cold path only; LLVM moves it out of loops.)
  func oncePerBlock(_ value: InstanceValue, _ find: () -> LLVMValueRef) -> LLVMValueRef {
    if let known = instanceValues[value] { return known }
    let found = find()
    instanceValues[value] = found
    return found
  }

  func list(_ handle: UInt32) -> EntityListView<Value> { function.valueLists[EntityList(handle: handle)] }

  // MARK: Blocks

  func appendBlock() -> LLVMBasicBlockRef { LLVMAppendBasicBlockInContext(base.context, llvmFunction, "") }

  func block(_ block: Block) -> LLVMBasicBlockRef { blocks[block.index]! }

  /// Says what a block's parameters are when it is entered from the current LLVM block.
  func addIncoming(to block: Block, _ arguments: [LLVMValueRef]) {
    var from: LLVMBasicBlockRef? = LLVMGetInsertBlock(builder)
    for (phi, argument) in zip(phis[block.index], arguments) {
      var argument: LLVMValueRef? = argument
      LLVMAddIncoming(phi, &argument, &from, 1)
    }
  }

  /// The function's block that traps with this code.
  func trapBlock(_ code: TrapCode) -> LLVMBasicBlockRef {
    if let known = trapBlocks[code] { return known }
    let block = appendBlock()
    let current = LLVMGetInsertBlock(builder)
    LLVMPositionBuilderAtEnd(builder, block)
    // What is found in here is known nowhere else, nor the other way round: other blocks come here, too.
    let known = instanceValues
    instanceValues = [:]
    emitTrap(code)
    instanceValues = known
    LLVMPositionBuilderAtEnd(builder, current)
    trapBlocks[code] = block
    return block
  }

  /// Ends the current block with a trap.
  func emitTrap(_ code: TrapCode) {
    if unit.facts.options.boundsChecks == .explicit {
      _ = model.callRuntime(.trap, [base.int32(code.rawValue)], in: self)
    } else {
      base.exposeMemory()
      _ = call(base.intrinsic("llvm.ubsantrap"), [base.int(code.rawValue, types.i8)])
    }
    LLVMBuildUnreachable(builder)
  }

  /// Traps if the condition holds; code goes on in a new block.
  func trap(_ code: TrapCode, if condition: LLVMValueRef) {
    branchUnlikely(condition, to: trapBlock(code))
  }

  /// Leaves for `target`, which is cold, if the condition holds; code goes on in a new block.
  func branchUnlikely(_ condition: LLVMValueRef, to target: LLVMBasicBlockRef) {
    let next = appendBlock()
    LLVMMoveBasicBlockAfter(next, LLVMGetInsertBlock(builder))
    let branch = LLVMBuildCondBr(builder, condition, target, next)
    LLVMSetMetadata(branch, base.profileKind, base.unlikelyWeights)
    LLVMPositionBuilderAtEnd(builder, next)
  }
}
