import Foundation
import SystemPackage
import TestSupport
import Testing

/// Guests that try to leave their directories. Nothing outside may be read or changed, however a path is resolved:
/// by the kernel (`openat2`), by the runtime (component by component, where the kernel has no `openat2`), and where
/// the runtime checks nothing at all and the sandbox is what stops them.
///
/// `Tests/escape/matrix.txt` has what each operation answers for each kind of link, with `WASMAOT_BLESS=1` written
/// anew; `Tests/escape/attacks.txt` attacks that were picked by hand.
///
/// What these tests are worth is seen by breaking what they test: `scripts/mutate-paths` has some thirty changes to
/// the runtime, from a missing `RESOLVE_BENEATH` to an `O_NOFOLLOW` that matters in a race only, each of which must make
/// them fail.
@Suite(
  .enabled(
    if: EscapePrograms.isPossible,
    "NOT TESTED: nothing shows that guests can't escape; it needs clang-19 and wasm-ld-19 on the PATH"))
struct EscapeTests {
  enum Resolution: String, CaseIterable, Sendable {
    case openat2, walking
    /// Walking, because a filter answers openat2 as it answers what it does not know.
    case refused

    func runner(options: [String] = []) async throws -> EscapeRunner {
      let programs = EscapePrograms.shared
      let app = try await programs.app(options: options).string
      let launcher = try await programs.withoutOpenat2().string
      switch self {
      case .openat2: return EscapeRunner(command: [app])
      case .walking: return EscapeRunner(command: [launcher, app])
      case .refused: return EscapeRunner(command: [launcher, "--refused", app])
      }
    }
  }

  static let bothResolutions: [Resolution] = [.openat2, .walking]

  private static func run(
    _ cases: [EscapeCase], by runner: EscapeRunner
  ) async throws -> EscapeRunner.Outcome {
    let folder = try await EscapePrograms.shared.worlds()
    defer { try? FileManager.default.removeItem(atPath: folder.string) }
    let outcome = try await runner.run(cases, in: folder)
    #expect(outcome.problems.isEmpty, "\(outcome.problems.prefix(20).joined(separator: "\n"))")
    return outcome
  }

  // MARK: - Matrix

  @Test func theMatrixIsLarge() {
    let rows = EscapeMatrix.cases.reduce(0) { $0 + $1.parts.count }
    #expect(rows > 4500)
  }

  @Test(arguments: bothResolutions) func matrix(resolution: Resolution) async throws {
    let cases = EscapeMatrix.cases
    let outcome = try await Self.run(cases, by: try await resolution.runner())
    #expect(
      !outcome.answers.joined().contains("33"), "it ran out of descriptors, and tested nothing from then on")
    let text = EscapeMatrix.text(of: cases, outcome.answers)
    let path = EscapePrograms.sources.appending("matrix.txt")
    if TestSupport.blesses && resolution == .openat2 { try TestSupport.write(text.utf8, to: path) }
    let expected = String(decoding: try TestSupport.read(path), as: UTF8.self)
    for (row, wanted) in zip(text.split(separator: "\n"), expected.split(separator: "\n")) where row != wanted
    {
      let different = zip(row.split(separator: " "), wanted.split(separator: " ")).filter { $0 != $1 }
      Issue.record(
        "\(row.prefix { $0 != " " }) \(different.map { "\($0), not \($1)" }.joined(separator: "; "))")
    }
    #expect(text.split(separator: "\n").count == expected.split(separator: "\n").count)
  }

  // MARK: - Attacks

  static func attacks() throws -> [EscapeCase] {
    let path = EscapePrograms.sources.appending("attacks.txt")
    let cases = try EscapeCase.parse(String(decoding: try TestSupport.read(path), as: UTF8.self))
    // Only root makes devices.
    return cases.filter { row in
      geteuid() == 0 || !row.nodes.contains { if case .null = $0.1 { true } else { false } }
    }
  }

  private static func expect(_ cases: [EscapeCase], answer answers: [[String]], fromWasmtime: Bool = false) {
    for (row, answers) in zip(cases, answers) {
      for (line, answer) in zip(row.lines, answers)
      where !line.isAnswered(by: answer, fromWasmtime: fromWasmtime) {
        Issue.record("\(row.name): '\(line.text.prefix(200))' gives \(answer), not \(line.expected!)")
      }
    }
  }

  @Test(arguments: Resolution.allCases) func attacks(resolution: Resolution) async throws {
    let cases = try Self.attacks()
    let outcome = try await Self.run(cases, by: try await resolution.runner())
    Self.expect(cases, answer: outcome.answers)
  }

  @Test func attacksInTheInterpreter() async throws {
    let module = try await EscapePrograms.shared.module().string
    let cases = try Self.attacks()
    let runner = EscapeRunner(
      command: [try #require(CommandLineTool.path).string, "run", "--interpret"], afterGrants: [module])
    Self.expect(cases, answer: try await Self.run(cases, by: runner).answers)
  }

  /// Where wasmtime answers something else, it is written down.
  @Test(.enabled(if: TestSupport.tool("wasmtime") != nil, "no wasmtime"))
  func wasmtimeAnswersTheSame() async throws {
    let cases = try Self.attacks().filter(\.isForWasmtime)
    #expect(cases.count > 15)
    let wasmtime = try #require(TestSupport.tool("wasmtime")).string
    let module = try await EscapePrograms.shared.module().string
    let runner = EscapeRunner(command: [wasmtime, "run"], afterGrants: [module], hasReadOnlyGrants: false)
    let outcome = try await Self.run(cases, by: runner)
    Self.expect(cases, answer: outcome.answers, fromWasmtime: true)
  }

  private static func answers(
    with directory: String, to lines: [String], _ resolution: Resolution
  ) async throws -> [String] {
    let command = try await resolution.runner().command
    let result = try await TestSupport.run(
      FilePath(command[0]), Array(command.dropFirst()) + ["--dir", directory],
      input: Array((lines.joined(separator: "\n") + "\n").utf8))
    #expect(result.status == 0, "\(result.errorText)")
    return result.text.split(separator: "\n").map(String.init)
  }

  /// What is mounted below a granted directory is below it; what it is mounted on is above.
  @Test(
    .enabled(if: access("/dev/shm", W_OK) == 0, "no file system is mounted at /dev/shm"),
    arguments: bothResolutions)
  func mountPoints(resolution: Resolution) async throws {
    let folder = FilePath("/dev/shm/wasmaot-escape-\(UInt64.random(in: 0...UInt64.max))")
    try TestSupport.makeFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder.string) }
    try TestSupport.write("text".utf8, to: folder.appending("file"))
    let name = "shm/" + folder.lastComponent!.string
    let answers = try await Self.answers(
      with: "/dev:ro",
      to: [
        "open 3 1 \(name)/file 0 2 0 0 a", "read $a", "open 3 1 \(name)/../.. 2 0 0 0 a",
        "open 3 1 \(name)/../../.. 2 0 0 0 a", "open 3 1 shm 2 0 0 0 b", "open $b 1 .. 2 0 0 0 a",
        "unlink 3 \(name)/file",
      ], resolution)
    #expect(answers == ["0", "0 text", "0", "63", "0", "63", "63"])
  }

  /// procfs, which has a view of the program itself: not through a grant of what contains it, and never to write.
  @Test(arguments: bothResolutions) func processes(resolution: Resolution) async throws {
    func answers(_ directory: String, _ lines: [String]) async throws -> [String] {
      try await Self.answers(with: directory, to: lines, resolution)
    }
    let files = ["self/mem", "self/environ", "self/maps", "thread-self/mem", "cpuinfo"]
    let below = try await answers("/", files.map { "open 3 1 proc/\($0) 0 2 0 0 a" })
    #expect(below == files.map { _ in "2" })
    let inside = try await answers(
      "/",
      ["open 3 1 proc/self 2 0 0 0 b"] + files.map { "open $b 1 ../\($0) 0 2 0 0 a" } + [
        "open $b 1 mem 0 2 0 0 a"
      ])
    #expect(inside == ["0"] + files.map { _ in "63" } + ["2"])
    // Magic links lead to what they like.
    let magic = ["self/root", "self/cwd", "self/exe", "self/fd/0", "self/ns/mnt", "self/task"]
    let links = try await answers("/proc", magic.map { "open 3 1 \($0) 0 2 0 0 a" })
    #expect(links.dropLast().allSatisfy { $0 != "0" } && links.last == "0", "\(links)")
    // Who grants procfs itself means it, but nobody writes this program's memory.
    let granted = try await answers(
      "/proc",
      [
        "open 3 1 cpuinfo 0 2 0 0 a", "open 3 1 self/mem 0 66 0 0 a", "open 3 1 self 2 0 0 0 b",
        "open $b 1 mem 0 64 0 0 a",
      ])
    #expect(granted == ["0", "63", "0", "63"])
  }
}
