internal import CLLVM
import CRuntimeABI
import IR

/// Executables: one instance in the program. All that belongs to it are variables of the program, at addresses
/// that the linker knows; the runtime's functions are symbols (runtime-c/abi/wasmaot_abi.h).
struct StaticModel: InstanceModel {
  unowned let unit: ModuleUnit

  var base: Unit { unit.base }
  var types: UnitTypes { unit.types }
  var module: IR.Module { unit.module }
  var facts: CodegenFacts { unit.facts }

  var symbolPrefix: String { "" }

  // MARK: Functions

  var contextParameter: LLVMTypeRef? { nil }
  var referenceConvention: UInt32 {
    facts.usesTailCalls ? cllvm_tail_call_convention : LLVMFastCallConv.rawValue
  }
  func convention(of function: FunctionID) -> UInt32 { referenceConvention }

  func callee(_ function: FunctionID, isTail: Bool, in lowering: FunctionLowering) -> WasmCallee {
    let declaration = module.functions[function]
    // A tail call goes through the adaptor: `musttail` needs one convention on both sides.
    if !isTail, case .imported(let symbol) = declaration.definition {
      let host = hostFunction(symbol, declaration.signature, neverReturns: declaration.neverReturns)
      return WasmCallee(code: host.function, type: host.type, convention: LLVMCCallConv.rawValue)
    }
    let callee = unit.function(function)
    return WasmCallee(code: callee.function, type: callee.type, convention: referenceConvention)
  }

  func callee(entry: FunctionEntry, _ signature: SignatureID, in lowering: FunctionLowering) -> WasmCallee {
    WasmCallee(
      code: lowering.loadRuntime(types.ptr, lowering.field(entry.layout.code, of: entry)),
      type: unit.functionType(signature), convention: referenceConvention)
  }

  /// A function of the host with C's convention.
  func hostFunction(_ symbol: String, _ signature: SignatureID, neverReturns: Bool = false) -> Callee {
    let signature = module.signatures[signature]
    switch ResultPassing(signature.results) {
    case .none:
      return base.runtimeFunction(
        symbol, types.void, signature.params.map { types[$0] }, noReturn: neverReturns)
    case .value(let type):
      return base.runtimeFunction(symbol, types[type], signature.params.map { types[$0] })
    case .structure, .pointer:
      preconditionFailure("\(symbol): no host function has several results")
    }
  }

  // MARK: References and tables of functions

  func reference(_ function: FunctionID, in lowering: FunctionLowering) -> LLVMValueRef {
    descriptorAddress(function)
  }

  var referenceLayout: EntryLayout {
    EntryLayout(type: types.descriptor, code: WasmaotFunc.code, typeNumber: WasmaotFunc.type)
  }
  func entryLayout(of table: TableID) -> EntryLayout {
    module.tables[table].isReadOnly ? unit.columns(of: table) : referenceLayout
  }

  func typeNumber(
    _ signature: SignatureID, _ layout: EntryLayout, in lowering: FunctionLowering
  ) -> LLVMValueRef {
    base.int32(unit.typeNumber(signature))
  }

  /// Its position says where the descriptor is, 0 is null.
  func reference(ofEntry entry: FunctionEntry, in lowering: FunctionLowering) -> LLVMValueRef {
    let builder = lowering.builder
    let position = lowering.loadRuntime(types.i32, lowering.field(WasmaotFunc.index, of: entry))
    var index: LLVMValueRef? = LLVMBuildZExt(builder, position, types.i64, "")
    let address = LLVMBuildGEP2(builder, types.descriptor, descriptors, &index, 1, "")
    let isNull = LLVMBuildICmp(builder, LLVMIntEQ, position, base.int32(0), "")
    return LLVMBuildSelect(builder, isNull, base.null, address, "")
  }

  /// Copies the descriptor behind a funcref; null is the array's entry 0, which is all zero.
  func store(_ reference: LLVMValueRef, toEntry entry: FunctionEntry, in lowering: FunctionLowering) {
    let builder = lowering.builder
    let source = LLVMBuildSelect(
      builder, LLVMBuildIsNull(builder, reference, ""), descriptors, reference, "")!
    let descriptor = FunctionEntry(address: source, layout: referenceLayout)
    for (field, type) in [
      (WasmaotFunc.code, types.ptr), (WasmaotFunc.type, types.i32), (WasmaotFunc.index, types.i32),
    ] {
      let value = lowering.loadRuntime(type, lowering.field(field, of: descriptor))
      lowering.storeRuntime(value, lowering.field(field, of: entry))
    }
  }

  /// The array of function descriptors. The runtime knows it by name.
  var descriptors: LLVMValueRef {
    let count = UInt64(facts.describedFunctions.count + 1)
    return unit.sharedVariable(
      "wasmaot_funcs", type: LLVMArrayType2(types.descriptor, count), isConstant: true, alignment: 16,
      isKnownToRuntime: true
    ) {
      base.array(
        types.descriptor,
        [LLVMConstNull(types.descriptor)] + facts.describedFunctions.map { unit.constantEntry($0) })
    }
  }

  /// The address of a function's descriptor: what a funcref holds.
  func descriptorAddress(_ id: FunctionID) -> LLVMValueRef {
    let position = facts.descriptors[id]
    precondition(position != 0, "reference to a function without a descriptor")
    return base.elementAddress(types.descriptor, descriptors, Int(position))
  }

  func readOnlyTable(_ table: TableID) -> LLVMValueRef { unit.constantTable(table) }

  // MARK: State

  /// A constant: never loaded, so that addressing modes and loop analyses see through. Of a memory that is checked
  /// explicitly the runtime chooses it.
  func memoryBase(_ memory: MemoryID, in lowering: FunctionLowering) -> LLVMValueRef {
    facts.checksBounds(of: memory)
      ? lowering.memoryField(WasmaotMemory.base, of: memory, types.ptr) : constantMemoryBase(memory)
  }

  /// The program's only instance: whatever grows a memory is an instruction.
  func constantSize(of memory: MemoryID) -> UInt64? {
    facts.usage.grownMemories[memory] ? nil : module.memories[memory].minimumBytes
  }

  func constantMemoryBase(_ id: MemoryID) -> LLVMValueRef {
    let address =
      id.rawValue == 0
      ? facts.options.memoryBase
      : UInt64(WASMAOT_MEMORY_N_BASE) + UInt64(id.rawValue - 1) * UInt64(WASMAOT_MEMORY_N_STRIDE)
    return LLVMConstIntToPtr(base.int64(address), types.ptr)
  }

  func memory(_ memory: MemoryID, in lowering: FunctionLowering) -> LLVMValueRef { self.memory(memory) }
  func table(_ table: TableID, in lowering: FunctionLowering) -> LLVMValueRef { self.table(table) }
  func global(_ global: GlobalID, in lowering: FunctionLowering) -> LLVMValueRef { self.global(global) }
  func dataSegment(_ segment: DataID, in lowering: FunctionLowering) -> LLVMValueRef { dataSegment(segment) }
  func elementSegment(_ segment: ElementID, in lowering: FunctionLowering) -> LLVMValueRef {
    elementSegment(segment)
  }

  func fuel(in lowering: FunctionLowering) -> LLVMValueRef {
    unit.runtimeVariable("wasmaot_fuel", types.i64)
  }

  /// Where calls are guaranteed to be tail calls, a function's arguments on the stack are not where its caller put them, and
  /// the tables don't say by how much the stack pointer is off. Such programs test.
  var exceptionsUnwind: Bool { !module.tags.isEmpty && !facts.usesTailCalls }

  var mayBeNoReturn: Bool { exceptionsUnwind || module.tags.isEmpty }

  func exceptionSlot(in lowering: FunctionLowering) -> LLVMValueRef {
    unit.runtimeVariable(
      "wasmaot_\(base.threadInfix)exception", types.ptr, isThreadLocal: module.isThreaded)
  }

  func tag(_ tag: TagID, in lowering: FunctionLowering) -> LLVMValueRef { self.tag(tag) }

  // MARK: The runtime

  func callRuntime(
    _ function: RuntimeFunction, _ arguments: [LLVMValueRef], in lowering: FunctionLowering
  ) -> LLVMValueRef {
    let type = function.type(types)
    let isPerThread = function == .exceptionNew || function == .exceptionRelease
    let callee = base.runtimeFunction(
      "wasmaot_\(isPerThread ? base.threadInfix : "")\(function.rawValue)", type.result, type.parameters,
      noReturn: function == .trap)
    return lowering.call(callee, arguments)
  }

  func stackLimit(in lowering: FunctionLowering) -> LLVMValueRef? {
    guard facts.options.boundsChecks == .explicit else { return nil }
    let limit = unit.runtimeVariable(
      "wasmaot_\(base.threadInfix)stack_limit", types.i64, isThreadLocal: module.isThreaded)
    return lowering.loadRuntime(types.i64, limit)
  }

  func fill(
    _ memory: MemoryID, _ address: LLVMValueRef, _ byte: LLVMValueRef, _ count: LLVMValueRef,
    in lowering: FunctionLowering
  ) {
    if let size = constant(count, in: lowering), size <= (isForSize ? 32 : 256) {
      LLVMBuildMemSet(lowering.builder, address, byte, count, 1)
      return
    }
    let byte = LLVMBuildZExt(lowering.builder, byte, types.i32, "")!
    let call = callBulk("wasmaot_memory_fill", types.i32, [address, byte, count], in: lowering)
    LLVMSetMetadata(call, unit.aliasTags.kind, unit.aliasTags.memories[memory.index])
  }

  func move(
    _ memories: (to: MemoryID, from: MemoryID), _ destination: LLVMValueRef, _ source: LLVMValueRef,
    _ count: LLVMValueRef, in lowering: FunctionLowering
  ) {
    // Pieces of copies do not overlap: 16 bytes, then powers of two.
    if let size = constant(count, in: lowering),
      size / 16 + UInt64((size % 16).nonzeroBitCount) <= (isForSize ? 4 : 8)
    {
      LLVMBuildMemMove(lowering.builder, destination, 1, source, 1, count)
      return
    }
    let call = callBulk("wasmaot_memory_copy", types.ptr, [destination, source, count], in: lowering)
    base.addParameterAttribute("readonly", 1, to: LLVMGetCalledValue(call))
    let tags = unit.aliasTags.memories
    if tags[memories.to.index] == tags[memories.from.index] {
      LLVMSetMetadata(call, unit.aliasTags.kind, tags[memories.to.index])
    }
  }

  /// A size of which LLVM may write out what its intrinsic does: how much, it decides by instructions.
  private func constant(_ count: LLVMValueRef, in lowering: FunctionLowering) -> UInt64? {
    guard lowering.isOptimized, LLVMIsAConstantInt(count) != nil else { return nil }
    return LLVMConstIntGetZExtValue(count)
  }

  private var isForSize: Bool { facts.options.level == .Os || facts.options.level == .Oz }

  /// Instead of LLVM's intrinsics, which would call the C library's functions: musl's are slow. What is declared is what LLVM
  /// knows of those: that only the ranges, which were checked, are read and written.
  private func callBulk(
    _ name: String, _ second: LLVMTypeRef, _ arguments: [LLVMValueRef], in lowering: FunctionLowering
  ) -> LLVMValueRef {
    let callee = base.runtimeFunction(name, types.void, [types.ptr, second, types.i64])
    base.addAttribute("memory", 0b11, to: callee.function)
    for attribute in ["willreturn", "nofree", "nocallback", "nosync"] {
      base.addAttribute(attribute, to: callee.function)
    }
    base.addParameterAttribute("writeonly", 0, to: callee.function)
    return lowering.call(callee, arguments)
  }

  func beginUnit() {}
  func defineEntries(of functions: [FunctionID]) {}

  func finishUnit() { unit.defineFunctionMap(isRetained: true) }

  func defineModule() {
    defineAdaptors()
    defineModuleDescriptor()
    if module.isThreaded { defineThreads() }
    unit.defineProfile()
  }
}
