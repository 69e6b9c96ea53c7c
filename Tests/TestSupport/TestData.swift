import Foundation

/// The public test suites, converted: see "Test data" in ARCHITECTURE.md.
public enum TestData {
  /// `$WASMAOT_TESTDATA`, else `../shared/testdata` from the package's root, else what
  /// `scripts/` fetches into `third_party/testdata`.
  ///
  /// - Throws: `Missing` if there is none: tests that need it fail and say so, they don't pass unseen.
  public static func find() throws -> URL {
    var candidates: [URL] = []
    if let path = ProcessInfo.processInfo.environment["WASMAOT_TESTDATA"] {
      candidates = [URL(fileURLWithPath: path)]
    } else {
      let root = packageRoot
      candidates = [
        root.deletingLastPathComponent().appendingPathComponent("shared/testdata"),
        root.appendingPathComponent("third_party/testdata"),
      ]
    }
    for candidate in candidates
    where FileManager.default.fileExists(atPath: candidate.appendingPathComponent("spec/core").path) {
      return candidate
    }
    throw Missing(searched: candidates.map(\.path))
  }

  /// This package's root folder.
  public static var packageRoot: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
  }

  public struct Missing: Error, CustomStringConvertible {
    public var searched: [String]
    public var description: String {
      "no test data: set WASMAOT_TESTDATA to it; looked in \(searched.joined(separator: ", "))"
    }
  }
}
