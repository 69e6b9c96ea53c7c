internal import Support

/// A line for each row, with a mark for each series on it: many values of the same kind, on a logarithmic axis.
struct DotPlot {
  struct Row {
    var label: String
    /// By series; nil where there is none.
    var values: [Double?]
    /// What is said of a value, by series.
    var tips: [String?]
  }

  var series: [(name: String, color: Int)]
  var rows: [Row]
  /// What is 1 on the axis, where values are ratios.
  var baseline: String?
  /// How a value on the axis is called.
  var tick: (Double) -> String
  var description: String

  private static let (width, pitch) = (900.0, 24.0)

  func svg() -> SVG {
    let labelWidth = SVG.labelWidth(rows.map(\.label))
    let (left, right) = (labelWidth + 16, Self.width - 26)
    let legend = legend(from: left)
    let top = legend.height + 24
    let bottom = top + Double(rows.count) * Self.pitch
    let values = rows.flatMap { $0.values.compactMap { $0 } }
    let scale = Scale.logarithmic(
      around: baseline == nil ? values : values + [1], range: left...right)
    var svg = SVG(width: Self.width, height: bottom + 22, description: description)
    for entry in legend.entries {
      svg.marker(entry.series, x: entry.x + 6, y: entry.y - 4.5)
      svg.text(entry.x + 16, entry.y, entry.text)
    }
    for index in stride(from: 0, to: rows.count, by: 2) {
      svg.rectangle(
        x: left - 8, y: top + Double(index) * Self.pitch, width: right - left + 16, height: Self.pitch,
        style: "band")
    }
    for value in scale.ticks(9) {
      let x = scale.position(value)
      svg.line(from: (x, top), to: (x, bottom), style: "rule")
      svg.text(x, bottom + 15, tick(value), anchor: .middle, style: "faint")
    }
    if let baseline {
      let x = scale.position(1)
      svg.line(from: (x, top - 4), to: (x, bottom), style: "axis")
      // Not beyond the edge.
      svg.text(
        max(x, left + 20), top - 8, SVG.fitted(baseline, width: 200) + " = 1", anchor: .middle, style: "faint"
      )
    }
    for (index, row) in rows.enumerated() {
      let y = top + (Double(index) + 0.5) * Self.pitch
      svg.text(labelWidth, y + 4.5, SVG.fitted(row.label, width: SVG.widestLabel), anchor: .end)
      // A little apart: marks at one place would hide each other. The first series lies on top.
      let step = min(3, 15 / Double(max(1, series.count)))
      for (index, value) in row.values.enumerated().reversed() {
        guard let value, value > 0 else { continue }
        let offset = (Double(index) - Double(series.count - 1) / 2) * step
        svg.marker(series[index].color, x: scale.position(value), y: y + offset, tip: row.tips[index])
      }
    }
    return svg
  }

  private func legend(from left: Double) -> (
    entries: [(series: Int, x: Double, y: Double, text: String)], height: Double
  ) {
    var entries: [(series: Int, x: Double, y: Double, text: String)] = []
    var (x, y) = (left, 16.0)
    for (name, color) in series {
      let text = SVG.fitted(name, width: 220)
      let width = SVG.width(of: text) + 34
      if x + width > Self.width, x > left { (x, y) = (left, y + 20) }
      entries.append((color, x, y, text))
      x += width
    }
    return (entries, y + 4)
  }
}
