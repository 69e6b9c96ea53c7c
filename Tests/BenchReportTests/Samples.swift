@testable import BenchReport

/// Results that tests look at.
enum Samples {
  static let machine = Machine(cpu: "CPU", cores: 2, memoryGiB: 24, kernel: "Linux 6.1")

  /// Two rows, three columns, one value missing.
  static let matrix = Section(
    name: "scalar", title: "Run time", unit: "s", baseline: "native", note: "How it was measured.",
    columns: ["native", "fast", "slow"],
    rows: [
      .init(
        name: "gemm",
        values: [
          "native": Measurement(samples: [0.1, 0.11, 0.1]), "fast": Measurement(0.05), "slow": Measurement(1),
        ]),
      .init(
        name: "sort", values: ["native": Measurement(0.2), "fast": Measurement(0.4)],
        missing: ["slow": "trap: unreachable"]),
    ], geomeanOf: "ratio to baseline")

  /// Met, missed by little, a goal from below, not measured, and of a section that is not there.
  static let bars = [
    Bar(name: "mean", section: "scalar", unit: "ratio", limit: 1.05, value: 0.97),
    Bar(name: "slowest", section: "scalar", unit: "ratio", limit: 1.25, value: 1.2504, detail: "sort"),
    Bar(name: "least", section: "scalar", unit: "ratio", limit: 1, lessIsBetter: false, value: 1.5),
    Bar(name: "cores", unit: "ratio", limit: 0.8),
    Bar(name: "largest", section: "size", unit: "bytes", limit: 40_000, detail: "1 of 3 failed"),
    Bar(name: "start", section: "start", unit: "s", limit: 0.00003, value: 0.000024),
  ]

  static func results(_ sections: [Section] = [matrix], module: MeasuredModule? = nil) -> BenchmarkResults {
    BenchmarkResults(
      date: "2026-11-29", command: "bench/run suite", commit: "abc1234", machine: machine,
      versions: ["wasmaot": "0.1.0", "clang": "19"], module: module, sections: sections)
  }

  /// A name that would be markup, Markdown, a link, control sequences, and a change of direction.
  static let hostile =
    "<script>alert(1)</script>\"'&`|[x](http://evil) a@evil.example \u{1B}[31m\u{202E}\n# title"

  /// Everything that can be somebody else's text is hostile.
  static func hostileResults(rows: Int) -> BenchmarkResults {
    let section = Section(
      name: "hostile", title: hostile, unit: hostile, baseline: hostile, note: hostile,
      columns: [hostile, "other " + hostile, "third"],
      rows: (0..<rows).map { index in
        .init(
          name: "\(index) " + hostile,
          values: [
            hostile: Measurement(samples: [1, 2, 3]), "other " + hostile: Measurement(samples: [2, 3, 5]),
          ], missing: ["third": hostile])
      }, geomeanOf: hostile)
    var results = results([section], module: MeasuredModule(path: hostile, size: 12, sha256: hostile))
    results.command = hostile
    results.date = hostile
    results.commit = hostile
    results.versions = [hostile: hostile]
    results.bars = [
      Bar(name: hostile, section: "hostile", unit: hostile, limit: 1, value: 2, detail: hostile),
      Bar(name: hostile, section: hostile, unit: hostile, limit: 1),
    ]
    results.machine.cpu = hostile
    results.machine.kernel = hostile
    return results
  }
}
