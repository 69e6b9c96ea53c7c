internal import CLLVM
import IR

// Programs with threads (wasi-threads). The proposal gives each thread an instance of the module: memories are shared,
// everything else that can change is the thread's own, so it is thread-local (docs/threads.md).
extension StaticModel {
  /// What the runtime calls in each thread.
  func defineThreads() {
    defineThreadEntry()
    let tables = module.tables.ids.filter { !module.tables[$0].isReadOnly }
    defineVisitor("wasmaot_thread_tables", of: tables.map { table($0) })
    if module.tags.count > 0 {
      defineVisitor("wasmaot_thread_exceptions", of: exceptionGlobals.map { global($0) })
    }
  }

  /// `wasi_thread_start` with C's convention.
  private func defineThreadEntry() {
    let entry = base.addFunction(
      "wasmaot_thread_entry", base.functionType(types.void, [types.i32, types.i32]),
      linkage: LLVMExternalLinkage)
    LLVMPositionBuilderAtEnd(base.builder, LLVMAppendBasicBlockInContext(base.context, entry, ""))
    callNotInlined(unit.function(module.threadStart), [LLVMGetParam(entry, 0), LLVMGetParam(entry, 1)])
    LLVMBuildRetVoid(base.builder)
  }

  /// A function that calls its argument with the address that each of the variables has in the calling thread. (There
  /// may be a million: it is not optimised.)
  private func defineVisitor(_ name: String, of variables: [LLVMValueRef]) {
    let type = base.functionType(types.void, [types.ptr])
    let visitor = base.addFunction(name, type, linkage: LLVMExternalLinkage)
    base.addAttribute("noinline", to: visitor)
    base.addAttribute("optnone", to: visitor)
    LLVMPositionBuilderAtEnd(base.builder, LLVMAppendBasicBlockInContext(base.context, visitor, ""))
    for variable in variables {
      var address: LLVMValueRef? = variable
      LLVMBuildCall2(base.builder, type, LLVMGetParam(visitor, 0), &address, 1, "")
    }
    LLVMBuildRetVoid(base.builder)
  }
}
