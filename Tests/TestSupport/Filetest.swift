import Foundation

/// A test that is a file: text in, and beside it `NAME.expected`, what should come out.
///
/// The text starts with comment lines `; key: value`, which say what to do with it. Set WASMAOT_BLESS=1 to
/// write what came out as what is expected.
public struct Filetest: Sendable, CustomStringConvertible {
  public var path: String
  public var text: String
  /// The `; key: value` lines at the start.
  public var header: [String: String]

  public var name: String { (path as NSString).lastPathComponent }
  public var description: String { name }

  /// The tests of `Tests/filetests/FOLDER` whose names end in one of `extensions`, by name.
  public static func all(in folder: String, extensions: [String], root: String = #filePath) -> [Filetest] {
    let tests = ((root as NSString).deletingLastPathComponent as NSString).deletingLastPathComponent
    let directory = "\(tests)/filetests/\(folder)"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.filter { name in extensions.contains { name.hasSuffix("." + $0) } }.sorted().map { name in
      let path = "\(directory)/\(name)"
      let text = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
      return Filetest(path: path, text: text, header: parseHeader(text))
    }
  }

  private static func parseHeader(_ text: String) -> [String: String] {
    var header: [String: String] = [:]
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let body = line.drop { $0 == ";" || $0 == " " }
      guard line.hasPrefix(";"), let colon = body.firstIndex(of: ":") else { break }
      header[String(body[..<colon])] = body[body.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    return header
  }

  /// The words of a header line, which commas and spaces separate; empty if it is not there.
  public func words(_ key: String) -> [String] {
    header[key, default: ""].split { $0 == "," || $0 == " " }.map(String.init)
  }

  /// Compares `actual` with the expected text, or replaces that when blessing. Nil if they are equal,
  /// otherwise the first line that differs, for the test's message.
  public func difference(_ actual: String) throws -> String? {
    let expectedPath = (path as NSString).deletingPathExtension + ".expected"
    if ProcessInfo.processInfo.environment["WASMAOT_BLESS"] == "1" {
      try Data(actual.utf8).write(to: URL(fileURLWithPath: expectedPath))
      return nil
    }
    guard let data = FileManager.default.contents(atPath: expectedPath) else {
      return "no \(expectedPath): run with WASMAOT_BLESS=1 to write it"
    }
    let expected = String(decoding: data, as: UTF8.self)
    if actual == expected { return nil }
    let actualLines = actual.split(separator: "\n", omittingEmptySubsequences: false)
    let expectedLines = expected.split(separator: "\n", omittingEmptySubsequences: false)
    let line = zip(actualLines, expectedLines).prefix { $0 == $1 }.count
    func text(_ lines: [Substring]) -> String { line < lines.count ? "'\(lines[line])'" : "the end" }
    return "\(name):\(line + 1): found \(text(actualLines)), expected \(text(expectedLines))\n\(actual)"
  }
}
