/// The stages of a build, in order: the names in `--timings` and in reports.
public enum Stage: String, CaseIterable, Codable, Sendable {
  case read, decode, validate, translate, passes, codegen, link, write

  /// What is going on, for the progress line.
  public var activity: String {
    switch self {
    case .read: "reading"
    case .decode: "decoding"
    case .validate: "validating"
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
final class StageTimers {
  private(set) var times: [StageTime] = []
  private let observe: @Sendable (Stage) -> Void
  private let clock = ContinuousClock()
  private let start = ContinuousClock.now

  init(observe: @escaping @Sendable (Stage) -> Void = { _ in }) { self.observe = observe }

  /// Since the timers were made.
  var total: Double { (clock.now - start) / .seconds(1) }

  /// A stage that is measured twice has the sum of both.
  private func add(_ stage: Stage, since start: ContinuousClock.Instant) {
    let seconds = (clock.now - start) / .seconds(1)
    if let index = times.firstIndex(where: { $0.stage == stage }) {
      times[index].seconds += seconds
    } else {
      times.append(StageTime(stage: stage, seconds: seconds))
    }
  }

  func measure<R, E: Error>(_ stage: Stage, _ body: () throws(E) -> R) throws(E) -> R {
    observe(stage)
    let start = clock.now
    defer { add(stage, since: start) }
    return try body()
  }

  func measure<R, E: Error>(_ stage: Stage, _ body: () async throws(E) -> R) async throws(E) -> R {
    observe(stage)
    let start = clock.now
    defer { add(stage, since: start) }
    return try await body()
  }

  /// `explain` makes of the stage's own error what the user is told.
  func measure<R, E: Error>(
    _ stage: Stage, explain: (E) -> Problem, _ body: () throws(E) -> R
  ) throws(Problem) -> R {
    try measure(stage) { () throws(Problem) in
      do throws(E) { return try body() } catch { throw explain(error) }
    }
  }
}
