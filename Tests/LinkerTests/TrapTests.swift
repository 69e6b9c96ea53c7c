import Foundation
import SystemPackage
import Testing

@testable import Linker

/// Runs exports of runtime-c/test/traps.c.
@Suite struct TrapTests {
  private static func invoke(
    _ export: String, _ arguments: [String] = [], flags: [String] = []
  ) async throws -> RunResult {
    let scratch = try Scratch()
    var config = RuntimeConfig(programName: "guest")
    config.invoke = export
    return try await execute(
      try await Guest.build("traps", config, flags: flags, in: scratch), arguments)
  }

  /// Lines of a script, and the lines that come back after the one for the instantiation.
  private static func script(_ lines: [String], flags: [String] = []) async throws -> [String] {
    let scratch = try Scratch()
    var config = RuntimeConfig(programName: "guest")
    config.isScript = true
    let result = try await execute(
      try await Guest.build("traps", config, flags: flags, in: scratch),
      input: lines.map { $0 + "\n" }.joined())
    #expect(result.status == 0)
    return result.output.split(separator: "\n").map(String.init)
  }

  private static func call(_ export: String, _ values: String...) -> String {
    let name = export.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    return (["invoke", name.isEmpty ? "-" : name] + values).joined(separator: " ")
  }

  // MARK: Messages, status, backtraces

  @Test(arguments: [
    (1, "unreachable"), (2, "out of bounds memory access"), (3, "out of bounds table access"),
    (4, "undefined element"), (5, "uninitialized element"), (6, "indirect call type mismatch"),
    (7, "integer divide by zero"), (8, "integer overflow"), (9, "invalid conversion to integer"),
    (10, "call stack exhausted"), (11, "null reference"), (12, "unaligned atomic"),
    (13, "unresolved import called"), (14, "expected shared memory"),
  ])
  func everyTrapHasItsMessage(code: Int, message: String) async throws {
    let result = try await Self.invoke("trap_code", ["\(code)"])
    #expect(result.status == 134)
    #expect(result.errors == "wasmaot: trap: \(message)\n wasm backtrace:\n   0: trap_code\n")
    #expect(result.output == "")
  }

  /// A program with checks of its own leaves all signals alone.
  @Test func onlyGuardPagesNeedHandlers() async throws {
    #expect(try await Self.invoke("handlers").output == "3\n")
    #expect(try await Self.invoke("handlers", flags: ["-DMODULE_FLAGS=1"]).output == "0\n")
  }

  /// Frames of a page and more are compared with the limit, also those that would wrap around the address space.
  @Test func largeFramesAreCompared() async throws {
    let flags = ["-DMODULE_FLAGS=1"]
    #expect(try await Self.invoke("probe", ["5000"], flags: flags).output == "5000\n")
    for size in ["9000000", "0x7fffffffffff", "-1", "-4096"] {
      let result = try await Self.invoke("probe", [size], flags: flags)
      #expect(result.status == 134)
      #expect(result.errors.hasPrefix("wasmaot: trap: call stack exhausted\n wasm backtrace:\n"))
    }
  }

  /// Also of a program that has no function on descriptors: nobody reads the message.
  @Test(arguments: ["-DMODULE_FLAGS=0", "-DMODULE_FLAGS=1"])
  func aTrapThatNobodyReadsKeepsItsStatus(flags: String) async throws {
    let scratch = try Scratch()
    var config = RuntimeConfig(programName: "guest")
    config.invoke = "trap_code"
    config.sandbox = SandboxPlan(
      mode: .auto, hostFunctions: [], features: [.invoke], canHaveDirectories: false)
    let app = try await Guest.build("traps", config, flags: [flags], in: scratch)
    // A pipe whose reader is gone.
    let command = #"mkfifo "$1" && exec 3<> "$1" 4> "$1" 3<&- && exec "$0" 1 2>&4"#
    let result = try await execute(
      FilePath("/bin/sh"), ["-c", command, app.string, scratch.path.appending("fifo").string])
    #expect(result == RunResult(status: 134, output: "", errors: ""))
  }

  @Test func aFailedCheckIsDecoded() async throws {
    let result = try await Self.invoke("trap_divide")
    #expect(result.status == 134)
    #expect(
      result.errors == "wasmaot: trap: integer divide by zero\n wasm backtrace:\n   0: trap_divide\n")
  }

  @Test func aBacktraceNamesTheCallersAndEscapesTheirNames() async throws {
    let result = try await Self.invoke("store", ["65536"])
    #expect(result.status == 134)
    #expect(
      result.errors == """
        wasmaot: trap: out of bounds memory access
         wasm backtrace:
           0: inner
           1: mid?[31mdle
           2: store

        """)
  }

  @Test func aFunctionWithoutNameIsShownByItsIndex() async throws {
    let result = try await Self.invoke("fault_natively", ["0"])
    #expect(result.status == 0)
    // fault_elsewhere has index 9 and no name, but its fault is no trap.
    let crash = try await Self.invoke("fault_elsewhere")
    #expect(crash.status == 128 + 11)
    #expect(crash.errors == "")
  }

  @Test func aFaultOfNativeCodeIsNoTrap() async throws {
    let result = try await Self.invoke("fault_natively", ["65536"])
    #expect(result.status == 128 + 11)
    #expect(!result.errors.contains("trap"))
  }

  @Test func anExhaustedStackIsATrapWithABacktraceThatEnds() async throws {
    let result = try await Self.invoke("recurse")
    #expect(result.status == 134)
    let lines = result.errors.split(separator: "\n")
    #expect(lines.first == "wasmaot: trap: call stack exhausted")
    #expect(lines.dropFirst(2).first == "   0: recurse_down")
    #expect(lines.count == 23)
    #expect(lines.last == "      ... more frames")
  }

  @Test func theRuntimesFunctionsMayExhaustTheStackToo() async throws {
    let result = try await Self.invoke("recurse_into_runtime", ["0"])
    #expect(result.status == 134)
    #expect(result.errors.hasPrefix("wasmaot: trap: call stack exhausted\n wasm backtrace:\n"))
    #expect(result.errors.contains(": into_runtime\n"))
  }

  @Test func aSmallerStackIsExhaustedToo() async throws {
    let scratch = try Scratch()
    var config = RuntimeConfig(programName: "guest")
    config.invoke = "recurse"
    config.stackSize = 64 << 10
    let result = try await execute(try await Guest.build("traps", config, in: scratch))
    #expect(result.status == 134)
    #expect(result.errors.hasPrefix("wasmaot: trap: call stack exhausted\n"))
  }

  @Test func aTrapOfTheInstantiationEndsTheProgram() async throws {
    let flags = ["-DINSTANTIATION_TRAP=2"]
    let result = try await Self.invoke("echo_i32", ["1"], flags: flags)
    #expect(result.status == 134)
    #expect(result.errors == "wasmaot: trap: out of bounds memory access\n")
    #expect(
      try await Self.script([Self.call("image")], flags: flags) == [
        "trap out of bounds memory access", "error not instantiated",
      ])
  }

  @Test func aMissingCPUFeatureIsNamed() async throws {
    // avx512vpopcntdq and avx512ifma: whichever is missing; on a CPU with both there is nothing to see.
    let result = try await Self.invoke(
      "echo_i32", ["1"], flags: ["-DREQUIRED_FEATURES=((1u<<24)|(1u<<25))"])
    if result.status != 0 {
      #expect(result.status == 1)
      #expect(result.errors.hasPrefix("wasmaot: this CPU lacks avx512"))
    }
    let baseline = try await Self.invoke("echo_i32", ["1"], flags: ["-DREQUIRED_FEATURES=0x7f"])
    #expect(baseline == RunResult(status: 0, output: "1\n", errors: ""))
  }

  /// CPUID takes long in virtual machines: whether instructions that a CPU refuses are there is found out by SIGILL.
  @Test func aRefusedInstructionsFeatureIsNamedThen() async throws {
    func run(_ export: String, _ arguments: [String], lacks: String, flags: [String] = []) async throws
      -> RunResult
    {
      try await Self.invoke(
        export, arguments, flags: ["-DREQUIRED_FEATURES=0x17f", "-DLACKS=\(lacks)"] + flags)
    }
    let sse42 = "(1u<<6)"
    #expect(
      try await run("echo_i32", ["1"], lacks: sse42) == RunResult(status: 0, output: "1\n", errors: ""))
    let message = "wasmaot: this CPU lacks something, which the program was built for"
    let refused = try await run("refused", [], lacks: sse42)
    #expect(refused.status == 1)
    #expect(refused.errors.hasPrefix(message))
    // Not the CPU's fault: a bug, which must not be passed off as anything else.
    #expect(try await run("refused", [], lacks: "0").status == 128 + 4)
    // BMI: without it other instructions would run in place of its own.
    let early = try await run("echo_i32", ["1"], lacks: "(1u<<8)")
    #expect(early.status == 1)
    #expect(early.errors.hasPrefix(message))
    // Without handlers nobody would ask.
    let checked = try await run("echo_i32", ["1"], lacks: sse42, flags: ["-DMODULE_FLAGS=1"])
    #expect(checked.errors.hasPrefix(message))
  }

  /// RELRO, which musl's static programs have to bring about themselves.
  @Test func tablesOfTheModuleCannotBeOverwritten() async throws {
    let result = try await Self.invoke("overwrite")
    #expect(result.status == 128 + 11)
  }

  // MARK: Memory and tables

  @Test func theEdgesOfMemoryTrapAndExecutionGoesOn() async throws {
    let outside = "trap out of bounds memory access"
    let results = try await Self.script([
      Self.call("store", "I:ffff"), Self.call("store", "I:10000"), Self.call("load", "I:fff8"),
      // The load straddles the end.
      Self.call("load", "I:fff9"),
      // The last byte that an index and an offset can name.
      Self.call("store", "I:1fffffffe"), Self.call("store", "I:20000ffff"),
      Self.call("store", "I:ffffffff"), Self.call("echo_i32", "i:7"),
    ])
    #expect(
      results == ["ok", "ok", outside, "ok I:100000000000000", outside, outside, outside, outside, "ok i:7"])
  }

  private static let movesSplitMappings = ProcessInfo.processInfo.isOperatingSystemAtLeast(
    OperatingSystemVersion(majorVersion: 6, minorVersion: 17, patchVersion: 0))

  /// Kernels have unmapped the pages' destination by the time that they refuse to move them.
  @Test(.enabled(if: !movesSplitMappings, "since Linux 6.17 these are moved, too"))
  func imagesThatCannotBeMovedAreCopied() async throws {
    #expect(
      try await Self.invoke("image", flags: ["-DSPLIT_IMAGE"])
        == RunResult(status: 0, output: "97\n122\n115\n0\n", errors: ""))
  }

  @Test func imagesAreInPlaceAndMemoryGrows() async throws {
    let results = try await Self.script([
      Self.call("image"), Self.call("grow", "i:0"), Self.call("grow", "i:1"),
      Self.call("store", "I:1ffff"), Self.call("store", "I:20000"),
      Self.call("grow", "i:2"), Self.call("grow", "i:ffffffff"), Self.call("grow", "i:1"),
      Self.call("load", "I:2fff0"), Self.call("grow", "i:1"),
    ])
    #expect(
      results == [
        "ok", "ok i:61 i:7a i:73 i:0", "ok i:1", "ok i:1", "ok", "trap out of bounds memory access",
        "ok i:ffffffff", "ok i:ffffffff", "ok i:2", "ok I:0", "ok i:ffffffff",
      ])
  }

  @Test func bulkInitialisationChecksBeforeItWrites() async throws {
    let outside = "trap out of bounds memory access"
    let results = try await Self.script([
      Self.call("memory_init", "i:10", "i:1", "i:6"),
      Self.call("memory_init", "i:10", "i:2", "i:6"),
      Self.call("memory_init", "i:fffc", "i:0", "i:7"),
      Self.call("load", "I:fff8"),
      Self.call("memory_init", "i:ffffffff", "i:0", "i:1"),
      Self.call("memory_init", "i:10", "i:ffffffff", "i:ffffffff"),
      Self.call("memory_init", "i:fff9", "i:0", "i:7"),
    ])
    #expect(results == ["ok", "ok i:65", outside, outside, "ok I:0", outside, outside, "ok i:73"])
  }

  @Test func tablesGrowAndCheckTheirBounds() async throws {
    let outside = "trap out of bounds table access"
    let results = try await Self.script([
      Self.call("table_get", "i:0"), Self.call("table_get", "i:2"),
      Self.call("table_grow", "i:3"), Self.call("table_get", "i:4"), Self.call("table_get", "i:1"),
      Self.call("table_init", "i:2", "i:0", "i:3"), Self.call("table_get", "i:2"),
      Self.call("table_get", "i:3"), Self.call("table_get", "i:4"),
      Self.call("table_init", "i:3", "i:0", "i:3"), Self.call("table_init", "i:0", "i:1", "i:3"),
      Self.call("table_copy", "i:0", "i:2", "i:3"), Self.call("table_get", "i:0"),
      Self.call("table_copy", "i:3", "i:0", "i:3"), Self.call("table_copy", "i:0", "i:ffffffff", "i:2"),
      Self.call("table_fill", "i:1", "i:4"), Self.call("table_get", "i:4"),
      Self.call("table_fill", "i:1", "i:5"),
      Self.call("table_grow", "i:10"), Self.call("table_grow", "i:ffffffff"),
    ])
    #expect(
      results == [
        "ok", "ok i:0", "trap undefined element", "ok i:2", "ok i:2", "ok i:0", "ok", "ok i:1",
        "ok i:0", "ok i:2", outside, outside, "ok", "ok i:1", outside, outside, "ok", "ok i:1", outside,
        "ok i:ffffffff", "ok i:ffffffff",
      ])
  }

  @Test func aScriptSurvivesManyTrapsOfEveryKind() async throws {
    var lines: [String] = []
    for _ in 0..<50 {
      lines += [Self.call("recurse"), Self.call("store", "I:10000"), Self.call("trap_divide")]
    }
    let results = try await Self.script(lines)
    #expect(results.count == 151)
    #expect(results.count { $0 == "trap call stack exhausted" } == 50)
    #expect(results.count { $0 == "trap integer divide by zero" } == 50)
  }

  @Test func aScriptRefusesWhatItDoesNotUnderstand() async throws {
    let results = try await Self.script([
      "", "call 00", "invoke", "invoke zz", Self.call("nothing"), Self.call("echo_i32"),
      Self.call("echo_i32", "I:1"), Self.call("echo_i32", "i:1", "i:1"), Self.call("", "i:2a"),
      Self.call("echo_v128", "v:0123456789abcdef00000000000000ff"),
      Self.call("echo_externref", "e:0"),
    ])
    #expect(
      results == [
        "ok", "error unknown command", "error unknown command", "error bad name", "error bad name",
        "error no such export", "error too few arguments", "error bad argument", "error bad argument",
        "ok i:2a", "ok v:0123456789abcdef00000000000000ff", "ok e:0",
      ])
  }

  @Test func limitedAddressSpaceIsExplained() async throws {
    let scratch = try Scratch()
    let app = try await Guest.build("wasi", in: scratch)
    let result = try await execute(
      FilePath("/bin/sh"), ["-c", "ulimit -v 4000000; exec \(app.string) arguments"])
    #expect(result.status == 1)
    #expect(result.errors.contains("wasmaot: cannot reserve 8 GiB of address space at 0x10000"))
    #expect(result.errors.contains("ulimit -v"))
  }
}

/// Apps built with --invoke.
@Suite struct InvokeTests {
  private static func invoke(_ export: String, _ arguments: [String]) async throws -> RunResult {
    let scratch = try Scratch()
    var config = RuntimeConfig(programName: "guest")
    config.invoke = export
    return try await execute(try await Guest.build("traps", config, in: scratch), arguments)
  }

  @Test(arguments: [
    ("echo_i32", "42", "42"), ("echo_i32", "-1", "-1"), ("echo_i32", "4294967295", "-1"),
    ("echo_i32", "0xff", "255"), ("echo_i32", "-0XfF", "-255"),
    ("echo_i64", "-9223372036854775808", "-9223372036854775808"),
    ("echo_f32", "0.1", "0.1"), ("echo_f32", "-0", "-0"), ("echo_f32", "1e10", "10000000000"),
    ("echo_f64", "0.1", "0.1"), ("echo_f64", "1e21", "1000000000000000000000"),
    ("echo_f64", "1.5e-7", "0.00000015"), ("echo_f64", "nan", "NaN"), ("echo_f64", "-inf", "-inf"),
    ("echo_f64", "3.141592653589793", "3.141592653589793"), ("echo_f64", "100", "100"),
    ("echo_v128", "18446744073709551615", "18446744073709551615"),
  ])
  func resultsArePrintedAsWasmtimePrintsThem(export: String, argument: String, printed: String) async throws {
    #expect(
      try await Self.invoke(export, [argument]) == RunResult(status: 0, output: printed + "\n", errors: ""))
  }

  @Test func severalResultsTakeALineEach() async throws {
    #expect(
      try await Self.invoke("image", []) == RunResult(status: 0, output: "97\n122\n115\n0\n", errors: ""))
  }

  @Test(arguments: [
    ("echo_i32", []), ("echo_i32", ["1", "2"]), ("echo_i32", ["x"]), ("echo_i32", [""]),
    ("echo_i32", ["4294967296"]), ("echo_i32", ["-2147483649"]), ("echo_i32", ["1x"]),
    ("echo_i32", ["- 1"]), ("echo_i32", ["0x"]), ("echo_i32", ["0x0x5"]), ("echo_i32", ["0x-5"]),
    ("echo_i32", ["0x 5"]), ("echo_i32", ["--5"]), ("echo_i32", ["0xg"]),
  ])
  func wrongArgumentsShowTheUsage(export: String, arguments: [String]) async throws {
    let result = try await Self.invoke(export, arguments)
    #expect(result == RunResult(status: 2, output: "", errors: "wasmaot: usage: guest i32\n"))
  }

  /// Results that are lost are no success.
  @Test(arguments: [("> /dev/full", "no space left"), (">&-", "it is closed")])
  func resultsThatCannotBeWrittenAreAnError(output: String, reason: String) async throws {
    let scratch = try Scratch()
    var config = RuntimeConfig(programName: "guest")
    config.invoke = "echo_i32"
    let app = try await Guest.build("traps", config, in: scratch)
    let result = try await execute(FilePath("/bin/sh"), ["-c", "exec \"$0\" 1 \(output)", app.string])
    #expect(
      result
        == RunResult(
          status: 1, output: "", errors: "wasmaot: cannot write the results to standard output: \(reason)\n"))
  }

  @Test func aMissingExportIsNamed() async throws {
    let result = try await Self.invoke("nothing", [])
    #expect(result.status == 1)
    #expect(result.errors == "wasmaot: there is no exported function 'nothing'\n")
  }

  /// However long its name is, the line ends.
  @Test func aLongMessageIsALine() async throws {
    let result = try await Self.invoke(String(repeating: "n", count: 1000), [])
    #expect(result.status == 1)
    #expect(result.errors.hasPrefix("wasmaot: there is no exported function 'nnn"))
    #expect(result.errors.hasSuffix("n\n"))
  }
}
