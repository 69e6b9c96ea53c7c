import SystemPackage
import TestSupport
import Testing

/// wasi-threads: the programs of wasi-testsuite, and some of ours that need more room than those in
/// Tests/filetests/driver.
@Suite(.enabled(if: CommandLineTool.path != nil, "no tools"))
struct ThreadTests {
  fileprivate static let folder = TestSupport.testData?.appending("wasi/threads")
  static let programs =
    folder.map { TestSupport.contents(of: $0).filter { $0.hasSuffix(".wasm") } } ?? []

  @Test func theSuiteIsThere() {
    #expect(
      Self.programs.count >= 15, "no programs in \(Self.folder?.string ?? "WASMAOT_TESTDATA")/: not tested")
  }

  /// Standard input is a pipe that nobody writes to nor closes: those who read it wait. (At the end of a file the
  /// programs that read trap: they must be ended while they wait.)
  private func run(
    _ arguments: [String], in folder: FilePath, environment: [String: String] = [:]
  ) async throws -> ProgramResult {
    let script = #"mkfifo input && exec timeout 60 "$0" "$@" <>input"#
    return try await TestSupport.run(
      "/bin/sh", ["-c", script] + arguments, environment: TestSupport.environment.merging(environment) { $1 },
      workingDirectory: folder)
  }

  /// What NAME.json asks for.
  fileprivate static func expectedStatus(of program: String) -> Int32 {
    let path = folder!.appending(program.dropLast(".wasm".count) + ".json")
    guard let text = try? String(decoding: TestSupport.read(path), as: UTF8.self),
      let colon = text.split(separator: "\"exit_code\":").dropFirst().first
    else { return 0 }
    return Int32(colon.filter(\.isNumber)) ?? 0
  }

  @Test(
    arguments: programs,
    [
      "build -O0", "build -O2", "build --bounds-checks=explicit", "build -O0 --sandbox=require",
      "build -O0 --sandbox=require --bounds-checks=explicit", "run", "run --sandbox=require",
    ])
  func suite(program: String, mode: String) async throws {
    let module = Self.folder!.appending(program)
    try await TemporaryFolder.with { temporary in
      let command = mode.split(separator: " ").map(String.init)
      let result: ProgramResult
      if command[0] == "run" {
        let tool = try #require(CommandLineTool.path)
        result = try await run(
          [tool.string] + command + [module.string], in: temporary,
          environment: ["XDG_CACHE_HOME": temporary.appending("cache").string])
      } else {
        let app = temporary.appending("app")
        let build = try await CommandLineTool.run(
          command + [module.string, "-o", app.string, "--no-cache"])
        try #require(build.status == 0, "\(build.errorText)")
        result = try await run([app.string], in: temporary)
      }
      #expect(result.status == Self.expectedStatus(of: program), "\(result.errorText)")
      #expect(result.errorText == "")
    }
  }

  private func run(text: String, _ options: [String] = [], limits: String = ":") async throws
    -> ProgramResult
  {
    let module = try await TestSupport.module(fromText: text)
    return try await TemporaryFolder.with { temporary in
      let (input, app) = (temporary.appending("module.wasm"), temporary.appending("app"))
      try TestSupport.write(module, to: input)
      let build = try await CommandLineTool.run(
        ["build", input.string, "-o", app.string, "--no-cache"] + options)
      try #require(build.status == 0, "\(build.errorText)")
      return try await TestSupport.run(
        "/bin/sh", ["-c", "\(limits); exec timeout 60 \"$0\"", app.string])
    }
  }

  /// `count` threads at a time, `rounds` times: each adds 1.
  private func counting(_ count: Int, rounds: Int) -> String {
    """
    (module
      (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1 1 shared)
      (func (export "wasi_thread_start") (param i32 i32)
        (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
        (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
      (func (export "_start") (local $i i32) (local $goal i32) (local $seen i32)
        (loop $round
          (local.set $goal (i32.add (local.get $goal) (i32.const \(count))))
          (local.set $i (i32.const 0))
          (loop $more
            ;; A thread that has counted may not have ended.
            (if (i32.le_s (call $spawn (i32.const 0)) (i32.const 0)) (then (br $more)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $more (i32.lt_u (local.get $i) (i32.const \(count)))))
          (block $done (loop $wait
            (local.set $seen (i32.atomic.load (i32.const 0)))
            (br_if $done (i32.eq (local.get $seen) (local.get $goal)))
            (drop (memory.atomic.wait32 (i32.const 0) (local.get $seen) (i64.const -1)))
            (br $wait)))
          (br_if $round (i32.lt_u (local.get $goal) (i32.const \(count * rounds)))))
        (call $exit (i32.const 42))))
    """
  }

  @Test func aHundredThreads() async throws {
    let result = try await run(text: counting(100, rounds: 3))
    #expect(result.status == 42, "\(result.errorText)")
  }

  /// Stacks of threads that have ended are given back: 64 MiB of address space hold no more than seven of them.
  @Test func threadsLeaveNothingBehind() async throws {
    let result = try await run(
      text: counting(4, rounds: 500), ["--bounds-checks=explicit"], limits: "ulimit -v 65536")
    #expect(result.status == 42, "\(result.errorText)")
  }

  /// The heaps of four threads' exceptions fit into 16 MiB of address space.
  @Test(arguments: ["--sandbox=off", "--sandbox=auto"])
  func exceptionsReserveLittle(sandbox: String) async throws {
    let file = TestSupport.packageRoot.appending("Tests/filetests/driver/thread-exceptions.wat")
    let result = try await run(
      text: String(decoding: TestSupport.read(file), as: UTF8.self),
      ["--bounds-checks=explicit", "--stack-size=64K", sandbox], limits: "ulimit -v 16384")
    #expect(result.status == 3, "\(result.errorText)")
  }

  /// A thread whose trap can't be reported, because nobody reads, does not keep another from ending the program.
  @Test func aStuckReportDoesNotStopTheEnd() async throws {
    let text = """
      (module
        (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1 1 shared)
        (func (export "wasi_thread_start") (param i32 i32) (unreachable))
        (func (export "_start")
          (drop (call $spawn (i32.const 0)))
          ;; Half a second, in which the thread traps.
          (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 500000000)))
          (call $exit (i32.const 7))))
      """
    let fullPipe = """
      folder=$(mktemp -d); mkfifo "$folder/pipe"; exec 2<>"$folder/pipe"; rm -r "$folder"; timeout 1 cat /dev/zero >&2
      """
    let result = try await run(text: text, limits: fullPipe)
    #expect(result.status == 7)
  }

  @Test func noThreadsWhereTheSystemHasNone() async throws {
    let text = """
      (module
        (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1 1 shared)
        (func (export "wasi_thread_start") (param i32 i32) (unreachable))
        (func (export "_start") (call $exit (i32.sub (i32.const 0) (call $spawn (i32.const 0))))))
      """
    // Room for the program, but not for a stack of 8 MiB: the main thread's grows when it is used.
    let result = try await run(text: text, ["--bounds-checks=explicit"], limits: "ulimit -v 7000")
    #expect(result.status == 6, "\(result.errorText)")
  }

  /// The function that threads start in is another unit's than the data, which has the entry of threads.
  @Test func severalUnits() async throws {
    let updates = Array(repeating: "(global.set $g (i32.add (global.get $g) (i32.const 3)))", count: 500)
      .joined()
    let functions = (0..<40).map { "(func $f\($0) \(updates))" }.joined(separator: "\n")
    let text = """
      (module
        (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1 1 shared)
        (global $g (mut i32) (i32.const 0))
        (func $work \((0..<40).map { "(call $f\($0))" }.joined()))
        \(functions)
        (func (export "wasi_thread_start") (param i32 i32)
          (call $work)
          (i32.atomic.store (i32.const 0) (global.get $g))
          (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
        (func (export "_start")
          (drop (call $spawn (i32.const 0)))
          (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))
          (call $exit (i32.eq (i32.atomic.load (i32.const 0)) (i32.const 60000)))))
      """
    let result = try await run(text: text, ["-O1"])
    #expect(result.status == 1, "\(result.errorText)")
  }

  /// The filter allows what glibc's threads ask for, too.
  @Test(
    .enabled(
      if: TestSupport.tool("make") != nil && TestSupport.tool("clang-19") != nil, "no make, no clang-19"))
  func glibc() async throws {
    let text = counting(20, rounds: 3)
    try await TemporaryFolder.with { temporary in
      let runtime = temporary.appending("runtime")
      let made = try await TestSupport.run(
        try #require(TestSupport.tool("make")),
        [
          "--silent", "-C", TestSupport.packageRoot.string, "runtime", "RUNTIME_LIBC=gnu",
          "RUNTIME_BUILD=\(runtime.string)",
        ])
      try #require(made.status == 0, "\(made.errorText)")
      let (module, app) = (temporary.appending("module.wasm"), temporary.appending("app"))
      try TestSupport.write(try await TestSupport.module(fromText: text), to: module)
      for checks in ["guard", "explicit"] {
        let build = try await CommandLineTool.run(
          [
            "build", module.string, "-o", app.string, "--no-cache", "--sandbox=require",
            "--bounds-checks=\(checks)",
          ], environment: ["WASMAOT_RUNTIME": runtime.string])
        try #require(build.status == 0, "\(build.errorText)")
        let result = try await TestSupport.run("/usr/bin/timeout", ["60", app.string])
        #expect(result.status == 42, "\(checks): \(result.errorText)")
      }
    }
  }

  /// Programs without threads have none of what threads need.
  @Test func othersDoNotPay() async throws {
    let text = """
      (module (memory 1 1 shared) (global $g (mut i32) (i32.const 1))
        (func (export "_start") (global.set $g (memory.grow (global.get $g)))))
      """
    let module = try await TestSupport.module(fromText: text)
    try await TemporaryFolder.with { temporary in
      let (input, app) = (temporary.appending("module.wasm"), temporary.appending("app"))
      try TestSupport.write(module, to: input)
      let build = try await CommandLineTool.run(
        ["build", input.string, "-o", app.string, "--no-cache", "-g"])
      try #require(build.status == 0, "\(build.errorText)")
      let names = try TestSupport.read(app)
      for name in ["pthread_create", "wasmaot_wasi_thread_spawn", "wasmaot_thread_entry"] {
        #expect(names.firstRange(of: Array(name.utf8)) == nil, "\(name) is linked in")
      }
    }
  }

  /// C with a mutex and condition variables of its own.
  @Test(
    .enabled(if: TestSupport.tool("clang-19") != nil, "no clang-19"),
    arguments: ["-O0", "-O3", "-O2 --bounds-checks=explicit"])
  func queue(mode: String) async throws {
    try await TemporaryFolder.with { temporary in
      let (module, app) = (temporary.appending("queue.wasm"), temporary.appending("queue"))
      try await Self.compileQueue(to: module)
      let build = try await CommandLineTool.run(
        ["build", module.string, "-o", app.string, "--no-cache"]
          + mode.split(separator: " ").map(String.init))
      try #require(build.status == 0, "\(build.errorText)")
      let result = try await run([app.string], in: temporary)
      #expect(result.status == 0, "\(result.errorText)")
      #expect(result.text == "done\n")
    }
  }

  fileprivate static func compileQueue(to module: FilePath) async throws {
    let source = TestSupport.packageRoot.appending("Tests/filetests/threads/queue.c")
    let clang = try await TestSupport.run(
      #require(TestSupport.tool("clang-19")),
      [
        "--target=wasm32", "-O2", "-matomics", "-mbulk-memory", "-nostdlib", "-Wl,--no-entry",
        "-Wl,--shared-memory,--import-memory,--max-memory=1048576", source.string, "-o", module.string,
      ])
    try #require(clang.status == 0, "\(clang.errorText)")
  }
}

/// The same in a host, over `wasmaot_threads` (runtime-c/test/threads_host.c).
@Suite(
  .enabled(
    if: CommandLineTool.path != nil && TestSupport.tool("wasm-tools") != nil && HostTools.compiler != nil
      && HostTools.runtime != nil, "no tools, or no embedded runtime"))
struct EmbeddedThreadTests {
  /// Those of our programs that share a memory.
  static let texts = TestSupport.contents(of: EndToEndTests.folder).filter { $0.hasPrefix("thread") }

  @Test func textsAreThere() { #expect(Self.texts.count >= 10) }

  private func run(_ module: FilePath, _ mode: String, in temporary: FilePath, arguments: [String] = [])
    async throws -> ProgramResult
  {
    let library = temporary.appending("guest.so")
    let build = try await CommandLineTool.run(
      ["build", module.string, "--emit=shared", "--name=guest", "-o", library.string, "--no-cache"]
        + mode.split(separator: " ").map(String.init))
    try #require(build.status == 0, "\(build.errorText)")
    let host = temporary.appending("host")
    let source = TestSupport.packageRoot.appending("runtime-c/test/threads_host.c")
    let compiler = try await TestSupport.run(
      #require(HostTools.compiler),
      ["-std=c11", "-D_GNU_SOURCE", "-O1", source.string, HostTools.runtime!.string, "-lpthread", "-ldl"]
        + ["-o", host.string])
    try #require(compiler.status == 0, "\(compiler.errorText)")
    let script = #"mkfifo input && exec timeout 60 "$0" "$@" <>input"#
    return try await TestSupport.run(
      "/bin/sh", ["-c", script, host.string, library.string] + arguments, workingDirectory: temporary)
  }

  @Test(arguments: texts, ["-O0", "-O2", "-O2 --bounds-checks=explicit"])
  func program(file: String, mode: String) async throws {
    let text = String(
      decoding: try TestSupport.read(EndToEndTests.folder.appending(file)), as: UTF8.self)
    // Each instance would have a memory that it defines for itself.
    let imported = text.replacing(/\(memory \(export "memory"\) (.*) shared\)/) {
      "(import \"env\" \"memory\" (memory \($0.1) shared))"
    }
    let status = try #require(text.firstMatch(of: /;;! exit ([0-9]+)/)).1
    let bytes = try await TestSupport.module(fromText: imported)
    try await TemporaryFolder.with { temporary in
      let module = temporary.appending("module.wasm")
      try TestSupport.write(bytes, to: module)
      let result = try await run(module, mode, in: temporary)
      #expect(result.status == Int32(status), "\(result.errorText)")
      if let trap = text.firstMatch(of: /;;! stderr wasmaot: trap: (.*)/) {
        #expect(result.errorText.hasPrefix("\(trap.1)"))
      }
    }
  }

  @Test(arguments: ThreadTests.programs, ["-O0", "-O2"])
  func suite(program: String, mode: String) async throws {
    try await TemporaryFolder.with { temporary in
      let result = try await run(ThreadTests.folder!.appending(program), mode, in: temporary)
      #expect(result.status == ThreadTests.expectedStatus(of: program), "\(result.errorText)")
      #expect(result.errorText == "")
    }
  }

  @Test(.enabled(if: TestSupport.tool("clang-19") != nil, "no clang-19"))
  func queue() async throws {
    try await TemporaryFolder.with { temporary in
      let module = temporary.appending("queue.wasm")
      try await ThreadTests.compileQueue(to: module)
      let result = try await run(module, "-O2", in: temporary)
      #expect(result.status == 0, "\(result.errorText)")
      #expect(result.text == "done\n")
    }
  }

  /// A program that waits and one that computes, for ever.
  @Test(arguments: [
    "(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))", "(loop (br 0))",
  ])
  func interrupted(body: String) async throws {
    let text = """
      (module
        (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
        (import "env" "memory" (memory 1 1 shared))
        (func (export "wasi_thread_start") (param i32 i32) \(body))
        (func (export "_start") (drop (call $spawn (i32.const 0))) \(body)))
      """
    let bytes = try await TestSupport.module(fromText: text)
    try await TemporaryFolder.with { temporary in
      let module = temporary.appending("module.wasm")
      try TestSupport.write(bytes, to: module)
      let result = try await run(module, "-O2", in: temporary, arguments: ["1"])
      #expect(result.status == 134)
      #expect(result.errorText == "interrupted\n")
    }
  }

  @Test(arguments: [
    (
      #"(import "wasi" "thread-spawn" (func (param i32) (result i32))) (func (export "_start"))"#,
      "it does not export _start"
    ),
    (
      #"(memory 1 1 shared) (func (export "_start")) (func (export "wasi_thread_start") (param i32 i32))"#,
      "the module defines a shared memory"
    ),
  ])
  func refused(fields: String, words: String) async throws {
    let bytes = try await TestSupport.module(fromText: "(module \(fields))")
    try await TemporaryFolder.with { temporary in
      let module = temporary.appending("module.wasm")
      try TestSupport.write(bytes, to: module)
      let result = try await run(module, "-O2", in: temporary)
      #expect(result.status == 134)
      #expect(result.errorText.contains(words), "\(result.errorText)")
    }
  }
}
