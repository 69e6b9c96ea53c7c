public import WasmModule

extension Store {
  /// Makes an instance: checks the imports, runs what initialises it, and its start function.
  ///
  /// - Parameter imports: in the module's order; nil for what is missing.
  /// - Throws: `InstantiationError`, or `ExecutionError` for what a segment or the start function does.
  public func instantiate(_ module: Module, imports: [Extern?]) throws -> Instance {
    let instance = try Instance(module, in: self)
    // From here on others may refer to it, even if it fails.
    instances.append(instance)
    for (entry, found) in zip(module.imports, imports) {
      guard let found else { throw InstantiationError.unlinkable("unknown import: \(entry.label)") }
      if let problem = instance.add(found, as: entry.desc) {
        throw InstantiationError.unlinkable("incompatible import type: \(entry.label): \(problem)")
      }
    }
    try instance.define()
    let trap = instance.initialize()
    if trap != .none { throw ExecutionError.trap(trap, []) }
    if let start = module.start {
      _ = try call(Function(record: instance.functions[start.index], store: self), slots: [])
    }
    return instance
  }
}

extension Import {
  var label: String { "'\(module.string)' '\(name.string)'" }
}

extension Instance {
  /// Takes an import.
  ///
  /// - Returns: what is wrong with it.
  fileprivate func add(_ found: Extern, as desc: ExternDesc) -> String? {
    switch (desc, found) {
    case (.function(let index), .function(let function)):
      guard function.record.pointee.type == typeIDs[module.functions[index].type.index] else {
        return "another function type"
      }
      functions.append(function.record)
    case (.table(let index), .table(let table)):
      let expected = module.tables[index].type
      guard storeType(expected.element) == table.type.element, expected.address == table.type.address else {
        return "another element or index type"
      }
      guard fits(table.count, table.type.limits.maximum, expected.limits) else { return "other limits" }
      tables.append(table)
    case (.memory(let index), .memory(let memory)):
      let (expected, type) = (module.memories[index].type, memory.type)
      guard expected.address == type.address, expected.isShared == type.isShared,
        expected.pageSizeLog2 == type.pageSizeLog2
      else { return "another kind of memory" }
      guard fits(memory.pageCount, type.limits.maximum, expected.limits) else { return "other limits" }
      memories.append(memory)
    case (.global(let index), .global(let global)):
      let expected = module.globals[index].type
      let type = storeType(expected.type)
      let matches =
        expected.isMutable ? type == global.type.type : store.types.matches(global.type.type, type)
      guard matches, expected.isMutable == global.type.isMutable else { return "another type" }
      globals.append(global)
    case (.tag(let index), .tag(let tag)):
      guard tag.record.pointee.type == typeIDs[module.tags[index].type.index] else { return "another type" }
      tags.append(tag)
    default: return "another kind of entity"
    }
    return nil
  }

  private func fits(_ size: UInt64, _ maximum: UInt64?, _ limits: Limits) -> Bool {
    guard size >= limits.minimum else { return false }
    guard let allowed = limits.maximum else { return true }
    return maximum.map { $0 <= allowed } ?? false
  }
}
