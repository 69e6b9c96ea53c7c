import Foundation
import SystemPackage
import TestSupport
import Testing

extension EscapeTests {
  /// A program that exchanges directories and files with links that lead out, while a guest, which it runs, works on
  /// paths through them. WASMAOT_RACE_SECONDS makes it long.
  @Test(arguments: bothResolutions) func races(resolution: Resolution) async throws {
    let seconds = TestSupport.environment["WASMAOT_RACE_SECONDS"].flatMap { Double($0) } ?? 1.5
    let folder = try await EscapePrograms.shared.worlds()
    defer { try? FileManager.default.removeItem(atPath: folder.string) }
    let world = try EscapeWorld(at: folder.appending("race").string, with: Self.contested)
    let before = world.snapshot()

    let runner = try await resolution.runner()
    let pairs = Self.pairs.flatMap { ["\(world.path)/grant/\($0)", "\(world.path)/grant/\($1)"] }
    let swapper = try await EscapePrograms.shared.swapper()
    let script = "loop \(Int(seconds * 1000))\n" + Self.script + "end\n"
    let guest = try await TestSupport.run(
      swapper, pairs + ["--"] + runner.command + world.grants() + ["--"], input: Array(script.utf8))
    #expect(guest.status == 0, "\(guest.errorText)")
    #expect(!guest.text.contains("SECRET"), "\(guest.text.prefix(200))")
    let changes = EscapeWorld.changes(from: before, to: world.snapshot())
    #expect(changes.isEmpty, "\(changes.joined(separator: "\n"))")

    // Both sides must have won some rounds, else nothing was tested.
    let lines = guest.text.split(separator: "\n")
    let rounds = lines.last.flatMap { Int($0) } ?? 0
    var counts: [Int: Int] = [:]
    for word in lines.dropLast().last?.split(separator: " ") ?? [] {
      let parts = word.split(separator: "*").compactMap { Int($0) }
      if parts.count == 2 { counts[parts[0]] = parts[1] }
    }
    #expect(
      rounds > 100 && counts[0, default: 0] > 100 && counts[63, default: 0] > 100,
      "\(rounds) rounds, \(guest.text)")
  }

  /// The first of a pair starts as what is inside.
  private static let pairs = [("d", "e"), ("f", "g"), ("d2/x", "d2/y"), ("n", "m")]

  private static let contested: [(String, EscapeWorld.Node)] = [
    ("outside/f", .file("SECRET f")), ("outside/sub", .directory), ("outside/sub/f", .file("SECRET sub")),
    ("grant/d", .directory), ("grant/d/secret", .file("d")), ("grant/d/f", .file("d/f")),
    ("grant/d/dir", .directory),
    ("grant/d/dir/inner", .file("d/dir/inner")), ("grant/d/empty", .directory),
    ("grant/e", .link("../outside")),
    ("grant/f", .file("f")), ("grant/g", .link("../outside/secret")),
    ("grant/d2", .directory), ("grant/d2/x", .directory), ("grant/d2/x/sub", .directory),
    ("grant/d2/x/sub/f", .file("sub")), ("grant/d2/y", .link("{world}/outside")),
    // What does not exist inside, and would be made outside.
    ("grant/n", .directory), ("grant/m", .link("../outside/empty")),
  ]

  private static let script = """
    open G 1 d/secret 0 2 0 0 a
    read $a
    close $a
    open G 1 f 0 2 0 0 a
    read $a
    close $a
    open G 0 f 0 64 0 0 a
    write $a X
    close $a
    open G 1 f 9 64 0 0 a
    write $a f
    close $a
    open G 1 d2/x/sub/f 0 66 0 0 a
    read $a
    write $a Y
    close $a
    open G 1 d/dir/../secret 0 2 0 0 a
    read $a
    close $a
    open G 1 d/ 2 16384 0 0 a
    readdir $a
    open $a 1 dir/../../d/secret 0 2 0 0 b
    open $a 1 secret 0 2 0 0 b
    read $b
    close $b
    close $a
    open G 1 n/new 1 66 0 0 a
    close $a
    open G 1 d/new 5 66 0 0 a
    close $a
    unlink G d/new
    mkdir G d/made
    mkdir G n/made/
    rmdir G d/made/
    rmdir G n/made
    symlink secret G d/sym
    unlink G d/sym
    link G 0 d/secret G d/linked
    unlink G d/linked
    link G 0 d/secret S stolen
    open S 1 stolen 0 2 0 0 a
    read $a
    close $a
    unlink S stolen
    rename G d/f G d/moved
    rename G d/moved G d/f
    rename G d/dir/inner S stolen
    open S 1 stolen 0 2 0 0 a
    read $a
    close $a
    rename S stolen G d/dir/inner
    times G 1 d/secret 1000000000 1000000000 5
    times G 1 f 1000000000 1000000000 5
    readlink G e
    open G 1 d2/x/sub/f 8 64 0 0 a
    close $a
    rmdir G n/../n/made
    unlink G d2/x/sub/../sub/nothing

    """.replacing(" G ", with: " 3 ").replacing(" S ", with: " 5 ")
}
