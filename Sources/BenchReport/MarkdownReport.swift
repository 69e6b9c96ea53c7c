/// A report in Markdown, and the plots that it shows, each a file of its own beside it.
public struct MarkdownReport: Hashable, Sendable {
  public struct File: Hashable, Sendable {
    /// Relative to the report.
    public var path: String
    public var text: String
  }
  public var text: String
  public var plots: [File]

  /// Whether plots of reports are called like this: what else lies in their folder is somebody else's.
  public static func isPlot(_ fileName: String) -> Bool {
    Plot.Name.allCases.contains { fileName.hasSuffix(ending(of: $0)) }
  }

  static func ending(of plot: Plot.Name) -> String { "-\(plot.rawValue).svg" }
}

extension BenchmarkResults {
  /// - Parameter folder: where the plots will be, relative to the report.
  public func markdown(plotsIn folder: String) -> MarkdownReport {
    var report = MarkdownReport(text: "# \(markdownText(title))\n\n", plots: [])
    for fact in facts() {
      report.text += "- \(fact.name): \(fact.isCode ? markdownCode(fact.text) : markdownText(fact.text))\n"
    }
    if let table = barsTable() {
      report.text += "\n## \(Self.barsTitle)\n\n\(barsCaption)\n\n\(table.markdown())"
    }
    if let summary = summary(), sections.count > 1 {
      report.text += "\n## Summary\n\n\(summary.markdown())"
    }
    for section in sections {
      report.text += "\n## \(markdownText(section.title))\n\n"
      if let note = section.note { report.text += "\(markdownText(note))\n\n" }
      for plot in section.plots(colorsOf: columnNames) {
        let file = MarkdownReport.File(
          path: "\(folder)/\(section.name)\(MarkdownReport.ending(of: plot.name))", text: plot.svg.file())
        report.plots.append(file)
        report.text += "![\(markdownText(plot.svg.description))](\(linkTarget(file.path)))\n\n"
      }
      if let caption = section.tableCaption { report.text += "\(markdownText(caption))\n\n" }
      report.text += section.table().markdown()
      let reasons = section.reasons()
      if !reasons.isEmpty {
        report.text += "\nMissing:\n\n" + reasons.map { "- \(markdownText($0))\n" }.joined()
      }
    }
    return report
  }

  /// A path as the target of a link.
  private func linkTarget(_ path: String) -> String {
    path.utf8.map { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "/"):
        String(UnicodeScalar(byte))
      default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }.joined()
  }
}
