import Support
import SystemPackage
import TestSupport
import Testing

/// Programs from text to their output, through the command line: Tests/filetests/driver/*.wat.
///
/// Directives, a line each, at the top of a file:
///
///     ;;! build ARGS…      more arguments for `wasmaot build`
///     ;;! fails STATUS     the build fails, with this status
///     ;;! run ARGS…        arguments of the program
///     ;;! env NAME=VALUE   a variable of the program's environment
///     ;;! input TEXT       a line of standard input
///     ;;! exit STATUS      of the program; 0 if it is not given
///     ;;! stdout TEXT      a line of the program's output; all lines must be given
///     ;;! stderr TEXT      words that standard error has, of the program or of the failing build
///
/// `{dir}` in arguments is an empty folder with the file `hello.txt` (`hello`).
@Suite(.enabled(if: CommandLineTool.path != nil && TestSupport.tool("wasm-tools") != nil, "no tools"))
struct EndToEndTests {
  static let folder = TestSupport.packageRoot.appending("Tests/filetests/driver")
  static let files = TestSupport.contents(of: folder).filter { $0.hasSuffix(".wat") }

  /// With explicit checks a program needs no more address space than it uses.
  @Test(arguments: files, ["-O0", "-O3", "-O2 --bounds-checks=explicit"])
  func program(file: String, mode: String) async throws {
    try await check(file, mode.split(separator: " ").map(String.init))
  }

  /// What counts its branches behaves as others do, and so does what is made of the counts.
  @Test(arguments: files)
  func profiledProgram(file: String) async throws {
    try await TemporaryFolder.with { folder in
      let profile = folder.appending("app.profile").string
      try await check(file, ["--profile-generate=\(profile)"])
      // Some are not built, or do not come to their start.
      if TestSupport.contents(of: folder).isEmpty {
        let text = String(decoding: try TestSupport.read(Self.folder.appending(file)), as: UTF8.self)
        let directives = Directives(text)
        // (On a busy machine the time may be up before the profile is made.)
        let isTimed = directives.words("build").contains { $0.hasPrefix("--timeout") }
        #expect(
          directives["fails"] != [] || [["1"], ["2"]].contains(directives["exit"])
            || directives["exit"] == ["134"] && isTimed)
        return
      }
      try await check(file, ["--profile-use=\(profile)"])
    }
  }

  /// Builds with these options, and runs.
  private func check(_ file: String, _ options: [String]) async throws {
    let text = String(decoding: try TestSupport.read(Self.folder.appending(file)), as: UTF8.self)
    let directives = Directives(text)
    let module = try await TestSupport.module(fromText: text)
    try await TemporaryFolder.with { temporary in
      let granted = temporary.appending("granted")
      try TestSupport.makeFolder(granted)
      try TestSupport.write("hello\n".utf8, to: granted.appending("hello.txt"))
      func words(_ key: String) -> [String] {
        directives.words(key).map { $0.replacing("{dir}", with: granted.string) }
      }
      let input = temporary.appending("module.wasm")
      let app = temporary.appending("app")
      try TestSupport.write(module, to: input)

      let build = try await CommandLineTool.run(
        ["build", input.string, "-o", app.string, "--no-cache"] + options + words("build"))
      if let status = directives.number("fails") {
        #expect(build.status == status)
        for line in directives["stderr"] { #expect(build.errorText.contains(line), "\(build.errorText)") }
        #expect(
          TestSupport.contents(of: temporary) == ["granted", "module.wasm"], "something is left behind")
        return
      }
      try #require(build.status == 0, "\(build.errorText)")
      var environment: [String: String] = [:]
      for pair in directives["env"] {
        let parts = pair.split(separator: "=", maxSplits: 1)
        environment[String(parts[0])] = String(parts[1])
      }
      let limit =
        options.contains { $0.contains("explicit") }
        ? ["-c", "ulimit -v 65536 && exec \"$0\" \"$@\"", app.string] : []
      let result = try await TestSupport.run(
        limit.isEmpty ? app : "/bin/sh", limit + words("run"),
        input: Array(directives["input"].map { $0 + "\n" }.joined().utf8),
        environment: environment, workingDirectory: temporary)
      #expect(result.status == directives.number("exit") ?? 0, "\(result.errorText)")
      #expect(result.text == directives["stdout"].map { $0 + "\n" }.joined())
      for line in directives["stderr"] { #expect(result.errorText.contains(line), "\(result.errorText)") }
      if directives["stderr"].isEmpty { #expect(result.errorText == "") }
    }
  }

  @Test func directivesAreKnown() throws {
    #expect(!Self.files.isEmpty)
    for file in Self.files {
      let text = String(decoding: try TestSupport.read(Self.folder.appending(file)), as: UTF8.self)
      for directive in Directives(text).all { #expect(Directives.keys.contains(directive.key), "\(file)") }
    }
  }
}

/// The program that this build made.
enum CommandLineTool {
  static let path: FilePath? = TestSupport.product("wasmaot")

  static func run(
    _ arguments: [String], environment: [String: String] = [:], workingDirectory: FilePath? = nil
  ) async throws -> ProgramResult {
    let variables = TestSupport.environment.merging(environment) { $1 }
    return try await TestSupport.run(
      try #require(path), arguments, environment: variables, workingDirectory: workingDirectory)
  }
}

struct Directives {
  static let keys = ["build", "fails", "run", "env", "input", "exit", "stdout", "stderr"]
  private(set) var all: [(key: String, value: String)] = []

  init(_ text: String) {
    for line in text.split(separator: "\n") where line.hasPrefix(";;! ") {
      let parts = line.dropFirst(4).split(separator: " ", maxSplits: 1)
      all.append((String(parts[0]), parts.count == 2 ? String(parts[1]) : ""))
    }
  }

  subscript(key: String) -> [String] { all.filter { $0.key == key }.map(\.value) }
  func words(_ key: String) -> [String] { self[key].flatMap { $0.split(separator: " ").map(String.init) } }
  func number(_ key: String) -> Int32? { self[key].first.flatMap { Int32($0) } }
}
