import Foundation
import IR
import Support
import TestSupport
import Testing
import WasmModule

@testable import Translate

/// Every valid module of the specification's suite translates into IR that the verifier accepts.
@Suite struct SpecSuiteTests {
  private struct Outcome {
    var translated = 0
    var outOfScope = 0
    var failures: [String] = []
  }

  @Test func validModulesTranslate() throws {
    let core = "/work/shared/testdata/spec/core"
    var outcome = Outcome()
    for name in try FileManager.default.contentsOfDirectory(atPath: core).sorted() {
      let folder = URL(fileURLWithPath: core + "/" + name)
      for file in try validModules(in: folder, script: name) {
        translate(file, &outcome)
      }
    }
    print("spec suite: \(outcome.translated) modules translated, \(outcome.outOfScope) need other features")
    #expect(outcome.failures.isEmpty, "\(outcome.failures.prefix(20).joined(separator: "\n"))")
    #expect(outcome.translated > 1000)
  }

  /// The binary modules that the script instantiates, or that it says can't be linked or trap.
  private func validModules(in folder: URL, script: String) throws -> [URL] {
    let data = try Data(contentsOf: folder.appendingPathComponent(script + ".json"))
    let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let commands = try #require(json["commands"] as? [[String: Any]])
    return commands.compactMap { command in
      guard let type = command["type"] as? String, let file = command["filename"] as? String,
        ["module", "module_definition", "assert_unlinkable", "assert_uninstantiable"].contains(type),
        file.hasSuffix(".wasm")
      else { return nil }
      return folder.appendingPathComponent(file)
    }
  }

  private func translate(_ file: URL, _ outcome: inout Outcome) {
    do {
      let bytes = ModuleBytes([UInt8](try Data(contentsOf: file)))
      let module = try decodeAndValidate(bytes)
      let result = try Translate.translate(module, options: TranslationOptions(stubImports: true))
      let errors = verify(result)
      outcome.translated += 1
      if let first = errors.first { outcome.failures.append("\(file.lastPathComponent): \(first)") }
    } catch let error as WasmError {
      if case .unsupportedFeature = error.kind {
        outcome.outOfScope += 1
      } else {
        outcome.failures.append("\(file.lastPathComponent): \(error)")
      }
    } catch {
      outcome.failures.append("\(file.lastPathComponent): \(error)")
    }
  }
}
