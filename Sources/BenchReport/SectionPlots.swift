internal import Support

/// A plot of a section, and what stands above it.
struct Plot {
  /// For file names: unique in its section.
  enum Name: String, CaseIterable {
    case bars, spread, means, rows
  }
  var name: Name
  var caption: String
  var svg: SVG
}

extension Section {
  /// What shows a section best: bars for one row (and the spread of its runs), else the means as bars and all rows as
  /// dots.
  ///
  /// - Parameter names: all columns of a report, so that each has one colour in all of its plots.
  func plots(colorsOf names: [String]) -> [Plot] {
    let plotter = SectionPlotter(section: self, names: names)
    return switch rows.count {
    case 0: []
    case 1: [plotter.bars(of: rows[0])] + [plotter.spread(of: rows[0])].compactMap { $0 }
    default: [plotter.means(), plotter.dots()].compactMap { $0 }
    }
  }
}

private struct SectionPlotter {
  let section: Section
  let names: [String]

  private var columns: [String] { section.columns }
  private var title: String { section.title }
  private var baseline: String? { section.baseline }

  private var direction: String { section.lessIsBetter ? "less is better" : "more is better" }

  private func series(_ column: String) -> Int { names.firstIndex(of: column) ?? 0 }

  func bars(of row: Section.Row) -> Plot {
    let unit = Unit(section.unit)
    let bars = columns.compactMap { column -> BarPlot.Bar? in
      guard let value = row.values[column] else {
        let reason = row.missing?[column]
        return reason.map { .init(label: column, text: $0, series: series(column)) }
      }
      return .init(
        label: column, value: value.median, spread: value.min...value.max,
        text: text(value, of: column, in: row),
        tip: "\(column): \(unit.text(value)), \(value.runs) \(value.runs == 1 ? "run" : "runs")",
        series: series(column))
    }
    let plot = BarPlot(bars: bars, axis: .fromZero, description: "\(title): \(direction)")
    return Plot(name: .bars, caption: direction, svg: plot.svg())
  }

  private func text(_ value: Measurement, of column: String, in row: Section.Row) -> String {
    let text = Unit(section.unit).text(value.median)
    guard let baseline, column != baseline, let ratio = row.ratio(of: column, to: baseline) else {
      return text
    }
    return "\(text) (× \(ratioText(ratio)))"
  }

  func spread(of row: Section.Row) -> Plot? {
    let rows = columns.compactMap { column -> SpreadPlot.Row? in
      guard let value = row.values[column], value.runs > 2, value.median > 0 else { return nil }
      return .init(label: column, measurement: value, series: series(column))
    }
    guard !rows.isEmpty else { return nil }
    let plot = SpreadPlot(rows: rows, description: "\(title): how far the runs are from their median")
    return Plot(
      name: .spread, caption: "spread of the runs around their median: middle half, range, and each run",
      svg: plot.svg())
  }

  func means() -> Plot? {
    guard let baseline, let geomeanOf = section.geomeanOf else { return nil }
    let means = section.geometricMeans().filter { $0.column != baseline }
    guard !means.isEmpty else { return nil }
    // A mean over some of the rows is none to rank by: those come last.
    let sorted = means.sorted {
      guard $0.isComplete == $1.isComplete else { return $0.isComplete }
      return section.lessIsBetter ? $0.ratio < $1.ratio : $0.ratio > $1.ratio
    }
    let bars = sorted.map { mean in
      BarPlot.Bar(
        label: mean.column, value: mean.ratio,
        text: ratioText(mean.ratio) + (mean.isComplete ? "" : ", \(mean.rows) of \(mean.ofRows)"),
        tip: "\(mean.column): \(ratioText(mean.ratio)), over \(mean.rows) of \(mean.ofRows)",
        series: series(mean.column))
    }
    let plot = BarPlot(
      bars: bars, axis: .ratio(baseline: baseline), description: "\(title), geometric means: \(direction)")
    return Plot(name: .means, caption: "geometric means, \(geomeanOf), \(direction)", svg: plot.svg())
  }

  func dots() -> Plot? {
    let unit = Unit(section.unit)
    let shown = columns.filter { $0 != baseline }
    guard !shown.isEmpty else { return nil }
    let lines = section.rows.map { row in
      DotPlot.Row(
        label: row.name,
        values: shown.map { column in
          baseline.map { row.ratio(of: column, to: $0) } ?? row.values[column]?.median
        },
        tips: shown.map { column in
          row.values[column].map { value in
            let ratio =
              baseline.flatMap { row.ratio(of: column, to: $0) }.map { " (× \(ratioText($0)))" } ?? ""
            return "\(row.name), \(column): \(unit.text(value))\(ratio)"
          }
        })
    }
    let plot = DotPlot(
      series: shown.map { ($0, series($0)) }, rows: lines, baseline: baseline,
      tick: { baseline == nil ? unit.text($0) : ratioTick($0) },
      description: "\(title), by row: \(direction)")
    let what = baseline.map { "ratio to \($0)" } ?? title
    return Plot(name: .rows, caption: "\(what), \(direction)", svg: plot.svg())
  }
}
