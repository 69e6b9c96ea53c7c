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
  private var sharedMemoryImports: [(ByteString, ByteString)] = []
  private var importedTables: [Limits] = []

  init(_ module: WasmModule.Module, options: TranslationOptions) throws(TranslationError) {
    self.options = options
    context = try ModuleContext(module, model: options.model, countsFuel: options.countsFuel)
    result.signatures = context.signatures
    try translateImports()
    translateFunctions()
  }

  var module: WasmModule.Module { context.module }

  // MARK: - Imports

  /// Finds all imports, and reports all that can't be found at once.
  private mutating func translateImports() throws(TranslationError) {
    if options.model == .embedded {
      for entry in module.imports {
        let item = ExternItem(entry.desc)
        result.imports.append(IR.Import(module: entry.module, name: entry.name, item: item))
      }
      return
    }
    var unresolved: [UnresolvedImport] = []
    for entry in module.imports {
      let type = context.externType(of: entry.desc)
      if try !resolve(entry, type) && !options.stubImports {
        unresolved.append(UnresolvedImport(module: entry.module, name: entry.name, type: type))
      }
    }
    if !unresolved.isEmpty { throw .unresolvedImports(unresolved) }
  }

  /// A program that imports `wasi.thread-spawn` says in `wasi_thread_start` what its threads run (wasi-threads).
  private mutating func findThreadStart() throws(TranslationError) {
    guard options.model == .static else { return }
    let startsThreads = module.imports.contains { entry in
      guard let function = FuncIdx(entry.desc), entry.module == "wasi", entry.name == "thread-spawn" else {
        return false
      }
      if case .imported = result.functions[FunctionID(function)].definition { return true }
      return false
    }
    guard startsThreads else { return }
    let export = module.exports.first { $0.name == "wasi_thread_start" }
    guard let export, let function = FuncIdx(export.desc),
      module.type(of: function) == FuncType(params: [.i32, .i32], results: [])
    else {
      throw .unfitForThreads(
        "the module imports wasi.thread-spawn, but exports no function 'wasi_thread_start' of type (i32, i32) -> ()"
      )
    }
    // The proposal gives each thread an instance: it would have such a memory of its own, which no toolchain makes.
    if let memory = module.memories.ids.first(where: { !module.memories[$0].type.isShared }) {
      throw .unfitForThreads(
        "the module imports wasi.thread-spawn, but its memory \(memory.rawValue) is not shared")
    }
    result.threadStart = FunctionID(function)
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
      // Two imports of one name would be one memory, and here they would be two.
      let isRepeated = type.isShared && sharedMemoryImports.contains { $0 == (entry.module, entry.name) }
      sharedMemoryImports.append((entry.module, entry.name))
      if case .memory(let limits) = state, !isRepeated {
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

  /// WASI's `proc_exit` in the runtime of programs.
  private static let exitSymbol = "wasmaot_wasi_proc_exit"

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
        if options.model == .embedded {
          definition = .external
        } else if let symbol = importedSymbols[nextImport] {
          definition = .imported(symbol: symbol)
        } else {
          definition = .stub(module: entry.module, name: entry.name)
          // The backtrace then says which import it is that was called.
          name = ByteString(entry.module.bytes + Array(".".utf8) + entry.name.bytes)
        }
        nextImport += 1
      case .defined: definition = .body
      }
      var declaration = IR.FunctionDecl(
        signature: context.signature(of: function), name: name, definition: definition)
      if case .imported(let symbol) = definition { declaration.neverReturns = symbol == Self.exitSymbol }
      result.functions.append(declaration)
    }
    for export in module.exports {
      // Nothing is outside of a program that could reach its state.
      if options.model == .static, FuncIdx(export.desc) == nil { continue }
      result.exports.append(IR.Export(name: export.name, item: ExternItem(export.desc)))
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
    try findThreadStart()
  }

  private mutating func translateGlobals() throws(TranslationError) {
    var imported = importedGlobals.makeIterator()
    for decl in module.globals.values {
      let initializer: Initializer
      if let expression = decl.initializer.map(reduce) {
        initializer = expression.constant.map { .constant($0) } ?? .expression(expression)
      } else if options.model == .embedded {
        initializer = .external
      } else {
        initializer = .constant(imported.next()!)
      }
      var global = IR.Global(
        type: try ModuleContext.irType(decl.type.type), isMutable: decl.type.isMutable,
        initializer: initializer)
      global.preciseType = context.preciseText(of: decl.type.type)
      result.globals.append(global)
    }
  }

  private mutating func translateTags() {
    var names = NameSection(module).tagNames
    for export in module.exports {
      if case .tag(let tag) = export.desc, names[tag].isEmpty { names[tag] = export.name }
    }
    for tag in module.tags.ids {
      var translated = IR.Tag(signature: context.signature(of: tag), name: names[tag])
      translated.isExternal = options.model == .embedded && module.tags[tag].origin != .defined
      result.tags.append(translated)
    }
  }

  private mutating func translateTables() throws(TranslationError) {
    var imported = importedTables.makeIterator()
    for decl in module.tables.values {
      let isExternal = options.model == .embedded && decl.origin != .defined
      let limits = isExternal || decl.origin == .defined ? decl.type.limits : imported.next()!
      var table = IR.Table(
        element: try ModuleContext.irType(decl.type.element), minimum: limits.minimum,
        maximum: limits.maximum,
        isTable64: decl.type.address == .i64)
      // A module with a larger table is valid, only no instance of it can be made. In the embedded model the runtime
      // says so; a program's tables are part of its file.
      if options.model == .static, limits.minimum > Self.maximumInitialEntries {
        throw .tooLarge(
          "a table has \(limits.minimum) entries at least, \(Self.maximumInitialEntries) is the most")
      }
      table.isExternal = isExternal
      table.preciseElement = context.preciseText(of: decl.type.element)
      switch decl.initializer.map(reduce) {
      case nil: break
      case let value? where value.constant.map(\.isNull) ?? false: break
      case let value? where options.model == .embedded: table.fill = value
      case let value?:
        guard case .function(let function) = value.constant else { break }
        try reserveTableEntries(limits.minimum)
        table.initial = Array(repeating: function, count: Int(limits.minimum))
      }
      result.tables.append(table)
    }
  }

  private mutating func translateElementSegments() throws(TranslationError) {
    for segment in module.elements.values {
      var translated = IR.ElementSegment(element: try ModuleContext.irType(segment.type), items: [])
      switch segment.mode {
      case .passive: setItems(of: segment, in: &translated)
      case .declarative: break
      case .active(let table, let offset):
        setItems(of: segment, in: &translated)
        let place = SegmentPlace(target: TableID(rawValue: table), offset: reduce(offset))
        if try writeAtBuild(translated, place) {
          translated.items = []
        } else {
          translated.place = place
        }
      }
      result.elementSegments.append(translated)
    }
  }

  /// An instantiation that traps has written what precedes the segment that does not fit, and others can see
  /// that: the instance's functions may be in an imported table. So segments become initial contents only while
  /// nothing before them may trap.
  private var mayHaveTrapped = false
  /// Tables that instantiation writes before what follows: that must not become initial contents, or it would be
  /// overwritten.
  private var writtenAtInstantiation: Set<TableID> = []

  /// Makes an active segment part of a table's initial contents; false if only instantiation can write it.
  private mutating func writeAtBuild(
    _ segment: IR.ElementSegment, _ place: SegmentPlace<TableID>
  ) throws(TranslationError) -> Bool {
    guard options.model == .embedded else {
      try write(segment.items, to: place.target, at: place.offset.constant!.address)
      return true
    }
    let table = result.tables[place.target]
    let count = UInt64(max(segment.items.count, segment.expressions.count))
    let fits =
      place.offset.constant.map { $0.address <= table.minimum && count <= table.minimum - $0.address }
      ?? false
    if table.isExternal || !fits { mayHaveTrapped = true }
    guard !mayHaveTrapped, table.fill == nil, segment.expressions.isEmpty,
      !writtenAtInstantiation.contains(place.target)
    else {
      writtenAtInstantiation.insert(place.target)
      return false
    }
    try write(segment.items, to: place.target, at: place.offset.constant!.address)
    return true
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
    // One entry makes all of them part of the output.
    if written == 0 { try reserveTableEntries(minimum) }
    if end > written {
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

  private func setItems(of segment: WasmModule.ElementSegment, in translated: inout IR.ElementSegment) {
    switch segment.items {
    case .functions(let functions): translated.items = functions.map { FunctionID($0) }
    case .expressions(let expressions):
      let reduced = expressions.map(reduce)
      if reduced.contains(where: { $0.constant == nil }) {
        translated.expressions = reduced
      } else {
        translated.items = reduced.map {
          if case .function(let function) = $0.constant { function } else { .none }
        }
      }
    }
  }

  private mutating func translateMemories() {
    var imported = importedMemories.makeIterator()
    for decl in module.memories.values {
      let isExternal = options.model == .embedded && decl.origin != .defined
      let limits = isExternal || decl.origin == .defined ? decl.type.limits : imported.next()!
      var memory = IR.Memory(
        minimum: limits.minimum, maximum: limits.maximum, isMemory64: decl.type.address == .i64,
        isShared: decl.type.isShared, pageSizeLog2: decl.type.pageSizeLog2)
      memory.isExternal = isExternal
      result.memories.append(memory)
    }
  }

  private mutating func translateDataSegments() {
    var images = Array(repeating: MemoryImage(), count: result.memories.count)
    for segment in module.data.values {
      let bytes = UnsafeRawBufferPointer(
        rebasing: module.bytes.buffer[segment.bytes.start..<segment.bytes.end])
      var translated = IR.DataSegment(bytes: [])
      switch segment.mode {
      case .passive: translated.bytes = Array(bytes)
      case .declarative: break
      case .active(let index, let offset):
        guard result.instantiationTrap == nil else { break }
        let place = SegmentPlace(target: MemoryID(rawValue: index), offset: reduce(offset))
        let memory = result.memories[place.target]
        let start = place.offset.constant?.address
        let fits = start.map { memory.hasRoom(for: bytes.count, at: $0) } ?? false
        if options.model == .static, !fits {
          result.instantiationTrap = .memoryOutOfBounds
          break
        }
        if memory.isExternal || !fits { mayHaveTrapped = true }
        if mayHaveTrapped {
          translated = IR.DataSegment(bytes: Array(bytes), place: place)
        } else {
          images[Int(index)].write(bytes, at: start!)
        }
      }
      result.dataSegments.append(translated)
    }
    for memory in result.memories.ids { result.memories[memory].image = images[memory.index].chunks() }
  }

  private func reduce(_ expression: ConstExpr) -> ConstantExpression {
    expression.reduced(globals: result.globals)
  }
}

extension ExternItem {
  /// Index spaces are kept as they are.
  fileprivate init(_ desc: ExternDesc) {
    switch desc {
    case .function(let index): self = .function(FunctionID(index))
    case .table(let index): self = .table(TableID(rawValue: index.rawValue))
    case .memory(let index): self = .memory(MemoryID(rawValue: index.rawValue))
    case .global(let index): self = .global(GlobalID(rawValue: index.rawValue))
    case .tag(let index): self = .tag(TagID(rawValue: index.rawValue))
    }
  }
}

extension FuncIdx {
  fileprivate init?(_ desc: ExternDesc) {
    guard case .function(let function) = desc else { return nil }
    self = function
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
