internal import CLLVM
import IR
import Support

extension FunctionLowering {
  func lowerCall(_ inst: Inst, _ data: InstData) {
    let (callee, signature, arguments) = callee(data, isTail: false)
    let results = module.signatures[signature].results
    let passing = ResultPassing(results)
    let area = passing == .pointer ? resultArea(results) : nil
    leaveFuel()
    let value = resultUnlessThrown(of: call(inst, callee, results: area, arguments))
    updateFuel()
    switch passing {
    case .none: break
    case .value: defineResults(inst, [value])
    case .structure:
      defineResults(inst, results.indices.map { LLVMBuildExtractValue(builder, value, UInt32($0), "") })
    case .pointer:
      let structure = unit.resultStructure(results)
      defineResults(
        inst,
        results.indices.map { index in
          let field = LLVMBuildStructGEP2(builder, structure, area, UInt32(index), "")
          return LLVMBuildLoad2(builder, types[results[index]], field, "")
        })
    }
  }

  /// What a call calls, after the checks of an indirect one, and the arguments of the signature.
  private func callee(
    _ data: InstData, isTail: Bool
  ) -> (callee: WasmCallee, signature: SignatureID, arguments: [LLVMValueRef]) {
    let operands = list(data.a)
    if data.opcode.format == .call {
      let id = FunctionID(rawValue: data.b)
      return (
        model.callee(id, isTail: isTail, in: self), module.functions[id].signature,
        operands.map { operand($0) }
      )
    }
    let signature = SignatureID(rawValue: data.b)
    let callee = indirectCallee(data, signature, operands[0])
    return (callee, signature, operands.dropFirst().map { operand($0) })
  }

  /// A call as wasm functions expect it.
  private func call(
    _ inst: Inst?, _ callee: WasmCallee, results: LLVMValueRef?, _ arguments: [LLVMValueRef]
  ) -> LLVMValueRef {
    let leading = [callee.context, results].compactMap { $0 }
    let code = Callee(function: callee.code, type: callee.type)
    let call =
      if let inst, model.exceptionsUnwind {
        unwindingCall(inst, code, leading + arguments)
      } else {
        call(code, leading + arguments)
      }
    LLVMSetInstructionCallConv(call, callee.convention)
    if callee.context != nil { base.addContextAttribute(toCall: call) }
    return call
  }

  /// Stack for a callee's results, in the entry block: one that is in a loop is not one more each turn.
  private func resultArea(_ results: [Type]) -> LLVMValueRef {
    let current = LLVMGetInsertBlock(builder)
    let entry = LLVMGetEntryBasicBlock(llvmFunction)
    if let first = LLVMGetFirstInstruction(entry) {
      LLVMPositionBuilderBefore(builder, first)
    } else {
      LLVMPositionBuilderAtEnd(builder, entry)
    }
    let area = LLVMBuildAlloca(builder, unit.resultStructure(results), "")!
    LLVMPositionBuilderAtEnd(builder, current)
    return area
  }

  /// What an indirect call calls, after its checks: one comparison where all is well.
  private func indirectCallee(_ data: InstData, _ signature: SignatureID, _ callee: Value) -> WasmCallee {
    let table = TableID(rawValue: data.c)
    if table.isNone {
      // A typed reference: it can only be null.
      let reference = operand(callee)
      trap(.nullReference, if: LLVMBuildIsNull(builder, reference, ""))
      let entry = FunctionEntry(address: reference, layout: model.referenceLayout)
      return model.callee(entry: entry, signature, in: self)
    }
    let entry = functionEntry(table, operand(callee), outOfBounds: .undefinedElement)
    let type = loadRuntime(types.i32, field(entry.layout.typeNumber, of: entry))
    let expected = model.typeNumber(signature, entry.layout, in: self)
    let fails = LLVMBuildICmp(builder, LLVMIntNE, type, expected, "")!
    let nulls = entry.index.flatMap { index in unit.leadingNulls(of: table).map { (index, count: $0) } }
    if nulls?.count == 0 {
      trap(.indirectCallTypeMismatch, if: fails)
      return model.callee(entry: entry, signature, in: self)
    }
    // Null's type is 0 and equals none: the two are told apart only once the call has failed. By the index where that says
    // it, so that the type need be in no register.
    let cold = appendBlock()
    branchUnlikely(fails, to: cold)
    let next = LLVMGetInsertBlock(builder)
    LLVMPositionBuilderAtEnd(builder, cold)
    let isNull =
      if let (index, count) = nulls {
        LLVMBuildICmp(builder, LLVMIntULT, index, base.int(count, LLVMTypeOf(index)), "")
      } else {
        LLVMBuildICmp(builder, LLVMIntEQ, type, base.int32(0), "")
      }
    LLVMBuildCondBr(builder, isNull, trapBlock(.uninitializedElement), trapBlock(.indirectCallTypeMismatch))
    LLVMPositionBuilderAtEnd(builder, next)
    return model.callee(entry: entry, signature, in: self)
  }

  func lowerTailCall(_ data: InstData) {
    let (callee, signature, arguments) = callee(data, isTail: true)
    leaveFuel()
    // Results are the caller's own, so that it passes its own result pointer on.
    let call = call(nil, callee, results: resultPointer, arguments)
    LLVMSetTailCallKind(
      call, mustAvoidMustTail(signature) ? LLVMTailCallKindTail : LLVMTailCallKindMustTail)
    switch ResultPassing(module.signatures[signature].results) {
    case .none, .pointer: LLVMBuildRetVoid(builder)
    case .value, .structure: LLVMBuildRet(builder, call)
    }
  }

  /// Whether LLVM miscompiles `musttail` for calls of this signature (`cllvm_musttail_loses_stack_arguments`).
  ///
  /// A call marked `tail` in front of a return is one all the same in conventions that guarantee tail calls, unless
  /// the function disables them; so it must not, and its other calls are marked as none.
  func mustAvoidMustTail(_ signature: SignatureID) -> Bool {
    // The caller's, too: its area of arguments would not be given back.
    cllvm_musttail_loses_stack_arguments
      && ![signature, function.signature].allSatisfy { unit.passesInRegisters(module.signatures[$0]) }
  }

  /// To come before any call of the function is lowered.
  func findTailCalls(_ order: [Block]) {
    for block in order {
      guard let last = function.terminator(of: block) else { continue }
      let data = function.insts[last]
      let signature: SignatureID
      switch data.opcode {
      case .returnCall: signature = module.functions[FunctionID(rawValue: data.b)].signature
      case .returnCallIndirect: signature = SignatureID(rawValue: data.b)
      default: continue
      }
      if mustAvoidMustTail(signature) { return allowTailCalls() }
    }
  }

  private func allowTailCalls() {
    marksCallsAsNoTail = true
    let name = "disable-tail-calls"
    LLVMRemoveStringAttributeAtIndex(
      llvmFunction, LLVMAttributeIndex(bitPattern: Int32(LLVMAttributeFunctionIndex)), name,
      UInt32(name.utf8.count))
  }
}

extension ModuleUnit {
  /// Whether no argument is on the stack in any convention of wasm functions.
  func passesInRegisters(_ signature: Signature) -> Bool {
    let floats = signature.params.count { $0 == .f32 || $0 == .f64 || $0 == .v128 }
    let others = signature.params.count - floats + (ResultPassing(signature.results) == .pointer ? 1 : 0)
    return switch facts.options.target.architecture {
    case .x86_64: others <= 6 && floats <= 8
    }
  }
}
