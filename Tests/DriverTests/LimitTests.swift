import Support
import SystemPackage
import TestSupport
import Testing

@testable import Driver

/// Limits of programs: what needs more than a module and its output (Tests/filetests/driver/limit*.wat).
@Suite(
  .serialized, .enabled(if: CommandLineTool.path != nil && TestSupport.tool("wasm-tools") != nil, "no tools"))
struct LimitTests {
  private static let forEver = "(module (func (export \"_start\") (loop $l (br $l))))"

  /// Builds a program from text, and hands it to `body`.
  private func withProgram(
    _ text: String, _ options: [String], _ body: (FilePath) async throws -> Void
  ) async throws {
    try await TemporaryFolder.with { folder in
      let (input, app) = (folder.appending("module.wasm"), folder.appending("app"))
      try TestSupport.write(try await TestSupport.module(fromText: text), to: input)
      let build = try await CommandLineTool.run(
        ["build", input.string, "-o", app.string, "--no-cache"] + options)
      try #require(build.status == 0, "\(build.errorText)")
      try await body(app)
    }
  }

  /// From the start to the end, with what a busy machine may add.
  @Test(arguments: ["guard", "explicit"])
  func timeoutIsKept(boundsChecks: String) async throws {
    try await withProgram(Self.forEver, ["--timeout=100ms", "--bounds-checks=\(boundsChecks)"]) { app in
      let clock = ContinuousClock()
      let start = clock.now
      let result = try await TestSupport.run(app)
      let elapsed = clock.now - start
      #expect(result.status == 134)
      #expect(elapsed >= .milliseconds(100))
      #expect(elapsed < .seconds(60))
    }
  }

  /// Starts the program by a Python script, which has it as its argument.
  private func run(_ app: FilePath, through script: String) async throws -> ProgramResult {
    try await TestSupport.run(try #require(TestSupport.tool("python3")), ["-c", script, app.string])
  }

  /// What a parent has blocked or ignored, or left pending, is inherited.
  @Test(.enabled(if: TestSupport.tool("python3") != nil, "no python3"))
  func timeoutDoesNotDependOnTheParent() async throws {
    let script = """
      import os, signal, sys
      signals = set(signal.Signals.__members__) and signal.valid_signals()
      signal.pthread_sigmask(signal.SIG_BLOCK, signals)
      for number in signals - {signal.SIGKILL, signal.SIGSTOP, 32, 33}:
          try: signal.signal(number, signal.SIG_IGN)
          except (OSError, ValueError): pass
      os.execv(sys.argv[1], sys.argv[1:])
      """
    try await withProgram(Self.forEver, ["--timeout=100ms"]) { app in
      let result = try await run(app, through: script)
      #expect(result.status == 134)
      #expect(result.errorText.contains("interrupt: the time is up (--timeout 100ms)"), "\(result.errorText)")
    }
    let pending = """
      import os, signal, sys
      signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
      for number in range(34, 65): os.kill(os.getpid(), number)
      os.execv(sys.argv[1], sys.argv[1:])
      """
    try await withProgram("(module (func (export \"_start\")))", ["--timeout=1h"]) { app in
      let result = try await run(app, through: pending)
      #expect(result.status == 0)
      #expect(result.errorText == "")
    }
  }

  /// A signal that somebody sends is no timeout, and an alarm that the parent has set rings.
  @Test(.enabled(if: TestSupport.tool("python3") != nil, "no python3"))
  func otherSignals() async throws {
    // (What it writes says that it has begun: before its timer is set, the signal would end it.)
    let sent = """
      import os, subprocess, sys, time
      app = subprocess.Popen([sys.argv[1]], stdout=subprocess.PIPE)
      assert app.stdout.read(1) == b"x"
      os.kill(app.pid, 50)
      time.sleep(0.1)
      assert app.poll() is None
      app.kill()
      """
    let alarm = """
      import os, signal, sys
      signal.setitimer(signal.ITIMER_REAL, 0.1)
      os.execv(sys.argv[1], sys.argv[1:])
      """
    let text = """
      (module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 8) "\\10\\00\\00\\00\\01\\00\\00\\00x")
        (func (export "_start")
          (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))
          (loop $l (br $l))))
      """
    try await withProgram(text, ["--timeout=1h"]) { app in
      let result = try await run(app, through: sent)
      #expect(result.status == 0, "\(result.errorText)")
      let alarmed = try await run(app, through: alarm)
      #expect(alarmed.status == 128 + 14)
    }
  }

  /// The report of a timeout has nobody to read it: the program ends all the same.
  @Test(.enabled(if: TestSupport.tool("python3") != nil, "no python3"))
  func timeoutWithAFullPipe() async throws {
    let script = """
      import os, subprocess, sys
      out, into = os.pipe()
      os.set_blocking(into, False)
      try:
          while True: os.write(into, b"x" * 4096)
      except BlockingIOError: pass
      os.set_blocking(into, True)
      app = subprocess.Popen([sys.argv[1]], stderr=into)
      sys.exit(app.wait(timeout=60))
      """
    try await withProgram(Self.forEver, ["--timeout=100ms"]) { app in
      let result = try await run(app, through: script)
      #expect(result.status == 134)
    }
  }

  /// Depth in proportion to the stack's size, to the page.
  @Test(arguments: ["guard", "explicit"])
  func stack(boundsChecks: String) async throws {
    var depths: [Int] = []
    for size in ["1M", "2M", "4M"] {
      try await withProgram(
        Self.down, ["--invoke=down", "--max-stack", size, "--bounds-checks=\(boundsChecks)", "-O0"]
      ) { app in
        var (low, high) = (1, 1 << 22)
        while high - low > 1 {
          let middle = (low + high) / 2
          let result = try await TestSupport.run(app, ["\(middle)"])
          if result.status == 0 { low = middle } else { high = middle }
          if result.status != 0 {
            #expect(result.status == 134)
            #expect(result.errorText.contains("call stack exhausted"))
          }
        }
        depths.append(low)
      }
    }
    // A frame is the same size in all of them.
    let frame = Double(1 << 20) / Double(depths[1] - depths[0])
    #expect(frame == 32 || frame == 48 || frame == 16 || frame == 64, "\(depths)")
    #expect(abs(Double(depths[2] - depths[1]) - 2 * Double(depths[1] - depths[0])) <= 1)
    #expect(abs(Double(depths[0]) * frame - Double(1 << 20)) <= 4096, "\(depths)")
  }

  private static let down = """
    (module
      (func $down (export "down") (param i32) (result i32)
        (if (result i32) (local.get 0)
          (then (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (local.get 0)))
          (else (i32.const 0)))))
    """

  /// WASI's table lies above the stack, if the program calls WASI.
  private static let downWithWASI = """
    (module
      (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func $down (export "down") (param i32) (result i32)
        (if (result i32) (local.get 0)
          (then (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (local.get 0)))
          (else (call $sizes (i32.const 0) (i32.const 4))))))
    """

  /// The stack is as large as the build says, on the stack of the kernel's and where that may not be so large.
  @Test(
    arguments: ["8M", "100M"],
    [
      "true", "ulimit -Ss 64", "ulimit -Ss 100", "ulimit -s 64", "ulimit -s 100", "ulimit -Ss $(ulimit -Hs)",
    ])
  func stackDoesNotDependOnTheShell(size: String, shell: String) async throws {
    let frames = try #require(UInt64(size.dropLast())) << 20 / 16
    for module in [Self.down, Self.downWithWASI] {
      try await withProgram(module, ["--invoke=down", "--max-stack", size, "-O0"]) { app in
        let run = { (depth: UInt64) in
          try await TestSupport.run("/bin/sh", ["-c", "\(shell) && exec \"$0\" \(depth)", app.string])
        }
        // A frame takes 16 bytes at least, and 64 at most.
        #expect(try await run(frames / 5).status == 0)
        let exhausted = try await run(frames)
        #expect(exhausted.status == 134)
        #expect(exhausted.errorText.contains("call stack exhausted"))
      }
    }
  }

  /// What the kernel does not let the stack grow to is exhausted, too.
  @Test func stackWithoutAddressSpace() async throws {
    try await withProgram(Self.down, ["--invoke=down", "--max-stack=32M", "-O0"]) { app in
      let result = try await TestSupport.run(
        "/bin/sh", ["-c", "ulimit -v 16384 && exec \"$0\" 1000000", app.string])
      #expect(result.status == 134)
      #expect(result.errorText.contains("call stack exhausted"))
    }
  }

  /// Arguments lie on the kernel's stack, above that of wasm.
  @Test func stackBelowManyArguments() async throws {
    let text = """
      (module
        (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "_start")
          (drop (call $sizes (i32.const 0) (i32.const 4)))
          (call $exit (i32.ne (i32.load (i32.const 0)) (i32.const 20001)))))
      """
    try await withProgram(text, []) { app in
      let result = try await TestSupport.run(
        app, Array(repeating: "an argument of 32 bytes, the NUL", count: 20_000))
      #expect(result.status == 0, "\(result.errorText)")
    }
  }

  @Test(
    arguments: [
      ("500ms", 500_000_000), ("2s", 2_000_000_000), ("1m", 60_000_000_000), ("3", 3_000_000_000),
      ("1h", 3_600_000_000_000), ("2S", 2_000_000_000),
    ] as [(String, UInt64)])
  func duration(text: String, nanoseconds: UInt64) throws {
    #expect(try parseDuration(text, option: "--timeout") == nanoseconds)
  }

  @Test(arguments: [
    "", "0", "-1", "1.5s", "s", "1 s", "10x", "+1", "9223372036855", "99999999999999999999", "٣",
  ])
  func wrongDuration(text: String) {
    #expect(throws: Problem.self) { try parseDuration(text, option: "--timeout") }
  }

  @Test(arguments: ["", "-1", "1k", "9223372036854775808", "1e9", "+1"])
  func wrongFuel(text: String) { #expect(throws: Problem.self) { try parseFuel(text) } }

  /// What `run` passes on is what programs understand.
  @Test func runPassesLimitsOn() async throws {
    try await TemporaryFolder.with { folder in
      let module = folder.appending("module.wasm")
      try TestSupport.write(try await TestSupport.module(fromText: Self.forEver), to: module)
      let environment = ["WASMAOT_CACHE_DIR": folder.appending("cache").string]
      for (options, words) in [
        (["--timeout", "100ms"], "(--timeout 100ms)"), (["--fuel", "100"], "(--fuel 100)"),
        (["--fuel", "200"], "(--fuel 200)"),
      ] {
        let result = try await CommandLineTool.run(
          ["run"] + options + [module.string], environment: environment)
        #expect(result.status == 134)
        #expect(result.errorText.contains(words), "\(result.errorText)")
      }
      // Two programs, with a report each: one counts fuel.
      let outputs = folder.appending("cache/outputs")
      let files = TestSupport.contents(of: outputs).flatMap {
        TestSupport.contents(of: outputs.appending($0))
      }
      #expect(files.count { $0.hasSuffix(".json") } == 2)
    }
  }
}
