import Foundation
import SystemPackage
import TestSupport
import Testing

/// What is left where the runtime's own checks are gone: it is built without them, so that guests reach whatever a
/// path leads to.
extension EscapeTests {
  /// Rows that would reach the host's own root are left out where nothing stands in their way.
  private static func cases(withRoot: Bool, settingTimes: Bool) -> [EscapeCase] {
    EscapeMatrix.cases.filter { row in
      let leadsToRoot = row.name.hasPrefix("root") || row.name.hasPrefix("magic")
      return (withRoot && !row.setsTimes || !leadsToRoot) && (settingTimes || !row.setsTimes)
    }
  }

  private static func runner(sandbox: String) async throws -> EscapeRunner {
    let programs = EscapePrograms.shared
    let app = try await programs.app(
      options: ["--sandbox=\(sandbox)"], runtime: try await programs.uncheckedRuntime())
    return EscapeRunner(command: [app.string], protectsTimes: false)
  }

  /// Landlock and the filter of system calls stop them all the same. What is answered does not matter, nor do times:
  /// no rule of Landlock's is about those.
  @Test func theSandboxHoldsAlone() async throws {
    let runner = try await Self.runner(sandbox: "require")
    let folder = try await EscapePrograms.shared.worlds()
    defer { try? FileManager.default.removeItem(atPath: folder.string) }
    let probe = try await TestSupport.run(FilePath(runner.command[0]), ["--dir", folder.string])
    guard probe.status == 0 else {
      print("NOT TESTED: whether the sandbox holds alone, for there is none here: \(probe.errorText)")
      return
    }
    for cases in [Self.cases(withRoot: true, settingTimes: true), try Self.attacks()] {
      let outcome = try await runner.run(cases, in: folder)
      #expect(outcome.problems.isEmpty, "\(outcome.problems.prefix(20).joined(separator: "\n"))")
    }
  }

  /// These tests see what they should: with no wall at all, guests read what is secret and change what is outside.
  @Test func withoutAnyWallGuestsEscape() async throws {
    let runner = try await Self.runner(sandbox: "off")
    let folder = try await EscapePrograms.shared.worlds()
    defer { try? FileManager.default.removeItem(atPath: folder.string) }
    let problems = try await runner.run(Self.cases(withRoot: false, settingTimes: false), in: folder).problems
    func names(_ words: String) -> Set<Substring> {
      Set(problems.filter { $0.contains(words) }.map { $0.prefix { $0 != ":" } })
    }
    let escapes = [
      "out-dir/secret", "out-file", "out-hop-file", "absolute-dir/secret", "absolute-file", "out-dotted",
    ]
    #expect(names("read a secret").isSuperset(of: escapes.map { $0[...] }), "\(names("read a secret"))")
    #expect(names("outside/secret was").isSuperset(of: escapes.map { $0[...] }))
    #expect(names("outside/new was nothing").isSuperset(of: ["out-new", "absolute-new"]))
    #expect(names("outside was").contains("out-dir/secret"))
    #expect(names("readonly/file was").contains("out-readonly-file"))
  }
}
