import Foundation
import Synchronization
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// The guests of Tests/wasi, in every mode.
@Suite(
  .enabled(
    if: CommandLineTool.path != nil && TestSupport.tool("clang-19") != nil && HostTools.compiler != nil,
    "no clang-19"))
struct WASICallTests {
  /// What a test needs of its standard streams: a shell's command, in which `"$@"` is the guest. What the guest
  /// prints to standard error, if not "ok" to standard output.
  private static let surroundings: [String: (command: String, errors: String)] = [
    "poll_hangup": ("printf abc | \"$@\"", ""),
    "streams": (": | \"$@\" | cat", ""),
    "input_is_not_changed": ("echo text > input && \"$@\" <input", ""),
    // A FIFO that the shell holds open stands for a pipe that has another end as long as the guest runs.
    "nonblocking_output": ("mkfifo p && exec 3<>p 4>p && \"$@\" >&4", "full\n"),
    "broken_pipe": ("mkfifo p && exec 3<>p 4>p 3>&- && \"$@\" >&4", "alive\n"),
    // The pipe is the shell's, too: it must not become non-blocking for it. (04000 is O_NONBLOCK.)
    "nonblocking_input": (
      "mkfifo p && exec 3<>p <p && "
        + "{ \"$@\" && ! grep -q '^flags:.*[4-7][0-7][0-7][0-7]$' /proc/self/fdinfo/0 || echo leaks; }",
      ""
    ),
    "trap_without_error_stream": ("\"$@\" <&- 2>&- ; grep -qx text f || echo changed", ""),
    "renumber_preopen_away": ("\"$@\" && echo ok", ""),
  ]

  @Test(arguments: ["calls", "unstable"], WASIMode.available)
  func calls(guest: String, mode: WASIMode) async throws {
    let module = try await WASIPrograms.shared.guest(guest)
    let listed = try await run(module, mode, arguments: [])
    let names = listed.text.split(separator: "\n").map(String.init)
    #expect(names.count >= 3, "\(listed.errorText)")
    var passed = 0
    for name in names {
      let surrounding = Self.surroundings[name] ?? ("\"$@\" </dev/null", "")
      let result = try await run(module, mode, arguments: [name], shell: surrounding.command)
      let expected = surrounding.errors.isEmpty ? "ok\n" : ""
      #expect(result.text == expected && result.errorText == surrounding.errors, "\(name)")
      if result.text == expected && result.errorText == surrounding.errors { passed += 1 }
    }
    print("WASI calls, \(guest), \(mode): \(passed) of \(names.count) passed")
  }

  /// A directory can be read piece by piece on a kernel that can't go back to a place in it. (8 is lseek.)
  @Test func directoriesAreReadWithoutSeeking() async throws {
    let module = try await WASIPrograms.shared.guest("calls")
    let without = try await WASIPrograms.shared.launcher("without_call")
    let result = try await run(
      module, .app, arguments: ["directory_once"], shell: "\(without) 8 \"$@\"")
    #expect(result.text == "ok\n" && result.errorText == "")
  }

  /// Waiting for clocks takes no open files, of which this guest may have hardly any.
  @Test func clocksAreNoDescriptors() async throws {
    let module = try await WASIPrograms.shared.guest("calls")
    let result = try await run(
      module, .app, arguments: ["poll_clocks"], shell: "exec </dev/null; ulimit -n 5; exec \"$@\"")
    #expect(result.text == "ok\n" && result.errorText == "")
  }

  private func run(_ module: FilePath, _ mode: WASIMode, arguments: [String], shell: String = "\"$@\"")
    async throws -> ProgramResult
  {
    try await TemporaryFolder.with { folder in
      let command = try await WASIPrograms.shared.command(
        module, mode, grants: WASIGrants(directories: [(folder.string, "/")]), arguments: arguments)
      return try await TestSupport.run(
        "/bin/sh", ["-c", shell, "sh"] + command, workingDirectory: folder)
    }
  }

  // MARK: - Terminals

  /// Bytes of a test as the guest `write` takes them, and what the terminal gets.
  @Test(
    arguments: [
      (["1:41090d0a7e"], "41090d0a7e"),
      // Escape sequences; other control characters; DEL.
      (["1:1b5b33316d41"], "3f5b33316d41"), (["2:1b5d303b780741"], "3f5d303b783f41"),
      (["1:0001080b0c0e1f7f41"], "3f3f3f3f3f3f3f3f41"),
      // Characters of several bytes pass, C1 control characters and bytes out of place do not.
      (["1:c3a9e282acf09f9880"], "c3a9e282acf09f9880"), (["1:c29b41"], "c23f41"),
      (["1:9b4180bf"], "3f413f3f"),
      (["1:c0809bf8c1bf"], "3f3f3f3f3f3f"), (["1:e0829b41"], "e03f3f41"), (["1:f080829b"], "f03f3f3f"),
      (["1:c21b5b"], "c23f5b"),
      // Cut between calls, and between the two streams of one terminal.
      (["1:e2", "1:82", "1:ac41"], "e282ac41"), (["1:c2", "1:9b41"], "c23f41"),
      (["1:c2", "2:9b41"], "c23f41"),
      (["1:e29b", "1:9b9b"], "e29b9b3f"),
      (["1:e2", "2:41", "1:9b9441"], "e2413f3f41"), (["1:1b", "1:5b"], "3f5b"),
    ] as [([String], String)])
  func terminalIsProtected(writes: [String], expected: String) async throws {
    #expect(try await terminal(writes, raw: false) == expected)
    #expect(try await terminal(writes, raw: true) == writes.map { $0.dropFirst(2) }.joined())
  }

  /// More than is filtered at once, with a character across each boundary.
  @Test func longWritesToTerminalsAreCounted() async throws {
    let text = "1:" + "41" + String(repeating: "e282ac1b", count: 1000)
    let expected = "41" + String(repeating: "e282ac3f", count: 1000)
    #expect(try await terminal([text], raw: false) == expected)
  }

  private func terminal(_ writes: [String], raw: Bool) async throws -> String {
    let module = try await WASIPrograms.shared.guest("write")
    let command = try await WASIPrograms.shared.command(
      module, .app, grants: WASIGrants(hasRawTerminal: raw), arguments: writes)
    let result = try await TestSupport.run(WASIPrograms.shared.launcher("pty"), command)
    #expect(result.status == 0)
    return result.output.map { String(format: "%02x", $0) }.joined()
  }

  // MARK: - Sockets

  @Test(arguments: WASIMode.available, ["127.0.0.1", "[::1]"])
  func connectionsAreAccepted(mode: WASIMode, address: String) async throws {
    let module = try await WASIPrograms.shared.guest("server")
    try await TemporaryFolder.with { folder in
      for (test, directories) in [("echo", 0), ("calls", 1)] {
        let port = try Self.freePort(address)
        let grants = WASIGrants(
          directories: directories == 1 ? [(folder.string, "/")] : [], listener: "\(address):\(port)")
        let command = try await WASIPrograms.shared.command(
          module, mode, grants: grants, arguments: [test, "\(3 + directories)"])
        async let served = TestSupport.run(FilePath(command[0]), Array(command.dropFirst()))
        // `calls` first sees that nobody is there, and says so by a file.
        let answer = try await Self.talk(
          address, port, test, after: directories == 1 ? folder.appending("listening") : nil)
        let result = try await served
        #expect(result.text == "listening\nok\n" && result.errorText == "", "\(test)")
        #expect(answer == (test == "echo" ? "hello world" : "ready"), "\(test)")
      }
    }
  }

  @Test func addressInUseIsSaid() async throws {
    let module = try await WASIPrograms.shared.guest("server")
    let (socket, port) = try Self.listen("127.0.0.1")
    defer { close(socket) }
    for (mode, message) in [
      (WASIMode.app, "wasmaot: cannot listen at '127.0.0.1:\(port)': the address is in use\n"),
      (.embedded, "wasi_host: cannot listen at '127.0.0.1:\(port)': Address already in use\n"),
    ] where WASIMode.available.contains(mode) {
      let command = try await WASIPrograms.shared.command(
        module, mode, grants: WASIGrants(listener: "127.0.0.1:\(port)"), arguments: ["echo"])
      let result = try await TestSupport.run(FilePath(command[0]), Array(command.dropFirst()))
      #expect(result.status == 1)
      #expect(result.errorText == message)
    }
  }

  @Test(arguments: ["localhost:80", "127.0.0.1:0", "127.0.0.1", "1::1:80", "[::1]", "127.0.0.1:99999"])
  func addressesAtRunTimeAreChecked(address: String) async throws {
    let module = try await WASIPrograms.shared.guest("server")
    let command = try await WASIPrograms.shared.command(
      module, .app, grants: WASIGrants(listener: address), arguments: ["echo"])
    let result = try await TestSupport.run(FilePath(command[0]), Array(command.dropFirst()))
    #expect(result.status == 1)
    #expect(result.errorText.contains("not ADDRESS:PORT or [ADDRESS]:PORT"), "\(result.errorText)")
  }

  /// A socket of the test's own at a free port of this address, which listens.
  ///
  /// The port is none of those that the kernel gives to who connects: until the guest listens there, a client of the
  /// test might be given it, and be connected to itself. Nor was it given to another test of this process, whose guest
  /// may not have it yet.
  private static func listen(_ address: String) throws -> (socket: CInt, port: UInt16) {
    let isV6 = address.hasPrefix("[")
    let descriptor = socket(isV6 ? AF_INET6 : AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    try #require(descriptor >= 0)
    for _ in 0..<100 {
      let port = ports.withLock { next in
        next = next < 32_767 ? next + 1 : 20_000
        return next
      }
      if try withAddress(address, port: port, { bind(descriptor, $0, $1) }) == 0 {
        try #require(Glibc.listen(descriptor, 1) == 0)
        return (descriptor, port)
      }
    }
    close(descriptor)
    throw POSIXError(.EADDRINUSE)
  }

  private static let ports = Mutex(UInt16.random(in: 20_000..<32_768))

  private static func freePort(_ address: String) throws -> UInt16 {
    let (socket, port) = try listen(address)
    close(socket)
    return port
  }

  private static func withAddress<R>(
    _ address: String, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> R
  ) throws -> R {
    var any = sockaddr_in6()
    let isV6 = address.hasPrefix("[")
    let size: Int
    if isV6 {
      any.sin6_family = sa_family_t(AF_INET6)
      any.sin6_port = port.bigEndian
      inet_pton(AF_INET6, String(address.dropFirst().dropLast()), &any.sin6_addr)
      size = MemoryLayout<sockaddr_in6>.size
    } else {
      size = MemoryLayout<sockaddr_in>.size
      withUnsafeMutableBytes(of: &any) {
        let v4 = $0.baseAddress!.assumingMemoryBound(to: sockaddr_in.self)
        v4.pointee.sin_family = sa_family_t(AF_INET)
        v4.pointee.sin_port = port.bigEndian
        inet_pton(AF_INET, address, &v4.pointee.sin_addr)
      }
    }
    return try withUnsafeBytes(of: &any) {
      try body($0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(size))
    }
  }

  /// Plays the client's part, once a file is there, on a thread of its own: its calls block, for a minute at most.
  private static func talk(
    _ address: String, _ port: UInt16, _ test: String, after file: FilePath?
  ) async throws -> String {
    try await Task.detached {
      var descriptor: CInt = -1
      for _ in 0..<1200 where descriptor < 0 {  // until the guest listens
        if let file, !FileManager.default.fileExists(atPath: file.string) {
          try await Task.sleep(for: .milliseconds(50))
          continue
        }
        let attempt = socket(
          address.hasPrefix("[") ? AF_INET6 : AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        if try withAddress(address, port: port, { connect(attempt, $0, $1) }) == 0 {
          descriptor = attempt
        } else {
          close(attempt)
          try await Task.sleep(for: .milliseconds(50))
        }
      }
      try #require(descriptor >= 0, "nobody listens")
      defer { close(descriptor) }
      var timeout = timeval(tv_sec: 60, tv_usec: 0)
      setsockopt(
        descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
      func say(_ text: String) { _ = send(descriptor, text, text.utf8.count, CInt(MSG_NOSIGNAL)) }
      func hear(until size: Int) -> String {
        var bytes = [UInt8](repeating: 0, count: 64)
        var count = 0
        while count < size {
          let got = recv(descriptor, &bytes[count], 64 - count, 0)
          if got <= 0 { break }
          count += got
        }
        return String(decoding: bytes[..<count], as: UTF8.self)
      }
      say("hello")
      if test == "echo" {
        say(" world")
        shutdown(descriptor, CInt(SHUT_WR))
        return hear(until: 64)
      }
      let answer = hear(until: 5)
      say(" wo")
      try await Task.sleep(for: .milliseconds(50))
      say("rld")
      shutdown(descriptor, CInt(SHUT_WR))
      return answer + hear(until: 64)
    }.value
  }
}
