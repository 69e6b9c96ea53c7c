import Testing

@testable import WasmModule

/// The branch hint section: hints are kept as far as the section is sound, and the module is valid whatever
/// the section holds.
@Suite struct BranchHintTests {
  private func section(_ contents: [UInt8]) throws -> BranchHintSection {
    var module = ModuleWriter()
    module.section(.type, [1, 0x60, 0, 0])
    module.section(.function, [3, 0, 0, 0])
    let name = BranchHintSection.sectionName.bytes
    module.section(.custom, [UInt8(name.count)] + name + contents)
    module.section(.code, [3, 2, 0, 0x0B, 2, 0, 0x0B, 2, 0, 0x0B])
    return BranchHintSection(try decodeAndValidate(ModuleBytes(module.bytes)))
  }

  @Test func hints() throws {
    let section = try section([2, 0, 2, 3, 1, 0, 7, 1, 1, 2, 1, 5, 1, 1])
    #expect(section.warnings.isEmpty)
    #expect(
      Array(section.hints(of: FuncIdx(0))) == [
        .init(offset: 3, isLikely: false), .init(offset: 7, isLikely: true),
      ])
    #expect(section.hints(of: FuncIdx(1)).isEmpty)
    #expect(Array(section.hints(of: FuncIdx(2))) == [.init(offset: 5, isLikely: true)])
  }

  /// Counts beyond the bytes, functions and hints out of order, hints of another length or value: what is
  /// before them stays.
  @Test(arguments: [
    [1, 0, 9, 3, 1, 0], [2, 0, 1, 3, 1, 0, 0, 1, 4, 1, 1], [1, 0, 2, 3, 1, 0, 3, 1, 1],
    [1, 0, 2, 3, 1, 0, 4, 2, 1], [1, 0, 2, 3, 1, 0, 4, 1, 2], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [],
    [2, 0, 1, 3, 1, 0],
  ])
  func malformed(contents: [UInt8]) throws {
    let section = try section(contents)
    #expect(section.warnings.count == 1)
    #expect(section.hints(of: FuncIdx(0)).count <= 1)
  }
}
