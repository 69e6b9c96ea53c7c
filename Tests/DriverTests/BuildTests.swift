import Glibc
import LLVMBackend
import SystemPackage
import TestSupport
import Testing

@testable import Driver

/// Builds through the library and the command line: what is written, what is said, what is kept.
@Suite(.enabled(if: TestSupport.tool("wasm-tools") != nil && CommandLineTool.path != nil, "no tools"))
struct BuildTests {
  private static let program = """
    (module
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (func $fib (param i32) (result i32)
        (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
          (then (local.get 0))
          (else
            (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                     (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
      (func (export "_start") (call $exit (call $fib (i32.const 10)))))
    """

  private static func withModule(
    _ text: String = program, _ body: (_ folder: FilePath, _ module: FilePath) async throws -> Void
  ) async throws {
    let bytes = try await TestSupport.module(fromText: text)
    try await TemporaryFolder.with { folder in
      let module = folder.appending("module.wasm")
      try TestSupport.write(bytes, to: module)
      try await body(folder, module)
    }
  }

  private static func builder(_ emit: EmitKind = .exe, jobs: Int = 1, cache: BuildCache? = nil) -> Builder {
    var options = BuildOptions()
    options.emit = emit
    return Builder(options: options, jobs: jobs, cache: cache, environment: TestSupport.environment)
  }

  // MARK: - Output

  @Test(arguments: [
    (EmitKind.obj, [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] as [UInt8]), (.bitcode, [0x42, 0x43, 0xC0, 0xDE]),
    (.llvmIR, Array("; ModuleID".utf8)), (.asm, Array("\t.".utf8)), (.ir, Array("signature sig0".utf8)),
  ])
  func emitKinds(emit: EmitKind, start: [UInt8]) async throws {
    try await Self.withModule { folder, module in
      let output = folder.appending("output")
      let report = try await Self.builder(emit).build(module.string, to: output.string)
      let bytes = try TestSupport.read(output)
      #expect(bytes.starts(with: start), "\(String(decoding: bytes.prefix(40), as: UTF8.self))")
      #expect(report.output == .init(path: output.string, size: bytes.count, sha256: sha256(bytes)))
      let input = try TestSupport.read(module)
      #expect(report.input == .init(path: module.string, size: input.count, sha256: sha256(input)))
      #expect(report.counts.functions == 2)
      #expect(report.features == [])
      #expect(
        report.stages.map(\.stage) == [.read, .decode, .validate, .translate, .passes]
          + (emit == .ir ? [.write] : emit == .obj ? [.codegen, .link, .write] : [.codegen, .write]))
    }
  }

  /// A library has no `_start`, and need not have one unless it is to be a program.
  @Test func slowestUnitInTimings() async throws {
    try await Self.withModule { folder, module in
      var report = try await Self.builder(.obj).build(module.string, to: folder.appending("output.o").string)
      // One unit is all of it.
      #expect(report.slowestUnit != nil)
      #expect(report.timings().hasSuffix("100.0 %\n"))
      report.counts.codegenUnits = 94
      report.seconds = 2
      report.slowestUnit = .init(
        functions: 1, largestFunction: "function 7 (f)", instructions: 9, seconds: 0.5)
      #expect(report.timings().hasSuffix("\nslowest of 94 units: 500.0 ms (25.0 %), function 7 (f)\n"))
      report.slowestUnit?.functions = 3
      #expect(report.timings().hasSuffix("(25.0 %), 3 functions, the largest is function 7 (f)\n"))
      report.slowestUnit?.largestFunction = nil
      #expect(report.timings().hasSuffix("(25.0 %)\n"))
    }
  }

  @Test func objectOfALibrary() async throws {
    try await Self.withModule("(module (func (export \"f\") (result i32) (i32.const 1)))") { folder, module in
      let output = folder.appending("output.o")
      _ = try await Self.builder(.obj).build(module.string, to: output.string)
      #expect(try TestSupport.read(output).starts(with: [0x7F, 0x45, 0x4C, 0x46]))
    }
  }

  @Test(arguments: EmitKind.allCases)
  func sameInputSameBytes(emit: EmitKind) async throws {
    try await Self.withModule { folder, module in
      let outputs = [folder.appending("first"), folder.appending("second")]
      for output in outputs { _ = try await Self.builder(emit).build(module.string, to: output.string) }
      #expect(try TestSupport.read(outputs[0]) == TestSupport.read(outputs[1]))
    }
  }

  @Test(arguments: [EmitKind.exe, .obj, .staticlib, .shared])
  func sameBytesForAnyNumberOfJobs(emit: EmitKind) async throws {
    // Large enough for more than one codegen unit.
    let functions = (0..<700).map { index in
      let steps = (0..<40).map { "local.get 0 i32.const \(index + $0) i32.xor i32.mul" }
      let start = index == 0 ? "local.get 0" : "local.get 0 call \(index - 1)"
      return "(func (param i32) (result i32) \(start) \(steps.joined(separator: " ")))"
    }
    let text = """
      (module \(functions.joined(separator: "\n")) (memory 1)
        (func (export "_start") (i32.store (i32.const 0) (call 699 (i32.const 1)))))
      """
    try await Self.withModule(text) { folder, module in
      var outputs: [[UInt8]] = []
      for jobs in [1, 2] {
        var builder = Self.builder(emit, jobs: jobs)
        builder.options.optimization = .O0
        let output = folder.appending("output\(jobs)")
        let report = try await builder.build(module.string, to: output.string)
        #expect(report.counts.codegenUnits > 1)
        outputs.append(try TestSupport.read(output))
      }
      #expect(outputs[0] == outputs[1])
    }
  }

  /// What is no regular file is written to, and stays what it is.
  @Test func pipesAreWrittenTo() async throws {
    try await Self.withModule { folder, module in
      let fifo = folder.appending("fifo")
      try #require(mkfifo(fifo.string, 0o600) == 0)
      try #require(symlink("fifo", folder.appending("link").string) == 0)
      // Open for both, it waits for nobody; what is written fits into it.
      let pipe = open(fifo.string, O_RDWR | O_NONBLOCK | O_CLOEXEC)
      try #require(pipe >= 0)
      defer { close(pipe) }
      let report = try await Self.builder(.obj).build(module.string, to: folder.appending("link").string)
      #expect(report.header == nil)
      // No header beside it, and nothing of the linker's.
      #expect(TestSupport.contents(of: folder) == ["fifo", "link", "module.wasm"])
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      let count = read(pipe, &buffer, buffer.count)
      let regular = folder.appending("regular.o")
      _ = try await Self.builder(.obj).build(module.string, to: regular.string)
      #expect(try Array(buffer.prefix(max(0, count))) == TestSupport.read(regular))
      var status = stat()
      try #require(lstat(fifo.string, &status) == 0)
      #expect(status.st_mode & S_IFMT == S_IFIFO)
    }
  }

  /// (/dev/stdout is the same; were it not, a test would replace it.)
  @Test func descriptorsAreWrittenTo() async throws {
    try await Self.withModule { folder, module in
      let regular = folder.appending("regular.ir")
      _ = try await Self.builder(.ir).build(module.string, to: regular.string)
      let text = try TestSupport.read(regular)
      let arguments = ["build", module.string, "--emit=ir", "-o", "/proc/self/fd/1"]
      let result = try await CommandLineTool.run(arguments)
      #expect(result.status == 0, "\(result.errorText)")
      #expect(result.output == text)
      // Behind what is in the file already.
      let file = folder.appending("file")
      let script = "echo first >\(file) && \"$0\" \"$@\" >>\(file)"
      let appended = try await TestSupport.run(
        "/bin/sh", ["-c", script, try #require(CommandLineTool.path).string] + arguments)
      #expect(appended.status == 0, "\(appended.errorText)")
      #expect(try TestSupport.read(file) == Array("first\n".utf8) + text)
    }
  }

  @Test func linksToRegularFilesAreReplaced() async throws {
    try await Self.withModule { folder, module in
      let (file, link) = (folder.appending("file"), folder.appending("link"))
      try TestSupport.write(Array("old".utf8), to: file)
      try #require(symlink("file", link.string) == 0)
      _ = try await Self.builder(.ir).build(module.string, to: link.string)
      #expect(try TestSupport.read(file) == Array("old".utf8))
      #expect(try TestSupport.read(link).starts(with: Array("signature".utf8)))
    }
  }

  // MARK: - Failing

  @Test func inputIsNotOverwritten() async throws {
    try await Self.withModule { folder, module in
      let before = try TestSupport.read(module)
      for output in [module.string, folder.appending("./module.wasm").string] {
        let result = try await CommandLineTool.run(["build", module.string, "-o", output])
        #expect(result.status == 2)
        #expect(result.errorText.contains("would overwrite the module"))
      }
      let appended = try await TestSupport.run(
        "/bin/sh",
        [
          "-c", #""$0" build "$1" -o /dev/stdout >>"$1""#, try #require(CommandLineTool.path).string,
          module.string,
        ],
        environment: TestSupport.environment)
      #expect(appended.status == 2, "\(appended.errorText)")
      #expect(try TestSupport.read(module) == before)
    }
  }

  @Test func failedBuildLeavesTheOldOutput() async throws {
    try await Self.withModule("(module (import \"env\" \"f\" (func)) (func (export \"_start\")))") {
      folder, module in
      let output = folder.appending("app")
      try TestSupport.write(Array("old".utf8), to: output)
      await #expect(throws: Problem.self) {
        try await Self.builder().build(module.string, to: output.string)
      }
      #expect(try TestSupport.read(output) == Array("old".utf8))
      #expect(TestSupport.contents(of: folder) == ["app", "module.wasm"])
    }
  }

  @Test(arguments: [
    (["build", "no-such.wasm"], 1, "No such file"), (["build", "/"], 1, "directory"),
    (["run", "no-such.wasm"], 1, "No such file"), (["validate", "no-such.wasm"], 1, "No such file"),
    (["inspect", "no-such.wasm"], 1, "No such file"), (["build"], 2, "no module is given"),
    (["run"], 2, "no module is given"), (["build", "m.wasm", "-O9"], 2, "-O3, -Os and -Oz"),
    (["build", "m.wasm", "--emit=elf"], 2, "llvm-ir"), (["build", "m.wasm", "-j", "0"], 2, "-j 0"),
    (["build", "m.wasm", "--target", "riscv64-linux"], 2, "riscv64-linux"),
    (["build", "m.wasm", "--mapdir", "/a:/b"], 2, "--dir HOST::GUEST"),
    (["build", "m.wasm", "-shared"], 2, "unknown option '-shared'"),
    (["build", "m.wasm", "-fwhatever", "-ohello"], 2, "unknown option '-fwhatever'"),
    (["build", "-"], 2, "/dev/stdin"), (["run", "-"], 2, "/dev/stdin"), (["validate", "-"], 2, "/dev/stdin"),
    (["run", "--interpret", "-"], 2, "/dev/stdin"), (["inspect", "-"], 2, "/dev/stdin"),
    (["build", "m.wasm", "-o", "-"], 2, "/dev/stdout"),
    (["build", "a.wasm", "b.wasm", "-o-"], 2, "/dev/stdout"),
    (["build", "m.wasm", "--emit=obj", "--header", "-"], 2, "/dev/stdout"),
    (["bench", "m.wasm", "--html", "-"], 2, "/dev/stdout"),
    (["frobnicate"], 2, "unknown command"), (["help", "frobnicate"], 2, "unknown command"),
    (["run", "--nonsense", "m.wasm"], 2, "unknown option '--nonsense'"),
  ])
  func commandLine(arguments: [String], status: Int32, words: String) async throws {
    let result = try await CommandLineTool.run(arguments)
    #expect(result.status == status, "\(result.errorText)")
    #expect(result.errorText.hasPrefix("error: "))
    #expect(result.errorText.contains(words), "\(result.errorText)")
    #expect(result.output.isEmpty)
  }

  @Test(arguments: [
    ["build", "module.wasm", "--json", "-o", "out/"],
    ["build", "module.wasm", "second.wasm", "-o", "out", "--json"],
    ["build", "--cpu", "help"], ["build", "--target", "help"], ["inspect", "module.wasm"],
    ["inspect", "--json", "module.wasm"], ["cache", "info"], ["cache", "clear", "--json"], ["--version"],
    ["--help"],
    ["bench", "module.wasm", "-O0", "--runs", "1", "--no-start", "--no-interpreter"],
  ])
  func outputThatCannotBeWritten(arguments: [String]) async throws {
    try await Self.withModule("(module (func (export \"_start\")))") { folder, module in
      try TestSupport.write(try TestSupport.read(module), to: folder.appending("second.wasm"))
      let environment = TestSupport.environment.merging(
        ["WASMAOT_CACHE_DIR": folder.appending("cache").string]
      ) { $1 }
      let result = try await TestSupport.run(
        "/bin/sh",
        ["-c", "exec \"$0\" \"$@\" >/dev/full", try #require(CommandLineTool.path).string] + arguments,
        environment: environment, workingDirectory: folder)
      #expect(result.status == 1)
      #expect(result.errorText == "error: cannot write to standard output: No space left on device\n")
    }
  }

  @Test(arguments: [
    (["build"], "wasmaot build module.wasm --invoke f"), (["run"], "wasmaot run --invoke f module.wasm"),
    (["run", "--interpret"], "wasmaot run --interpret --invoke f module.wasm"),
    (["bench"], "wasmaot bench module.wasm --invoke f"),
  ])
  func commandForAModuleWithoutStart(command: [String], line: String) async throws {
    try await Self.withModule("(module (func (export \"f\")))") { folder, _ in
      let result = try await CommandLineTool.run(command + ["module.wasm"], workingDirectory: folder)
      #expect(result.status == 1)
      #expect(result.errorText.hasSuffix("help: call one of its exports: \(line)\n"), "\(result.errorText)")
    }
  }

  @Test func headerThatCannotBeWritten() async throws {
    try await Self.withModule { folder, module in
      let result = try await CommandLineTool.run(
        ["build", "module.wasm", "--emit=obj", "--header", "absent/h.h"], workingDirectory: folder)
      #expect(result.status == 1)
      #expect(
        result.errorText == """
          error: cannot write absent/h.h: No such file or directory
          help: choose another place with --header

          """)
    }
  }

  @Test func unknownCPUIsNamed() async throws {
    try await Self.withModule { folder, module in
      let result = try await CommandLineTool.run(
        ["build", module.string, "-o", folder.appending("app").string, "--cpu", "pentium9"])
      #expect(result.status == 2)
      #expect(result.errorText.contains("pentium9"))
    }
  }

  // MARK: - run and the cache

  @Test func runPassesArgumentsAndStatus() async throws {
    try await Self.withModule { folder, module in
      let environment = ["WASMAOT_CACHE_DIR": folder.appending("cache").string]
      for _ in 0..<2 {
        let result = try await CommandLineTool.run(
          ["run", "-O1", module.string, "--dir", "--", "-x"], environment: environment)
        #expect(result.status == 55, "\(result.errorText)")
        #expect(result.errorText == "")
      }
      // Two runs, one entry; other grants need no other one.
      #expect(CacheFiles.of(.outputs, in: folder.appending("cache")).count == 2)
      let granted = try await CommandLineTool.run(
        ["run", "-O1", "--dir", "\(folder)::/", "--env", "A=b", module.string], environment: environment)
      #expect(granted.status == 55)
      #expect(CacheFiles.of(.outputs, in: folder.appending("cache")).count == 2)
    }
  }

  @Test func runWithoutAUsableCacheWarnsAndRuns() async throws {
    try await Self.withModule { folder, module in
      let result = try await CommandLineTool.run(
        ["run", module.string], environment: ["WASMAOT_CACHE_DIR": module.appending("x").string])
      #expect(result.status == 55)
      #expect(result.errorText.hasPrefix("warning: "))
      #expect(result.errorText.contains("WASMAOT_CACHE_DIR"))
    }
  }

  @Test func buildTakesFromTheCache() async throws {
    try await Self.withModule { folder, module in
      let cache = BuildCache(directory: folder.appending("cache").string)
      let (first, second) = (folder.appending("first"), folder.appending("second"))
      let miss = try await Self.builder(cache: cache).build(module.string, to: first.string)
      let hit = try await Self.builder(cache: cache).build(module.string, to: second.string)
      #expect(!miss.isFromCache)
      #expect(hit.isFromCache)
      #expect(miss.timings().hasPrefix("read "))
      #expect(
        hit.timings().hasPrefix("from the cache; the times are those of the build that put it there\nread "))
      #expect(try TestSupport.read(first) == TestSupport.read(second))
      #expect(try await TestSupport.run(second).status == 55)
    }
  }

  /// What can be read once only is; the second time it is found by its bytes.
  @Test func modulesComeThroughPipes() async throws {
    try await Self.withModule { folder, module in
      let tool = try #require(CommandLineTool.path)
      let script =
        #"mkfifo pipe.wasm; for i in 1 2; do cat "$1" >pipe.wasm & "$0" build pipe.wasm -o app --json; done"#
      let result = try await TestSupport.run(
        "/bin/sh", ["-c", script, tool.string, module.string],
        environment: TestSupport.environment.merging(["WASMAOT_CACHE_DIR": folder.appending("cache").string])
        { $1 },
        workingDirectory: folder)
      #expect(result.status == 0, "\(result.errorText)")
      #expect(result.errorText == "")
      #expect(result.text.ranges(of: #""isFromCache" : true"#).count == 1, "\(result.text)")
      #expect(try await TestSupport.run(folder.appending("app")).status == 55)
    }
  }

  // MARK: - The other commands

  @Test func inspectSaysWhatIsAsked() async throws {
    try await Self.withModule { _, module in
      let result = try await CommandLineTool.run(["inspect", module.string])
      #expect(result.status == 0)
      for words in ["exits with a status", "wasi_snapshot_preview1.proc_exit", "_start", "memory 1"] {
        #expect(result.text.contains(words), "\(words)")
      }
      let json = try await CommandLineTool.run(["inspect", "--json", module.string])
      #expect(json.text.contains("\"authority\" : [\n    \"exits with a status\"\n  ]"))
    }
  }

  @Test func inspectCounts() async throws {
    try await Self.withModule("(module (func) (global i32 (i32.const 0)) (global i32 (i32.const 1)))") {
      _, module in
      let result = try await CommandLineTool.run(["inspect", module.string])
      #expect(
        result.text.contains("1 function, 0 imported; 2 globals; 0 data segments; 0 element segments\n"),
        "\(result.text)")
    }
  }

  @Test func validateSaysWhere() async throws {
    try await Self.withModule { folder, module in
      #expect(try await CommandLineTool.run(["validate", module.string]).status == 0)
      let bad = folder.appending("bad.wasm")
      try TestSupport.write(try TestSupport.read(module).dropLast(3), to: bad)
      let result = try await CommandLineTool.run(["validate", module.string, bad.string])
      #expect(result.status == 1)
      #expect(result.errorText.contains("bad.wasm, offset 0x"))
      #expect(result.errorText.contains("truncated"))
    }
  }

  @Test func version() async throws {
    let result = try await CommandLineTool.run(["--version"])
    #expect(result.text == "wasmaot \(Version.wasmaot) (LLVM \(LLVMInfo.version))\n")
  }
}
