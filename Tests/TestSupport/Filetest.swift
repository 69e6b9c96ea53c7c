public import SystemPackage

/// A test that is a file: text in, and beside it `NAME.expected`, what should come out.
///
/// The text starts with comment lines `; key: value`, which say what to do with it. With WASMAOT_BLESS set what
/// comes out is written as what is expected.
public struct Filetest: Sendable, CustomStringConvertible {
  public var path: FilePath
  public var text: String
  /// The `; key: value` lines at the start.
  public var header: [String: String]

  public var description: String { path.lastComponent?.string ?? path.string }

  /// The tests of `Tests/filetests/FOLDER` with a file name extension, by name.
  public static func all(in folder: String, extension suffix: String) -> [Filetest] {
    let directory = TestSupport.packageRoot.appending("Tests/filetests").appending(folder)
    return TestSupport.contents(of: directory).filter { $0.hasSuffix("." + suffix) }.map { name in
      let path = directory.appending(name)
      let text = String(decoding: (try? TestSupport.read(path)) ?? [], as: UTF8.self)
      return Filetest(path: path, text: text, header: parseHeader(text))
    }
  }

  private static func parseHeader(_ text: String) -> [String: String] {
    var header: [String: String] = [:]
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      guard line.hasPrefix("; "), let colon = line.firstIndex(of: ":") else { break }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      header[String(line[..<colon].dropFirst(2))] = String(value)
    }
    return header
  }

  /// The words of a header line, which commas and spaces separate; empty if it is not there.
  public func words(_ key: String) -> [String] {
    header[key, default: ""].split { $0 == "," || $0 == " " }.map(String.init)
  }

  /// Compares `actual` with the expected text, or replaces that when blessing. Nil if they are equal,
  /// otherwise what differs, for the test's message.
  public func difference(_ actual: String) throws -> String? {
    var expectedPath = path
    expectedPath.extension = "expected"
    if TestSupport.blesses {
      try TestSupport.write(actual.utf8, to: expectedPath)
      return nil
    }
    guard let bytes = try? TestSupport.read(expectedPath) else {
      return "no \(expectedPath): run with WASMAOT_BLESS=1 to write it"
    }
    let expected = String(decoding: bytes, as: UTF8.self)
    if actual.utf8.elementsEqual(expected.utf8) { return nil }
    let actualLines = actual.split(separator: "\n", omittingEmptySubsequences: false)
    let expectedLines = expected.split(separator: "\n", omittingEmptySubsequences: false)
    let line = zip(actualLines, expectedLines).prefix { $0 == $1 }.count
    func text(_ lines: [Substring]) -> String { line < lines.count ? "'\(lines[line])'" : "the end" }
    return "\(self):\(line + 1): found \(text(actualLines)), expected \(text(expectedLines)); all:\n\(actual)"
  }
}
