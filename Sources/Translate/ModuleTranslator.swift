import IR
import Support
import WasmModule

/// Builds everything of an IR module but the bodies: signatures, functions, state and its initial contents.
struct ModuleTranslator {
  let context: ModuleContext
  let options: TranslationOptions
  var result = IR.Module()

  // What imports became, in the order of their index spaces. A symbol that is nil is a stub.
  private var importedSymbols: [String?] = []
  private var importedGlobals: [Constant] = []
  private var importedMemories: [Limits] = []
  private var importedTables: [Limits] = []

  init(_ module: WasmModule.Module, options: TranslationOptions) throws(TranslationError) {
    self.options = options
    context = try ModuleContext(module)
    result.signatures = context.signatures
    try translateImports()
    translateFunctions()
  }

  var module: WasmModule.Module { context.module }

  // MARK: - Imports

  /// Finds all imports, and reports all that can't be found at once.
  private mutating func translateImports() throws(TranslationError) {
    var unresolved: [UnresolvedImport] = []
    for entry in module.imports {
      let type = context.externType(of: entry.desc)
      if try !resolve(entry, type) && !options.stubImports {
        unresolved.append(UnresolvedImport(module: entry.module, name: entry.name, type: type))
      }
    }
    if !unresolved.isEmpty { throw .unresolvedImports(unresolved) }
  }

  /// Takes what the host has for an import. If that is nothing, or does not fit, takes a stub and returns false.
  private mutating func resolve(_ entry: WasmModule.Import, _ type: ExternType) throws(TranslationError)
    -> Bool
  {
    if case .function(let type) = type {
      let symbol = options.resolveImport(entry.module, entry.name, type)
      importedSymbols.append(symbol)
      return symbol != nil
    }
    let state = options.resolveState(entry.module, entry.name, type)
    switch type {
    case .global(let type):
      let irType = try ModuleContext.irType(type.type)
      if case .global(let constant) = state, constant.type == irType {
        importedGlobals.append(constant)
        return true
      }
      importedGlobals.append(Constant(zeroOf: irType))
    case .memory(let type):
      if case .memory(let limits) = state {
        importedMemories.append(limits)
        return true
      }
      importedMemories.append(type.limits)
    case .table(let type):
      if case .table(let limits) = state {
        importedTables.append(limits)
        return true
      }
      importedTables.append(type.limits)
    // The host has none. A stub is a tag that only this module knows.
    case .tag: break
    case .function: preconditionFailure("resolved above")
    }
    return false
  }

  // MARK: - Functions

  private mutating func translateFunctions() {
    let names = functionNames()
    var nextImport = 0
    for function in module.functions.ids {
      let decl = module.functions[function]
      let definition: IR.FunctionDecl.Definition
      var name = names[function]
      switch decl.origin {
      case .imported(let position):
        let entry = module.imports[position]
        if let symbol = importedSymbols[nextImport] {
          definition = .imported(symbol: symbol)
        } else {
          definition = .stub(module: entry.module, name: entry.name)
          // The backtrace then says which import it is that was called.
          name = ByteString(entry.module.bytes + Array(".".utf8) + entry.name.bytes)
        }
        nextImport += 1
      case .defined: definition = .body
      }
      result.functions.append(
        IR.FunctionDecl(
          signature: context.signature(of: function), name: name, definition: definition))
    }
    result.exports = module.exports.compactMap { export in
      guard case .function(let function) = export.desc else { return nil }
      return IR.Export(name: export.name, function: FunctionID(function))
    }
    if let start = module.start { result.start = FunctionID(start) }
  }

  /// Names from the name section, else the function's first export.
  private func functionNames() -> SecondaryMap<FuncIdx, ByteString> {
    var names = NameSection(module).functionNames
    for export in module.exports {
      if case .function(let function) = export.desc, names[function].isEmpty { names[function] = export.name }
    }
    return names
  }

  // MARK: - State

  /// Globals, tables, memories and segments, in the specification's order of instantiation (4.7.3): element
  /// segments, then data segments; at the first that does not fit, what precedes it stays written.
  mutating func translateState() throws(TranslationError) {
    try translateGlobals()
    translateTags()
    try translateTables()
    try translateElementSegments()
    translateMemories()
    translateDataSegments()
  }

  private mutating func translateGlobals() throws(TranslationError) {
    var imported = importedGlobals.makeIterator()
    for decl in module.globals.values {
      let initial = decl.initializer.map(evaluate) ?? imported.next()!
      result.globals.append(
        IR.Global(
          type: try ModuleContext.irType(decl.type.type), isMutable: decl.type.isMutable, initial: initial))
    }
  }

  private mutating func translateTags() {
    var names = NameSection(module).tagNames
    for export in module.exports {
      if case .tag(let tag) = export.desc, names[tag].isEmpty { names[tag] = export.name }
    }
    for tag in module.tags.ids {
      result.tags.append(IR.Tag(signature: context.signature(of: tag), name: names[tag]))
    }
  }

  private mutating func translateTables() throws(TranslationError) {
    var imported = importedTables.makeIterator()
    for decl in module.tables.values {
      let limits = decl.origin == .defined ? decl.type.limits : imported.next()!
      var table = IR.Table(
        element: try ModuleContext.irType(decl.type.element), minimum: limits.minimum,
        maximum: limits.maximum,
        isTable64: decl.type.address == .i64)
      if let initializer = decl.initializer, case .function(let function) = evaluate(initializer) {
        try reserveTableEntries(limits.minimum)
        table.initial = Array(repeating: function, count: Int(limits.minimum))
      }
      result.tables.append(table)
    }
  }

  private mutating func translateElementSegments() throws(TranslationError) {
    for segment in module.elements.values {
      let element = try ModuleContext.irType(segment.type)
      var passive: [FunctionID] = []
      switch segment.mode {
      case .passive: passive = items(of: segment)
      case .declarative: break
      case .active(let table, let offset):
        try write(items(of: segment), to: TableID(rawValue: table), at: evaluate(offset).address)
      }
      result.elementSegments.append(IR.ElementSegment(element: element, items: passive))
    }
  }

  private mutating func write(
    _ items: [FunctionID], to table: TableID, at offset: UInt64
  ) throws(TranslationError) {
    guard result.instantiationTrap == nil else { return }
    let minimum = result.tables[table].minimum
    guard offset <= minimum, UInt64(items.count) <= minimum - offset else {
      result.instantiationTrap = .tableOutOfBounds
      return
    }
    if items.isEmpty { return }
    let start = Int(offset)
    let end = start + items.count
    let written = result.tables[table].initial.count
    if end > written {
      try reserveTableEntries(UInt64(end - written))
      result.tables[table].initial.append(contentsOf: repeatElement(FunctionID.none, count: end - written))
    }
    result.tables[table].initial.replaceSubrange(start..<end, with: items)
  }

  /// Entries of all tables that may have an initial value: as many as one table may have at the most. Without
  /// a limit, a hundred tables with one entry at the end each would take gigabytes.
  private static let maximumInitialEntries: UInt64 = 10_000_000
  private var initialEntries: UInt64 = 0

  private mutating func reserveTableEntries(_ count: UInt64) throws(TranslationError) {
    guard count <= Self.maximumInitialEntries - initialEntries else {
      throw .tooLarge(
        "tables have more than \(Self.maximumInitialEntries) initial entries in total")
    }
    initialEntries += count
  }

  private func items(of segment: WasmModule.ElementSegment) -> [FunctionID] {
    switch segment.items {
    case .functions(let functions): functions.map { FunctionID($0) }
    case .expressions(let expressions):
      expressions.map {
        if case .function(let function) = evaluate($0) { function } else { .none }
      }
    }
  }

  private mutating func translateMemories() {
    var imported = importedMemories.makeIterator()
    for decl in module.memories.values {
      let limits = decl.origin == .defined ? decl.type.limits : imported.next()!
      result.memories.append(
        IR.Memory(
          minimum: limits.minimum, maximum: limits.maximum, isMemory64: decl.type.address == .i64,
          isShared: decl.type.isShared, pageSizeLog2: decl.type.pageSizeLog2))
    }
  }

  private mutating func translateDataSegments() {
    var images = Array(repeating: MemoryImage(), count: result.memories.count)
    for segment in module.data.values {
      let bytes = UnsafeRawBufferPointer(
        rebasing: module.bytes.buffer[segment.bytes.start..<segment.bytes.end])
      var passive: [UInt8] = []
      switch segment.mode {
      case .passive: passive = Array(bytes)
      case .declarative: break
      case .active(let index, let offset):
        guard result.instantiationTrap == nil else { break }
        let memory = result.memories[MemoryID(rawValue: index)]
        let offset = evaluate(offset).address
        if memory.hasRoom(for: bytes.count, at: offset) {
          images[Int(index)].write(bytes, at: offset)
        } else {
          result.instantiationTrap = .memoryOutOfBounds
        }
      }
      result.dataSegments.append(IR.DataSegment(bytes: passive))
    }
    for memory in result.memories.ids { result.memories[memory].image = images[memory.index].chunks() }
  }

  private func evaluate(_ expression: ConstExpr) -> Constant {
    expression.evaluate(globals: result.globals)
  }
}

extension IR.Memory {
  /// Whether `count` bytes at `offset` lie within the initial size.
  func hasRoom(for count: Int, at offset: UInt64) -> Bool {
    // The minimum of a 64-bit memory can be the whole 2^64 bytes.
    let (size, overflows) = minimum.multipliedReportingOverflow(by: 1 << UInt64(pageSizeLog2))
    let last = offset.addingReportingOverflow(UInt64(count))
    return !last.overflow && (overflows || last.partialValue <= size)
  }
}

extension FunctionID {
  /// The index space of functions is kept as it is.
  init(_ function: FuncIdx) { self.init(rawValue: function.rawValue) }
}
