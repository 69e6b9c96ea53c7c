import Support
import Testing

@testable import WasmModule

@Suite struct CustomSectionTests {
  /// A module of three functions with one custom section.
  private func module(_ name: String, _ contents: [UInt8]) throws -> Module {
    var writer = ModuleWriter()
    writer.bytes = ModuleWriter.functions([[0, 0x0B], [0, 0x0B], [0, 0x0B]])
    writer.section(.custom, ModuleWriter.name(name) + contents)
    return try decodeAndValidate(ModuleBytes(writer.bytes))
  }

  private func subsection(_ id: UInt8, _ contents: [UInt8]) -> [UInt8] {
    [id] + ModuleWriter.u32(contents.count) + contents
  }

  @Test func names() throws {
    let functions = ModuleWriter.vector([[0] + ModuleWriter.name("zero"), [2] + ModuleWriter.name("zwei")])
    let locals = ModuleWriter.vector([[2] + ModuleWriter.vector([[0] + ModuleWriter.name("x")])])
    let names = NameSection(
      try module(
        "name",
        subsection(0, ModuleWriter.name("the module")) + subsection(1, functions) + subsection(2, locals)
          + subsection(9, [1, 2, 3])))
    #expect(names.warnings.isEmpty)
    #expect(names.moduleName == "the module")
    #expect(names.name(of: FuncIdx(0)) == "zero")
    #expect(names.name(of: FuncIdx(1)) == nil)
    #expect(names.name(of: FuncIdx(2)) == "zwei")
    #expect(names.localNames(of: FuncIdx(2)) == [0: "x"])
    #expect(names.localNames(of: FuncIdx(0)).isEmpty)
    #expect(names.functionNames[FuncIdx(2)] == "zwei")
  }

  @Test func namesOutOfOrder() throws {
    let functions = ModuleWriter.vector([[2] + ModuleWriter.name("c"), [0] + ModuleWriter.name("a")])
    let names = NameSection(try module("name", subsection(1, functions)))
    #expect(names.name(of: FuncIdx(0)) == "a")
    #expect(names.name(of: FuncIdx(2)) == "c")
  }

  @Test(
    arguments: [
      [1], [1, 100, 0], [1, 5, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [1, 4, 1, 0, 1, 0xFF], [0, 2, 9, 0x41],
      [1, 2, 0, 0],
    ] as [[UInt8]])
  func malformedNamesAreIgnored(contents: [UInt8]) throws {
    let good = subsection(0, ModuleWriter.name("kept"))
    let names = NameSection(try module("name", good + contents))
    #expect(names.warnings.count == 1)
    #expect(names.moduleName == "kept")
    #expect(names.name(of: FuncIdx(0)) == nil)
  }

  @Test func namesOfFunctionsThatAreNot() throws {
    let functions = ModuleWriter.vector([[0xFF, 0xFF, 0xFF, 0xFF, 0x0F] + ModuleWriter.name("none")])
    let names = NameSection(try module("name", subsection(1, functions)))
    #expect(names.functionNames[FuncIdx(0)].isEmpty)
  }

  @Test func producers() throws {
    let value = ModuleWriter.name("clang") + ModuleWriter.name("19.1")
    let contents = ModuleWriter.vector([ModuleWriter.name("processed-by") + ModuleWriter.vector([value])])
    let section = ProducersSection(try module("producers", contents))
    #expect(section.warnings.isEmpty)
    #expect(
      section.fields == [
        ProducersSection.Field(
          name: "processed-by", values: [ProducersSection.Value(name: "clang", version: "19.1")])
      ])
    #expect(ProducersSection(try module("producers", [9, 9, 9])).warnings.count == 1)
  }

  @Test func targetFeatures() throws {
    let contents = ModuleWriter.vector([
      [0x2B] + ModuleWriter.name("simd128"), [0x2D] + ModuleWriter.name("x"),
    ])
    let section = TargetFeaturesSection(try module("target_features", contents))
    #expect(section.warnings.isEmpty)
    #expect(section.entries.map(\.name) == ["simd128", "x"])
    #expect(section.entries.map(\.policy) == [.used, .disallowed])
    #expect(TargetFeaturesSection(try module("target_features", [1, 0x41, 1, 0x41])).warnings.count == 1)
  }
}
