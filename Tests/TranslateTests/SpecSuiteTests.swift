import Foundation
import IR
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

  /// What the scripts instantiate, or say can't be linked or traps.
  private static let validModules = [
    "module", "module_definition", "assert_unlinkable", "assert_uninstantiable",
  ]

  @Test func validModulesTranslate() throws {
    var outcome = Outcome()
    for (name, folder) in try SpecScript.scripts(of: "core") {
      for command in try SpecScript.load(name, in: folder).commands {
        guard Self.validModules.contains(command.type), command.moduleType != "text",
          let file = command.filename
        else { continue }
        translate(folder.appendingPathComponent(file), &outcome)
      }
    }
    print(
      "spec suite: \(outcome.translated) modules translated, \(outcome.outOfScope) need other features, "
        + "\(outcome.overLimit) exceed a limit")
    #expect(outcome.failures.isEmpty, "\(outcome.failures.prefix(20).joined(separator: "\n"))")
    #expect(outcome.translated > 1000)
    #expect(outcome.overLimit < 5)
  }

  private func translate(_ file: URL, _ outcome: inout Outcome) {
    do {
      let module = try decodeAndValidate(ModuleBytes([UInt8](try Data(contentsOf: file))))
      let result = try Translate.translate(module, options: TranslationOptions(stubImports: true))
      let errors = verify(result)
      outcome.translated += 1
      if let first = errors.first { outcome.failures.append("\(file.lastPathComponent): \(first)") }
      for body in result.bodies.defined.map({ result.bodies[$0]! }) {
        let unpacked = PackedFunction(body).unpacked()
        if unpacked.description != body.description {
          outcome.failures.append("\(file.lastPathComponent): unpacked is not what was packed")
        }
      }
    } catch let error as WasmError {
      switch error.kind {
      case .unsupportedFeature: outcome.outOfScope += 1
      case .limitExceeded: outcome.overLimit += 1
      default: outcome.failures.append("\(file.lastPathComponent): \(error)")
      }
    } catch TranslationError.tooLarge {
      outcome.overLimit += 1
    } catch {
      outcome.failures.append("\(file.lastPathComponent): \(error)")
    }
  }
}
