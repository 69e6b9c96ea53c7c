import WasmModule

// Arguments and results of `--invoke` on the command line, as `runtime-c/src/invoke.c` reads and prints them.

enum InvokeValues {
  /// An argument's slots, nil if it is no value of the type.
  static func parse(_ text: String, _ type: ValType) -> [UInt64]? {
    switch type {
    case .i32: integer(text, bits: 32).map { [$0] }
    case .i64: integer(text, bits: 64).map { [$0] }
    case .v128: integer(text, bits: 64).map { [$0, 0] }
    case .f32: Float(text).map { [UInt64($0.bitPattern)] }
    case .f64: Double(text).map { [$0.bitPattern] }
    default: nil
    }
  }

  /// Decimal or 0x hexadecimal with an optional sign, signed or unsigned.
  private static func integer(_ text: String, bits: Int) -> UInt64? {
    var digits = text[...]
    let isNegative = digits.first == "-"
    if isNegative || digits.first == "+" { digits = digits.dropFirst() }
    var radix = 10
    if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
      radix = 16
      digits = digits.dropFirst(2)
    }
    guard let first = digits.first, first != "+", first != "-", let magnitude = UInt64(digits, radix: radix)
    else { return nil }
    let limit: UInt64 = isNegative ? 1 << (bits - 1) : UInt64.max >> (64 - bits)
    guard magnitude <= limit else { return nil }
    let value = isNegative ? 0 &- magnitude : magnitude
    return bits == 32 ? value & 0xFFFF_FFFF : value
  }

  /// A result's text; takes its slots.
  static func text(_ type: ValType, _ slots: inout ArraySlice<UInt64>) -> String {
    let low = slots.removeFirst()
    switch type {
    case .i32: return "\(Int32(truncatingIfNeeded: low))"
    case .i64: return "\(Int64(bitPattern: low))"
    case .f32: return text(Float(bitPattern: UInt32(truncatingIfNeeded: low)).description)
    case .f64: return text(Double(bitPattern: low).description)
    case .v128: return "\(UInt128(slots.removeFirst()) << 64 | UInt128(low))"
    default:
      let name =
        switch type.heapType {
        case .externref, .noextern: "externref"
        case .exn, .noexn: "exnref"
        default: "funcref"
        }
      return low == 0 ? "<null \(name)>" : "<\(name)>"
    }
  }

  /// Swift's shortest decimal that reads back as the same number, without an exponent.
  private static func text(_ description: String) -> String {
    if description.contains("nan") { return "NaN" }
    if description.contains("inf") { return description }
    let isNegative = description.hasPrefix("-")
    let parts = description.drop { $0 == "-" }.split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    var digits = String(mantissa[0]) + (mantissa.count > 1 ? mantissa[1] : "")
    var point = mantissa[0].count + (parts.count > 1 ? Int(parts[1])! : 0)
    while digits.count > 1, digits.hasPrefix("0") {
      digits.removeFirst()
      point -= 1
    }
    while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
    if digits == "0" { return isNegative ? "-0" : "0" }
    let text: String
    if point <= 0 {
      text = "0." + String(repeating: "0", count: -point) + digits
    } else if point >= digits.count {
      text = digits + String(repeating: "0", count: point - digits.count)
    } else {
      text = digits.prefix(point) + "." + digits.dropFirst(point)
    }
    return (isNegative ? "-" : "") + text
  }
}
