internal import CLLVM
import IR

// Empty pieces of assembly: LLVM can't look into them, and they cost no instruction.

extension Unit {
  /// A use of the value that LLVM can neither drop nor move away from where it is. It does not read or write
  /// memory that the program has, so that it is in nobody's way.
  func keep(_ value: LLVMValueRef) {
    let call = assembly(registers(value), [value], result: types.void, hasSideEffects: true)
    addCallAttribute("willreturn", to: call)
    addCallAttribute("memory", Self.writesInaccessibleMemory, to: call)
  }

  /// Whether this is what `keep` makes.
  func isKeep(_ call: LLVMValueRef) -> Bool {
    LLVMIsAInlineAsm(LLVMGetCalledValue(call)) != nil && LLVMGetNumArgOperands(call) == 1
      && LLVMGetTypeKind(LLVMTypeOf(call)) == LLVMVoidTypeKind
  }

  /// The same value, of which LLVM knows nothing.
  func opaque(_ value: LLVMValueRef) -> LLVMValueRef {
    let call = assembly(
      "=\(registers(value)),0", [value], result: LLVMTypeOf(value), hasSideEffects: false)
    addCallAttribute("willreturn", to: call)
    addCallAttribute("memory", Self.noMemory, to: call)
    return call
  }

  /// Whoever looks at memory from here on sees all that was stored: LLVM believes that nobody does after a trap,
  /// and leaves out or delays stores in front of one, together with their own traps.
  func exposeMemory() {
    _ = assembly("~{memory}", [], result: types.void, hasSideEffects: true)
  }

  /// `llvm::MemoryEffects`: two bits for each kind of memory, where 2 is "writes"; inaccessible memory is the
  /// second kind.
  private static var writesInaccessibleMemory: UInt64 { 2 << 2 }
  private static var noMemory: UInt64 { 0 }

  private func assembly(
    _ constraints: String, _ operands: [LLVMValueRef], result: LLVMTypeRef, hasSideEffects: Bool
  ) -> LLVMValueRef {
    let type = functionType(result, operands.map { LLVMTypeOf($0) })
    let assembly = LLVMGetInlineAsm(
      type, "", 0, constraints, constraints.utf8.count, hasSideEffects ? 1 : 0, 0,
      LLVMInlineAsmDialectATT, 0)
    var arguments = operands.map(Optional.some)
    let call = LLVMBuildCall2(builder, type, assembly, &arguments, UInt32(arguments.count), "")!
    addCallAttribute("nounwind", to: call)
    return call
  }

  /// The constraint for values of this type: any register that can hold one.
  private func registers(_ value: LLVMValueRef) -> String {
    switch options.target.architecture {
    case .x86_64:
      [LLVMIntegerTypeKind, LLVMPointerTypeKind].contains(LLVMGetTypeKind(LLVMTypeOf(value))) ? "r" : "x"
    }
  }
}
