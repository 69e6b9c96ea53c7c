internal import CLLVM
import CRuntimeABI
import IR

/// Objects and libraries for hosts: many instances in a process. Functions take the instance as `swiftself`
/// (r13 on x86-64), everything that belongs to it is at constant offsets from it (`InstanceLayout`), and the
/// runtime's functions are in a table that it points to: the code refers to no symbol outside of its object
/// (runtime-c/abi/wasmaot_embedded.h).
///
/// References lead to functions of any module, so they follow `swifttailcc`: tail calls through them must work. It
/// costs a stack adjustment a call, and r13 is not callee-saved in it. Functions that are called directly follow
/// `fastcc`, in which it is, and what references of them lead to is an entry that calls them. In modules
/// with tail calls everything is `swifttailcc`.
struct EmbeddedModel: InstanceModel {
  unowned let unit: ModuleUnit
  /// The descriptor is `<name>_wasm`.
  let name: String

  var base: Unit { unit.base }
  var types: UnitTypes { unit.types }
  var module: IR.Module { unit.module }
  var facts: CodegenFacts { unit.facts }
  var layout: InstanceLayout { unit.facts.layout }

  /// Hidden symbols of two modules that are linked into one program must differ, too.
  var symbolPrefix: String { "\(name)_wasm." }

  // MARK: Functions

  var contextParameter: LLVMTypeRef? { types.ptr }
  var referenceConvention: UInt32 { cllvm_swift_tail_call_convention }

  private var internalConvention: UInt32 {
    facts.usesTailCalls ? referenceConvention : LLVMFastCallConv.rawValue
  }

  func convention(of function: FunctionID) -> UInt32 {
    facts.usage.isCalled[function] || !facts.usage.isReferenced[function]
      ? internalConvention : referenceConvention
  }

  func callee(_ function: FunctionID, isTail: Bool, in lowering: FunctionLowering) -> WasmCallee {
    let signature = module.functions[function].signature
    guard module.isExternal(function) else {
      let callee = unit.function(function)
      return WasmCallee(
        code: callee.function, type: callee.type, convention: convention(of: function),
        context: lowering.context)
    }
    // Its slot is filled before the instance runs and never changes.
    let slot = FunctionEntry(
      address: address(layout.imports[function], in: lowering), layout: referenceLayout)
    func load(_ field: UInt32) -> LLVMValueRef {
      lowering.loadInvariant(types.ptr, lowering.field(field, of: slot))
    }
    return WasmCallee(
      code: load(WasmaotReference.code), type: unit.functionType(signature), convention: referenceConvention,
      context: load(WasmaotReference.context))
  }

  func callee(entry: FunctionEntry, _ signature: SignatureID, in lowering: FunctionLowering) -> WasmCallee {
    func load(_ field: UInt32) -> LLVMValueRef {
      lowering.loadRuntime(types.ptr, lowering.field(field, of: entry))
    }
    let isConstant = entry.layout.hasColumns
    return WasmCallee(
      code: load(entry.layout.code), type: unit.functionType(signature),
      convention: isConstant ? internalConvention : referenceConvention,
      context: isConstant ? lowering.context : load(WasmaotReference.context))
  }

  // MARK: References and tables of functions

  func reference(_ function: FunctionID, in lowering: FunctionLowering) -> LLVMValueRef {
    let position = facts.descriptors[function]
    precondition(position != 0, "reference to a function without a descriptor")
    return address(layout.offset(ofReference: Int(position) - 1), in: lowering)
  }

  var referenceLayout: EntryLayout {
    EntryLayout(type: types.reference, code: WasmaotReference.code, typeNumber: WasmaotReference.type)
  }

  /// Tables that are constant data hold functions of this module only, and so need no context: they are as in the static
  /// model, with the module's own numbers of types.
  func entryLayout(of table: TableID) -> EntryLayout {
    module.tables[table].isReadOnly ? unit.columns(of: table) : referenceLayout
  }

  func readOnlyTable(_ table: TableID) -> LLVMValueRef { unit.constantTable(table) }

  func typeNumber(
    _ signature: SignatureID, _ entryLayout: EntryLayout, in lowering: FunctionLowering
  ) -> LLVMValueRef {
    if entryLayout.hasColumns { return base.int32(unit.typeNumber(signature)) }
    let numbers = lowering.oncePerBlock(.typeNumbers) {
      loadPointer(
        head(\.types), in: lowering, size: UInt64(module.signatures.count) * 4, alignment: 4)
    }
    var index: LLVMValueRef? = base.int64(signature.index)
    return lowering.loadInvariant(
      types.i32, LLVMBuildInBoundsGEP2(lowering.builder, types.i32, numbers, &index, 1, ""))
  }

  func reference(ofEntry entry: FunctionEntry, in lowering: FunctionLowering) -> LLVMValueRef {
    let builder = lowering.builder
    guard entry.layout.hasColumns else {
      return lowering.loadRuntime(types.ptr, lowering.field(WasmaotReference.itself, of: entry))
    }
    let position = lowering.loadRuntime(types.i32, lowering.field(WasmaotFunc.index, of: entry))
    let isNull = LLVMBuildICmp(builder, LLVMIntEQ, position, base.int32(0), "")
    let index = LLVMBuildZExt(
      builder, LLVMBuildSub(builder, position, base.int32(1), ""), types.i64, "")
    var indices: [LLVMValueRef?] = [index]
    let references = address(layout.references, in: lowering)
    let address = LLVMBuildGEP2(builder, types.reference, references, &indices, 1, "")
    return LLVMBuildSelect(builder, isNull, base.null, address, "")
  }

  func store(_ reference: LLVMValueRef, toEntry entry: FunctionEntry, in lowering: FunctionLowering) {
    let builder = lowering.builder
    let source = LLVMBuildSelect(
      builder, LLVMBuildIsNull(builder, reference, ""), nullReference, reference, "")!
    let given = FunctionEntry(address: source, layout: referenceLayout)
    for (field, type) in [
      (WasmaotReference.code, types.ptr), (WasmaotReference.context, types.ptr),
      (WasmaotReference.type, types.i32), (WasmaotReference.flags, types.i32),
      (WasmaotReference.itself, types.ptr),
    ] {
      let value = lowering.loadRuntime(type, lowering.field(field, of: given))
      lowering.storeRuntime(value, lowering.field(field, of: entry))
    }
  }

  /// What an empty entry is a copy of.
  var nullReference: LLVMValueRef {
    unit.sharedVariable(
      "\(symbolPrefix)wasmaot_null", type: types.reference, isConstant: true, alignment: 8
    ) { LLVMConstNull(types.reference) }
  }

  // MARK: State

  private func address(_ offset: UInt32, in lowering: FunctionLowering) -> LLVMValueRef {
    precondition(offset != InstanceLayout.none, "an entity that has no place in the instance")
    return address(UInt64(offset), in: lowering)
  }

  private func address(_ offset: UInt64, in lowering: FunctionLowering) -> LLVMValueRef {
    var index: LLVMValueRef? = base.int64(offset)
    return LLVMBuildInBoundsGEP2(lowering.builder, types.i8, lowering.context, &index, 1, "")
  }

  /// Offset of a field in the instance's head.
  private func head<Value>(_ field: KeyPath<wasmaot_instance, Value>) -> UInt64 {
    UInt64(MemoryLayout<wasmaot_instance>.offset(of: field)!)
  }

  /// A pointer in the instance that never changes, to something of this size.
  private func loadPointer(
    _ offset: UInt64, in lowering: FunctionLowering, size: UInt64, alignment: UInt64
  ) -> LLVMValueRef {
    let load = lowering.loadInvariant(types.ptr, address(offset, in: lowering))
    base.setPointee(of: load, size: size, alignment: alignment)
    return load
  }

  func memoryBase(_ memory: MemoryID, in lowering: FunctionLowering) -> LLVMValueRef {
    if facts.checksBounds(of: memory) {
      // It may have no reservation, and move when it grows.
      return lowering.memoryField(WasmaotMemory.base, of: memory, types.ptr)
    }
    return lowering.oncePerBlock(.memoryBase(memory)) {
      let offset = MemoryLayout<wasmaot_memory_slot>.offset(of: \.base)!
      return lowering.loadInvariant(
        types.ptr, address(layout.memories[memory] + UInt32(offset), in: lowering))
    }
  }

  func constantSize(of memory: MemoryID) -> UInt64? {
    let isShared =
      module.memories[memory].isExternal || module.exports.contains { $0.item == .memory(memory) }
    return isShared || facts.usage.grownMemories[memory] ? nil : module.memories[memory].minimumBytes
  }

  func memory(_ memory: MemoryID, in lowering: FunctionLowering) -> LLVMValueRef {
    lowering.oncePerBlock(.memory(memory)) {
      let offset = MemoryLayout<wasmaot_memory_slot>.offset(of: \.memory)!
      return loadPointer(
        UInt64(layout.memories[memory]) + UInt64(offset), in: lowering,
        size: UInt64(MemoryLayout<wasmaot_memory>.size), alignment: 8)
    }
  }

  func table(_ table: TableID, in lowering: FunctionLowering) -> LLVMValueRef {
    guard module.tables[table].isExternal else { return address(layout.tables[table], in: lowering) }
    return lowering.oncePerBlock(.table(table)) {
      loadPointer(
        UInt64(layout.tables[table]), in: lowering, size: UInt64(MemoryLayout<wasmaot_table>.size),
        alignment: 8)
    }
  }

  func global(_ global: GlobalID, in lowering: FunctionLowering) -> LLVMValueRef {
    guard module.globals[global].isExternal else { return address(layout.globals[global], in: lowering) }
    return lowering.oncePerBlock(.global(global)) {
      loadPointer(
        UInt64(layout.globals[global]), in: lowering, size: UInt64(module.globals[global].type.byteCount),
        alignment: 8)
    }
  }

  func dataSegment(_ segment: DataID, in lowering: FunctionLowering) -> LLVMValueRef {
    address(layout.dataSegments[segment], in: lowering)
  }
  func elementSegment(_ segment: ElementID, in lowering: FunctionLowering) -> LLVMValueRef {
    address(layout.elementSegments[segment], in: lowering)
  }

  func fuel(in lowering: FunctionLowering) -> LLVMValueRef {
    lowering.oncePerBlock(.fuel) { loadPointer(head(\.fuel), in: lowering, size: 8, alignment: 8) }
  }

  var exceptionsUnwind: Bool { false }
  var mayBeNoReturn: Bool { false }

  func exceptionSlot(in lowering: FunctionLowering) -> LLVMValueRef {
    lowering.oncePerBlock(.pendingException) {
      loadPointer(head(\.pending), in: lowering, size: 8, alignment: 8)
    }
  }

  func tag(_ tag: TagID, in lowering: FunctionLowering) -> LLVMValueRef {
    lowering.loadInvariant(types.ptr, address(layout.tags[tag], in: lowering))
  }

  // MARK: The runtime

  func callRuntime(
    _ function: RuntimeFunction, _ arguments: [LLVMValueRef], in lowering: FunctionLowering
  ) -> LLVMValueRef {
    let type = function.type(types)
    return callRuntime(
      function.offset, type.result, [types.ptr] + type.parameters, [lowering.context!] + arguments,
      in: lowering)
  }

  private func callRuntime(
    _ offset: Int, _ result: LLVMTypeRef, _ parameters: [LLVMTypeRef], _ arguments: [LLVMValueRef],
    in lowering: FunctionLowering
  ) -> LLVMValueRef {
    let runtime = lowering.oncePerBlock(.runtime) {
      loadPointer(
        head(\.runtime), in: lowering, size: UInt64(MemoryLayout<wasmaot_runtime>.size), alignment: 8)
    }
    var index: LLVMValueRef? = base.int64(offset)
    let slot = LLVMBuildInBoundsGEP2(lowering.builder, types.i8, runtime, &index, 1, "")!
    let code = lowering.loadInvariant(types.ptr, slot)
    let call = lowering.call(
      Callee(function: code, type: base.functionType(result, parameters)), arguments)
    base.addCallAttribute("nounwind", to: call)
    return call
  }

  func stackLimit(in lowering: FunctionLowering) -> LLVMValueRef? {
    guard facts.options.boundsChecks == .explicit else { return nil }
    let limit = loadPointer(head(\.stack_limit), in: lowering, size: 8, alignment: 8)
    return lowering.loadRuntime(types.i64, limit)
  }

  func fill(
    _ memory: MemoryID, _ address: LLVMValueRef, _ byte: LLVMValueRef, _ count: LLVMValueRef,
    in lowering: FunctionLowering
  ) {
    let byte = LLVMBuildZExt(lowering.builder, byte, types.i32, "")!
    _ = callRuntime(
      MemoryLayout<wasmaot_runtime>.offset(of: \.fill)!, types.ptr, [types.ptr, types.i32, types.i64],
      [address, byte, count], in: lowering)
  }

  func move(
    _ memories: (to: MemoryID, from: MemoryID), _ destination: LLVMValueRef, _ source: LLVMValueRef,
    _ count: LLVMValueRef, in lowering: FunctionLowering
  ) {
    if LLVMIsAConstantInt(count) != nil, LLVMConstIntGetZExtValue(count) <= Self.largestInlineMove {
      return moveInline(destination, source, LLVMConstIntGetZExtValue(count), in: lowering)
    }
    _ = callRuntime(
      MemoryLayout<wasmaot_runtime>.offset(of: \.move)!, types.ptr, [types.ptr, types.ptr, types.i64],
      [destination, source, count], in: lowering)
  }

  /// Copies of structures: what LLVM does itself with a memmove of constant size, where it does not call one.
  private static let largestInlineMove: UInt64 = 64

  private func moveInline(
    _ destination: LLVMValueRef, _ source: LLVMValueRef, _ count: UInt64, in lowering: FunctionLowering
  ) {
    let builder = lowering.builder
    func at(_ pointer: LLVMValueRef, _ offset: UInt64) -> LLVMValueRef {
      var index: LLVMValueRef? = base.int64(offset)
      return LLVMBuildGEP2(builder, types.i8, pointer, &index, 1, "")
    }
    // All is read before anything is written: the ranges may overlap.
    var pieces: [(value: LLVMValueRef, offset: UInt64)] = []
    var offset: UInt64 = 0
    for (type, width) in [
      (types.v128, 16), (types.i64, 8), (types.i32, 4), (types.i16, 2), (types.i8, 1),
    ] as [(LLVMTypeRef, UInt64)] {
      while count - offset >= width {
        let load = LLVMBuildLoad2(builder, type, at(source, offset), "")!
        LLVMSetAlignment(load, 1)
        pieces.append((load, offset))
        offset += width
      }
    }
    for piece in pieces {
      LLVMSetAlignment(LLVMBuildStore(builder, piece.value, at(destination, piece.offset)), 1)
    }
  }
}

/// Pointers of an instance that never change (`FunctionLowering.oncePerBlock`).
enum InstanceValue: Hashable {
  case memoryBase(MemoryID), memory(MemoryID), table(TableID), global(GlobalID)
  case runtime, typeNumbers, pendingException, fuel
}

/// Field numbers of `struct wasmaot_func_ref`.
enum WasmaotReference {
  static let code: UInt32 = 0
  static let context: UInt32 = 1
  static let type: UInt32 = 2
  static let flags: UInt32 = 3
  static let itself: UInt32 = 4
}

extension RuntimeFunction {
  /// In `struct wasmaot_runtime`.
  fileprivate var offset: Int {
    let offset: Int? =
      switch self {
      case .trap: MemoryLayout<wasmaot_runtime>.offset(of: \.trap)
      case .memoryGrow: MemoryLayout<wasmaot_runtime>.offset(of: \.memory_grow)
      case .memoryInit: MemoryLayout<wasmaot_runtime>.offset(of: \.memory_init)
      case .atomicWait32: MemoryLayout<wasmaot_runtime>.offset(of: \.atomic_wait32)
      case .atomicWait64: MemoryLayout<wasmaot_runtime>.offset(of: \.atomic_wait64)
      case .atomicNotify: MemoryLayout<wasmaot_runtime>.offset(of: \.atomic_notify)
      case .exceptionNew: MemoryLayout<wasmaot_runtime>.offset(of: \.exception_new)
      case .exceptionRelease: MemoryLayout<wasmaot_runtime>.offset(of: \.exception_release)
      case .tableGrow: MemoryLayout<wasmaot_runtime>.offset(of: \.table_grow)
      case .tableFill: MemoryLayout<wasmaot_runtime>.offset(of: \.table_fill)
      case .tableCopy: MemoryLayout<wasmaot_runtime>.offset(of: \.table_copy)
      case .tableInit: MemoryLayout<wasmaot_runtime>.offset(of: \.table_init)
      }
    return offset!  // Stored fields of a C structure have one.
  }
}
