// Names of modules and messages of programs are somebody else's: none of them may become markup, reach the
// terminal as a control character, or turn the text around it.

/// The text on one line, of characters that are seen: others are spelt `\u{…}`. Cut off behind `limit` of them.
public func visible(_ text: String, limit: Int = 300) -> String {
  var result = ""
  for (index, scalar) in text.unicodeScalars.enumerated() {
    if index == limit { return result + "…" }
    switch scalar.properties.generalCategory {
    // `format` has the marks that reverse the direction of a line.
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
      result += "\\u{\(String(scalar.value, radix: 16))}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// Text for elements and attributes of HTML and SVG.
public func markupText(_ text: String) -> String {
  var result = ""
  for scalar in visible(text, limit: 10_000).unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// Text for Markdown, in tables, too.
public func markdownText(_ text: String) -> String {
  var result = ""
  for scalar in visible(text, limit: 10_000).unicodeScalars {
    // An address of mail becomes a link, escaped or not, unless its text has two parts.
    if scalar == "@" { result += "<!-- -->" }
    // Underscores inside of words mean nothing, and are common in names.
    if "\\`*[]<>|~&#!$".unicodeScalars.contains(scalar) { result += "\\" }
    result.unicodeScalars.append(scalar)
    // Bare addresses become links.
    if result.hasSuffix("://") { result = result.dropLast(3) + "\\://" }
    if result.hasSuffix("www.") { result = result.dropLast(1) + "\\." }
  }
  return result
}

/// Code in Markdown: the fence is longer than any inside.
public func markdownCode(_ text: String) -> String {
  let text = visible(text, limit: 10_000)
  let longest = text.split(omittingEmptySubsequences: true) { $0 != "`" }.map(\.count).max() ?? 0
  let fence = String(repeating: "`", count: longest + 1)
  let space = text.hasPrefix("`") || text.hasSuffix("`") ? " " : ""
  return fence + space + text + space + fence
}
