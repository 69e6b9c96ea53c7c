import IR
import Support
import Testing
import WasmModule

@testable import Translate

@Suite struct NameTests {
  /// Names of two functions, the second exported, given the `name` section's contents.
  private func names(_ section: [UInt8]) throws -> [ByteString] {
    var wasm = WasmBytes()
    wasm.types([(params: [], results: [])])
    wasm.functions([0, 0])
    wasm.section(7, WasmBytes.items([WasmBytes.vector(Array("out".utf8)) + [0, 1]]))
    wasm.code([([], []), ([], [])])
    wasm.section(0, WasmBytes.vector(Array("name".utf8)) + section)
    let module = try decodeAndValidate(ModuleBytes(wasm.bytes))
    return try translate(module, options: TranslationOptions()).functions.values.map(\.name)
  }

  @Test func namesComeFromTheSectionThenFromExports() throws {
    #expect(try names([]) == ["", "out"])
    #expect(try names([1, 4, 1, 0, 1, 0x61]) == ["a", "out"])
    #expect(try names([0, 2, 1, 0x6D, 1, 7, 2, 0, 1, 0x61, 1, 1, 0x62]) == ["a", "b"])
  }

  @Test(
    arguments: [
      [1],  // no size
      [1, 100, 1, 0, 1, 0x61],  // size past the end
      [1, 4, 1, 1, 5, 0x61],  // name past the end of the subsection
      [1, 5, 1, 1, 2, 0xC3, 0x28],  // not UTF-8
      [1, 0x86, 0x80, 0x80, 0x80, 0x80, 0x80, 0],  // LEB128 too long
      [1, 5, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F],  // 2^32 - 1 names in no bytes
      [1, 8, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1, 0x61],  // no such function
    ] as [[UInt8]]) func malformedSectionsAreIgnored(section: [UInt8]) throws
  {
    #expect(try names(section) == ["", "out"])
  }
}
