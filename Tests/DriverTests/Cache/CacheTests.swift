import Glibc
import LLVMBackend
import SystemPackage
import TestSupport
import Testing

@testable import Driver

@Suite struct CacheTests {
  private static func report(for bytes: [UInt8], emit: EmitKind = .exe) -> BuildReport {
    var options = BuildOptions()
    options.emit = emit
    return BuildReport(
      llvm: "19", input: .init(path: "a.wasm", size: 1, sha256: sha256([1])),
      output: .init(path: "a", size: bytes.count, sha256: sha256(bytes)), options: options, features: [])
  }

  private static func key(
    _ options: BuildOptions = BuildOptions(), module: [UInt8] = [1], tools: [String] = ["t"]
  )
    -> BuildCache.Key
  {
    module.withUnsafeBytes { BuildCache.Key(module: $0, options: options, tools: tools) }
  }

  @Test func storedEntryIsFound() async throws {
    try await TemporaryFolder.with { folder in
      // The folder is made where it is missing.
      let cache = BuildCache(directory: folder.appending("a/b").string)
      let bytes: [UInt8] = Array("program".utf8)
      #expect(cache.entry(for: Self.key()) == nil)
      let path = try cache.store(bytes, report: Self.report(for: bytes), for: Self.key())
      let entry = try #require(cache.entry(for: Self.key()))
      #expect(entry.bytes == bytes)
      #expect(entry.path == path)
      #expect(entry.report.output.size == bytes.count)
      #expect(try TestSupport.read(FilePath(path)) == bytes)
      #expect(cache.entry(for: Self.key(tools: ["other"])) == nil)
      // Nothing but the entry is left.
      #expect(CacheFiles.all(in: folder.appending("a/b")).count == 2)
    }
  }

  /// Another process may remove or replace an entry that was found, before it is copied.
  @Test func whatWasFoundStays() async throws {
    try await TemporaryFolder.with { folder in
      let cache = BuildCache(directory: folder.appending("cache").string)
      // More than one piece of a file.
      let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
      let path = try cache.store(bytes, report: Self.report(for: bytes), for: Self.key())
      let entry = try #require(cache.entry(for: Self.key()))
      OutputFile.remove(path)
      try cache.store([1, 2, 3], report: Self.report(for: [1, 2, 3]), for: Self.key())
      let output = folder.appending("output")
      try OutputFile.write(entry.contents, to: output.string)
      #expect(try TestSupport.read(output) == bytes)
      #expect(entry.bytes == bytes)
    }
  }

  @Test func keysOfFilesAreThoseOfTheirBytes() async throws {
    try await TemporaryFolder.with { folder in
      for size in [0, 1, 1 << 17, 300_001] {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let path = folder.appending("module")
        try TestSupport.write(bytes, to: path)
        let file = try #require(OpenFile(path.string))
        #expect(
          BuildCache.Key(module: file, options: BuildOptions(), tools: ["a"])
            == Self.key(module: bytes, tools: ["a"]), "\(size)")
        #expect(file.sha256 == sha256(bytes))
        // It is cut off while it is open.
        guard size > 0 else { continue }
        #expect(truncate(path.string, off_t(size - 1)) == 0)
        #expect(BuildCache.Key(module: file, options: BuildOptions(), tools: []) == nil)
        #expect(file.sha256 == nil)
        #expect(file.bytes == nil)
      }
      #expect(OpenFile(folder.string) == nil)
      #expect(OpenFile(folder.appending("none").string) == nil)
    }
  }

  enum Damage: CaseIterable {
    case truncated, changed, reportGone, reportTruncated, reportNotJSON, outputGone
  }

  @Test(arguments: Damage.allCases)
  func damagedEntryIsAMiss(damage: Damage) async throws {
    try await TemporaryFolder.with { folder in
      let cache = BuildCache(directory: folder.string)
      let bytes: [UInt8] = Array("program".utf8)
      let path = FilePath(try cache.store(bytes, report: Self.report(for: bytes), for: Self.key()))
      let json = FilePath(path.string + ".json")
      switch damage {
      case .truncated: try TestSupport.write(bytes.dropLast(), to: path)
      case .changed: try TestSupport.write(Array("Program".utf8), to: path)
      case .reportGone: OutputFile.remove(json.string)
      case .reportTruncated: try TestSupport.write(try TestSupport.read(json).dropLast(20), to: json)
      case .reportNotJSON: try TestSupport.write(Array("hello".utf8), to: json)
      case .outputGone: OutputFile.remove(path.string)
      }
      #expect(cache.entry(for: Self.key()) == nil)
      // And it is repaired by the next build.
      try cache.store(bytes, report: Self.report(for: bytes), for: Self.key())
      #expect(cache.entry(for: Self.key())?.bytes == bytes)
    }
  }

  @Test func directoryThatCannotBeWritten() async throws {
    try await TemporaryFolder.with { folder in
      // A file where the folder should be: refused to root too, unlike a read-only folder.
      let file = folder.appending("file")
      try TestSupport.write([], to: file)
      let cache = BuildCache(directory: file.appending("cache").string)
      let problem = #expect(throws: Problem.self) {
        try cache.store([1], report: Self.report(for: [1]), for: Self.key())
      }
      #expect(problem?.help?.contains("WASMAOT_CACHE_DIR") == true)
      #expect(cache.entry(for: Self.key()) == nil)
    }
  }

  @Test func parallelWritersOfOneKey() async throws {
    try await TemporaryFolder.with { folder in
      let cache = BuildCache(directory: folder.string)
      let bytes = [UInt8](repeating: 7, count: 100_000)
      await withTaskGroup(of: Bool.self) { group in
        for index in 0..<16 {
          group.addTask {
            if index % 2 == 0 {
              return (try? cache.store(bytes, report: Self.report(for: bytes), for: Self.key())) != nil
            }
            // A reader sees all of it or nothing.
            return cache.entry(for: Self.key()).map { $0.bytes == bytes } ?? true
          }
        }
        for await isGood in group { #expect(isGood) }
      }
      #expect(cache.entry(for: Self.key())?.bytes == bytes)
      #expect(CacheFiles.all(in: folder).count == 2)
    }
  }

  @Test func keyDependsOnWhatMatters() {
    var keys = [Self.key(), Self.key(module: [2]), Self.key(tools: ["t", "u"]), Self.key(tools: ["tu"])]
    let changes: [(inout BuildOptions) -> Void] = [
      { $0.optimization = .O3 }, { $0.cpu = "native" }, { $0.emit = .asm }, { $0.features.remove(.simd) },
      { $0.invoke = "f" }, { $0.stubsImports = true }, { $0.stackSize = 1 << 20 }, { $0.keepsSymbols = true },
      { $0.grants.directories = [DirectoryGrant(host: "/", guest: "/")] },
      { $0.grants.environment = [EnvironmentGrant(name: "A", value: nil)] },
      { $0.grants.environment = [EnvironmentGrant(name: "A", value: "")] },
      { $0.grants.isOpenAtRunTime = true },
    ]
    for change in changes {
      var options = BuildOptions()
      change(&options)
      keys.append(Self.key(options))
    }
    #expect(Set(keys).count == keys.count)
    #expect(Self.key() == Self.key())
  }

  @Test(
    arguments: [
      (["WASMAOT_CACHE_DIR": "/c", "XDG_CACHE_HOME": "/x", "HOME": "/h"], "/c"),
      (["XDG_CACHE_HOME": "/x", "HOME": "/h"], "/x/wasmaot"), (["HOME": "/h"], "/h/.cache/wasmaot"),
      (["WASMAOT_CACHE_DIR": "", "HOME": "/h"], "/h/.cache/wasmaot"),
      (["XDG_CACHE_HOME": "relative", "HOME": "/h"], "/h/.cache/wasmaot"), ([:], nil),
    ] as [([String: String], String?)])
  func directory(environment: [String: String], expected: String?) throws {
    #expect(try BuildCache.standard(environment: environment)?.directory == expected)
  }

  @Test(
    arguments: [(nil, 5 << 30), ("", 5 << 30), ("0", nil), ("100", 100), ("2G", 2 << 30)]
      as [(String?, UInt64?)])
  func sizeLimit(text: String?, expected: UInt64?) throws {
    var environment = ["HOME": "/h"]
    environment["WASMAOT_CACHE_SIZE"] = text
    #expect(try BuildCache.standard(environment: environment)?.folder.sizeLimit == expected)
  }

  @Test(arguments: ["x", "-1", "5T", " 1"])
  func wrongSizeLimit(text: String) {
    let problem = #expect(throws: Problem.self) {
      try BuildCache.standard(environment: ["HOME": "/h", "WASMAOT_CACHE_SIZE": text])
    }
    #expect(problem?.summary.contains("WASMAOT_CACHE_SIZE") == true)
    #expect(problem?.help?.contains("WASMAOT_CACHE_SIZE=8M") == true)
  }

  // MARK: - Whose it is

  /// What is in the cache gets executed: others must not have written it.
  @Test(arguments: [0o720, 0o702, 0o777])
  func folderThatOthersCanWriteIsNotUsed(mode: Int) async throws {
    try await TemporaryFolder.with { folder in
      let bytes: [UInt8] = [1, 2]
      try BuildCache(directory: folder.string).store(bytes, report: Self.report(for: bytes), for: Self.key())
      try #require(chmod(folder.string, mode_t(mode)) == 0)
      let cache = BuildCache(directory: folder.string)
      #expect(cache.entry(for: Self.key()) == nil)
      let problem = #expect(throws: Problem.self) {
        try cache.store(bytes, report: Self.report(for: bytes), for: Self.key())
      }
      #expect(problem?.summary.contains("can be written by others") == true)
      #expect(throws: Problem.self) { try cache.info() }
      try #require(chmod(folder.string, 0o700) == 0)
      #expect(BuildCache(directory: folder.string).entry(for: Self.key())?.bytes == bytes)
    }
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
  func whatBelongsToOthersIsNotUsed() async throws {
    try await TemporaryFolder.with { folder in
      let cache = BuildCache(directory: folder.string)
      let bytes: [UInt8] = [1, 2]
      let path = try cache.store(bytes, report: Self.report(for: bytes), for: Self.key())
      // One file of the entry.
      try #require(chown(path, 12345, 12345) == 0)
      #expect(cache.entry(for: Self.key()) == nil)
      try #require(chown(path, geteuid(), getegid()) == 0)
      #expect(cache.entry(for: Self.key())?.bytes == bytes)
      // The folder.
      try #require(chown(folder.string, 12345, 12345) == 0)
      let other = BuildCache(directory: folder.string)
      #expect(other.entry(for: Self.key()) == nil)
      let problem = #expect(throws: Problem.self) {
        try other.store(bytes, report: Self.report(for: bytes), for: Self.key())
      }
      #expect(problem?.summary.contains("belongs to another user") == true)
    }
  }

  @Test func linksAreNotFollowed() async throws {
    try await TemporaryFolder.with { folder in
      let cache = BuildCache(directory: folder.appending("cache").string)
      let bytes: [UInt8] = [1, 2]
      let path = try cache.store(bytes, report: Self.report(for: bytes), for: Self.key())
      let elsewhere = folder.appending("elsewhere").string
      try #require(rename(path, elsewhere) == 0)
      try #require(symlink(elsewhere, path) == 0)
      #expect(cache.entry(for: Self.key()) == nil)
    }
  }

  @Test func folderIsTheUsersAlone() async throws {
    try await TemporaryFolder.with { folder in
      let cache = BuildCache(directory: folder.appending("cache").string)
      try cache.store([1], report: Self.report(for: [1]), for: Self.key())
      var status = stat()
      try #require(stat(cache.directory, &status) == 0)
      #expect(status.st_mode & 0o777 == 0o700)
    }
  }
}

/// What a cache's folder holds.
enum CacheFiles {
  static func all(in folder: FilePath) -> [String] {
    var files = TestSupport.contents(of: folder).filter { $0.utf8.count >= 64 }
    for kind in CacheFolder.Kind.allCases { files += of(kind, in: folder) }
    return files
  }

  static func of(_ kind: CacheFolder.Kind, in folder: FilePath) -> [String] {
    let path = folder.appending(kind.rawValue)
    return TestSupport.contents(of: path).flatMap { TestSupport.contents(of: path.appending($0)) }
  }
}
