internal import CLLVM
import CRuntimeABI
import IR
import Support

extension StaticModel {
  /// Defines `wasmaot_module`, everything that it points to, and the arrays that the runtime and the other
  /// units know by name.
  func defineModuleDescriptor() {
    _ = descriptors
    for id in module.globals.ids where module.globals[id].isMutable && !unit.isOnly { _ = global(id) }
    if !unit.isOnly { defineShared() }
    if module.tags.count > 0, !module.isThreaded { defineExceptionRoots() }

    let memories = module.memories.ids.map { memory($0) }
    // (Each thread has tables of its own: no constant can hold their addresses.)
    let tables = module.tables.ids.map {
      module.tables[$0].isReadOnly || module.isThreaded ? base.null : table($0)
    }
    let (images, imageCount) = unit.images(isConstant: false)
    var exports: [LLVMValueRef] = []
    var entry = base.null
    switch facts.options.entry {
    case .start(let id): entry = plainWrapper("wasmaot_entry", id)
    case .invoke(let list): exports = list.enumerated().map { exportEntry($1, number: $0) }
    case .embedded: preconditionFailure("instances of a host have no program")
    }
    let names = facts.options.names ? unit.nameTable() : (offsets: base.null, names: base.null)
    let fields = [
      base.int32(WASMAOT_ABI_VERSION), base.int32(module.instantiationTrap?.rawValue ?? 0),
      base.int32(memories.count), base.int32(tables.count), base.int32(imageCount),
      base.int32(exports.count), base.int32(module.functions.count),
      base.int32(facts.instructionSet.requiredBits),
      base.int32(facts.options.boundsChecks == .explicit ? WASMAOT_MODULE_CHECKS : 0), base.int32(0),
      unit.constantArray(types.ptr, memories), unit.constantArray(types.ptr, tables), images,
      unit.constantArray(types.export, exports),
      module.start.isNone ? base.null : plainWrapper("wasmaot_start", module.start), entry,
      names.offsets, names.names,
    ]
    base.addGlobal(
      "wasmaot_module", base.structure(types.module, fields), isConstant: true,
      linkage: LLVMExternalLinkage, alignment: 8)
  }

  /// What other units may refer to although this one does not.
  private func defineShared() {
    for id in module.tables.ids where module.tables[id].isReadOnly { _ = unit.constantTable(id) }
    for id in module.dataSegments.ids { _ = dataSegment(id) }
    for id in module.elementSegments.ids { _ = elementSegment(id) }
    for id in module.tags.ids { _ = tag(id) }
  }

  // MARK: Adaptors

  /// Defines what stands for the functions that have no body: for an import a function with wasm's
  /// convention that calls the host's, for an unresolved one a trap.
  func defineAdaptors() {
    for id in module.functions.ids {
      let declaration = module.functions[id]
      switch declaration.definition {
      case .body, .removed, .external: continue
      case .stub:
        let lowering = FunctionLowering(
          unit, Function(signature: declaration.signature), into: unit.function(id).function)
        LLVMPositionBuilderAtEnd(base.builder, lowering.appendBlock())
        lowering.emitTrap(.unresolvedImport)
        // Its name in the backtrace says what is missing.
        base.addAttribute("noinline", to: unit.function(id).function)
      case .imported(let symbol):
        let adaptor = unit.function(id).function
        let host = hostFunction(symbol, declaration.signature, neverReturns: declaration.neverReturns)
        let block = LLVMAppendBasicBlockInContext(base.context, adaptor, "")
        LLVMPositionBuilderAtEnd(base.builder, block)
        var arguments = (0..<LLVMCountParams(adaptor)).map { LLVMGetParam(adaptor, $0) }
        let call = LLVMBuildCall2(
          base.builder, host.type, host.function, &arguments, UInt32(arguments.count), "")
        if module.signatures[declaration.signature].results.isEmpty {
          LLVMBuildRetVoid(base.builder)
        } else {
          LLVMBuildRet(base.builder, call)
        }
      }
    }
  }

  // MARK: Wrappers

  /// A C function `void (void)` that calls a wasm function. Wrappers are not in the text section of wasm
  /// code, and nothing is inlined into them: no trap happens in them and no backtrace shows them.
  private func plainWrapper(_ name: String, _ id: FunctionID) -> LLVMValueRef {
    let wrapper = base.addFunction(
      name, base.functionType(types.void, []), linkage: LLVMInternalLinkage)
    LLVMPositionBuilderAtEnd(base.builder, LLVMAppendBasicBlockInContext(base.context, wrapper, ""))
    callNotInlined(unit.function(id), [])
    LLVMBuildRetVoid(base.builder)
    return wrapper
  }

  /// In a wrapper, which returns to the runtime if an exception is thrown.
  @discardableResult
  func callNotInlined(_ callee: Callee, _ arguments: [LLVMValueRef]) -> LLVMValueRef {
    let call: LLVMValueRef
    if exceptionsUnwind {
      let wrapper: LLVMValueRef = LLVMGetBasicBlockParent(LLVMGetInsertBlock(base.builder))
      let normal: LLVMBasicBlockRef = LLVMAppendBasicBlockInContext(base.context, wrapper, "")
      let pad: LLVMBasicBlockRef = LLVMAppendBasicBlockInContext(base.context, wrapper, "")
      call = base.invoke(callee, arguments, to: normal, unwind: pad)
      LLVMPositionBuilderAtEnd(base.builder, pad)
      base.land(in: wrapper)
      LLVMBuildRetVoid(base.builder)
      LLVMPositionBuilderAtEnd(base.builder, normal)
    } else {
      var arguments = arguments.map(Optional.some)
      call = LLVMBuildCall2(
        base.builder, callee.type, callee.function, &arguments, UInt32(arguments.count), "")
    }
    LLVMSetInstructionCallConv(call, referenceConvention)
    base.addCallAttribute("noinline", to: call)
    return call
  }

  /// `struct wasmaot_export` with its wrapper.
  private func exportEntry(_ export: Export, number: Int) -> LLVMValueRef {
    let function = export.function!  // A program exports nothing else.
    let signature = module.signatures[module.functions[function].signature]
    return base.structure(
      types.export,
      [
        base.string(export.name.bytes), base.int64(export.name.bytes.count),
        base.string(unit.typeString(signature.params)), base.string(unit.typeString(signature.results)),
        exportWrapper("wasmaot_export_\(number)", function, signature),
      ])
  }

  /// A C function that takes arguments from an array of `struct wasmaot_value` and puts results there.
  private func exportWrapper(_ name: String, _ id: FunctionID, _ signature: Signature) -> LLVMValueRef {
    let builder = base.builder
    let wrapper = base.addFunction(
      name, base.functionType(types.void, [types.ptr]), linkage: LLVMInternalLinkage)
    LLVMPositionBuilderAtEnd(builder, LLVMAppendBasicBlockInContext(base.context, wrapper, ""))
    let values = LLVMGetParam(wrapper, 0)!
    let area = unit.resultArea(signature.results)
    let arguments = unit.loadArguments(signature.params, from: values)
    let call = callNotInlined(unit.function(id), (area.map { [$0] } ?? []) + arguments)
    unit.storeResults(signature.results, of: call, area: area, to: values)
    LLVMBuildRetVoid(builder)
    return wrapper
  }
}
