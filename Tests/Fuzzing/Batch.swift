import SystemPackage
import TestSupport

/// What came of one module.
public struct Verdict: Codable, Sendable {
  public struct Difference: Codable, Sendable {
    public var engine: String
    public var message: String
  }

  public var seed: UInt64
  public var text: String
  /// By the engines that differ from the interpreter.
  public var differences: [Difference] = []
  public var stepCount = 0
  public var trapCount = 0
}

/// Some modules, tried together: embedded ones share a library and a host.
public enum Batch {
  /// - Parameter bug: planted in all engines, of which then there may be only some.
  public static func run(
    _ seeds: some Sequence<UInt64>, engines: [Engine] = Engine.all, withExtras: Bool = true,
    bug: Engine.Bug? = nil
  ) async throws -> [Verdict] {
    try await TemporaryFolder.with { folder in
      let candidates = try await ModuleSource.candidates(seeds, in: folder)
      return try await judge(candidates, engines: engines, withExtras: withExtras, in: folder, bug: bug)
    }
  }

  /// A module that somebody else made.
  public static func run(
    text: String, seed: UInt64, engines: [Engine], fuel: UInt64? = nil, bug: Engine.Bug? = nil
  ) async throws -> Verdict? {
    try await TemporaryFolder.with { folder in
      let candidates = try await ModuleSource.candidates([(seed, text)], in: folder)
      return try await judge(
        candidates, engines: engines, withExtras: false, in: folder, fuel: fuel, bug: bug
      ).first
    }
  }

  static func judge(
    _ candidates: [Candidate], engines: [Engine], withExtras: Bool, in folder: FilePath, fuel: UInt64? = nil,
    bug: Engine.Bug? = nil
  ) async throws -> [Verdict] {
    let oracle = InterpreterEngine(fuel: fuel)
    var batch: [(Candidate, Record)] = []
    for candidate in candidates {
      if let record = try oracle.record(of: candidate) { batch.append((candidate, record)) }
    }
    var verdicts = batch.map { candidate, record in
      let outcomes = record.outcomes.joined()
      return Verdict(
        seed: candidate.seed, text: candidate.text, stepCount: outcomes.count,
        trapCount: outcomes.count { $0.line.hasPrefix("trap") })
    }
    func compare(_ engine: Engine, _ index: Int, _ answer: Answer) {
      if let message = batch[index].1.difference(from: answer) {
        verdicts[index].differences.append(.init(engine: engine.name, message: message))
      }
    }
    var rows = engines.map { (engine: $0, members: Array(batch.indices)) }
    if withExtras {
      for engine in Engine.others {
        let members = batch.indices.filter { Engine.extra(for: batch[$0].0.seed).name == engine.name }
        if !members.isEmpty { rows.append((engine, members)) }
      }
    }
    for (engine, members) in rows {
      if engine.isEmbedded {
        let answers = try await engine.runEmbedded(members.map { batch[$0] }, in: folder, bug: bug)
        for (index, answer) in zip(members, answers) { compare(engine, index, answer) }
      } else {
        for index in members {
          let (candidate, record) = batch[index]
          compare(engine, index, try await engine.run(candidate, record, in: folder, bug: bug))
        }
      }
    }
    return verdicts
  }
}

extension Record {
  /// What differs first, or nil.
  func difference(from answer: Answer) -> String? {
    guard case .record(let theirs, let others) = answer else {
      if case .failure(let message) = answer { return message }
      return nil
    }
    if theirs != instantiation { return "instantiation: '\(theirs)', expected '\(instantiation)'" }
    for (run, (expected, actual)) in zip(runs, zip(outcomes, others)) {
      for (step, (one, other)) in zip(run, zip(expected, actual)) {
        // How deep a stack is depends on the engine; what follows does, too.
        if other.line == "trap call stack exhausted" { break }
        if one != other {
          return
            "\(step.call.text): \(one.difference(from: other)), after \(run.prefix { $0 != step }.count) calls"
        }
      }
    }
    return nil
  }
}

extension Outcome {
  fileprivate func difference(from other: Outcome) -> String {
    if line != other.line { return "'\(other.line)', expected '\(line)'" }
    if log != other.log { return "calls of the host: '\(other.log)', expected '\(log)'" }
    return "state: '\(other.state ?? "")', expected '\(state ?? "")'"
  }
}
