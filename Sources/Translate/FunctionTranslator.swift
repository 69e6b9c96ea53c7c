import IR
import Support
import WasmModule

/// Translates one validated function body: the operand stack holds SSA values, locals are variables of the
/// builder, and blocks become basic blocks whose parameters are the blocks' results.
///
/// Nothing here recurses, and apart from the lists that the IR itself holds (arguments of calls and branches,
/// results; see `TranslationBudget`) each operator costs constant time, whatever the depth of the stacks.
struct FunctionTranslator {
  let context: ModuleContext
  let function: FuncIdx
  var reader: OperatorReader
  var builder: FunctionBuilder
  var budget: LocalBudget
  var hints: BranchHints
  /// Nil where none is counted.
  var fuel: FuelSegments?

  /// The operand stack. In unreachable code it is not kept up: `end` and `else` cut it to size.
  var stack: [Value] = []
  var frames: [ControlFrame] = []
  /// Parameters of every open `if`, which its `else` needs again.
  var elseParams: [Value] = []
  /// Clauses of every open `try_table`.
  var tryClauses: [[CatchClause]] = []
  /// The frame whose handlers get an exception from here: the innermost open `try` or `try_table`, or that of
  /// the function, whose handler is the caller.
  var handler = 0
  /// Whether the function has a `rethrow`; nil while nobody has asked.
  var hasRethrow: Bool?
  /// Code after an unconditional branch up to the frame's `else` or `end` is skipped: a stack-polymorphic
  /// operand has no value.
  var isReachable = true
  /// Blocks opened in the code being skipped.
  var skippedBlocks = 0

  init(_ function: FuncIdx, context: ModuleContext, module: IR.Module, budget: TranslationBudget) {
    self.context = context
    self.function = function
    reader = OperatorReader(module: context.module, function: function)
    builder = FunctionBuilder(signature: context.signature(of: function), in: module)
    builder.variableCostLimit = budget.limit
    self.budget = LocalBudget(budget)
    hints = BranchHints(of: function, in: context)
    fuel = context.countsFuel ? FuelSegments(of: function, in: context.module) : nil
  }

  mutating func translate() throws(TranslationError) -> Function {
    do throws(TranslationError) {
      try declareLocals()
      pushFunctionFrame()
      beginFunctionFuel()
      while !reader.isAtEnd {
        let op = reader.next()
        builder.sourceOffset = UInt32(truncatingIfNeeded: op.offset)
        let valuesBefore = builder.function.values.count
        if isReachable { try translate(op) } else { try skip(op) }
        continueFuel(behind: op)
        try budget.spendExcess(builder.function.values.count - valuesBefore)
      }
      let result = builder.finalize()
      try budget.settle()
      // Beyond its limit the builder did not make the function that was asked for.
      try budget.check(builder.variableCost)
      return result
    } catch {
      throw error.located(in: function, at: Int(builder.sourceOffset))
    }
  }

  private mutating func translate(_ op: Operator) throws(TranslationError) {
    if let simple = op.opcode.simple { return translate(simple, op) }
    if translateVariables(op) { return }
    if try translateControl(op) { return }
    if try translateCalls(op) { return }
    if try translateReferences(op) { return }
    if try translateExceptions(op) { return }
    if translateMemories(op) || translateTables(op) || translateComposed(op) { return }
    throw .unsupported("operator \(op.opcode.name) is", .init())
  }

  // MARK: - Operand stack

  mutating func pop() -> Value { stack.removeLast() }
  mutating func push(_ value: Value) { stack.append(value) }

  /// Replaces the topmost `count` operands by `values`.
  mutating func replaceTop(_ count: Int, with values: some Collection<Value>) {
    stack.removeLast(count)
    stack.append(contentsOf: values)
  }

  /// The shape that a value's type is.
  func shape(of value: Value) -> Shape { Shape(builder.function.type(of: value)) }
}

extension Shape {
  init(_ address: AddressType) { self = address == .i32 ? .i32 : .i64 }
}

// MARK: - All functions

extension ModuleTranslator {
  mutating func translateBodies() throws(TranslationError) {
    let (context, module) = (context, result)
    let budget = TranslationBudget(moduleSize: context.module.bytes.count)
    let functions = context.module.functions
    let bodies = try parallelMap(count: functions.count, jobs: options.jobs) {
      (index: Int) throws(TranslationError) -> PackedFunction? in
      let function = FuncIdx(index)
      guard functions[function].origin == .defined else { return nil }
      var translator = FunctionTranslator(function, context: context, module: module, budget: budget)
      return PackedFunction(try translator.translate())
    }
    result.bodies = Bodies(bodies)
  }
}
