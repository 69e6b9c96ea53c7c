/// The stages of a build, in order: the names in `--timings` and in reports.
public enum Stage: String, CaseIterable, Codable, Sendable {
  case read, decode, translate, passes, codegen, link, write

  /// What is going on, for the progress line.
  public var activity: String {
    switch self {
    case .read: "reading"
    case .decode: "decoding and validating"
    case .translate: "translating"
    case .passes: "simplifying"
    case .codegen: "generating code"
    case .link: "linking"
    case .write: "writing"
    }
  }
}

/// Wall-clock time of one stage.
public struct StageTime: Hashable, Codable, Sendable {
  public var stage: Stage
  public var seconds: Double
}

/// Measures the stages of one build, and tells an observer where it is.
public struct StageTimers {
  public private(set) var times: [StageTime] = []
  private let observe: (@Sendable (Stage) -> Void)?
  private let clock = ContinuousClock()

  public init(observe: (@Sendable (Stage) -> Void)? = nil) { self.observe = observe }

  public mutating func measure<Result: ~Copyable, Failure: Error>(
    _ stage: Stage, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    observe?(stage)
    let start = clock.now
    defer { times.append(StageTime(stage: stage, seconds: (clock.now - start) / .seconds(1))) }
    return try body()
  }

  public mutating func measure<Result: ~Copyable, Failure: Error>(
    _ stage: Stage, _ body: () async throws(Failure) -> Result
  ) async throws(Failure) -> Result {
    observe?(stage)
    let start = clock.now
    defer { times.append(StageTime(stage: stage, seconds: (clock.now - start) / .seconds(1))) }
    return try await body()
  }
}
