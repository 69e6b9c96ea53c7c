import IR
import Support
import SystemPackage
import TestSupport
import Testing
import WasmModule

@testable import Translate

/// Tests/filetests/translate: modules as text, and beside each the IR that it translates to.
/// WASMAOT_BLESS=1 writes the expected files anew.
@Suite struct FileTests {
  static let folder = TestSupport.packageRoot.appending("Tests/filetests/translate")
  static let files = TestSupport.contents(of: folder).filter { $0.hasSuffix(".wat") }

  static let canParseText = TestSupport.tool("wasm-tools") != nil || TestSupport.tool("wat2wasm") != nil

  @Test func filesAreThere() { #expect(Self.files.count > 10) }

  @Test(
    .enabled(if: canParseText, "SKIPPED: needs wasm-tools or wat2wasm on the PATH"), arguments: files)
  func translates(file: String) async throws {
    let source = Self.folder.appending(file)
    let text = String(decoding: try TestSupport.read(source), as: UTF8.self)
    let bytes = try await TestSupport.module(fromText: text)
    let module = try decodeAndValidate(ModuleBytes(bytes))
    // The first line may ask for the other instance model, or for fuel.
    var options = TranslationOptions(stubImports: true)
    if text.hasPrefix(";; model: embedded\n") { options.model = .embedded }
    options.countsFuel = text.hasPrefix(";; fuel\n")
    let result = try translate(module, options: options)
    #expect(verify(result).isEmpty, "\(verify(result))")

    let printed = "\(result)"
    options.jobs = 4
    let inParallel = try translate(module, options: options)
    #expect("\(inParallel)" == printed)

    let expected = Self.folder.appending(file.dropLast(".wat".count) + ".expected")
    if TestSupport.blesses { try TestSupport.write(printed.utf8, to: expected) }
    #expect(printed == String(decoding: try TestSupport.read(expected), as: UTF8.self))
  }
}
