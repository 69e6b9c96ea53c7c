import FoundationEssentials
import Interpreter
import Linker
import Support
import SystemPackage
import TestSupport
import Testing
import WasmModule

@testable import Driver

#if canImport(Glibc)
  import Glibc
#endif

/// The interpreter by itself, and beside compiled programs: `run --interpret`. The specification's suite is in SpecTests,
/// WASI's in WASISuiteTests.
@Suite struct InterpreterTests {
  // MARK: - Programs

  /// What programs print and how they end is the same, compiled or not: Tests/filetests/driver. Left out are threads, of
  /// which the interpreter has one, grants at run time, which programs take, and what waits in a function of WASI: there
  /// the end of the time has no backtrace.
  @Test(
    .enabled(if: CommandLineTool.path != nil && TestSupport.tool("wasm-tools") != nil, "no tools"),
    arguments: EndToEndTests.files.filter { $0 != "limit-timeout-wait.wat" })
  func program(file: String) async throws {
    let text = String(
      decoding: try TestSupport.read(EndToEndTests.folder.appending(file)), as: UTF8.self)
    let directives = Directives(text)
    if !directives["fails"].isEmpty || text.contains("thread-spawn") || text.contains("--runtime-grants") {
      return
    }
    let module = try await TestSupport.module(fromText: text)
    try await TemporaryFolder.with { temporary in
      let granted = temporary.appending("granted")
      try TestSupport.makeFolder(granted)
      try TestSupport.write("hello\n".utf8, to: granted.appending("hello.txt"))
      try TestSupport.write(module, to: temporary.appending("module.wasm"))
      func words(_ key: String) -> [String] {
        directives.words(key).map { $0.replacing("{dir}", with: granted.string) }
      }
      var environment: [String: String] = [:]
      for pair in directives["env"] {
        let parts = pair.split(separator: "=", maxSplits: 1)
        environment[String(parts[0])] = String(parts[1])
      }
      let result = try await TestSupport.run(
        try #require(CommandLineTool.path),
        ["run", "--interpret"] + words("build") + ["module.wasm"] + words("run"),
        input: Array(directives["input"].map { $0 + "\n" }.joined().utf8), environment: environment,
        workingDirectory: temporary)
      #expect(result.status == directives.number("exit") ?? 0, "\(result.errorText)")
      #expect(result.text == directives["stdout"].map { $0 + "\n" }.joined())
      for line in directives["stderr"] { #expect(result.errorText.contains(line), "\(result.errorText)") }
      if directives["stderr"].isEmpty { #expect(result.errorText == "") }
    }
  }

  /// As programs (LinkerTests).
  @Test(.enabled(if: CommandLineTool.path != nil && TestSupport.tool("wasm-tools") != nil, "no tools"))
  func resultsThatCannotBeWritten() async throws {
    let module = try await TestSupport.module(
      fromText: "(module (func (export \"f\") (result i32) (i32.const 7)))")
    try await TemporaryFolder.with { folder in
      try TestSupport.write(module, to: folder.appending("module.wasm"))
      let result = try await TestSupport.run(
        "/bin/sh",
        [
          "-c", "exec \"$0\" run --interpret --invoke f module.wasm >/dev/full",
          try #require(CommandLineTool.path).string,
        ], workingDirectory: folder)
      #expect(result.status == 1)
      #expect(
        result.errorText == "wasmaot: cannot write the results to standard output: no space left\n")
    }
  }

  @Test func everyFunctionOfWASIIsBound() throws {
    let binding = try WASIBinding(arguments: [], grants: Grants(), environment: [:])
    for function in HostFunctions.all {
      #expect(binding.function(function.symbol) != nil, "\(function.symbol)")
    }
  }

  /// All at once, or each when it is called first: the same code.
  @Test func compiledInAdvance() async throws {
    let text = """
      (module (func $square (param i32) (result i32) (i32.mul (local.get 0) (local.get 0)))
        (func (export "f") (param i32) (result i32) (i32.add (call $square (local.get 0)) (i32.const 1))))
      """
    let module = try decode(ModuleBytes(try await TestSupport.module(fromText: text)))
    try validateFunctions(of: module, jobs: 1)
    let store = try Store()
    let instance = try store.instantiate(module, imports: [])
    guard case .function(let function) = instance.export("f") else {
      Issue.record("no function")
      return
    }
    #expect(instance.compileFunctions())
    #expect(try store.call(function, slots: [7]) == [50])
    // Nothing is left to compile.
    #expect(instance.compileFunctions())
    #expect(try store.call(function, slots: [8]) == [65])
  }

  // MARK: - Fuel

  /// Control flow of all kinds, and an end of each kind. `$f` is given the numbers below.
  static let fuelPrograms: [(text: String, arguments: [String])] = [
    (
      """
      (func (export "f") (param i32) (result i32) (local i32)
        (loop $l
          (local.set 1 (i32.add (local.get 1) (local.get 0)))
          (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1))
      """, ["1", "100"]
    ),
    (
      """
      (func $g (param i32) (result i32)
        (block $a (block $b (block $c (br_table $a $b $c (local.get 0))) (return (i32.const 7)))
          (return (i32.div_s (i32.const 1) (i32.sub (local.get 0) (i32.const 1)))))
        (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 3)) (else (unreachable))))
      (func (export "f") (param i32) (result i32)
        (if (local.get 0) (then (nop) (drop (call $g (i32.const 0)))))
        (call $g (local.get 0)))
      """, ["0", "1", "2", "3"]
    ),
    (
      """
      (tag $t (param i32))
      (func $g (param i32) (if (local.get 0) (then (throw $t (local.get 0)))))
      (func (export "f") (param i32) (result i32)
        (block $h (result i32)
          (try_table (catch $t $h) (call $g (local.get 0)) (drop (i32.const 1)) (call $g (i32.const 0)))
          (loop (result i32) (i32.add (i32.const 1) (i32.const 2)))))
      """, ["0", "5"]
    ),
    (
      """
      (tag $t (param i32))
      (func $g (param i32) (if (local.get 0) (then (throw $t (local.get 0)))))
      (func (export "f") (param i32) (result i32)
        try $outer (result i32)
          try
            local.get 0
            call $g
          delegate $outer
          i32.const 9
        catch $t
          i32.const 1
          i32.add
        end)
      """, ["0", "5"]
    ),
    (
      """
      (memory 1)
      (table $t 1 funcref) (elem $e func $g) (elem declare func $g)
      (func $g (param i32) (result i32) (i32.load8_u (local.get 0)))
      (func (export "f") (param i32) (result i32)
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 100))
        (block $null
          (drop (br_on_null $null (table.get $t (i32.const 0))))
          (unreachable))
        (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1))
        (return_call_indirect (param i32) (result i32) (local.get 0) (i32.const 0)))
      """, ["0", "99", "65536"]
    ),
  ]

  /// The counts of the interpreter and of programs are equal, also where they trap.
  @Test(
    .enabled(if: CommandLineTool.path != nil && TestSupport.tool("wasm-tools") != nil, "no tools"),
    arguments: fuelPrograms.indices)
  func fuelIsThatOfPrograms(index: Int) async throws {
    let (text, arguments) = Self.fuelPrograms[index]
    let module = try await TestSupport.module(fromText: "(module \(text))")
    try await TemporaryFolder.with { folder in
      let input = folder.appending("module.wasm")
      try TestSupport.write(module, to: input)
      for argument in arguments {
        var ends: [String] = []
        for mode in ["--interpret", "-O0", "-O3"] {
          let result = try await CommandLineTool.run(
            ["run", mode, "--no-cache", "--report-fuel", "--invoke", "f", input.string, argument])
          // The count, what came out, and the trap; not the backtrace.
          ends.append(
            "\(result.status) \(result.text) "
              + result.errorText.split(separator: "\n").filter { $0.hasPrefix("wasmaot:") }.joined(
                separator: " "))
        }
        #expect(ends[0].contains("fuel consumed"))
        #expect(ends[0] == ends[1] && ends[0] == ends[2], "f(\(argument)): \(ends)")
      }
    }
  }

  // MARK: - Words

  /// Codes and words of traps are the runtime's.
  @Test func trapsAreThoseOfTheRuntime() throws {
    let folder = TestSupport.packageRoot.appending("runtime-c")
    let words = String(
      decoding: try TestSupport.read(folder.appending("common/trap_message.c")), as: UTF8.self)
    for trap in Trap.allCases where (1...16).contains(trap.rawValue) {
      #expect(words.contains("\"\(trap.message)\""), "\(trap)")
    }
    let header = String(
      decoding: try TestSupport.read(folder.appending("abi/wasmaot_abi.h")), as: UTF8.self)
    #expect(header.contains("WASMAOT_TRAP_MEMORY_OUT_OF_BOUNDS = \(Trap.memoryOutOfBounds.rawValue)"))
    #expect(header.contains("WASMAOT_TRAP_INTERRUPTED = \(Trap.interrupted.rawValue)"))
    #expect(header.contains("WASMAOT_TRAP_LAST = 16"))
  }

  @Test(arguments: [
    ("1.5e-10", "0.00000000015"), ("1e10", "10000000000"), ("-0", "-0"), ("0.1", "0.1"),
    ("1e300", "1" + String(repeating: "0", count: 300)),
    ("-inf", "-inf"), ("nan", "NaN"), ("5e-324", "0." + String(repeating: "0", count: 323) + "5"),
    ("123.456", "123.456"),
  ])
  func resultsArePrintedWithoutExponents(input: String, expected: String) throws {
    var slots = try #require(InvokeValues.parse(input, .f64))[...]
    #expect(InvokeValues.text(.f64, &slots) == expected)
  }

  @Test(
    arguments: [
      ("-1", UInt64(0xFFFF_FFFF)), ("0x10", 16), ("4294967295", 0xFFFF_FFFF), ("-2147483648", 0x8000_0000),
      ("+5", 5),
      ("4294967296", nil), ("-2147483649", nil), ("", nil), ("--1", nil), ("0x", nil), ("1 ", nil),
      ("0x-1", nil),
    ] as [(String, UInt64?)])
  func argumentsAreRead(text: String, expected: UInt64?) {
    #expect(InvokeValues.parse(text, .i32)?.first == expected)
  }

  // MARK: - Hostile modules

  private func instance(_ text: String, _ configure: (inout Store.Configuration) -> Void = { _ in })
    async throws
    -> (Store, Instance)
  {
    let bytes = try await TestSupport.module(fromText: "(module \(text))")
    var configuration = Store.Configuration()
    configure(&configuration)
    let store = try Store(configuration: configuration)
    return (store, try store.instantiate(try decodeAndValidate(ModuleBytes(bytes)), imports: []))
  }

  private func call(_ name: String, _ instance: Instance, _ store: Store, _ slots: [UInt64] = []) throws
    -> [UInt64]
  {
    guard case .function(let function) = instance.export(ByteString(name)) else {
      throw Problem("no function \(name)")
    }
    return try store.call(function, slots: slots)
  }

  private func trap(_ body: () throws -> [UInt64]) -> Trap? {
    do throws {
      _ = try body()
      return nil
    } catch {
      if case .trap(let trap, _) = error as? ExecutionError { return trap }
      return nil
    }
  }

  private static let tools: ConditionTrait = .enabled(if: TestSupport.tool("wasm-tools") != nil, "no tools")

  /// Calls use the interpreter's stack, with frames of any size; the store is as good as new behind it.
  @Test(tools, arguments: [0, 1, 5000])
  func recursionEndsInATrap(locals: Int) async throws {
    let (store, instance) = try await instance(
      """
      (func $f (export "f") (local \(String(repeating: "v128 ", count: locals))) (call $f) (call $f))
      (func (export "g") (result i32) (i32.const 1))
      """)
    for _ in 0..<3 { #expect(trap { try call("f", instance, store) } == .stackOverflow) }
    #expect(try call("g", instance, store) == [1])
  }

  /// A million exceptions, caught by reference and dropped, take no memory to speak of.
  @Test(tools) func exceptionsAreCollected() async throws {
    let (store, instance) = try await instance(
      """
      (tag $t (param i64))
      (func (export "f") (param $i i32)
        (loop $l
          (drop (block $h (result exnref)
            (try_table (catch_all_ref $h) (throw $t (i64.const 1))) (unreachable)))
          (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
      """
    ) { $0.maximumMemoryBytes = 4 << 20 }
    #expect(try call("f", instance, store, [1_000_000]) == [])
  }

  /// What is referred to stays: from locals, tables, globals, and other exceptions.
  @Test(tools) func collectionsKeepWhatIsReferredTo() async throws {
    let (store, instance) = try await instance(
      """
      (tag $t (param i32)) (tag $u (param exnref)) (table $kept 1 exnref) (global $g (mut exnref) (ref.null exn))
      (func $make (param i32) (result exnref)
        (block $h (result exnref) (try_table (catch_all_ref $h) (throw $t (local.get 0))) (unreachable)))
      (func $wrap (param exnref) (result exnref)
        (block $h (result exnref) (try_table (catch_all_ref $h) (throw $u (local.get 0))) (unreachable)))
      (func $value (param exnref) (result i32)
        (block $h (result i32) (try_table (catch $t $h) (throw_ref (local.get 0))) (unreachable)))
      (func $unwrap (param exnref) (result exnref)
        (block $h (result exnref) (try_table (catch $u $h) (throw_ref (local.get 0))) (unreachable)))
      (func (export "f") (result i32 i32 i32 i32) (local $x exnref) (local $i i32)
        (local.set $x (call $make (i32.const 1)))
        (table.set $kept (i32.const 0) (call $make (i32.const 2)))
        (global.set $g (call $make (i32.const 3)))
        (table.set $kept (i32.const 0) (call $wrap (table.get $kept (i32.const 0))))
        (local.set $i (i32.const 300000))
        (loop $l (drop (call $make (i32.const 9)))
          (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
        (call $value (local.get $x))
        (call $value (call $unwrap (table.get $kept (i32.const 0))))
        (call $value (global.get $g))
        (call $value (call $make (i32.const 4))))
      """)
    #expect(try call("f", instance, store) == [1, 2, 3, 4])
  }

  @Test(tools) func limitsOfMemoriesAndTablesHold() async throws {
    let (store, instance) = try await instance(
      """
      (memory 1) (table 1 externref) (table $f 1 funcref)
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
      (func (export "table") (param i32) (result i32) (table.grow (ref.null extern) (local.get 0)))
      (func (export "functions") (param i32) (result i32) (table.grow $f (ref.null func) (local.get 0)))
      """
    ) { $0.maximumMemoryBytes = 256 << 10 }
    let failure = UInt64(UInt32.max)
    #expect(try call("grow", instance, store, [3]) == [1])
    #expect(try call("grow", instance, store, [1]) == [failure])
    #expect(try call("table", instance, store, [1]) == [failure])
    #expect(try call("table", instance, store, [UInt64(UInt32.max)]) == [failure])
    #expect(try call("functions", instance, store, [3_000_000_000]) == [failure])
  }

  /// A memory is advised once it has 4 MB, and stays so when it grows (docs/decisions/0162).
  @Test(
    tools,
    .enabled(
      if: access("/sys/kernel/mm/transparent_hugepage", F_OK) == 0, "a kernel without transparent huge pages"
    ))
  func largeMemoriesGetHugePages() async throws {
    let (store, instance) = try await instance(
      """
      (memory (export "small") 63) (memory (export "large") 64)
      (func (export "grow") (param i32) (result i32) (memory.grow 0 (local.get 0)))
      """)
    /// The mapping's flags as /proc has them.
    func isAdvised(_ name: String) throws -> Bool {
      guard case .memory(let memory) = instance.export(ByteString(name)) else {
        throw Problem("no memory \(name)")
      }
      let address = UInt(bitPattern: memory.bytes.baseAddress)
      let smaps = String(decoding: try TestSupport.read("/proc/self/smaps"), as: UTF8.self)
      // Of another test's memory below it the kernel may have made one mapping with it.
      let lines = smaps.split(separator: "\n").drop { line in
        let bounds = line.prefix { $0 != " " }.split(separator: "-").map { UInt($0, radix: 16) }
        guard bounds.count == 2, let low = bounds[0], let high = bounds[1] else { return true }
        return !(low..<high).contains(address)
      }
      let flags = try #require(lines.first { $0.hasPrefix("VmFlags:") })
      return flags.split(separator: " ").contains("hg")
    }
    #expect(try !isAdvised("small"))
    #expect(try isAdvised("large"))
    #expect(try call("grow", instance, store, [1]) == [63])
    #expect(try isAdvised("small"))
    #expect(try call("grow", instance, store, [1]) == [64])
    #expect(try isAdvised("small"))
  }

  /// The same text as for programs: values that stand for locals across branches, loops and writes.
  @Test(tools) func localsOnTheStackKeepTheirValues() async throws {
    let (store, instance) = try await instance(
      """
      (func (export "f") (param i32) (result i32 i32 i32)
        (local.get 0)
        (block (br_if 0 (i32.eqz (local.get 0))) (local.set 0 (i32.const 5)))
        (local.get 0)
        (local.set 0 (i32.const 6))
        (local.get 0))
      (func (export "swap") (param i32 i32) (result i32 i32) (local.get 1) (local.get 0))
      (func (export "loop") (param i32 i32) (result i32)
        (local.get 0)
        (loop (param i32) (result i32)
          (local.set 0 (i32.const 100))
          (i32.add (local.get 1))
          (br_if 0 (local.tee 1 (i32.sub (local.get 1) (i32.const 1))))))
      """)
    #expect(try call("f", instance, store, [0]) == [0, 0, 6])
    #expect(try call("f", instance, store, [3]) == [3, 5, 6])
    #expect(try call("swap", instance, store, [1, 2]) == [2, 1])
    #expect(try call("loop", instance, store, [7, 3]) == [13])
  }

  /// What this thread has had of a CPU: what others had on a busy machine is not in it.
  private static func threadTime() throws -> Duration {
    var time = timespec()
    try #require(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  /// The time to compile grows with the size alone: deep blocks, many targets, many locals on the stack.
  @Test(tools) func compilingIsLinear() async throws {
    let depth = 20_000
    let blocks =
      "(func (export \"f\") (result i32) (local i32) "
      + String(repeating: "local.get 0 block ", count: depth) + "(br_table "
      + (0..<depth).map { "\($0) " }.joined() + "(i32.const 3))"
      + String(repeating: " end drop", count: depth)
      + " i32.const 1)"
    let (store, instance) = try await instance(blocks)
    let start = try Self.threadTime()
    #expect(try call("f", instance, store) == [1])
    #expect(try Self.threadTime() - start < .seconds(20))
  }

  /// The same for what is written below a deep stack: each of many locals is read once, and written in the end.
  @Test(tools) func writingLocalsIsLinear() async throws {
    let (count, depth) = (40_000, 400_000)
    let (store, instance) = try await instance(
      "(func (export \"f\") (param i32) (result i32) (local "
        + String(repeating: "i32 ", count: count) + ") (local.set 7 (i32.const 42)) "
        + (1...count).map { "local.get \($0) " }.joined()
        + String(repeating: "local.get 0 ", count: depth)
        + (1...count).map { "(local.set \($0) (i32.const 5)) " }.joined()
        + String(repeating: "drop ", count: depth + count - 7) + "(return))")
    let start = try Self.threadTime()
    #expect(try call("f", instance, store, [1]) == [42])
    #expect(try Self.threadTime() - start < .seconds(3))
  }

  /// The time may be up while a function is compiled, which is then not run; the store is as good as new.
  @Test(tools) func interruptionEndsCompilation() async throws {
    let (store, instance) = try await instance(
      "(func (export \"f\") (result i32) (i32.const 1))"
    ) { $0.isInterruptible = true }
    store.interruptAddress.pointee = 1
    do {
      _ = try call("f", instance, store)
      Issue.record("not interrupted")
    } catch ExecutionError.trap(let trap, let frames) {
      #expect(trap == .interrupted)
      // Interrupted code would be a frame.
      #expect(frames.isEmpty)
    }
    store.interruptAddress.pointee = 0
    #expect(try call("f", instance, store) == [1])
  }

  @Test(
    .enabled(if: CommandLineTool.path != nil, "no tool"),
    arguments: [
      (["--max-stack", "1"], "a stack of 1 bytes is out of range"),
      (["--max-stack", "100000G"], "is out of range"), (["--cpu", "nope"], "unknown CPU 'nope'"),
      (["--spectre-mitigation"], "--spectre-mitigation is about compiled code"),
      (["--bounds-checks=guard"], "--bounds-checks=guard is about compiled code"),
      (["--timeout", "-1"], "--timeout '-1' is negative"),
      (["--timeout="], "'--timeout=' has no value"),
      (["--timeout", "1.5s"], "whole number"),
    ])
  func wrongOptions(options: [String], message: String) async throws {
    let result = try await CommandLineTool.run(
      ["run", "--interpret"] + options + ["no-such-module.wasm"])
    #expect(result.status == 2)
    #expect(result.errorText.contains(message), "\(result.errorText)")
  }

  @Test(tools) func hostErrorsPassThroughWasm() async throws {
    struct Stop: Error {}
    let bytes = try await TestSupport.module(
      fromText: "(module (import \"h\" \"f\" (func)) (func (export \"g\") (call 0)))")
    let store = try Store()
    let function = store.makeFunction(FuncType(params: [], results: [])) { _ in throw Stop() }
    let instance = try store.instantiate(
      try decodeAndValidate(ModuleBytes(bytes)), imports: [.function(function)])
    #expect(throws: ExecutionError.self) { try call("g", instance, store) }
    do {
      _ = try call("g", instance, store)
    } catch let error as ExecutionError {
      if case .host(let inner) = error { #expect(inner is Stop) } else { Issue.record("\(error)") }
    }
  }

  /// A function of the host that calls wasm again, which throws through both.
  @Test(tools) func exceptionsPassThroughTheHost() async throws {
    let bytes = try await TestSupport.module(
      fromText: """
        (module (import "h" "f" (func $host (param i32)))
          (tag $t (param i32))
          (func (export "throw") (param i32) (throw $t (local.get 0)))
          (func (export "catch") (param i32) (result i32)
            (block $h (result i32)
              (try_table (catch $t $h) (call $host (local.get 0))) (unreachable))
            (i32.add (i32.const 100))))
        """)
    let store = try Store()
    nonisolated(unsafe) var inner: Function?
    let host = store.makeFunction(FuncType(params: [.i32], results: [])) { call in
      _ = try call.store.call(inner!, slots: [call.slots[0]])
    }
    let instance = try store.instantiate(
      try decodeAndValidate(ModuleBytes(bytes)), imports: [.function(host)])
    guard case .function(let function) = instance.export("throw") else { return }
    inner = function
    // What is behind the handler runs, too.
    #expect(try call("catch", instance, store, [42]) == [142])
    #expect(throws: ExecutionError.self) { try call("throw", instance, store, [1]) }
  }
}
