import IR
import Support
import WasmModule

/// What the translators of single bodies know of the module; shared by all threads. A class, so that handing it
/// to a translator counts one reference and not one for each array.
final class ModuleContext: Sendable {
  let module: WasmModule.Module
  /// One signature a canonical type, in the order of their first type.
  let signatures: PrimaryMap<SignatureID, Signature>
  private let signatureOfType: [SignatureID]
  let branchHints: BranchHintSection
  private let model: ModelKind
  let countsFuel: Bool

  init(_ module: WasmModule.Module, model: ModelKind = .static, countsFuel: Bool = false)
    throws(TranslationError)
  {
    self.model = model
    self.countsFuel = countsFuel
    var signatures = PrimaryMap<SignatureID, Signature>()
    var variants: [Signature: UInt32] = [:]
    for index in module.types.canonicalTypes.values {
      guard case .function(let type) = module.types.types[index].composite else {
        throw .unsupported("struct and array types are", .init())
      }
      var signature = Signature(
        params: try Self.irTypes(type.params), results: try Self.irTypes(type.results))
      let variant = variants[signature, default: 0]
      variants[signature] = variant + 1
      signature.variant = variant
      let known = signature.preciseTypes
      let precise = PreciseTypes(
        params: PreciseText.of(type.params, in: module), results: PreciseText.of(type.results, in: module))
      if model == .embedded, precise != known { signature.precise = precise }
      signatures.append(signature)
    }
    self.module = module
    branchHints = BranchHintSection(module)
    self.signatures = signatures
    signatureOfType = module.types.types.ids.map {
      SignatureID(rawValue: module.types.canonical($0).rawValue)
    }
  }

  func signature(of type: TypeIdx) -> SignatureID { signatureOfType[type.index] }
  func signature(of tag: TagIdx) -> SignatureID { signature(of: module.tags[tag].type) }
  func signature(of function: FuncIdx) -> SignatureID { signature(of: module.functions[function].type) }

  /// Calls may end in an exception. A program's host throws none, so that there is none without a tag.
  var hasExceptions: Bool { module.tags.count > 0 || model == .embedded }

  /// Nil where the IR's type says as much.
  func preciseText(of type: ValType) -> String? {
    guard model == .embedded, let irType = try? Self.irType(type) else { return nil }
    let text = PreciseText.of([type], in: module)
    return text == irType.preciseText ? nil : text
  }

  // MARK: - Types

  static func irTypes(_ types: [ValType]) throws(TranslationError) -> [Type] {
    var result: [Type] = []
    result.reserveCapacity(types.count)
    for type in types { result.append(try irType(type)) }
    return result
  }

  static func irType(_ type: ValType) throws(TranslationError) -> Type {
    switch type {
    case .i32: return .i32
    case .i64: return .i64
    case .f32: return .f32
    case .f64: return .f64
    case .v128: return .v128
    default:
      if type.isReference, let reference = irType(of: type.heapType) { return reference }
      throw .unsupported("values of type \(type) are", .init())
    }
  }

  static func irType(of heap: HeapType) -> Type? {
    switch heap {
    case .funcref, .nofunc: .funcref
    case .externref, .noextern: .externref
    case .exn, .noexn: .exnref
    // `init` has refused all concrete types that are not functions.
    default: heap.typeIndex == nil ? nil : .funcref
    }
  }

  func externType(of desc: ExternDesc) -> ExternType {
    switch desc {
    case .function(let function): .function(module.type(of: function))
    case .table(let table): .table(module.tables[table].type)
    case .memory(let memory): .memory(module.memories[memory].type)
    case .global(let global): .global(module.globals[global].type)
    case .tag(let tag): .tag(module.types.functionType(module.tags[tag].type))
    }
  }
}

/// Types as other modules see them (`IR.PreciseTypes`).
private enum PreciseText {
  static func of(_ types: [ValType], in module: WasmModule.Module) -> String {
    types.map { of($0, in: module) }.joined()
  }

  private static func of(_ type: ValType, in module: WasmModule.Module) -> String {
    guard type.isReference, let irType = ModuleContext.irType(of: type.heapType) else {
      return (try? ModuleContext.irType(type))?.preciseText ?? ""
    }
    if let index = type.heapType.typeIndex {
      let signature = module.types.canonical(index).rawValue
      return type.isNullable ? "(\(signature))" : "[\(signature)]"
    }
    return type.isNullable ? irType.preciseText : irType.preciseText.uppercased()
  }
}
