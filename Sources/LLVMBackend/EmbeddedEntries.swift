internal import CLLVM
import CRuntimeABI
import IR

// How code of other modules and of the host enters a module's functions, and how its functions call the host.
extension EmbeddedModel {
  /// What references to a function lead to: the function itself, or an entry with the references' convention.
  func referencedCode(_ id: FunctionID) -> LLVMValueRef {
    if convention(of: id) == referenceConvention { return unit.function(id).function }
    let name = "\(symbolPrefix)wasmaot_entry\(id.rawValue)"
    if let known = LLVMGetNamedFunction(base.llvm, name) { return known }
    let type = unit.functionType(module.functions[id].signature)
    let entry = base.addFunction(name, type, linkage: unit.linkage, convention: referenceConvention)
    LLVMSetSection(entry, WASMAOT_TEXT_SECTION)
    base.addContextAttributes(to: entry, instanceSize: layout.size)
    return entry
  }

  func defineEntries(of functions: [FunctionID]) {
    for id in functions where facts.descriptors[id] != 0 && convention(of: id) != referenceConvention {
      let entry = referencedCode(id)
      let block = LLVMAppendBasicBlockInContext(base.context, entry, "")
      LLVMPositionBuilderAtEnd(base.builder, block)
      let callee = unit.function(id)
      var arguments = (0..<LLVMCountParams(entry)).map { LLVMGetParam(entry, $0) }
      let call = LLVMBuildCall2(
        base.builder, callee.type, callee.function, &arguments, UInt32(arguments.count), "")!
      LLVMSetInstructionCallConv(call, convention(of: id))
      base.addContextAttribute(toCall: call)
      // The frame of a backtrace is the function's, not the entry's.
      base.addCallAttribute("noinline", to: call)
      emitReturn(call, module.signatures[module.functions[id].signature])
    }
  }

  private func emitReturn(_ call: LLVMValueRef, _ signature: Signature) {
    switch ResultPassing(signature.results) {
    case .none, .pointer: LLVMBuildRetVoid(base.builder)
    case .value, .structure: LLVMBuildRet(base.builder, call)
    }
  }

  /// `wasmaot_enter_function`. Outside of the wasm text: no trap happens in it.
  func enterFunction(_ id: SignatureID) -> LLVMValueRef {
    let builder = base.builder
    let signature = module.signatures[id]
    let function = base.addFunction(
      "\(symbolPrefix)wasmaot_enter\(id.rawValue)",
      base.functionType(types.void, [types.ptr, types.ptr, types.ptr]), linkage: LLVMInternalLinkage)
    LLVMPositionBuilderAtEnd(builder, LLVMAppendBasicBlockInContext(base.context, function, ""))
    let (code, context, values) = (
      LLVMGetParam(function, 0), LLVMGetParam(function, 1), LLVMGetParam(function, 2)!
    )
    let area = unit.resultArea(signature.results)
    var arguments = [context, area].compactMap(\.self).map(Optional.some)
    arguments += unit.loadArguments(signature.params, from: values).map(Optional.some)
    let call = LLVMBuildCall2(
      builder, unit.functionType(id), code, &arguments, UInt32(arguments.count), "")!
    LLVMSetInstructionCallConv(call, referenceConvention)
    base.addContextAttribute(toCall: call)
    unit.storeResults(signature.results, of: call, area: area, to: values)
    LLVMBuildRetVoid(builder)
    return function
  }

  /// The code of references whose context is a function of the host. In the wasm text: the stack can overflow in
  /// it.
  func hostAdaptor(_ id: SignatureID) -> LLVMValueRef {
    let builder = base.builder
    let signature = module.signatures[id]
    let function = base.addFunction(
      "\(symbolPrefix)wasmaot_host\(id.rawValue)", unit.functionType(id), linkage: LLVMInternalLinkage,
      convention: referenceConvention)
    LLVMSetSection(function, WASMAOT_TEXT_SECTION)
    base.addContextAttributes(to: function, instanceSize: nil)
    LLVMPositionBuilderAtEnd(builder, LLVMAppendBasicBlockInContext(base.context, function, ""))
    let context = LLVMGetParam(function, 0)
    let passing = ResultPassing(signature.results)
    let leading: UInt32 = passing == .pointer ? 2 : 1
    let count = max(signature.params.count, signature.results.count, 1)
    let values = LLVMBuildAlloca(builder, LLVMArrayType2(types.value, UInt64(count)), "")!
    LLVMSetAlignment(values, 16)
    for index in signature.params.indices {
      LLVMBuildStore(
        builder, LLVMGetParam(function, leading + UInt32(index)), unit.valueAddress(values, index))
    }
    let runtime = LLVMBuildLoad2(builder, types.ptr, context, "")
    var index: LLVMValueRef? = base.int64(MemoryLayout<wasmaot_runtime>.offset(of: \.call_host)!)
    let slot = LLVMBuildInBoundsGEP2(builder, types.i8, runtime, &index, 1, "")
    let code = LLVMBuildLoad2(builder, types.ptr, slot, "")
    var arguments: [LLVMValueRef?] = [context, values]
    let call = LLVMBuildCall2(
      builder, base.functionType(types.void, [types.ptr, types.ptr]), code, &arguments, 2, "")!
    base.addCallAttribute("nounwind", to: call)
    let results = signature.results.indices.map { index in
      LLVMBuildLoad2(builder, types[signature.results[index]], unit.valueAddress(values, index), "")
    }
    switch passing {
    case .none: LLVMBuildRetVoid(builder)
    case .value: LLVMBuildRet(builder, results[0])
    case .structure:
      var results = results
      LLVMBuildAggregateRet(builder, &results, UInt32(results.count))
    case .pointer:
      let structure = unit.resultStructure(signature.results)
      for (index, result) in results.enumerated() {
        let field = LLVMBuildStructGEP2(builder, structure, LLVMGetParam(function, 1), UInt32(index), "")
        LLVMBuildStore(builder, result, field)
      }
      LLVMBuildRetVoid(builder)
    }
    return function
  }
}
