import LLVMBackend
import Support
import SystemPackage
import TestSupport
import Testing

@testable import Driver

/// Modules in host programs: Tests/filetests/embedded has a folder for each host, with its modules (`NAME.wat`),
/// its program (`host.c`) and what that prints (`expected`; WASMAOT_BLESS=1 writes it).
@Suite(
  .enabled(
    if: TestSupport.tool("wasm-tools") != nil && HostTools.compiler != nil
      && HostTools.runtime != nil,
    "no tools, or no embedded runtime"))
struct EmbeddedTests {
  static let folder = TestSupport.packageRoot.appending("Tests/filetests/embedded")
  static let hosts = TestSupport.contents(of: folder).filter { !$0.hasSuffix(".h") }
  private static let include = TestSupport.packageRoot.appending("runtime-c/include").string
  private static let warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]

  @Test func hostsAreThere() { #expect(Self.hosts.count >= 4) }

  @Test(
    arguments: hosts, [(EmitKind.obj, OptimizationLevel.O0), (.staticlib, .O2), (.shared, .O2)])
  func host(name: String, build: (emit: EmitKind, level: OptimizationLevel)) async throws {
    let source = Self.folder.appending(name)
    try await TemporaryFolder.with { folder in
      var libraries: [String] = []
      for file in TestSupport.contents(of: source) where file.hasSuffix(".wat") {
        let text = String(decoding: try TestSupport.read(source.appending(file)), as: UTF8.self)
        let output = folder.appending(file.dropLast(4) + build.emit.fileExtension)
        try await Self.build(text, named: String(file.dropLast(4)), build.emit, build.level, to: output)
        libraries.append(output.string)
      }
      // Where `../support.h` is found.
      let host = folder.appending("host")
      try await Self.compile(
        ["-std=c11", "-O1", "-g0", "-I", folder.string, source.appending("host.c").string] + libraries
          + [HostTools.runtime!.string, "-lpthread", "-Wl,-rpath,\(folder)", "-o", host.string])
      let result = try await TestSupport.run(host)
      #expect(result.status == 0, "\(result.errorText)")
      let expected = source.appending("expected")
      if TestSupport.blesses { try TestSupport.write(result.output, to: expected) }
      #expect(result.text == String(decoding: try TestSupport.read(expected), as: UTF8.self))
    }
  }

  /// Valid in both languages without a warning, whatever the module's names are.
  @Test func headers() async throws {
    try await TemporaryFolder.with { folder in
      var includes = ""
      for name in Self.hosts {
        for file in TestSupport.contents(of: Self.folder.appending(name)) where file.hasSuffix(".wat") {
          let text = String(
            decoding: try TestSupport.read(Self.folder.appending(name).appending(file)), as: UTF8.self)
          try await Self.build(
            text, named: String(file.dropLast(4)), .obj, .O0, to: folder.appending("object.o"))
        }
      }
      for header in TestSupport.contents(of: folder) where header.hasSuffix(".h") {
        includes += "#include \"\(header)\"\n"
      }
      #expect(includes.split(separator: "\n").count >= 7)
      for (language, standard) in [("c", "c11"), ("c++", "c++17")] {
        let source = folder.appending("all.\(language == "c" ? "c" : "cpp")")
        try TestSupport.write((includes + "int main(void) { return 0; }\n").utf8, to: source)
        try await Self.compile(
          ["-x", language, "-std=\(standard)", "-fsyntax-only", "-I", folder.string, source.string])
      }
    }
  }

  /// What an artefact needs is nothing, what it shows its descriptor.
  @Test(.enabled(if: TestSupport.tool("nm") != nil, "no nm"), arguments: [EmitKind.obj, .shared])
  func symbols(emit: EmitKind) async throws {
    let nm = try #require(TestSupport.tool("nm"))
    let text = String(
      decoding: try TestSupport.read(Self.folder.appending("two-modules/consumer.wat")), as: UTF8.self)
    try await TemporaryFolder.with { folder in
      let output = folder.appending("output")
      try await Self.build(text, named: "module", emit, .O2, to: output)
      let dynamic = emit == .shared ? ["-D"] : []
      let undefined = try await TestSupport.run(nm, dynamic + ["-u", output.string])
      #expect(undefined.status == 0)
      #expect(undefined.text == "")
      let defined = try await TestSupport.run(nm, dynamic + ["-g", "--defined-only", output.string])
      #expect(defined.text.split(separator: "\n").count == 1)
      #expect(defined.text.contains(" module_wasm\n"))
    }
  }

  /// No operator's code calls a function that the object does not have (memcpy, fma, …).
  @Test(
    .enabled(if: TestSupport.tool("nm") != nil && SpecTests.folder != nil, "no nm, or no test data"),
    arguments: [OptimizationLevel.O0, .O2])
  func noOperatorNeedsALibrary(level: OptimizationLevel) async throws {
    let nm = try #require(TestSupport.tool("nm"))
    let core = try #require(SpecTests.folder)
    let scripts = [
      "i32", "i64", "f32", "f64", "conversions", "float_misc", "memory_copy", "memory_fill", "bulk",
      "table_copy",
      "table_fill", "table_grow", "memory_grow", "simd_i32x4_arith", "simd_f32x4_rounding",
      "simd_conversions",
      "simd_f64x2_pmin_pmax", "i32x4_relaxed_trunc", "relaxed_madd_nmadd", "call_indirect", "call_ref",
      "return_call_indirect", "try_table", "throw_ref", "br_table", "align", "address", "float_exprs",
    ]
    var built = 0
    try await TemporaryFolder.with { folder in
      for script in scripts {
        let module = core.appending(script).appending("\(script).0.wasm")
        if (try? TestSupport.read(module)) == nil { continue }
        let output = folder.appending("output.o")
        var options = BuildOptions()
        options.emit = .obj
        options.optimization = level
        let builder = Builder(options: options, jobs: 1)
        _ = try await builder.build(module.string, to: output.string)
        let undefined = try await TestSupport.run(nm, ["-u", output.string])
        #expect(undefined.text == "", "\(script)")
        built += 1
      }
    }
    #expect(built > 15)
  }

  // MARK: - The command line

  @Test(arguments: [
    (["--emit=obj", "--dir=."], "--dir is for programs"),
    (["--emit=shared", "--env=A"], "--env is for programs"),
    (["--emit=obj", "--invoke=f"], "--invoke is for programs"),
    (["--emit=staticlib", "--stub-imports=trap"], "--stub-imports is for programs"),
    (["--emit=obj", "--stack-size=1M"], "--max-stack is for programs"),
    (["--emit=obj", "--fuel=1"], "--fuel is for programs"),
    (["--emit=obj", "--timeout=1"], "--timeout is for programs"),
    (["--emit=obj", "--sandbox=require"], "--sandbox=require is for programs"),
    (["--emit=obj", "--name=1x"], "no C identifier"), (["--emit=obj", "--name=a-b"], "no C identifier"),
    (["--name=x"], "--name is for host programs"),
    (["--emit=ir", "--header=x.h"], "--header is for host programs"),
    (["--emit=obj", "--header=output.o", "-o", "output.o"], "would overwrite another file"),
  ])
  func misuse(arguments: [String], words: String) async throws {
    let result = try await CommandLineTool.run(["build", "m.wasm"] + arguments)
    #expect(result.status == 2)
    #expect(result.errorText.contains(words), "\(result.errorText)")
    #expect(result.errorText.contains("help: "))
  }

  @Test func namesAndPathsAreChosen() async throws {
    try await TemporaryFolder.with { folder in
      let module = folder.appending("my-module.wasm")
      try TestSupport.write(
        try await TestSupport.module(fromText: "(module (func (export \"f\")))"), to: module)
      let environment = ["WASMAOT_CACHE_DIR": folder.appending("cache").string]
      func build(_ arguments: [String]) async throws {
        let result = try await CommandLineTool.run(
          ["build", "my-module.wasm"] + arguments, environment: environment, workingDirectory: folder)
        #expect(result.status == 0, "\(result.errorText)")
      }
      try await build(["--emit=staticlib"])
      #expect(TestSupport.contents(of: folder) == ["cache", "my-module.a", "my-module.wasm", "my_module.h"])
      let header = try TestSupport.read(folder.appending("my_module.h"))
      // Out of the cache, to another place: the same bytes.
      try await build(["--emit=staticlib", "--header", "other.h", "-o", "other.a"])
      #expect(try TestSupport.read(folder.appending("other.h")) == header)
      #expect(
        try TestSupport.read(folder.appending("other.a")) == TestSupport.read(folder.appending("my-module.a"))
      )
      // An entry whose header is damaged is none.
      let cache = folder.appending("cache")
      let entry = try #require(CacheFiles.of(.outputs, in: cache).first { $0.hasSuffix(".h") })
      try TestSupport.write("damaged".utf8, to: cache.appending("outputs/\(entry.prefix(2))/\(entry)"))
      try await build(["--emit=staticlib", "--header", "again.h", "-o", "again.a"])
      #expect(try TestSupport.read(folder.appending("again.h")) == header)
      try await build(["--emit=obj", "--name", "chosen"])
      let chosen = String(decoding: try TestSupport.read(folder.appending("chosen.h")), as: UTF8.self)
      #expect(chosen.contains("extern const wasmaot_code chosen_wasm;"))
      #expect(chosen.contains("wasmaot_error *chosen_f(wasmaot_instance *instance)"))
    }
  }

  @Test(arguments: [
    ("", ""), ("gcd", "gcd"), ("a-b", "a_x2db"), ("a_x2db", "a_x5fx2db"), ("a_x2", "a_x2"), ("_", "_"),
    ("a__x00", "a__x5fx00"), ("é", "_xc3_xa9"), ("_x5fx2d", "_x5fx5fx2d"),
  ])
  func mangling(name: String, mangled: String) {
    #expect(CIdentifier.mangled(ByteString(name)) == mangled)
  }

  /// The interface is what others see: neither code nor names of functions.
  @Test func interfaceHash() async throws {
    func hash(_ text: String) async throws -> String {
      try await TemporaryFolder.with { folder in
        try await Self.build(text, named: "m", .obj, .O0, to: folder.appending("m.o"))
        let header = String(decoding: try TestSupport.read(folder.appending("m.h")), as: UTF8.self)
        return String(try #require(header.firstMatch(of: /UINT64_C\((0x[0-9a-f]+)\)/)).1)
      }
    }
    let original = try await hash("(module (func $f (export \"f\") (param i32)) (memory (export \"m\") 1))")
    #expect(
      try await hash("(module (func (export \"f\") (param i32) (unreachable)) (memory (export \"m\") 1))")
        == original)
    for other in [
      "(module (func (export \"f\") (param i64)) (memory (export \"m\") 1))",
      "(module (func (export \"f\") (result i32) (i32.const 0)) (memory (export \"m\") 1))",
      "(module (func (export \"f\") (param i32)) (memory (export \"m\") 2))",
      "(module (func (export \"f\") (param i32)) (memory (export \"m\") 1 1))",
      "(module (func (export \"fm\") (param i32)) (memory (export \"\") 1))",
      "(module (memory (export \"m\") 1) (func (export \"f\") (param i32)) (export \"x\" (func 0)))",
      "(module (import \"a\" \"b\" (func)) (func (export \"f\") (param i32)) (memory (export \"m\") 1))",
    ] { #expect(try await hash(other) != original, "\(other)") }
  }

  // MARK: - Helpers

  /// Builds a module from text; its header is put beside the output.
  private static func build(
    _ text: String, named name: String, _ emit: EmitKind, _ level: OptimizationLevel, to output: FilePath
  ) async throws {
    let bytes = try await TestSupport.module(fromText: text)
    try await TemporaryFolder.with { folder in
      let module = folder.appending("\(name).wasm")
      try TestSupport.write(bytes, to: module)
      var options = BuildOptions()
      options.emit = emit
      options.optimization = level
      // The first line may ask for it.
      options.countsFuel = text.hasPrefix(";; fuel\n")
      let builder = Builder(options: options, jobs: 1, environment: TestSupport.environment)
      _ = try await builder.build(module.string, to: output.string)
    }
  }

  private static func compile(_ arguments: [String]) async throws {
    let result = try await TestSupport.run(HostTools.compiler!, warnings + ["-I", include] + arguments)
    #expect(result.status == 0, "\(result.errorText)")
  }
}
