import Testing

@testable import WasmModule

/// Groups of imports (compact import section proposal).
@Suite struct CompactImportTests {
  private static let type: [UInt8] = [1, 0x60, 0, 1, 0x7F]

  private func decode(_ imports: [UInt8], features: Features = .supported) throws(WasmError) -> Module {
    var module = ModuleWriter()
    module.section(.type, Self.type)
    module.section(.import, imports)
    return try decodeAndValidate(ModuleBytes(module.bytes), features: features)
  }

  private static let a: [UInt8] = [1, 0x61, 0]
  /// "b" (func 0), "" (global i32)
  private static let items: [UInt8] = [0x7F, 2, 1, 0x62, 0, 0, 0, 3, 0x7F, 0]
  /// (global i32): "b", "", "b"
  private static let names: [UInt8] = [0x7E, 3, 0x7F, 0, 3, 1, 0x62, 0, 1, 0x62]

  @Test func groups() throws {
    let single: [UInt8] = [1, 0x63, 1, 0x64, 0, 0]
    let module = try decode([3] + Self.a + Self.items + Self.a + Self.names + single)
    #expect(module.imports.map { "\($0.module).\($0.name)" } == ["a.b", "a.", "a.b", "a.", "a.b", "c.d"])
    #expect(module.functions.count == 2 && module.importedFunctionCount == 2 && module.globals.count == 4)
    for (position, entry) in module.imports.enumerated() {
      switch entry.desc {
      case .function(let index): #expect(module.functions[index].origin == .imported(position))
      case .global(let index): #expect(module.globals[index].origin == .imported(position))
      default: Issue.record("an import of another kind")
      }
    }
    #expect(module.featuresUsed.contains(.compactImports))
  }

  @Test func emptyGroups() throws {
    let module = try decode([2] + Self.a + [0x7F, 0] + Self.a + [0x7E, 0, 0, 0])
    #expect(module.imports.isEmpty)
  }

  /// Only behind an empty name; not twice; counts within the bytes; types that exist.
  @Test(arguments: [
    ([1, 1, 0x61, 1, 0x62] + items, "malformed import kind"),
    ([1] + a + [0x7F, 1, 0, 0x7F, 0], "malformed import kind"),
    ([1] + a + [0x7E, 0x7F, 0, 1, 0], "malformed import kind"),
    ([1] + a + [0x7F, 0xFF, 0xFF, 0x03], "unexpected end"),
    ([1] + a + [0x7E, 0, 0, 0xFF, 0xFF, 0x03], "unexpected end"),
    ([1] + a + [0x7E, 0, 1, 1, 0], "unknown type"), ([1] + a + [0x7F], "unexpected end"),
  ])
  func malformed(imports: [UInt8], message: String) {
    let error = #expect(throws: WasmError.self) { try decode(imports) }
    #expect(error?.message.hasPrefix(message) == true, "\(error as Any)")
  }

  /// A name that is there once is looked at once for each import: that must not be out of proportion.
  @Test func sharedNamesAreBounded() throws {
    func group(_ count: Int) -> [UInt8] {
      [1] + ModuleWriter.u32(2000) + [UInt8](repeating: 0x61, count: 2000) + [0, 0x7E, 3, 0x7F, 0]
        + ModuleWriter.u32(count) + [UInt8](repeating: 0, count: count)
    }
    #expect(try decode(group(1000)).imports.count == 1000)
    let error = #expect(throws: WasmError.self) { try decode(group(3000)) }
    #expect(error?.kind == .limitExceeded)
  }

  @Test func canBeForbidden() {
    let features = Features.supported.subtracting(.compactImports)
    let error = #expect(throws: WasmError.self) { try decode([1] + Self.a + Self.items, features: features) }
    #expect(error?.kind == .unsupportedFeature(.compactImports))
  }
}
