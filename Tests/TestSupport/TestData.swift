public import FoundationEssentials

/// The public test suites for tests that can't do without them.
public enum TestData {
  /// `TestSupport.testData` as a URL.
  ///
  /// - Throws: `Missing` if there is none: tests that need it fail and say so, they don't pass unseen.
  public static func find() throws -> URL {
    guard let path = TestSupport.testData,
      FileManager.default.fileExists(atPath: path.appending("spec/core").string)
    else { throw Missing(searched: TestSupport.testData?.string) }
    return URL(filePath: path.string)
  }

  public struct Missing: Error, CustomStringConvertible {
    public var searched: String?
    public var description: String {
      "no test data in \(searched ?? "../shared/testdata or third_party/testdata"): set WASMAOT_TESTDATA to its folder"
    }
  }
}
