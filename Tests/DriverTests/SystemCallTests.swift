import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Driver

/// The system calls of hello world, one after the other: each costs every program its time at start, and is one more
/// thing that can fail. Tests/filetests/calls/hello-MODE.txt has them; WASMAOT_BLESS=1 writes it.
///
/// The guest is a module of its own, not what some version of wasi-libc makes of printf.
@Suite(
  .enabled(
    if: CommandLineTool.path != nil && TestSupport.tool("wasm-tools") != nil, "no tools"))
struct SystemCallTests {
  private static let folder = TestSupport.packageRoot.appending("Tests/filetests/calls")

  /// Builds hello world, and lets `body` have it with the name of a file for a trace.
  private func withHelloWorld(sandbox: String, _ body: (FilePath, FilePath) async throws -> Void) async throws
  {
    try await TemporaryFolder.with { temporary in
      let (module, app) = (temporary.appending("hello.wasm"), temporary.appending("hello"))
      let parsed = try await TestSupport.run(
        #require(TestSupport.tool("wasm-tools")),
        ["parse", Self.folder.appending("hello.wat").string, "-o", module.string])
      try #require(parsed.status == 0, "\(parsed.errorText)")
      let build = try await CommandLineTool.run(
        ["build", module.string, "-o", app.string, "--no-cache", "--sandbox=\(sandbox)"])
      try #require(build.status == 0, "\(build.errorText)")
      try await body(app, temporary.appending("trace"))
    }
  }

  @Test(.enabled(if: Strace.works, "no strace, or no ptrace here"), arguments: ["auto", "off"])
  func helloWorld(mode: String) async throws {
    try await withHelloWorld(sandbox: mode) { app, trace in
      let result = try await TestSupport.run(
        #require(TestSupport.tool("strace")), ["-f", "-o", trace.string, app.string])
      #expect(result.status == 0, "\(result.errorText)")
      #expect(result.text == "hello, world\n")

      let calls = Strace.normalized(String(decoding: try TestSupport.read(trace), as: UTF8.self))
      let expected = Self.folder.appending("hello-\(mode).txt")
      if TestSupport.blesses { try TestSupport.write(Array(calls.utf8), to: expected) }
      #expect(calls == String(decoding: try TestSupport.read(expected), as: UTF8.self))
    }
  }

  /// A hard limit that is lower than the stack is left as it was, even by the privileged, whom the kernel lets raise it:
  /// strace answers as it does then, with limits of 1 and 2 MiB until now.
  @Test(.enabled(if: Strace.works, "no strace, or no ptrace here"))
  func hardLimitOfTheStackIsNotRaised() async throws {
    let limits = "00001000000000000000200000000000"
    try await withHelloWorld(sandbox: "off") { app, trace in
      let result = try await TestSupport.run(
        #require(TestSupport.tool("strace")),
        ["-o", trace.string, "-e", "inject=prlimit64:retval=0:poke_exit=@arg4=\(limits)", app.string])
      #expect(result.status == 0, "\(result.errorText)")
      #expect(result.text == "hello, world\n")
      let calls = String(decoding: try TestSupport.read(trace), as: UTF8.self)
      #expect(calls.contains("RLIMIT_STACK, {rlim_cur=1024*1024, rlim_max=2048*1024}, "), "\(calls)")
      #expect(calls.contains("MAP_STACK"), "\(calls)")
    }
  }
}

/// Lists the system calls of programs.
private enum Strace {
  /// It is installed, and this process may trace (containers forbid it by default).
  static let works: Bool = {
    guard let strace = TestSupport.tool("strace") else { return false }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: strace.string)
    process.arguments = ["-f", "-o", "/dev/null", "/bin/true"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  /// A line for each call: its name, and those arguments that are constants of the source. Addresses, sizes, numbers
  /// of processes and results are others on other machines, C libraries and CPUs.
  /// What the C library does before `main` is its own affair: the runtime's first call is about SIGPIPE.
  static func normalized(_ trace: String) -> String {
    let calls = trace.split(separator: "\n").compactMap { line -> String? in
      // `PID name(arguments) = result`; other lines tell of the end, or of signals.
      guard let match = line.firstMatch(of: /^[0-9]+ +([a-z0-9_]+)\((.*)/) else { return nil }
      let constants = match.2.matches(of: /\b(?:PROT_|MAP_|RLIMIT_|SIG|PR_|SECCOMP_|F_|SEEK_|TC)[A-Z_|]+\b/)
        .map { String($0.0) }
      // What a signal did before comes after its name.
      let words = match.1 == "rt_sigaction" ? Array(constants.prefix(1)) : constants
      return ([String(match.1)] + words).joined(separator: " ")
    }
    let first = calls.firstIndex { $0.contains("SIGPIPE") } ?? 0
    return calls[first...].map { $0 + "\n" }.joined()
  }
}
