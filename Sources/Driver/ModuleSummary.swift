import Support
public import WasmModule

/// Validates the module in a file.
public func validateModule(_ path: String, features: Features, jobs: Int? = nil) throws(Problem) {
  _ = try checkedModule(path, features: features, jobs: jobs)
}

private func checkedModule(
  _ path: String, features: Features, jobs: Int? = nil
) throws(Problem) -> WasmModule.Module {
  let bytes = try readModule(path)
  var source = ModuleSource(file: path)
  do throws(WasmError) {
    var module = try decode(bytes, features: features)
    source = source.named(by: module)
    module.featuresUsed.formUnion(
      try validateFunctions(of: module, features: features, jobs: jobs ?? processorCount))
    return module
  } catch {
    throw source.problem(error)
  }
}

/// What `inspect` shows of a module.
public struct ModuleSummary: Codable, Sendable {
  public struct Item: Hashable, Codable, Sendable {
    public var name: String
    public var type: String
  }
  public struct ImportItem: Hashable, Codable, Sendable {
    public var module: String
    public var name: String
    public var type: String
    /// wasmaot has it.
    public var isProvided: Bool
  }
  public struct Section: Hashable, Codable, Sendable {
    public var name: String
    public var size: Int
  }
  public struct Producer: Hashable, Codable, Sendable {
    public var field: String
    public var name: String
    public var version: String
  }

  public var file: String
  public var size: Int
  public var sha256: String
  public var imports: [ImportItem]
  public var exports: [Item]
  public var memories: [String]
  public var tables: [String]
  public var globals: Int
  public var functions: Int
  public var importedFunctions: Int
  public var dataSegments: Int
  public var elementSegments: Int
  public var hasStart: Bool
  public var features: [String]
  public var producers: [Producer]
  public var sections: [Section]
  /// What the module asks for, in words.
  public var authority: [String]

  public init(of path: String) throws(Problem) {
    let module = try checkedModule(path, features: .supported)
    file = path
    size = module.bytes.count
    sha256 = Driver.sha256(module.bytes.buffer)
    imports = module.imports.map { entry in
      let isProvided =
        switch entry.desc {
        case .function(let function):
          HostEnvironment.wasi.resolveImport(entry.module, entry.name, module.type(of: function)) != nil
        case .memory(let memory):
          HostEnvironment.wasi.resolveState(entry.module, entry.name, .memory(module.memories[memory].type))
            != nil
        case .table, .global, .tag: false
        }
      return ImportItem(
        module: entry.module.description, name: entry.name.description,
        type: module.shortText(of: entry.desc),
        isProvided: isProvided)
    }
    exports = module.exports.map { Item(name: $0.name.description, type: module.shortText(of: $0.desc)) }
    memories = module.memories.values.map { "memory \($0.type)" }
    tables = module.tables.values.map { "table \($0.type)" }
    globals = module.globals.count
    importedFunctions = module.importedFunctionCount
    functions = module.functions.count - importedFunctions
    dataSegments = module.data.count
    elementSegments = module.elements.count
    hasStart = module.start != nil
    features = module.featuresUsed.names
    sections = Self.sections(of: module.bytes.buffer)
    producers = ProducersSection(module).fields.flatMap { field in
      let name = shortened(field.name.description)
      return field.values.map {
        Producer(field: name, name: $0.name.description, version: $0.version.description)
      }
    }
    authority = Authority.asked(
      by: module.imports.lazy.map { (module: $0.module.string, name: $0.name.string) }
    ).map(\.words)
  }

  public func json() -> String { jsonText(of: self) }
}

extension WasmModule.Module {
  fileprivate func shortText(of desc: ExternDesc) -> String { shortened(text(of: desc)) }

  private func text(of desc: ExternDesc) -> String {
    switch desc {
    case .function(let function): "function \(type(of: function))"
    case .table(let table): "table \(tables[table].type)"
    case .memory(let memory): "memory \(memories[memory].type)"
    case .global(let global): "global \(globals[global].type)"
    case .tag: "tag"
    }
  }
}

/// What is shown many times can be made long once: an hour's output, and all of memory, of a small module.
private func shortened(_ text: String) -> String {
  let most = 500
  return text.utf8.count <= most ? text : String(text.prefix(most)) + "…"
}

// MARK: - Sections

extension ModuleSummary {
  /// Sizes in the order of the file. The module has been decoded before: the bytes are known to be good.
  private static func sections(of bytes: UnsafeRawBufferPointer) -> [Section] {
    var sections: [Section] = []
    var position = 8
    while position < bytes.count {
      let id = bytes[position]
      let start = position
      position += 1
      let size = leb128(bytes, &position)
      var name = SectionID(rawValue: id)?.name ?? "section \(id)"
      if id == 0 {
        var inner = position
        let length = leb128(bytes, &inner)
        name = "custom \"\(ByteString(bytes[inner..<inner + length]))\""
      }
      position += size
      sections.append(Section(name: name, size: position - start))
    }
    return sections
  }

  private static func leb128(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Int {
    var value = 0
    var shift = 0
    while true {
      let byte = Int(bytes[position])
      position += 1
      value |= (byte & 0x7F) << shift
      shift += 7
      if byte < 0x80 { return value }
    }
  }
}

// MARK: - Text

extension ModuleSummary {
  public func text(_ style: TerminalStyle) -> String {
    var text = "\(style.strong(file)): \(sizeText(size)), sha256 \(sha256)\n"
    text +=
      "\(counted(functions, "function")), \(importedFunctions) imported; \(counted(globals, "global")); "
    text += "\(counted(dataSegments, "data segment")); \(counted(elementSegments, "element segment"))"
    text += hasStart ? "; a start function\n" : "\n"

    func list(_ title: String, _ lines: [String]) {
      text += "\n\(style.strong(title))\n"
      for line in lines { text += "  \(line)\n" }
    }
    list(
      "Asks for",
      authority.isEmpty ? ["nothing: it computes, and its host calls it"] : authority.map { "- it \($0)" })
    list(
      "Imports",
      imports.isEmpty
        ? ["none"]
        : imports.map {
          "\($0.module).\($0.name): \($0.type)" + ($0.isProvided ? "" : "  \(style.warning("not provided"))")
        })
    list("Exports", exports.isEmpty ? ["none"] : exports.map { "\($0.name): \($0.type)" })
    list("Memories and tables", memories + tables)
    list("Features", [features.isEmpty ? "none beyond the first version" : features.joined(separator: ", ")])
    if !producers.isEmpty { list("Made by", producers.map { "\($0.field): \($0.name) \($0.version)" }) }
    let width = min(sections.map(\.name.count).max() ?? 0, 40)
    list(
      "Sections",
      sections.map { $0.name.padding(to: width) + "  " + padded(sizeText($0.size), to: 12) })
    return text
  }
}
