import Foundation
import TestSupport
import Testing

@testable import WasmModule

/// The modules of the specification's test suite: valid ones are accepted, malformed and invalid ones are
/// rejected, in the reference interpreter's words.
@Suite struct SpecSuiteTests {
  /// What a command asks of the decoder and validator.
  enum Verdict: Equatable { case accepted, rejected }

  static func verdict(of command: SpecScript.Command) -> Verdict? {
    guard command.filename != nil, command.moduleType != "text" else { return nil }
    return switch command.type {
    case "module", "module_definition", "assert_unlinkable", "assert_uninstantiable": .accepted
    case "assert_malformed", "assert_invalid": .rejected
    default: nil
    }
  }

  @Test func core() throws {
    var counts: [String: Int] = [:]
    for (name, folder) in try SpecScript.scripts(of: "core") {
      for command in try SpecScript.load(name, in: folder).commands {
        guard let verdict = Self.verdict(of: command), let file = command.filename else { continue }
        let bytes = try ModuleBytes.map(path: folder.appendingPathComponent(file).path)
        counts[command.type, default: 0] += 1
        do throws(WasmError) {
          _ = try decodeAndValidate(bytes)
          if verdict == .rejected {
            print("ACC \(name):\(command.line): accepted, expected \(command.text ?? "")")
          }
        } catch {
          if verdict == .accepted {
            print("REJ \(name):\(command.line): \(error)")
          } else {
            let message = error.message
            if !message.hasPrefix(command.text!) {
              print("MSG \(name):\(command.line): expected '\(command.text!)': \(error)")
            }
          }
        }
      }
    }
    print(counts)
  }
}
