public import Support

/// A wasm local, or whatever else the translator wants SSA values for.
public struct Variable: EntityID {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// The results of one instruction: consecutive values.
public struct ValueRange: RandomAccessCollection, Sendable {
  public let first: Value
  public let count: Int
  @inlinable init(first: Value, count: Int) {
    self.first = first
    self.count = count
  }
  @inlinable public var startIndex: Int { 0 }
  @inlinable public var endIndex: Int { count }
  @inlinable public subscript(position: Int) -> Value { Value(rawValue: first.rawValue + UInt32(position)) }
}

/// Builds one function: emits instructions at the end of the current block and turns variables into SSA
/// values on the fly (SSA.swift).
///
/// Protocol: `createBlock`, then `appendBlockParam`s, then branches to it, then `switchTo`, then fill it up to
/// its terminator. A block is sealed once no more branches to it will come: before `switchTo` for everything
/// but loop headers, after the loop's end for those. The entry block exists from the start: it is current,
/// sealed, and its parameters are the function's. `finalize` returns the function.
///
/// Blocks that are filled are emitted in the order in which they were first switched to.
public struct FunctionBuilder {
  public internal(set) var function: Function
  /// For the signatures of callees. Nothing else of it is read.
  public let module: Module
  /// Byte offset in the wasm module; stamped on every instruction made.
  public var sourceOffset: UInt32 = 0
  public private(set) var entryBlock: Block
  public internal(set) var currentBlock: Block
  /// The current block has its terminator: nothing can be emitted before the next `switchTo`.
  public internal(set) var isFilled = false

  /// Arguments that branches got, or might have got, for the sake of variables. For most code that is in
  /// proportion to its size, but SSA form itself is not: 10,000 nested loops that change 50,000 variables need a
  /// parameter for each pair.
  public internal(set) var variableCost = 0
  /// Above this cost variables read as zero, so that the rest takes linear time. The function is then wrong:
  /// who sets a limit must compare with `variableCost` at the end.
  public var variableCostLimit = Int.max

  var ssa = SSABuilder()
  /// Constants that the SSA builder needed, placed before the entry block's instructions.
  var prologue: [Inst] = []
  /// The zero of each type, once it was needed.
  var zeros: [Value] = Array(repeating: .none, count: Type.allCases.count)
  /// `brTable`: the block call made for each target of the table at hand.
  var tableCalls = SecondaryMap<Block, BlockCall>(default: .none)

  /// A builder for a function of type `signature` of `module`.
  public init(signature: SignatureID, in module: Module) {
    self.module = module
    function = Function(signature: signature)
    entryBlock = .none
    currentBlock = .none
    entryBlock = createBlock()
    for type in module.signatures[signature].params { appendBlockParam(type, to: entryBlock) }
    seal(entryBlock)
    switchTo(entryBlock)
  }

  // MARK: - Blocks

  public mutating func createBlock() -> Block {
    let block = function.blockParams.append([])
    function.blockInsts.append([])
    ssa.addBlock()
    return block
  }

  /// Adds a parameter that branches pass explicitly. Before any branch to the block is made.
  @discardableResult
  public mutating func appendBlockParam(_ type: Type, to block: Block) -> Value {
    precondition(!ssa.hasPredecessors(block), "parameter added to a block that has a predecessor")
    return function.appendParam(type, to: block)
  }

  public func params(of block: Block) -> [Value] { function.blockParams[block] }

  /// Number of branches to `block` made so far.
  public func hasPredecessors(_ block: Block) -> Bool { ssa.hasPredecessors(block) }

  /// Makes `block` the one that instructions are added to.
  public mutating func switchTo(_ block: Block) {
    if ssa.begin(block) { function.blockOrder.append(block) }
    currentBlock = block
    isFilled = function.terminator(of: block) != nil
  }

  /// Declares that no more branches to `block` will be made. Idempotent.
  public mutating func seal(_ block: Block) { sealBlock(block) }

  public mutating func sealAllBlocks() {
    for block in function.blockParams.ids { sealBlock(block) }
  }

  // MARK: - Variables

  /// A variable's value is zero, or null, until it is defined.
  public mutating func declareVariable(_ type: Type) -> Variable { ssa.declare(type) }

  public mutating func defVariable(_ variable: Variable, _ value: Value) {
    assert(function.type(of: value) == ssa.types[variable])
    ssa.define(variable, value)
  }

  public mutating func useVariable(_ variable: Variable) -> Value { readVariable(variable) }

  // MARK: - End

  /// Seals what is left, completes the branches' argument lists, resolves aliases, and hands the function
  /// over. The builder is not usable afterwards.
  public mutating func finalize() -> Function {
    sealAllBlocks()
    completeArguments()
    function.blockInsts[entryBlock].insert(contentsOf: prologue, at: 0)
    function.resolveAliases()
    var result = Function(signature: function.signature)
    swap(&result, &function)
    return result
  }
}
