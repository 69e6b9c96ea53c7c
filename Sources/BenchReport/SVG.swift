internal import Support

/// A drawing that grows element by element. Colours and fonts are classes of `PlotStyle`; what it says of others is
/// escaped here, and nowhere else.
struct SVG {
  let width: Double
  let height: Double
  /// What readers are told who don't see it.
  let description: String
  private var body = ""

  init(width: Double, height: Double, description: String) {
    self.width = width
    self.height = height
    self.description = description
  }

  enum Anchor: String { case start, middle, end }

  mutating func text(_ x: Double, _ y: Double, _ text: String, anchor: Anchor = .start, style: String = "") {
    body += "<text x=\"\(number(x))\" y=\"\(number(y))\""
    if anchor != .start { body += " text-anchor=\"\(anchor.rawValue)\"" }
    body += "\(attribute("class", style))>\(markupText(text))</text>\n"
  }

  mutating func line(from: (x: Double, y: Double), to: (x: Double, y: Double), style: String) {
    body +=
      "<line x1=\"\(number(from.x))\" y1=\"\(number(from.y))\" x2=\"\(number(to.x))\" y2=\"\(number(to.y))\"\(attribute("class", style))/>\n"
  }

  /// `tip` appears where the pointer rests.
  mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, radius: Double = 0, style: String, tip: String? = nil
  ) {
    body +=
      "<rect x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(max(0, width)))\" height=\"\(number(height))\""
    if radius > 0 { body += " rx=\"\(number(radius))\"" }
    body += attribute("class", style) + closing("rect", tip: tip)
  }

  /// A shape for each series, so that colours alone need not tell them apart.
  mutating func marker(_ series: Int, x: Double, y: Double, size: Double = 4.5, tip: String? = nil) {
    let style = attribute("class", "series\(series % PlotStyle.seriesCount)")
    func path(_ points: [(Double, Double)]) -> String {
      let corners = points.map { "\(number(x + $0.0 * size)) \(number(y + $0.1 * size))" }
      return "<path d=\"M\(corners.joined(separator: "L"))Z\"" + style + closing("path", tip: tip)
    }
    switch series % 5 {
    case 0:
      body += "<circle cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"\(number(size))\"" + style
      body += closing("circle", tip: tip)
    case 1: body += path([(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)])
    case 2: body += path([(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)])
    case 3: body += path([(0, -1.15), (1.15, 0.95), (-1.15, 0.95)])
    default: body += path([(0, 1.15), (1.15, -0.95), (-1.15, -0.95)])
    }
  }

  private func closing(_ element: String, tip: String?) -> String {
    tip.map { "><title>\(markupText($0))</title></\(element)>\n" } ?? "/>\n"
  }

  private func attribute(_ name: String, _ value: String) -> String {
    value.isEmpty ? "" : " \(name)=\"\(markupText(value))\""
  }

  /// A tenth of a pixel is fine enough, and keeps files small.
  private func number(_ value: Double) -> String {
    let text = fixed(value, digits: 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// As part of a page, which has `PlotStyle.sheet`.
  func element() -> String {
    """
    <svg class="plot" role="img" aria-label="\(markupText(description))" viewBox="0 0 \(number(width)) \(number(height))" \
    width="\(number(width))" height="\(number(height))" xmlns="http://www.w3.org/2000/svg">
    \(body)</svg>

    """
  }

  /// As a file of its own, with a background: whoever shows it may have another one than the reader asked for.
  func file() -> String {
    """
    <svg class="plot" role="img" aria-label="\(markupText(description))" viewBox="0 0 \(number(width)) \(number(height))" \
    width="\(number(width))" height="\(number(height))" xmlns="http://www.w3.org/2000/svg">
    <style>\(PlotStyle.sheet)</style>
    <rect class="surface" width="100%" height="100%"/>
    \(body)</svg>

    """
  }

  /// About how wide a text is in the plots' font: what is drawn beside it must keep clear of it.
  static func width(of text: String) -> Double {
    text.unicodeScalars.reduce(0) { width, scalar in
      switch scalar {
      case "i", "j", "l", "I", "t", "f", ".", ",", ":", ";", "'", "|", "(", ")", " ", "[", "]", "!":
        width + 4.2
      case "m", "w", "M", "W", "%", "@": width + 10.8
      case "A"..."Z", "0"..."9": width + 8.2
      default: width + (scalar.value < 0x2000 ? 7.3 : 13)
      }
    }
  }

  static let widestLabel = 240.0

  /// The room that labels need, with some more: fonts differ.
  static func labelWidth(_ labels: [String]) -> Double {
    min(widestLabel, labels.map { width(of: visible($0)) }.max() ?? 0) * 1.08 + 4
  }

  /// Cut off so that it is about at most so wide.
  static func fitted(_ text: String, width limit: Double) -> String {
    let text = visible(text)
    guard width(of: text) > limit else { return text }
    var kept = text
    while !kept.isEmpty, width(of: kept) + 13 > limit { kept.removeLast() }
    return kept + "…"
  }
}

/// Colours and fonts of plots, for light and dark screens.
enum PlotStyle {
  static let seriesCount = light.count

  // Distinct in brightness, too, and each with a contrast of 3 to 1 or more to its background.
  private static let light = [
    "#0b66c3", "#d9480f", "#15803d", "#9333ea", "#a47a00", "#0e7490", "#d6336c", "#5c7a00", "#475569",
    "#7f1d1d",
  ]
  private static let dark = [
    "#62a8f5", "#fb923c", "#4ade80", "#c794fb", "#fbbf24", "#41cbe0", "#f77eb6", "#a9dc52", "#a3b1c4",
    "#f79a9a",
  ]

  static let sheet: String = {
    func colors(_ palette: [String]) -> String {
      palette.enumerated().map { "--series\($0.offset):\($0.element);" }.joined()
    }
    let series = (0..<seriesCount).map { ".plot .series\($0){fill:var(--series\($0))}" }.joined(
      separator: "\n")
    return """
      .plot{--surface:#ffffff;--ink:#1b2430;--faint:#5b6675;--rule:#dfe4ea;--band:#f4f6f9;--axis:#8a94a3;\(colors(light))\
      font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
      @media (prefers-color-scheme:dark){.plot{--surface:#12161c;--ink:#e4e9f0;--faint:#9aa6b5;--rule:#2a313b;--band:#191f27;\
      --axis:#6d7886;\(colors(dark))}}
      .plot text{fill:var(--ink)}
      .plot .faint{fill:var(--faint);font-size:12px}
      .plot .strong{font-weight:600}
      .plot .surface{fill:var(--surface)}
      .plot .rule{stroke:var(--rule)}
      .plot .band{fill:var(--band)}
      .plot .axis{stroke:var(--axis);stroke-width:1.5}
      .plot .whisker{stroke:var(--ink);stroke-width:1.2;opacity:.8}
      .plot .median{stroke:var(--ink);stroke-width:2}
      .plot .box{fill-opacity:.35;stroke:var(--ink);stroke-width:1}
      .plot .sample{fill-opacity:.65}
      .plot path,.plot circle{stroke:var(--surface);stroke-width:.7}
      .plot .gone{fill:var(--faint);font-style:italic;font-size:12px}
      \(series)

      """
  }()
}
