import SystemPackage
import TestSupport

/// Makes a module smaller that shows a difference, as long as it still shows one: its text is a tree of parentheses, of
/// which parts are left out, replaced by their own parts, or by constants. What is not valid then does not count.
public struct Shrinker {
  public var engine: Engine
  public var seed: UInt64
  /// Modules to try at the most.
  public var budget = 3000
  private var tried = 0
  /// A smaller module must differ in the same way: what does not compile is no miscompilation.
  private var wanted: Kind?
  private enum Kind { case failure, instantiation, behaviour }

  public init(engine: Engine, seed: UInt64, budget: Int = 3000) {
    self.engine = engine
    self.seed = seed
    self.budget = budget
  }

  public mutating func shrink(_ text: String, bug: Engine.Bug? = nil) async throws -> String {
    guard var tree = TextNode(text), let kind = try await kind(tree, bug) else { return text }
    wanted = kind
    var isSmaller = true
    while isSmaller, tried < budget {
      isSmaller = try await leaveOut(&tree, bug)
      var path: [Int]? = [0]
      while let current = path, tried < budget {
        var stays = false
        for other in replacements(at: current, of: tree) where tried < budget {
          let changed = tree.replacing(current, with: other)
          if try await shows(changed, bug) {
            tree = changed
            stays = true
            isSmaller = true
            break
          }
        }
        // What took its place is looked at again.
        if !stays || tree.node(at: current) == nil { path = tree.path(after: current) }
      }
    }
    return tree.text
  }

  /// Runs of parts, long ones first, of everything that has many.
  private mutating func leaveOut(_ tree: inout TextNode, _ bug: Engine.Bug?) async throws -> Bool {
    var isSmaller = false
    var path: [Int]? = []
    while let current = path, tried < budget {
      let isFixed = tree.isInGuardOfNaN(current) || tree.node(at: current)?.isGuardOfNaN ?? true
      var length = isFixed ? 0 : (tree.node(at: current)?.children.count ?? 0) / 2
      while length > 1 {
        var start = 0
        while let count = tree.node(at: current)?.children.count, start + length <= count, tried < budget {
          let changed = tree.removing(start..<start + length, at: current)
          if try await shows(changed, bug) {
            tree = changed
            isSmaller = true
          } else {
            start += length
          }
        }
        length /= 2
      }
      path = tree.path(after: current)
    }
    return isSmaller
  }

  private static let constants = [
    "(i32.const 0)", "(i64.const 0)", "(f32.const 0)", "(f64.const 0)", "(v128.const i64x2 0 0)",
  ].map { TextNode($0)! }

  /// From what is left out to what is only simpler.
  private func replacements(at path: [Int], of tree: TextNode) -> [TextNode?] {
    // A NaN whose bits show is no difference, but would be taken for one.
    if tree.isInGuardOfNaN(path) { return [] }
    guard let node = tree.node(at: path), case .list(let parts) = node else {
      if case .word(let word)? = tree.node(at: path), word.contains("=") { return [nil] }
      return []
    }
    var results: [TextNode?] = [nil]
    if parts.count > 1, !Self.constants.contains(node) {
      if !node.isGuardOfNaN {
        results += parts.filter { if case .list = $0 { true } else { false } }.map { Optional($0) }
      }
      if case .word(let head) = parts[0],
        head.contains(".") || ["select", "call", "call_indirect", "if", "block"].contains(head)
      {
        results += Self.constants.map { Optional($0) }
      }
    }
    return results
  }

  private mutating func shows(_ tree: TextNode, _ bug: Engine.Bug?) async throws -> Bool {
    tried += 1
    return try await kind(tree, bug) == wanted
  }

  private func kind(_ tree: TextNode, _ bug: Engine.Bug?) async throws -> Kind? {
    // Without its counters a loop may not end.
    let verdict = try? await Batch.run(
      text: tree.text, seed: seed, engines: [engine], fuel: 20_000_000, bug: bug)
    guard let message = verdict?.differences.first?.message else { return nil }
    if message.hasPrefix("instantiation") { return .instantiation }
    return message.contains(", expected ") ? .behaviour : .failure
  }
}

/// The text format's parentheses.
indirect enum TextNode: Equatable, Sendable {
  case word(String)
  case list([TextNode])

  init?(_ text: String) {
    var stack: [[TextNode]] = [[]]
    let bytes = Array(text.utf8)
    var index = 0
    func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "("):
        if index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: ";") {
          // No comment of a printer has another one in it.
          while index + 1 < bytes.count, string(index..<index + 2) != ";)" { index += 1 }
          index += 2
          continue
        }
        stack.append([])
        index += 1
      case UInt8(ascii: ")"):
        guard stack.count > 1, let done = stack.popLast() else { return nil }
        stack[stack.count - 1].append(.list(done))
        index += 1
      case UInt8(ascii: ";"):
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
      case UInt8(ascii: "\""):
        let start = index
        index += 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
          index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        index += 1
        guard index <= bytes.count else { return nil }
        stack[stack.count - 1].append(.word(string(start..<index)))
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"): index += 1
      default:
        let start = index
        while index < bytes.count, !" \n\t();\"".utf8.contains(bytes[index]) { index += 1 }
        stack[stack.count - 1].append(.word(string(start..<index)))
      }
    }
    guard stack.count == 1, stack[0].count == 1 else { return nil }
    self = stack[0][0]
  }

  var children: [TextNode] { if case .list(let parts) = self { parts } else { [] } }

  func node(at path: [Int]) -> TextNode? {
    var node = self
    for index in path {
      guard index < node.children.count else { return nil }
      node = node.children[index]
    }
    return node
  }

  func replacing(_ path: [Int], with other: TextNode?) -> TextNode {
    guard let first = path.first else { return other ?? .list([]) }
    var parts = children
    if path.count == 1, other == nil {
      parts.remove(at: first)
    } else {
      parts[first] = parts[first].replacing(Array(path.dropFirst()), with: other)
    }
    return .list(parts)
  }

  /// As `Generator.canonical` makes it: `(select (local.tee $n1 …) (f32.const nan) (f32.eq …))`.
  var isGuardOfNaN: Bool {
    guard children.count == 4, case .list(let tee) = children[1], tee.count == 3,
      tee[0] == .word("local.tee"),
      case .word(let local) = tee[1]
    else { return false }
    return local.hasPrefix("$n") && [.word("select"), .word("v128.bitselect")].contains(children[0])
  }

  /// Whether it is a part of one, other than the value.
  func isInGuardOfNaN(_ path: [Int]) -> Bool {
    var node = self
    for (depth, index) in path.enumerated() {
      let rest = path[depth...]
      if node.isGuardOfNaN, !(rest.count >= 2 && rest.prefix(2) == [1, 2]) { return true }
      guard index < node.children.count else { return false }
      node = node.children[index]
    }
    return false
  }

  func removing(_ range: Range<Int>, at path: [Int]) -> TextNode {
    guard var parts = node(at: path)?.children else { return self }
    parts.removeSubrange(range)
    return replacing(path, with: .list(parts))
  }

  /// In the order of the text: its parts first, then what follows. If there is nothing at the path any more, what
  /// follows it.
  func path(after path: [Int]) -> [Int]? {
    if let node = node(at: path), !node.children.isEmpty { return path + [0] }
    var path = path
    while let last = path.popLast() {
      if node(at: path + [last + 1]) != nil { return path + [last + 1] }
    }
    return nil
  }

  var text: String { render(indentation: 0) }

  private func render(indentation: Int) -> String {
    guard case .list(let parts) = self else {
      if case .word(let word) = self { return word }
      return ""
    }
    let flat = "(" + parts.map { $0.render(indentation: 0) }.joined(separator: " ") + ")"
    if flat.utf8.count <= 100, !flat.contains("\n") { return flat }
    let margin = "\n" + String(repeating: " ", count: indentation + 2)
    var text = "("
    for (index, part) in parts.enumerated() {
      if case .list = part {
        text += index == 0 ? "" : margin
      } else if index > 0 {
        text += " "
      }
      text += part.render(indentation: indentation + 2)
    }
    return text + ")"
  }
}
