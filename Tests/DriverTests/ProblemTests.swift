import LLVMBackend
import Testing
import WasmModule

@testable import Driver

@Suite struct ProblemTests {
  @Test func rendering() {
    let problem = Problem(
      "unknown import env.f",
      location: Location(
        file: "a.wasm", offset: 0x1a2, section: "import", functionIndex: 12, functionName: "parse"),
      notes: ["one", "two"], help: "do this")
    #expect(
      problem.rendered() == """
        error: unknown import env.f
          in a.wasm, offset 0x1a2, import section, function 12 ("parse")
          one
          two
        help: do this

        """)
    #expect(Problem("x").rendered() == "error: x\n")
    #expect(Problem("x").rendered(TerminalStyle(usesColor: true)).contains("\u{1B}[1;31merror:\u{1B}[0m"))
    #expect(Problem("x").exitStatus == 1)
    #expect(Problem.usage("x").exitStatus == 2)
  }

  @Test(
    arguments: [
      ([], "is empty"),
      ([0x00, 0x61, 0x73], "is truncated: it ends after 3"),
      ([0x00, 0x61, 0x73, 0x6D, 1, 0], "is truncated: it ends after 6"),
      ([0x00, 0x61, 0x73, 0x6D, 0x0D, 0, 1, 0], "is a component"),
      ([0x00, 0x61, 0x73, 0x6D, 2, 0, 0, 0], "has version 2"),
      ([0x00, 0x62, 0x73, 0x6D, 1, 0, 0, 0], "does not start with"),
      ([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0], "compressed by gzip"),
      ([0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0], "a native program or library (ELF)"),
      (Array("PK\u{3}\u{4}________".utf8), "a zip archive"),
      (Array("(module)".utf8), "is WebAssembly text"),
      (Array("  \n;; comment\n(module)".utf8), "is WebAssembly text"),
      (Array("(component)".utf8), "is WebAssembly text"),
      (Array("hello, world".utf8), "does not start with"),
      (Array("hi".utf8), "does not start with"),
    ] as [([UInt8], String)])
  func notAModule(bytes: [UInt8], words: String) {
    let problem = bytes.withUnsafeBytes { InputFormat.problem(with: $0, file: "f.wasm") }
    #expect(problem?.summary.contains(words) == true, "\(problem?.summary ?? "no problem")")
    #expect(problem?.summary.hasPrefix("f.wasm ") == true)
    #expect(problem?.help != nil)
  }

  @Test func aModuleIsNoProblem() {
    let bytes: [UInt8] = [0x00, 0x61, 0x73, 0x6D, 1, 0, 0, 0]
    #expect(bytes.withUnsafeBytes { InputFormat.problem(with: $0, file: "f.wasm") } == nil)
  }

  @Test func textSuggestsTools() {
    let problem = Array("(module)".utf8).withUnsafeBytes { InputFormat.problem(with: $0, file: "f.wat") }
    #expect(problem?.help?.contains("wat2wasm f.wat") == true)
    #expect(problem?.help?.contains("wasm-tools parse f.wat") == true)
  }

  @Test(arguments: [
    ("wasi_snapshot_preview1", "fd_wrte", ImportOrigin.wasi(nearest: "fd_write")),
    ("wasi_snapshot_preview1", "make_coffee", .wasi(nearest: nil)),
    ("wasi_unstable", "path_opem", .wasi(nearest: "path_open")),
    ("wasi", "thread-spawn", .wasiThreads),
    ("env", "emscripten_memcpy_js", .emscripten), ("env", "invoke_vii", .emscripten),
    ("env", "__syscall_openat", .emscripten), ("a", "b", .emscripten),
    ("wbg", "__wbg_log_123", .wasmBindgen), ("__wbindgen_placeholder__", "__wbindgen_throw", .wasmBindgen),
    ("go", "debug", .goJS), ("gojs", "runtime.wasmExit", .goJS), ("env", "abort", .assemblyScript),
    ("wasi:cli/environment@0.2.0", "get-environment", .component), ("[export]a:b/c", "x", .component),
    ("env", "my_function", .unknown), ("host", "log", .unknown), ("", "", .unknown),
  ])
  func importOrigin(module: String, name: String, origin: ImportOrigin) {
    #expect(ImportOrigin(module: module, name: name) == origin)
  }

  @Test(arguments: [
    (["build", "--mapdir", "/a:/b", "x.wasm"], "--dir HOST::GUEST"),
    (["build", "--mapdir=/a:/b", "x.wasm"], "--dir HOST::GUEST"),
    (["run", "--map-dir", "/a::/b", "x.wasm"], "--dir HOST::GUEST"),
    (["run", "-f", "x", "x.wasm"], "--invoke NAME"),
    (["build", "--enable-simd", "x.wasm"], "-W simd=y"),
    (["build", "--disable-threads", "x.wasm"], "-W threads=n"),
    (["buidl", "x.wasm"], "did you mean 'build'?"),
    (["compile", "x.wasm"], "did you mean 'build'?"), (["create-exe", "x.wasm"], "did you mean 'build'?"),
    (["app.wasm"], "wasmaot run app.wasm"),
    (["build", "-c", "x.wasm"], "--emit=obj"), (["build", "-shared", "x.wasm"], "--emit=shared"),
    (["build", "-S", "x.wasm"], "--emit=asm"), (["build", "-emit-llvm", "x.wasm"], "--emit=llvm-ir"),
    (["build", "-s", "x.wasm"], "--symbols"), (["build", "-flto=thin", "x.wasm"], "as a whole"),
    (["run", "-C", "cache=n", "x.wasm"], "--cpu"),
    // The program's own are not looked at.
    (["run", "--whatever", "x.wasm", "-c"], "see 'wasmaot help run'"),
    (["bench", "--whatever", "x.wasm", "--", "-s"], "see 'wasmaot help bench'"),
    (["build", "--whatever"], "see 'wasmaot help build'"),
    (["--whatever"], "see 'wasmaot --help'"),
  ])
  func usage(arguments: [String], help: String) {
    let problem = Problem.usage(parserMessage: "Unknown option '--x'", arguments: arguments)
    #expect(problem.help?.contains(help) == true, "\(problem.help ?? "no help")")
    #expect(problem.exitStatus == 2)
  }

  /// The parser finds -h in them.
  @Test(arguments: [
    (["build", "x.wasm", "-shared"], "unknown option '-shared'", "--emit=shared"),
    (["build", "-pthread", "x.wasm"], "unknown option '-pthread'", "wasi-threads"),
    (["build", "-ffast-math", "x.wasm", "-ohello"], "unknown option '-ffast-math'", "makes the module"),
    (["build", "-fhosted", "x.wasm"], "unknown option '-fhosted'", "see 'wasmaot help build'"),
    (["build", "x.wasm", "-fhosted", "--", "-h"], "unknown option '-fhosted'", "see 'wasmaot help build'"),
    (["help", "foo"], "unknown command 'foo'", "commands are: build"),
    (["help", "biuld"], "unknown command 'biuld'", "did you mean 'build'?"),
  ])
  func misreadAsHelp(arguments: [String], summary: String, help: String) {
    let problem = Problem.misreadAsHelp(arguments)
    #expect(problem?.summary == summary)
    #expect(problem?.help?.contains(help) == true, "\(problem?.help ?? "no help")")
    #expect(problem?.exitStatus == 2)
  }

  @Test(arguments: [
    [], ["--help"], ["help"], ["help", "build"], ["help", "cache", "info"], ["build", "-h"],
    ["build", "-shared", "--help"],
    ["build", "-help"],
    ["cache"], ["build", "-ohello", "--generate-completion-script"],
  ])
  func helpIsAskedFor(arguments: [String]) { #expect(Problem.misreadAsHelp(arguments) == nil) }

  @Test func nearOption() {
    let message = "Unknown option '--cpuu'. Did you mean '--cpu'?"
    let problem = Problem.usage(parserMessage: message, arguments: ["build", "--cpuu=x"])
    #expect(problem.summary == "unknown option '--cpuu'")
    #expect(problem.help == "did you mean '--cpu'?")
  }

  @Test func summaryOfSeveralReadings() {
    let message = "Unknown option '-foo' or: Missing value for '-o' in '-foo'"
    #expect(Problem.usage(parserMessage: message, arguments: ["build"]).summary == "unknown option '-foo'")
  }

  @Test(arguments: [
    ("Missing value for '--timeout <DURATION>'", "--timeout '-1' is negative"),
    ("Missing value for '--fuel <N>'", "missing value for '--fuel <N>'"),
  ])
  func negativeNumbers(parserMessage: String, summary: String) {
    let problem = Problem.usage(
      parserMessage: parserMessage,
      arguments: ["run", "--timeout", "-1", "--fuel", "--report-fuel", "x.wasm"])
    #expect(problem.summary == summary)
  }

  @Test(arguments: [
    ("simd=n", Features.supported.subtracting(.simd)), ("simd=n,simd=y", .supported),
    ("tail-call", .supported), ("threads=false,tail-call=no", .supported.subtracting([.threads, .tailCall])),
  ])
  func features(setting: String, expected: Features) throws {
    var features = Features.supported
    try features.apply(setting: setting)
    #expect(features == expected)
  }

  @Test func featuresWithoutEqualsSign() {
    let problem = Problem.usage(
      parserMessage: "Missing value for '--features <LIST>'",
      arguments: ["build", "x.wasm", "--features", "-simd,-threads"])
    #expect(problem.summary == "missing value for '--features <LIST>'")
    #expect(problem.help == "write --features=-simd,-threads")
  }

  @Test(
    arguments: [
      ("all", Features.supported), ("none", []), ("-simd", .supported.subtracting(.simd)),
      ("simd,threads", [.simd, .threads]), ("all,-simd,-threads,simd", .supported.subtracting(.threads)),
    ] as [(String, Features)])
  func featureList(list: String, expected: Features) throws {
    var features = Features.supported
    try features.apply(list: list)
    #expect(features == expected)
  }

  @Test(arguments: ["", "simdd", "gc", "-", "simd,", "simd=y"])
  func featureListIsWrong(list: String) {
    var features = Features.supported
    #expect(throws: Problem.self) { try features.apply(list: list) }
  }

  @Test(arguments: [
    ("simdd=y", "unknown feature 'simdd'", "did you mean 'simd'?"),
    ("", "unknown feature ''", "features are"),
    ("gc=y", "'gc' is not supported yet", "features are"), ("simd=maybe", "neither y nor n", "-W simd=y"),
  ])
  func featuresAreWrong(setting: String, summary: String, help: String) {
    var features = Features.supported
    let problem = #expect(throws: Problem.self) { try features.apply(setting: setting) }
    #expect(problem?.summary.contains(summary) == true)
    #expect(problem?.help?.contains(help) == true, "\(problem?.help ?? "")")
  }

  @Test(
    arguments: [("65536", 65536), ("64K", 65536), ("8m", 8 << 20), ("1G", 1 << 30)] as [(String, UInt64)])
  func size(text: String, bytes: UInt64) throws {
    #expect(try parseSize(text, option: "--stack-size") == bytes)
  }

  @Test(arguments: ["", "K", "-1", "1.5M", "12X", "99999999999G", "٣K", "18446744073709551616"])
  func sizeIsWrong(text: String) {
    #expect(throws: Problem.self) { try parseSize(text, option: "--stack-size") }
  }

  @Test(arguments: [
    ("dir/app.wasm", EmitKind.exe, "./app"), ("app.wasm", .obj, "./app.o"), ("app", .exe, "./app"),
    ("a.b.wasm", .llvmIR, "./a.b.ll"), ("/x/app.wasm", .asm, "./app.s"),
  ])
  func defaultOutput(input: String, emit: EmitKind, output: String) {
    #expect(Builder.defaultOutput(for: input, emit: emit) == output)
  }

  @Test func authorityInWords() {
    let asked = Authority.asked(by: [
      (module: "wasi_snapshot_preview1", name: "path_open"),
      (module: "wasi_snapshot_preview1", name: "fd_close"),
      (module: "wasi_snapshot_preview1", name: "clock_time_get"), (module: "env", name: "random_get"),
    ])
    #expect(asked == [.files, .clocks])
    #expect(Authority.wasiFunctions.count == 46)
    #expect(Authority.clocks.words == "reads the clock")
  }
}
