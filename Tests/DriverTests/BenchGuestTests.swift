import BenchReport
import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

@testable import Driver

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What the program that is measured, and the engines that run it, may not do to the benchmark.
extension BenchTests {
  // MARK: - Files

  private static let opensFiles = """
    (module
      (import "wasi_snapshot_preview1" "path_open"
        (func (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (memory (export "memory") 1) (func (export "_start")))
    """
  /// Leaves a file where it runs a module.
  private static let leavesFile = ("wasm3", #"[ "$1" = --version ] || touch ran"#)

  @Test func filesThatAnEngineWouldShow() async throws {
    try await bench(Self.opensFiles, Self.quick + ["--engine", "wasm3"], tools: [Self.leavesFile]) {
      result, folder in
      #expect(result.status == 1)
      #expect(result.errorText.contains("wasm3: it can't keep the working directory"), "\(result.errorText)")
      #expect(result.errorText.contains("path_open"))
      #expect(!TestSupport.contents(of: folder).contains("ran"))
    }
    try await bench(Self.opensFiles, Self.quick + ["--engine", "all"], tools: [Self.leavesFile]) {
      result, folder in
      let run = try #require(try results(result).sections.first { $0.name == "run" })
      #expect(run.rows[0].missing?["wasm3"]?.contains("path_open") == true)
      #expect(!TestSupport.contents(of: folder).contains("ran"))
    }
  }

  /// Else the module could overwrite what is run next, natively.
  @Test(arguments: ["temporary", ".", "tools/../temporary/.", "/"])
  func folderThatTheModuleCouldChange(directory: String) async throws {
    let options = ["-O0", "--runs", "1", "--no-start", "--no-interpreter", "--html", "report.html"]
    try await bench(Self.hello, options + ["--dir", "\(directory)::/data"]) { result, folder in
      #expect(result.status == 1)
      #expect(result.errorText.contains("grants the folder of temporary files"), "\(result.errorText)")
      #expect(result.errorText.contains("set TMPDIR"))
      #expect(!TestSupport.contents(of: folder).contains("report.html"))
    }
  }

  @Test func folderThatTheModuleCanOnlyReadOrNotSee() async throws {
    for directory in ["temporary::/data:ro", "tools::/data"] {
      try await bench(Self.hello, Self.quick + ["--dir", directory]) { result, _ in
        _ = try results(result)
      }
    }
  }

  @Test func grantThatBecomesALink() async throws {
    try await TemporaryFolder.with { folder in
      for name in ["granted", "temporary"] { try TestSupport.makeFolder(folder.appending(name)) }
      let measured = try BenchmarkFolder(in: folder.appending("temporary"))
      defer { measured.remove() }
      var grants = Grants()
      let link = folder.appending("link").string
      grants.directories = [DirectoryGrant(host: link, guest: "/")]
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "granted")
      try measured.checkOutside(of: grants)
      try FileManager.default.removeItem(atPath: link)
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "temporary")
      #expect(throws: Problem.self) { try measured.checkOutside(of: grants) }
    }
  }

  /// Of 5 GB, all holes: nothing is written if there is no limit.
  @Test(.enabled(if: TestSupport.tool("truncate") != nil, "no truncate"))
  func outputThatFillsTheDisk() async throws {
    let tool = ("wasm3", #"[ "$1" = --version ] || exec truncate -s 5G /dev/stdout"#)
    try await bench(Self.hello, Self.quick + ["--engine", "wasm3"], tools: [tool]) { result, _ in
      let run = try #require(try results(result).sections.first { $0.name == "run" })
      #expect(run.rows[0].missing?["wasm3"]?.hasPrefix("it ends with status 153") == true)
    }
  }

  // MARK: - What engines are told

  @Test(arguments: [
    "--max-memory=1M", "--max-stack=1M", "--timeout=1m", "--fuel=1000000", "--stub-imports=trap",
  ])
  func engineThatCannotLimit(option: String) async throws {
    let options = Self.quick + [option, "--engine", "wasm3"]
    try await bench(Self.hello, options, tools: [Self.leavesFile]) { result, folder in
      #expect(result.status == 1)
      let name = String(option.prefix { $0 != "=" })
      #expect(result.errorText.contains("wasm3: it can't be given \(name)"), "\(result.errorText)")
      #expect(!TestSupport.contents(of: folder).contains("ran"))
    }
  }

  @Test func engineThatIsToldLimits() async throws {
    let tool = (
      "wasmtime",
      #"""
      echo "$*" >> said.txt
      if [ "$1" = compile ]; then
        while [ "$1" != -o ]; do shift; done
        echo > "$2"
      else
        echo hello
      fi
      """#
    )
    let options = [
      "--fuel", "1000000", "--timeout", "60s", "--max-memory", "1M", "--max-stack", "1M",
      "--stub-imports=trap",
      "--engine", "wasmtime",
    ]
    try await bench(Self.hello, Self.quick + options, tools: [tool]) { result, folder in
      let run = try #require(try results(result).sections.first { $0.name == "run" })
      #expect(run.rows[0].values["wasmtime"] != nil)
      #expect(run.note?.contains("that of wasmtime for this machine's") == true)
      let said = String(decoding: try TestSupport.read(folder.appending("said.txt")), as: UTF8.self)
      #expect(said.contains("compile -W fuel=1000000,epoch-interruption=y -o "), "\(said)")
      let limits =
        "fuel=1000000,timeout=60000ms,max-memory-size=1048576,max-wasm-stack=1048576,unknown-imports-trap=y"
      #expect(said.contains("run --allow-precompiled -W \(limits) /"), "\(said)")
    }
  }

  @Test(arguments: [("baseline", "--target=x86_64 --cpu=x86-64-v2 -o "), ("native", "-o ")])
  func compilerThatIsToldTheCPU(cpu: String, words: String) async throws {
    let tools = [
      ("iwasm", "echo hello"),
      ("wamrc", #"echo "said $*" >> said.txt; while [ "$1" != -o ]; do shift; done; echo > "$2""#),
    ]
    let options = Self.quick + ["--engine", "wamrc", "--cpu", cpu]
    try await bench(Self.hello, options, tools: tools) { result, folder in
      _ = try results(result)
      let said = String(decoding: try TestSupport.read(folder.appending("said.txt")), as: UTF8.self)
      #expect(said.hasPrefix("said \(words)"))
    }
  }

  @Test func resultsThatEnginesPrintInTheirOwnWays() async throws {
    let text = #"(module (func (export "seven") (result i32) (i32.const 7)))"#
    let options = Self.quick + ["--invoke", "seven", "--engine", "wasm3"]
    try await bench(text, options, tools: [Self.leavesFile]) { result, folder in
      #expect(result.status == 1)
      #expect(result.errorText.contains("print the results"), "\(result.errorText)")
      #expect(!TestSupport.contents(of: folder).contains("ran"))
    }
  }

  // MARK: - The run whose memory is measured

  /// A line of shell that is run only where the script is traced.
  private static func whenTraced(_ command: String) -> String {
    """
    while read -r name value; do
      if [ "$name" = TracerPid: ] && [ "$value" != 0 ]; then \(command); fi
    done < /proc/$$/status
    echo hello
    """
  }

  @Test func runThatFailsOnlyWhenItsMemoryIsMeasured() async throws {
    let tool = ("wasm3", Self.whenTraced("exit 5"))
    try await bench(Self.hello, Self.quick + ["--engine", "wasm3"], tools: [tool]) { result, _ in
      let memory = try #require(try results(result).sections.first { $0.name == "memory" })
      #expect(memory.rows[0].values["wasm3"] == nil)
      #expect(memory.rows[0].missing?["wasm3"] == "it ended with status 5 while its memory was measured")
      #expect(memory.rows[0].values["wasmaot -O0"] != nil)
    }
  }

  /// Each sends the signal itself, when it runs, and would then go on for a long time.
  @Test(arguments: [
    whenTraced("kill -TERM $PPID; exec sleep 1000"),
    #"[ "$1" = --version ] || { kill -TERM $PPID; exec sleep 1000; }"#,
  ])
  func interruptedWhileAnEngineRuns(script: String) async throws {
    let start = ContinuousClock.now
    try await bench(Self.hello, Self.quick + ["--engine", "wasm3"], tools: [("wasm3", script)]) { result, _ in
      #expect(result.status == 128 + SIGTERM, "\(result.errorText)")
      #expect(ContinuousClock.now - start < .seconds(900))
    }
  }

  @Test func ignoredSignalsStayIgnored() async throws {
    let module = try await TestSupport.module(fromText: Self.hello)
    try await TemporaryFolder.with { folder in
      try TestSupport.write(module, to: folder.appending("module.wasm"))
      let tool = folder.appending("wasm3")
      try TestSupport.write(
        "#!/bin/sh\n[ \"$1\" = --version ] || kill -HUP $PPID\necho hello\n".utf8, to: tool)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: tool.string)
      let arguments = ["bench", "module.wasm"] + Self.quick + ["--engine", "wasm3"]
      let path = "\(folder):\(TestSupport.environment["PATH"] ?? "")"
      let result = try await TestSupport.run(
        "/bin/sh",
        ["-c", #"trap "" HUP; exec "$@""#, "sh", try #require(CommandLineTool.path).string] + arguments,
        environment: TestSupport.environment.merging(["PATH": path, "TMPDIR": folder.string]) { $1 },
        workingDirectory: folder)
      let run = try results(result).sections.first { $0.name == "run" }
      #expect(run?.rows[0].values["wasm3"] != nil)
    }
  }
}
