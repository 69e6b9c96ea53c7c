import FoundationEssentials
import Testing

@testable import BenchReport

@Suite struct ReportTests {
  // MARK: - Tables

  @Test func ratiosAndMeans() {
    let table = Samples.matrix.table()
    #expect(
      table.rows.map { $0.map(\.text) } == [
        ["gemm", "100 ms", "0.50", "10.0"], ["sort", "200 ms", "2.00", "–"],
        ["geometric mean", "1.00", "1.00", "10.0 (1 of 2)"],
      ])
    #expect(table.hasSummary)
    #expect(table.rows[0].map(\.emphasis) == [.none, .none, .best, .none])
    #expect(table.rows[1].map(\.emphasis) == [.none, .best, .none, .missing])
    #expect(table.rows[1][3].detail == "trap: unreachable")
  }

  @Test func moreIsBetter() {
    var section = Samples.matrix
    section.lessIsBetter = false
    #expect(section.table().rows[0].map(\.emphasis) == [.none, .none, .none, .best])
  }

  @Test func withoutABaselineTheValueIsShown() {
    var section = Samples.matrix
    section.rows[0].values["native"] = nil
    #expect(section.table().rows[0].map(\.text) == ["gemm", "–", "50.0 ms", "1.00 s"])
  }

  @Test func oneRowIsAColumn() {
    var section = Samples.matrix
    section.rows.removeLast()
    let table = section.table()
    #expect(
      table.rows.map { $0.map(\.text) } == [
        ["native", "100 ms", "100 ms", "110 ms", "3", "1.00"],
        ["fast", "50.0 ms", "50.0 ms", "50.0 ms", "1", "0.50"],
        ["slow", "1.00 s", "1.00 s", "1.00 s", "1", "10.0"],
      ])
  }

  @Test func textTable() {
    let table = Table(
      header: ["", "Compile time", "x"],
      rows: [[.init("a"), .init("1"), .init("2.00")], [.init("bcd"), .init("1234567"), .init("–")]])
    #expect(
      table.text() == """
             Compile
                time     x
        a          1  2.00
        bcd  1234567     –

        """)
  }

  @Test func summaryOfOneModule() throws {
    #expect(Samples.results().summary() == nil)
    var (run, size) = (Samples.matrix, Samples.matrix)
    run.rows.removeLast()
    (run.name, size.name, size.unit, size.columns) = ("run", "size", "bytes", ["fast"])
    size.baseline = nil
    size.rows = [.init(name: "gemm", values: ["fast": Measurement(35_000)])]
    // One row each, but not of one module.
    #expect(Samples.results([size, run]).summary() == nil)
    let module = MeasuredModule(path: "m.wasm", size: 1, sha256: "")
    let summary = try #require(Samples.results([size, run], module: module).summary())
    #expect(summary.header == ["", "Run time", "Run time", "least", "greatest", "ratio"])
    #expect(summary.rows[1].map(\.text) == ["fast", "35.0 kB", "50.0 ms", "50.0 ms", "50.0 ms", "0.50"])
    #expect(summary.rows[2].map(\.text) == ["slow", "–", "1.00 s", "1.00 s", "1.00 s", "10.0"])
  }

  // MARK: - Bars

  @Test func barsWithTheirFigures() throws {
    #expect(Samples.results().barsTable() == nil)
    var results = Samples.results()
    results.bars = []
    #expect(results.barsTable() == nil)
    results.bars = Samples.bars
    let table = try #require(results.barsTable())
    #expect(
      table.rows.map { $0.map(\.text) } == [
        ["mean", "≤ 1.05", "0.97", "met", ""], ["slowest", "≤ 1.25", "1.25 (just above)", "missed", "sort"],
        ["least", "≥ 1.00", "1.50", "met", ""], ["cores", "≤ 0.80", "–", "not measured", "–"],
        ["largest", "≤ 40.0 kB", "–", "not measured", "1 of 3 failed"],
        ["start", "≤ 30.0 µs", "24.0 µs", "met", ""],
      ])
    #expect(table.rows.map { $0[3].emphasis } == [.best, .missed, .best, .missing, .missing, .best])
    #expect(results.barsCaption == "3 met, 1 missed, 2 not measured.")
    let report = results.markdown(plotsIn: "p").text
    #expect(report.contains("## Bars\n\n3 met, 1 missed, 2 not measured.\n"))
    #expect(report.contains("| slowest | ≤ 1.25 | 1.25 (just above) | **missed** | sort |"))
    let page = results.html()
    #expect(page.contains("<td class=\"missed\">missed</td>"))
    try checkMarkup(page)
  }

  @Test(arguments: [(1.25, true), (1.2500001, false), (0.5, true)])
  func aBarIsMetAtItsLimit(value: Double, isMet: Bool) {
    #expect(Bar(name: "", unit: "ratio", limit: 1.25, value: value).isMet == isMet)
    #expect(Bar(name: "", unit: "ratio", limit: -1.25, lessIsBetter: false, value: -value).isMet == isMet)
  }

  // MARK: - Terminals

  @Test func tablesForTerminals() {
    var (results, single) = (Samples.results(), Samples.matrix)
    single.rows.removeFirst()
    (single.name, single.title) = ("single", "One row")
    results.sections.append(single)
    results.bars = Samples.bars
    #expect(
      results.text() == """
        Run time
                        native  fast           slow
        gemm            100 ms  0.50           10.0
        sort            200 ms  2.00              –
        geometric mean    1.00  1.00  10.0 (1 of 2)

        - slow (sort): trap: unreachable

        One row: sort
                         ratio
                            to
                 value  native
        native  200 ms    1.00
        fast    400 ms    2.00
        slow         –       –

        - slow: trap: unreachable

        Bars: 2 met, 1 missed.
                    bar           measured          which
        mean     ≤ 1.05               0.97     met
        slowest  ≤ 1.25  1.25 (just above)  missed   sort
        least    ≥ 1.00               1.50     met

        """)
  }

  // MARK: - Hostile text

  @Test(arguments: [1, 3]) func nothingHostileBecomesMarkup(rows: Int) throws {
    let results = Samples.hostileResults(rows: rows)
    let page = results.html()
    #expect(!page.contains("<script"))
    #expect(!page.contains("\u{1B}"))
    #expect(!page.contains("\u{202E}"))
    #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"))
    // It is well-formed, so that no text ends an attribute or an element; and it is all that it needs.
    try checkMarkup(page)
    #expect(!page.contains("href=\"http") && !page.contains("src=") && !page.contains("url("))
    #expect(page.contains("default-src 'none'"))
    let report = results.markdown(plotsIn: "plots")
    for plot in report.plots { try checkMarkup(plot.text) }
    let lines = report.text.split(separator: "\n")
    #expect(!report.text.contains("\u{1B}") && !report.text.contains("\u{202E}"))
    // What is code is between fences that it has not; all else is escaped.
    for line in lines
    where line.hasPrefix("- Command") || line.hasPrefix("- Commit") || line.hasPrefix("- SHA") {
      #expect(line.contains(": ``<script>") && line.hasSuffix("``"))
    }
    let text = lines.filter { !$0.contains("``") }.joined(separator: "\n")
    #expect(!text.replacing("\\<", with: "").replacing("<!-- -->@", with: "").contains("<"))
    #expect(!text.replacing("<!-- -->@", with: "").contains("@"))
    // Neither a title, nor a link, nor a column of its own.
    #expect(!text.contains("\n# title"))
    #expect(!text.contains("[x](http") && !text.contains("http://"))
    for paragraph in report.text.split(separator: "\n\n") {
      let rows = paragraph.split(separator: "\n").filter { $0.hasPrefix("| ") }
      for row in rows { #expect(columns(of: row) == columns(of: rows[0])) }
    }
    let terminalText = results.text()
    #expect(!terminalText.contains("\u{1B}") && !terminalText.contains("\u{202E}"))
  }

  /// Of a row of Markdown: bars that are not escaped.
  private func columns(of line: Substring) -> Int {
    line.replacing("\\\\", with: "").replacing("\\|", with: "").count { $0 == "|" }
  }

  @Test func codeInMarkdown() {
    #expect(markdownCode("a") == "`a`")
    #expect(markdownCode("a `` b") == "```a `` b```")
    #expect(markdownCode("`a") == "`` `a ``")
  }

  @Test func mailAddressesAreNoLinks() {
    #expect(markdownText("a@b.example") == "a<!-- -->@b.example")
  }

  @Test func visibleText() {
    #expect(visible("a\tb\u{7F}\u{2066}") == #"a\u{9}b\u{7f}\u{2066}"#)
    #expect(visible("übergröße 漢字") == "übergröße 漢字")
    #expect(visible("abcdef", limit: 3) == "abc…")
  }

  // MARK: - Plots

  @Test func plotsOfSections() {
    #expect(Samples.matrix.plots(colorsOf: []).map(\.name) == [.means, .rows])
    var single = Samples.matrix
    single.rows.removeLast()
    #expect(single.plots(colorsOf: []).map(\.name) == [.bars, .spread])
    single.rows.removeLast()
    #expect(single.plots(colorsOf: []).isEmpty)
  }

  @Test func meansOverSomeRowsComeLast() throws {
    var section = Samples.matrix
    section.rows[0].values["slow"] = Measurement(0.001)
    section.columns = ["native", "slow", "fast"]
    let text = try #require(section.plots(colorsOf: []).first { $0.name == .means }).svg.file()
    let (complete, partial) = (text.firstRange(of: "fast"), text.firstRange(of: "slow"))
    #expect(try #require(complete).lowerBound < #require(partial).lowerBound)
  }

  @Test func plotsOfExtremes() throws {
    let values: [Double] = [0, -1, .leastNonzeroMagnitude, 1e-300, 1, 1e300, .greatestFiniteMagnitude]
    for first in values {
      for second in values {
        let section = Section(
          name: "s", title: "t", unit: "s", baseline: "a", columns: ["a", "b"],
          rows: [
            .init(
              name: "x",
              values: ["a": Measurement(samples: [first, second, first]), "b": Measurement(second)]),
            .init(name: "y", values: ["a": Measurement(first)]),
          ], geomeanOf: "g")
        var single = section
        single.rows.removeLast()
        for plot in section.plots(colorsOf: []) + single.plots(colorsOf: []) {
          let text = plot.svg.file()
          try checkMarkup(text)
          #expect(!text.contains("nan") && !text.contains("inf\""))
        }
        _ = Samples.results([section]).html()
      }
    }
  }

  @Test func ticksAreRoundAndInside() {
    for (low, high) in [(0.5, 50.0), (0.9, 1.1), (1, 1.5), (1e-6, 1e6), (3, 4)] {
      let scale = Scale.logarithmic(around: [low, high], range: 0...100)
      let ticks = scale.ticks()
      #expect((2...9).contains(ticks.count), "\(low) to \(high): \(ticks)")
      #expect(ticks.allSatisfy { scale.domain.contains($0) })
      #expect(ticks == ticks.sorted())
    }
    #expect(Scale.logarithmic(around: [0.5, 50], range: 0...100).ticks() == [0.5, 1, 2, 5, 10, 20, 50])
    #expect(Scale.fromZero(to: 100, range: 0...1).ticks(5) == [0, 20, 40, 60, 80, 100])
    let scale = Scale.fromZero(to: 10, range: 100...200)
    #expect(scale.position(5) == 150)
    #expect(scale.position(20) == 200)
  }

  @Test func plotsHaveFilesOfTheirOwn() {
    let report = Samples.results().markdown(plotsIn: "2026 11-29")
    #expect(report.plots.map(\.path) == ["2026 11-29/scalar-means.svg", "2026 11-29/scalar-rows.svg"])
    #expect(report.text.contains("](2026%2011-29/scalar-means.svg)"))
    #expect(report.text.contains("- slow (sort): trap: unreachable"))
  }

  // MARK: - Markup

  struct MarkupError: Error { var text: String }

  /// Elements are closed in the order in which they were opened, attributes are quoted, and there is no character that
  /// XML forbids. Void elements of HTML may stay open.
  private func checkMarkup(_ text: String) throws {
    let void: Set<Substring> = ["meta", "!doctype"]
    var open: [Substring] = []
    var rest = text[...]
    // Style sheets hold no markup, but could hold `>`.
    while let start = rest.firstIndex(of: "<") {
      rest = rest[rest.index(after: start)...]
      var end = rest.startIndex
      var isQuoted = false
      while end < rest.endIndex, isQuoted || rest[end] != ">" {
        if rest[end] == "\"" { isQuoted.toggle() }
        if rest[end] == "<" { throw MarkupError(text: "< inside of <\(rest.prefix(40))") }
        end = rest.index(after: end)
      }
      guard end < rest.endIndex else { throw MarkupError(text: "unfinished: \(rest.prefix(40))") }
      let tag = rest[..<end]
      rest = rest[rest.index(after: end)...]
      let name = tag.prefix { $0 != " " && $0 != "/" || $0 == "/" && tag.first == "/" }
      if tag.hasPrefix("/") {
        guard open.popLast() == name.dropFirst() else { throw MarkupError(text: "closes: \(tag)") }
      } else if !tag.hasSuffix("/"), !void.contains(name) {
        open.append(name)
      }
    }
    guard open.isEmpty else { throw MarkupError(text: "still open: \(open)") }
  }
}
