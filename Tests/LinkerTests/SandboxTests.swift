import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Linker

/// Error numbers of the host.
private enum Host {
  static let success = "0", access = "13", crossDevice = "18"
}

/// The second wall by itself: runtime-c/test/sandbox.c makes system calls that no check of the runtime sees.
@Suite(.enabled(if: Guest.compiler != nil, "no C compiler")) struct SandboxTests {
  /// A writable and a read-only directory are granted; `outside` is not.
  private struct World {
    let scratch: Scratch
    let app: FilePath
    var launcher: [String] = []

    init(
      _ mode: SandboxMode, takesGrants: Bool = false, hostFunctions: [String]? = nil,
      configure: (inout RuntimeConfig) -> Void = { _ in }
    ) async throws {
      scratch = try Scratch()
      for folder in ["inside/sub", "readonly/sub", "outside/sub"] {
        _ = try scratch.folder(folder)
        try scratch.write(folder + "/file", "contents")
      }
      var config = RuntimeConfig(programName: "guest")
      config.directories = [
        .init(host: scratch.path.appending("inside").string, guest: "/"),
        .init(host: scratch.path.appending("readonly").string, guest: "/readonly", isReadOnly: true),
      ]
      config.takesRuntimeGrants = takesGrants
      configure(&config)
      config.sandbox = SandboxPlan(
        mode: mode, hostFunctions: hostFunctions ?? HostFunctions.all.map(\.name.description),
        features: [.faultHandlers, .invoke, .script], canHaveDirectories: config.canHaveDirectories)
      app = try await Guest.build("sandbox", config, in: scratch)
    }

    func path(_ name: String) -> String { scratch.path.appending(name).string }

    func callAsFunction(_ arguments: String..., input: String = "") async throws -> RunResult {
      let command = launcher + [app.string] + arguments
      return try await execute(FilePath(command[0]), Array(command.dropFirst()), input: input)
    }

    /// Results of calls, each with its paths.
    func results(_ calls: [String]) async throws -> [String] {
      var arguments: [String] = []
      for call in calls {
        let words = call.split(separator: " ").map(String.init)
        arguments += [words[0]] + words.dropFirst().map(path)
      }
      let command = launcher + [app.string] + arguments
      let result = try await execute(FilePath(command[0]), Array(command.dropFirst()))
      #expect(result.status == 0 && result.errors == "", "\(result)")
      return result.output.split(separator: "\n").map(String.init)
    }

    mutating func launch(by program: String, _ arguments: [String]) async throws {
      let compiler = try #require(Guest.compiler)
      let path = scratch.path.appending(program)
      let source = TestSupport.packageRoot.appending("runtime-c/test/\(program).c")
      let result = try await execute(
        compiler, ["-D_GNU_SOURCE", source.string, "-o", path.string], environment: TestSupport.environment)
      try #require(result.status == 0, "\(result.errors)")
      launcher = [path.string] + arguments
    }

    /// Lines of /proc/self/status while the guest runs.
    func status(_ pattern: String) async throws -> [String] {
      let command = """
        mkfifo "$2.in" "$2.out" && { "$0" wait < "$2.in" > "$2.out" & } && exec 3> "$2.in" && read ready < "$2.out" \
          && grep -E "$1" /proc/$!/status
        """
      let result = try await execute(
        "/bin/sh", ["-c", command, app.string, pattern, path("fifo-\(UUID().uuidString)")])
      return result.output.split(separator: "\n").map { String($0).replacing("\t", with: " ") }
    }
  }

  // MARK: Landlock

  private static let inside = [
    "read inside/file", "list inside/sub", "write inside/sub/file", "create inside/new", "mkdir inside/dir",
    "symlink inside/link", "rename inside/new inside/sub/new", "truncate inside/sub/new",
    "link inside/sub/new inside/linked", "unlink inside/linked", "rmdir inside/dir", "read readonly/sub/file",
    "list readonly",
  ]
  private static let outside = [
    "read outside/sub/file", "list outside", "write outside/sub/file", "truncate outside/sub/file",
    "create outside/new", "mkdir outside/new", "symlink outside/new", "unlink outside/sub/file",
    "rmdir outside/empty", "read inside/../outside/sub/file", "read inside/out/sub/file",
    // What may be read may not be changed.
    "write readonly/sub/file", "truncate readonly/sub/file", "create readonly/new", "mkdir readonly/new",
    "unlink readonly/sub/file", "symlink readonly/new",
  ]
  /// Moved or linked from or to where it may not be: refused by whichever rule is first.
  private static let across = [
    "rename inside/sub/file outside/new", "rename outside/sub/file inside/stolen",
    "link outside/sub/file inside/linked-in", "link inside/sub/file outside/linked",
    "rename inside/sub/file readonly/new", "rename readonly/sub/file inside/taken",
    "link readonly/sub/file inside/writable",
  ]

  @Test(.enabled(if: Landlock.abi >= 3, "the kernel's Landlock is too old"))
  func whatIsGrantedIsAllThatCanBeOpened() async throws {
    let world = try await World(.require)
    try world.scratch.write("inside/file", "contents")
    _ = try world.scratch.folder("outside/empty")
    try world.scratch.symlink("inside/out", to: "../outside")
    for call in Self.inside { #expect(try await world.results([call]) == [Host.success], "\(call)") }
    for call in Self.outside { #expect(try await world.results([call]) == [Host.access], "\(call)") }
    for call in Self.across {
      let results = try await world.results([call])
      #expect([[Host.access], [Host.crossDevice]].contains(results), "\(call): \(results)")
    }
    #expect(world.scratch.contents("outside/sub/file") == "contents")
    #expect(world.scratch.contents("readonly/sub/file") == "contents")
  }

  @Test(.enabled(if: Landlock.abi >= 3, "the kernel's Landlock is too old"))
  func withoutTheWallNothingStopsIt() async throws {
    let world = try await World(.off)
    #expect(try await world.results(["read outside/sub/file", "truncate outside/sub/file"]) == ["0", "0"])
    #expect(world.scratch.contents("outside/sub/file") == "")
  }

  @Test(.enabled(if: Landlock.abi >= 3, "the kernel's Landlock is too old"))
  func directoriesOfTheCommandLineAreLetThrough() async throws {
    let world = try await World(.require, takesGrants: true)
    let file = world.path("outside/sub/file")
    #expect(try await world("read", file).output == "\(Host.access)\n")
    #expect(try await world("--dir", world.path("outside"), "--", "read", file).output == "0\n")
    #expect(try await world("--sandbox=off", "--", "read", file).output == "0\n")
  }

  /// Whoever starts the program can close its streams, whose numbers the next descriptors get.
  @Test(
    .enabled(if: Landlock.abi >= 3, "the kernel's Landlock is too old"),
    arguments: ["<&-", "2>&-", "<&- 2>&-"], [SandboxMode.auto, .require])
  func closedStreamsDoNotTakeTheWallAway(closed: String, mode: SandboxMode) async throws {
    var world = try await World(mode)
    world.launcher = ["/bin/sh", "-c", "exec \"$0\" \"$@\" \(closed)"]
    #expect(
      try await world.results(["read inside/sub/file", "read readonly/sub/file", "read outside/sub/file"])
        == [Host.success, Host.success, Host.access])
  }

  /// Rights that a version does not know are not asked for; what it knows, it watches over.
  @Test(.enabled(if: Landlock.abi >= 6, "the kernel's Landlock is too old"), arguments: 0...7)
  func everyVersionOfLandlockIsUsedAsFarAsItGoes(abi: Int) async throws {
    var world = try await World(.auto)
    try await world.launch(by: "old_landlock", ["\(abi)"])
    // The first version could not move files between directories: that program runs without.
    let isUsed = abi >= 2
    #expect(
      try await world.results([
        "read inside/sub/file", "rename inside/sub/file inside/moved", "read outside/sub/file",
        "truncate outside/sub/file",
      ]) == [
        Host.success, Host.success, isUsed ? Host.access : Host.success,
        isUsed ? Host.access : Host.success,
      ])
    // O_RDONLY | O_TRUNC of a readable file is a right of its own since the third version only.
    #expect(
      try await world.results(["truncate readonly/sub/file"]) == [abi >= 3 ? Host.access : Host.success])

    var strict = try await World(.require)
    try await strict.launch(by: "old_landlock", ["\(abi)"])
    let result = try await strict("read", strict.path("outside/sub/file"))
    if isUsed {
      #expect(result == RunResult(status: 0, output: "\(Host.access)\n", errors: ""))
    } else {
      #expect(result.status == 1)
      #expect(result.errors.hasPrefix("wasmaot: the sandbox that this program requires is not to be had: "))
      #expect(result.errors.contains(abi == 0 ? "no Landlock" : "too old for programs that move files"))
    }
  }

  @Test(.enabled(if: Landlock.abi >= 6, "the kernel's Landlock is too old"))
  func theFirstLandlockDoesForProgramsThatMoveNothing() async throws {
    var world = try await World(.require, hostFunctions: ["path_open", "path_unlink_file"])
    try await world.launch(by: "old_landlock", ["1"])
    #expect(
      try await world.results(["read inside/sub/file", "read outside/sub/file", "unlink outside/sub/file"])
        == [Host.success, Host.access, Host.access])
  }

  // MARK: seccomp

  @Test func theFilterIsThereWhenTheGuestRuns() async throws {
    #expect(
      try await World(.auto).status("^(NoNewPrivs|Seccomp):") == ["NoNewPrivs: 1", "Seccomp: 2"])
    #expect(
      try await World(.off).status("^(NoNewPrivs|Seccomp):") == ["NoNewPrivs: 0", "Seccomp: 0"])
  }

  @Test func aForbiddenCallIsTheEnd() async throws {
    let world = try await World(.auto)
    #expect(try await world("execute", "/bin/true") == RunResult(status: 128 + 31, output: "", errors: ""))
    #expect(try await World(.off)("execute", "/bin/true").status == 0)
  }

  /// Calls that take paths are in the filter of those who import a function for them.
  @Test func whoOpensNothingCannotOpen() async throws {
    let world = try await World(.require, hostFunctions: ["fd_write"])
    #expect(try await world("read", world.path("inside/file")).status == 128 + 31)
    let ungranted = try await World(.require) { $0.directories = [] }
    #expect(try await ungranted("read", ungranted.path("inside/file")).status == 128 + 31)
  }

  // MARK: Kernels that lack something

  private static let seccomp = "317"
  private static let landlock = "444"

  @Test func withoutSeccompTheProgramRunsOrRefuses() async throws {
    var world = try await World(.auto, hostFunctions: ["fd_write"])
    try await world.launch(by: "refuse_calls", ["38", Self.seccomp])
    // Landlock is put up in its place, though nothing here opens paths by itself.
    let result = try await world("read", world.path("outside/sub/file"))
    #expect(result == RunResult(status: 0, output: Landlock.abi >= 2 ? "13\n" : "0\n", errors: ""))

    world = try await World(.require, hostFunctions: ["fd_write"])
    try await world.launch(by: "refuse_calls", ["38", Self.seccomp])
    let refusal = try await world("read", world.path("inside/file"))
    #expect(refusal.status == 1)
    #expect(refusal.output == "")
    #expect(
      refusal.errors == """
        wasmaot: the sandbox that this program requires is not to be had: the kernel has no seccomp filters, or \
        refuses this one (errno 38); build it with --sandbox=auto to run with what the system has

        """)
  }

  @Test func aKernelWithNothingRunsTheProgram() async throws {
    var world = try await World(.auto)
    // ENOSYS, and EPERM of a container that does not know the calls.
    for error in ["38", "1"] {
      try await world.launch(by: "refuse_calls", [error, "\(Self.seccomp),\(Self.landlock),157"])
      #expect(try await world.results(["read inside/sub/file"]) == ["0"])
    }
  }

  @Test func modesOfTheCommandLineAreChecked() async throws {
    let world = try await World(.auto, takesGrants: true)
    let result = try await world("--sandbox", "on", "read", "x")
    #expect(result.status == 2)
    #expect(result.errors.hasPrefix("wasmaot: there is no such mode of the sandbox: on; usage: "))
    #expect(try await world("--sandbox=require", "list", world.path("inside")).output == "0\n")
  }

  /// A program built without the wall has no part of the runtime that puts it up.
  @Test func offIsNotLinkedIn() async throws {
    let size = { (world: World) in try readFile(world.app).count }
    #expect(try size(await World(.off)) <= size(await World(.auto)))
    var config = RuntimeConfig(programName: "guest")
    config.sandbox = SandboxPlan(mode: .off, hostFunctions: [], features: [], canHaveDirectories: false)
    #expect(config.requiredSymbols == [])
    config.takesRuntimeGrants = true
    #expect(config.requiredSymbols.contains("wasmaot_sandbox_start"))
  }
}

/// Landlock of this machine's kernel.
enum Landlock {
  /// 0: there is none.
  static let abi: Int = {
    guard let compiler = Guest.compiler else { return 0 }
    let program = FileManager.default.temporaryDirectory.appendingPathComponent(
      "wasmaot-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: program) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: compiler.string)
    process.arguments = ["-x", "c", "-", "-o", program.path]
    let source = Pipe()
    process.standardInput = source
    guard (try? process.run()) != nil else { return 0 }
    source.fileHandleForWriting.write(
      Data(
        """
        #include <sys/syscall.h>
        #include <unistd.h>
        int main(void) { long abi = syscall(444, 0, 0, 1); return abi < 0 ? 0 : (int)abi; }
        """.utf8))
    try? source.fileHandleForWriting.close()
    process.waitUntilExit()
    let question = Process()
    question.executableURL = program
    guard process.terminationStatus == 0, (try? question.run()) != nil else { return 0 }
    question.waitUntilExit()
    return Int(question.terminationStatus)
  }()
}
