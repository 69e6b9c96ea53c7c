internal import Support

/// A goal, and the figure of this run that says how far off it is.
public struct Bar: Codable, Hashable, Sendable {
  public var name: String
  /// Which section has what the figure was made of; nil if none measures it.
  public var section: String?
  /// Of limit and figure, as a section's.
  public var unit: String
  public var limit: Double
  /// The figure may not be above the limit, or else not below it.
  public var lessIsBetter = true
  /// Nil where it was not measured.
  public var value: Double?
  /// What the value is that of: the slowest program, say. Without a value: why there is none.
  public var detail: String?

  /// Nil where it was not measured.
  public var isMet: Bool? { value.map { lessIsBetter ? $0 <= limit : $0 >= limit } }
}

extension BenchmarkResults {
  static let barsTitle = "Bars"

  /// The goals with their figures; nil where there are none.
  func barsTable() -> Table? {
    guard let bars, !bars.isEmpty else { return nil }
    let rows = bars.map { bar in
      let unit = Unit(bar.unit)
      let limit = Table.Cell("\(bar.lessIsBetter ? "≤" : "≥") \(unit.text(bar.limit))")
      guard let value = bar.value, let isMet = bar.isMet else {
        return [
          Table.Cell(bar.name), limit, .missing(nil), Table.Cell("not measured", emphasis: .missing),
          bar.detail.map { Table.Cell($0) } ?? .missing(nil),
        ]
      }
      return [
        Table.Cell(bar.name), limit, Table.Cell(bar.figure(value, in: unit)),
        Table.Cell(isMet ? "met" : "missed", emphasis: isMet ? .best : .missed), Table.Cell(bar.detail ?? ""),
      ]
    }
    return Table(header: ["", "bar", "measured", "", "which"], rows: rows)
  }

  /// `12 met, 3 missed, 2 not measured`.
  var barsCaption: String {
    let verdicts = (bars ?? []).map(\.isMet)
    let counts: [(verdict: Bool?, word: String)] = [(true, "met"), (false, "missed"), (nil, "not measured")]
    return counts.compactMap { verdict, word in
      let count = verdicts.count { $0 == verdict }
      return count > 0 ? "\(count) \(word)" : nil
    }.joined(separator: ", ") + "."
  }
}

extension Bar {
  /// With as many digits as show on which side of the limit it lies.
  fileprivate func figure(_ value: Double, in unit: Unit) -> String {
    let text = unit.text(value)
    guard text == unit.text(limit), value != limit else { return text }
    return "\(text) (\(value < limit ? "just below" : "just above"))"
  }
}
