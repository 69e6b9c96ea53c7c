import CRuntimeABI
import Foundation
import Linker
import SystemPackage
import TestSupport
import Testing

@testable import Driver

/// `wasmaot inspect --authority`: of programs that were built, and of files that anybody may have made.
@Suite(
  .serialized, .enabled(if: CommandLineTool.path != nil && TestSupport.tool("wasm-tools") != nil, "no tools"))
struct AuthorityTests {
  private static let asking = """
    (module
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "_start")
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 8)))
        (drop (call $random (i32.const 16) (i32.const 8)))
        (drop (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0)
          (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 32)))))
    """
  private static let computing = "(module (func (export \"_start\")))"
  private static let everything = [
    "--dir", "/usr::/data", "--dir", "/usr/bin::/ro:ro", "--env", "A=b", "--env", "HOME", "--listen",
    "127.0.0.1:8080", "--raw-terminal", "--timeout", "2500ms", "--fuel", "1000", "--max-memory", "64M",
    "--max-stack", "1M", "--runtime-grants", "--sandbox=require",
  ]

  private func withApp<R>(
    _ text: String, _ options: [String], _ body: (FilePath) async throws -> R
  ) async throws -> R {
    try await TemporaryFolder.with { folder in
      let (input, app) = (folder.appending("module.wasm"), folder.appending("app"))
      try TestSupport.write(try await TestSupport.module(fromText: text), to: input)
      let build = try await CommandLineTool.run(
        ["build", input.string, "-o", app.string, "--no-cache", "-O0"] + options)
      try #require(build.status == 0, "\(build.errorText)")
      return try await body(app)
    }
  }

  private func inspect(_ file: FilePath, json: Bool = false) async throws -> ProgramResult {
    try await CommandLineTool.run(["inspect", "--authority", file.string] + (json ? ["--json"] : []))
  }

  /// The part of a text under a title.
  private func lines(of text: String, under title: String) -> [String] {
    let paragraphs = text.components(separatedBy: "\n\n").map { $0.split(separator: "\n").map(String.init) }
    return paragraphs.first { $0.first == title }.map { $0.dropFirst().map { $0.trimmed } } ?? []
  }

  // MARK: - Programs

  @Test func everythingIsShown() async throws {
    try await withApp(Self.asking, Self.everything) { app in
      let text = try await inspect(app).text
      #expect(text.hasPrefix("\(app.string): built by wasmaot \(Version.wasmaot) from module.wasm\n"))
      #expect(lines(of: text, under: "Directories") == ["/usr as /data", "/usr/bin as /ro, to be read only"])
      #expect(lines(of: text, under: "Variables") == ["A=b", "HOME, as it is when the program starts"])
      #expect(lines(of: text, under: "Listens at") == ["127.0.0.1:8080"])
      #expect(
        lines(of: text, under: "Limits") == [
          "memory: 67108864 bytes", "stack: 1048576 bytes", "time: 2.500 s", "fuel: 1000",
        ])
      #expect(lines(of: text, under: "Whoever starts it").count == 1)
      #expect(lines(of: text, under: "Terminals").count == 1)
      #expect(lines(of: text, under: "It can ask for").count == 3)
      #expect(
        lines(of: text, under: "Sandbox") == [
          "require: it does not start without",
          "a filter of system calls, and Landlock for the granted directories",
        ])
      let calls = lines(of: text, under: "System calls")
      for call in ["openat2", "getrandom, if argument 2 = 0x0", "writev", "exit_group"] {
        #expect(calls.contains(call), "\(call)")
      }
      for call in ["execve", "socket", "connect", "clone", "fork", "ptrace", "unlinkat"] {
        #expect(!calls.contains { $0 == call || $0.hasPrefix("\(call),") }, "\(call)")
      }
    }
  }

  @Test func theShapeOfJSON() async throws {
    try await withApp(Self.asking, Self.everything) { app in
      let text = try await inspect(app, json: true).text
      let json = try #require(
        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      #expect(
        json.keys.sorted() == [
          "directories", "environment", "file", "hostFunctions", "isTestDriver", "limits", "listeners",
          "product", "programName", "sandbox", "systemCalls", "takesRuntimeGrants", "unknownRecords",
          "usesLandlock", "words", "writesRawToTerminals",
        ])
      let limits = try #require(json["limits"] as? [String: UInt64])
      #expect(
        limits == ["stack": 1 << 20, "memory": 64 << 20, "timeoutNanoseconds": 2_500_000_000, "fuel": 1000])
      let authority = try JSONDecoder().decode(AppAuthority.self, from: Data(text.utf8))
      #expect(
        authority.directories == [
          .init(host: "/usr", guest: "/data", isReadOnly: false),
          .init(host: "/usr/bin", guest: "/ro", isReadOnly: true),
        ])
      #expect(authority.environment == ["A=b", "HOME"])
      #expect(authority.listeners == ["127.0.0.1:8080"])
      #expect(authority.hostFunctions == ["fd_write", "path_open", "random_get"])
      #expect(authority.takesRuntimeGrants && authority.writesRawToTerminals && authority.usesLandlock)
      #expect(authority.sandbox == .require)
      #expect(authority.systemCalls.contains(.init(name: "exit_group", number: 231, ways: [[]])))
      #expect(
        authority.systemCalls.contains(.init(name: "getrandom", number: 318, ways: [["argument 2 = 0x0"]])))
      #expect(authority.unknownRecords == [])
    }
  }

  /// A limit by itself, and none of the others.
  @Test(
    arguments: [
      (["--timeout", "1m"], "time: 60.000 s"), (["--max-memory", "1G"], "memory: 1073741824 bytes"),
      (["--max-stack", "64K"], "stack: 65536 bytes"), (["--fuel", "0"], "fuel: 0"),
      (["--report-fuel"], "none"), ([], "none"),
    ] as [([String], String)])
  func limits(options: [String], line: String) async throws {
    try await withApp(Self.computing, options) { app in
      let text = try await inspect(app).text
      #expect(lines(of: text, under: "Limits") == [line])
    }
  }

  @Test(arguments: [
    ("off", ["off: the kernel does not confine it"]),
    ("auto", ["auto: with what the kernel has", "a filter of system calls"]),
    ("require", ["require: it does not start without", "a filter of system calls"]),
  ])
  func sandbox(mode: String, expected: [String]) async throws {
    try await withApp(Self.computing, ["--sandbox", mode]) { app in
      let text = try await inspect(app).text
      #expect(lines(of: text, under: "Sandbox") == expected)
      #expect(lines(of: text, under: "System calls").isEmpty == (mode == "off"))
      #expect(lines(of: text, under: "It can ask for") == ["nothing: it computes, and ends"])
      #expect(lines(of: text, under: "Directories") == ["none"])
      #expect(lines(of: text, under: "Variables") == ["none"])
      #expect(!text.contains("Whoever starts it") && !text.contains("Listens at"))
    }
  }

  /// The interpreter has no second wall: nobody who requires one is left without it in silence.
  @Test func theInterpreterRefusesWhatItCannotDo() async throws {
    try await TemporaryFolder.with { folder in
      let module = folder.appending("module.wasm")
      try TestSupport.write(try await TestSupport.module(fromText: Self.computing), to: module)
      for (mode, status) in [("off", 0), ("auto", 0), ("require", 2)] as [(String, Int32)] {
        let result = try await CommandLineTool.run(["run", "--interpret", "--sandbox", mode, module.string])
        #expect(result.status == status)
        #expect(result.errorText.contains("without a sandbox") == (mode == "require"), "\(result.errorText)")
      }
    }
  }

  // MARK: - Other files

  @Test func whatIsNoAppIsRefused() async throws {
    try await TemporaryFolder.with { folder in
      let (module, empty) = (folder.appending("module.wasm"), folder.appending("empty"))
      try TestSupport.write(try await TestSupport.module(fromText: Self.computing), to: module)
      try TestSupport.write([], to: empty)
      for (file, words) in [
        (module, "it is not a native program (ELF)"), (empty, "it is not a native program (ELF)"),
        ("/bin/true", "it has no note of wasmaot"), (folder, "Is a directory"),
        (folder.appending("absent"), "No such file"),
      ] {
        for json in [false, true] {
          let result = try await inspect(file, json: json)
          #expect(result.status == 1 && result.text == "", "\(file)")
          #expect(result.errorText.contains(words), "\(result.errorText)")
        }
      }
    }
  }

  private func bytes(_ options: [String] = everything) async throws -> [UInt8] {
    try await withApp(Self.asking, options) { try TestSupport.read($0) }
  }

  /// A result that can be shown, or nil where the bytes are refused.
  private func show(_ bytes: [UInt8]) -> AppAuthority? {
    guard let authority = try? AppAuthority(bytes, file: "app") else { return nil }
    let text = authority.text(.plain)
    #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" })
    #expect(!authority.json().isEmpty)
    return authority
  }

  /// Of every length up to the note's end there is a reason, of every other the whole.
  @Test func truncatedFiles() async throws {
    let bytes = try await bytes()
    let whole = try #require(show(bytes))
    let last = try #require(try AppNote(ofProgram: bytes).records.last)
    let end = last.offset + 8 + last.payload.count + 8
    for length in 0..<end { #expect(show(Array(bytes[..<length])) == nil, "\(length)") }
    // The note is padded to words.
    for length in (end + 3)..<min(end + 16, bytes.count) {
      #expect(show(Array(bytes[..<length])) == whole, "\(length)")
    }
  }

  /// Bytes of the headers and of the note, changed by chance. WASMAOT_MUTATIONS sets how many are tried.
  @Test func mutatedFiles() async throws {
    let bytes = try await bytes()
    let records = try AppNote(ofProgram: bytes).records
    let first = try #require(records.first).offset - 20
    let last = try #require(records.last)
    let end = last.offset + 8 + last.payload.count + 8
    let headers = 64 + 56 * Int(bytes[56])
    let interesting: [UInt8] = [0, 1, 4, 0x1B, 0x7F, 0x80, 0xFE, 0xFF]
    var random = SplitMix64(state: 20_261_124)
    var (shown, refused) = (0, 0)
    let count = TestSupport.environment["WASMAOT_MUTATIONS"].flatMap { Int($0) } ?? 3000
    for _ in 0..<count {
      var mutated = bytes
      for _ in 0...random.below(4) {
        // As often the headers as the note, which is longer.
        let position = random.below(2) == 0 ? random.below(headers) : first + random.below(end - first)
        // Whole words, too: sizes and offsets near their limits.
        for place in position..<min(position + [1, 1, 4, 8][random.below(4)], end) {
          mutated[place] =
            random.below(2) == 0 ? interesting[random.below(interesting.count)] : UInt8(random.below(256))
        }
      }
      if show(mutated) == nil { refused += 1 } else { shown += 1 }
    }
    #expect(shown > count / 50 && refused > count / 50, "\(shown) shown, \(refused) refused")
  }

  @Test func hugeCountsAndOffsets() async throws {
    let bytes = try await bytes()
    let note = try #require(try AppNote(ofProgram: bytes).records.first).offset - 20
    func with(_ value: UInt64, _ size: Int, at offset: Int) -> [UInt8] {
      var changed = bytes
      for index in 0..<size {
        changed[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))
      }
      return changed
    }
    let segments = Int(bytes[56])
    for back in [UInt64(0), 1, 7, 8, 12, 55, 56, 64, 4096] {
      for top in [UInt64.max, UInt64(Int64.max), UInt64(Int64.max) + 1 + back, UInt64(UInt32.max)] {
        let value = top - back
        // e_phoff.
        #expect(show(with(value, 8, at: 32)) == nil, "\(value)")
        // p_offset, p_filesz of all segments: those that are no notes do not matter.
        for index in 0..<segments {
          _ = show(with(value, 8, at: 64 + 56 * index + 8))
          _ = show(with(value, 8, at: 64 + 56 * index + 32))
        }
      }
      // e_phnum, e_phentsize; sizes of the name, the note, and its first record.
      #expect(show(with(0xFFFF - back, 2, at: 56)) == nil)
      #expect(show(with(0xFFFF - back, 2, at: 54)) == nil)
      for offset in [note, note + 4, note + 24] {
        for top in [UInt64(UInt32.max), UInt64(Int32.max)] {
          #expect(show(with(top - back, 4, at: offset)) == nil, "\(offset)")
        }
      }
    }
  }

  /// Segments that overlap, each with as many notes as it has words: none of them is read a thousand times.
  @Test func aFileFullOfNotes() throws {
    let (segments, notes) = (1024, 2000)
    let contents = 64 + 56 * segments
    var bytes: [UInt8] =
      [0x7F, 0x45, 0x4C, 0x46, 2, 1] + Array(repeating: 0, count: contents + 12 * notes - 6)
    func put(_ value: Int, _ size: Int, at offset: Int) {
      for index in 0..<size { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
    }
    put(62, 2, at: 18)
    put(64, 8, at: 32)
    put(56, 2, at: 54)
    put(2, 2, at: 56)
    for index in 0..<segments {
      put(4, 4, at: 64 + 56 * index)
      put(contents, 8, at: 64 + 56 * index + 8)
      put(12 * notes, 8, at: 64 + 56 * index + 32)
    }
    #expect(throws: AppNoteError.noNote) { try AppNote(ofProgram: bytes) }
    put(segments, 2, at: 56)
    #expect(throws: AppNoteError.tooMany("notes", offset: contents + 12 * 96)) {
      try AppNote(ofProgram: bytes)
    }
  }

  /// Who reads a program must not be shown one of two answers.
  @Test func recordsThatAreThereTwice() async throws {
    for (kind, isRefused) in [
      (WASMAOT_CONFIG_PROGRAM_NAME, true), (WASMAOT_CONFIG_SECCOMP, true), (WASMAOT_CONFIG_ENV, false),
    ] {
      var bytes = try await bytes()
      let product = try #require(
        try AppNote(ofProgram: bytes).records.first { $0.kind == WASMAOT_CONFIG_PRODUCT.rawValue })
      bytes[product.offset] = UInt8(kind.rawValue)
      if isRefused {
        #expect(
          throws: AppNoteError.badRecord(
            "there is another one of kind \(kind.rawValue)", offset: product.offset)
        ) {
          try AppAuthority(bytes, file: "app")
        }
      } else {
        #expect(show(bytes)?.environment.count == 3)
      }
    }
  }

  /// What is shown can't drive a terminal, nor show another path.
  @Test func textsAreMadeHarmless() async throws {
    var bytes = try await bytes()
    for (old, new) in [("/usr/bin", "/\u{1B}[2J\u{7F}\u{85}"), ("HOME", "\u{202E}\n")] {
      let range = try #require(bytes.firstRange(of: Array(old.utf8) + [0]))
      #expect(new.utf8.count == old.utf8.count)
      bytes.replaceSubrange(range, with: Array(new.utf8) + [0])
    }
    let authority = try #require(show(bytes))
    #expect(authority.directories[1].host == "/?[2J??")
    #expect(authority.environment == ["A=b", "??"])
  }
}

extension String {
  fileprivate var trimmed: String { trimmingCharacters(in: .whitespaces) }
}
