#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// The value below which the part `fraction` of the values lies; between two of them in proportion.
///
/// - Precondition: there is at least one value.
public func quantile(_ fraction: Double, ofSorted values: [Double]) -> Double {
  let position = fraction * Double(values.count - 1)
  let below = Int(position)
  let above = min(below + 1, values.count - 1)
  // Not a sum of parts: equal values stay what they are.
  return values[below] + (values[above] - values[below]) * (position - Double(below))
}

/// Nil where there is none: no values, or one that is not positive.
public func geometricMean(_ values: some Collection<Double>) -> Double? {
  guard !values.isEmpty, values.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
  return exp(values.reduce(0) { $0 + log($1) } / Double(values.count))
}

extension Measurement {
  /// The middle half of the samples; the whole range where there are only its ends.
  public var quartiles: (lower: Double, upper: Double) {
    guard let samples, !samples.isEmpty else { return (min, max) }
    let sorted = samples.sorted()
    return (quantile(0.25, ofSorted: sorted), quantile(0.75, ofSorted: sorted))
  }
}

extension Section.Row {
  /// The medians' ratio; nil where one is missing, or is nothing to divide by.
  public func ratio(of column: String, to baseline: String) -> Double? {
    guard let value = values[column]?.median, let base = values[baseline]?.median, value > 0, base > 0 else {
      return nil
    }
    let ratio = value / base
    return ratio.isFinite && ratio > 0 ? ratio : nil
  }
}

extension Section {
  /// A mean over the rows in which a column can be compared with the baseline.
  public struct Mean: Hashable, Sendable {
    public var column: String
    public var ratio: Double
    public var rows: Int
    /// Those in which the baseline has a value: the mean says less where `rows` is less.
    public var ofRows: Int
    public var isComplete: Bool { rows == ofRows }
  }

  /// The geometric mean of each column's ratios to the baseline, in the order of the columns; empty where none is
  /// asked for.
  public func geometricMeans() -> [Mean] {
    guard geomeanOf != nil, let baseline, rows.count > 1 else { return [] }
    let ofRows = rows.count { $0.values[baseline] != nil }
    return columns.compactMap { column in
      let ratios = rows.compactMap { $0.ratio(of: column, to: baseline) }
      return geometricMean(ratios).map {
        Mean(column: column, ratio: $0, rows: ratios.count, ofRows: ofRows)
      }
    }
  }
}
