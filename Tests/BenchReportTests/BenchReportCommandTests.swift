import BenchReport
import SystemPackage
import TestSupport
import Testing

/// `bench-report`, as it is called.
@Suite(.enabled(if: TestSupport.product("bench-report") != nil, "not built"))
struct BenchReportCommandTests {
  private func report(_ arguments: [String], in folder: FilePath) async throws -> ProgramResult {
    try await TestSupport.run(
      try #require(TestSupport.product("bench-report")), arguments, workingDirectory: folder)
  }

  @Test func reportBesideTheResults() async throws {
    try await TemporaryFolder.with { folder in
      try TestSupport.write(Samples.results().json().utf8, to: folder.appending("2026-11-29.json"))
      // Of an earlier report: plots that are no more go, and nothing else does.
      let plots = folder.appending("2026-11-29")
      try TestSupport.makeFolder(plots)
      for name in ["gone-bars.svg", "notes.txt", "logo.svg", "bars.svg"] {
        try TestSupport.write([], to: plots.appending(name))
      }
      let result = try await report(["2026-11-29.json"], in: folder)
      #expect(result.status == 0, "\(result.errorText)")
      #expect(
        TestSupport.contents(of: folder)
          == ["2026-11-29", "2026-11-29.html", "2026-11-29.json", "2026-11-29.md"])
      #expect(
        TestSupport.contents(of: plots)
          == ["bars.svg", "logo.svg", "notes.txt", "scalar-means.svg", "scalar-rows.svg"])
      let text = String(decoding: try TestSupport.read(folder.appending("2026-11-29.md")), as: UTF8.self)
      #expect(text.contains("](2026-11-29/scalar-means.svg)"))
    }
  }

  @Test func elsewhere() async throws {
    try await TemporaryFolder.with { folder in
      try TestSupport.write(Samples.results().json().utf8, to: folder.appending("r.json"))
      let result = try await report(["r.json", "--output", "a/b"], in: folder)
      #expect(result.status == 0, "\(result.errorText)")
      #expect(TestSupport.contents(of: folder.appending("a/b")) == ["r", "r.html", "r.md"])
    }
  }

  @Test func onTheTerminal() async throws {
    try await TemporaryFolder.with { folder in
      try TestSupport.write(Samples.results().json().utf8, to: folder.appending("r.json"))
      let result = try await report(["--text", "r.json"], in: folder)
      #expect(result.status == 0, "\(result.errorText)")
      #expect(String(decoding: result.output, as: UTF8.self) == Samples.results().text())
      #expect(TestSupport.contents(of: folder) == ["r.json"])
      for arguments in [["-"], ["--text", "r.json", "--output", "x"]] {
        #expect(try await report(arguments, in: folder).status == 64)
      }
    }
  }

  @Test(arguments: ["", "{\"format\": 2}", "absent"])
  func notResults(contents: String) async throws {
    try await TemporaryFolder.with { folder in
      if contents != "absent" { try TestSupport.write(contents.utf8, to: folder.appending("r.json")) }
      let result = try await report(["r.json"], in: folder)
      #expect(result.status == 1)
      #expect(result.errorText.hasPrefix("error: r.json holds no results: "))
      #expect(!TestSupport.contents(of: folder).contains("r.md"))
    }
  }
}
