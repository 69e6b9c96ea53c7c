import Support

/// What building several modules did: for `--json`, and people.
public struct BatchReport: Encodable, Sendable {
  public enum Status: String, Encodable, Sendable {
    case built
    /// The output was in the cache.
    case cached
    case failed
    /// Another had failed.
    case skipped
  }

  public struct Outcome: Encodable, Sendable {
    public var module: String
    public var status: Status
    public var report: BuildReport?
    public var problem: Problem?

    public init(module: String, status: Status, report: BuildReport? = nil, problem: Problem? = nil) {
      self.module = module
      self.status = status
      self.report = report
      self.problem = problem
    }
  }

  public var wasmaot = Version.wasmaot
  public var jobs: Int
  /// In the order in which they were given.
  public var modules: [Outcome]
  /// From the first module's begin to the last one's end.
  public var seconds: Double

  public func count(_ status: Status) -> Int { modules.count { $0.status == status } }
  public var hasFailed: Bool { count(.failed) > 0 }

  public func json() -> String { jsonText(of: self) }

  /// One line.
  public var summary: String {
    let parts = [
      (Status.built, "built"), (.cached, "from the cache"), (.failed, "failed"), (.skipped, "skipped"),
    ]
    .compactMap { status, words in count(status) == 0 ? nil : "\(count(status)) \(words)" }
    return
      "\(counted(modules.count, "module")): \(parts.joined(separator: ", ")); \(fixed(seconds, digits: 1)) s"
  }

  /// What `--timings` prints: a line a module, and the sum of each stage.
  public func timings() -> String {
    var text = ""
    var stages: [Stage: Double] = [:]
    for outcome in modules {
      let seconds = outcome.report.map { padded(fixed($0.seconds * 1000, digits: 1), to: 10) + " ms" }
      let size = outcome.report.map { padded(sizeText($0.output.size), to: 10) }
      let columns = [outcome.status.rawValue.padding(to: 8), seconds, size, "  " + outcome.module]
      text += columns.map { $0 ?? "" }.joined() + "\n"
      // What came out of the cache has the times of its build then.
      guard outcome.status == .built, let report = outcome.report else { continue }
      for time in report.stages { stages[time.stage, default: 0] += time.seconds }
    }
    for stage in Stage.allCases {
      guard let seconds = stages[stage] else { continue }
      text += stage.rawValue.padding(to: 10) + padded(fixed(seconds * 1000, digits: 1), to: 10) + " ms\n"
    }
    return text
  }
}

extension Problem: Encodable {
  private enum CodingKeys: CodingKey { case summary, location, notes, help }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(summary, forKey: .summary)
    try container.encodeIfPresent(location, forKey: .location)
    try container.encode(notes, forKey: .notes)
    try container.encodeIfPresent(help, forKey: .help)
  }
}
