internal import Support

/// One bar for each of some things, with whiskers from the least to the greatest value, and the value in words behind it.
struct BarPlot {
  struct Bar {
    var label: String
    var value: Double?
    /// From the least to the greatest.
    var spread: ClosedRange<Double>?
    /// The value in words, or why there is none.
    var text: String
    var tip: String?
    /// Which colour.
    var series: Int
  }
  enum Axis {
    /// Bars begin at zero.
    case fromZero
    /// Bars begin at 1, to the left what is less: ratios.
    case ratio(baseline: String)
  }

  var bars: [Bar]
  var axis: Axis
  var description: String

  private static let (width, pitch, thickness) = (900.0, 28.0, 17.0)

  func svg() -> SVG {
    let labelWidth = SVG.labelWidth(bars.map(\.label))
    let textWidth = min(230, (bars.map { SVG.width(of: $0.text) }.max() ?? 0) + 14)
    let left = labelWidth + 12
    let right = Self.width - textWidth
    let top = if case .ratio = axis { 26.0 } else { 6.0 }
    let bottom = top + Double(bars.count) * Self.pitch
    let scale = scale(from: left, to: right)
    var svg = SVG(
      width: Self.width, height: bottom + (isRatio ? 22 : 4), description: description)

    if case .ratio(let baseline) = axis {
      for tick in scale.ticks(7) {
        let x = scale.position(tick)
        svg.line(from: (x, top), to: (x, bottom), style: "rule")
        svg.text(x, bottom + 15, ratioTick(tick), anchor: .middle, style: "faint")
      }
      svg.text(
        scale.position(1), 14, SVG.fitted(baseline, width: 200) + " = 1", anchor: .middle, style: "faint")
    }
    let origin = scale.position(isRatio ? 1 : 0)
    for (index, bar) in bars.enumerated() {
      let y = top + (Double(index) + 0.5) * Self.pitch
      svg.text(labelWidth, y + 4.5, SVG.fitted(bar.label, width: SVG.widestLabel), anchor: .end)
      guard let value = bar.value else {
        svg.text(left + 4, y + 4.5, SVG.fitted(bar.text, width: Self.width - left - 8), style: "gone")
        continue
      }
      let x = scale.position(value)
      svg.rectangle(
        x: min(origin, x), y: y - Self.thickness / 2, width: max(abs(x - origin), 1.5),
        height: Self.thickness,
        radius: 2, style: "series\(bar.series % PlotStyle.seriesCount)", tip: bar.tip)
      var end = max(x, origin)
      if let spread = bar.spread, scale.position(spread.upperBound) - scale.position(spread.lowerBound) >= 1 {
        let (low, high) = (scale.position(spread.lowerBound), scale.position(spread.upperBound))
        svg.line(from: (low, y), to: (high, y), style: "whisker")
        for x in [low, high] { svg.line(from: (x, y - 4), to: (x, y + 4), style: "whisker") }
        end = max(end, high)
      }
      svg.text(end + 7, y + 4.5, bar.text)
    }
    svg.line(from: (origin, top), to: (origin, bottom), style: "axis")
    return svg
  }

  private var isRatio: Bool { if case .ratio = axis { true } else { false } }

  private func scale(from left: Double, to right: Double) -> Scale {
    let values = bars.compactMap(\.value) + bars.compactMap { $0.spread?.upperBound }
    return isRatio
      ? .logarithmic(around: values + [1], range: left...right)
      : .fromZero(to: values.max() ?? 1, range: left...right)
  }
}

/// `0.5`, `1`, `20`.
func ratioTick(_ value: Double) -> String {
  for count in 0..<6 {
    let text = fixed(value, digits: count)
    if let shown = Double(text), abs(shown - value) <= abs(value) * 1e-6 { return text }
  }
  return "\(value)"
}
