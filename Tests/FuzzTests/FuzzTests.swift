import Fuzzing
import IR
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// What `scripts/fuzz` relies on, and the modules that it found something with. Many modules: scripts/fuzz.
@Suite(.enabled(if: TestSupport.tool("wasm-tools") != nil, "no wasm-tools"))
struct FuzzTests {
  static let folder = TestSupport.packageRoot.appending("Tests/filetests/fuzz")
  static let files = TestSupport.contents(of: folder).filter { $0.hasSuffix(".wat") }

  /// All engines agree on what once showed a difference. `;;! seed N` decides arguments.
  @Test(arguments: files)
  func found(file: String) async throws {
    let text = String(decoding: try TestSupport.read(Self.folder.appending(file)), as: UTF8.self)
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(";;! seed ") })
    let seed = try #require(UInt64(line.dropFirst(";;! seed ".count)))
    let problems = Problems()
    let verdict = try #require(
      try await Batch.run(text: text, seed: seed, engines: Engine.all + Engine.others) { module in
        problems.add(verify(module).map { "\($0)" })
      })
    #expect(problems.all.isEmpty)
    #expect(verdict.stepCount > 0, "nothing was called")
    for difference in verdict.differences { Issue.record("\(difference.engine): \(difference.message)") }
  }

  @Test func sameSeedSameModule() async throws {
    for seed: UInt64 in [0, 1, 3, 7, 1 << 40] {
      let first = try await Modules.text(seed: seed)
      let second = try await Modules.text(seed: seed)
      #expect(first == second)
    }
  }

  /// What the planted mistakes leave is IR that the backend takes: what is found is wrong code, not a crash.
  @Test func mistakesLeaveValidIR() async throws {
    for bug in PlantedBug.all {
      let problems = Problems()
      _ = try await Batch.run(1..<9, engines: [bug.engine], withExtras: false) { module in
        bug.plant(in: &module)
        problems.add(verify(module).map { "\(bug.name): \($0)" })
      }
      #expect(problems.all.isEmpty)
    }
  }

  /// A mistake is found, and what is left of the module still shows it, and not without the mistake.
  @Test func mistakesAreFoundAndShrunk() async throws {
    let bug = try #require(PlantedBug.all.first { $0.name.contains("rotations") })
    let plant: Engine.Bug = { bug.plant(in: &$0) }
    let (_, verdict) = try #require(try await bug.find(from: 1, within: 100))
    var shrinker = Shrinker(engine: bug.engine, seed: verdict.seed, budget: 400)
    let text = try await shrinker.shrink(verdict.text, bug: plant)
    #expect(text.utf8.count < verdict.text.utf8.count / 4, "\(text)")
    #expect(text.contains("rotl"))
    let planted = try await Batch.run(text: text, seed: verdict.seed, engines: [bug.engine], bug: plant)
    #expect(planted?.differences.isEmpty == false)
    let clean = try await Batch.run(text: text, seed: verdict.seed, engines: Engine.all)
    #expect(clean?.differences.isEmpty == true)
  }
}

private final class Problems: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }
  func add(_ more: [String]) { lines.withLock { $0 += more } }
}
