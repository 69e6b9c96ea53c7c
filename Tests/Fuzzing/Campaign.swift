import FoundationEssentials
import Support
import SystemPackage
import TestSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Many modules, by their numbers: batches on several threads, a tally on disk after each, so that it can be read at
/// any time and taken up where it ended.
public struct Campaign: Sendable {
  public var folder: FilePath
  public var first: UInt64
  public var count: Int
  public var jobs: Int
  public var batchSize = 16
  /// What the tally says it was made with.
  public var commit: String
  /// Has the command `batch`.
  public var program: FilePath

  public init(
    folder: FilePath, first: UInt64, count: Int, jobs: Int, commit: String,
    program: FilePath = "/proc/self/exe"
  ) {
    self.program = program
    self.folder = folder
    self.first = first
    self.count = count
    self.jobs = jobs
    self.commit = commit
  }

  /// Runs what is not done yet. Each difference is told at once, and its module stays in `folder`/SEED.wat.
  public func run(
    shrinks: Bool, report: @Sendable (String) -> Void
  ) async throws -> Tally {
    try TestSupport.makeFolder(folder)
    var tally = Tally(readFrom: folder, first: first, commit: commit)
    var next = tally.next
    let end = first + UInt64(count)
    var finished: [UInt64: [Verdict]] = [:]
    try await withThrowingTaskGroup(of: (UInt64, Int, [Verdict]).self) { group in
      func start() {
        guard next < end else { return }
        let seeds = next..<min(end, next + UInt64(batchSize))
        next = seeds.upperBound
        group.addTask { (seeds.lowerBound, seeds.count, try await verdicts(seeds)) }
      }
      for _ in 0..<max(1, jobs) { start() }
      while let (seed, size, verdicts) = try await group.next() {
        for verdict in verdicts where !verdict.differences.isEmpty {
          try TestSupport.write(verdict.text.utf8, to: folder.appending("\(verdict.seed).wat"))
          for difference in verdict.differences {
            report("seed \(verdict.seed), \(difference.engine): \(difference.message)")
          }
          if shrinks { try await shrink(verdict) }
        }
        finished[seed] = verdicts
        // In order, so that one number says what is done.
        while let verdicts = finished.removeValue(forKey: tally.next) {
          let size = tally.next == seed ? size : min(batchSize, Int(end - tally.next))
          tally.add(verdicts, of: size)
        }
        try tally.write(to: folder)
        start()
      }
    }
    return tally
  }

  /// Beside the module: SEED.small.wat, for the first of the engines.
  private func shrink(_ verdict: Verdict) async throws {
    guard let engine = verdict.differences.lazy.compactMap({ Engine.named($0.engine) }).first else { return }
    var shrinker = Shrinker(engine: engine, seed: verdict.seed, budget: 1000)
    let text = try await shrinker.shrink(verdict.text)
    try TestSupport.write(
      ";;! seed \(verdict.seed)\n\(text)\n".utf8, to: folder.appending("\(verdict.seed).small.wat"))
  }

  /// Each batch is a process: a compiler that crashes or hangs is a difference, too, and must not end all.
  private func verdicts(_ seeds: Range<UInt64>) async throws -> [Verdict] {
    let result = try await TestSupport.run(
      "/usr/bin/timeout",
      [
        "-s", "KILL", "\(60 + 20 * seeds.count)", program.string, "batch", "\(seeds.lowerBound)",
        "\(seeds.count)",
      ])
    if result.status == 0 {
      return try JSONDecoder().decode([Verdict].self, from: Data(result.output))
    }
    if seeds.count > 1 {
      var verdicts: [Verdict] = []
      for seed in seeds { verdicts += try await self.verdicts(seed..<seed + 1) }
      return verdicts
    }
    let text = (try? await Modules.text(seed: seeds.lowerBound)) ?? nil
    let message = "the fuzzer ended with status \(result.status): \(result.errorText.prefix(400))"
    return [
      Verdict(seed: seeds.lowerBound, text: text ?? "", differences: [.init(engine: "all", message: message)])
    ]
  }
}

extension Batch {
  /// What such a process prints.
  public static func report(_ seeds: Range<UInt64>) async throws -> [UInt8] {
    Array(try JSONEncoder().encode(try await run(seeds)))
  }
}

/// What has been done so far.
public struct Tally: Sendable {
  public var commit: String
  public var first: UInt64
  /// Everything before is done.
  public var next: UInt64
  public var clean = 0
  /// Nothing was compared: binaryen's module was not valid, or everything in it ended in an exhausted stack.
  public var skipped = 0
  public var different: [UInt64] = []
  public var calls = 0
  public var traps = 0
  public var seconds = 0.0
  private var start = ContinuousClock.now
  private var secondsBefore = 0.0
  public var processorSeconds = 0.0
  private var processorStart = Self.processorTime()
  private var processorSecondsBefore = 0.0

  /// From an earlier run with the same first number and the same commit; else a new one.
  init(readFrom folder: FilePath, first: UInt64, commit: String) {
    self.commit = commit
    self.first = first
    next = first
    guard let bytes = try? TestSupport.read(folder.appending("tally")) else { return }
    var values: [String: String] = [:]
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { values[String(parts[0])] = String(parts[1].drop { $0 == " " }) }
    }
    func number(_ key: String) -> Int { values[key].flatMap { Int($0) } ?? 0 }
    guard values["commit"] == commit, values["first seed"] == "\(first)" else { return }
    next = UInt64(number("next seed"))
    clean = number("clean")
    skipped = number("skipped")
    calls = number("calls")
    traps = number("traps")
    different = values["different"]?.split(separator: " ").compactMap { UInt64($0) } ?? []
    secondsBefore = Double(number("seconds"))
    processorSecondsBefore = Double(number("processor seconds"))
  }

  mutating func add(_ verdicts: [Verdict], of size: Int) {
    next += UInt64(size)
    for verdict in verdicts {
      if verdict.differences.isEmpty { clean += 1 } else { different.append(verdict.seed) }
      calls += verdict.stepCount
      traps += verdict.trapCount
    }
    skipped += size - verdicts.count
    seconds = secondsBefore + (ContinuousClock.now - start) / .seconds(1)
    processorSeconds = processorSecondsBefore + Self.processorTime() - processorStart
  }

  public var text: String {
    """
    commit: \(commit)
    first seed: \(first)
    next seed: \(next)
    clean: \(clean)
    skipped: \(skipped)
    different: \(different.map { "\($0)" }.joined(separator: " "))
    calls: \(calls)
    traps: \(traps)
    seconds: \(Int(seconds))
    processor seconds: \(Int(processorSeconds))

    """
  }

  /// Of this process and of those that it waited for. What the shell that became it had waited for is not its own.
  private static func processorTime() -> Double {
    ([0, -1] as [__rusage_who_t]).reduce(0) { sum, who in
      var usage = rusage()
      getrusage(who, &usage)
      return sum + Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }
  }

  /// Appears as a whole.
  func write(to folder: FilePath) throws {
    let temporary = folder.appending("tally.new")
    try TestSupport.write(text.utf8, to: temporary)
    guard rename(temporary.string, folder.appending("tally").string) == 0 else {
      throw FuzzError("can't write the tally in \(folder)")
    }
  }
}
