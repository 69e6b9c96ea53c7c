import Foundation
import SystemPackage
import TestSupport

@testable import Linker

/// A folder of one test, removed when the test lets go of it.
final class Scratch: Sendable {
  let path: FilePath

  init() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("wasmaot-linker-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    path = FilePath(folder.path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path.string) }

  func folder(_ name: String) throws -> FilePath {
    let folder = path.appending(name)
    try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
    return folder
  }

  func contents(_ name: String) -> String? {
    (try? readFile(path.appending(name))).map { String(decoding: $0, as: UTF8.self) }
  }

  func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path.appending(name).string))
  }

  func symlink(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: path.appending(name).string, withDestinationPath: target)
  }
}

struct RunResult: Equatable {
  /// Exit status, or 128 + the signal.
  var status: Int
  var output: String
  var errors: String
}

/// Writing to a guest that ended before it read its input must not end the tests.
private let ignoresBrokenPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

func execute(
  _ program: FilePath, _ arguments: [String] = [], input: String = "",
  environment: [String: String] = ["PATH": "/usr/bin:/bin"]
) async throws -> RunResult {
  _ = ignoresBrokenPipes
  let result = try await TestSupport.run(
    program, arguments, input: Array(input.utf8), environment: environment)
  return RunResult(status: Int(result.status), output: result.text, errors: result.errorText)
}

/// Compiles C that plays generated code, and links it as the driver links what LLVM made.
enum Guest {
  static let runtime = Result { () throws(LinkError) -> RuntimeDirectory in
    try RuntimeDirectory.find(
      target: "x86_64-linux", environment: TestSupport.environment,
      executable: TestSupport.packageRoot.appending(".build/debug/wasmaot"))
  }

  static let compiler: FilePath? = ["clang-19", "clang", "gcc", "cc"].lazy.compactMap(TestSupport.tool).first

  struct CompileFailure: Error {
    var message: String
  }

  static func compile(
    _ source: FilePath, flags: [String] = [], into scratch: Scratch, name: String
  ) async throws -> LinkObject {
    guard let compiler else { throw CompileFailure(message: "no C compiler on the PATH") }
    let object = scratch.path.appending(name)
    let result = try await execute(
      compiler,
      [
        "-std=gnu11", "-O1", "-fPIE", "-ffreestanding", "-fno-stack-protector", "-fvisibility=hidden",
        "-fomit-frame-pointer", "-fasynchronous-unwind-tables", "-Wno-infinite-recursion",
      ] + flags + ["-c", source.string, "-o", object.string],
      environment: TestSupport.environment)
    guard result.status == 0 else { throw CompileFailure(message: result.errors) }
    return LinkObject(name: name, bytes: try readFile(object))
  }

  /// Objects of the guests in runtime-c/test, by file and flags: compiled once.
  private actor Cache {
    private var tasks: [String: Task<LinkObject, any Error>] = [:]

    func object(_ program: String, flags: [String]) async throws -> LinkObject {
      let key = "\(program) \(flags)"
      let task =
        tasks[key]
        ?? Task {
          let scratch = try Scratch()
          return try await Guest.compile(
            TestSupport.packageRoot.appending("runtime-c/test/\(program).c"), flags: flags,
            into: scratch, name: "\(program).o")
        }
      tasks[key] = task
      return try await task.value
    }
  }
  private static let cache = Cache()

  static func object(_ program: String, flags: [String] = []) async throws -> LinkObject {
    try await cache.object(program, flags: flags)
  }

  /// The generated symbol `wasmaot_note`.
  static func object(of config: RuntimeConfig, in scratch: Scratch) async throws -> LinkObject {
    try config.validate()
    let bytes = config.note().map(String.init).joined(separator: ",")
    try scratch.write(
      "config.c",
      """
      __attribute__((visibility("hidden"), section("\(RuntimeConfig.noteSection)"), aligned(4)))
      const unsigned char \(RuntimeConfig.noteSymbol)[] = {\(bytes)};

      """)
    return try await compile(scratch.path.appending("config.c"), into: scratch, name: "config.o")
  }

  static func plan(
    _ program: String, _ config: RuntimeConfig = RuntimeConfig(programName: "guest"),
    flags: [String] = [], in scratch: Scratch
  ) async throws -> LinkPlan {
    LinkPlan(
      objects: [
        try await object(program, flags: flags), try await object(of: config, in: scratch),
      ],
      output: scratch.path.appending("app"), runtime: try runtime.get(),
      linker: try LinkerTool.find(environment: TestSupport.environment),
      requiredSymbols: config.requiredSymbols)
  }

  /// Builds an app, and returns where it is.
  static func build(
    _ program: String, _ config: RuntimeConfig = RuntimeConfig(programName: "guest"),
    flags: [String] = [], in scratch: Scratch
  ) async throws -> FilePath {
    let plan = try await plan(program, config, flags: flags, in: scratch)
    try await plan.run()
    return plan.output
  }
}
