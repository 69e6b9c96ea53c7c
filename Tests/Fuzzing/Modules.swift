import Support
import SystemPackage
import TestSupport
import WasmModule

/// Where modules come from, by their number: of four, one is binaryen's.
enum ModuleSource {
  static func isBinaryens(_ seed: UInt64) -> Bool { seed % 4 == 3 && hasBinaryen }
  static let hasBinaryen = TestSupport.tool("wasm-opt") != nil

  /// Nil if binaryen made something that is not valid, as old versions do.
  static func text(seed: UInt64, in folder: FilePath) async throws -> String? {
    isBinaryens(seed) ? try await BinaryenModule.text(seed: seed, in: folder) : Generator.text(seed: seed)
  }

  /// Binaries of all, by one process.
  static func candidates(_ seeds: some Sequence<UInt64>, in folder: FilePath) async throws -> [Candidate] {
    var texts: [(seed: UInt64, text: String)] = []
    for seed in seeds {
      if let text = try await text(seed: seed, in: folder) { texts.append((seed, text)) }
    }
    return try await candidates(texts, in: folder)
  }

  static func candidates(_ texts: [(seed: UInt64, text: String)], in folder: FilePath) async throws
    -> [Candidate]
  {
    guard !texts.isEmpty else { return [] }
    let script = folder.appending("batch.wast")
    try TestSupport.write(texts.map(\.text).joined(separator: "\n").utf8, to: script)
    guard let tool = TestSupport.tool("wasm-tools") else { throw FuzzError("wasm-tools is not on the PATH") }
    let result = try await TestSupport.run(
      tool,
      [
        "json-from-wast", script.string, "-o", folder.appending("batch.json").string, "--wasm-dir",
        folder.string,
      ])
    guard result.status == 0 else { throw FuzzError("not a module's text: \(result.errorText)") }
    return try texts.enumerated().map { index, entry in
      let path = folder.appending("batch.\(index).wasm")
      let module: Module
      do {
        module = try decodeAndValidate(ModuleBytes(try TestSupport.read(path)))
      } catch {
        throw FuzzError("the module of seed \(entry.seed) is not valid: \(error)")
      }
      return Candidate(seed: entry.seed, text: entry.text, path: path.string, module: module)
    }
  }
}

/// Modules of `wasm-opt --translate-to-fuzz`, with a function `state` added.
enum BinaryenModule {
  /// What the oldest version in use emits in the encoding of today.
  private static let features = [
    "sign-ext", "mutable-globals", "nontrapping-float-to-int", "bulk-memory", "tail-call", "multivalue",
    "extended-const",
  ]

  static func text(seed: UInt64, in folder: FilePath) async throws -> String? {
    guard let optimizer = TestSupport.tool("wasm-opt"), let printer = TestSupport.tool("wasm-tools") else {
      return nil
    }
    var random = SplitMix64(state: seed)
    let input = folder.appending("\(seed).random")
    let output = folder.appending("\(seed).wasm")
    let size = 60 + random.below(1500)
    try TestSupport.write((0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) }, to: input)
    // NaN becomes 0 wherever one is made; in vectors it does not.
    let made = try await TestSupport.run(
      optimizer,
      ["--translate-to-fuzz", input.string, "-o", output.string, "--denan", "--disable-simd"]
        + features.map { "--enable-\($0)" })
    guard made.status == 0, let module = try? decodeAndValidate(ModuleBytes(try TestSupport.read(output)))
    else {
      return nil
    }
    let printed = try await TestSupport.run(printer, ["print", "--fold-instructions", output.string])
    TestSupport.remove(input)
    TestSupport.remove(output)
    guard printed.status == 0, let end = printed.text.lastIndex(of: ")") else { return nil }
    let renewal = module.exports.first { $0.name == "hangLimitInitializer" }
    guard case .function(let hangLimit)? = renewal?.desc else { return nil }
    let globals = module.globals.values.enumerated().filter { $1.type.isMutable }
      .map { (name: "\($0)", type: Operators.text($1.type.type)) }
    let memories = module.memories.values.indices.map { (name: "\($0)", is64: false, isBytePaged: false) }
    let tables = module.tables.values.indices.map { (name: "\($0)", is64: false) }
    let state = StateExport.text(
      globals: globals, memories: memories, tables: tables, renews: "(call \(hangLimit.index))")
    return printed.text[..<end] + state + "\n)\n"
  }
}

/// The modules of seeds, for others.
public enum Modules {
  public static func text(seed: UInt64) async throws -> String? {
    try await TemporaryFolder.with { try await ModuleSource.text(seed: seed, in: $0) }
  }
}
