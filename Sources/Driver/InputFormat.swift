/// What a file that is not a core module looks like, told from its first bytes.
enum InputFormat {
  /// Nil where the bytes start like a core module that the decoder should look at.
  static func problem(with bytes: UnsafeRawBufferPointer, file: String) -> Problem? {
    if bytes.isEmpty {
      return Problem("\(file) is empty", help: "give a WebAssembly module in the binary format")
    }
    let magic: [UInt8] = [0x00, 0x61, 0x73, 0x6D]
    guard bytes.count >= 8 else {
      guard bytes.prefix(4).elementsEqual(magic.prefix(bytes.count)) else {
        return notWasm(bytes, file: file)
      }
      return Problem(
        "\(file) is truncated: it ends after \(bytes.count) of the 8 bytes that every module starts with",
        help: "check that the file was written or downloaded completely")
    }
    guard bytes.prefix(4).elementsEqual(magic) else { return notWasm(bytes, file: file) }
    let version = UInt16(bytes[4]) | UInt16(bytes[5]) << 8
    let layer = UInt16(bytes[6]) | UInt16(bytes[7]) << 8
    switch (layer, version) {
    case (0, 1): return nil
    case (1, _):
      return Problem(
        "\(file) is a component (WebAssembly component model), which wasmaot does not compile yet",
        location: Location(file: file, offset: 4),
        help:
          "build the program as a core module: target wasm32-wasip1 (wasm32-wasi) instead of wasm32-wasip2")
    default:
      return Problem(
        "\(file) has version \(version) of the binary format (layer \(layer)); wasmaot reads version 1",
        location: Location(file: file, offset: 4), help: "build the module with current tools")
    }
  }

  private static func notWasm(_ bytes: UnsafeRawBufferPointer, file: String) -> Problem {
    if let row = signatures.first(where: { bytes.starts(with: $0.bytes) }) {
      return Problem("\(file) is not a WebAssembly module: it is \(row.what)", help: row.help)
    }
    if looksLikeText(bytes) {
      return Problem(
        "\(file) is WebAssembly text, not a binary module",
        help: "convert it first: wat2wasm \(file), or wasm-tools parse \(file) -o module.wasm")
    }
    return Problem(
      "\(file) is not a WebAssembly module: it does not start with the bytes 00 61 73 6d (\\0asm)",
      location: Location(file: file, offset: 0), help: "give a WebAssembly module in the binary format")
  }

  private static let signatures: [(bytes: [UInt8], what: String, help: String)] = [
    ([0x1F, 0x8B], "compressed by gzip", "decompress it first with gunzip"),
    ([0x28, 0xB5, 0x2F, 0xFD], "compressed by zstd", "decompress it first with unzstd"),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "compressed by xz", "decompress it first with unxz"),
    (Array("BZh".utf8), "compressed by bzip2", "decompress it first with bunzip2"),
    (Array("PK\u{3}\u{4}".utf8), "a zip archive", "unpack it first; some archives hold a .wasm file"),
    ([0x7F, 0x45, 0x4C, 0x46], "a native program or library (ELF)", "compile its source for wasm32-wasi"),
    ([0xCF, 0xFA, 0xED, 0xFE], "a native program or library (Mach-O)", "compile its source for wasm32-wasi"),
    (Array("MZ".utf8), "a native program or library (PE)", "compile its source for wasm32-wasi"),
    (Array("!<arch>\n".utf8), "an archive of objects (ar)", "link it to a module first, with wasm-ld"),
    ([0x42, 0x43, 0xC0, 0xDE], "LLVM bitcode", "compile it for wasm32-wasi and link it with wasm-ld"),
    (Array("#!".utf8), "a script", "give the .wasm file that the script runs"),
    (Array("<!DOCTYPE".utf8), "a web page", "check the address it was downloaded from"),
    (Array("<html".utf8), "a web page", "check the address it was downloaded from"),
  ]

  /// Text starts with a parenthesis or a comment.
  private static func looksLikeText(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let blank: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
    let start = bytes.prefix(4096).drop { blank.contains($0) }
    return ["(module", "(component", "(;", ";;", "(type", "(func", "(import", "(assert"].contains {
      start.starts(with: $0.utf8)
    }
  }
}
