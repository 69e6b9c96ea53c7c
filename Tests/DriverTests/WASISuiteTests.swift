import Foundation
import SystemPackage
import TestSupport
import Testing

/// wasi-testsuite, the preview 1 programs of all three languages, in every mode. Without the suite nothing is
/// tested, and the output says so.
@Suite(.enabled(if: CommandLineTool.path != nil && WASISuite.folder != nil, "no test data: WASMAOT_TESTDATA"))
struct WASISuiteTests {
  @Test(arguments: WASIMode.available)
  func programs(mode: WASIMode) async throws {
    let programs = WASISuite.programs
    #expect(programs.count >= 72)
    let failures = try await withThrowingTaskGroup(of: String?.self) { group in
      var waiting = programs[...]
      var failures: [String] = []
      func start() {
        guard let program = waiting.popFirst() else { return }
        group.addTask { try await program.run(mode).map { "\(program.name): \($0)" } }
      }
      for _ in 0..<ProcessInfo.processInfo.activeProcessorCount { start() }
      while let result = try await group.next() {
        if let result { failures.append(result) }
        start()
      }
      return failures.sorted()
    }
    print("wasi-testsuite, \(mode): \(programs.count - failures.count) of \(programs.count) programs passed")
    #expect(failures == [])
  }
}

private enum WASISuite {
  static let folder: FilePath? = {
    let folder = TestSupport.testData?.appending("wasi")
    return folder.flatMap { TestSupport.contents(of: $0.appending("rust")).isEmpty ? nil : $0 }
  }()

  struct Program: Sendable {
    var language: String
    var module: String
    var name: String { "\(language)/\(module)" }
  }

  static let programs: [Program] = ["c", "rust", "assemblyscript"].flatMap { language in
    TestSupport.contents(of: folder!.appending(language)).filter { $0.hasSuffix(".wasm") }
      .map { Program(language: language, module: $0) }
  }

  /// The JSON file beside a program.
  struct Specification: Decodable {
    var dirs: [String]?
    var args: [String]?
    var env: [String: String]?
    var stdout: String?
    var exit_code: Int32?
  }
}

extension WASISuite.Program {
  /// What went wrong, or nil.
  func run(_ mode: WASIMode) async throws -> String? {
    let folder = WASISuite.folder!.appending(language)
    let specification: WASISuite.Specification
    if let text = try? TestSupport.read(folder.appending(module.dropLast(5) + ".json")) {
      specification = try JSONDecoder().decode(WASISuite.Specification.self, from: Data(text))
    } else {
      specification = .init()
    }
    return try await TemporaryFolder.with { scratch in
      var grants = WASIGrants()
      for name in specification.dirs ?? [] {
        // A copy: programs write there.
        let copy = scratch.appending(name)
        try FileManager.default.copyItem(atPath: folder.appending(name).string, toPath: copy.string)
        for file in TestSupport.contents(of: copy) where file.hasSuffix(".cleanup") {
          try FileManager.default.removeItem(atPath: copy.appending(file).string)
        }
        grants.directories.append((copy.string, name))
      }
      grants.environment = (specification.env ?? [:]).map { "\($0.key)=\($0.value)" }
      let command = try await WASIPrograms.shared.command(
        folder.appending(module), mode, grants: grants, arguments: specification.args ?? [])
      let result = try await TestSupport.run(FilePath(command[0]), Array(command.dropFirst()))
      if result.status != specification.exit_code ?? 0 {
        return "status \(result.status)\n\(result.errorText)"
      }
      if let expected = specification.stdout, result.text != expected { return "output '\(result.text)'" }
      return nil
    }
  }
}
