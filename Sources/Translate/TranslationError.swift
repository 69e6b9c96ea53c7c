public import Support
public import WasmModule

/// Why a valid module could not be translated.
public enum TranslationError: Error, Hashable, Sendable {
  /// Every import that nothing resolves, in the module's order.
  case unresolvedImports([UnresolvedImport])
  /// Something valid that this compiler does not translate yet.
  case unsupported(String, Location)
  /// The module starts threads (`wasi.thread-spawn`), but is not made for it.
  case unfitForThreads(String)
  /// The IR of the module would grow out of proportion to its bytes.
  case tooLarge(String)

  /// Where in the module: either part may be unknown.
  public struct Location: Hashable, Sendable {
    public var function: FuncIdx?
    /// In bytes from the start of the module.
    public var offset: Int?
    public init(function: FuncIdx? = nil, offset: Int? = nil) {
      self.function = function
      self.offset = offset
    }
  }
}

/// An import that nothing resolves.
public struct UnresolvedImport: Hashable, Sendable {
  public var module: ByteString
  public var name: ByteString
  public var type: ExternType
  public init(module: ByteString, name: ByteString, type: ExternType) {
    self.module = module
    self.name = name
    self.type = type
  }
}

/// An external type (specification, section 2.3.16) with the types themselves in place of their indices.
public enum ExternType: Hashable, Sendable {
  case function(FuncType)
  case table(TableType)
  case memory(MemType)
  case global(GlobalType)
  case tag(FuncType)
}

extension TranslationError {
  /// The error with what is not known of its place filled in.
  func located(in function: FuncIdx, at offset: Int) -> TranslationError {
    switch self {
    case .unsupported(let what, let location): .unsupported(what, location.or(function, offset))
    case .unresolvedImports, .unfitForThreads, .tooLarge: self
    }
  }
}

extension TranslationError.Location {
  fileprivate func or(_ function: FuncIdx, _ offset: Int) -> Self {
    Self(function: self.function ?? function, offset: self.offset ?? offset)
  }
}

extension TranslationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unresolvedImports(let imports):
      (imports.count == 1 ? "unresolved import:" : "\(imports.count) unresolved imports:")
        + imports.map { "\n  \($0)" }.joined()
    case .unsupported(let what, let location): "\(what) not supported yet\(location)"
    case .unfitForThreads(let what), .tooLarge(let what): what
    }
  }
}

extension TranslationError.Location: CustomStringConvertible {
  public var description: String {
    let function = function.map { " in function \($0.rawValue)" } ?? ""
    let offset = offset.map { " at offset 0x\(String($0, radix: 16))" } ?? ""
    return function + offset
  }
}

extension UnresolvedImport: CustomStringConvertible {
  public var description: String { "\(module).\(name): \(type)" }
}

extension ExternType: CustomStringConvertible {
  public var description: String {
    switch self {
    case .function(let type): "func \(type)"
    case .table(let type): "table \(type)"
    case .memory(let type): "memory \(type)"
    case .global(let type): "global \(type)"
    case .tag(let type): "tag \(type)"
    }
  }
}
