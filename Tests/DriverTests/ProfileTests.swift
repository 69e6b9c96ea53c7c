import Support
import SystemPackage
import TestSupport
import Testing

@testable import Driver
@testable import LLVMBackend

/// Programs that count their branches, and what is made of the counts, through the command line.
@Suite(.enabled(if: CommandLineTool.path != nil && TestSupport.tool("wasm-tools") != nil, "no tools"))
struct ProfileTests {
  /// Its loop goes around ten times, then it ends with the status 3, or by a trap with an argument.
  private static let text = """
    (module
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "_start") (local $i i32)
        (drop (call $args (i32.const 0) (i32.const 4)))
        (loop $l
          (i32.store (i32.const 16) (i32.add (i32.load (i32.const 16)) (local.get $i)))
          (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10))))
        (if (i32.gt_u (i32.load (i32.const 0)) (i32.const 1)) (then (unreachable)))
        (call $exit (i32.const 3))))
    """

  private struct Place {
    let folder: FilePath
    var app: FilePath { folder.appending("app") }
    var profile: FilePath { folder.appending("app.profile") }

    func build(_ options: [String], module: String = "app.wasm") async throws -> ProgramResult {
      try await CommandLineTool.run(
        ["build", module, "-o", "app"] + options,
        environment: ["WASMAOT_CACHE_DIR": folder.appending("cache").string], workingDirectory: folder)
    }

    func run(_ arguments: [String] = [], environment: [String: String] = [:]) async throws -> ProgramResult {
      try await TestSupport.run(app, arguments, environment: environment, workingDirectory: folder)
    }

    /// What the function counted: calls, then its branches.
    func counts(_ name: String = "app.profile") throws -> [UInt64] {
      try Profile(TestSupport.read(folder.appending(name))).entries[0].counts
    }
  }

  private func withModule(
    _ text: String = text, _ body: (Place) async throws -> Void
  ) async throws {
    let bytes = try await TestSupport.module(fromText: text)
    try await TemporaryFolder.with { folder in
      try TestSupport.write(bytes, to: folder.appending("app.wasm"))
      try await body(Place(folder: folder))
    }
  }

  /// Also those of a run that a trap ends, and with the second wall.
  @Test func runsAddUp() async throws {
    try await withModule { place in
      let build = try await place.build(["--profile-generate", "--sandbox=require"])
      try #require(build.status == 0, "\(build.errorText)")
      let first = try await place.run()
      #expect(first.status == 3, "\(first.errorText)")
      // Once called; the loop goes on once and around nine times; the argument is not there.
      #expect(try place.counts() == [1, 1, 9, 1, 0])
      #expect(try await place.run().status == 3)
      #expect(try place.counts() == [2, 2, 18, 2, 0])
      #expect(try await place.run(["x"]).status == 134)
      #expect(try place.counts() == [3, 3, 27, 2, 1])
    }
  }

  @Test func theProfileMayBeElsewhere() async throws {
    try await withModule { place in
      try #require(try await place.build(["--profile-generate=other"]).status == 0)
      #expect(try await place.run().status == 3)
      #expect(try await place.run(environment: ["WASMAOT_PROFILE_FILE": "third"]).status == 3)
      #expect(try place.counts("other") == [1, 1, 9, 1, 0])
      #expect(try place.counts("third") == [1, 1, 9, 1, 0])
      #expect(!TestSupport.contents(of: place.folder).contains("app.profile"))
      let authority = try await CommandLineTool.run(
        ["inspect", "--authority", "app"], workingDirectory: place.folder)
      #expect(authority.text.contains("into other, as long as it runs"))
    }
  }

  /// Several that start at once make one file, and lose no run.
  @Test func programsShareAProfile() async throws {
    try await withModule { place in
      try #require(try await place.build(["--profile-generate"]).status == 0)
      try await withThrowingTaskGroup(of: Int32.self) { group in
        for _ in 0..<16 { group.addTask { try await place.run().status } }
        for try await status in group { #expect(status == 3) }
      }
      let counts = try place.counts()
      #expect(counts.count == 5)
      // (Two that count at the same instant may count once.)
      #expect((1...16).contains(counts[0]), "\(counts)")
    }
  }

  /// Its loop calls, which is inlined, and ends by an argument only.
  private static let forEver = """
    (module
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func $g (param i32) (if (i32.and (local.get 0) (i32.const 1))
        (then (i32.store (i32.const 16) (local.get 0)))))
      (func (export "_start") (local $i i32)
        (drop (call $args (i32.const 0) (i32.const 4)))
        (if (i32.gt_u (i32.load (i32.const 0)) (i32.const 1)) (then (call $exit (i32.const 3))))
        (loop $l
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (call $g (local.get $i))
          (br $l))))
    """

  /// Counters are not kept in registers: a loop that a limit ends has counted.
  @Test(arguments: ["-O0", "-O2", "-O3"])
  func nothingIsLostAtALimit(level: String) async throws {
    try await withModule(Self.forEver) { place in
      try #require(try await place.build(["--profile-generate", level, "--timeout=2s"]).status == 0)
      #expect(try await place.run().status == 134)
      let entries = try Profile(TestSupport.read(place.profile)).entries
      // Where it was inlined before counting, there is one function.
      let counts = entries.flatMap(\.counts)
      #expect(counts.count { $0 > 1000 } >= 2, "\(counts)")
    }
  }

  /// A run that goes on does not keep others from starting.
  @Test func runsDoNotWaitForEachOther() async throws {
    try await withModule(Self.forEver) { place in
      try #require(try await place.build(["--profile-generate"]).status == 0)
      let script = #"$0 & sleep 0.3; timeout -s KILL 20 "$0" x; status=$?; kill -9 $!; exit $status"#
      let result = try await TestSupport.run(
        "/bin/sh", ["-c", script, place.app.string], workingDirectory: place.folder)
      #expect(result.status == 3, "\(result.errorText)")
    }
  }

  /// A guest can leave links where it may write.
  @Test func linksAreNotFollowed() async throws {
    try await withModule { place in
      try #require(try await place.build(["--profile-generate"]).status == 0)
      let made = try await TestSupport.run(
        "/bin/ln", ["-s", "elsewhere", "app.profile"], workingDirectory: place.folder)
      try #require(made.status == 0)
      let result = try await place.run()
      #expect(result.status == 1)
      #expect(
        result.errorText.contains("cannot open the profile app.profile: it is a link"), "\(result.errorText)")
      #expect(!TestSupport.contents(of: place.folder).contains("elsewhere"))
    }
  }

  /// Who made it was ended before it was done.
  @Test func whatWasBegunIsCompleted() async throws {
    try await withModule { place in
      try #require(try await place.build(["--profile-generate"]).status == 0)
      #expect(try await place.run().status == 3)
      let whole = try TestSupport.read(place.profile)
      for size in [0, 1, 100, 4095, 4096, 5000] {
        try TestSupport.write(Array(whole.prefix(size)), to: place.profile)
        #expect(try await place.run().status == 3)
        #expect(try TestSupport.read(place.profile).count == whole.count, "\(size)")
      }
    }
  }

  @Test func aModuleWithoutBranchesOrFunctions() async throws {
    let text = """
      (module (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
        (export "yield" (func $yield)))
      """
    try await withModule(text) { place in
      try #require(try await place.build(["--profile-generate", "--invoke=yield"]).status == 0)
      let result = try await place.run()
      #expect(result.status == 0, "\(result.errorText)")
      #expect(result.text == "0\n")
      let used = try await place.build(["--profile-use=app.profile", "--invoke=yield"])
      #expect(used.status == 0)
      #expect(used.errorText == "", "\(used.errorText)")
    }
  }

  @Test func aProfileOfAnotherProgramIsLeftAlone() async throws {
    try await withModule { place in
      try #require(try await place.build(["--profile-generate"]).status == 0)
      for contents in [Array("text that somebody needs".utf8), Array(repeating: 0, count: 8192)] {
        try TestSupport.write(contents, to: place.profile)
        let result = try await place.run()
        #expect(result.status == 1)
        #expect(result.errorText.contains("app.profile is of another program"), "\(result.errorText)")
        #expect(try TestSupport.read(place.profile) == contents)
      }
      let nowhere = try await place.run(environment: ["WASMAOT_PROFILE_FILE": "/nowhere/profile"])
      #expect(nowhere.status == 1)
      #expect(nowhere.errorText.contains("cannot open the profile /nowhere/profile"))
      let full = try await place.run(environment: ["WASMAOT_PROFILE_FILE": "/dev/full"])
      #expect(full.status == 1)
      #expect(full.errorText.contains("cannot write the profile /dev/full"))
    }
  }

  @Test func countsDecideAboutTheCode() async throws {
    try await withModule { place in
      try #require(try await place.build([]).status == 0)
      let plain = try TestSupport.read(place.app)
      try #require(try await place.build(["--profile-generate"]).status == 0)
      #expect(try await place.run().status == 3)

      let used = try await place.build(["--profile-use=app.profile", "--json"])
      #expect(used.status == 0, "\(used.errorText)")
      #expect(used.errorText == "")
      let digest = sha256(try TestSupport.read(place.profile))
      #expect(used.text.contains(#""profile" : "\#(digest)""#), "\(used.text)")
      #expect(try await place.run().status == 3)
      let code = try await place.build(["--profile-use=app.profile", "--emit=llvm-ir"])
      try #require(code.status == 0, "\(code.errorText)")
      let text = String(decoding: try TestSupport.read(place.app), as: UTF8.self)
      #expect(text.contains(#""function_entry_count", i64 1}"#), "\(text)")
      // For hosts, too; and the same profile twice.
      let object = try await place.build(
        ["--emit=obj", "--profile-use=app.profile", "--profile-use=app.profile"])
      #expect(object.status == 0, "\(object.errorText)")

      // The cache has both, and never one for the other.
      try #require(try await place.build([]).status == 0)
      #expect(try TestSupport.read(place.app) == plain)
    }
  }

  @Test func aProfileOfAnotherModuleIsSaidToBeNone() async throws {
    try await withModule { place in
      try #require(try await place.build(["--profile-generate"]).status == 0)
      #expect(try await place.run().status == 3)
      let other = try await TestSupport.module(
        fromText: "(module (func (export \"_start\") (loop (br_if 0 (i32.const 0)))))")
      try TestSupport.write(other, to: place.folder.appending("other.wasm"))
      let result = try await place.build(["--profile-use=app.profile"], module: "other.wasm")
      #expect(result.status == 0)
      #expect(result.errorText.contains("it knows none of the functions"), "\(result.errorText)")
    }
  }

  @Test func manifestsHaveProfiles() async throws {
    try await withModule { place in
      let folder = place.folder.appending("in")
      try TestSupport.makeFolder(folder)
      try TestSupport.write(
        try TestSupport.read(place.folder.appending("app.wasm")), to: folder.appending("a.wasm"))
      func build(_ options: String) async throws -> ProgramResult {
        let text = #"{"format": 1, "modules": [{"module": "a.wasm", "output": "../app", \#(options)}]}"#
        try TestSupport.write(Array(text.utf8), to: folder.appending("m.json"))
        return try await CommandLineTool.run(
          ["build", "--no-cache", "--manifest", "in/m.json"], workingDirectory: place.folder)
      }
      let counting = try await build(#""profile-generate": "in/a.profile""#)
      try #require(counting.status == 0, "\(counting.errorText)")
      #expect(try await place.run().status == 3)
      #expect(try place.counts("in/a.profile") == [1, 1, 9, 1, 0])
      for profiles in [#""a.profile""#, #"["a.profile", "a.profile"]"#] {
        // Beside the manifest, as all of its files.
        let using = try await build(#""profile-use": \#(profiles)"#)
        #expect(using.status == 0, "\(using.errorText)")
        #expect(using.errorText == "")
      }
      let missing = try await build(#""profile-use": "b.profile""#)
      #expect(missing.status == 1)
      #expect(missing.errorText.contains("in/b.profile"), "\(missing.errorText)")
    }
  }

  @Test(arguments: [
    (["--profile-generate", "--emit=obj"], 2, "is for programs"),
    (["--profile-generate", "--profile-use=app.wasm"], 2, "both --profile-generate and --profile-use"),
    (["--profile-generate="], 2, "names no file"), (["--profile-file=x"], 2, "--profile-generate=FILE"),
    (["--profile-use=app.wasm"], 1, "app.wasm is not a profile: it does not begin"),
    (["--profile-use=none"], 1, "none"),
  ])
  func commandLinesThatAreWrong(options: [String], status: Int32, words: String) async throws {
    try await withModule { place in
      let result = try await place.build(options)
      #expect(result.status == status)
      #expect(result.errorText.contains(words), "\(result.errorText)")
      #expect(!TestSupport.contents(of: place.folder).contains("app"))
    }
  }
}
