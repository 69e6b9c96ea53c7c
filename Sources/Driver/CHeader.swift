import IR
import LLVMBackend
import Support

/// The C header of a module for hosts: its descriptor, and a typed function for each that it exports. Valid as C11
/// and C++17.
struct CHeader {
  private let module: IR.Module
  private let name: String
  private let file: String

  /// `file` is named in the header.
  init(of module: IR.Module, named name: CIdentifier, file: String) {
    self.module = module
    self.name = name.text
    self.file = file
  }

  var text: String {
    let interface = interfaceHash(of: module)
    let guardName = "\(name)_WASM_H"
    return """
      // \(Self.comment(Array(file.utf8))), compiled by wasmaot \(Version.wasmaot). Generated: do not edit.
      #ifndef \(guardName)
      #define \(guardName)

      #include <string.h>
      #include <wasmaot.h>

      #ifdef __cplusplus
      extern "C" {
      #endif

      // For wasmaot_module_load.
      extern const wasmaot_code \(name)_wasm;
      // Names the imports and exports with their types. A call from here into a module of another interface is an
      // error.
      #define \(name)_WASM_INTERFACE UINT64_C(0x\(String(interface, radix: 16)))
      \(imports)\(exports)
      #ifdef __cplusplus
      }
      #endif

      #endif

      """
  }

  // MARK: - Lists

  private var imports: String {
    if module.imports.isEmpty { return "\n// No imports.\n" }
    let lines = module.imports.enumerated().map { index, entry in
      "//   \(index) \(Self.comment(entry.module.bytes)) \(Self.comment(entry.name.bytes)): \(description(entry.item))\n"
    }
    return "\n// Imports, in the order of wasmaot_instance_new:\n" + lines.joined()
  }

  private var exports: String {
    var text = ""
    for (index, export) in module.exports.enumerated() {
      text += "\n// Export \(index) \(Self.comment(export.name.bytes)): \(description(export.item))\n"
      if let function = export.function { text += prototype(of: function, export, index) }
    }
    return text
  }

  /// The name of an exported function in C: `NAME_` and the export's, which must not be one of the header's own.
  private func identifier(_ export: ByteString) -> String {
    let mangled = CIdentifier.mangled(export)
    guard ["wasm", "WASM_H", "WASM_INTERFACE"].contains(mangled) else { return "\(name)_\(mangled)" }
    return "\(name)_\(CIdentifier.escaped(mangled.utf8.first!))\(mangled.dropFirst())"
  }

  private func prototype(of function: FunctionID, _ export: Export, _ index: Int) -> String {
    let signature = module.signatures[module.functions[function].signature]
    let results = signature.results.indices.map { signature.results.count == 1 ? "result" : "result\($0)" }
    let parameters =
      ["wasmaot_instance *instance"]
      + signature.params.enumerated().map { $1.parameter("p\($0)") }
      + zip(signature.results, results).map { $0.result($1) }
    let count = max(signature.params.count, signature.results.count, 1)
    var body = "  wasmaot_val values[\(count)];\n"
    for (position, type) in signature.params.enumerated() {
      body += "  \(type.store("p\(position)", in: "values[\(position)]"))\n"
    }
    func letters(_ types: [Type]) -> String { types.map(\.preciseText).joined() }
    let type = "\(letters(signature.params))>\(letters(signature.results))"
    let call = "wasmaot_instance_call(instance, \(name)_WASM_INTERFACE, \(index), \"\(type)\", values)"
    if results.isEmpty {
      body += "  return \(call);\n"
    } else {
      body += "  wasmaot_error *error = \(call);\n  if (!error) {\n"
      for (position, (type, result)) in zip(signature.results, results).enumerated() {
        body += "    \(type.load(result, from: "values[\(position)]"))\n"
      }
      body += "  }\n  return error;\n"
    }
    return """
      static inline wasmaot_error *\(identifier(export.name))(\(parameters.joined(separator: ", "))) {
      \(body)}

      """
  }

  // MARK: - Text

  private func description(_ item: ExternItem) -> String {
    switch item {
    case .function(let id):
      let signature = module.signatures[module.functions[id].signature]
      return "function (\(list(signature.params))) -> (\(list(signature.results)))"
    case .table(let id):
      let table = module.tables[id]
      return "table of \(table.element.name), \(limits(table.minimum, table.maximum)) entries"
    case .memory(let id):
      let memory = module.memories[id]
      let shared = memory.isShared ? "shared " : ""
      return "\(shared)memory, \(limits(memory.minimum, memory.maximum)) pages"
    case .global(let id):
      let global = module.globals[id]
      return "\(global.isMutable ? "mutable " : "")global \(global.type.name)"
    case .tag(let id): return "tag (\(list(module.signatures[module.tags[id].signature].params)))"
    }
  }

  private func list(_ types: [Type]) -> String { types.map(\.name).joined(separator: ", ") }

  private func limits(_ minimum: UInt64, _ maximum: UInt64?) -> String {
    "\(minimum) to \(maximum.map { "\($0)" } ?? "any number of")"
  }

  /// A name as it can stand in a comment: it may hold line breaks, or a backslash that would join the next line.
  static func comment(_ name: [UInt8]) -> String {
    var text = "\""
    for byte in name {
      let isPlain = byte >= 0x20 && byte < 0x7F && ![UInt8(ascii: "\\"), UInt8(ascii: "?")].contains(byte)
      text += isPlain ? String(UnicodeScalar(byte)) : CIdentifier.escaped(byte)
    }
    return text + "\""
  }
}

extension Type {
  /// The member of `wasmaot_val`.
  private var member: String {
    switch self {
    case .i32, .i64, .f32, .f64, .v128, .funcref, .externref, .exnref: name
    }
  }

  private var cType: String {
    switch self {
    case .i32: "int32_t "
    case .i64: "int64_t "
    case .f32: "float "
    case .f64: "double "
    case .v128: "uint8_t "
    case .funcref: "const wasmaot_func *"
    case .externref: "void *"
    case .exnref: "wasmaot_exception *"
    }
  }

  fileprivate func parameter(_ name: String) -> String {
    self == .v128 ? "const uint8_t \(name)[16]" : cType + name
  }

  fileprivate func result(_ name: String) -> String {
    self == .v128 ? "uint8_t \(name)[16]" : "\(cType)*\(name)"
  }

  fileprivate func store(_ parameter: String, in value: String) -> String {
    self == .v128 ? "memcpy(\(value).v128, \(parameter), 16);" : "\(value).\(member) = \(parameter);"
  }

  fileprivate func load(_ result: String, from value: String) -> String {
    self == .v128 ? "memcpy(\(result), \(value).v128, 16);" : "*\(result) = \(value).\(member);"
  }
}
