import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Driver

/// Several modules in one build.
@Suite(.enabled(if: TestSupport.tool("wasm-tools") != nil && CommandLineTool.path != nil, "no tools"))
struct BatchTests {
  /// A program that exits with this status.
  private static func write(_ folder: FilePath, _ statuses: [String: Int]) async throws {
    for (name, status) in statuses {
      let bytes = try await TestSupport.module(
        fromText: """
          (module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1) (func (export "_start") (call $exit (i32.const \(status)))))
          """)
      try TestSupport.makeFolder(folder.appending(name).removingLastComponent())
      try TestSupport.write(bytes, to: folder.appending(name))
    }
  }

  private static func run(_ arguments: [String], in folder: FilePath) async throws -> ProgramResult {
    try await CommandLineTool.run(
      ["build"] + arguments, environment: ["WASMAOT_CACHE_DIR": folder.appending("cache").string],
      workingDirectory: folder)
  }

  private static func status(of program: FilePath) async throws -> Int32 {
    try await TestSupport.run(program).status
  }

  @Test func modulesToAFolder() async throws {
    try await TemporaryFolder.with { folder in
      try await Self.write(folder, ["a.wasm": 3, "sub/b.wasm": 4, "c.wasm": 5])
      let result = try await Self.run(
        ["a.wasm", "sub/b.wasm", "c.wasm", "-o", "out/bin", "-O1", "-j2"], in: folder)
      #expect(result.status == 0, "\(result.errorText)")
      #expect(result.errorText == "")
      for (name, status) in [("a", 3), ("b", 4), ("c", 5)] as [(String, Int32)] {
        #expect(try await Self.status(of: folder.appending("out/bin/\(name)")) == status)
      }
      // As one module is built alone.
      let alone = try await Self.run(["a.wasm", "-o", "alone", "-O1", "--no-cache"], in: folder)
      #expect(alone.status == 0)
      #expect(
        try TestSupport.read(folder.appending("alone")) == TestSupport.read(folder.appending("out/bin/a")))
      // Into a folder that is there, and one that is named as such.
      #expect(try await Self.run(["a.wasm", "-o", "out"], in: folder).status == 0)
      #expect(try await Self.status(of: folder.appending("out/a")) == 3)
      #expect(try await Self.run(["a.wasm", "-o", "new/"], in: folder).status == 0)
      #expect(try await Self.status(of: folder.appending("new/a")) == 3)
    }
  }

  @Test func failingModulesDoNotStopTheOthers() async throws {
    try await TemporaryFolder.with { folder in
      try await Self.write(folder, ["a.wasm": 3, "c.wasm": 5])
      try TestSupport.write(Array("no module".utf8), to: folder.appending("b.wasm"))
      let result = try await Self.run(
        ["b.wasm", "a.wasm", "none.wasm", "c.wasm", "-o", "out", "--json"], in: folder)
      #expect(result.status == 1)
      #expect(result.errorText.contains("b.wasm"))
      #expect(result.errorText.contains("none.wasm"))
      #expect(result.errorText.contains("4 modules: 2 built, 2 failed"))
      #expect(TestSupport.contents(of: folder.appending("out")) == ["a", "c"])
      let text = result.text
      let order = try ["b.wasm", "a.wasm", "none.wasm", "c.wasm"].map {
        try #require(text.firstRange(of: "\"module\" : \"\($0)\"")).lowerBound
      }
      #expect(order == order.sorted())
      #expect(text.ranges(of: "\"status\" : \"failed\"").count == 2)
      #expect(text.ranges(of: "\"status\" : \"built\"").count == 2)
      #expect(text.contains("\"summary\" : "))
    }
  }

  @Test func failFast() async throws {
    try await TemporaryFolder.with { folder in
      try TestSupport.write(Array(repeating: 0x20, count: 10_000), to: folder.appending("bad.wasm"))
      try await Self.write(folder, ["a.wasm": 3, "b.wasm": 4])
      // The largest is first.
      let result = try await Self.run(
        ["a.wasm", "b.wasm", "bad.wasm", "-o", "out", "-j1", "--fail-fast"], in: folder)
      #expect(result.status == 1)
      #expect(result.errorText.contains("1 failed, 2 skipped"))
      #expect(TestSupport.contents(of: folder.appending("out")) == [])
    }
  }

  @Test func namesThatCollideAreRefusedBeforeAnythingIsBuilt() async throws {
    try await TemporaryFolder.with { folder in
      try await Self.write(folder, ["a.wasm": 3, "sub/a.wasm": 4, "b.wasm": 5])
      try #require(symlink("sub", folder.appending("link").string) == 0)
      func expectRefusal(_ arguments: [String], _ words: String) async throws {
        let result = try await Self.run(arguments, in: folder)
        #expect(result.status == 2)
        #expect(result.errorText.contains(words), "\(result.errorText)")
      }
      try await expectRefusal(
        ["b.wasm", "a.wasm", "sub/a.wasm", "-o", "out"], "would both be built to out/a")
      #expect(TestSupport.contents(of: folder.appending("out")) == [])
      // By other names of one folder, in the headers, and over a module.
      let manifests: [(String, String)] = [
        (
          #"{"module": "a.wasm", "output": "sub/x"}, {"module": "b.wasm", "output": "link/../sub/./x"}"#,
          "both"
        ),
        (#"{"module": "a.wasm", "output": "sub/x"}, {"module": "b.wasm", "output": "link/x"}"#, "both"),
        (
          #"{"module": "a.wasm", "emit": "obj", "output": "x.o", "header": "h.h"}, {"module": "b.wasm", "output": "h.h"}"#,
          "both"
        ),
        (#"{"module": "a.wasm", "output": "b.wasm"}, {"module": "b.wasm"}"#, "would overwrite the module"),
      ]
      for (modules, words) in manifests {
        try TestSupport.write(
          Array(#"{"format": 1, "modules": [\#(modules)]}"#.utf8), to: folder.appending("m.json"))
        try await expectRefusal(["--manifest", "m.json"], words)
      }
      #expect(TestSupport.contents(of: folder.appending("sub")) == ["a.wasm"])
    }
  }

  // MARK: - Manifests

  @Test func manifest() async throws {
    try await TemporaryFolder.with { folder in
      try await Self.write(folder, ["in/a.wasm": 3, "in/b.wasm": 4, "in/c.wasm": 5])
      let text = """
        {"format": 1, "defaults": {"O": 1, "env": ["A=1"], "symbols": true},
         "modules": [
           {"module": "a.wasm", "output": "../out/first", "runtime-grants": true, "timeout": "2s"},
           {"module": "b.wasm", "O": "z", "env": ["B=2", "C"], "dir": "data::/data:ro", "symbols": false},
           {"module": "c.wasm", "emit": "obj", "env": [], "name": "third", "output": "../out/c.o"}
         ]}
        """
      try TestSupport.write(Array(text.utf8), to: folder.appending("in/m.json"))
      try TestSupport.makeFolder(folder.appending("out"))
      let result = try await Self.run(["--manifest", "in/m.json", "-o", "bin", "--json"], in: folder)
      #expect(result.status == 0, "\(result.errorText)")
      #expect(try await Self.status(of: folder.appending("out/first")) == 3)
      #expect(try await Self.status(of: folder.appending("bin/b")) == 4)
      #expect(TestSupport.contents(of: folder.appending("out")) == ["c.o", "first", "third.h"])

      let authority = try await CommandLineTool.run([
        "inspect", "--authority", folder.appending("bin/b").string,
      ])
      for words in ["B", "/data"] { #expect(authority.text.contains(words), "\(authority.text)") }
      // The module's own list stands for the defaults'.
      #expect(!authority.text.contains("A=1"))
      #expect(result.text.contains("\"optimization\" : \"Oz\""))
      #expect(result.text.contains("\"keepsSymbols\" : true"))
    }
  }

  @Test(arguments: [
    ("{", "it is not JSON"), ("[]", "wrong type"), (#"{"modules": []}"#, "\"format\" is missing"),
    (#"{"format": 2, "modules": [{"module": "a.wasm"}]}"#, "format 2"),
    (#"{"format": 1, "modules": []}"#, "lists no modules"),
    (#"{"format": 1, "modules": [{"output": "a"}]}"#, "module 1 has no \"module\""),
    (#"{"format": 1, "modules": [{"module": 3}]}"#, "\"module\" of m.json, module 1 is no path"),
    (#"{"format": 1, "modules": [{"module": "a.wasm", "O": 9}]}"#, "module 1"),
    (
      #"{"format": 1, "modules": [{"module": "a.wasm", "dri": "x"}]}"#,
      "'--dri'\n  in m.json, module 1 (a.wasm)\nhelp: did you mean '--dir'?"
    ),
    (#"{"format": 1, "modules": [{"module": "a.wasm", "env": {"A": "b"}}]}"#, "a list of strings"),
    (
      #"{"format": 1, "modules": [{"module": "a.wasm", "jobs": 3}]}"#,
      "--jobs is about the whole build\n  in m.json"
    ),
    (
      #"{"format": 1, "modules": [{"module": "a.wasm", "remote-cache": "http://a"}]}"#,
      "--remote-cache is about the whole build"
    ),
    (
      #"{"format": 1, "modules": [{"module": "a.wasm", "timeout": "x"}]}"#,
      "--timeout 'x' is not a duration\n  in m.json"
    ),
    (#"{"format": 1, "module": [], "modules": []}"#, "nothing called \"module\""),
  ])
  func wrongManifest(text: String, words: String) async throws {
    try await TemporaryFolder.with { folder in
      try await Self.write(folder, ["a.wasm": 3])
      try TestSupport.write(Array(text.utf8), to: folder.appending("m.json"))
      let result = try await Self.run(["--manifest", "m.json"], in: folder)
      #expect(result.status == 1, "\(result.errorText)")
      #expect(result.errorText.contains("m.json"))
      #expect(result.errorText.contains(words), "\(result.errorText)")
      #expect(TestSupport.contents(of: folder) == ["a.wasm", "m.json"])
    }
  }

  @Test(arguments: [
    (["--manifest", "m.json", "a.wasm"], "both modules and a manifest"),
    (["--manifest", "m.json", "-O3"], "options for modules are in the manifest"),
    (["a.wasm", "b.wasm", "--emit=obj", "--header=h.h"], "for one module"),
  ])
  func commandLineThatContradictsItself(arguments: [String], words: String) async throws {
    try await TemporaryFolder.with { folder in
      let result = try await Self.run(arguments, in: folder)
      #expect(result.status == 2)
      #expect(result.errorText.contains(words), "\(result.errorText)")
    }
  }
}
