public import Support

/// Something odd in a custom section: reported, never an error (specification 3.0, section 7.4).
public struct CustomSectionWarning: Hashable, Sendable, CustomStringConvertible {
  public var section: ByteString
  public var message: String
  /// Byte offset in the module.
  public var offset: Int

  public var description: String {
    "offset 0x\(String(offset, radix: 16)), custom section '\(section)': \(message); ignored"
  }
}

/// The name section (specification 3.0, section 7.4.1): what the producer called things.
///
/// Only positions are kept; names are made when they are asked for. Whatever is malformed is left out, with
/// a warning: names that were read before it stay.
public struct NameSection: Sendable {
  private let bytes: ModuleBytes
  private let functionCount: Int
  private let tagCount: Int
  private var moduleRange: ByteRange?
  private var functions: [Entry] = []
  private var tags: [Entry] = []
  /// Function index, and the range of its map of local names.
  private var locals: [Entry] = []
  public private(set) var warnings: [CustomSectionWarning] = []

  private struct Entry: Sendable {
    var index: UInt32
    var range: ByteRange
  }

  public static let sectionName: ByteString = "name"

  /// Reads the first name section of a module; without one nothing has a name.
  public init(_ module: Module) {
    bytes = module.bytes
    functionCount = module.functions.count
    tagCount = module.tags.count
    guard let section = module.customSections.first(where: { $0.name == Self.sectionName }) else { return }
    var cursor = ByteCursor(bytes.buffer, range: section.contents)
    do throws(WasmError) {
      while !cursor.isAtEnd { try subsection(&cursor) }
    } catch {
      warnings.append(
        CustomSectionWarning(section: Self.sectionName, message: error.message, offset: error.offset))
    }
  }

  /// The module's name.
  public var moduleName: ByteString? { moduleRange.map(name) }

  public func name(of function: FuncIdx) -> ByteString? {
    Self.find(function.rawValue, in: functions).map(name)
  }

  /// The names of all functions, empty for those without one.
  public var functionNames: SecondaryMap<FuncIdx, ByteString> { names(functions, count: functionCount) }

  public var tagNames: SecondaryMap<TagIdx, ByteString> { names(tags, count: tagCount) }

  private func names<ID: EntityID>(_ entries: [Entry], count: Int) -> SecondaryMap<ID, ByteString> {
    var names = SecondaryMap<ID, ByteString>(default: "", capacity: count)
    for entry in entries where entry.index < count { names[ID(rawValue: entry.index)] = name(entry.range) }
    return names
  }

  /// The names of a function's parameters and locals, by local index.
  public func localNames(of function: FuncIdx) -> [UInt32: ByteString] {
    guard let range = Self.find(function.rawValue, in: locals) else { return [:] }
    var cursor = ByteCursor(bytes.buffer, range: range)
    guard let entries = try? Self.nameMap(&cursor) else { return [:] }
    return Dictionary(entries.map { ($0.index, name($0.range)) }) { first, _ in first }
  }

  private func name(_ range: ByteRange) -> ByteString {
    ByteString(UnsafeRawBufferPointer(rebasing: bytes.buffer[range.start..<range.end]))
  }

  // MARK: - Reading

  private mutating func subsection(_ cursor: inout ByteCursor) throws(WasmError) {
    let id = try cursor.byte()
    let contents = try cursor.skip(Int(try cursor.u32()))
    var inner = ByteCursor(bytes.buffer, range: contents)
    switch id {
    case 0: moduleRange = try inner.nameRange()
    case 1: functions = try Self.nameMap(&inner)
    case 2: locals = try Self.indirectNameMap(&inner)
    case 11: tags = try Self.nameMap(&inner)
    // Labels, types, tables, …: nobody asks for them yet.
    default: return
    }
    guard inner.isAtEnd else { throw .malformed("section size mismatch", at: inner.position) }
  }

  private static func nameMap(_ cursor: inout ByteCursor) throws(WasmError) -> [Entry] {
    let count = try cursor.count("names", limit: Int(UInt32.max), minimumSize: 2)
    var entries: [Entry] = []
    entries.reserveCapacity(count)
    for _ in 0..<count {
      let index = try cursor.u32()
      entries.append(Entry(index: index, range: try cursor.nameRange()))
    }
    return sorted(entries)
  }

  private static func indirectNameMap(_ cursor: inout ByteCursor) throws(WasmError) -> [Entry] {
    let count = try cursor.count("functions with named locals", limit: Int(UInt32.max), minimumSize: 2)
    var entries: [Entry] = []
    entries.reserveCapacity(count)
    for _ in 0..<count {
      let index = try cursor.u32()
      let start = cursor.position
      _ = try nameMap(&cursor)
      entries.append(Entry(index: index, range: ByteRange(start: start, end: cursor.position)))
    }
    return sorted(entries)
  }

  /// By index, as the specification demands and some producers don't do.
  private static func sorted(_ entries: [Entry]) -> [Entry] {
    for position in entries.indices.dropFirst() where entries[position - 1].index > entries[position].index {
      return entries.sorted { ($0.index, $0.range.start) < ($1.index, $1.range.start) }
    }
    return entries
  }

  private static func find(_ index: UInt32, in entries: [Entry]) -> ByteRange? {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].index < index { low = middle + 1 } else { high = middle }
    }
    guard low < entries.count, entries[low].index == index else { return nil }
    return entries[low].range
  }
}
