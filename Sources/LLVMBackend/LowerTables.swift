internal import CLLVM
import CRuntimeABI
import IR

extension FunctionLowering {
  /// An entry of a table of functions, after the check of the index.
  func functionEntry(_ id: TableID, _ index: LLVMValueRef, outOfBounds: TrapCode) -> FunctionEntry {
    let (entries, index) = checkedEntries(id, index, outOfBounds)
    let layout = model.entryLayout(of: id)
    return layout.hasColumns
      ? FunctionEntry(address: entries, layout: layout, index: index)
      : FunctionEntry(address: element(index, of: entries, layout.type), layout: layout)
  }

  /// The address of an entry of another table, after the check of the index.
  private func entryAddress(_ id: TableID, _ index: LLVMValueRef) -> LLVMValueRef {
    let (entries, index) = checkedEntries(id, index, .tableOutOfBounds)
    return element(index, of: entries, types.ptr)
  }

  private func element(_ index: LLVMValueRef, of entries: LLVMValueRef, _ type: LLVMTypeRef) -> LLVMValueRef {
    var indices: [LLVMValueRef?] = [index]
    return LLVMBuildGEP2(builder, type, entries, &indices, 1, "")
  }

  /// Where the entries are, and an index that is one of theirs.
  private func checkedEntries(_ id: TableID, _ index: LLVMValueRef, _ outOfBounds: TrapCode)
    -> (entries: LLVMValueRef, index: LLVMValueRef)
  {
    let table = module.tables[id]
    let index = LLVMBuildIntCast2(builder, index, types.i64, 0, "")
    let size = table.isReadOnly ? base.int64(table.minimum) : tableField(id, WasmaotTable.size, types.i64)
    trap(outOfBounds, if: LLVMBuildICmp(builder, LLVMIntUGE, index, size, ""))
    let safeIndex = masked(index!, below: size)
    let entries =
      table.isReadOnly ? model.readOnlyTable(id) : tableField(id, WasmaotTable.entries, types.ptr)
    return (entries, safeIndex)
  }

  private func tableField(_ id: TableID, _ field: UInt32, _ type: LLVMTypeRef) -> LLVMValueRef {
    loadRuntime(type, LLVMBuildStructGEP2(builder, types.table, model.table(id, in: self), field, ""))
  }

  /// A load from an object of the runtime's.
  func loadRuntime(_ type: LLVMTypeRef, _ pointer: LLVMValueRef) -> LLVMValueRef {
    let load = LLVMBuildLoad2(builder, type, pointer, "")!
    LLVMSetMetadata(load, unit.aliasTags.kind, unit.aliasTags.runtime)
    return load
  }

  /// A load of what never changes while the instance lives, as far as this function can see.
  func loadInvariant(_ type: LLVMTypeRef, _ pointer: LLVMValueRef) -> LLVMValueRef {
    let load = loadRuntime(type, pointer)
    LLVMSetMetadata(load, unit.invariantLoadKind, base.emptyMetadata)
    return load
  }

  func storeRuntime(_ value: LLVMValueRef, _ pointer: LLVMValueRef) {
    let store = LLVMBuildStore(builder, value, pointer)
    LLVMSetMetadata(store, unit.aliasTags.kind, unit.aliasTags.runtime)
  }

  /// The address of a field.
  func field(_ field: UInt32, of entry: FunctionEntry) -> LLVMValueRef {
    guard let index = entry.index else {
      return LLVMBuildStructGEP2(builder, entry.layout.type, entry.address, field, "")
    }
    var indices: [LLVMValueRef?] = [base.int32(0), base.int32(field), index]
    return LLVMBuildGEP2(builder, entry.layout.type, entry.address, &indices, 3, "")
  }

  func tableOperation(_ data: InstData) -> LLVMValueRef {
    let id = TableID(rawValue: data.c)
    let table = module.tables[id]
    switch data.opcode {
    case .tableGet:
      let index = operand(data.valueA)
      return table.element != .funcref
        ? loadRuntime(types.ptr, entryAddress(id, index))
        : model.reference(ofEntry: functionEntry(id, index, outOfBounds: .tableOutOfBounds), in: self)
    case .tableSize:
      let size = table.isReadOnly ? base.int64(table.minimum) : tableField(id, WasmaotTable.size, types.i64)
      return LLVMBuildIntCast2(builder, size, types[data.shape], 0, "")
    case .tableGrow:
      let old = model.callRuntime(
        .tableGrow, [model.table(id, in: self), operand(data.valueA), extendedToI64(data.valueB)], in: self)
      return LLVMBuildIntCast2(builder, old, types[data.shape], 0, "")
    default: preconditionFailure("\(data.opcode) has no result")
    }
  }

  func lowerTableStatement(_ data: InstData) {
    switch data.opcode {
    case .tableSet:
      let id = TableID(rawValue: data.c)
      let index = operand(data.valueA)
      if module.tables[id].element != .funcref {
        let entry = entryAddress(id, index)
        storeRuntime(operand(data.valueB), entry)
      } else {
        let entry = functionEntry(id, index, outOfBounds: .tableOutOfBounds)
        model.store(operand(data.valueB), toEntry: entry, in: self)
      }
    case .tableFill:
      let operands = list(data.a)
      let table = model.table(TableID(rawValue: data.b), in: self)
      _ = model.callRuntime(
        .tableFill,
        [table, extendedToI64(operands[0]), operand(operands[1]), extendedToI64(operands[2])], in: self)
    case .tableCopy:
      callBulk(.tableCopy, data, source: model.table(TableID(rawValue: data.c), in: self))
    case .tableInit:
      callBulk(.tableInit, data, source: model.elementSegment(ElementID(rawValue: data.c), in: self))
    case .elementDrop: dropSegment(model.elementSegment(ElementID(rawValue: data.c), in: self))
    default: preconditionFailure("\(data.opcode) is not a table operation")
    }
  }

  private func callBulk(_ function: RuntimeFunction, _ data: InstData, source: LLVMValueRef) {
    let table = model.table(TableID(rawValue: data.b), in: self)
    _ = model.callRuntime(function, [table, source] + list(data.a).map { extendedToI64($0) }, in: self)
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
