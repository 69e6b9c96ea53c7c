// Makes a report of recorded measurements: bench/results/2026-11-29.json becomes 2026-11-29.md with plots beside it,
// and 2026-11-29.html; or shows them on the terminal.

import ArgumentParser
import BenchReport
import Foundation

@main struct BenchReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench-report", abstract: "Make a report of recorded measurements, in Markdown and HTML.",
    discussion: """
      Beside the results, or in the folder that --output names, it writes NAME.md, its plots in the folder NAME, and \
      NAME.html, where NAME is the name of the results without .json. With --text it writes tables to standard output, \
      and no files.
      """)

  @Argument(
    help: "What 'bench/run --json' or 'wasmaot bench --json' wrote; '-' for standard input, with --text.")
  var results: String

  @Option(name: .shortAndLong, help: "The folder to write to.")
  var output: String?

  @Flag(help: "Show tables, and write no files.")
  var text = false

  func validate() throws {
    if text, output != nil { throw ValidationError("--text writes no files: there is nothing for --output") }
    if results == "-", !text {
      throw ValidationError("results from standard input have no name: only with --text")
    }
  }

  func run() throws {
    if text {
      print(try read().text(), terminator: "")
      return
    }
    let input = URL(filePath: results)
    let measured = try read()
    let name = input.deletingPathExtension().lastPathComponent
    let folder = output.map { URL(filePath: $0) } ?? input.deletingLastPathComponent()
    let plots = folder.appending(component: name)
    try FileManager.default.createDirectory(at: plots, withIntermediateDirectories: true)
    let report = measured.markdown(plotsIn: name)
    for plot in report.plots { try write(plot.text, to: folder.appending(path: plot.path)) }
    try write(report.text, to: folder.appending(component: "\(name).md"))
    try write(measured.html(), to: folder.appending(component: "\(name).html"))
    try removePlots(in: plots, except: report.plots)
  }

  private func read() throws -> BenchmarkResults {
    do {
      let data =
        results == "-"
        ? try FileHandle.standardInput.readToEnd() ?? Data() : try Data(contentsOf: URL(filePath: results))
      return try BenchmarkResults(json: data)
    } catch {
      FileHandle.standardError.write(
        Data("error: \(visible(results)) holds no results: \(visible("\(error)"))\n".utf8))
      throw ExitCode.failure
    }
  }

  /// Files appear whole.
  private func write(_ text: String, to url: URL) throws {
    try Data(text.utf8).write(to: url, options: .atomic)
  }

  /// Of an earlier report under the same name.
  private func removePlots(in folder: URL, except plots: [MarkdownReport.File]) throws {
    let kept = Set(plots.map { $0.path.split(separator: "/").last.map(String.init) ?? "" })
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
    where MarkdownReport.isPlot(name) && !kept.contains(name) {
      try FileManager.default.removeItem(at: folder.appending(component: name))
    }
  }
}
