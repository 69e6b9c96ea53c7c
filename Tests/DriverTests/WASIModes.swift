import Foundation
import SystemPackage
import TestSupport
import Testing

/// A way to run a module of WASI. All must behave the same. A new one is a case, its preparation and its
/// command.
enum WASIMode: String, CaseIterable, CustomTestStringConvertible {
  /// A program that `wasmaot build` made.
  case app
  /// The same, which does not start without the kernel's sandbox.
  case required
  /// `wasmaot run`.
  case run
  /// `wasmaot run --interpret`.
  case interpret
  /// A shared library in a host program.
  case embedded

  var testDescription: String { rawValue }
  static let available = allCases.filter { $0 != .embedded || HostTools.isComplete }
}

/// What a program is given, as options of the command line spell it.
struct WASIGrants {
  var directories: [(host: String, guest: String)] = []
  var environment: [String] = []
  var listener: String?
  var hasRawTerminal = false

  var options: [String] {
    var options: [String] = []
    for directory in directories { options += ["--dir", "\(directory.host)::\(directory.guest)"] }
    for variable in environment { options += ["--env", variable] }
    if let listener { options += ["--listen", listener] }
    if hasRawTerminal { options.append("--raw-terminal") }
    return options
  }
}

/// Modules that were made ready to run, each once for a mode.
actor WASIPrograms {
  static let shared = WASIPrograms()
  private let folder = FilePath(FileManager.default.temporaryDirectory.path)
    .appending("wasmaot-wasi-tests-\(ProcessInfo.processInfo.processIdentifier)")
  private var prepared: [String: Task<FilePath, any Error>] = [:]

  private func once(_ key: String, _ make: @escaping @Sendable (FilePath) async throws -> Void)
    async throws -> FilePath
  {
    let output = folder.appending(key.replacing("/", with: "_"))
    let task =
      prepared[key]
      ?? Task {
        try TestSupport.makeFolder(folder)
        try await make(output)
        return output
      }
    prepared[key] = task
    return try await task.value
  }

  /// The command that runs a module with grants and arguments. A program sees itself as `name`.
  func command(_ module: FilePath, _ mode: WASIMode, grants: WASIGrants, arguments: [String])
    async throws -> [String]
  {
    let tool = try #require(CommandLineTool.path).string
    let key = "\(module)-\(mode)"
    switch mode {
    case .app, .required:
      let sandbox = mode == .required ? ["--sandbox=require"] : []
      let app = try await once(key) { output in
        try await Self.require(
          tool, ["build", "-O0", "--runtime-grants", module.string, "-o", output.string] + sandbox)
      }
      return [app.string] + grants.options + ["--"] + arguments
    case .run:
      return [tool, "run", "-O0"] + grants.options + [module.string] + arguments
    case .interpret:
      return [tool, "run", "--interpret"] + grants.options + [module.string] + arguments
    case .embedded:
      let library = try await once(key) { output in
        try await Self.require(
          tool,
          [
            "build", "-O0", "--emit=shared", "--name=module", module.string, "-o", output.string, "--header",
            output.string + ".h",
          ])
      }
      let host = try await once("host") { output in
        let sources = TestSupport.packageRoot.appending("runtime-c")
        try await Self.require(
          HostTools.compiler!.string,
          [
            "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror",
            sources.appending("test/wasi_host.c").string, HostTools.runtime!.string, "-ldl", "-lpthread",
            "-o", output.string,
          ])
      }
      return [host.string, library.string, "module_wasm"] + grants.options + ["--", "module.wasm"] + arguments
    }
  }

  /// A C program of Tests/wasi as a module.
  func guest(_ name: String) async throws -> FilePath {
    try await once("\(name).wasm") { output in
      let source = TestSupport.packageRoot.appending("Tests/wasi/\(name).c").string
      try await Self.require(
        TestSupport.tool("clang-19")!.string,
        ["--target=wasm32-wasi", "-O1", "-Wall", "-Wextra", "-Werror", source, "-o", output.string])
    }
  }

  /// A program of runtime-c/test that runs others.
  func launcher(_ name: String) async throws -> FilePath {
    try await once(name) { output in
      let source = TestSupport.packageRoot.appending("runtime-c/test/\(name).c").string
      try await Self.require(HostTools.compiler!.string, ["-Wall", "-Wextra", source, "-o", output.string])
    }
  }

  private static func require(_ program: String, _ arguments: [String]) async throws {
    let result = try await TestSupport.run(FilePath(program), arguments)
    try #require(result.status == 0, "\(result.errorText)")
  }
}

/// What host programs are made with.
enum HostTools {
  static let compiler = ["clang-19", "clang", "cc"].lazy.compactMap { TestSupport.tool($0) }.first
  static let runtime: FilePath? = {
    let path = TestSupport.packageRoot.appending("runtime-c/build/embedded/libwasmaot.a")
    return (try? TestSupport.read(path)) == nil ? nil : path
  }()
  static let isComplete = compiler != nil && runtime != nil
}
