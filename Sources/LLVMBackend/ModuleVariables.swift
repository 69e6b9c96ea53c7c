internal import CLLVM
import CRuntimeABI
import IR
import Support

// The variables that generated code and the runtime share (runtime-c/abi/wasmaot_abi.h). Unit 0 defines
// them, the others declare what they use.

extension StaticModel {
  /// `struct wasmaot_memory`
  func memory(_ id: MemoryID) -> LLVMValueRef {
    unit.sharedVariable("wasmaot_memory_\(id.rawValue)", type: types.memory, isConstant: false, alignment: 8)
    {
      let memory = module.memories[id]
      let mayMove = facts.checksBounds(of: id)
      // Of single bytes at most as many as an i32 can count.
      let addressSpace: UInt64 =
        memory.isMemory64
        ? (1 << 63) >> UInt64(memory.pageSizeLog2)
        : min((1 << 32) >> UInt64(memory.pageSizeLog2), UInt64(UInt32.max))
      let flags =
        (memory.isShared ? WASMAOT_MEMORY_SHARED : 0) | (mayMove ? WASMAOT_MEMORY_MAY_MOVE : 0)
      return base.structure(
        types.memory,
        [
          mayMove ? base.null : constantMemoryBase(id), base.int64(memory.minimum),
          base.int64(memory.minimumBytes),
          base.int64(min(memory.maximum ?? addressSpace, addressSpace)), base.int32(memory.pageSizeLog2),
          base.int32(flags),
        ])
    }
  }

  /// `struct wasmaot_table` of a table that the program can change.
  func table(_ id: TableID) -> LLVMValueRef {
    let name = "wasmaot_table_\(id.rawValue)"
    return unit.sharedVariable(
      name, type: types.table, isConstant: false, isThreadLocal: module.isThreaded, alignment: 8
    ) {
      let table = module.tables[id]
      let isFunctions = table.element == .funcref
      let entry = isFunctions ? types.descriptor : types.ptr
      var entries = base.null
      if table.minimum > 0 {
        // Without functions it is all zero: no bytes in the file.
        let initial =
          table.initial.allSatisfy(\.isNone)
          ? LLVMConstNull(LLVMArrayType2(entry, table.minimum)) : unit.functionEntries(table)
        // Threads work on copies, which the runtime makes.
        entries = base.addGlobal(
          name + "_entries", initial!, isConstant: module.isThreaded, alignment: 16)
      }
      let limit = table.isTable64 ? UInt64.max : UInt64(UInt32.max)
      return base.structure(
        types.table,
        [
          entries, base.int64(table.minimum), base.int64(table.minimum),
          base.int64(min(table.maximum ?? limit, limit)),
          base.int32(Self.tableKind(table.element).rawValue),
          base.int32(0),
        ])
    }
  }

  private static func tableKind(_ element: Type) -> wasmaot_table_kind {
    switch element {
    case .exnref: WASMAOT_TABLE_EXNREF
    case .externref: WASMAOT_TABLE_EXTERNREF
    default: WASMAOT_TABLE_FUNCREF
    }
  }

  /// `struct wasmaot_data_segment`
  func dataSegment(_ id: DataID) -> LLVMValueRef {
    unit.sharedVariable(
      "wasmaot_data_\(id.rawValue)", type: types.segment, isConstant: false, isThreadLocal: module.isThreaded,
      alignment: 8
    ) {
      let bytes = module.dataSegments[id].bytes
      guard !bytes.isEmpty else { return LLVMConstNull(types.segment) }
      let contents = base.addGlobal("", base.bytes(bytes), isConstant: true, linkage: LLVMPrivateLinkage)
      return base.structure(types.segment, [contents, base.int64(bytes.count)])
    }
  }

  /// `struct wasmaot_element_segment`
  func elementSegment(_ id: ElementID) -> LLVMValueRef {
    unit.sharedVariable(
      "wasmaot_element_\(id.rawValue)", type: types.segment, isConstant: false,
      isThreadLocal: module.isThreaded, alignment: 8
    ) {
      let items = module.elementSegments[id].items
      guard !items.isEmpty else { return LLVMConstNull(types.segment) }
      let references = items.map { $0.isNone ? base.null : descriptorAddress($0) }
      let contents = base.addGlobal(
        "", base.array(types.ptr, references), isConstant: true, linkage: LLVMPrivateLinkage)
      return base.structure(types.segment, [contents, base.int64(items.count)])
    }
  }

  /// The variable behind a mutable global.
  func global(_ id: GlobalID) -> LLVMValueRef {
    let global = module.globals[id]
    return unit.sharedVariable(
      "wasmaot_global_\(id.rawValue)", type: types[global.type], isConstant: false,
      isThreadLocal: module.isThreaded
    ) {
      unit.constant(global.initial!) { descriptorAddress($0) }
    }
  }
}
