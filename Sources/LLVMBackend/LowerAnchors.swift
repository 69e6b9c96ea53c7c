internal import CLLVM
import IR

// Empty pieces of assembly: LLVM can't look into them, and they cost no instruction.

extension FunctionLowering {
  /// A use of the value that LLVM can neither drop nor move away from where it is. It does not read or write
  /// memory that the program has, so that it is in nobody's way.
  func keep(_ value: LLVMValueRef) {
    let call = assembly(registers(value), [value], result: types.void, hasSideEffects: true)
    base.addCallAttribute("willreturn", to: call)
    base.addCallAttribute("memory", Self.writesInaccessibleMemory, to: call)
  }

  /// The same value, of which LLVM knows nothing.
  func opaque(_ value: LLVMValueRef) -> LLVMValueRef {
    let call = assembly(
      "=\(registers(value)),0", [value], result: LLVMTypeOf(value), hasSideEffects: false)
    base.addCallAttribute("willreturn", to: call)
    base.addCallAttribute("memory", Self.noMemory, to: call)
    return call
  }

  /// Whoever looks at memory from here on sees all that was stored: LLVM believes that nobody does after a trap,
  /// and leaves out or delays stores in front of one, together with their own traps.
  func exposeMemory() {
    _ = assembly("~{memory}", [], result: types.void, hasSideEffects: true)
  }

  /// `llvm::MemoryEffects`: two bits for each kind of memory, where 2 is "writes"; inaccessible memory is the
  /// second kind.
  private static let writesInaccessibleMemory: UInt64 = 2 << 2
  private static let noMemory: UInt64 = 0

  private func assembly(
    _ constraints: String, _ operands: [LLVMValueRef], result: LLVMTypeRef, hasSideEffects: Bool
  ) -> LLVMValueRef {
    let type = base.functionType(result, operands.map { LLVMTypeOf($0) })
    let assembly = LLVMGetInlineAsm(
      type, "", 0, constraints, constraints.utf8.count, hasSideEffects ? 1 : 0, 0,
      LLVMInlineAsmDialectATT, 0)!
    let call = call(Callee(function: assembly, type: type), operands)
    base.addCallAttribute("nounwind", to: call)
    return call
  }

  /// The constraint for values of this type: any register that can hold one.
  private func registers(_ value: LLVMValueRef) -> String {
    switch unit.plan.options.target.architecture {
    case .x86_64: LLVMGetTypeKind(LLVMTypeOf(value)) == LLVMIntegerTypeKind ? "r" : "x"
    }
  }
}
