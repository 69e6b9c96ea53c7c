import Support
import Translate
import WasmModule

/// Types in the words of the text format.

extension ValType {
  var text: String {
    switch self {
    case .i32: return "i32"
    case .i64: return "i64"
    case .f32: return "f32"
    case .f64: return "f64"
    case .v128: return "v128"
    case .funcref: return "funcref"
    case .externref: return "externref"
    default: break
    }
    return "(ref \(isNullable ? "null " : "")\(heapType.text))"
  }
}

extension HeapType {
  fileprivate var text: String {
    let names: [HeapType: String] = [
      .funcref: "func", .externref: "extern", .any: "any", .eq: "eq", .i31: "i31", .structref: "struct",
      .array: "array", .exn: "exn", .none: "none", .nofunc: "nofunc", .noextern: "noextern", .noexn: "noexn",
    ]
    return names[self] ?? String(code)
  }
}

extension FuncType {
  /// `(func (param i32 i64) (result i32))`
  var text: String {
    func list(_ keyword: String, _ types: [ValType]) -> String {
      types.isEmpty ? "" : " (\(keyword) \(types.map(\.text).joined(separator: " ")))"
    }
    return "(func\(list("param", params))\(list("result", results)))"
  }
}

extension Limits {
  var text: String { "\(minimum)" + (maximum.map { " \($0)" } ?? "") }
}

extension MemType {
  /// `(memory i64 1 2 shared)`
  var text: String { "(memory \(address == .i64 ? "i64 " : "")\(limits.text)\(isShared ? " shared" : ""))" }
}

extension TableType {
  var text: String { "(table \(address == .i64 ? "i64 " : "")\(limits.text) \(element.text))" }
}

extension GlobalType {
  var text: String { isMutable ? "(global (mut \(type.text)))" : "(global \(type.text))" }
}

extension ExternType {
  var text: String {
    switch self {
    case .function(let type): type.text
    case .table(let type): type.text
    case .memory(let type): type.text
    case .global(let type): type.text
    case .tag(let type): "(tag" + type.text.dropFirst("(func".count)
    }
  }
}
