import BenchReport
import FoundationEssentials
import Interpreter
import SystemPackage
import TestSupport
import Testing
import WasmModule

@testable import Driver

/// `wasmaot bench`, as its users call it.
@Suite(.enabled(if: CommandLineTool.path != nil && TestSupport.tool("wasm-tools") != nil, "no tools"))
struct BenchTests {
  /// Prints a line, or what it is given.
  static let hello = """
    (module
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "\\10\\00\\00\\00\\06\\00\\00\\00") (data (i32.const 16) "hello\\n")
      (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
    """

  /// Runs `wasmaot bench` on a module of this text, in a folder in which nothing may be left.
  func bench(
    _ text: String, _ options: [String] = [], tools: [(name: String, script: String)] = [],
    input: String? = nil, check: (ProgramResult, FilePath) throws -> Void
  ) async throws {
    let module = try await TestSupport.module(fromText: text)
    try await TemporaryFolder.with { folder in
      let temporary = folder.appending("temporary")
      try TestSupport.makeFolder(temporary)
      try TestSupport.makeFolder(folder.appending("tools"))
      for tool in tools {
        let path = folder.appending("tools").appending(tool.name)
        try TestSupport.write("#!/bin/sh\n\(tool.script)\n".utf8, to: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path.string)
      }
      try TestSupport.write(module, to: folder.appending("module.wasm"))
      if let input { try TestSupport.write(input.utf8, to: folder.appending("input.txt")) }
      let path = "\(folder.appending("tools")):\(TestSupport.environment["PATH"] ?? "")"
      let result = try await CommandLineTool.run(
        ["bench", "module.wasm"] + options, environment: ["TMPDIR": temporary.string, "PATH": path],
        workingDirectory: folder)
      #expect(TestSupport.contents(of: temporary) == [])
      try check(result, folder)
    }
  }

  func results(_ result: ProgramResult) throws -> BenchmarkResults {
    #expect(result.status == 0, "\(result.errorText)")
    #expect(result.errorText == "")
    return try BenchmarkResults(json: Data(result.output))
  }

  @Test func everythingIsMeasured() async throws {
    try await bench(Self.hello, ["-O0", "-O1", "--runs", "3", "--json", "--html", "report.html"]) {
      result, folder in
      let results = try results(result)
      #expect(
        results.sections.map(\.name) == ["compile", "compile-memory", "size", "start", "run", "memory"])
      let module = try #require(results.module)
      #expect(module.path == "module.wasm")
      #expect(module.sha256 == sha256(try TestSupport.read(folder.appending("module.wasm"))))
      for section in results.sections {
        let compiles = ["compile", "compile-memory", "size"].contains(section.name)
        #expect(section.columns == ["wasmaot -O0", "wasmaot -O1"] + (compiles ? [] : ["interpreter"]))
        #expect(section.baseline == "wasmaot -O0")
        let row = section.rows[0]
        #expect(row.name == "module.wasm")
        #expect(row.missing == nil)
        for column in section.columns {
          let value = try #require(row.values[column], "\(section.name), \(column)")
          #expect(value.min > 0)
          if section.name == "run" { #expect(value.runs == 3 && value.samples?.count == 3) }
        }
      }
      // The measurements are those of processes: of one that has LLVM loaded, and of one that has not.
      func value(_ section: String, _ column: String) -> Double {
        results.sections.first { $0.name == section }?.rows[0].values[column]?.median ?? .nan
      }
      #expect(value("memory", "wasmaot -O0") < 8e6)
      #expect(value("memory", "interpreter") > 8e6)
      #expect(value("compile-memory", "wasmaot -O0") > 8e6)
      #expect((10e3...200e3).contains(value("size", "wasmaot -O0")))
      let page = String(decoding: try TestSupport.read(folder.appending("report.html")), as: UTF8.self)
      #expect(page.hasPrefix("<!doctype html>") && page.hasSuffix("</html>\n"))
      #expect(page.contains("Benchmark of module.wasm"))
    }
  }

  @Test func table() async throws {
    try await bench(Self.hello, ["-O2", "--runs", "1", "--no-start", "--no-interpreter"]) { result, _ in
      #expect(result.status == 0, "\(result.errorText)")
      let lines = result.text.split(separator: "\n")
      #expect(lines.first?.hasPrefix("module.wasm, ") == true)
      #expect(lines.last?.hasPrefix("wasmaot -O2  ") == true)
      #expect(!result.text.contains("Start-up") && !result.text.contains("interpreter"))
      // Progress is for terminals.
      #expect(result.errorText == "")
    }
  }

  @Test func pageThatCannotBeWritten() async throws {
    func bench(_ path: String, check: (ProgramResult) -> Void) async throws {
      let options = ["-O2", "--runs", "1", "--no-start", "--no-interpreter", "--html", path]
      try await self.bench(Self.hello, options) { result, _ in
        #expect(result.status == 1)
        #expect(result.errorText.contains("cannot write \(path)"), "\(result.errorText)")
        #expect(result.errorText.contains("choose another place with --html"))
        check(result)
      }
    }
    // It is said before anything is measured.
    for path in ["absent/report.html", "module.wasm/report.html", "tools"] {
      try await bench(path) { result in #expect(result.text == "") }
    }
    // What was measured is not lost.
    try await bench("/dev/full") { result in #expect(result.text.contains("wasmaot -O2  ")) }
  }

  @Test func memoryThatTheGuestTouches() async throws {
    let text = """
      (module (memory (export "memory") 1024)
        (func (export "_start") (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x4000000))))
      """
    try await bench(text, ["-O2", "--runs", "1", "--no-start", "--no-interpreter", "--json"]) { result, _ in
      let memory = try #require(
        try results(result).sections.first { $0.name == "memory" }?.rows[0].values["wasmaot -O2"])
      #expect(((64 << 20)...(72 << 20)).contains(Int(memory.median)))
    }
  }

  @Test func invokedExport() async throws {
    let text =
      #"(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))"#
    try await bench(text, ["-O2", "--runs", "1", "--json", "--invoke", "add", "--", "1", "-2"]) { result, _ in
      let results = try results(result)
      #expect(results.sections.contains { $0.name == "start" })
      #expect(results.options?.contains("--invoke=add") == true)
    }
  }

  @Test func standardInputAndGrants() async throws {
    // Traps unless it reads five bytes, and has one directory.
    let text = """
      (module
        (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
        (memory (export "memory") 1) (data (i32.const 0) "\\10\\00\\00\\00\\40\\00\\00\\00")
        (func (export "_start")
          (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
          (if (i32.ne (i32.load (i32.const 8)) (i32.const 5)) (then unreachable))
          (if (call $prestat (i32.const 3) (i32.const 100)) (then unreachable))))
      """
    let options = ["-O2", "--runs", "2", "--json", "--warmup", "1", "--dir", ".::/data:ro"]
    try await bench(text, options + ["--stdin", "input.txt"], input: "12345") { result, _ in
      let run = try results(result).sections.first { $0.name == "run" }
      #expect(run?.rows[0].values["interpreter"]?.runs == 2)
    }
    try await bench(text, options) { result, _ in
      #expect(result.status == 134)
      #expect(result.errorText.contains("wasmaot: trap: unreachable"))
    }
    try await bench(text, options + ["--stdin", "absent.txt"]) { result, _ in
      #expect(result.status == 1)
      #expect(result.errorText.contains("cannot read absent.txt"))
    }
  }

  // MARK: - Programs that fail

  @Test(arguments: [
    ("(drop (i32.div_s (i32.const 1) (i32.load (i32.const 0))))", 134, "trap: integer divide by zero"),
    ("(call $exit (i32.const 3))", 3, "wasmaot -O0 ended with status 3"),
  ])
  func endsAsRunWould(body: String, status: Int32, words: String) async throws {
    let text = """
      (module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) (memory (export "memory") 1)
        (func $main (export "_start") \(body)))
      """
    try await bench(text, ["-O0", "--html", "report.html"]) { result, folder in
      #expect(result.status == status)
      #expect(result.errorText.contains(words))
      #expect(result.errorText.contains("nothing is measured"))
      #expect(result.text == "")
      #expect(!TestSupport.contents(of: folder).contains("report.html"))
    }
  }

  @Test(arguments: [
    (["bench", "absent.wasm"], 1, "cannot read absent.wasm"), (["bench"], 2, "no module is given"),
    (["bench", "a.wasm", "b"], 2, "behind '--'"),
    (["bench", "--runs", "0", "a.wasm"], 2, "measures nothing"),
    (["bench", "--warmup", "-1", "a.wasm"], 2, "negative"),
    (["bench", "-O0", "--sandbox=require", "a.wasm"], 2, "--no-interpreter"),
    (["bench", "-O9", "a.wasm"], 2, "invalid"),
    (["bench", "--mapdir", "a", "a.wasm"], 2, "--dir HOST::GUEST"),
  ])
  func wrongCommandLines(arguments: [String], status: Int32, words: String) async throws {
    let result = try await CommandLineTool.run(arguments)
    #expect(result.status == status)
    #expect(result.errorText.contains(words), "\(result.errorText)")
  }

  @Test func unknownEngines() async throws {
    try await bench(Self.hello, ["--engine", "wasmtim"]) { result, _ in
      #expect(result.status == 2)
      #expect(result.errorText.contains("did you mean 'wasmtime'?"))
    }
  }

  @Test func modulesThatDoNotCompile() async throws {
    try await bench(#"(module (import "env" "f" (func)) (func (export "_start")))"#) { result, _ in
      #expect(result.status == 1)
      #expect(result.errorText.contains("env"), "\(result.errorText)")
    }
    try await bench(#"(module (func (export "f")))"#) { result, _ in
      #expect(result.status == 1)
      #expect(result.errorText.contains("has no '_start'"), "\(result.errorText)")
    }
  }

  // MARK: - Other engines

  static let quick = ["-O0", "--runs", "1", "--no-start", "--no-interpreter", "--json"]

  @Test func engineThatAgrees() async throws {
    // Its name is asked for, and its version in its own words.
    let tool = ("wasm3", #"if [ "$1" = --version ]; then echo "Wasm3 v9"; else echo hello; fi"#)
    try await bench(Self.hello, Self.quick + ["--engine", "wasm3"], tools: [tool]) { result, _ in
      let results = try results(result)
      #expect(results.versions["wasm3"] == "Wasm3 v9")
      #expect(results.sections.first { $0.name == "run" }?.columns == ["wasmaot -O0", "wasm3"])
      #expect(results.sections.first { $0.name == "run" }?.rows[0].values["wasm3"]?.runs == 1)
    }
  }

  @Test func otherOutputIsAnError() async throws {
    let tool = ("wasm3", "echo help!")
    try await bench(Self.hello, Self.quick + ["--engine", "wasm3"], tools: [tool]) { result, _ in
      #expect(result.status == 1)
      #expect(
        result.errorText.contains("the output of wasm3 differs from that of wasmaot -O0, from byte 3 on"))
      // There is a report all the same, which says so.
      let results = try BenchmarkResults(json: Data(result.output))
      let run = try #require(results.sections.first { $0.name == "run" })
      #expect(run.rows[0].values["wasm3"] == nil)
      #expect(run.rows[0].missing?["wasm3"]?.contains("differs") == true)
    }
    try await bench(Self.hello, Self.quick + ["--engine", "wasm3", "--ignore-output"], tools: [tool]) {
      result, _ in
      let run = try results(result).sections.first { $0.name == "run" }
      #expect(run?.rows[0].values["wasm3"] != nil)
    }
  }

  @Test func engineThatFails() async throws {
    let tool = ("wasm3", #"[ "$1" = --version ] || { printf '\n\033[31mno SIMD\n' >&2; exit 7; }"#)
    try await bench(Self.hello, Self.quick + ["--engine", "wasm3"], tools: [tool]) { result, _ in
      let run = try #require(try results(result).sections.first { $0.name == "run" })
      #expect(run.rows[0].missing?["wasm3"] == #"it ends with status 7: \u{1b}[31mno SIMD"#)
    }
  }

  @Test func engineThatCannotGrant() async throws {
    let tool = ("wasm3", "echo hello")
    let options = Self.quick + ["--engine", "wasm3", "--dir", "."]
    try await bench(Self.hello, options, tools: [tool]) { result, _ in
      #expect(result.status == 1)
      #expect(result.errorText.contains("wasm3: it can't be given grants"))
    }
  }

  @Test func outputThatIsNeverTheSame() async throws {
    let text = """
      (module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (memory (export "memory") 1) (data (i32.const 0) "\\10\\00\\00\\00\\10\\00\\00\\00")
        (func (export "_start")
          (drop (call $random (i32.const 16) (i32.const 16)))
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
      """
    let options = ["-O0", "--runs", "1", "--no-start", "--json"]
    try await bench(text, options) { result, _ in
      #expect(result.status == 1)
      #expect(result.errorText.contains("--ignore-output"))
    }
    try await bench(text, options + ["--ignore-output"]) { result, _ in _ = try results(result) }
  }

  @Test(.enabled(if: TestSupport.tool("timeout") != nil, "no timeout"))
  func interruptedLeavesNothing() async throws {
    let module = try await TestSupport.module(fromText: #"(module (func (export "_start") (loop (br 0))))"#)
    try await TemporaryFolder.with { folder in
      let temporary = folder.appending("temporary")
      try TestSupport.makeFolder(temporary)
      try TestSupport.write(module, to: folder.appending("module.wasm"))
      // Only wasmaot gets the signal: what it measures is ended by it.
      let result = try await TestSupport.run(
        try #require(TestSupport.tool("timeout")),
        [
          "--foreground", "--preserve-status", "-s", "TERM", "3", try #require(CommandLineTool.path).string,
          "bench", "-O0", "module.wasm",
        ],
        environment: TestSupport.environment.merging(["TMPDIR": temporary.string]) { $1 },
        workingDirectory: folder)
      #expect(result.status == 143, "\(result.errorText)")
      #expect(TestSupport.contents(of: temporary) == [])
    }
  }

  // MARK: - Modules that return at once

  /// Would never end, or trap, if their entry did more than return.
  static let endless = [
    #"(module (memory 1) (func (export "_start") (loop (br 0))))"#,
    #"(module (func (export "_start") (local i32 i64 f32) (loop (br 0))))"#,
    #"(module (memory 0) (func (export "_start") unreachable))"#,
    #"(module (memory i64 1) (func (export "_start") (local f64 f64) unreachable))"#,
    #"(module (memory 1 1 (pagesize 1)) (func) (func (export "_start") unreachable) (func (loop (br 0))))"#,
    #"(module (memory 1) (func (export "_start") (param i32) (result i32 i64 f32 f64 v128 funcref externref) (loop (br 0)) unreachable))"#,
    #"(module (func (export "_start") (result i64) unreachable))"#,
  ]

  @Test(arguments: endless)
  func startModule(text: String) async throws {
    let module = try decode(ModuleBytes(try await TestSupport.module(fromText: text)))
    let entry = try #require(module.exportedFunctions.first).function
    let changed = try decode(ModuleBytes(try #require(StartModule.bytes(of: module, entry: entry))))
    try validateFunctions(of: changed, jobs: 1)
    #expect(changed.functions.count == module.functions.count)
    let store = try Store(configuration: Store.Configuration())
    let instance = try store.instantiate(changed, imports: [])
    guard case .function(let function) = instance.export("_start") else {
      Issue.record("no function")
      return
    }
    let results = try store.call(function, slots: Array(repeating: 1, count: function.type.params.count))
    #expect(results.allSatisfy { $0 == 0 })
  }

  @Test(arguments: [
    #"(module (import "wasi_snapshot_preview1" "sched_yield" (func (result i32))) (export "f" (func 0)))"#,
    #"(module (type $t (func)) (func (export "f") (result (ref $t)) unreachable))"#,
  ])
  func noStartModule(text: String) async throws {
    let module = try decode(ModuleBytes(try await TestSupport.module(fromText: text)))
    let entry = try #require(module.exportedFunctions.first).function
    #expect(StartModule.bytes(of: module, entry: entry) == nil)
  }

  /// The optimiser must not find out that nothing but the return is ever reached.
  @Test func startModuleKeepsItsCode() async throws {
    let sums = (0..<200).map {
      "(func $f\($0) (param i32) (result i32) (call $g (i32.mul (local.get 0) (i32.const \($0 * 7919)))))"
    }
    let calls = (0..<200).map { "(call $f\($0) (local.get 0)) (local.set 0)" }
    let text = """
      (module (memory 1) (func $g (param i32) (result i32) (i32.load (local.get 0)))
        \(sums.joined(separator: "\n"))
        (func (export "_start") (local i32) \(calls.joined(separator: "\n")) (i32.store (i32.const 0) (local.get 0))))
      """
    let bytes = try await TestSupport.module(fromText: text)
    let module = try decode(ModuleBytes(bytes))
    let entry = try #require(module.exportedFunctions.first).function
    let changed = try #require(StartModule.bytes(of: module, entry: entry))
    try await TemporaryFolder.with { folder in
      var sizes: [Int] = []
      for (name, contents) in [("whole", bytes), ("start", changed)] {
        let path = folder.appending("\(name).wasm")
        try TestSupport.write(contents, to: path)
        let builder = Builder(options: BuildOptions(), environment: TestSupport.environment)
        sizes.append(try await builder.build(path.string, to: folder.appending(name).string).output.size)
      }
      #expect(sizes[1] >= sizes[0])
    }
  }
}
