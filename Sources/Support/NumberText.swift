// Numbers and columns as text, for reports.

/// `value` with `digits` decimals; of what has too many digits for that, Swift's own shortest form.
public func fixed(_ value: Double, digits: Int) -> String {
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  guard let scaled = Int(exactly: (value * scale).rounded()) else { return "\(value)" }
  guard digits > 0 else { return String(scaled) }
  let fraction = String(scaled.magnitude % UInt(scale))
  let whole = String(scaled.magnitude / UInt(scale))
  return (scaled < 0 ? "-" : "") + whole + "." + String(repeating: "0", count: digits - fraction.count)
    + fraction
}

/// On the right of `width` columns.
public func padded(_ text: String, to width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}

extension String {
  /// On the left of `width` columns.
  public func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

/// `1 function`, `2 functions`.
public func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

/// `1.2 MB`, `34.0 kB`, `512 bytes`.
public func sizeText(_ bytes: Int) -> String {
  switch bytes {
  case ..<1000: counted(bytes, "byte")
  case ..<1_000_000: "\(fixed(Double(bytes) / 1e3, digits: 1)) kB"
  case ..<1_000_000_000: "\(fixed(Double(bytes) / 1e6, digits: 1)) MB"
  default: "\(fixed(Double(bytes) / 1e9, digits: 1)) GB"
  }
}
