import IR
import Support
import WasmModule

extension FunctionTranslator {
  mutating func translateCalls(_ op: Operator) throws(TranslationError) -> Bool {
    switch op.opcode {
    case .call:
      let callee = FunctionID(rawValue: op.index)
      let arguments = try arguments(of: context.signature(of: FuncIdx(rawValue: op.index)))
      let results = builder.call(callee, stack.suffix(arguments))
      try testException()
      replaceTop(arguments, with: results)
    case .callIndirect:
      let index = pop()
      let signature = context.signature(of: TypeIdx(rawValue: op.index))
      let arguments = try arguments(of: signature)
      let results = builder.callIndirect(
        signature, TableID(rawValue: op.index2), index, stack.suffix(arguments))
      try testException()
      replaceTop(arguments, with: results)
    case .returnCall:
      let callee = FunctionID(rawValue: op.index)
      let arguments = try arguments(of: context.signature(of: FuncIdx(rawValue: op.index)))
      builder.returnCall(callee, stack.suffix(arguments))
      isReachable = false
    case .returnCallIndirect:
      let index = pop()
      let signature = context.signature(of: TypeIdx(rawValue: op.index))
      let arguments = try arguments(of: signature)
      builder.returnCallIndirect(signature, TableID(rawValue: op.index2), index, stack.suffix(arguments))
      isReachable = false
    default: return false
    }
    return true
  }

  /// The number of arguments that a call takes from the stack.
  mutating func arguments(of signature: SignatureID) throws(TranslationError) -> Int {
    let signature = context.signatures[signature]
    try budget.spend(signature.params.count + signature.results.count)
    return signature.params.count
  }
}
