internal import Support

// The import section (specification 3.0, section 5.5.5), with the groups of the compact import section proposal.

extension Decoder {
  /// An external type as it is written in an import: with indices.
  private enum ImportType {
    case function(TypeIdx)
    case table(TableType)
    case memory(MemType)
    case global(GlobalType)
    case tag(TypeIdx)
  }

  mutating func importSection() throws(WasmError) {
    let count = try cursor.count("imports", limit: ImplementationLimits.imports, minimumSize: 4)
    module.imports.reserveCapacity(count)
    for _ in 0..<count {
      let offset = cursor.position
      let moduleName = try cursor.name()
      let name = try cursor.name()
      switch name.isEmpty ? cursor.peek() : nil {
      case 0x7F: try importGroup(from: moduleName)
      case 0x7E: try importGroupOfOneType(from: moduleName)
      default: try append(moduleName, name, try importType(), at: offset)
      }
    }
    noteFunctions()
  }

  /// Several imports from one module: names with types.
  private mutating func importGroup(from moduleName: ByteString) throws(WasmError) {
    try require(.compactImports, "a group of imports", at: cursor.position)
    cursor.position += 1
    let count = try cursor.count("imports", limit: ImplementationLimits.imports, minimumSize: 3)
    for _ in 0..<count {
      let offset = cursor.position
      let name = try cursor.name()
      try append(moduleName, name, try importType(), at: offset)
    }
  }

  /// Several imports of one type from one module: names alone.
  private mutating func importGroupOfOneType(from moduleName: ByteString) throws(WasmError) {
    try require(.compactImports, "a group of imports", at: cursor.position)
    cursor.position += 1
    let type = try importType()
    let count = try cursor.count("imports", limit: ImplementationLimits.imports)
    for _ in 0..<count {
      let offset = cursor.position
      try append(moduleName, try cursor.name(), type, at: offset)
    }
  }

  private mutating func importType() throws(WasmError) -> ImportType {
    let offset = cursor.position
    switch try cursor.byte() {
    case 0: return .function(try functionTypeIndex())
    case 1: return .table(try tableType())
    case 2: return .memory(try memoryType())
    case 3:
      let type = try globalType()
      if type.isMutable { try require(.mutableGlobal, "an imported mutable global", at: offset) }
      return .global(type)
    case 4:
      try require(.exceptions, "an imported tag", at: offset)
      return .tag(try tagType())
    case let kind: throw .malformed("malformed import kind", "\(kind)", at: offset)
    }
  }

  private mutating func append(
    _ moduleName: ByteString, _ name: ByteString, _ type: ImportType, at offset: Int
  ) throws(WasmError) {
    importModuleNameBytes += moduleName.count
    let limit = ImplementationLimits.importModuleNames(size: module.bytes.count)
    if importModuleNameBytes > limit { throw .limit("size of imports' module names", limit, at: offset) }
    let origin = Origin.imported(module.imports.count)
    let desc: ExternDesc
    switch type {
    case .function(let type):
      desc = .function(
        module.functions.append(
          FunctionDecl(type: type, origin: origin, body: ByteRange(start: 0, end: 0))))
      module.importedFunctionCount += 1
      try checkTotal(module.functions.count, "functions", ImplementationLimits.functions, at: offset)
    case .table(let type):
      desc = .table(module.tables.append(TableDecl(type: type, origin: origin)))
      try checkTotal(module.tables.count, "tables", ImplementationLimits.tables, at: offset)
      if module.tables.count > 1 { try require(.referenceTypes, "more than one table", at: offset) }
    case .memory(let type):
      desc = .memory(module.memories.append(MemoryDecl(type: type, origin: origin)))
      try checkMemories(at: offset)
    case .global(let type):
      desc = .global(module.globals.append(GlobalDecl(type: type, origin: origin)))
    case .tag(let type): desc = .tag(module.tags.append(TagDecl(type: type, origin: origin)))
    }
    module.imports.append(Import(module: moduleName, name: name, desc: desc, offset: offset))
    try checkTotal(module.imports.count, "imports", ImplementationLimits.imports, at: offset)
  }
}
