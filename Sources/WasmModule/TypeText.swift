// Types for people: in error messages, `inspect` and reports. Short forms of the text format.

extension HeapType: CustomStringConvertible {
  public var description: String {
    switch self {
    case .funcref: "func"
    case .externref: "extern"
    case .any: "any"
    case .eq: "eq"
    case .i31: "i31"
    case .structref: "struct"
    case .array: "array"
    case .exn: "exn"
    case .none: "none"
    case .nofunc: "nofunc"
    case .noextern: "noextern"
    case .noexn: "noexn"
    case .bottom: "any reference"
    default: "\(code)"
    }
  }
}

extension ValType: CustomStringConvertible {
  public var description: String {
    switch self {
    case .i32: "i32"
    case .i64: "i64"
    case .f32: "f32"
    case .f64: "f64"
    case .v128: "v128"
    case .funcref: "funcref"
    case .externref: "externref"
    case .exnref: "exnref"
    case .bottom: "any type"
    default: isNullable ? "(ref null \(heapType))" : "(ref \(heapType))"
    }
  }
}

extension FuncType: CustomStringConvertible {
  /// `(i32, i64) -> f32`; several results in parentheses too.
  public var description: String {
    let list = { (types: [ValType]) in "(" + types.map(\.description).joined(separator: ", ") + ")" }
    return list(params) + " -> " + (results.count == 1 ? results[0].description : list(results))
  }
}

extension Limits: CustomStringConvertible {
  /// `1` or `1 2`
  public var description: String { "\(minimum)" + (maximum.map { " \($0)" } ?? "") }
}

extension MemType: CustomStringConvertible {
  public var description: String {
    (address == .i64 ? "i64 " : "") + "\(limits)" + (isShared ? " shared" : "")
      + (pageSizeLog2 == 16 ? "" : " (pagesize \(1 << UInt64(pageSizeLog2)))")
  }
}

extension TableType: CustomStringConvertible {
  public var description: String { (address == .i64 ? "i64 " : "") + "\(limits) \(element)" }
}

extension GlobalType: CustomStringConvertible {
  public var description: String { isMutable ? "(mut \(type))" : "\(type)" }
}
