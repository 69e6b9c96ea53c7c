public import Support

/// What the custom section `name` says (specification 3.0, appendix 7.4): names for people, of no other meaning.
///
/// Custom sections can't make a module invalid: where this one is malformed, what precedes the mistake counts.
public struct NameSection: Sendable {
  /// Empty if there is none.
  public var module: ByteString = ""
  /// Empty for functions without a name. Names need not be unique.
  public var functions = SecondaryMap<FuncIdx, ByteString>(default: "")

  public init(_ wasm: Module) {
    guard let section = wasm.customSections.first(where: { $0.name == "name" }) else { return }
    var cursor = ByteCursor(wasm.bytes.buffer, range: section.contents)
    try? read(&cursor, functionCount: wasm.functions.count)
  }

  private mutating func read(_ cursor: inout ByteCursor, functionCount: Int) throws(WasmError) {
    let end = cursor.end
    while !cursor.isAtEnd {
      let id = try cursor.byte()
      let subsection = try cursor.skip(Int(try cursor.u32()))
      cursor.position = subsection.start
      cursor.end = subsection.end
      switch id {
      case 0: module = try cursor.name()
      case 1:
        for _ in 0..<(try cursor.u32()) {
          let function = FuncIdx(rawValue: try cursor.u32())
          let name = try cursor.name()
          if function.index < functionCount { functions[function] = name }
        }
      default: break
      }
      cursor.position = subsection.end
      cursor.end = end
    }
  }
}
