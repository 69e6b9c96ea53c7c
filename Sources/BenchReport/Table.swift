internal import Support

/// Cells of text; the first column names the rows, the others hold numbers.
public struct Table: Hashable, Sendable {
  public struct Cell: Hashable, Sendable {
    public enum Emphasis: Hashable, Sendable { case none, best, missed, missing }
    public var text: String
    public var emphasis: Emphasis
    /// More about it, where there is room for that.
    public var detail: String?

    public init(_ text: String, emphasis: Emphasis = .none, detail: String? = nil) {
      self.text = text
      self.emphasis = emphasis
      self.detail = detail
    }

    static func missing(_ reason: String?) -> Cell { Cell("–", emphasis: .missing, detail: reason) }
  }

  public var header: [String]
  public var rows: [[Cell]]
  /// The last row sums up the others.
  public var hasSummary: Bool

  public init(header: [String], rows: [[Cell]], hasSummary: Bool = false) {
    self.header = header
    self.rows = rows
    self.hasSummary = hasSummary
  }
}

extension Table {
  /// For a terminal, with a line break at the end of each line. Long titles take several lines.
  public func text() -> String {
    let cells = rows.map { $0.map { visible($0.text) } }
    let titles = header.map { visible($0).split(separator: " ").map(String.init) }
    let widths = header.indices.map { column in
      max(cells.map { $0[column].count }.max() ?? 0, titles[column].map(\.count).max() ?? 0)
    }
    let wrapped = zip(titles, widths).map { Self.lines(of: $0, width: $1) }
    let height = wrapped.map(\.count).max() ?? 0
    // At the bottom, beside what they are titles of.
    let head = (0..<height).map { line in
      wrapped.map { lines in
        let index = line - (height - lines.count)
        return index < 0 ? "" : lines[index]
      }
    }
    return (head + cells).map { line in
      var text = ""
      for (column, cell) in line.enumerated() {
        text += column == 0 ? cell.padding(to: widths[0]) : "  " + padded(cell, to: widths[column])
      }
      while text.last == " " { text.removeLast() }
      return text + "\n"
    }.joined()
  }

  private static func lines(of words: [String], width: Int) -> [String] {
    words.reduce(into: []) { lines, word in
      if let last = lines.last, last.count + 1 + word.count <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(word)
      }
    }
  }

  public func markdown() -> String {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
    let rule = header.indices.map { $0 == 0 ? "---" : "--:" }
    return line(header.map(markdownText)) + line(rule)
      + rows.map { row in
        line(
          row.map { cell in
            let text = markdownText(cell.text)
            return [.best, .missed].contains(cell.emphasis) && !text.isEmpty ? "**\(text)**" : text
          })
      }.joined()
  }

  func html() -> String {
    var html = "<div class=\"scroll\"><table>\n<thead><tr>"
    for (column, title) in header.enumerated() {
      // Lines break between words, and not behind the hyphen of `-O2`.
      let words = title.split(separator: " ").map { "<span>\(markupText(String($0)))</span>" }
      html +=
        "<th scope=\"col\"\(column == 0 ? " class=\"name\"" : "")>\(words.joined(separator: " "))</th>"
    }
    html += "</tr></thead>\n<tbody>\n"
    for (index, row) in rows.enumerated() {
      html += hasSummary && index == rows.count - 1 ? "<tr class=\"summary\">" : "<tr>"
      for (column, cell) in row.enumerated() {
        let title = cell.detail.map { " title=\"\(markupText($0))\"" } ?? ""
        let text = markupText(cell.text)
        switch (column, cell.emphasis) {
        case (0, _): html += "<th scope=\"row\" class=\"name\"\(title)>\(text)</th>"
        case (_, .none): html += "<td\(title)>\(text)</td>"
        case (_, .best): html += "<td class=\"best\"\(title)>\(text)</td>"
        case (_, .missed): html += "<td class=\"missed\"\(title)>\(text)</td>"
        case (_, .missing): html += "<td class=\"missing\"\(title)>\(text)</td>"
        }
      }
      html += "</tr>\n"
    }
    return html + "</tbody></table></div>\n"
  }
}
