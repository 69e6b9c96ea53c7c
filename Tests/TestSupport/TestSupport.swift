import FoundationEssentials
import Subprocess
import Support
public import SystemPackage

/// What every test target shares.
public enum TestSupport {
  public static let environment = ProcessInfo.processInfo.environment

  /// The folder with Package.swift.
  public static let packageRoot: FilePath = {
    // …/Tests/TestSupport/TestSupport.swift
    FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
  }()

  /// Rewrite expected texts instead of comparing with them.
  public static let blesses = environment["WASMAOT_BLESS"].map { !$0.isEmpty } ?? false

  /// The test suites: WASMAOT_TESTDATA, else ../shared/testdata beside the package, else
  /// third_party/testdata, where scripts/ puts what it fetches. Nil where there are none.
  public static let testData: FilePath? = {
    if let path = environment["WASMAOT_TESTDATA"], !path.isEmpty { return FilePath(path) }
    let candidates = [
      packageRoot.removingLastComponent().appending("shared/testdata"),
      packageRoot.appending("third_party/testdata"),
    ]
    return candidates.first { FileManager.default.fileExists(atPath: $0.string) }
  }()

  /// A program of the PATH, or nil.
  public static func tool(_ name: String) -> FilePath? {
    (environment["PATH"] ?? "").split(separator: ":").lazy
      .map { FilePath(String($0)).appending(name) }
      .first { FileManager.default.isExecutableFile(atPath: $0.string) }
  }

  /// A program that the same build made, or nil.
  public static func product(_ name: String) -> FilePath? {
    guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
      return nil
    }
    let path = FilePath(own).removingLastComponent().appending(name)
    return FileManager.default.isExecutableFile(atPath: path.string) ? path : nil
  }

  public static func makeFolder(_ path: FilePath) throws {
    try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
  }

  /// The names in a folder, sorted; empty if it can't be read.
  public static func contents(of folder: FilePath) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []).sorted()
  }

  public static func read(_ path: FilePath) throws -> [UInt8] {
    let file = try FileDescriptor.open(path, .readOnly)
    return try file.closeAfter {
      var bytes: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
        if count == 0 { return bytes }
        bytes += chunk[..<count]
      }
    }
  }

  public static func write(_ bytes: some Sequence<UInt8>, to path: FilePath) throws {
    let file = try FileDescriptor.open(
      path, .writeOnly, options: [.create, .truncate], permissions: FilePermissions(rawValue: 0o644))
    _ = try file.closeAfter { try file.writeAll(bytes) }
  }

  /// Removes a file, if it is there.
  public static func remove(_ path: FilePath) { try? FileManager.default.removeItem(atPath: path.string) }

  /// Text to a binary module, by wasm-tools or wat2wasm; throws where neither is installed.
  public static func module(fromText text: String) async throws -> [UInt8] {
    try await TemporaryFolder.with { folder in
      let (source, output) = (folder.appending("module.wat"), folder.appending("module.wasm"))
      try write(text.utf8, to: source)
      let result: ProgramResult
      if let tool = tool("wasm-tools") {
        result = try await run(tool, ["parse", source.string, "-o", output.string])
      } else if let tool = tool("wat2wasm") {
        result = try await run(tool, ["--enable-all", source.string, "-o", output.string])
      } else {
        throw MissingTool(name: "wasm-tools")
      }
      guard result.status == 0 else { throw TextError(message: result.errorText) }
      return try read(output)
    }
  }
}

public struct MissingTool: Error, CustomStringConvertible {
  public var name: String
  public var description: String { "\(name) is not on the PATH" }
}

public struct TextError: Error, CustomStringConvertible {
  public var message: String
  public var description: String { message }
}

/// A folder that is removed, with all that is in it, when the test is done.
public enum TemporaryFolder {
  public static func with<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: (FilePath) async throws -> Result
  ) async throws -> Result {
    let path = FilePath(FileManager.default.temporaryDirectory.path)
      .appending("wasmaot-test-\(UInt64.random(in: 0...UInt64.max))")
    try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path.string) }
    return try await body(path)
  }
}

// MARK: - Programs

/// What a program did.
public struct ProgramResult: Sendable {
  /// Exit status; 128 + signal where a signal ended it, as a shell says it.
  public var status: Int32
  public var output: [UInt8]
  public var errorOutput: [UInt8]
  public var text: String { String(decoding: output, as: UTF8.self) }
  public var errorText: String { String(decoding: errorOutput, as: UTF8.self) }
}

extension TestSupport {
  /// Runs a program to its end. `environment` nil: this process's own.
  ///
  /// A program that this process has just written can't be executed as long as somebody has it open to be written:
  /// what another test starts meanwhile has, from its fork to its exec. Then it is tried again.
  public static func run(
    _ program: FilePath, _ arguments: [String] = [], input: [UInt8] = [],
    environment: [String: String]? = nil,
    workingDirectory: FilePath? = nil
  ) async throws -> ProgramResult {
    for _ in 0..<100 {
      do {
        let result = try await runOnce(program, arguments, input, environment, workingDirectory)
        // (This is what a shell or `timeout` says that was to execute it.)
        if result.status != 126 || !result.errorText.hasSuffix("Text file busy\n") { return result }
      } catch let error as SubprocessError where error.underlyingError == Errno.textFileBusy {}
      try await Task.sleep(for: .milliseconds(50))
    }
    return try await runOnce(program, arguments, input, environment, workingDirectory)
  }

  private static func runOnce(
    _ program: FilePath, _ arguments: [String], _ input: [UInt8], _ environment: [String: String]?,
    _ workingDirectory: FilePath?
  ) async throws -> ProgramResult {
    let result = try await Subprocess.run(
      .path(program), arguments: Arguments(arguments),
      environment: environment.map { variables in
        .custom(
          Dictionary(uniqueKeysWithValues: variables.map { (Environment.Key(rawValue: $0.key)!, $0.value) }))
      } ?? .inherit,
      workingDirectory: workingDirectory, input: .array(input), output: .bytes(limit: 1 << 26),
      error: .bytes(limit: 1 << 22))
    let status: Int32 =
      switch result.terminationStatus {
      case .exited(let code): Int32(code)
      case .signaled(let signal): 128 + Int32(signal)
      }
    return ProgramResult(status: status, output: result.standardOutput, errorOutput: result.standardError)
  }
}
