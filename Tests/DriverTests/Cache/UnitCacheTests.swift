import Glibc
import LLVMBackend
import SystemPackage
import TestSupport
import Testing

@testable import Driver

/// Objects of codegen units, kept by what they were made from.
@Suite(.enabled(if: TestSupport.tool("wasm-tools") != nil, "no tools"))
struct UnitCacheTests {
  /// Many functions of which some call each other; one has another constant where it is changed.
  private static func module(changed: Int? = nil) async throws -> [UInt8] {
    let functions = (0..<600).map { index in
      let seed = index == changed ? 1_000_003 : index
      let steps = (0..<30).map { "local.get 0 i32.const \(seed + $0) i32.xor i32.mul" }
      let start = index == 0 ? "local.get 0" : "local.get 0 call \(index - 1)"
      return "(func (param i32) (result i32) \(start) \(steps.joined(separator: " ")))"
    }
    return try await TestSupport.module(
      fromText: """
        (module \(functions.joined(separator: "\n")) (memory 1)
          (global $g (mut i32) (i32.const 1))
          (func (export "_start") (i32.store (i32.const 0) (call 599 (global.get $g)))))
        """)
  }

  private static func builder(
    _ folder: FilePath?, _ emit: EmitKind = .exe, _ level: OptimizationLevel = .O1, jobs: Int = 2
  ) -> Builder {
    var options = BuildOptions()
    options.optimization = level
    options.emit = emit
    return Builder(
      options: options, jobs: jobs, cache: folder.map { BuildCache(directory: $0.string) },
      environment: TestSupport.environment)
  }

  @Test(arguments: [EmitKind.exe, .obj])
  func oneChangedFunctionIsOneUnit(emit: EmitKind) async throws {
    let (before, after) = (try await Self.module(), try await Self.module(changed: 300))
    try await TemporaryFolder.with { folder in
      let (module, cache) = (folder.appending("m.wasm"), folder.appending("cache"))
      let output = folder.appending("output")
      try TestSupport.write(before, to: module)
      let full = try await Self.builder(cache, emit).build(module.string, to: output.string)
      #expect(full.counts.codegenUnits > 5)
      #expect(full.counts.unitsFromCache == 0)

      try TestSupport.write(after, to: module)
      let again = try await Self.builder(cache, emit).build(module.string, to: output.string)
      #expect(!again.isFromCache)
      #expect(again.counts.codegenUnits == full.counts.codegenUnits)
      #expect(again.counts.unitsFromCache == full.counts.codegenUnits - 1)
      // The one that was compiled.
      let slowest = try #require(again.slowestUnit)
      #expect((1..<full.counts.functions).contains(slowest.functions))
      #expect(slowest.largestFunction?.hasPrefix("function ") == true)
      #expect(slowest.seconds > 0 && slowest.seconds < again.seconds)

      // The same bytes, whatever the cache had, and for any number of threads.
      let cached = try TestSupport.read(output)
      for jobs in [1, 3] {
        _ = try await Self.builder(nil, emit, jobs: jobs).build(module.string, to: output.string)
        #expect(try TestSupport.read(output) == cached)
      }
    }
  }

  @Test func whatDecidesAboutCodeIsPartOfTheKey() async throws {
    let bytes = try await Self.module()
    try await TemporaryFolder.with { folder in
      let (module, cache) = (folder.appending("m.wasm"), folder.appending("cache"))
      try TestSupport.write(bytes, to: module)
      let changes: [(inout BuildOptions) -> Void] = [
        { _ in }, { $0.optimization = .O2 }, { $0.cpu = "x86-64-v3" }, { $0.boundsChecks = .explicit },
        { $0.emit = .obj },
        {
          $0.moduleName = CIdentifier("other"); $0.emit = .obj
        },
      ]
      for change in changes {
        var builder = Self.builder(cache)
        change(&builder.options)
        let report = try await builder.build(module.string, to: folder.appending("output").string)
        #expect(report.counts.unitsFromCache == 0, "\(builder.options)")
      }
      // What does not: the same code with other grants.
      var builder = Self.builder(cache)
      builder.options.grants.environment = [EnvironmentGrant(name: "A", value: "b")]
      let report = try await builder.build(module.string, to: folder.appending("output").string)
      #expect(!report.isFromCache)
      #expect(report.counts.unitsFromCache == report.counts.codegenUnits)
    }
  }

  @Test(arguments: [0, 31, 40, -1])
  func damagedUnitIsMadeAgain(damagedByte: Int) async throws {
    let bytes = try await Self.module()
    try await TemporaryFolder.with { folder in
      let (module, cache) = (folder.appending("m.wasm"), folder.appending("cache"))
      let output = folder.appending("output")
      try TestSupport.write(bytes, to: module)
      _ = try await Self.builder(cache).build(module.string, to: output.string)
      let expected = try TestSupport.read(output)
      for kind in [CacheFolder.Kind.units, .outputs] {
        for name in CacheFiles.of(kind, in: cache) {
          let file = cache.appending("\(kind.rawValue)/\(name.prefix(2))/\(name)")
          if kind == .outputs {
            OutputFile.remove(file.string)
          } else {
            var damaged = try TestSupport.read(file)
            if damagedByte < 0 { damaged.removeLast(damaged.count / 2) } else { damaged[damagedByte] ^= 1 }
            try TestSupport.write(damaged, to: file)
          }
        }
      }
      let report = try await Self.builder(cache).build(module.string, to: output.string)
      #expect(report.counts.unitsFromCache == 0)
      #expect(try TestSupport.read(output) == expected)
    }
  }

  @Test func withoutOptimisationNoUnitsAreKept() async throws {
    let bytes = try await Self.module()
    try await TemporaryFolder.with { folder in
      let (module, cache) = (folder.appending("m.wasm"), folder.appending("cache"))
      try TestSupport.write(bytes, to: module)
      _ = try await Self.builder(cache, .exe, .O0).build(module.string, to: folder.appending("output").string)
      #expect(CacheFiles.of(.units, in: cache).isEmpty)
    }
  }

  private static let linker = TestSupport.tool("ld.lld-19") ?? TestSupport.tool("ld.lld")

  private static func write(script: String, to path: FilePath) throws {
    OutputFile.remove(path.string)
    try OutputFile.write(Array("#!/bin/sh\n\(script)\n".utf8), to: path.string, isExecutable: true)
  }

  /// Another linker makes another program, whatever its path.
  @Test(.enabled(if: linker != nil, "no ld.lld")) func theLinkerIsPartOfTheKey() async throws {
    let real = try #require(Self.linker)
    let bytes = try await Self.module()
    try await TemporaryFolder.with { folder in
      let (module, output) = (folder.appending("m.wasm"), folder.appending("output"))
      let (link, linker) = (folder.appending("ld.lld"), folder.appending("real-linker"))
      try TestSupport.write(bytes, to: module)
      // The file that a link leads to counts.
      try Self.write(script: "exec \(real) \"$@\"", to: linker)
      #expect(symlink(linker.string, link.string) == 0)
      var builder = Self.builder(folder.appending("cache"))
      builder.environment["WASMAOT_LINKER"] = link.string
      #expect(try await !builder.build(module.string, to: output.string).isFromCache)
      #expect(try await builder.build(module.string, to: output.string).isFromCache)
      try Self.write(script: "exec \(real) -z norelro \"$@\"", to: linker)
      #expect(try await !builder.build(module.string, to: output.string).isFromCache)
      #expect(try await builder.build(module.string, to: output.string).isFromCache)
    }
  }

  @Test func llvmsBuildIsKnown() throws {
    let library = try #require(LLVMInfo.library)
    #expect(library.contains("libLLVM"))
    let id = ToolDigests(folder: CacheFolder(path: "/nonexistent", sizeLimit: nil)).llvm()
    #expect(id.utf8.count >= 16)
  }

  /// Loading it takes as long as all else that happens then.
  @Test(.enabled(if: CommandLineTool.path != nil, "no wasmaot"))
  func whatTheCacheHasNeedsNoLLVM() async throws {
    let bytes = try await Self.module()
    let library = try #require(LLVMInfo.library.flatMap { FilePath($0).lastComponent?.string })
    try await TemporaryFolder.with { folder in
      let module = folder.appending("m.wasm").string
      try TestSupport.write(bytes, to: folder.appending("m.wasm"))
      // The C library's loader says what it does.
      let environment = ["WASMAOT_CACHE_DIR": folder.appending("cache").string, "LD_DEBUG": "libs"]
      let command = ["build", "-O1", module, "-o", folder.appending("output").string]
      for isInCache in [false, true] {
        let result = try await CommandLineTool.run(command, environment: environment)
        #expect(result.status == 0)
        #expect(result.errorText.contains("calling init: "))
        #expect(result.errorText.contains("\(library)\n") != isInCache)
      }
    }
  }

  /// The file that a key was made for is the one that is loaded, or none is.
  @Test(.enabled(if: CommandLineTool.path != nil, "no wasmaot"))
  func aLibraryThatIsNotLLVMIsAnError() async throws {
    let bytes = try await Self.module()
    let library = try #require(LLVMInfo.library.flatMap { FilePath($0).lastComponent?.string })
    try await TemporaryFolder.with { folder in
      let module = folder.appending("m.wasm").string
      try TestSupport.write(bytes, to: folder.appending("m.wasm"))
      try TestSupport.write(Array("not LLVM".utf8), to: folder.appending(library))
      let paths = [folder.string] + (TestSupport.environment["LD_LIBRARY_PATH"].map { [$0] } ?? [])
      let environment = ["LD_LIBRARY_PATH": paths.joined(separator: ":")]
      let build = try await CommandLineTool.run(
        ["build", "--no-cache", module, "-o", folder.appending("output").string], environment: environment)
      #expect(build.status == 1)
      #expect(build.errorText.contains("LLVM cannot be loaded: \(folder.appending(library))"))
      #expect(build.errorText.contains("LD_LIBRARY_PATH"))
      #expect(try await CommandLineTool.run(["validate", module], environment: environment).status == 0)
    }
  }

  /// What a build has made before it failed counts for the limit, and is used.
  @Test func aBuildThatFailsKeepsItsUnits() async throws {
    let bytes = try await Self.module()
    try await TemporaryFolder.with { folder in
      let (module, linker) = (folder.appending("m.wasm"), folder.appending("ld.lld"))
      let output = folder.appending("output").string
      let cache = folder.appending("cache")
      try TestSupport.write(bytes, to: module)
      try Self.write(script: "exit 1", to: linker)
      var builder = Self.builder(cache)
      builder.environment["WASMAOT_LINKER"] = linker.string
      await #expect(throws: Problem.self) { try await builder.build(module.string, to: output) }
      #expect(OutputFile.exists(cache.appending("usage").string))
      let report = try await Self.builder(cache).build(module.string, to: output)
      #expect(report.counts.unitsFromCache == report.counts.codegenUnits)
    }
  }

  /// What is started next is not removed first, however little the cache may hold.
  @Test func runsOfASmallCache() async throws {
    let bytes = try await Self.module()
    try await TemporaryFolder.with { folder in
      let module = folder.appending("m.wasm")
      try TestSupport.write(bytes, to: module)
      var builder = Self.builder(nil)
      builder.cache = BuildCache(directory: folder.appending("cache").string, sizeLimit: 1024)
      let (program, _) = try await builder.program(for: module.string, arguments: [])
      #expect(OutputFile.exists(try #require(program.cachedPath)))
      #expect(CacheFiles.of(.units, in: folder.appending("cache")).isEmpty)
    }
  }

  /// Where the cache's file can't be executed, the program is started from memory.
  @Test(.enabled(if: TestSupport.product("wasmaot") != nil, "no wasmaot"))
  func runsWithoutTheCachesFile() async throws {
    let bytes = try await Self.module()
    try await TemporaryFolder.with { folder in
      let (module, cache) = (folder.appending("m.wasm"), folder.appending("cache"))
      try TestSupport.write(bytes, to: module)
      var environment = TestSupport.environment
      environment["WASMAOT_CACHE_DIR"] = cache.string
      environment["WASMAOT_CACHE_SIZE"] = "1K"
      for _ in 0..<2 {
        let result = try await TestSupport.run(
          try #require(TestSupport.product("wasmaot")), ["run", module.string], environment: environment)
        #expect(result.status == 0, "\(result.errorText)")
        let outputs = CacheFiles.of(.outputs, in: cache)
        #expect(outputs.count == 2)
        for name in outputs {
          // Refused to root, too.
          #expect(chmod(cache.appending("outputs/\(name.prefix(2))/\(name)").string, 0o600) == 0)
        }
      }
    }
  }

  @Test func aBrokenCacheIsOneWarning() async throws {
    let bytes = try await Self.module()
    try await TemporaryFolder.with { folder in
      let (module, cache) = (folder.appending("m.wasm"), folder.appending("cache"))
      try TestSupport.write(bytes, to: module)
      try TestSupport.write([], to: cache)
      let report = try await Self.builder(cache).build(module.string, to: folder.appending("output").string)
      #expect(report.warnings.count == 1)
      #expect(report.warnings.first?.contains("WASMAOT_CACHE_DIR") == true)
    }
  }
}
