internal import Support

/// The module's header and sections, one after the other (specification 3.0, section 5.5).
///
/// Validation of what is outside of function bodies (chapter 3.4) happens on the way: everything a section
/// refers to comes before it, but for the counts that are compared at the end.
struct Decoder {
  var cursor: ByteCursor
  var module: Module
  /// So far.
  var importModuleNameBytes = 0
  /// What the caller allows and the decoder knows.
  let features: Features
  /// Types that a type may name: those before it, and those of its own recursive group.
  var visibleTypes = 0

  init(bytes: ModuleBytes, features: Features) {
    cursor = ByteCursor(bytes.buffer, range: ByteRange(start: 0, end: bytes.count))
    module = Module(bytes: bytes)
    self.features = features.intersection(.supported)
  }

  /// Notes that `feature` is used, or throws if it may not be.
  mutating func require(_ feature: Features, _ what: @autoclosure () -> String, at offset: Int)
    throws(WasmError)
  {
    if !features.isSuperset(of: feature) {
      throw .unsupported(feature.subtracting(features), what(), at: offset)
    }
    module.featuresUsed.formUnion(feature)
  }

  mutating func decodeModule() throws(WasmError) -> Module {
    try header()
    var last = 0
    var hasCode = false
    while !cursor.isAtEnd {
      let start = cursor.position
      let id = try cursor.byte()
      guard let section = SectionID(rawValue: id) else {
        throw .malformed("malformed section id", "\(id)", at: start)
      }
      do throws(WasmError) {
        let contents = try cursor.skip(Int(try cursor.u32()))
        if section != .custom {
          let order = Self.order(section)
          if order == last {
            throw .malformed(
              "unexpected content after last section", "a second \(section.name) section", at: start)
          }
          if order < last {
            throw .malformed(
              "unexpected content after last section", "the \(section.name) section is out of order",
              at: start)
          }
          last = order
        }
        if section == .code { hasCode = true }
        try decodeSection(section, contents)
      } catch {
        var error = error
        error.section = section
        throw error
      }
    }
    if !hasCode && module.functions.count > module.importedFunctionCount {
      throw .malformed(
        "function and code section have inconsistent lengths",
        "\(module.functions.count - module.importedFunctionCount) functions, no code section", at: cursor.end)
    }
    if let count = module.dataCount, count != module.data.count {
      throw .malformed(
        "data count and data section have inconsistent lengths", "\(count) and \(module.data.count)",
        at: cursor.end)
    }
    return module
  }

  // MARK: - Header

  private mutating func header() throws(WasmError) {
    let bytes = module.bytes.buffer
    let magic: [UInt8] = [0x00, 0x61, 0x73, 0x6D]
    if bytes.isEmpty { throw WasmError(.notWasm, "unexpected end", "the file is empty", at: 0) }
    let start = bytes.prefix(4)
    guard start.elementsEqual(magic.prefix(start.count)) else {
      throw WasmError(.notWasm, "magic header not detected", Self.guess(bytes), at: 0)
    }
    guard bytes.count >= 8 else {
      throw .malformed(
        "unexpected end", "the header takes 8 bytes, the file has \(bytes.count)", at: bytes.count)
    }
    let version = UInt16(bytes[4]) | UInt16(bytes[5]) << 8
    let layer = UInt16(bytes[6]) | UInt16(bytes[7]) << 8
    if layer == 1 {
      throw WasmError(
        .component, "a component, not a core module", "component format version \(version)", at: 4)
    }
    guard version == 1, layer == 0 else {
      throw .malformed("unknown binary version", "version \(version), layer \(layer)", at: 4)
    }
    cursor.position = 8
  }

  /// What the file may be instead, for people.
  private static func guess(_ bytes: UnsafeRawBufferPointer) -> String {
    let text = bytes.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }.prefix(2)
    if text.first == UInt8(ascii: "(") || text.elementsEqual(";;".utf8) {
      return "it looks like the text format: `wasm-tools parse` or `wat2wasm` makes a module of it"
    }
    if bytes.prefix(4).elementsEqual([0x7F, 0x45, 0x4C, 0x46]) { return "it is a native ELF file" }
    if bytes.prefix(4).elementsEqual([0x42, 0x43, 0xC0, 0xDE]) { return "it is LLVM bitcode" }
    if bytes.prefix(8).elementsEqual("!<arch>\n".utf8) { return "it is an archive" }
    return "not a WebAssembly file"
  }

  // MARK: - Sections

  /// Position in the order that sections stand in, which is not the order of their IDs.
  private static func order(_ section: SectionID) -> Int {
    switch section {
    case .custom: 0
    case .type: 1
    case .import: 2
    case .function: 3
    case .table: 4
    case .memory: 5
    case .tag: 6
    case .global: 7
    case .export: 8
    case .start: 9
    case .element: 10
    case .dataCount: 11
    case .code: 12
    case .data: 13
    }
  }

  private mutating func decodeSection(_ section: SectionID, _ contents: ByteRange) throws(WasmError) {
    let outer = cursor
    cursor = ByteCursor(module.bytes.buffer, range: contents)
    switch section {
    case .custom: try customSection()
    case .type: try typeSection()
    case .import: try importSection()
    case .function: try functionSection()
    case .table: try tableSection()
    case .memory: try memorySection()
    case .tag: try tagSection()
    case .global: try globalSection()
    case .export: try exportSection()
    case .start: try startSection()
    case .element: try elementSection()
    case .dataCount: module.dataCount = Int(try cursor.u32())
    case .code: try codeSection()
    case .data: try dataSection()
    }
    guard cursor.isAtEnd else {
      throw .malformed("section size mismatch", "\(cursor.remaining) bytes left over", at: cursor.position)
    }
    cursor = outer
  }

  private mutating func customSection() throws(WasmError) {
    let name = try cursor.name()
    let contents = try cursor.skip(cursor.remaining)
    module.customSections.append(CustomSection(name: name, contents: contents))
  }

  private mutating func functionSection() throws(WasmError) {
    let start = cursor.position
    let count = try cursor.count("functions", limit: ImplementationLimits.functions)
    try checkTotal(module.functions.count + count, "functions", ImplementationLimits.functions, at: start)
    module.functions.reserveCapacity(module.functions.count + count)
    for _ in 0..<count {
      let type = try functionTypeIndex()
      module.functions.append(FunctionDecl(type: type, origin: .defined, body: ByteRange(start: 0, end: 0)))
    }
    noteFunctions()
  }

  mutating func noteFunctions() {
    module.isDeclaredReference = [Bool](repeating: false, count: module.functions.count)
  }

  private mutating func tableSection() throws(WasmError) {
    let count = try cursor.count("tables", limit: ImplementationLimits.tables, minimumSize: 3)
    for _ in 0..<count {
      let offset = cursor.position
      module.tables.append(try tableDecl())
      try checkTotal(module.tables.count, "tables", ImplementationLimits.tables, at: offset)
      if module.tables.count > 1 { try require(.referenceTypes, "more than one table", at: offset) }
    }
  }

  private mutating func tableDecl() throws(WasmError) -> TableDecl {
    let offset = cursor.position
    guard cursor.peek() == 0x40 else {
      let type = try tableType()
      guard type.element.isDefaultable else {
        throw .invalid("type mismatch", "a table of \(type.element) without an initial value", at: offset)
      }
      return TableDecl(type: type, origin: .defined)
    }
    // 0x40 0x00: a table with an initial value.
    cursor.position += 1
    let reserved = try cursor.byte()
    guard reserved == 0 else { throw .malformed("malformed table", "\(reserved)", at: offset + 1) }
    try require(.functionReferences, "a table with an initial value", at: offset)
    let type = try tableType()
    let initializer = try constantExpression(expecting: type.element)
    return TableDecl(type: type, origin: .defined, initializer: initializer)
  }

  private mutating func tagSection() throws(WasmError) {
    try require(.exceptions, "the tag section", at: cursor.position)
    let count = try cursor.count("tags", limit: ImplementationLimits.tags, minimumSize: 2)
    try checkTotal(module.tags.count + count, "tags", ImplementationLimits.tags, at: cursor.position)
    for _ in 0..<count { module.tags.append(TagDecl(type: try tagType(), origin: .defined)) }
  }

  private mutating func memorySection() throws(WasmError) {
    let count = try cursor.count("memories", limit: ImplementationLimits.memories, minimumSize: 2)
    for _ in 0..<count {
      let offset = cursor.position
      module.memories.append(MemoryDecl(type: try memoryType(), origin: .defined))
      try checkMemories(at: offset)
    }
  }

  mutating func checkMemories(at offset: Int) throws(WasmError) {
    if module.memories.count > 1 { try require(.multiMemory, "more than one memory", at: offset) }
    try checkTotal(module.memories.count, "memories", ImplementationLimits.memories, at: offset)
  }

  private mutating func globalSection() throws(WasmError) {
    let count = try cursor.count("globals", limit: ImplementationLimits.globals, minimumSize: 4)
    for _ in 0..<count {
      let type = try globalType()
      let initializer = try constantExpression(expecting: type.type)
      module.globals.append(GlobalDecl(type: type, origin: .defined, initializer: initializer))
    }
    try checkTotal(module.globals.count, "globals", ImplementationLimits.globals, at: cursor.position)
  }

  private mutating func exportSection() throws(WasmError) {
    let count = try cursor.count("exports", limit: ImplementationLimits.exports, minimumSize: 3)
    var names = Set<ByteString>(minimumCapacity: count)
    module.exports.reserveCapacity(count)
    for _ in 0..<count {
      let offset = cursor.position
      let name = try cursor.name()
      guard names.insert(name).inserted else {
        throw .invalid("duplicate export name", "\(name)", at: offset)
      }
      let kindOffset = cursor.position
      let kind = try cursor.byte()
      let indexOffset = cursor.position
      let index = try cursor.u32()
      let desc: ExternDesc
      switch kind {
      case 0:
        desc = .function(FuncIdx(rawValue: index))
        try check(index, module.functions.count, "unknown function", at: indexOffset)
        module.isDeclaredReference[Int(index)] = true
      case 1:
        desc = .table(TableIdx(rawValue: index))
        try check(index, module.tables.count, "unknown table", at: indexOffset)
      case 2:
        desc = .memory(MemIdx(rawValue: index))
        try check(index, module.memories.count, "unknown memory", at: indexOffset)
      case 3:
        desc = .global(GlobalIdx(rawValue: index))
        try check(index, module.globals.count, "unknown global", at: indexOffset)
        if module.globals[GlobalIdx(rawValue: index)].type.isMutable {
          try require(.mutableGlobal, "an exported mutable global", at: offset)
        }
      case 4:
        desc = .tag(TagIdx(rawValue: index))
        try check(index, module.tags.count, "unknown tag", at: indexOffset)
      default: throw .malformed("malformed export kind", "\(kind)", at: kindOffset)
      }
      module.exports.append(Export(name: name, desc: desc))
    }
  }

  private mutating func startSection() throws(WasmError) {
    let offset = cursor.position
    let index = try cursor.u32()
    try check(index, module.functions.count, "unknown function", at: offset)
    let function = FuncIdx(rawValue: index)
    let type = module.type(of: function)
    guard type.params.isEmpty, type.results.isEmpty else {
      throw .invalid("start function", "it must have no parameters and no results", at: offset)
    }
    module.start = function
  }

  private mutating func codeSection() throws(WasmError) {
    let start = cursor.position
    let count = try cursor.count("function bodies", limit: ImplementationLimits.functions, minimumSize: 3)
    let defined = module.functions.count - module.importedFunctionCount
    guard count == defined else {
      throw .malformed(
        "function and code section have inconsistent lengths", "\(defined) functions, \(count) bodies",
        at: start)
    }
    for index in module.importedFunctionCount..<module.functions.count {
      let offset = cursor.position
      let size = Int(try cursor.u32())
      if size > ImplementationLimits.functionBytes {
        var error = WasmError.limit("size of a function body", ImplementationLimits.functionBytes, at: offset)
        error.function = FuncIdx(index)
        throw error
      }
      module.functions[FuncIdx(index)].body = try cursor.skip(size)
    }
  }

  // MARK: - Checks

  func check(_ index: UInt32, _ count: Int, _ message: String, at offset: Int) throws(WasmError) {
    guard index < count else { throw .invalid("\(message) \(index)", at: offset) }
  }

  func checkTotal(_ count: Int, _ what: String, _ limit: Int, at offset: Int) throws(WasmError) {
    if count > limit { throw .limit("number of \(what)", limit, at: offset) }
  }
}
