/// What a user is told when something fails: what is wrong, where, and what to do next.
///
/// Every stage throws its own typed error; the driver turns each into a `Problem` (see
/// ProblemRendering.swift), which is the only error that the command line prints.
public struct Problem: Error, Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// The input can't be compiled, or the build failed.
    case failure
    /// The command line is wrong.
    case usage
  }

  public var kind: Kind
  /// One sentence without a full stop: what is wrong.
  public var summary: String
  public var location: Location?
  /// More of what is wrong, a line each: a list of imports, what a tool printed.
  public var notes: [String]
  /// What to do next.
  public var help: String?

  public init(
    _ summary: String, kind: Kind = .failure, location: Location? = nil, notes: [String] = [],
    help: String? = nil
  ) {
    self.kind = kind
    self.summary = summary
    self.location = location
    self.notes = notes
    self.help = help
  }

  public static func usage(_ summary: String, help: String? = nil) -> Problem {
    Problem(summary, kind: .usage, help: help)
  }

  /// Status that the program exits with: 1 for bad input or a failed build, 2 for wrong usage.
  public var exitStatus: Int32 { kind == .usage ? 2 : 1 }
}

/// Where in the input something is wrong.
public struct Location: Hashable, Encodable, Sendable {
  public var file: String
  /// Byte offset in the file.
  public var offset: Int?
  public var section: String?
  public var functionIndex: UInt32?
  /// From the name section.
  public var functionName: String?

  public init(
    file: String, offset: Int? = nil, section: String? = nil, functionIndex: UInt32? = nil,
    functionName: String? = nil
  ) {
    self.file = file
    self.offset = offset
    self.section = section
    self.functionIndex = functionIndex
    self.functionName = functionName
  }
}

extension Location: CustomStringConvertible {
  /// `app.wasm, offset 0x1a2, code section, function 12 ("parse")`
  public var description: String {
    var parts = [file]
    if let offset { parts.append("offset 0x\(String(offset, radix: 16))") }
    if let section { parts.append("\(section) section") }
    if let functionIndex {
      parts.append("function \(functionIndex)" + (functionName.map { " (\"\($0)\")" } ?? ""))
    }
    return parts.joined(separator: ", ")
  }
}

// MARK: - Rendering

/// Colours for people on a terminal; nothing where the output is a file or NO_COLOR is set.
public struct TerminalStyle: Sendable {
  public var usesColor: Bool
  public init(usesColor: Bool) { self.usesColor = usesColor }
  public static let plain = TerminalStyle(usesColor: false)

  public func error(_ text: String) -> String { wrap(text, "1;31") }
  public func warning(_ text: String) -> String { wrap(text, "1;35") }
  public func help(_ text: String) -> String { wrap(text, "1;36") }
  public func strong(_ text: String) -> String { wrap(text, "1") }
  public func faint(_ text: String) -> String { wrap(text, "2") }

  private func wrap(_ text: String, _ code: String) -> String {
    usesColor ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}

extension Problem {
  /// The text for people, with a line break at the end:
  ///
  ///     error: unknown import env.foo
  ///       in app.wasm, offset 0x1a2, import section
  ///       (note lines)
  ///     help: …
  public func rendered(_ style: TerminalStyle = .plain) -> String {
    var text = "\(style.error("error:")) \(style.strong(summary))\n"
    if let location { text += "  in \(location)\n" }
    for note in notes { text += note.isEmpty ? "\n" : "  \(note)\n" }
    if let help { text += "\(style.help("help:")) \(help)\n" }
    return text
  }
}
