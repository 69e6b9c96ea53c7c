import FoundationEssentials
import Testing

@testable import BenchReport

@Suite struct ResultsFileTests {
  @Test func writtenAndRead() throws {
    var results = Samples.results()
    #expect(try BenchmarkResults(json: Data(results.json().utf8)) == results)
    results.bars = Samples.bars
    #expect(try BenchmarkResults(json: Data(results.json().utf8)) == results)
  }

  /// What other programs write: no samples, no extremes.
  @Test func shortForm() throws {
    let json = """
      {"format": 1, "date": "2026-11-29", "command": "bench/run size",
       "machine": {"cpu": "x", "cores": 2, "memoryGiB": 24, "kernel": "Linux"}, "versions": {},
       "sections": [{"name": "size", "title": "Size", "unit": "bytes", "lessIsBetter": true,
                     "columns": ["app"], "rows": [{"name": "hello", "values": {"app": {"median": 35000}}}]}],
       "bars": [{"name": "b", "section": null, "unit": "s", "limit": 1, "lessIsBetter": true}]}
      """
    let results = try BenchmarkResults(json: Data(json.utf8))
    let value = try #require(results.sections[0].rows[0].values["app"])
    #expect((value.min, value.median, value.max) == (35000, 35000, 35000))
    #expect(value.runs == 1)
    #expect(results.bars?.map(\.isMet) == [nil])
  }

  @Test(arguments: [
    ("", "not JSON"), ("[]", "is no"), ("{}", "'format' is missing"),
    (#"{"format": 2, "sections": []}"#, "format is 2"),
    (#"{"format": 1, "date": 3}"#, "'.date' is no String"),
  ])
  func notResults(json: String, words: String) {
    let error = #expect(throws: ResultsError.self) { try BenchmarkResults(json: Data(json.utf8)) }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
  }

  static let broken: [(change: @Sendable (inout Section) -> Void, words: String)] = [
    ({ $0.baseline = "absent" }, "not one of its columns"),
    ({ $0.columns.append("fast") }, "a column twice"),
    ({ $0.name = "../../etc/passwd" }, "a name"),
    ({ $0.name = "" }, "a name"),
    ({ $0.rows[0].values["fast"]?.min = 7 }, "median that is not between"),
    ({ $0.rows[0].values["fast"]?.runs = 0 }, "median that is not between"),
  ]

  @Test(arguments: broken.indices)
  func inconsistent(index: Int) throws {
    var section = Samples.matrix
    Self.broken[index].change(&section)
    let json = Samples.results([section]).json()
    let error = #expect(throws: ResultsError.self) { try BenchmarkResults(json: Data(json.utf8)) }
    #expect(error?.description.contains(Self.broken[index].words) == true, "\(String(describing: error))")
  }

  @Test func sectionsOfOneName() {
    let json = Samples.results([Samples.matrix, Samples.matrix]).json()
    let error = #expect(throws: ResultsError.self) { try BenchmarkResults(json: Data(json.utf8)) }
    #expect(error?.description.contains("there twice") == true)
  }

  @Test func thisMachine() {
    let machine = Machine.current()
    #expect(machine.cores > 0)
    #expect(machine.memoryGiB > 0)
    #expect(machine.kernel.hasPrefix("Linux "))
    #expect(!machine.cpu.isEmpty)
  }
}
