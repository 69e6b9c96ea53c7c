import FoundationEssentials
import Support
import Synchronization
import SystemPackage

/// Several modules, built side by side in one process: as many at a time as there are threads, which they share.
public struct Batch: Sendable {
  public struct Item: Sendable {
    public var module: String
    public var output: String
    /// Of what hosts load; nil: beside the output.
    public var header: String?
    public var builder: Builder

    public init(module: String, output: String, header: String? = nil, builder: Builder) {
      self.module = module
      self.output = output
      self.header = header
      self.builder = builder
    }

    /// Everything that the build writes.
    var files: [String] {
      guard builder.options.emit.isEmbedded else { return [output] }
      return [output, header ?? builder.defaultHeader(for: module, output: output)]
    }
  }

  public enum Event: Sendable {
    case stage(module: String, Stage)
    /// So many modules are done.
    case done(Int)
  }

  public var items: [Item]
  /// Threads; the outputs do not depend on it.
  public var jobs: Int
  /// No module is begun once one has failed.
  public var failsFast: Bool

  public init(_ items: [Item], jobs: Int? = nil, failsFast: Bool = false) {
    self.items = items
    self.jobs = jobs ?? processorCount
    self.failsFast = failsFast
  }

  /// Where the output goes in a folder.
  public static func output(for module: String, emit: EmitKind, in folder: String) -> String {
    let name = FilePath(Builder.defaultOutput(for: module, emit: emit)).lastComponent
    return FilePath(folder).appending(name.map { [$0] } ?? []).string
  }

  // MARK: - Names

  /// No two modules may write one file, and none may write what is a module.
  public func check() throws(Problem) {
    var writers: [String: String] = [:]
    let modules = Dictionary(items.map { (Self.identity(of: $0.module), $0.module) }) { first, _ in first }
    for item in items {
      for file in item.files {
        let identity = Self.identity(of: file)
        if let module = modules[identity] {
          throw .usage(
            "the output \(file) would overwrite the module \(module)", help: "choose another folder with -o")
        }
        if let other = writers.updateValue(item.module, forKey: identity) {
          throw .usage(
            "\(other) and \(item.module) would both be built to \(file)",
            help: "give them outputs of their own in a manifest (--manifest), or build them apart")
        }
      }
    }
  }

  /// One for all names of a file: its folder without links, and its name; where it is there already and no link, the
  /// file itself.
  private static func identity(of path: String) -> String {
    if let real = OutputFile.realPath(path) { return real }
    let path = FilePath(path)
    let folder = path.removingLastComponent()
    let known = OutputFile.realPath(folder.isEmpty ? "." : folder.string)
    guard let known, let name = path.lastComponent else { return path.lexicallyNormalized().string }
    return FilePath(known).appending(name).string
  }

  // MARK: - Building

  public func run(observe: @escaping @Sendable (Event) -> Void = { _ in }) async -> BatchReport {
    let clock = ContinuousClock()
    let start = clock.now
    let progress = Progress()
    let outcomes = await WorkSlots.$current.withValue(WorkSlots(jobs)) {
      await withTaskGroup(of: (Int, BatchReport.Outcome).self) { group in
        func begin(_ index: Int) {
          group.addTask { [self] in (index, await outcome(of: items[index], progress, observe)) }
        }
        // Largest first: what begins last should not take longest.
        var waiting = items.indices.sorted { size(of: $0) < size(of: $1) }
        for _ in 0..<max(1, jobs) { if let next = waiting.popLast() { begin(next) } }
        var outcomes: [Int: BatchReport.Outcome] = [:]
        for await (index, outcome) in group {
          outcomes[index] = outcome
          if let next = waiting.popLast() { begin(next) }
        }
        return items.indices.compactMap { outcomes[$0] }
      }
    }
    return BatchReport(jobs: jobs, modules: outcomes, seconds: (clock.now - start) / .seconds(1))
  }

  private final class Progress: Sendable {
    private let state = Mutex((done: 0, hasFailed: false))

    var hasFailed: Bool { state.withLock { $0.hasFailed } }

    /// Returns how many are done now.
    func finish(_ status: BatchReport.Status) -> Int {
      state.withLock { state in
        state.done += 1
        if status == .failed { state.hasFailed = true }
        return state.done
      }
    }
  }

  private func outcome(
    of item: Item, _ progress: Progress, _ observe: @escaping @Sendable (Event) -> Void
  ) async -> BatchReport.Outcome {
    if failsFast, progress.hasFailed { return BatchReport.Outcome(module: item.module, status: .skipped) }
    let outcome = await build(item) { observe(.stage(module: item.module, $0)) }
    observe(.done(progress.finish(outcome.status)))
    return outcome
  }

  private func size(of index: Int) -> (Int, Int) {
    // Of equal ones the first in the list is begun first.
    (OutputFile.size(of: items[index].module) ?? 0, -index)
  }

  private func build(
    _ item: Item, observe: @escaping @Sendable (Stage) -> Void
  ) async -> BatchReport.Outcome {
    var builder = item.builder
    builder.jobs = jobs
    builder.observe = observe
    do throws(Problem) {
      let report = try await builder.build(item.module, to: item.output, header: item.header)
      return BatchReport.Outcome(
        module: item.module, status: report.isFromCache ? .cached : .built, report: report)
    } catch {
      return BatchReport.Outcome(module: item.module, status: .failed, problem: error)
    }
  }
}
