import Foundation
import IR
import Support
import SystemPackage
import TestSupport
import Testing
import WasmModule

@testable import Translate

/// Every valid module of the specification's suite translates into IR that the verifier accepts.
@Suite struct SpecSuiteTests {
  private struct Outcome {
    var translated = 0
    var outOfScope = 0
    /// Larger than an implementation limit, as a table of 2^32 - 1 entries.
    var overLimit = 0
    var failures: [String] = []
  }

  @Test(.enabled(if: TestSupport.testData != nil, "SKIPPED: no test data, set WASMAOT_TESTDATA"))
  func validModulesTranslate() throws {
    let core = try #require(TestSupport.testData).appending("spec/core")
    var outcome = Outcome()
    for name in TestSupport.contents(of: core) {
      for file in try validModules(in: core.appending(name), script: name) { translate(file, &outcome) }
    }
    print(
      "spec suite: \(outcome.translated) modules translated, \(outcome.outOfScope) need other features, "
        + "\(outcome.overLimit) exceed a limit")
    #expect(outcome.failures.isEmpty, "\(outcome.failures.prefix(20).joined(separator: "\n"))")
    #expect(outcome.translated > 1000)
    #expect(outcome.overLimit < 5)
  }

  /// The binary modules that the script instantiates, or that it says can't be linked or trap.
  private func validModules(in folder: FilePath, script: String) throws -> [FilePath] {
    let data = Data(try TestSupport.read(folder.appending(script + ".json")))
    let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let commands = try #require(json["commands"] as? [[String: Any]])
    return commands.compactMap { command in
      guard let type = command["type"] as? String, let file = command["filename"] as? String,
        ["module", "module_definition", "assert_unlinkable", "assert_uninstantiable"].contains(type),
        file.hasSuffix(".wasm")
      else { return nil }
      return folder.appending(file)
    }
  }

  private func translate(_ file: FilePath, _ outcome: inout Outcome) {
    do {
      let bytes = ModuleBytes(try TestSupport.read(file))
      let module = try decodeAndValidate(bytes)
      let result = try Translate.translate(module, options: TranslationOptions(stubImports: true))
      let errors = verify(result)
      outcome.translated += 1
      if let first = errors.first { outcome.failures.append("\(file.lastComponent!.string): \(first)") }
    } catch let error as WasmError {
      switch error.kind {
      case .unsupportedFeature: outcome.outOfScope += 1
      case .limitExceeded: outcome.overLimit += 1
      default: outcome.failures.append("\(file.lastComponent!.string): \(error)")
      }
    } catch {
      outcome.failures.append("\(file.lastComponent!.string): \(error)")
    }
  }
}
