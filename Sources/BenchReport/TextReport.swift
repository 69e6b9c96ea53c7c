// Results for a terminal.

extension BenchmarkResults {
  /// All tables, and why values are missing. Of the bars those that these sections have figures for: when little was
  /// measured, the others are no news.
  public func text() -> String {
    var parts = sections.map { $0.text() }
    var shown = self
    shown.bars = bars?.filter { bar in sections.contains { $0.name == bar.section } }
    if let table = shown.barsTable() {
      parts.append("\(Self.barsTitle): \(shown.barsCaption)\n\(table.text())")
    }
    return parts.joined(separator: "\n")
  }
}

extension Section {
  fileprivate func text() -> String {
    var (title, table) = (title, table())
    // Of a single row its name is not in the table; the section's would be there once more.
    if rows.count == 1 {
      title += ": \(rows[0].name)"
      if table.header[1] == self.title { table.header[1] = "value" }
    }
    let reasons = reasons().map { "- \(visible($0, limit: 1000))\n" }.joined()
    return "\(visible(title))\n\(table.text())" + (reasons.isEmpty ? "" : "\n" + reasons)
  }
}
