import IR
import Linker
public import Support
public import Translate
public import WasmModule

/// What a program may import: functions by their linker symbols, and (for tests) state.
public struct HostEnvironment: Sendable {
  var resolveImport: @Sendable (ByteString, ByteString, FuncType) -> String?
  var resolveState: @Sendable (ByteString, ByteString, ExternType) -> HostState?

  public init(
    function: @escaping @Sendable (ByteString, ByteString, FuncType) -> String?,
    state: @escaping @Sendable (ByteString, ByteString, ExternType) -> HostState? = { _, _, _ in nil }
  ) {
    resolveImport = function
    resolveState = state
  }

  /// WASI preview 1 and its predecessor, and wasi-threads, as the runtime implements them.
  public static let wasi = HostEnvironment(
    function: { module, name, type in
      guard let function = HostFunctions.find(module: module, name: name), function.type == type else {
        return nil
      }
      return function.symbol
    },
    // Modules for wasi-threads import their memory, so that a host can give the same one to the instance of each
    // thread. Here it is the program's own, whatever it is called.
    state: { _, _, type in
      if case .memory(let memory) = type, memory.isShared { .memory(memory.limits) } else { nil }
    })

  func translationOptions(model: ModelKind, stubsImports: Bool, countsFuel: Bool, jobs: Int)
    -> TranslationOptions
  {
    TranslationOptions(
      model: model, stubImports: stubsImports, countsFuel: countsFuel, jobs: jobs,
      resolveImport: resolveImport,
      resolveState: resolveState)
  }
}

extension HostFunction {
  /// The same type in the module's terms.
  var type: FuncType {
    FuncType(params: params.map(\.valType), results: results.map(\.valType))
  }
}

extension HostValueType {
  fileprivate var valType: ValType {
    switch self {
    case .i32: .i32
    case .i64: .i64
    }
  }
}
