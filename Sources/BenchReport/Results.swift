/// Measurements of one run: what `bench/run --json`, `bench/results/*.json` and `wasmaot bench --json` hold.
///
/// docs/benchmarks.md describes the format.
public struct BenchmarkResults: Codable, Hashable, Sendable {
  public static let currentFormat = 1

  public var format = Self.currentFormat
  /// Year, month and day: `2026-11-29`.
  public var date: String
  /// What repeats the run.
  public var command: String
  /// Of the sources that were measured.
  public var commit: String?
  public var machine: Machine
  /// By program.
  public var versions: [String: String] = [:]
  /// The module that was measured, if it was one.
  public var module: MeasuredModule?
  /// The options that the module was compiled with.
  public var options: [String]?
  /// What was to be reached.
  public var bars: [Bar]?
  public var sections: [Section] = []
}

public struct MeasuredModule: Codable, Hashable, Sendable {
  public var path: String
  public var size: Int
  public var sha256: String
}

/// One table: what was measured (rows) with what (columns), all in one unit.
public struct Section: Codable, Hashable, Sendable {
  /// For file names and links; unique.
  public var name: String
  public var title: String
  /// `s`, `bytes`, or any other: it is shown behind the numbers.
  public var unit: String
  public var lessIsBetter = true
  /// The column that the others are compared with.
  public var baseline: String?
  /// How it was measured.
  public var note: String?
  public var columns: [String]
  public var rows: [Row] = []
  /// There, if a geometric mean over the rows means something; says of what.
  public var geomeanOf: String?

  public struct Row: Codable, Hashable, Sendable {
    public var name: String
    /// By column.
    public var values: [String: Measurement] = [:]
    /// Why there is no value, by column.
    public var missing: [String: String]?
  }
}

// MARK: - What others have to say

extension BenchmarkResults {
  /// Without sections.
  public init(date: String, command: String, machine: Machine) {
    self.init(date: date, command: command, machine: machine, sections: [])
  }
}

extension MeasuredModule {
  public init(_ path: String, size: Int, sha256: String) {
    self.init(path: path, size: size, sha256: sha256)
  }
}

extension Section {
  /// Without rows.
  public init(name: String, title: String, unit: String, columns: [String]) {
    self.init(name: name, title: title, unit: unit, columns: columns, rows: [])
  }
}

extension Section.Row {
  /// Without values.
  public init(name: String) { self.init(name: name, values: [:]) }
}

// MARK: - Values

/// What was found in several runs of one thing.
public struct Measurement: Codable, Hashable, Sendable {
  public var median: Double
  public var min: Double
  public var max: Double
  public var runs: Int
  /// All of them, in the order in which they were measured.
  public var samples: [Double]?

  /// - Precondition: there is at least one sample.
  public init(samples: [Double]) {
    let sorted = samples.sorted()
    median = quantile(0.5, ofSorted: sorted)
    min = sorted[0]
    max = sorted[sorted.count - 1]
    runs = samples.count
    self.samples = samples
  }

  /// What does not vary, or was looked at once.
  public init(_ value: Double) {
    (median, min, max, runs) = (value, value, value, 1)
  }

  /// Whoever has only one number writes only that.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    median = try container.decode(Double.self, forKey: .median)
    min = try container.decodeIfPresent(Double.self, forKey: .min) ?? median
    max = try container.decodeIfPresent(Double.self, forKey: .max) ?? median
    runs = try container.decodeIfPresent(Int.self, forKey: .runs) ?? 1
    samples = try container.decodeIfPresent([Double].self, forKey: .samples)
  }
}
