internal import Support

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// An axis: values to positions.
struct Scale {
  enum Kind { case linear, logarithmic }
  var kind: Kind
  var domain: ClosedRange<Double>
  var range: ClosedRange<Double>

  /// From zero to a little more than the largest value.
  static func fromZero(to largest: Double, range: ClosedRange<Double>) -> Scale {
    Scale(kind: .linear, domain: 0...(largest > 0 && largest.isFinite ? largest : 1), range: range)
  }

  /// Around values that are all positive. No two ends are the same.
  static func logarithmic(around values: some Sequence<Double>, range: ClosedRange<Double>) -> Scale {
    var (low, high) = (Double.infinity, 0.0)
    for value in values where value > 0 && value.isFinite {
      low = min(low, value)
      high = max(high, value)
    }
    if low > high { (low, high) = (1, 1) }
    let margin = max(1.02, pow(high / low, 0.03))
    // Denormal numbers and the largest have no room around them.
    low = max(low / margin, 1e-300)
    high = min(max(high * margin, low * 1.0001), 1e300)
    return Scale(kind: .logarithmic, domain: low...max(low, high), range: range)
  }

  func position(_ value: Double) -> Double {
    let value = min(max(value, domain.lowerBound), domain.upperBound)
    let part =
      switch kind {
      case .linear: (value - domain.lowerBound) / (domain.upperBound - domain.lowerBound)
      case .logarithmic: log(value / domain.lowerBound) / log(domain.upperBound / domain.lowerBound)
      }
    return range.lowerBound + (part.isFinite ? part : 0) * (range.upperBound - range.lowerBound)
  }

  /// Round values, at most about `count` of them.
  func ticks(_ count: Int = 8) -> [Double] {
    switch kind {
    case .linear: linearTicks(count)
    case .logarithmic: logarithmicTicks(count)
    }
  }

  private func linearTicks(_ count: Int) -> [Double] {
    let rough = (domain.upperBound - domain.lowerBound) / Double(count)
    guard rough > 0, rough.isFinite else { return [] }
    let power = pow(10, log10(rough).rounded(.down))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? rough
    let first = (domain.lowerBound / step).rounded(.up)
    // Multiples, not sums: these keep their round values.
    return (0...count + 1).map { (first + Double($0)) * step }.filter { $0 <= domain.upperBound * 1.0001 }
  }

  private func logarithmicTicks(_ count: Int) -> [Double] {
    let decades = Int(log10(domain.lowerBound).rounded(.down))...Int(log10(domain.upperBound).rounded(.up))
    let ladders: [[Double]] = [
      [1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9],
      [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8],
      [1, 1.5, 2, 3, 5, 7], [1, 2, 5], [1],
    ]
    var ticks: [Double] = []
    for ladder in ladders {
      ticks = decades.flatMap { decade in
        // Divided where the power is negative: 2 / 10 is the number that 0.2 is.
        ladder.map { decade < 0 ? $0 / pow(10, Double(-decade)) : $0 * pow(10, Double(decade)) }
      }.filter { domain.contains($0) }
      if ticks.count <= count { return ticks }
    }
    let every = (ticks.count + count - 1) / count
    return ticks.enumerated().filter { $0.offset.isMultiple(of: every) }.map(\.element)
  }
}
