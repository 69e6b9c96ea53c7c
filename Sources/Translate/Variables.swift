import IR
import Support
import WasmModule

// Locals, globals, and the parametric operators.
extension FunctionTranslator {
  /// Parameters, then the declared locals; a variable has its local's number. Those that are never used cost
  /// nothing more: the builder makes zeros when they are read.
  mutating func declareLocals() throws(TranslationError) {
    for value in builder.params(of: builder.entryBlock) {
      let variable = builder.declareVariable(builder.function.type(of: value))
      builder.defVariable(variable, value)
    }
    for group in reader.readLocals() {
      let type = try ModuleContext.irType(group.type)
      for _ in 0..<group.count { _ = builder.declareVariable(type) }
    }
  }

  mutating func translateVariables(_ op: Operator) -> Bool {
    switch op.opcode {
    case .localGet: push(builder.useVariable(Variable(rawValue: op.index)))
    case .localSet: builder.defVariable(Variable(rawValue: op.index), pop())
    case .localTee: builder.defVariable(Variable(rawValue: op.index), stack[stack.count - 1])
    case .globalGet:
      let global = GlobalID(rawValue: op.index)
      push(builder.entity(.globalGet, Shape(builder.module.globals[global].type), global))
    case .globalSet:
      let value = pop()
      builder.unaryEntity(.globalSet, shape(of: value), value, GlobalID(rawValue: op.index))
    case .drop: _ = pop()
    case .select, .selectTyped:
      let condition = pop()
      let otherwise = pop()
      let value = pop()
      push(builder.select(shape(of: value), condition, value, otherwise))
    default: return false
    }
    return true
  }
}
