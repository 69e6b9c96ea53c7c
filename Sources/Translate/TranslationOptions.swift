public import IR
public import Support
public import WasmModule

/// What the driver decides about a translation.
public struct TranslationOptions: Sendable {
  /// In the `embedded` model imports stay imports, and nothing below about them is asked.
  public var model: ModelKind
  /// Host symbol of an imported function, or nil if the host has none of that name and type.
  public var resolveImport: @Sendable (_ module: ByteString, _ name: ByteString, _ type: FuncType) -> String?
  /// What the host has under the name of an imported table, memory or global; nil if nothing that fits.
  public var resolveState:
    @Sendable (_ module: ByteString, _ name: ByteString, _ type: ExternType) -> HostState?
  /// Imports that nothing resolves become functions that trap, and tables, memories and globals of the
  /// import's type that hold zeros. Otherwise they are errors.
  public var stubImports: Bool
  /// Functions charge for what they execute, and trap when nothing is left.
  public var countsFuel: Bool
  /// Function bodies translated at the same time.
  public var jobs: Int

  public init(
    model: ModelKind = .static, stubImports: Bool = false, countsFuel: Bool = false, jobs: Int = 1,
    resolveImport: @escaping @Sendable (ByteString, ByteString, FuncType) -> String? = { _, _, _ in nil },
    resolveState: @escaping @Sendable (ByteString, ByteString, ExternType) -> HostState? = { _, _, _ in nil }
  ) {
    self.model = model
    self.stubImports = stubImports
    self.countsFuel = countsFuel
    self.jobs = jobs
    self.resolveImport = resolveImport
    self.resolveState = resolveState
  }
}

/// State that the host gives to an importing module. The static model has one instance in the program, so
/// what it imports is made part of it.
public enum HostState: Sendable {
  case global(Constant)
  /// Limits of the memory or table that the host would hand over.
  case memory(Limits)
  case table(Limits)
}
