internal import CLLVM
import IR
import Support

extension FunctionLowering {
  func lowerCall(_ inst: Inst, _ data: InstData) {
    let arguments = list(data.a)
    if data.opcode == .call {
      let id = FunctionID(rawValue: data.b)
      let declaration = module.functions[id]
      let values = arguments.map { operand($0) }
      switch declaration.definition {
      case .imported(let symbol):
        let result = call(unit.hostFunction(symbol, declaration.signature), values)
        defineResults(inst, module.signatures[declaration.signature].results.isEmpty ? [] : [result])
      case .body, .stub: emitCall(inst, unit.function(id), declaration.signature, values)
      case .removed: preconditionFailure("call of function \(id.rawValue), which was removed")
      }
    } else {
      let signature = SignatureID(rawValue: data.b)
      let code = calledAddress(data, arguments[0])
      let callee = Callee(function: code, type: unit.functionType(signature))
      emitCall(inst, callee, signature, arguments.dropFirst().map { operand($0) })
    }
  }

  /// A call with wasm's own convention.
  private func emitCall(
    _ inst: Inst, _ callee: Callee, _ signature: SignatureID, _ arguments: [LLVMValueRef]
  ) {
    let results = module.signatures[signature].results
    let passing = ResultPassing(results)
    var arguments = arguments
    var area: LLVMValueRef?
    if case .pointer = passing {
      area = resultArea(results)
      arguments.insert(area!, at: 0)
    }
    let value = call(callee, arguments)
    LLVMSetInstructionCallConv(value, unit.convention)
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

  /// The code that an indirect call goes to, after its checks: one comparison where all is well.
  private func calledAddress(_ data: InstData, _ callee: Value) -> LLVMValueRef {
    let table = TableID(rawValue: data.c)
    if table.isNone {
      // A typed reference: it can only be null.
      let reference = operand(callee)
      trap(.nullReference, if: LLVMBuildIsNull(builder, reference, ""))
      return loadRuntime(types.ptr, descriptorField(WasmaotFunc.code, of: reference))
    }
    let entry = entryAddress(table, operand(callee), outOfBounds: .undefinedElement)
    let type = loadRuntime(types.i32, descriptorField(WasmaotFunc.type, of: entry))
    let expected = base.int32(unit.typeNumber(SignatureID(rawValue: data.b)))
    // Null's type is 0 and equals none: the two are told apart only once the call has failed.
    let cold = appendBlock()
    branchUnlikely(LLVMBuildICmp(builder, LLVMIntNE, type, expected, ""), to: cold)
    let next = LLVMGetInsertBlock(builder)
    LLVMPositionBuilderAtEnd(builder, cold)
    let isNull = LLVMBuildICmp(builder, LLVMIntEQ, type, base.int32(0), "")
    LLVMBuildCondBr(builder, isNull, trapBlock(.uninitializedElement), trapBlock(.indirectCallTypeMismatch))
    LLVMPositionBuilderAtEnd(builder, next)
    return loadRuntime(types.ptr, descriptorField(WasmaotFunc.code, of: entry))
  }

  // MARK: Tail calls

  func lowerTailCall(_ data: InstData) {
    let arguments = list(data.a)
    let values: [LLVMValueRef]
    let callee: Callee
    let signature: SignatureID
    if data.opcode == .returnCall {
      let id = FunctionID(rawValue: data.b)
      signature = module.functions[id].signature
      values = arguments.map { operand($0) }
      // Through the adaptor for an import: `musttail` needs one convention on both sides.
      callee = unit.function(id)
    } else {
      signature = SignatureID(rawValue: data.b)
      let code = calledAddress(data, arguments[0])
      values = arguments.dropFirst().map { operand($0) }
      callee = Callee(function: code, type: unit.functionType(signature))
    }
    // Results are the caller's own, so that it passes its own result pointer on.
    let call = call(callee, (resultPointer.map { [$0] } ?? []) + values)
    LLVMSetInstructionCallConv(call, unit.convention)
    LLVMSetTailCallKind(call, LLVMTailCallKindMustTail)
    switch ResultPassing(module.signatures[signature].results) {
    case .none, .pointer: LLVMBuildRetVoid(builder)
    case .value, .structure: LLVMBuildRet(builder, call)
    }
  }
}
