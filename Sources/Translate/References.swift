import IR
import WasmModule

// References, and what calls and branches on them.
extension FunctionTranslator {
  mutating func translateReferences(_ op: Operator) throws(TranslationError) -> Bool {
    switch op.opcode {
    case .refNull:
      guard let type = ModuleContext.irType(of: op.heapType) else {
        throw .unsupported("references of type \(op.heapType) are", .init())
      }
      push(builder.refNull(Shape(type)))
    case .refIsNull: push(isNull(pop()))
    case .refFunc: push(builder.refFunc(FunctionID(rawValue: op.index)))
    case .refAsNonNull: builder.trapnz(isNull(stack[stack.count - 1]), .nullReference)
    case .brOnNull:
      let reference = pop()
      try branch(to: op.index, if: isNull(reference))
      push(reference)
    case .brOnNonNull: try translateBrOnNonNull(op.index)
    case .callRef:
      let reference = pop()
      let signature = context.signature(of: TypeIdx(rawValue: op.index))
      let arguments = try arguments(of: signature)
      let results = builder.callIndirect(signature, TableID.none, reference, stack.suffix(arguments))
      try testException()
      replaceTop(arguments, with: results)
    case .returnCallRef:
      let reference = pop()
      let signature = context.signature(of: TypeIdx(rawValue: op.index))
      let arguments = try arguments(of: signature)
      builder.returnCallIndirect(signature, TableID.none, reference, stack.suffix(arguments))
      isReachable = false
    default: return false
    }
    return true
  }

  private mutating func isNull(_ reference: Value) -> Value {
    builder.unary(.refIsNull, shape(of: reference), reference)
  }

  /// The reference is the last of the label's values, and gone where the branch is not taken.
  private mutating func translateBrOnNonNull(_ label: UInt32) throws(TranslationError) {
    let arity = arity(of: label)
    try budget.spend(arity)
    let taken = try target(of: label)
    let next = builder.createBlock()
    builder.brif(isNull(stack[stack.count - 1]), next, [], taken, stack.suffix(arity))
    builder.seal(next)
    builder.switchTo(next)
    stack.removeLast()
  }
}
