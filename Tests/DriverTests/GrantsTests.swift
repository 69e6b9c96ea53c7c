import Testing

@testable import Driver

@Suite struct GrantsTests {
  @Test(arguments: [
    (".", ".", "."), ("/data", "/data", "/data"), ("./in::/data", "./in", "/data"), ("a:b::/x", "a:b", "/x"),
    ("/::/", "/", "/"), ("dir with space", "dir with space", "dir with space"), ("héllo::é", "héllo", "é"),
  ])
  func directory(text: String, host: String, guest: String) throws {
    let grant = try DirectoryGrant(parsing: text)
    #expect(grant == DirectoryGrant(host: host, guest: guest))
  }

  @Test(arguments: [
    ("", "empty path"), ("::", "no host path"), ("::/data", "no host path"), ("/data::", "no guest path"),
    ("a::b::c", "more than one"), ("/data:/host", "single colon"), ("x:", "single colon"),
  ])
  func directoryIsWrong(text: String, words: String) {
    let problem = #expect(throws: Problem.self) { try DirectoryGrant(parsing: text) }
    #expect(problem?.summary.contains(words) == true)
    #expect(problem?.exitStatus == 2)
    #expect(problem?.help?.contains("::") == true)
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
}
