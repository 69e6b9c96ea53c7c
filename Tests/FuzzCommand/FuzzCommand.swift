import ArgumentParser
import Fuzzing
import SystemPackage
import TestSupport

@main
struct FuzzCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wasmaot-fuzz",
    abstract: "Compares what random modules do in the interpreter and in everything that is compiled.",
    subcommands: [Run.self, RunBatch.self, Show.self, Check.self, Shrink.self, Planted.self])
}

/// At once, also into a pipe: who waits wants to see how far it is.
func say(_ text: String, end: String = "\n") {
  _ = try? FileDescriptor.standardOutput.writeAll((text + end).utf8)
}

struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Tries modules, from a seed on.")
  @Option(help: "Modules to try.") var count = 200
  @Option(help: "The first one.") var seed: UInt64 = 1
  @Option(help: "Where the tally is, and the modules that differ.") var folder: String
  @Option(help: "Batches at a time.") var jobs = 2
  @Option(help: "What the tally says it was made with; another one starts anew.") var commit = "unknown"
  @Flag(help: "Makes smaller modules of those that differ.") var shrink = false

  func run() async throws {
    let campaign = Campaign(
      folder: FilePath(folder), first: seed, count: count, jobs: jobs, commit: commit,
      program: FilePath(CommandLine.arguments[0]))
    let tally = try await campaign.run(shrinks: shrink) { say($0) }
    say(tally.text, end: "")
    say("\(tally.clean) passed, \(tally.different.count) failed")
    if !tally.different.isEmpty { throw ExitCode.failure }
  }
}

/// Of `run`, for itself.
struct RunBatch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "batch", shouldDisplay: false)
  @Argument var seed: UInt64
  @Argument var count: Int

  func run() async throws {
    _ = try FileDescriptor.standardOutput.writeAll(await Batch.report(seed..<seed + UInt64(count)))
  }
}

struct Show: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Prints the module of a seed.")
  @Argument var seed: UInt64

  func run() async throws { say(try await Modules.text(seed: seed) ?? "") }
}

struct Check: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Compares what one module does, in all engines.")
  @Argument(help: "Its text.") var file: String
  @Option(help: "Decides the arguments of calls.") var seed: UInt64 = 0

  func run() async throws {
    let text = String(decoding: try TestSupport.read(FilePath(file)), as: UTF8.self)
    guard
      let verdict = try await Batch.run(text: text, seed: seed, engines: Engine.all + Engine.others)
    else {
      say("nothing to compare")
      return
    }
    for difference in verdict.differences { say("\(difference.engine): \(difference.message)") }
    if !verdict.differences.isEmpty { throw ExitCode.failure }
  }
}

struct Shrink: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes a smaller module that one engine still runs differently.")
  @Argument(help: "Its text.") var file: String
  @Option(help: "Decides the arguments of calls.") var seed: UInt64
  @Option(help: "As `check` calls it.") var engine: String
  @Option(help: "Modules to try.") var budget = 3000

  func run() async throws {
    guard let engine = Engine.named(engine) else { throw ValidationError("no engine '\(engine)'") }
    let text = String(decoding: try TestSupport.read(FilePath(file)), as: UTF8.self)
    var shrinker = Shrinker(engine: engine, seed: seed, budget: budget)
    say(";;! seed \(seed)\n\(try await shrinker.shrink(text))")
  }
}

struct Planted: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Plants mistakes in the compiler's IR, one at a time, and looks how many modules it takes to find each."
  )
  @Option(help: "Modules to try for each.") var count = 400
  @Option(help: "The first one.") var seed: UInt64 = 1
  @Argument(help: "Words that names of mistakes have; all of them without.") var words: [String] = []

  func run() async throws {
    var (found, missed) = (0, 0)
    for bug in PlantedBug.all where words.isEmpty || words.contains(where: { bug.name.contains($0) }) {
      if let (modules, verdict) = try await bug.find(from: seed, within: count) {
        found += 1
        say("\(bug.name): after \(modules) modules: \(verdict.differences[0].message.prefix(160))")
      } else {
        missed += 1
        say("NOT FOUND in \(count) modules: \(bug.name)")
      }
    }
    say("\(found) passed, \(missed) failed")
    if missed > 0 { throw ExitCode.failure }
  }
}
