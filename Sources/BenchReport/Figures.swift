internal import Support

// Measured values as people read them: three digits and a unit that suits them.

/// `1.23`, `12.3`, `123`, `12345`.
func digits(_ value: Double) -> String {
  let magnitude = value.magnitude
  if value == 0 || magnitude >= 99.95 { return fixed(value, digits: 0) }
  if magnitude >= 9.995 { return fixed(value, digits: 1) }
  if magnitude >= 0.0995 { return fixed(value, digits: 2) }
  return fixed(value, digits: 4)
}

/// `1.05`, `12.3`, `123`, `0.029`.
public func ratioText(_ ratio: Double) -> String {
  ratio < 0.00995 ? digits(ratio) : ratio < 0.0995 ? fixed(ratio, digits: 3) : digits(ratio)
}

/// What the numbers of a section are measured in.
public struct Unit: Hashable, Sendable {
  public var name: String
  public init(_ name: String) { self.name = name }

  /// The larger units of one that is scaled: what makes one of them, and what it is called.
  private static let scaled: [String: [(factor: Double, name: String)]] = [
    "s": [(1, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")],
    "bytes": [(1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1, "bytes")],
  ]

  /// `12.3 ms`, `1.2 MB`, `340 MB/s`.
  public func text(_ value: Double) -> String {
    let (factor, name) = scale(for: value)
    let number = name == "bytes" ? fixed(value, digits: 0) : digits(value / factor)
    return name.isEmpty ? number : "\(number) \(name)"
  }

  /// The factor and name that suit a value; for axes, that of their largest.
  func scale(for value: Double) -> (factor: Double, name: String) {
    guard let scales = Self.scaled[name] else { return (1, name == "ratio" ? "" : name) }
    // What rounds up to the next unit belongs to it.
    let magnitude = value == 0 ? 1 : value.magnitude
    return scales.first { magnitude >= $0.factor * 0.9995 } ?? scales[scales.count - 1]
  }

  /// `12.3 ms (12.1–13.0)`: the median, and from where to where.
  func text(_ value: Measurement) -> String {
    guard value.runs > 1, value.min < value.max else { return text(value.median) }
    let (factor, _) = scale(for: value.median)
    return "\(text(value.median)) (\(digits(value.min / factor))–\(digits(value.max / factor)))"
  }
}
