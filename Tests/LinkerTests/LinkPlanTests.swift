import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Linker

@Suite struct LinkPlanTests {
  @Test func theAppIsStaticAndHardened() async throws {
    let scratch = try Scratch()
    let app = try await Guest.build("wasi", in: scratch)
    let bytes = try readFile(app)
    let header = try ELF(bytes)
    #expect(header.type == 3)  // ET_DYN: position-independent
    #expect(!header.segments.contains { $0.type == 3 })  // PT_INTERP: no dynamic linker
    #expect(header.segments.contains { $0.type == 0x6474_e552 })  // PT_GNU_RELRO
    let stack = try #require(header.segments.first { $0.type == 0x6474_e551 })
    #expect(stack.flags & 1 == 0)  // not executable
    // Nothing is writable and executable.
    #expect(!header.segments.contains { $0.type == 1 && $0.flags & 3 == 3 })
  }

  /// What shares a page of the file with code could be executed.
  @Test func codeHasPagesOfItsOwn() async throws {
    let scratch = try Scratch()
    let header = try ELF(try readFile(try await Guest.build("wasi", in: scratch)))
    let loaded = header.segments.filter { $0.type == 1 && $0.fileSize > 0 }
    let code = loaded.filter { $0.flags & 1 != 0 }
    try #require(code.count == 1 && loaded.count > 1)
    let pages = { (segment: ELF.Segment) in
      segment.offset / 4096...(segment.offset + segment.fileSize - 1) / 4096
    }
    for other in loaded where other.flags & 1 == 0 { #expect(!pages(other).overlaps(pages(code[0]))) }
  }

  @Test func linkingTwiceGivesTheSameBytes() async throws {
    let (a, b) = (try Scratch(), try Scratch())
    let first = try readFile(try await Guest.build("traps", in: a))
    let second = try readFile(try await Guest.build("traps", in: b))
    #expect(first == second)
  }

  @Test func onlyWhatIsImportedIsLinked() async throws {
    let scratch = try Scratch()
    try scratch.write("empty.c", Self.emptyModule)
    let empty = try await Guest.compile(
      scratch.path.appending("empty.c"),
      flags: ["-I", TestSupport.packageRoot.appending("runtime-c/abi").string], into: scratch,
      name: "empty.o")
    var plan = try await Guest.plan("wasi", in: scratch)
    plan.objects[0] = empty
    try await plan.run()
    #expect(try await execute(plan.output) == RunResult(status: 0, output: "", errors: ""))
    // An instrumented runtime is larger.
    if TestSupport.environment["WASMAOT_RUNTIME"] == nil {
      #expect(try readFile(plan.output).count < 20 << 10)
    }
  }

  private static let emptyModule = """
    #include "wasmaot_abi.h"
    __attribute__((section("wasmaot_text"))) static void entry(void) {}
    __attribute__((visibility("hidden"))) const struct wasmaot_module wasmaot_module = {
        .abi_version = WASMAOT_ABI_VERSION, .entry = entry};
    """

  @Test func aFailedLinkLeavesTheOutputUntouchedAndCleansUp() async throws {
    let scratch = try Scratch()
    try scratch.write("broken.c", "int missing(void); int use(void) { return missing(); }\n")
    let broken = try await Guest.compile(
      scratch.path.appending("broken.c"), flags: ["-O0"], into: scratch, name: "broken.o")
    let folder = try scratch.folder("out")
    try scratch.write("out/app", "before")
    var plan = try await Guest.plan("traps", in: scratch)
    plan.objects.append(broken)
    plan.requiredSymbols.append("use")
    plan.output = folder.appending("app")
    let error = await #expect(throws: LinkError.self) { try await plan.run() }
    guard case .linkerFailed(let path, _, let output) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(path == plan.linker.path)
    #expect(output.contains("missing"))
    #expect(scratch.contents("out/app") == "before")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.string) == ["app"])
  }

  @Test func anObjectThatIsNoneIsALinkError() async throws {
    let scratch = try Scratch()
    var plan = try await Guest.plan("traps", in: scratch)
    plan.objects.append(LinkObject(name: "noise.o", bytes: Array("noise".utf8)))
    await #expect(throws: LinkError.self) { try await plan.run() }
    #expect(!FileManager.default.fileExists(atPath: plan.output.string))
  }

  @Test func anOutputFolderThatIsMissingIsNamed() async throws {
    let scratch = try Scratch()
    var plan = try await Guest.plan("traps", in: scratch)
    plan.output = scratch.path.appending("missing/app")
    await #expect(throws: LinkError.cannotWrite(plan.output, reason: "No such file or directory")) {
      try await plan.run()
    }
  }

  @Test func anExistingOutputIsReplaced() async throws {
    let scratch = try Scratch()
    try scratch.write("app", "before")
    let app = try await Guest.build("wasi", in: scratch)
    #expect(try await execute(app, ["exit", "3"]).status == 3)
  }

  /// Every linker of this machine makes an app that works.
  @Test(arguments: ["ld.lld", "ld.lld-19", "ld", "cc", "gcc", "clang-19"]) func otherLinkersWork(name: String)
    async throws
  {
    guard let path = TestSupport.tool(name) else { return }
    let scratch = try Scratch()
    var config = RuntimeConfig(programName: "guest")
    config.invoke = "store"
    var plan = try await Guest.plan("traps", config, in: scratch)
    plan.linker = try LinkerTool.find(environment: ["WASMAOT_LINKER": path.string])
    try await plan.run()
    let result = try await execute(plan.output, ["65536"])
    #expect(result.status == 134)
    #expect(result.errors.contains("   0: inner\n"))
  }

  /// The parts of an ELF header that the tests look at.
  private struct ELF {
    struct Segment { var type: UInt32, flags: UInt32, offset: UInt64, fileSize: UInt64 }
    var type: UInt16
    var segments: [Segment]

    init(_ bytes: [UInt8]) throws {
      try #require(bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]))
      func load<T: FixedWidthInteger>(_ offset: Int, _: T.Type) -> T {
        bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
      }
      type = load(16, UInt16.self)
      let start = Int(load(32, UInt64.self))
      segments = (0..<Int(load(56, UInt16.self))).map { i in
        let at = start + i * 56
        return Segment(
          type: load(at, UInt32.self), flags: load(at + 4, UInt32.self), offset: load(at + 8, UInt64.self),
          fileSize: load(at + 32, UInt64.self))
      }
    }
  }
}

@Suite struct LookupTests {
  @Test func aMissingRuntimeSaysHowToMakeIt() throws {
    let scratch = try Scratch()
    let executable = try scratch.folder("bin").appending("wasmaot")
    let error = #expect(throws: LinkError.self) {
      try RuntimeDirectory.find(target: "x86_64-linux", environment: [:], executable: executable)
    }
    let message = try #require(error?.description)
    #expect(message.contains("make runtime"))
    #expect(message.contains(scratch.path.appending("lib/wasmaot/runtime").string))
  }

  @Test func theRuntimeIsFoundBesideAnInstalledProgram() throws {
    let scratch = try Scratch()
    _ = try scratch.folder("lib/wasmaot/runtime/x86_64-linux-gnu")
    try scratch.write("lib/wasmaot/runtime/x86_64-linux-gnu/link.txt", "start a.o\nlibraries b.a\nend\n")
    try scratch.write("lib/wasmaot/runtime/x86_64-linux-gnu/a.o", "")
    try scratch.write("lib/wasmaot/runtime/x86_64-linux-gnu/b.a", "")
    func find(_ environment: [String: String] = [:]) throws(LinkError) -> RuntimeDirectory {
      try RuntimeDirectory.find(
        target: "x86_64-linux", environment: environment, executable: scratch.path.appending("bin/wasmaot"))
    }
    let found = try find()
    #expect(found.path == scratch.path.appending("lib/wasmaot/runtime/x86_64-linux-gnu"))
    #expect(found.start == [found.path.appending("a.o")])
    #expect(found.end == [])
    // The override wins, and is never silently passed over.
    let override = scratch.path.appending("elsewhere")
    #expect(throws: LinkError.runtimeOverrideUnusable(override, target: "x86_64-linux")) {
      try find(["WASMAOT_RUNTIME": override.string])
    }
    #expect(try find(["WASMAOT_RUNTIME": found.path.string]) == found)
    // musl's is preferred, and a damaged one is not passed over either.
    _ = try scratch.folder("lib/wasmaot/runtime/x86_64-linux-musl")
    try scratch.write("lib/wasmaot/runtime/x86_64-linux-musl/link.txt", "libraries missing.a\n")
    let error = #expect(throws: LinkError.self) { try find() }
    #expect(error?.description.contains("'missing.a' is missing") == true)
  }

  @Test func aMissingLinkerSaysWhatToInstall() throws {
    // The versioned folders of LLVM may exist on the machine; then one is found without a PATH.
    do {
      let linker = try LinkerTool.find(environment: ["PATH": "/nonexistent"])
      #expect(linker.path.string.hasPrefix("/usr/lib/llvm-"))
    } catch {
      #expect(error.description.contains("install lld"))
    }
    #expect(throws: LinkError.linkerOverrideUnusable("/nonexistent/ld")) {
      try LinkerTool.find(environment: ["WASMAOT_LINKER": "/nonexistent/ld"])
    }
    #expect(throws: LinkError.linkerOverrideUnusable("/usr")) {
      try LinkerTool.find(environment: ["WASMAOT_LINKER": "/usr"])
    }
  }

  @Test(arguments: [
    ("/usr/bin/ld.lld-19", LinkerTool.Family.lld), ("/usr/bin/ld", .gnu), ("/usr/bin/ld.bfd", .gnu),
    ("/usr/bin/x86_64-linux-gnu-ld", .gnu), ("/usr/bin/mold", .gnu), ("/usr/bin/clang-19", .compiler),
    ("/usr/bin/cc", .compiler),
  ])
  func theFamilyIsKnownByTheName(path: String, family: LinkerTool.Family) {
    #expect(LinkerTool(path: FilePath(path)).family == family)
  }

  @Test func aLinkerThatCannotStartIsALinkError() async throws {
    let scratch = try Scratch()
    try scratch.write("ld.lld", "no program")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: scratch.path.appending("ld.lld").string)
    var plan = try await Guest.plan("traps", in: scratch)
    plan.linker = try LinkerTool.find(environment: ["PATH": scratch.path.string])
    #expect(plan.linker.path == scratch.path.appending("ld.lld"))
    await #expect(throws: LinkError.self) { try await plan.run() }
  }
}

@Suite struct RuntimeConfigTests {
  @Test func recordsAreWhatTheHeaderSays() throws {
    var config = RuntimeConfig(programName: "p")
    config.directories = [.init(host: "h", guest: "g", isReadOnly: true)]
    config.environment = [.value(name: "A", value: "b"), .inherit(name: "C")]
    config.takesRuntimeGrants = true
    config.stackSize = 0x0102_0304
    config.maxMemory = 0x0A0B
    config.timeout = 0x0C
    config.fuel = 0x0D
    config.countsFuel = true
    config.reportsFuel = true
    config.listeners = ["1.2.3.4:5"]
    config.hasRawTerminal = true
    try config.validate()
    func record(_ kind: UInt8, _ payload: [UInt8]) -> [UInt8] {
      [kind, 0, 0, 0, UInt8(payload.count), 0, 0, 0] + payload
    }
    let expected =
      record(1, [0x70, 0]) + record(2, [1, 0x68, 0, 0x67, 0]) + record(3, [0x41, 0x3d, 0x62, 0])
      + record(4, [0x43, 0]) + record(5, []) + record(7, [4, 3, 2, 1, 0, 0, 0, 0])
      + record(9, [0x0B, 0x0A, 0, 0, 0, 0, 0, 0]) + record(10, [0x0C, 0, 0, 0, 0, 0, 0, 0])
      + record(11, [0x0D, 0, 0, 0, 0, 0, 0, 0, 1])
      + record(12, Array("1.2.3.4:5".utf8) + [0]) + record(15, []) + record(0, [])
    #expect(config.serialized() == expected)
    #expect(
      config.requiredSymbols == [
        "wasmaot_grants_parse", "wasmaot_wasi_start_listeners", "wasmaot_timeout_start",
        "wasmaot_max_memory_start", "wasmaot_fuel_start",
      ])
  }

  @Test func whatTheRuntimeCouldMisreadIsRefused() {
    func refused(_ expected: RuntimeConfigError, _ change: (inout RuntimeConfig) -> Void) {
      var config = RuntimeConfig(programName: "p")
      change(&config)
      #expect(throws: expected) { try config.validate() }
    }
    refused(.containsNUL(field: "the program's name")) { $0.programName = "a\0b" }
    refused(.containsNUL(field: "the host path of a directory grant")) {
      $0.directories = [.init(host: "/srv\0/etc", guest: "g")]
    }
    refused(.empty(field: "the guest path of a directory grant")) {
      $0.directories = [.init(host: "/srv", guest: "")]
    }
    refused(.equalsSignInName("A=B")) { $0.environment = [.inherit(name: "A=B")] }
    refused(.empty(field: "the name of an environment variable")) {
      $0.environment = [.value(name: "", value: "x")]
    }
    refused(.containsNUL(field: "the value of environment variable 'A'")) {
      $0.environment = [.value(name: "A", value: "\0")]
    }
    refused(.stackSize(1)) { $0.stackSize = 1 }
    refused(.scriptAndInvoke) {
      $0.isScript = true
      $0.invoke = "f"
    }
  }
}
