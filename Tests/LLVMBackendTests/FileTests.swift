import IR
import Support
import SystemPackage
import TestSupport
import Testing

@testable import LLVMBackend

/// Tests/filetests/llvm/*.ir: a module in the IR's text form, with directives in its comments:
///
///     ; run: O2 O3 asm                  levels, then asm, llvm-ir; optionally cpu=NAME,
///                                       bounds=explicit, spectre, embedded, profile-generate
///     ; function f1                     the checks that follow look at this function's code
///     ; check: TEXT                     lines with these texts, in this order
///     ; check-not: TEXT                 no line has this text
@Suite struct FileTests {
  private static let folder = TestSupport.packageRoot.appending("Tests/filetests/llvm")
  static let names = TestSupport.contents(of: folder).filter { $0.hasSuffix(".ir") }

  @Test func thereAreSome() { #expect(!Self.names.isEmpty) }

  @Test(arguments: names)
  func check(name: String) throws {
    let text = String(decoding: try TestSupport.read(Self.folder.appending(name)), as: UTF8.self)
    let module = try parseModule(text)
    #expect(verify(module) == [])
    let script = Script(text)
    #expect(!script.runs.isEmpty, "no '; run:' line")
    for run in script.runs {
      for level in run.levels {
        var options = BackendOptions(
          entry: run.isEmbedded ? .embedded(name: "m") : .invoke(module.exports))
        options.level = level
        options.emission = run.emission
        options.verify = true
        options.cpu = run.cpu
        options.boundsChecks = run.boundsChecks
        options.mitigatesSpectre = run.mitigatesSpectre
        options.countsBranches = run.countsBranches
        let output = String(
          decoding: try generateCode(for: module, options: options).units[0].bytes, as: UTF8.self)
        for check in script.checks {
          let code = check.function.map { section(of: $0, in: output, run.emission) } ?? output
          if let message = check.failure(in: code) { Issue.record("\(name), \(level): \(message)\n\(code)") }
        }
      }
    }
  }

  /// The code of one function.
  private func section(of function: String, in output: String, _ emission: Emission) -> String {
    // Functions are internal: embedded ones have the model's prefix in front.
    let symbol =
      output.contains("m_wasm.wasmaot_\(function)") ? "m_wasm.wasmaot_\(function)" : "wasmaot_\(function)"
    let lines = output.split(separator: "\n", omittingEmptySubsequences: false)
    let (isStart, isEnd): ((Substring) -> Bool, (Substring) -> Bool) =
      emission == .assembly
      ? ({ $0.hasPrefix("\(symbol):") }, { $0.contains(".cfi_endproc") })
      : ({ $0.hasPrefix("define") && $0.contains("@\(symbol)(") }, { $0 == "}" })
    guard let start = lines.firstIndex(where: isStart) else { return "" }
    return lines[start...].prefix { !isEnd($0) }.joined(separator: "\n")
  }
}

/// The directives of one file.
private struct Script {
  struct Run {
    var levels: [OptimizationLevel] = []
    var emission = Emission.assembly
    var cpu = "baseline"
    var boundsChecks = BoundsChecks.guardPages
    var mitigatesSpectre = false
    var isEmbedded = false
    var countsBranches = false
  }
  struct Check {
    var function: String?
    /// Texts of lines in order, or of lines that must not be there.
    var texts: [(text: String, isWanted: Bool)] = []

    /// What is wrong, or nil. A text that is not wanted may not stand between the wanted ones around it.
    func failure(in code: String) -> String? {
      var rest = code.split(separator: "\n")[...]
      var unwanted: [String] = []
      for (text, isWanted) in texts + [("", true)] {
        if !isWanted {
          unwanted.append(text)
          continue
        }
        let end = text.isEmpty ? rest.endIndex : rest.firstIndex { $0.contains(text) }
        guard let end else { return "'\(text)' not found" }
        for text in unwanted {
          if let line = rest[..<end].first(where: { $0.contains(text) }) { return "'\(text)' found: \(line)" }
        }
        unwanted = []
        rest = text.isEmpty ? [] : rest[(end + 1)...]
      }
      return nil
    }
  }

  var runs: [Run] = []
  var checks: [Check] = []

  init(_ text: String) {
    var check = Check()
    for line in text.split(separator: "\n") {
      if let words = argument(line, "run:") {
        var run = Run()
        for word in words.split(separator: " ") {
          if let level = OptimizationLevel(rawValue: String(word)) {
            run.levels.append(level)
          } else if word == "embedded" {
            run.isEmbedded = true
          } else if word == "llvm-ir" {
            run.emission = .llvmIR
          } else if word.hasPrefix("cpu=") {
            run.cpu = String(word.dropFirst(4))
          } else if word == "bounds=explicit" {
            run.boundsChecks = .explicit
          } else if word == "spectre" {
            run.mitigatesSpectre = true
          } else if word == "profile-generate" {
            run.countsBranches = true
          } else {
            precondition(word == "asm", "unknown word '\(word)' in '; run:'")
          }
        }
        runs.append(run)
      } else if let function = argument(line, "function ") {
        if !check.texts.isEmpty { checks.append(check) }
        check = Check(function: function)
      } else if let text = argument(line, "check:") {
        check.texts.append((text, true))
      } else if let text = argument(line, "check-not:") {
        check.texts.append((text, false))
      }
    }
    if !check.texts.isEmpty { checks.append(check) }
    // As FileCheck has them: such a text would be in no line, whatever the code is.
    for text in checks.flatMap(\.texts) {
      precondition(!text.text.contains("{{"), "a text is no pattern: \(text)")
    }
  }
}

private func argument(_ line: Substring, _ directive: String) -> String? {
  guard line.hasPrefix("; \(directive)") else { return nil }
  return String(line.dropFirst(directive.utf8.count + 2).drop { $0 == " " })
}
