internal import Support

// What of a section is shown in tables.

extension Section {
  /// The section for readers: ratios to the baseline where there is one, else the values. One row is shown as a
  /// column, with the spread beside it.
  public func table() -> Table { rows.count == 1 ? transposed(rows[0]) : matrix() }

  /// What the numbers of the table are.
  public var tableCaption: String? {
    guard rows.count > 1 else { return nil }
    let direction = lessIsBetter ? "less is better" : "more is better"
    guard let baseline else { return "Medians; \(direction)." }
    return "Ratios to \(baseline), whose own column has its medians; \(direction)."
  }

  private func matrix() -> Table {
    let unit = Unit(unit)
    var lines = rows.map { row in
      let best = bestColumn(of: row)
      return [Table.Cell(row.name)]
        + columns.map { column in
          guard let value = row.values[column] else { return .missing(row.missing?[column]) }
          let emphasis: Table.Cell.Emphasis = column == best ? .best : .none
          guard let baseline, column != baseline else {
            return .init(unit.text(value.median), emphasis: emphasis, detail: detail(value))
          }
          guard let ratio = row.ratio(of: column, to: baseline) else {
            return .init(unit.text(value.median), emphasis: emphasis, detail: detail(value))
          }
          return .init(ratioText(ratio), emphasis: emphasis, detail: detail(value))
        }
    }
    let means = geometricMeans()
    if !means.isEmpty {
      lines.append(
        [Table.Cell("geometric mean")]
          + columns.map { column in
            guard let mean = means.first(where: { $0.column == column }) else { return .missing(nil) }
            let text = ratioText(mean.ratio)
            return mean.isComplete
              ? .init(text)
              : .init("\(text) (\(mean.rows) of \(mean.ofRows))", detail: "of \(mean.rows) rows only")
          })
    }
    return Table(header: [""] + columns, rows: lines, hasSummary: !means.isEmpty)
  }

  private func transposed(_ row: Row) -> Table {
    let unit = Unit(unit)
    let best = bestColumn(of: row)
    let varies = row.values.values.contains { $0.runs > 1 }
    var header = ["", varies ? "median" : title]
    if varies { header += ["least", "greatest", "runs"] }
    if let baseline { header.append("ratio to \(baseline)") }
    let lines = columns.map { column -> [Table.Cell] in
      guard let value = row.values[column] else {
        let reason = row.missing?[column]
        return [Table.Cell(column), .missing(reason)] + (2..<header.count).map { _ in .missing(reason) }
      }
      var line = [
        Table.Cell(column), Table.Cell(unit.text(value.median), emphasis: column == best ? .best : .none),
      ]
      if varies {
        line += [.init(unit.text(value.min)), .init(unit.text(value.max)), .init("\(value.runs)")]
      }
      if let baseline {
        line.append(row.ratio(of: column, to: baseline).map { .init(ratioText($0)) } ?? .missing(nil))
      }
      return line
    }
    return Table(header: header, rows: lines)
  }

  /// All values with their spread: what the ratios were made of.
  func details() -> Table {
    let unit = Unit(unit)
    return Table(
      header: [""] + columns,
      rows: rows.map { row in
        [Table.Cell(row.name)]
          + columns.map { column in
            row.values[column].map { .init(unit.text($0)) } ?? .missing(row.missing?[column])
          }
      })
  }

  /// Why values are missing: each reason once for a column, with the rows that it is about.
  func reasons() -> [String] {
    columns.flatMap { column in
      var reasons: [(text: String, rows: [String])] = []
      for row in rows {
        guard let text = row.missing?[column] else { continue }
        if let index = reasons.firstIndex(where: { $0.text == text }) {
          reasons[index].rows.append(row.name)
        } else {
          reasons.append((text, [row.name]))
        }
      }
      return reasons.map { reason in
        // Of one row all is said.
        let rows = rows.count == 1 ? "" : " (\(reason.rows.joined(separator: ", ")))"
        return "\(column)\(rows): \(reason.text)"
      }
    }
  }

  private func detail(_ value: Measurement) -> String {
    "\(Unit(unit).text(value)), \(value.runs) \(value.runs == 1 ? "run" : "runs")"
  }

  /// Where there is something to choose from.
  private func bestColumn(of row: Row) -> String? {
    let present = columns.compactMap { column in row.values[column].map { (column, $0.median) } }
    guard present.count > 1 else { return nil }
    let sorted = present.sorted { lessIsBetter ? $0.1 < $1.1 : $0.1 > $1.1 }
    return sorted[0].1 == sorted[1].1 ? nil : sorted[0].0
  }
}

extension BenchmarkResults {
  /// All sections in one table, a row each column of theirs: for results of a single module. Nil for others.
  ///
  /// - Parameter main: the section whose spread and ratios are shown, too.
  public func summary(main: String = "run") -> Table? {
    guard module != nil, sections.allSatisfy({ $0.rows.count == 1 }) else { return nil }
    let names = columnNames
    var header = [""]
    var lines = names.map { [Table.Cell($0)] }
    for section in sections {
      let (row, unit) = (section.rows[0], Unit(section.unit))
      func add(_ title: String, _ text: (String, Measurement) -> String?) {
        header.append(title)
        for (index, name) in names.enumerated() {
          let cell = row.values[name].flatMap { text(name, $0) }.map { Table.Cell($0) }
          lines[index].append(cell ?? .missing(row.missing?[name]))
        }
      }
      add(section.title) { unit.text($1.median) }
      guard section.name == main else { continue }
      add("least") { unit.text($1.min) }
      add("greatest") { unit.text($1.max) }
      if let baseline = section.baseline {
        add("ratio") { name, _ in row.ratio(of: name, to: baseline).map(ratioText) }
      }
    }
    return Table(header: header, rows: lines)
  }

  /// All columns: those of the section that has most first, in its order.
  var columnNames: [String] {
    var names = sections.max { $0.columns.count < $1.columns.count }?.columns ?? []
    for column in sections.flatMap(\.columns) where !names.contains(column) { names.append(column) }
    return names
  }

  /// Why values are missing, in any section, each reason once.
  public func reasons() -> [String] {
    var seen: Set<String> = []
    return sections.flatMap { $0.reasons() }.filter { seen.insert($0).inserted }
  }
}
