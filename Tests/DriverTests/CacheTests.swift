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
      #expect(TestSupport.contents(of: folder.appending("a/b")).count == 2)
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
      #expect(TestSupport.contents(of: folder).count == 2)
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
  func directory(environment: [String: String], expected: String?) {
    #expect(BuildCache.standard(environment: environment)?.directory == expected)
  }
}
