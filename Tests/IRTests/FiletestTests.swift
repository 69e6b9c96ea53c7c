import IR
import Support
import TestSupport
import Testing

/// `Tests/filetests/ir/*.ir`: parse, run the passes that the header names, print.
@Suite struct FiletestTests {
  @Test(arguments: Filetest.all(in: "ir", extension: "ir"))
  func file(test: Filetest) throws {
    var module = try parseModule(test.text)
    let passes = try test.words("passes").map { name in
      try #require(Pass(rawValue: name), "no pass '\(name)'")
    }
    if test.header["optimize"] != nil {
      try optimize(&module, options: PassOptions(verify: true))
    }
    try run(passes, on: &module, options: PassOptions(jobs: 2, verify: true))
    let difference = try test.difference(module.description)
    #expect(difference == nil)
    // What was printed reads back as the same.
    #expect(try parseModule(module.description).description == module.description)
  }

  @Test func thereAreFiles() {
    #expect(Filetest.all(in: "ir", extension: "ir").count >= 10)
  }
}
