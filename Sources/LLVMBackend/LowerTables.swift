internal import CLLVM
import CRuntimeABI
import IR

extension FunctionLowering {
  /// The address of a table's entry after the check of the index.
  func entryAddress(_ id: TableID, _ index: LLVMValueRef, outOfBounds: TrapCode) -> LLVMValueRef {
    let table = module.tables[id]
    let index = LLVMBuildIntCast2(builder, index, types.i64, 0, "")
    let size = table.isReadOnly ? base.int64(table.minimum) : tableField(id, WasmaotTable.size, types.i64)
    trap(outOfBounds, if: LLVMBuildICmp(builder, LLVMIntUGE, index, size, ""))
    let entries =
      table.isReadOnly ? unit.readOnlyTable(id) : tableField(id, WasmaotTable.entries, types.ptr)
    let entry = table.element == .externref ? types.ptr : types.descriptor
    var indices: [LLVMValueRef?] = [index]
    return LLVMBuildGEP2(builder, entry, entries, &indices, 1, "")
  }

  private func tableField(_ id: TableID, _ field: UInt32, _ type: LLVMTypeRef) -> LLVMValueRef {
    loadRuntime(type, LLVMBuildStructGEP2(builder, types.table, unit.table(id), field, ""))
  }

  /// A load from an object of the runtime's.
  func loadRuntime(_ type: LLVMTypeRef, _ pointer: LLVMValueRef) -> LLVMValueRef {
    let load = LLVMBuildLoad2(builder, type, pointer, "")!
    LLVMSetMetadata(load, unit.aliasTags.kind, unit.aliasTags.runtime)
    return load
  }

  private func storeRuntime(_ value: LLVMValueRef, _ pointer: LLVMValueRef) {
    let store = LLVMBuildStore(builder, value, pointer)
    LLVMSetMetadata(store, unit.aliasTags.kind, unit.aliasTags.runtime)
  }

  func descriptorField(_ field: UInt32, of descriptor: LLVMValueRef) -> LLVMValueRef {
    LLVMBuildStructGEP2(builder, types.descriptor, descriptor, field, "")
  }

  func tableOperation(_ data: InstData) -> LLVMValueRef {
    let id = TableID(rawValue: data.c)
    let table = module.tables[id]
    switch data.opcode {
    case .tableGet:
      let entry = entryAddress(id, operand(data.valueA), outOfBounds: .tableOutOfBounds)
      return table.element == .externref ? loadRuntime(types.ptr, entry) : reference(ofEntry: entry)
    case .tableSize:
      let size = table.isReadOnly ? base.int64(table.minimum) : tableField(id, WasmaotTable.size, types.i64)
      return LLVMBuildIntCast2(builder, size, types[data.shape], 0, "")
    case .tableGrow:
      let grow = base.runtimeFunction("wasmaot_table_grow", types.i64, [types.ptr, types.ptr, types.i64])
      let old = call(grow, [unit.table(id), operand(data.valueA), extendedToI64(data.valueB)])
      return LLVMBuildIntCast2(builder, old, types[data.shape], 0, "")
    default: preconditionFailure("\(data.opcode) has no result")
    }
  }

  /// The funcref that stands for a table's entry: its position says where the descriptor is, 0 is null.
  private func reference(ofEntry entry: LLVMValueRef) -> LLVMValueRef {
    let position = loadRuntime(
      types.i32, descriptorField(WasmaotFunc.index, of: entry))
    var index: LLVMValueRef? = LLVMBuildZExt(builder, position, types.i64, "")
    let address = LLVMBuildGEP2(builder, types.descriptor, unit.descriptors, &index, 1, "")
    let isNull = LLVMBuildICmp(builder, LLVMIntEQ, position, base.int32(0), "")
    return LLVMBuildSelect(builder, isNull, base.null, address, "")
  }

  func lowerTableStatement(_ data: InstData) {
    switch data.opcode {
    case .tableSet:
      let id = TableID(rawValue: data.c)
      let entry = entryAddress(id, operand(data.valueA), outOfBounds: .tableOutOfBounds)
      let value = operand(data.valueB)
      if module.tables[id].element == .externref {
        storeRuntime(value, entry)
      } else {
        storeReference(value, entry)
      }
    case .tableFill:
      let operands = list(data.a)
      let fill = base.runtimeFunction(
        "wasmaot_table_fill", types.void, [types.ptr, types.i64, types.ptr, types.i64])
      _ = call(
        fill,
        [
          unit.table(TableID(rawValue: data.b)), extendedToI64(operands[0]), operand(operands[1]),
          extendedToI64(operands[2]),
        ])
    case .tableCopy:
      callBulk("wasmaot_table_copy", data, source: unit.table(TableID(rawValue: data.c)))
    case .tableInit:
      callBulk("wasmaot_table_init", data, source: unit.elementSegment(ElementID(rawValue: data.c)))
    case .elementDrop: dropSegment(unit.elementSegment(ElementID(rawValue: data.c)))
    default: preconditionFailure("\(data.opcode) is not a table operation")
    }
  }

  private func callBulk(_ name: String, _ data: InstData, source: LLVMValueRef) {
    let operands = list(data.a)
    let function = base.runtimeFunction(
      name, types.void, [types.ptr, types.ptr, types.i64, types.i64, types.i64])
    _ = call(
      function,
      [unit.table(TableID(rawValue: data.b)), source] + operands.map { extendedToI64($0) })
  }

  /// Copies the descriptor behind a funcref into an entry; null is the array's entry 0, which is all zero.
  private func storeReference(_ value: LLVMValueRef, _ entry: LLVMValueRef) {
    let source = LLVMBuildSelect(
      builder, LLVMBuildIsNull(builder, value, ""), unit.descriptors, value, "")!
    for (field, type) in [
      (WasmaotFunc.code, types.ptr), (WasmaotFunc.type, types.i32), (WasmaotFunc.index, types.i32),
    ] {
      storeRuntime(
        loadRuntime(type, descriptorField(field, of: source)), descriptorField(field, of: entry))
    }
  }
}

/// Field numbers of `struct wasmaot_table`.
enum WasmaotTable {
  static let entries: UInt32 = 0
  static let size: UInt32 = 1
}

/// Field numbers of `struct wasmaot_func`.
enum WasmaotFunc {
  static let code: UInt32 = 0
  static let type: UInt32 = 1
  static let index: UInt32 = 2
}
