import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Linker

/// Error numbers of WASI preview 1 that the tests expect.
private enum Errno {
  static let success = "0", access = "2", badDescriptor = "8", exists = "20", fault = "21",
    illegalBytes = "25"
  static let invalid = "28", isDirectory = "31", loop = "32", nameTooLong = "37", noEntry = "44"
  static let noMemory = "48", notDirectory = "54", notSocket = "57", permission = "63", illegalSeek = "70"
}

/// Runs WASI calls by runtime-c/test/wasi.c. Descriptor 3 is a directory with some files; what is `outside`
/// stands beside it and must never be reached.
private struct World {
  let scratch: Scratch
  let app: FilePath
  /// Runs the app as if the kernel had no openat2.
  var launcher: FilePath?

  init(
    readOnly: Bool = false, runtimeGrants: Bool = false, granted: Bool = true,
    configure: (inout RuntimeConfig) -> Void = { _ in }
  ) async throws {
    scratch = try Scratch()
    _ = try scratch.folder("inside/dir/nested")
    _ = try scratch.folder("inside/empty")
    _ = try scratch.folder("outside/dir")
    _ = try scratch.folder("second")
    try scratch.write("inside/file", "contents")
    try scratch.write("inside/dir/nested/deep", "deep contents")
    try scratch.write("outside/secret", "secret")
    try scratch.symlink("inside/link", to: "file")
    try scratch.symlink("inside/dirlink", to: "dir")
    try scratch.symlink("inside/dangling", to: "nowhere")
    try scratch.symlink("inside/loop", to: "loop")
    try scratch.symlink("inside/up", to: "dir/../dir/nested/../../file")
    try scratch.symlink("inside/slashed", to: "dir/")
    try scratch.symlink("inside/out", to: "../outside")
    try scratch.symlink("inside/secretlink", to: "../outside/secret")
    try scratch.symlink("inside/absolute", to: scratch.path.appending("outside").string)
    try scratch.symlink("inside/newlink", to: "../outside/new")
    try scratch.symlink("inside/hop", to: "out")
    try scratch.symlink("inside/magic", to: "/proc/self/root")

    var config = RuntimeConfig(programName: "guest")
    if granted {
      config.directories = [
        .init(host: scratch.path.appending("inside").string, guest: "/", isReadOnly: readOnly),
        .init(host: scratch.path.appending("second").string, guest: "/second"),
      ]
    }
    config.takesRuntimeGrants = runtimeGrants
    // Everything here is within what the sandbox allows.
    config.sandbox = SandboxPlan(
      mode: .auto, hostFunctions: HostFunctions.all.map(\.name.description), features: [.faultHandlers],
      canHaveDirectories: config.canHaveDirectories)
    configure(&config)
    app = try await Guest.build("wasi", config, in: scratch)
  }

  mutating func hideOpenat2() async throws {
    let compiler = try #require(Guest.compiler)
    let program = scratch.path.appending("without_openat2")
    let result = try await execute(
      compiler,
      [TestSupport.packageRoot.appending("runtime-c/test/without_openat2.c").string, "-o", program.string],
      environment: TestSupport.environment)
    try #require(result.status == 0, "\(result.errors)")
    launcher = program
  }

  func run(
    _ arguments: [String], input: String = "", environment: [String: String] = ["PATH": "/bin"]
  ) async throws -> RunResult {
    if let launcher {
      return try await execute(
        launcher, [app.string] + arguments, input: input, environment: environment)
    }
    return try await execute(app, arguments, input: input, environment: environment)
  }

  /// What the guest printed, without the line's end.
  func callAsFunction(_ arguments: String...) async throws -> String {
    let result = try await run(arguments)
    #expect(result.errors == "" && result.status == 0, "\(arguments)")
    return String(result.output.dropLast())
  }

  /// Everything outside the grants, to compare before and after.
  func outside() throws -> [String] {
    let root = scratch.path.appending("outside").string
    return try FileManager.default.subpathsOfDirectory(atPath: root).sorted().map { name in
      let attributes = try FileManager.default.attributesOfItem(atPath: root + "/" + name)
      let contents = scratch.contents("outside/" + name) ?? ""
      return "\(name) \(contents) \(attributes[.modificationDate]!) \(attributes[.referenceCount]!)"
    }
  }
}

@Suite struct WASIPathTests {
  /// Both ways to resolve a path must agree.
  static let withOpenat2 = [true, false]

  private static func world(_ withOpenat2: Bool, readOnly: Bool = false) async throws -> World {
    var world = try await World(readOnly: readOnly)
    if !withOpenat2 { try await world.hideOpenat2() }
    return world
  }

  @Test(arguments: withOpenat2) func pathsInsideAreFound(withOpenat2: Bool) async throws {
    let world = try await Self.world(withOpenat2)
    #expect(try await world("cat", "3:file") == "0 contents")
    #expect(try await world("cat", "3:link") == "0 contents")
    #expect(try await world("cat", "3:up") == "0 contents")
    #expect(try await world("cat", "3:dirlink/nested/deep") == "0 deep contents")
    #expect(
      try await world("cat", "3:dir/.//nested/../../dir/nested/../nested///./deep") == "0 deep contents")
    #expect(try await world("cat", "3:slashed/nested/deep") == "0 deep contents")
    #expect(try await world("stat", "3:.", "1") == "0 3")
    #expect(try await world("stat", "3:dir/..", "1") == "0 3")
    #expect(try await world("stat", "3:dir/nested///", "1") == "0 3")
    #expect(try await world("stat", "3:link", "0") == "0 7")
    #expect(try await world("stat", "3:link", "1") == "0 4")
    #expect(try await world("stat", "3:dirlink/", "0") == "0 3")
    #expect(try await world("readlink", "3:link") == "0 file")
    #expect(try await world("readlink", "3:file") == "\(Errno.invalid) ")
    #expect(try await world("readlink", "3:out") == "0 ../outside")
  }

  @Test(arguments: withOpenat2) func mistakesAreToldByTheirErrno(withOpenat2: Bool) async throws {
    let world = try await Self.world(withOpenat2)
    #expect(try await world("cat", "3:missing") == Errno.noEntry)
    #expect(try await world("cat", "3:missing/file") == Errno.noEntry)
    #expect(try await world("cat", "3:file/") == Errno.notDirectory)
    #expect(try await world("cat", "3:link/") == Errno.notDirectory)
    #expect(try await world("cat", "3:file/x") == Errno.notDirectory)
    #expect(try await world("cat", "3:dangling") == Errno.noEntry)
    #expect(try await world("cat", "3:loop") == Errno.loop)
    #expect(try await world("cat", "3:loop/x") == Errno.loop)
    #expect(try await world("cat", "3:file\\0") == Errno.illegalBytes)
    #expect(try await world("cat", "3:") == Errno.noEntry)
    #expect(try await world("cat", "3:" + String(repeating: "x", count: 256)) == Errno.nameTooLong)
    #expect(try await world("cat", "9:file") == Errno.badDescriptor)
    #expect(try await world("cat", "1:file") == Errno.notDirectory)
    // Opening a link itself; a directory to write; what exists, exclusively; oflags that don't exist.
    #expect(try await world("open", "3:link", "0", "0", "2", "0") == Errno.loop)
    #expect(try await world("open", "3:dir", "1", "2", "66", "0") == Errno.isDirectory)
    #expect(try await world("open", "3:file", "1", "5", "66", "0") == Errno.exists)
    #expect(try await world("open", "3:link", "1", "5", "66", "0") == Errno.exists)
    #expect(try await world("open", "3:file", "1", "2", "2", "0") == Errno.notDirectory)
    #expect(try await world("open", "3:file", "1", "16", "2", "0") == Errno.invalid)
    #expect(try await world("unlink", "3:dir") == Errno.isDirectory)
    #expect(try await world("unlink", "3:file/") == Errno.notDirectory)
    #expect(try await world("rmdir", "3:file") == Errno.notDirectory)
    #expect(try await world("mkdir", "3:dir") == Errno.exists)
    #expect(try await world("symlink", "0:x", "3:missing/") == Errno.noEntry)
  }

  @Test(arguments: withOpenat2) func filesAndDirectoriesChange(withOpenat2: Bool) async throws {
    let world = try await Self.world(withOpenat2)
    #expect(try await world("write", "3:dir/new", "text") == Errno.success)
    #expect(world.scratch.contents("inside/dir/new") == "text")
    #expect(try await world("write", "3:dangling", "through a link") == Errno.success)
    #expect(world.scratch.contents("inside/nowhere") == "through a link")
    #expect(try await world("mkdir", "3:made/") == Errno.success)
    #expect(try await world("rename", "3:dir/new", "3:made/moved") == Errno.success)
    #expect(try await world("link", "3:made/moved", "4:linked") == Errno.success)
    #expect(world.scratch.contents("second/linked") == "text")
    #expect(try await world("symlink", "0:moved", "3:made/sym") == Errno.success)
    #expect(try await world("cat", "3:made/sym") == "0 text")
    #expect(try await world("utimes", "3:made/sym", "1") == Errno.success)
    #expect(try await world("unlink", "3:made/sym") == Errno.success)
    #expect(try await world("unlink", "3:made/moved") == Errno.success)
    #expect(try await world("rmdir", "3:made/") == Errno.success)
    #expect(world.scratch.contents("inside/made/moved") == nil)
  }

  /// Paths that lead, or could be made to lead, out of the grant.
  static let escapes = [
    "..", "../", "../outside/secret", "dir/../../outside/secret", "dir/nested/../../../outside/secret",
    "/etc/passwd", "//etc/passwd", "/", "out", "out/", "out/secret", "out/../outside/secret", "hop/secret",
    "hop/", "secretlink", "secretlink/", "absolute", "absolute/", "absolute/secret", "magic", "magic/",
    "magic/etc/passwd", "dirlink/../../outside/secret", "newlink", "newlink/", "./out/./secret",
    "dir/../out/secret", "out//secret", "up/../../outside/secret",
  ]

  @Test(arguments: withOpenat2) func nothingLeadsOut(withOpenat2: Bool) async throws {
    let world = try await Self.world(withOpenat2)
    let before = try world.outside()
    for escape in Self.escapes {
      let path = "3:" + escape
      for lookup in ["0", "1"] {
        // Read; create; truncate; create exclusively; directory.
        for (oflags, rights) in [("0", "2"), ("1", "66"), ("8", "64"), ("5", "66"), ("2", "2"), ("3", "66")] {
          let error = try await world("open", path, lookup, oflags, rights, "0")
          #expect(error != Errno.success, "\(escape) \(lookup) \(oflags)")
        }
        let stat = try await world("stat", path, lookup)
        // A link itself may be looked at, as long as it isn't followed.
        #expect(stat.split(separator: " ").first != "0" || (lookup == "0" && stat == "0 7"), "\(escape)")
      }
      _ = try await world("utimes", path, "1")
      for operation in ["mkdir", "rmdir"] {
        let error = try await world(operation, path)
        #expect(error != Errno.success, "\(operation) \(escape)")
      }
      for (from, to) in [(path, "3:stolen"), ("3:file", path + "/x")] {
        #expect(try await world("link", from, to) != Errno.success || !escape.contains("/"), "\(escape)")
      }
      _ = try await world("unlink", "3:stolen")
    }
    // What stands outside is as it was: contents, times, counts of links.
    #expect(try world.outside() == before)
    #expect(try await world("rename", "3:file", "3:out/file") == Errno.permission)
    #expect(try await world("rename", "3:out/secret", "3:stolen") == Errno.permission)
    #expect(try await world("symlink", "0:x", "3:out/x") == Errno.permission)
    #expect(try await world("unlink", "3:out/secret") == Errno.permission)
    #expect(try await world("rmdir", "3:out/dir") == Errno.permission)
    #expect(try await world("symlink", "0:/etc/passwd", "3:passwd") == Errno.permission)
    #expect(try await world("readlink", "3:out/secret") == "\(Errno.permission) ")
    #expect(try world.outside() == before)
  }

  @Test(arguments: withOpenat2) func aReadOnlyGrantStaysAsItIs(withOpenat2: Bool) async throws {
    let world = try await Self.world(withOpenat2, readOnly: true)
    #expect(try await world("cat", "3:file") == "0 contents")
    let refused = Errno.permission
    #expect(try await world("write", "3:file", "x") == refused)
    #expect(try await world("open", "3:file", "1", "8", "2", "0") == refused)  // O_TRUNC, to read
    #expect(try await world("open", "3:file", "1", "0", "64", "0") == refused)
    #expect(try await world("open", "3:new", "1", "1", "2", "0") == refused)
    #expect(try await world("mkdir", "3:new") == refused)
    #expect(try await world("rmdir", "3:empty") == refused)
    #expect(try await world("unlink", "3:file") == refused)
    #expect(try await world("symlink", "0:x", "3:new") == refused)
    #expect(try await world("rename", "3:file", "3:new") == refused)
    #expect(try await world("rename", "3:file", "4:new") == refused)
    // A hard link in the writable grant would make the file writable.
    #expect(try await world("link", "3:file", "4:new") == refused)
    #expect(try await world("utimes", "3:file", "1") == refused)
    #expect(try await world("set_times", "3:file") == refused)
    #expect(try await world("set_size", "3:file") == refused)
    #expect(world.scratch.contents("inside/file") == "contents")
    // The other grant is writable.
    #expect(try await world("write", "4:new", "x") == Errno.success)
  }

  @Test func directoriesAreListedAcrossCutOffBuffers() async throws {
    let world = try await World()
    for i in 0..<40 { try world.scratch.write("second/\(i)", "") }
    let lines = try await world("ls", "4:.").split(separator: "\n").map(String.init)
    // The listing opens descriptor 5, but the guest reads 4: the same directory.
    #expect(lines.last == "0")
    #expect(Set(lines.dropLast()) == Set([".", ".."] + (0..<40).map(String.init)))
    #expect(lines.count == 43)
  }
}

@Suite struct WASIGrantTests {
  @Test func nothingIsGrantedByDefault() async throws {
    let world = try await World(granted: false)
    #expect(try await world("preopens") == "")
    #expect(try await world.run(["environment"], environment: ["SECRET": "1"]).output == "")
    #expect(try await world("cat", "3:file") == Errno.badDescriptor)
    #expect(try await world("cat", "0:file") == Errno.notDirectory)
  }

  @Test func argumentsReachTheGuestUntouched() async throws {
    let world = try await World()
    let arguments = ["arguments", "--dir", "/", "--", "--env=A=B", "", "ü\n"]
    let result = try await world.run(arguments)
    #expect(result.output == (["guest"] + arguments).map { $0 + "\n" }.joined())
  }

  @Test func variablesAreBakedInOrInherited() async throws {
    let world = try await World {
      $0.environment = [
        .value(name: "A", value: "1=2"), .inherit(name: "PASSED"), .inherit(name: "ABSENT"),
        .value(name: "EMPTY", value: ""),
      ]
    }
    let result = try await world.run(
      ["environment"], environment: ["PASSED": "on", "PASSED2": "no", "SECRET": "x"])
    #expect(result.output == "A=1=2\nPASSED=on\nEMPTY=\n")
  }

  @Test func grantsAtRunTimeStandBeforeTheGuestsArguments() async throws {
    let world = try await World(runtimeGrants: true, granted: false) {
      $0.environment = [.value(name: "BAKED", value: "1")]
    }
    let inside = world.scratch.path.appending("inside").string
    let listed = try await world.run(
      ["--dir", inside + "::/guest", "--env", "X=1", "--dir=\(inside)/dir", "--env=HOME", "preopens"],
      environment: ["HOME": "/root"])
    #expect(listed.output == "/guest\n\(inside)/dir\n")
    let variables = try await world.run(
      ["--env", "X=1", "--env=HOME", "--env", "MISSING", "environment"], environment: ["HOME": "/root"])
    #expect(variables.output == "BAKED=1\nX=1\nHOME=/root\n")
    #expect(try await world.run(["--dir", inside, "cat", "3:file"]).output == "0 contents\n")
    // What follows the first other argument, or "--", is the guest's.
    #expect(
      try await world.run(["arguments", "--dir", inside]).output == "guest\narguments\n--dir\n\(inside)\n")
    #expect(try await world.run(["--", "arguments", "--"]).output == "guest\narguments\n--\n")
    #expect(try await world.run(["--", "preopens", "--dir", inside]).output == "")
  }

  @Test(arguments: [
    ["--dir"], ["--env"], ["--env", "=x"], ["--dir", ""], ["--dir", "::guest"], ["--env="],
  ])
  func badGrantsShowTheUsage(arguments: [String]) async throws {
    let world = try await World(runtimeGrants: true, granted: false)
    let result = try await world.run(arguments)
    #expect(result.status == 2)
    #expect(
      result.errors.contains(
        "usage: [--dir HOST[::GUEST][:ro] | --env NAME[=VALUE] | --listen ADDRESS:PORT | "))
  }

  @Test func aGuestPathNamesOneDirectory() async throws {
    let world = try await World(runtimeGrants: true, granted: false) {
      $0.directories = [.init(host: "/", guest: "/baked")]
    }
    let inside = world.scratch.path.appending("inside").string
    for arguments in [
      ["--dir", "\(inside)::/a", "--env", "X=1", "--dir=/::/a"], ["--dir", "/::/a:ro", "--dir", "/::/a"],
      ["--dir", "\(inside)::/baked:ro"], ["--dir", inside, "--dir", inside],
    ] {
      let result = try await world.run(arguments + ["preopens"])
      #expect(result.status == 2, "\(arguments)")
      #expect(
        result.errors.contains("another directory is granted under the path of --dir"), "\(result.errors)")
    }
    let others = try await world.run([
      "--dir", "/::/a", "--dir", "/::/ab", "--", "preopens", "--dir", "/::/a",
    ])
    #expect(others.output == "/baked\n/a\n/ab\n")
  }

  @Test func aMissingDirectoryIsNamed() async throws {
    let world = try await World(runtimeGrants: true, granted: false)
    let result = try await world.run(["--dir", "/does/not\u{1b}/exist", "preopens"])
    #expect(result.status == 1)
    #expect(
      result.errors == "wasmaot: cannot open the granted directory '/does/not?/exist': no such directory\n")
  }
}

@Suite struct WASICallTests {
  @Test(arguments: [0, 1, 42, 134, 255]) func exitCodesPassThrough(code: Int) async throws {
    let world = try await World(granted: false)
    #expect(try await world.run(["exit", "\(code)"]) == RunResult(status: code, output: "", errors: ""))
  }

  /// The guest's memory is 4 pages: 262144 bytes.
  @Test func pointersOfTheGuestAreChecked() async throws {
    let world = try await World(granted: false)
    #expect(try await world("random", "0", "262144").hasSuffix("\n") == false)
    #expect(try await world("random", "262143", "2") == Errno.fault)
    #expect(try await world("random", "4294967295", "4294967295") == Errno.fault)
    #expect(try await world("random", "0", "4294967295") == Errno.fault)
    #expect(try await world("random", "262144", "0") == Errno.success)
    #expect(try await world("random", "262145", "0") == Errno.fault)
    #expect(try await world("write_iovec", "262140", "5") == Errno.fault)
    #expect(try await world("write_iovec", "4294967295", "1") == Errno.fault)
    #expect(try await world("write_iovec", "4294967295", "4294967295") == Errno.fault)
    #expect(try await world("write_raw", "1", "262140", "1", "64") == Errno.fault)
    #expect(try await world("write_raw", "1", "0", "536870912", "64") == Errno.invalid)
    #expect(try await world("write_raw", "1", "0", "4294967295", "64") == Errno.invalid)
    #expect(try await world("write_raw", "1", "0", "0", "262141") == Errno.fault)
    #expect(try await world("clock", "1", "262137") == Errno.fault)
    #expect(try await world("clock", "1", "262136") == Errno.success)
    #expect(try await world("clock", "9", "64") == Errno.invalid)
    #expect(try await world("poll_count", "0") == Errno.invalid)
    #expect(try await world("poll_count", "4294967295") == Errno.noMemory)
  }

  @Test func theDescriptorTableIsAStateMachine() async throws {
    let world = try await World()
    #expect(try await world("close", "3") == "\(Errno.success) \(Errno.badDescriptor)")
    #expect(try await world("close", "99999") == "\(Errno.badDescriptor) \(Errno.badDescriptor)")
    #expect(try await world("close", "4294967295") == "\(Errno.badDescriptor) \(Errno.badDescriptor)")
    #expect(try await world("renumber", "3", "3") == Errno.success)
    #expect(try await world("renumber", "3", "4") == Errno.success)
    #expect(try await world("renumber", "3", "5") == Errno.badDescriptor)
    #expect(try await world("renumber", "5", "3") == Errno.badDescriptor)
    #expect(try await world("renumber", "3", "4294967295") == Errno.badDescriptor)
    #expect(try await world("seek", "3", "1") == Errno.badDescriptor)
    #expect(try await world("seek", "1", "1") == Errno.illegalSeek)
    #expect(try await world("seek", "0", "7") == Errno.invalid)
    #expect(try await world("shutdown", "1") == Errno.notSocket)
    #expect(try await world("shutdown", "77") == Errno.badDescriptor)
  }

  @Test func pollingWaitsForClocksAndDescriptors() async throws {
    let world = try await World(granted: false)
    // error, number of events, user data of the first, bytes that wait
    #expect(try await world("sleep", "1000000") == "0 1 100")
    #expect(try await world.run(["poll_stdin"], input: "abc").output == "0 1 101 3\n")
  }
}
