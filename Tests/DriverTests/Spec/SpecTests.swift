import LLVMBackend
import Support
import SystemPackage
import TestSupport
import Testing

/// The specification's test suite, compiled to programs: the main test of the whole pipeline.
///
/// Environment: WASMAOT_SPEC_FILTER (scripts whose name contains it), WASMAOT_SPEC_FULL (every script at
/// every level; otherwise everything at -O0, and a sample at -O2).
@Suite struct SpecTests {
  private static let isFull = TestSupport.environment["WASMAOT_SPEC_FULL"] != nil
  static let folder: FilePath? = TestSupport.testData?.appending("spec/core")
  /// Suites of proposals, in folders beside the core's.
  static let proposals = ["threads", "wide-arithmetic", "custom-page-sizes", "custom"]

  @Test(
    .enabled(if: folder != nil, "no test data"),
    arguments: isFull ? [OptimizationLevel.O0, .O2, .O3] : [.O0, .O2])
  func core(level: OptimizationLevel) async throws {
    let folder = try #require(Self.folder)
    let names = Self.scripts(of: "core", at: level)
    let runner = SpecRunner(level: level)
    let outcome = try await total(names) { try await runner.run(folder.appending($0)) }

    report(outcome, "core", .static, level, scripts: names)
  }

  @Test(.enabled(if: folder != nil, "no test data"), arguments: proposals, [OptimizationLevel.O0, .O2])
  func proposal(suite: String, level: OptimizationLevel) async throws {
    let folder = try #require(Self.folder).removingLastComponent().appending(suite)
    var runner = SpecRunner(level: level)
    runner.runsEveryModule = true
    let all = runner
    let outcome = try await total(TestSupport.contents(of: folder)) {
      try await all.run(folder.appending($0))
    }
    for failure in outcome.failures { Issue.record("-\(level) \(failure)") }
    print(
      "spec \(suite) -\(level): \(outcome.passed) assertions passed in \(outcome.modules) programs, "
        + "left out: \(outcome.skipped.values.reduce(0, +))")
  }

  /// The same in the embedded model: all modules of a script in one host, which uses the public C API alone.
  @Test(
    .enabled(if: folder != nil, "no test data"),
    arguments: isFull ? [OptimizationLevel.O0, .O2, .O3] : [.O0, .O2])
  func embedded(level: OptimizationLevel) async throws {
    let runner = HostRunner(level: level, host: try await HostRunner.builtHost.value)
    for suite in ["core"] + Self.proposals {
      let folder = try #require(Self.folder).removingLastComponent().appending(suite)
      let names = Self.scripts(of: suite, at: level)
      let outcome = try await total(names) { try await runner.run(folder.appending($0)) }
      report(outcome, suite, .embedded, level, scripts: names)
    }
  }

  /// The whole suite in the interpreter.
  @Test(.enabled(if: folder != nil, "no test data"))
  func interpreter() async throws {
    for suite in ["core"] + Self.proposals {
      let folder = try #require(Self.folder).removingLastComponent().appending(suite)
      let names = Self.scripts(of: suite, at: .O0)
      let runner = InterpreterRunner()
      let outcome = try await total(names) { try runner.run(folder.appending($0)) }
      report(outcome, suite, .interpreter, .O0, scripts: names)
    }
  }

  /// The embedded model with explicit checks: memories without reservations, whose base may move.
  @Test(.enabled(if: folder != nil, "no test data"), arguments: [OptimizationLevel.O0])
  func embeddedExplicitBoundsChecks(level: OptimizationLevel) async throws {
    let folder = try #require(Self.folder)
    let names = TestSupport.contents(of: folder).filter { name in
      Self.isFull
        || ["memory", "address", "linking", "imports", "data", "bulk", "skip-stack"].contains {
          name.contains($0)
        }
    }
    var runner = HostRunner(level: level, host: try await HostRunner.builtHost.value)
    runner.options.boundsChecks = .explicit
    let explicit = runner
    let outcome = try await total(names) { try await explicit.run(folder.appending($0)) }
    report(outcome, "core, explicit bounds checks", .embedded, level, scripts: names)
  }

  // MARK: - Sums

  /// The scripts to run: those that are asked for; all without optimisation; with it an eighth, by a hash of the
  /// name, so that scripts that come or go change nothing else.
  private static func scripts(of suite: String, at level: OptimizationLevel) -> [String] {
    let all = TestSupport.contents(of: folder!.removingLastComponent().appending(suite))
    if let filter = TestSupport.environment["WASMAOT_SPEC_FILTER"] {
      return all.filter { $0.contains(filter) }
    }
    if level == .O0 || isFull || suite != "core" { return all }
    return all.filter { name in
      name.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 } >> 8 % 8 == 0
    }
  }

  /// Prints the counts and records what failed, other than what is known to.
  private func report(
    _ outcome: SpecRunner.Outcome, _ suite: String, _ model: SpecExpectedFailures.Model,
    _ level: OptimizationLevel,
    scripts: [String]
  ) {
    var failures = outcome.failures.map { "\($0)" }
    for expected in SpecExpectedFailures.table
    where expected.models.contains(model) && scripts.contains(expected.script) {
      let place = "\(expected.script):\(expected.line)"
      let found = failures.contains { $0.hasPrefix(place + ":") }
      #expect(found, "\(place) passes, \(model), -\(level): take it off the list (\(expected.reason))")
      failures.removeAll { $0.hasPrefix(place + ":") }
    }
    for failure in failures { Issue.record("\(model), -\(level) \(failure)") }
    let skipped = SpecModule.Obstacle.allCases.compactMap { obstacle in
      outcome.skipped[obstacle].map { "\($0) \(obstacle.rawValue)" }
    }
    print(
      "spec \(suite), \(model), -\(level): \(outcome.passed) assertions passed, \(failures.count) failed, in "
        + "\(outcome.modules) modules of \(scripts.count) scripts; left out: \(skipped.joined(separator: ", "))"
        + (outcome.textOnly > 0 ? "; about text only: \(outcome.textOnly)" : ""))
  }

  /// What is about memories and tables, or deep, with explicit checks: in less address space than a reservation
  /// takes.
  @Test(.enabled(if: folder != nil, "no test data"), arguments: [OptimizationLevel.O0, .O2])
  func explicitBoundsChecks(level: OptimizationLevel) async throws {
    let folder = try #require(Self.folder)
    let topics = [
      "memory", "table", "load", "store", "address", "align", "bulk", "data", "elem", "endianness", "start",
      "traps", "call", "fac", "skip-stack", "stack", "unwind", "simd_memory",
    ]
    let names = TestSupport.contents(of: folder).filter { name in
      Self.isFull || topics.contains { name.contains($0) }
    }
    var runner = SpecRunner(level: level)
    runner.options.boundsChecks = .explicit
    runner.addressSpaceLimit = 4 << 30
    let limited = runner
    let outcome = try await total(names) { try await limited.run(folder.appending($0)) }
    for failure in outcome.failures { Issue.record("-\(level) \(failure)") }
    print(
      "spec core -\(level), explicit bounds checks: \(outcome.passed) assertions passed in "
        + "\(outcome.modules) programs of \(names.count) scripts")
    #expect(outcome.passed > 5000)
  }

  /// The sum over all scripts, some of them at a time.
  private func total(
    _ names: [String], _ run: @escaping @Sendable (String) async throws -> SpecRunner.Outcome
  ) async throws -> SpecRunner.Outcome {
    try await withThrowingTaskGroup(of: SpecRunner.Outcome.self) { group in
      var sum = SpecRunner.Outcome()
      var waiting = names[...]
      for _ in 0..<max(2, processorCount) {
        if let name = waiting.popFirst() { group.addTask { try await run(name) } }
      }
      while let outcome = try await group.next() {
        sum += outcome
        if let name = waiting.popFirst() { group.addTask { try await run(name) } }
      }
      sum.failures.sort { $0.place < $1.place }
      return sum
    }
  }
}
