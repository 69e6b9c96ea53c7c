internal import Support

extension BenchmarkResults {
  /// One page of HTML with all that it needs in it: it opens without a network, and runs no scripts.
  public func html() -> String {
    let title = markupText(title)
    var page = """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      \(Self.policy)
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(title)</title>
      <style>
      \(PageStyle.sheet)\(PlotStyle.sheet)</style>
      </head>
      <body>
      <header>
      <h1>\(title)</h1>
      \(factList())</header>
      <main>

      """
    page += tiles()
    if let summary = summary(), sections.count > 1 {
      page += "<section>\n<h2>Summary</h2>\n\(summary.html())</section>\n"
    } else if sections.count > 1 {
      let links = sections.map { "<a href=\"#\(markupText($0.name))\">\(markupText($0.title))</a>" }
      page += "<nav>\(links.joined(separator: "\n"))</nav>\n"
    }
    if let table = barsTable() {
      page +=
        "<section>\n<h2>\(Self.barsTitle)</h2>\n<p class=\"caption\">\(barsCaption)</p>\n\(table.html())</section>\n"
    }
    let names = columnNames
    for section in sections { page += section.html(colorsOf: names) }
    return page + "</main>\n</body>\n</html>\n"
  }

  /// Names that are shown are escaped. Should one ever not be, this still lets it load and run nothing.
  private static let policy =
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"

  var title: String {
    guard let module else { return "Benchmarks, \(date)" }
    return "Benchmark of \(module.path.split(separator: "/").last.map(String.init) ?? module.path)"
  }

  /// What is needed to judge and to repeat the measurements.
  func facts() -> [(name: String, text: String, isCode: Bool)] {
    var facts: [(name: String, text: String, isCode: Bool)] = []
    if let module {
      facts.append(("Module", "\(module.path), \(Unit("bytes").text(Double(module.size)))", false))
      facts.append(("SHA-256", module.sha256, true))
    }
    facts.append(("Date", date, false))
    if let commit { facts.append(("Commit", commit, true)) }
    let cores = machine.cores == 1 ? "1 core" : "\(machine.cores) cores"
    let memory = fixed(machine.memoryGiB, digits: 0)
    facts.append(("Machine", "\(machine.cpu), \(cores), \(memory) GiB, \(machine.kernel)", false))
    let versions = versions.sorted { $0.key < $1.key }.map { name, version in
      version.hasPrefix(name) ? version : "\(name) \(version)"
    }
    if !versions.isEmpty { facts.append(("Versions", versions.joined(separator: "; "), false)) }
    facts.append(("Command", command, true))
    return facts
  }

  private func factList() -> String {
    let items = facts().map { fact in
      let text = markupText(fact.text)
      return "<dt>\(fact.name)</dt><dd>\(fact.isCode ? "<code>\(text)</code>" : text)</dd>\n"
    }
    return "<dl>\n\(items.joined())</dl>\n"
  }

  /// Of a single module: the baseline's values, and how the others compare.
  private func tiles() -> String {
    guard summary() != nil else { return "" }
    let tiles = sections.compactMap { section -> String? in
      guard let baseline = section.baseline, let value = section.rows[0].values[baseline] else { return nil }
      let others = section.columns.filter { $0 != baseline }.compactMap { column in
        section.rows[0].ratio(of: column, to: baseline).map { "\(column): × \(ratioText($0))" }
      }
      let lines = others.prefix(4).map { "<li>\(markupText($0))</li>" }.joined()
      return """
        <a class="tile" href="#\(markupText(section.name))"><h2>\(markupText(section.title))</h2>
        <p class="value">\(markupText(Unit(section.unit).text(value.median)))</p><p class="what">\(markupText(baseline))</p>
        \(lines.isEmpty ? "" : "<ul>\(lines)</ul>")</a>

        """
    }
    return tiles.isEmpty ? "" : "<div class=\"tiles\">\n\(tiles.joined())</div>\n"
  }
}

extension Section {
  fileprivate func html(colorsOf names: [String]) -> String {
    var html = "<section id=\"\(markupText(name))\">\n<h2>\(markupText(title))</h2>\n"
    if let note { html += "<p class=\"note\">\(markupText(note))</p>\n" }
    for plot in plots(colorsOf: names) {
      html +=
        "<figure>\n<div class=\"scroll\">\(plot.svg.element())</div>\n<figcaption>\(markupText(plot.caption))</figcaption>\n</figure>\n"
    }
    if let tableCaption { html += "<p class=\"caption\">\(markupText(tableCaption))</p>\n" }
    html += table().html()
    let reasons = reasons()
    if !reasons.isEmpty {
      let items = reasons.map { "<li>\(markupText($0))</li>\n" }.joined()
      html +=
        "<details class=\"missing\" open><summary>What is missing</summary>\n<ul>\n\(items)</ul></details>\n"
    }
    if rows.count > 1 {
      html +=
        "<details><summary>All values: median (least–greatest)</summary>\n\(details().html())</details>\n"
    }
    return html + "</section>\n"
  }
}
