import Testing

@testable import Support

@Suite struct NumberTextTests {
  @Test(arguments: [(0, "0 functions"), (1, "1 function"), (2, "2 functions")])
  func counts(count: Int, text: String) { #expect(counted(count, "function") == text) }

  @Test(arguments: [(1, "1 byte"), (999, "999 bytes"), (1000, "1.0 kB"), (2_500_000, "2.5 MB")])
  func sizes(bytes: Int, text: String) { #expect(sizeText(bytes) == text) }
}
