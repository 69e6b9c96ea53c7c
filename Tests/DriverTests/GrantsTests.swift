import Testing

@testable import Driver

@Suite struct GrantsTests {
  @Test(
    arguments: [
      (".", ".", ".", false), ("/data", "/data", "/data", false), ("./in::/data", "./in", "/data", false),
      ("a:b::/x", "a:b", "/x", false), ("/::/", "/", "/", false), ("a b", "a b", "a b", false),
      ("héllo::é", "héllo", "é", false), ("/data:ro", "/data", "/data", true), ("a::/b:ro", "a", "/b", true),
      ("a:ro::/b", "a:ro", "/b", false), ("a:ro::/b:ro", "a:ro", "/b", true), ("a:b::c:ro", "a:b", "c", true),
      // A relative guest path, not the option.
      ("data::ro", "data", "ro", false), ("ro", "ro", "ro", false), ("a::ro:ro", "a", "ro", true),
      ("a::b:ro:ro", "a", "b:ro", true), ("a::b:c", "a", "b:c", false),
    ] as [(String, String, String, Bool)])
  func directory(text: String, host: String, guest: String, isReadOnly: Bool) throws {
    let grant = try DirectoryGrant(parsing: text)
    #expect(grant == DirectoryGrant(host: host, guest: guest, isReadOnly: isReadOnly))
    #expect(try DirectoryGrant(parsing: grant.text) == grant)
  }

  @Test(arguments: [
    ("", "empty path"), ("::", "no host path"), ("::/data", "no host path"), ("/data::", "no guest path"),
    ("a::b::c", "more than one"), ("/data:/host", "single colon"), ("x:", "single colon"),
    (":ro", "no path"), ("::ro", "no host path"), ("a:::ro", "no guest path"), ("a:b:ro", "single colon"),
    ("::a:ro", "no host path"),
  ])
  func directoryIsWrong(text: String, words: String) {
    let problem = #expect(throws: Problem.self) { try DirectoryGrant(parsing: text) }
    #expect(problem?.summary.contains(words) == true)
    #expect(problem?.exitStatus == 2)
    #expect(problem?.help?.contains("::") == true)
  }

  @Test(arguments: [
    // WasmEdge's GUEST:HOST:readonly.
    ("/data:./host:readonly", "write --dir ./host::/data:ro"), (".:readonly", "write --dir .:ro"),
    ("a::/b:readonly", "write --dir a::/b:ro"), ("a:b:c:readonly", "HOST::GUEST:ro"),
    ("a::/b:rw", "leave it out"),
  ])
  func otherSpellingsOfReadOnly(text: String, words: String) {
    let problem = #expect(throws: Problem.self) { try DirectoryGrant(parsing: text) }
    #expect(problem?.help?.contains(words) == true, "\(problem?.help ?? "")")
  }

  @Test(
    arguments: [
      ("A=b", "A", "b"), ("A=", "A", ""), ("A==", "A", "="), ("A=b=c", "A", "b=c"), ("A", "A", nil),
    ] as [(String, String, String?)])
  func environment(text: String, name: String, value: String?) throws {
    let grant = try EnvironmentGrant(parsing: text)
    #expect(grant == EnvironmentGrant(name: name, value: value))
  }

  @Test(arguments: ["", "=", "=x"])
  func environmentIsWrong(text: String) {
    let problem = #expect(throws: Problem.self) { try EnvironmentGrant(parsing: text) }
    #expect(problem?.summary.contains("has no name") == true)
  }

  @Test func guestPathsAreUnique() throws {
    var grants = Grants()
    grants.directories = [
      DirectoryGrant(host: "/a", guest: "/x"), DirectoryGrant(host: "/b", guest: "/x"),
    ]
    let problem = #expect(throws: Problem.self) { try grants.check() }
    #expect(problem?.summary.contains("'/x'") == true)
    grants.directories[1].guest = "/y"
    try grants.check()
  }

  /// What `run` passes to the program that it builds would be read as something else.
  @Test(arguments: [("a::b", "c"), ("a", "b::c"), ("a", "b:ro"), ("", "b"), ("a", "")])
  func pathsThatCannotBeSpelled(host: String, guest: String) {
    var grants = Grants()
    grants.directories = [DirectoryGrant(host: host, guest: guest)]
    #expect(throws: Problem.self) { try grants.check() }
  }

  @Test(arguments: [
    ("127.0.0.1:8080", "127.0.0.1:8080"), ("[::1]:1", "[::1]:1"), ("0.0.0.0:65535", "0.0.0.0:65535"),
    ("127.0.0.1:0080", "127.0.0.1:80"), ("[::]:443", "[::]:443"),
  ])
  func listener(text: String, address: String) throws {
    #expect(try ListenGrant(parsing: text).address == address)
  }

  @Test(arguments: [
    "", ":", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:8080x",
    "127.0.0.1:+80", "localhost:80", "::1:80", "[::1]", "[::1]80", "[127.0.0.1]:80", "1.2.3:80",
    "[::1%lo]:80",
    "127.0.0.1\0:80", "127.0.0.1 :80",
  ])
  func listenerIsWrong(text: String) {
    let problem = #expect(throws: Problem.self) { try ListenGrant(parsing: text) }
    #expect(problem?.exitStatus == 2)
    #expect(problem?.help?.contains("ADDRESS:PORT") == true)
  }
}
