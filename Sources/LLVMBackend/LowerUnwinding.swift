internal import CLLVM
import IR

// Exceptions of programs. A call that may throw costs nothing where it doesn't: the runtime finds who handles an exception
// by the unwind tables, which programs have for backtraces (runtime-c/src/raise.c). What leaves a function with an exception
// pending calls `exception_raise`. A call whose test leads to the function's own `unwind` is a plain call; any other is
// an `invoke`, whose landing pad goes on to the test, which finds an exception.
extension FunctionLowering {
  /// A call of a wasm function, with the test that comes behind it, if any.
  func unwindingCall(_ callee: Callee, _ arguments: [LLVMValueRef]) -> LLVMValueRef {
    exceptionOfCall = nil
    if testBehind.isNone {
      // All that may throw is tested.
      let call = call(callee, arguments)
      base.addCallAttribute("nounwind", to: call)
      return call
    }
    if leavesFunction(ifThrown: testBehind) {
      exceptionOfCall = base.int(0, types.i1)
      return call(callee, arguments)
    }
    let (normal, pad, joined) = (appendBlock(), appendBlock(), appendBlock())
    LLVMMoveBasicBlockAfter(normal, LLVMGetInsertBlock(builder))
    LLVMMoveBasicBlockAfter(joined, normal)
    let call = unit.base.invoke(callee, arguments, to: normal, unwind: pad, in: llvmFunction)
    LLVMPositionBuilderAtEnd(builder, pad)
    LLVMBuildBr(builder, joined)
    LLVMPositionBuilderAtEnd(builder, normal)
    LLVMBuildBr(builder, joined)
    LLVMPositionBuilderAtEnd(builder, joined)
    exceptionOfCall = phi(types.i1, (base.int(0, types.i1), normal), (base.int(1, types.i1), pad))
    return call
  }

  /// What a call returned; nothing that means anything where it threw.
  func resultUnlessThrown(of call: LLVMValueRef) -> LLVMValueRef {
    guard LLVMGetInstructionOpcode(call) == LLVMInvoke, let type = LLVMTypeOf(call), type != types.void else {
      return call
    }
    return phi(type, (call, LLVMGetNormalDest(call)), (LLVMGetPoison(type), LLVMGetUnwindDest(call)))
  }

  /// Whether nothing is done with an exception that this test finds but to leave the function.
  private func leavesFunction(ifThrown test: Inst) -> Bool {
    guard let last = function.terminator(of: currentBlock) else { return false }
    let data = function.insts[last]
    guard data.opcode == .brif, function.resolve(data.valueA) == function.result(of: test) else {
      return false
    }
    let taken = function.blockCalls[BlockCall(rawValue: data.b)].block
    return function.blockInsts[taken].count == 1
      && function.terminator(of: taken).map { function.insts[$0].opcode == .unwind } == true
  }

  private func phi(
    _ type: LLVMTypeRef, _ edges: (value: LLVMValueRef?, from: LLVMBasicBlockRef?)...
  ) -> LLVMValueRef {
    let phi = LLVMBuildPhi(builder, type, "")!
    var (values, blocks) = (edges.map(\.value), edges.map(\.from))
    LLVMAddIncoming(phi, &values, &blocks, UInt32(edges.count))
    return phi
  }

  /// Leaves the function with the exception that is pending.
  func raiseException() {
    _ = call(base.raise, [])
    LLVMBuildUnreachable(builder)
  }
}

extension Unit {
  fileprivate var raise: Callee {
    runtimeFunction(
      "wasmaot_\(threadInfix)exception_raise", types.void, [], noReturn: true, mayUnwind: true)
  }

  /// A call whose exceptions go to `pad`; made to begin with what LLVM demands of such a block.
  func invoke(
    _ callee: Callee, _ arguments: [LLVMValueRef], to normal: LLVMBasicBlockRef,
    unwind pad: LLVMBasicBlockRef,
    in function: LLVMValueRef
  ) -> LLVMValueRef {
    // LLVM wants a function that says what the tables mean. Nobody calls it: the runtime knows.
    LLVMSetPersonalityFn(function, raise.function)
    var arguments = arguments.map(Optional.some)
    let call = LLVMBuildInvoke2(
      builder, callee.type, callee.function, &arguments, UInt32(arguments.count), normal, pad, "")!
    LLVMPositionBuilderAtEnd(builder, pad)
    var fields: [LLVMTypeRef?] = [types.ptr, types.i32]
    let landing = LLVMBuildLandingPad(
      builder, LLVMStructTypeInContext(context, &fields, 2, 0), nil, 0, "")
    LLVMSetCleanup(landing, 1)
    return call
  }
}
