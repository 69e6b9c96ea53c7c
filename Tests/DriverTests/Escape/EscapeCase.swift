import SystemPackage
import TestSupport

/// Calls of a guest, in a world of their own. `G`, `R` and `S` in them are the world's grants.
struct EscapeCase: Sendable {
  struct Line: Sendable {
    var text: String
    /// What is answered; nil where it is not said here. Words of the answer, with alternatives: `63`, `0 file`,
    /// `32|63`, `!` for any error.
    var expected: String?
    /// What wasmtime answers, if it is something else.
    var byWasmtime: String?

    func isAnswered(by answer: String, fromWasmtime: Bool = false) -> Bool {
      guard let expected = fromWasmtime ? byWasmtime ?? expected : expected else { return true }
      if expected == "!" { return answer.split(separator: " ").first != "0" }
      return expected.split(separator: "|").contains(Substring(answer))
    }
  }
  struct Part: Sendable {
    var name: String
    var setsTimes = false
    var lines: [Line]
  }

  var name: String
  var nodes: [(String, EscapeWorld.Node)]
  var parts: [Part]
  /// Whether it can be run by wasmtime, which has no read-only grants.
  var isForWasmtime = true

  var lines: [Line] { parts.flatMap(\.lines) }
  var setsTimes: Bool { parts.contains(where: \.setsTimes) }

  /// For the guest, where `firstDescriptor` is that of the world's first grant.
  func script(firstDescriptor: Int) -> String {
    lines.map { line in
      line.text.split(separator: " ", omittingEmptySubsequences: false).map { word in
        switch word {
        case "G": "\(firstDescriptor)"
        case "R": "\(firstDescriptor + 1)"
        case "S": "\(firstDescriptor + 2)"
        default: String(word)
        }
      }.joined(separator: " ") + "\n"
    }.joined()
  }
}

// MARK: - Tests/escape/attacks.txt

extension EscapeCase {
  struct BadLine: Error, CustomStringConvertible { var description: String }

  /// Cases as Tests/escape/attacks.txt writes them; its head says how.
  static func parse(_ text: String) throws -> [EscapeCase] {
    var cases: [EscapeCase] = []
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      func bad(_ what: String) -> BadLine { BadLine(description: "line \(number + 1): \(what): \(line)") }
      if line.isEmpty || line.hasPrefix("#") { continue }
      let words = line.split(separator: " ").map(String.init)
      if words[0] == "case" {
        guard words.count >= 2, !cases.contains(where: { $0.name == words[1] }) else { throw bad("name") }
        cases.append(
          EscapeCase(
            name: words[1], nodes: [], parts: [Part(name: words[1], lines: [])],
            isForWasmtime: words.last != "not-wasmtime"))
        continue
      }
      guard !cases.isEmpty else { throw bad("outside of a case") }
      let last = cases.count - 1
      if words[0] == "host" {
        guard let node = node(Array(words.dropFirst())) else { throw bad("node") }
        cases[last].nodes.append(node)
        continue
      }
      guard let arrow = line.firstRange(of: " => ") else { throw bad("no answer") }
      let call = expand(String(line[..<arrow.lowerBound]))
      if call.hasPrefix("times ") || call.hasPrefix("fdtimes ") { cases[last].parts[0].setsTimes = true }
      if call.split(separator: " ").contains("R") { cases[last].isForWasmtime = false }
      var answer = line[arrow.upperBound...]
      var byWasmtime: Substring?
      if answer.hasSuffix(")"), let other = answer.firstRange(of: " (wasmtime ") {
        byWasmtime = answer[other.upperBound...].dropLast()
        answer = answer[..<other.lowerBound]
      }
      cases[last].parts[0].lines.append(
        Line(text: call, expected: String(answer), byWasmtime: byWasmtime.map(String.init)))
    }
    return cases
  }

  private static func node(_ words: [String]) -> (String, EscapeWorld.Node)? {
    guard words.count >= 2 else { return nil }
    let name = expand(words[1])
    let argument = words.count > 2 ? expand(words[2]) : ""
    switch words[0] {
    case "dir": return (name, .directory)
    case "dirs": return (name, .directories)
    case "file": return (name, .file(argument))
    case "link": return (name, .link(argument))
    case "hard": return (name, .hardLink(argument))
    case "fifo": return (name, .fifo)
    case "socket": return (name, .socket)
    case "null": return (name, .null)
    default: return nil
    }
  }

  /// `{TEXT*COUNT}` repeats.
  private static func expand(_ text: String) -> String {
    text.replacing(#/{([^{}*]+)\*([0-9]+)}/#) { match in
      String(repeating: String(match.1), count: Int(match.2)!)
    }
  }
}
