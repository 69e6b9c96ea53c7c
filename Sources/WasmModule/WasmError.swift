/// What is wrong with a module. A plain value; `description` is the one place that renders it.
public struct WasmError: Error, Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// The bytes are no module of the binary format (specification chapter 5).
    case malformed
    /// A module, but not a valid one (chapter 3).
    case invalid
    /// It needs a proposal that is not supported, or is switched off.
    case unsupportedFeature(Features)
    /// Larger than an implementation limit.
    case limitExceeded
    /// Not WebAssembly at all.
    case notWasm
    /// A component, where a module is expected.
    case component
  }

  public var kind: Kind
  /// In the words of the specification's reference interpreter, where it has some.
  public var message: String
  /// What exactly, in this module: names, numbers, types. May be empty.
  public var detail: String
  /// Byte offset in the module.
  public var offset: Int
  /// The section that the offset is in.
  public var section: SectionID?
  /// The function that the offset is in.
  public var function: FuncIdx?

  public init(
    _ kind: Kind, _ message: String, _ detail: String = "", at offset: Int, section: SectionID? = nil,
    function: FuncIdx? = nil
  ) {
    self.kind = kind
    self.message = message
    self.detail = detail
    self.offset = offset
    self.section = section
    self.function = function
  }
}

extension WasmError {
  static func malformed(_ message: String, _ detail: String = "", at offset: Int) -> WasmError {
    WasmError(.malformed, message, detail, at: offset)
  }

  static func invalid(_ message: String, _ detail: String = "", at offset: Int) -> WasmError {
    WasmError(.invalid, message, detail, at: offset)
  }

  static func limit(_ what: String, _ limit: Int, at offset: Int) -> WasmError {
    WasmError(
      .limitExceeded, "\(what) exceeds the implementation's limit", "\(limit) is the most", at: offset)
  }

  /// - Parameter what: what in the module needs the feature.
  static func unsupported(_ feature: Features, _ what: String, at offset: Int) -> WasmError {
    let names = feature.names.joined(separator: ", ")
    return WasmError(
      .unsupportedFeature(feature), "feature not supported: \(names)", "\(what) needs it", at: offset)
  }
}

extension WasmError: CustomStringConvertible {
  /// One line: `offset 0x2a, code section, function 3: type mismatch (expected i32, found i64)`.
  public var description: String {
    var place = "offset 0x" + String(offset, radix: 16)
    if let section { place += ", \(section.name) section" }
    if let function { place += ", function \(function.rawValue)" }
    return "\(place): \(message)" + (detail.isEmpty ? "" : " (\(detail))")
  }
}

/// Sections by their IDs in the binary format (specification 3.0, section 5.5.2).
public enum SectionID: UInt8, Hashable, Sendable {
  case custom = 0
  case type, `import`, function, table, memory, global, export, start, element, code, data, dataCount, tag

  public var name: String {
    switch self {
    case .element: "element"
    case .dataCount: "data count"
    default: "\(self)"
    }
  }
}
