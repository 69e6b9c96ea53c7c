import LLVMBackend
import SystemPackage
import TestSupport
import Testing

@testable import Driver

/// The tier that machines share, with servers that work, fail and lie.
@Suite(.enabled(if: TestSupport.tool("wasm-tools") != nil, "no tools"))
struct RemoteCacheTests {
  private static func module(_ status: Int = 7) async throws -> [UInt8] {
    try await TestSupport.module(
      fromText: """
        (module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1) (func (export "_start") (call $exit (i32.const \(status)))))
        """)
  }

  /// A machine of its own: a folder for the module, the local cache and the output.
  private static func machine(
    _ server: TestServer, emit: EmitKind = .exe, status: Int = 7,
    _ change: (inout RemoteCacheOptions) -> Void = { _ in }, _ body: (BuildReport, FilePath) throws -> Void
  ) async throws {
    let bytes = try await module(status)
    var remote = RemoteCacheOptions(url: server.url)
    // A busy machine is no broken server.
    remote.timeout = .seconds(60)
    change(&remote)
    var options = BuildOptions()
    options.optimization = .O1
    options.emit = emit
    try await TemporaryFolder.with { folder in
      let module = folder.appending("m.wasm")
      let output = folder.appending("output")
      try TestSupport.write(bytes, to: module)
      let builder = Builder(
        options: options, jobs: 2,
        cache: BuildCache(directory: folder.appending("cache").string, remote: remote),
        environment: TestSupport.environment)
      let report = try await builder.build(module.string, to: output.string)
      try body(report, folder)
    }
  }

  @Test(arguments: [EmitKind.exe, .obj, .shared])
  func anotherMachineFindsIt(emit: EmitKind) async throws {
    let store = TestStore()
    let server = try TestServer { store.answer($0) }
    defer { server.stop() }
    var first: [UInt8] = []
    try await Self.machine(server, emit: emit) { report, folder in
      #expect(!report.isFromCache)
      #expect(report.warnings == [])
      first = try TestSupport.read(folder.appending("output"))
    }
    // The action cache's entries come last: others must not see them without their files. One is the output's, two are the
    // unit's.
    let puts = server.requests.filter { $0.method == "PUT" }.map { $0.path.contains("/ac/") }
    #expect(puts.count(where: { $0 }) == 3)
    #expect(puts.last == true)
    for (name, bytes) in store.contents where name.hasPrefix("cas/") {
      #expect(name == "cas/" + sha256(bytes))
    }

    try await Self.machine(server, emit: emit) { report, folder in
      #expect(report.isFromCache)
      #expect(report.isFromRemoteCache)
      #expect(report.warnings == [])
      let second = try TestSupport.read(folder.appending("output"))
      #expect(second == first)
      #expect(report.header == nil || OutputFile.exists(report.header!.path))
      // Now it is here, too.
      #expect(CacheFiles.of(.outputs, in: folder.appending("cache")).count == (emit == .exe ? 2 : 3))
    }
    // Nothing personal went there.
    for (_, bytes) in store.contents {
      #expect(!String(decoding: bytes, as: UTF8.self).contains("wasmaot-test-"))
    }
  }

  @Test func unitsAreShared() async throws {
    let store = TestStore()
    let server = try TestServer { store.answer($0) }
    defer { server.stop() }
    try await Self.machine(server) { _, _ in }
    // The same code in another output.
    let outputs = store.contents.filter { name, bytes in
      name.hasPrefix("ac/") && ActionResult(decoding: bytes)?.files.first?.path == "output"
    }
    #expect(outputs.count == 1)
    store.contents = store.contents.filter { outputs[$0.key] == nil }
    try await Self.machine(server) { report, _ in
      #expect(!report.isFromCache)
      #expect(report.counts.unitsFromCache == report.counts.codegenUnits)
    }
  }

  /// Units that are found by their code are there by what goes into it from then on, too.
  @Test func missingKeysArePutAnew() async throws {
    let store = TestStore()
    let server = try TestServer { store.answer($0) }
    defer { server.stop() }
    try await Self.machine(server) { _, _ in }
    let whole = store.contents.filter { name, bytes in
      !name.hasPrefix("ac/") || ActionResult(decoding: bytes)?.files.first?.path == "unit.o"
    }
    let keys = whole.keys.filter { $0.hasPrefix("ac/") }
    #expect(keys.count == 2)
    var putAnew = 0
    for key in keys {
      store.contents = whole
      store.contents[key] = nil
      try await Self.machine(server) { report, _ in
        #expect(report.counts.unitsFromCache == report.counts.codegenUnits)
      }
      if let bytes = store.contents[key] {
        #expect(bytes == whole[key])
        putAnew += 1
      }
    }
    // The second key is not asked for where the first one is there.
    #expect(putAnew == 1)
  }

  // MARK: - What goes with requests

  @Test func headerAndUploads() async throws {
    let server = try TestServer { request in
      request.headers["authorization"] == "Bearer secret" ? .reply(status: 404) : .reply(status: 401)
    }
    defer { server.stop() }
    try await Self.machine(
      server,
      {
        $0.uploads = false; $0.header = "Authorization: Bearer secret"
      }
    ) { report, _ in
      #expect(report.warnings == [])
    }
    #expect(server.requests.allSatisfy { $0.method == "GET" })
    try await Self.machine(server, { $0.uploads = false }) { report, _ in
      #expect(report.warnings.count == 1)
      #expect(report.warnings.first?.contains("401") == true)
    }
  }

  @Test func readOnlyServer() async throws {
    let server = try TestServer { .reply(status: $0.method == "GET" ? 404 : 405) }
    defer { server.stop() }
    try await Self.machine(server) { report, _ in
      #expect(report.warnings.count == 1)
      #expect(report.warnings.first?.contains("--remote-cache-upload") == true)
    }
    #expect(server.requests.count { $0.method == "PUT" } <= 2)
  }

  // MARK: - Bad servers

  enum Trouble: CaseIterable {
    case failure, redirection, noMessage, emptyMessage, tooLarge, noAnswer, noHTTP, cutOff, hugeLength,
      silence

    var answer: TestServer.Answer {
      switch self {
      case .failure: .reply(status: 500)
      case .redirection: .reply(status: 302, headers: ["Location: http://127.0.0.1:1/"])
      case .noMessage: .reply(status: 200, body: Array("not a message".utf8))
      case .emptyMessage: .reply(status: 200)
      case .tooLarge: .reply(status: 200, body: [UInt8](repeating: 0, count: 2 << 20))
      case .noAnswer: .raw([])
      case .noHTTP: .raw(Array("nonsense\r\n\r\n".utf8))
      case .cutOff: .raw(Array("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort".utf8))
      case .hugeLength: .raw(Array("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n".utf8))
      case .silence: .silence(seconds: 20)
      }
    }
  }

  /// A build goes on without the server, and says so once; nor does it ask one again that fails.
  @Test(arguments: Trouble.allCases)
  func brokenServer(trouble: Trouble) async throws {
    let server = try TestServer { _ in trouble.answer }
    defer { server.stop() }
    try await Self.machine(server, { if trouble == .silence { $0.timeout = .milliseconds(500) } }) {
      report, folder in
      #expect(report.warnings.count == 1, "\(report.warnings)")
      #expect(report.warnings.first?.hasPrefix("the remote cache http://127.0.0.1:") == true)
      #expect(OutputFile.exists(folder.appending("output").string))
    }
    // Other entries may be better where one is no message. To libcurl, a length that is no number is none.
    if ![.noMessage, .emptyMessage, .hugeLength].contains(trouble) { #expect(server.requests.count <= 2) }
  }

  @Test func noServer() async throws {
    let server = try TestServer { _ in .raw([]) }
    server.stop()
    try await Self.machine(server) { report, _ in #expect(report.warnings.count == 1) }
  }

  enum Lie: CaseIterable { case otherContents, longer, shorter, gone, anotherEntry }

  /// No byte is used that has not the digest.
  @Test(arguments: Lie.allCases)
  func serverThatLies(lie: Lie) async throws {
    let store = TestStore()
    let honest = try TestServer { store.answer($0) }
    var expected: [UInt8] = []
    try await Self.machine(honest) { _, folder in expected = try TestSupport.read(folder.appending("output"))
    }
    try await Self.machine(honest, status: 8) { _, _ in }
    honest.stop()

    let contents = store.contents
    let server = try TestServer { request in
      let name = String(request.path.dropFirst("/cache/".count))
      guard request.method == "GET", var bytes = contents[name] else { return .reply(status: 404) }
      if name.hasPrefix("cas/") {
        switch lie {
        case .otherContents: bytes[bytes.count / 2] ^= 1
        case .longer: bytes.append(0)
        case .shorter: bytes.removeLast()
        case .gone: return .reply(status: 404)
        case .anotherEntry: break
        }
      } else if lie == .anotherEntry {
        // A program that was built, but of another module: signatures are against that.
        let kind = ActionResult(decoding: bytes)!.files[0].path
        bytes =
          contents.first {
            $0.key.hasPrefix("ac/") && $0.key != name
              && ActionResult(decoding: $0.value)!.files[0].path == kind
          }!.value
      }
      return .reply(status: 200, body: bytes)
    }
    defer { server.stop() }
    try await Self.machine(server, { $0.uploads = false }) { report, folder in
      let output = try TestSupport.read(folder.appending("output"))
      #expect((output == expected) == (lie != .anotherEntry))
      #expect(report.isFromCache == (lie == .anotherEntry))
      #expect(report.warnings.count == (lie == .gone || lie == .anotherEntry ? 0 : 1), "\(report.warnings)")
    }
  }

  @Test func signatures() async throws {
    let store = TestStore()
    let server = try TestServer { store.answer($0) }
    defer { server.stop() }
    var expected: [UInt8] = []
    try await Self.machine(server, { $0.key = "k" }) { _, folder in
      expected = try TestSupport.read(folder.appending("output"))
    }
    try await Self.machine(server, { $0.key = "k" }) { report, _ in #expect(report.isFromRemoteCache) }
    // Who does not ask for signatures takes signed entries.
    try await Self.machine(server) { report, _ in #expect(report.isFromRemoteCache) }

    func expectRefusal(_ key: String) async throws {
      try await Self.machine(
        server,
        {
          $0.key = key; $0.uploads = false
        }
      ) { report, folder in
        #expect(!report.isFromCache)
        #expect(report.warnings.count == 1)
        #expect(report.warnings.first?.contains("not signed") == true)
        let output = try TestSupport.read(folder.appending("output"))
        #expect(output == expected)
      }
    }
    try await expectRefusal("other")
    // Another's entry under this key.
    try await Self.machine(server, status: 8, { $0.key = "k" }) { _, _ in }
    let entries = store.contents.filter { $0.key.hasPrefix("ac/") }
    for (name, bytes) in entries {
      let kind = ActionResult(decoding: bytes)!.files[0].path
      let other = entries.first { $0.key != name && ActionResult(decoding: $0.value)!.files[0].path == kind }!
      store.contents[name] = other.value
    }
    try await expectRefusal("k")
    // No signature.
    for (name, bytes) in entries {
      var result = ActionResult(decoding: bytes)!
      result.standardError = []
      store.contents[name] = result.encoded()
    }
    try await expectRefusal("k")
  }

  /// What can't be believed is not there, and is replaced.
  @Test func anEntryThatIsNotBelievedIsPutAnew() async throws {
    let store = TestStore()
    let server = try TestServer { store.answer($0) }
    defer { server.stop() }
    try await Self.machine(server, { $0.key = "old" }) { _, _ in }
    try await Self.machine(server, { $0.key = "new" }) { report, _ in
      #expect(!report.isFromCache)
      #expect(report.warnings.count == 1, "\(report.warnings)")
    }
    try await Self.machine(server, { $0.key = "new" }) { report, _ in
      #expect(report.isFromRemoteCache)
      #expect(report.warnings == [])
    }
    // The same where a file was changed.
    for (name, bytes) in store.contents where name.hasPrefix("cas/") {
      store.contents[name] = bytes + [0]
    }
    try await Self.machine(server) { report, _ in
      #expect(!report.isFromCache)
      #expect(report.warnings.count == 1, "\(report.warnings)")
    }
    try await Self.machine(server) { report, _ in #expect(report.isFromRemoteCache) }
  }

  /// Changes the entries of outputs or of units.
  private static func change(_ kind: String, in store: TestStore, _ change: (inout ActionResult) -> Void) {
    for (name, bytes) in store.contents where name.hasPrefix("ac/") {
      var result = ActionResult(decoding: bytes)!
      guard result.files[0].path == kind else { continue }
      change(&result)
      store.contents[name] = result.encoded()
    }
  }

  /// Linkers take scripts, libraries and archives as well.
  @Test(arguments: [
    Array("INPUT(/etc/passwd)".utf8), [], Array("!<arch>\n".utf8) + [UInt8](repeating: 0x20, count: 100),
    [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9) + [3, 0, 62, 0]
      + [UInt8](repeating: 0, count: 100),
  ])
  func unitThatIsNoObject(bytes: [UInt8]) async throws {
    let store = TestStore()
    let server = try TestServer { store.answer($0) }
    defer { server.stop() }
    try await Self.machine(server) { _, _ in }
    let digest = sha256(bytes)
    store.contents["cas/\(digest)"] = bytes
    Self.change("unit.o", in: store) {
      $0.files = [ActionResult.File(path: "unit.o", digest: digest, size: bytes.count)]
    }
    store.contents = store.contents.filter { name, bytes in
      !name.hasPrefix("ac/") || ActionResult(decoding: bytes)?.files[0].path == "unit.o"
    }
    try await Self.machine(server) { report, folder in
      #expect(report.counts.unitsFromCache == 0)
      #expect(report.warnings.count == 1, "\(report.warnings)")
      for name in CacheFiles.of(.units, in: folder.appending("cache")) {
        let file = try TestSupport.read(folder.appending("cache/units/\(name.prefix(2))/\(name)"))
        #expect(Array(file.dropFirst(32)) != bytes)
      }
    }
  }

  enum List: CaseIterable { case many, twice, otherName, tooLarge }

  /// Nothing is fetched of an entry that lists what it should not.
  @Test(arguments: List.allCases)
  func entriesListNothingElse(list: List) async throws {
    let store = TestStore()
    let server = try TestServer { store.answer($0) }
    defer { server.stop() }
    try await Self.machine(server) { _, _ in }
    for kind in ["output", "unit.o"] {
      Self.change(kind, in: store) { result in
        switch list {
        case .many: result.files += (0..<100).map { index in result.files[0].named("\(index)") }
        case .twice: result.files.append(result.files[0])
        case .otherName: result.files[0].path = "other"
        case .tooLarge: result.files[0].size = OutputFile.sizeLimit + 1
        }
      }
    }
    let before = server.requests.count
    try await Self.machine(server) { report, _ in
      #expect(!report.isFromCache)
      #expect(report.warnings.count == 1, "\(report.warnings)")
    }
    #expect(!server.requests[before...].contains { $0.method == "GET" && $0.path.contains("/cas/") })
  }

  // MARK: - Options

  @Test func options() throws {
    func standard(_ environment: [String: String], url: String? = nil, uploads: Bool? = nil) throws
      -> RemoteCacheOptions?
    {
      try RemoteCacheOptions.standard(environment: environment, url: url, uploads: uploads, timeout: nil)
    }
    #expect(try standard([:]) == nil)
    #expect(try standard(["WASMAOT_REMOTE_CACHE": ""]) == nil)
    let options = try #require(
      try standard([
        "WASMAOT_REMOTE_CACHE": "https://a/b//", "WASMAOT_REMOTE_CACHE_UPLOAD": "no",
        "WASMAOT_REMOTE_CACHE_TOKEN": "t", "WASMAOT_REMOTE_CACHE_KEY": "k",
        "WASMAOT_REMOTE_CACHE_TIMEOUT": "2s",
      ]))
    #expect(options.url == "https://a/b")
    #expect(!options.uploads)
    #expect(options.header == "Authorization: Bearer t")
    #expect(options.key == "k")
    #expect(options.timeout == .seconds(2))
    // The command line wins.
    let given = try standard(
      ["WASMAOT_REMOTE_CACHE": "http://a", "WASMAOT_REMOTE_CACHE_UPLOAD": "no"], url: "http://b",
      uploads: true)
    #expect(given?.url == "http://b")
    #expect(given?.uploads == true)
  }

  @Test(arguments: [
    "a", "ftp://a", "file:///etc/passwd", "http://", "http://a b", "http://a\r\nX: y", "http://a?b",
    "http://a#b", "/a",
  ])
  func wrongAddress(url: String) {
    let problem = #expect(throws: Problem.self) {
      try RemoteCacheOptions.standard(environment: [:], url: url, uploads: nil, timeout: nil)
    }
    #expect(problem?.kind == .usage)
  }

  @Test(arguments: [
    ("_TOKEN", "a\r\nX: y"), ("_HEADER", "no colon"), ("_HEADER", "A: b\nC: d"), ("_HEADER", ": b"),
    ("_UPLOAD", "maybe"), ("_TIMEOUT", "soon"), ("_KEY", ""), ("_TOKEN", ""), ("_HEADER", ""), ("_CA", ""),
  ])
  func wrongVariable(name: String, value: String) {
    #expect(throws: Problem.self) {
      try RemoteCacheOptions.standard(
        environment: ["WASMAOT_REMOTE_CACHE" + name: value], url: "http://a", uploads: nil, timeout: nil)
    }
  }

  @Test(arguments: [
    ("https://user:password@host/p", "https://…@host/p"), ("https://a/b@c", "https://…@c"),
    ("http://a@b@c/", "http://…@c/"), ("https://user:pass/word@host/p", "https://…@host/p"),
    ("user:password@host", "…@host"), ("http://a/b", "http://a/b"),
  ])
  func passwordsAreNotShown(url: String, text: String) {
    #expect(RemoteCacheOptions.withoutPassword(url) == text)
  }
}

extension ActionResult.File {
  fileprivate func named(_ path: String) -> Self {
    var file = self
    file.path = path
    return file
  }
}
