import Foundation
import SystemPackage
import TestSupport
import Testing

/// Runs cases: makes their worlds, starts an engine with their grants, and looks at what it answered and at what
/// stands outside.
struct EscapeRunner: Sendable {
  /// What is started, before the grants and after them.
  var command: [String]
  var afterGrants = ["--"]
  /// `--dir HOST::GUEST:ro` is understood.
  var hasReadOnlyGrants = true
  /// The names of what is below stay true whatever the guest sets, but not its times: no system call filter and no
  /// Landlock rule keeps a program from setting the times of files that it owns.
  var protectsTimes = true

  struct Outcome {
    /// Answers of each case, by line.
    var answers: [[String]]
    /// What is wrong, in words.
    var problems: [String] = []
  }

  /// Worlds for one process: three descriptors each, of the 1024 that a process may have.
  private static let batchSize = 300

  func run(_ cases: [EscapeCase], in folder: FilePath) async throws -> Outcome {
    var outcome = Outcome(answers: [])
    for start in stride(from: 0, to: cases.count, by: Self.batchSize) {
      let batch = cases[start..<min(start + Self.batchSize, cases.count)]
      let part = try await runBatch(Array(batch), in: folder)
      outcome.answers += part.answers
      outcome.problems += part.problems
    }
    return outcome
  }

  private func runBatch(_ cases: [EscapeCase], in folder: FilePath) async throws -> Outcome {
    let worlds = try cases.enumerated().map { index, row in
      try EscapeWorld(at: folder.appending("\(index)").string, with: row.nodes)
    }
    defer { worlds.forEach { $0.remove() } }
    let before = worlds.map { $0.snapshot() }
    var script = ""
    for (index, row) in cases.enumerated() {
      script += "# \(index)\n" + row.script(firstDescriptor: 3 + index * EscapeWorld.grantCount)
    }
    let grants = worlds.flatMap { $0.grants(readOnly: hasReadOnlyGrants ? ":ro" : "") }
    let words = command + grants + afterGrants
    // Where a link to the working directory leads is seen, too.
    let result = try await TestSupport.run(
      FilePath(words[0]), Array(words.dropFirst()), input: Array(script.utf8), workingDirectory: folder)

    var outcome = Outcome(answers: Self.answers(result.text, count: cases.count))
    if result.status != 0 { outcome.problems.append("ended with \(result.status): \(result.errorText)") }
    let beside = EscapeWorld.names(inside: folder.string).filter { Int($0) == nil }
    if !beside.isEmpty { outcome.problems.append("beside the worlds there is now \(beside)") }
    for (index, row) in cases.enumerated() {
      let name = row.name
      let answers = outcome.answers[index]
      for (position, line) in row.lines.enumerated()
      where position < answers.count && line.text.hasPrefix("readdir ") {
        outcome.answers[index][position] = Self.sorted(answers[position])
      }
      if answers.count != row.lines.count { outcome.problems.append("\(name): \(answers.count) answers") }
      for answer in answers where answer.contains("SECRET") {
        outcome.problems.append("\(name): read a secret: \(answer)")
      }
      let changes = EscapeWorld.changes(
        from: before[index], to: worlds[index].snapshot(), ignoringTimes: row.setsTimes && !protectsTimes)
      outcome.problems += changes.map { "\(name): \($0)" }
    }
    return outcome
  }

  /// The lines behind each `# NUMBER`.
  private static func answers(_ text: String, count: Int) -> [[String]] {
    var result = [[String]](repeating: [], count: count)
    var current: Int?
    for line in text.split(separator: "\n") {
      if line.hasPrefix("# ") {
        current = Int(line.dropFirst(2))
      } else if let current {
        result[current].append(line == "0 " ? "0" : String(line))
      }
    }
    return result
  }

  /// A directory's entries come in the order of its file system: `0 b/a/` is `0 a/b/`.
  private static func sorted(_ answer: String) -> String {
    guard answer.hasPrefix("0 ") else { return answer }
    return "0 " + answer.dropFirst(2).split(separator: "/").sorted().joined(separator: "/") + "/"
  }
}

// MARK: - Programs

/// The guest, built once for all tests, and what it is run with.
actor EscapePrograms {
  static let shared = EscapePrograms()
  static let sources = TestSupport.packageRoot.appending("Tests/escape")

  static let compiler = TestSupport.tool("clang-19")
  static let isPossible =
    compiler != nil && CommandLineTool.path != nil && TestSupport.tool("wasm-ld-19") != nil

  private let folder = FilePath(FileManager.default.temporaryDirectory.path)
    .appending("wasmaot-escape-\(ProcessInfo.processInfo.processIdentifier)")
  private var finished: [String: Task<FilePath, any Error>] = [:]

  private func once(
    _ name: String, _ make: @escaping @Sendable (FilePath) async throws -> Void
  ) async throws -> FilePath {
    let path = folder.appending(name)
    let folder = folder
    let task =
      finished[name]
      ?? Task {
        try TestSupport.makeFolder(folder)
        try await make(path)
        return path
      }
    finished[name] = task
    return try await task.value
  }

  private static func compile(_ source: FilePath, _ flags: [String], to output: FilePath) async throws {
    let result = try await TestSupport.run(
      try #require(compiler), flags + [source.string, "-o", output.string])
    try #require(result.status == 0, "\(result.errorText)")
  }

  func module() async throws -> FilePath {
    try await once("guest.wasm") {
      try await Self.compile(
        Self.sources.appending("guest.c"),
        ["--target=wasm32-wasi", "-O1", "-nostdlib", "-ffreestanding", "-Wall", "-Werror"], to: $0)
    }
  }

  /// The guest as a program that takes grants when it is started.
  func app(options: [String] = [], runtime: FilePath? = nil) async throws -> FilePath {
    let module = try await module()
    return try await once((["app"] + options + (runtime.map { _ in ["unchecked"] } ?? [])).joined()) { app in
      let result = try await CommandLineTool.run(
        ["build", module.string, "-O1", "--runtime-grants", "--no-cache", "-o", app.string] + options,
        environment: runtime.map { ["WASMAOT_RUNTIME": $0.string] } ?? [:])
      try #require(result.status == 0, "\(result.errorText)")
    }
  }

  /// The runtime of programs, without its checks of paths.
  func uncheckedRuntime() async throws -> FilePath {
    // It stays, so that make builds it but once.
    let path = TestSupport.packageRoot.appending(".build/unchecked-runtime")
    _ = try await once("unchecked-runtime") { mark in
      let result = try await TestSupport.run(
        try #require(TestSupport.tool("make")),
        [
          "-s", "-C", TestSupport.packageRoot.string, "static-runtime", "RUNTIME_BUILD=\(path.string)",
          "RUNTIME_EXTRA_CFLAGS=-DWASMAOT_TEST_NO_PATH_CHECKS",
        ])
      try #require(result.status == 0, "\(result.errorText)")
      try TestSupport.write([], to: mark)
    }
    return path
  }

  /// Starts a program as if the kernel had no openat2.
  func withoutOpenat2() async throws -> FilePath {
    try await once("without_openat2") {
      try await Self.compile(
        TestSupport.packageRoot.appending("runtime-c/test/without_openat2.c"), ["-O1"], to: $0)
    }
  }

  func swapper() async throws -> FilePath {
    try await once("swapper") {
      try await Self.compile(Self.sources.appending("swapper.c"), ["-O1", "-Wall", "-Werror"], to: $0)
    }
  }

  /// A folder for worlds, of its own; in memory where there is a place for it: there are many, and they are small.
  func worlds() throws -> FilePath {
    let memory = "/dev/shm"
    let parent = access(memory, W_OK) == 0 ? memory : FileManager.default.temporaryDirectory.path
    let path = FilePath(parent).appending("wasmaot-escape-\(UInt64.random(in: 0...UInt64.max))")
    try TestSupport.makeFolder(path)
    return path
  }
}
