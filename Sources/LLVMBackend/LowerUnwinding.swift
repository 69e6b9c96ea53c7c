internal import CLLVM
import IR

// Exceptions of programs. A call that may throw has nothing behind it: the runtime finds who handles an exception by the
// unwind tables, which programs have for backtraces (runtime-c/src/raise.c). What leaves a function with an exception pending
// calls `exception_raise`. A call whose test leads to the function's own `unwind` is a plain call; any other is an `invoke`,
// whose landing pad goes on to the handler, or to the test where that is not all that asks.
extension FunctionLowering {
  /// A call of a wasm function, with the test that comes behind it, if any.
  func unwindingCall(_ inst: Inst, _ callee: Callee, _ arguments: [LLVMValueRef]) -> LLVMValueRef {
    exceptionOfCall = nil
    if testBehind.isNone {
      // All that may throw is tested.
      let call = call(callee, arguments)
      base.addCallAttribute("nounwind", to: call)
      return call
    }
    if let handler = branch(ifThrown: testBehind) {
      exceptionOfCall = base.int(0, types.i1)
      if leavesFunction(handler.block) { return call(callee, arguments) }
      if endsBlock(behind: testBehind) { return invoke(inst, callee, arguments, handler) }
    }
    return testedInvoke(callee, arguments)
  }

  /// What a call returned; nothing that means anything where it threw and code goes on to a test all the same.
  func resultUnlessThrown(of call: LLVMValueRef) -> LLVMValueRef {
    guard LLVMGetInstructionOpcode(call) == LLVMInvoke, let type = LLVMTypeOf(call), type != types.void,
      let exception = exceptionOfCall, LLVMIsAConstantInt(exception) == nil
    else { return call }
    return phi(type, (call, LLVMGetNormalDest(call)), (LLVMGetPoison(type), LLVMGetUnwindDest(call)))
  }

  /// A call whose exceptions go straight to the handler. Code goes on where it returned.
  private func invoke(
    _ inst: Inst, _ callee: Callee, _ arguments: [LLVMValueRef], _ handler: BlockCallData
  ) -> LLVMValueRef {
    let normal = appendBlock()
    LLVMMoveBasicBlockAfter(normal, LLVMGetInsertBlock(builder))
    let current: LLVMBasicBlockRef? = LLVMGetInsertBlock(builder)
    let pad = landingPad(to: handler.block)
    for (phi, argument) in zip(pad.values, function.valueLists[handler.arguments]) {
      // What the call returns is nothing here.
      let isResult = function.results(of: inst).contains(function.resolve(argument).rawValue)
      var (value, from) = (
        Optional.some(isResult ? LLVMGetPoison(LLVMTypeOf(phi))! : operand(argument)), current
      )
      LLVMAddIncoming(phi, &value, &from, 1)
    }
    let call = base.invoke(callee, arguments, to: normal, unwind: pad.block)
    LLVMPositionBuilderAtEnd(builder, normal)
    return call
  }

  /// A call behind which code goes on to a test, thrown or not.
  private func testedInvoke(_ callee: Callee, _ arguments: [LLVMValueRef]) -> LLVMValueRef {
    let (normal, pad, joined) = (appendBlock(), appendBlock(), appendBlock())
    LLVMMoveBasicBlockAfter(normal, LLVMGetInsertBlock(builder))
    LLVMMoveBasicBlockAfter(joined, normal)
    let call = base.invoke(callee, arguments, to: normal, unwind: pad)
    LLVMPositionBuilderAtEnd(builder, pad)
    base.land(in: llvmFunction)
    LLVMBuildBr(builder, joined)
    LLVMPositionBuilderAtEnd(builder, normal)
    LLVMBuildBr(builder, joined)
    LLVMPositionBuilderAtEnd(builder, joined)
    exceptionOfCall = phi(types.i1, (base.int(0, types.i1), normal), (base.int(1, types.i1), pad))
    return call
  }

  /// Where all calls land whose exceptions go to this block.
  private func landingPad(to block: Block) -> LandingPad {
    if let known = landingPads[block] { return known }
    let current = LLVMGetInsertBlock(builder)
    let pad = appendBlock()
    LLVMPositionBuilderAtEnd(builder, pad)
    let values = function.blockParams[block].map { LLVMBuildPhi(builder, types[function.type(of: $0)], "")! }
    base.land(in: llvmFunction)
    updateFuel()
    addIncoming(to: block, values)
    LLVMBuildBr(builder, self.block(block))
    LLVMPositionBuilderAtEnd(builder, current)
    let made = LandingPad(block: pad, values: values)
    landingPads[block] = made
    return made
  }

  /// Where the block goes on if this test finds an exception; nil if it does not end with a branch on that.
  private func branch(ifThrown test: Inst) -> BlockCallData? {
    guard let last = function.terminator(of: currentBlock) else { return nil }
    let data = function.insts[last]
    guard data.opcode == .brif, function.resolve(data.valueA) == function.result(of: test) else { return nil }
    return function.blockCalls[BlockCall(rawValue: data.b)]
  }

  /// Whether nothing comes behind a test but the branch on it, and nobody else asks.
  private func endsBlock(behind test: Inst) -> Bool {
    hasOneUse(test) && function.blockInsts[currentBlock].dropLast().last == test
  }

  /// Whether nothing is done in a block but to leave the function with an exception.
  private func leavesFunction(_ block: Block) -> Bool {
    function.blockInsts[block].count == 1
      && function.terminator(of: block).map { function.insts[$0].opcode == .unwind } == true
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

  /// A call whose exceptions go to `pad`.
  func invoke(
    _ callee: Callee, _ arguments: [LLVMValueRef], to normal: LLVMBasicBlockRef,
    unwind pad: LLVMBasicBlockRef
  ) -> LLVMValueRef {
    var arguments = arguments.map(Optional.some)
    return LLVMBuildInvoke2(
      builder, callee.type, callee.function, &arguments, UInt32(arguments.count), normal, pad, "")
  }

  /// What LLVM demands at the start of a pad, behind phis.
  func land(in function: LLVMValueRef) {
    // And a function that says what the tables mean. Nobody calls it: the runtime knows.
    LLVMSetPersonalityFn(function, raise.function)
    var fields: [LLVMTypeRef?] = [types.ptr, types.i32]
    let landing = LLVMBuildLandingPad(
      builder, LLVMStructTypeInContext(context, &fields, 2, 0), nil, 0, "")
    LLVMSetCleanup(landing, 1)
  }
}

/// A block that calls go on in when they throw, and what it is given by each.
struct LandingPad {
  var block: LLVMBasicBlockRef
  var values: [LLVMValueRef]
}
