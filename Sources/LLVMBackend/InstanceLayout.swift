import CRuntimeABI
import IR
import Support

/// Where everything is in an instance of the `embedded` model: what follows `struct wasmaot_instance`
/// (runtime-c/abi/wasmaot_embedded.h). Offsets in bytes; `none` where there is nothing.
struct InstanceLayout: Sendable {
  static let none = UInt32.max

  private(set) var memories = SecondaryMap<MemoryID, UInt32>(default: none)
  private(set) var globals = SecondaryMap<GlobalID, UInt32>(default: none)
  private(set) var imports = SecondaryMap<FunctionID, UInt32>(default: none)
  private(set) var tables = SecondaryMap<TableID, UInt32>(default: none)
  private(set) var tags = SecondaryMap<TagID, UInt32>(default: none)
  private(set) var dataSegments = SecondaryMap<DataID, UInt32>(default: none)
  private(set) var elementSegments = SecondaryMap<ElementID, UInt32>(default: none)
  /// The array of function references.
  private(set) var references: UInt32 = 0
  private(set) var size = UInt32(MemoryLayout<wasmaot_instance>.size)

  static let referenceSize = UInt32(MemoryLayout<wasmaot_func_ref>.size)

  /// What code uses most comes first: short displacements, and one cache line with the head.
  init(_ module: IR.Module, _ usage: ModuleUsage, referenceCount: Int) {
    for id in module.memories.ids { memories[id] = add(MemoryLayout<wasmaot_memory_slot>.size) }
    var isNamed = SecondaryMap<GlobalID, Bool>(default: false)
    for export in module.exports { if case .global(let id) = export.item { isNamed[id] = true } }
    module.forEachExpression {
      for operation in $0.operators { if case .global(let id) = operation { isNamed[id] = true } }
    }
    for id in module.globals.ids {
      let global = module.globals[id]
      if !global.isMutable, global.initial != nil, !isNamed[id] { continue }
      let isWide = global.type == .v128 && !global.isExternal
      globals[id] = isWide ? add(16, alignment: 16) : add(8)
    }
    for id in module.functions.ids where module.isExternal(id) && usage.isUsed(id) {
      imports[id] = add(Int(Self.referenceSize))
    }
    for id in module.tables.ids where !module.tables[id].isReadOnly {
      tables[id] = add(module.tables[id].isExternal ? 8 : MemoryLayout<wasmaot_table>.size)
    }
    for id in module.tags.ids where usage.tags[id] {
      // The pointer to its identity, which follows if it is the module's own.
      tags[id] = add(module.tags[id].isExternal ? 8 : 8 + 16)
    }
    for id in module.dataSegments.ids where usage.dataSegments[id] {
      dataSegments[id] = add(MemoryLayout<wasmaot_data_segment>.size)
    }
    for id in module.elementSegments.ids where usage.elementSegments[id] {
      elementSegments[id] = add(MemoryLayout<wasmaot_element_segment>.size)
    }
    references = add(referenceCount * Int(Self.referenceSize))
    size = (size + 15) & ~15
  }

  private mutating func add(_ count: Int, alignment: UInt32 = 8) -> UInt32 {
    let offset = (size + alignment - 1) & ~(alignment - 1)
    size = offset + UInt32(count)
    return offset
  }

  func offset(ofReference position: Int) -> UInt32 { references + UInt32(position) * Self.referenceSize }
}
