internal import Support

/// How far the runs lie from their median, in percent: a box for the middle half, whiskers to the ends, a dot a run.
struct SpreadPlot {
  struct Row {
    var label: String
    var measurement: Measurement
    var series: Int
  }

  var rows: [Row]
  var description: String

  private static let (width, pitch, thickness) = (900.0, 34.0, 16.0)

  /// Percent from the median.
  private func deviation(_ value: Double, _ row: Row) -> Double {
    let median = row.measurement.median
    return median == 0 ? 0 : (value / median - 1) * 100
  }

  func svg() -> SVG {
    let labelWidth = SVG.labelWidth(rows.map(\.label))
    let (left, right, top) = (labelWidth + 16, Self.width - 26, 6.0)
    let bottom = top + Double(rows.count) * Self.pitch
    let ends = rows.flatMap { [deviation($0.measurement.min, $0), deviation($0.measurement.max, $0)] }
    let low = min(-1, ends.min() ?? 0)
    let high = max(1, ends.max() ?? 0)
    let margin = (high - low) * 0.03
    let scale = Scale(kind: .linear, domain: (low - margin)...(high + margin), range: left...right)
    var svg = SVG(width: Self.width, height: bottom + 22, description: description)
    for tick in scale.ticks(7) {
      let x = scale.position(tick)
      svg.line(from: (x, top), to: (x, bottom), style: "rule")
      svg.text(
        x, bottom + 15, (tick > 0 ? "+" : "") + ratioTick(tick) + " %", anchor: .middle, style: "faint")
    }
    svg.line(from: (scale.position(0), top), to: (scale.position(0), bottom), style: "axis")
    for (index, row) in rows.enumerated() {
      let y = top + (Double(index) + 0.5) * Self.pitch
      svg.text(labelWidth, y + 4.5, SVG.fitted(row.label, width: SVG.widestLabel), anchor: .end)
      let quartiles = row.measurement.quartiles
      let (lower, upper) = (
        scale.position(deviation(quartiles.lower, row)), scale.position(deviation(quartiles.upper, row))
      )
      let (least, greatest) = (
        scale.position(deviation(row.measurement.min, row)),
        scale.position(deviation(row.measurement.max, row))
      )
      let style = "series\(row.series % PlotStyle.seriesCount)"
      svg.line(from: (least, y), to: (greatest, y), style: "whisker")
      for x in [least, greatest] { svg.line(from: (x, y - 5), to: (x, y + 5), style: "whisker") }
      svg.rectangle(
        x: lower, y: y - Self.thickness / 2, width: max(upper - lower, 1), height: Self.thickness,
        style: style + " box", tip: "\(row.label): \(row.measurement.runs) runs")
      let median = scale.position(0)
      svg.line(from: (median, y - Self.thickness / 2), to: (median, y + Self.thickness / 2), style: "median")
      // More of them say no more than the box.
      for sample in (row.measurement.samples ?? []).prefix(100) {
        svg.rectangle(
          x: scale.position(deviation(sample, row)) - 1.5, y: y + Self.thickness / 2 + 1, width: 3, height: 3,
          style: style + " sample")
      }
    }
    return svg
  }
}
