import ArgumentParser
import Driver
import FoundationEssentials

struct CacheCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache", abstract: "Show what the cache of builds holds, and make it smaller.",
    discussion: """
      Builds keep their outputs, and parts of them, in WASMAOT_CACHE_DIR (default: ~/.cache/wasmaot), up to \
      WASMAOT_CACHE_SIZE (default: 5G; 0: no limit). What was used least recently is removed first.
      """,
    subcommands: [Info.self, Prune.self, Clear.self])

  struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON.")
    var json = false

    func show(_ report: CacheReport) throws(Problem) {
      try writeOutput(json ? report.json() + "\n" : report.text())
    }

    static func cache() throws(Problem) -> BuildCache {
      guard let cache = try BuildCache.standard(environment: ProcessInfo.processInfo.environment) else {
        throw Problem("there is no cache", help: "set WASMAOT_CACHE_DIR")
      }
      return cache
    }
  }

  struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show where the cache is and how much it holds.")
    @OptionGroup var output: OutputOptions

    func run() throws { try output.show(OutputOptions.cache().info()) }
  }

  struct Prune: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove what was used least recently.",
      discussion: "Builds do the same where they exceed the limit. Safe beside running builds.")

    @Option(
      name: .customLong("max-size"),
      help: ArgumentHelp(
        "Leave at most this much: bytes, or with a suffix K, M or G (default: the cache's limit).",
        valueName: "SIZE"))
    var maxSize: String?

    @Option(
      name: .customLong("unused-for"),
      help: ArgumentHelp(
        "Remove also what was not used for this time: seconds, or a number with s, m or h.",
        valueName: "DURATION"))
    var unusedFor: String?

    @OptionGroup var output: OutputOptions

    func run() throws {
      let size = try maxSize.map { text throws(Problem) in try parseSize(text, option: "--max-size") }
      let age = try unusedFor.map { text throws(Problem) in try parseDuration(text, option: "--unused-for") }
      try output.show(OutputOptions.cache().prune(to: size, unusedFor: age))
    }
  }

  struct Clear: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove all that the cache holds.")
    @OptionGroup var output: OutputOptions

    func run() throws { try output.show(OutputOptions.cache().prune(to: 0)) }
  }
}
