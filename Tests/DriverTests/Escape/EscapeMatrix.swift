/// Every kind of link, with every ending, given to every operation.
enum EscapeMatrix {
  /// What stands at `L` in a directory of the grant, and what it needs beside it.
  static let kinds: [(name: String, nodes: [(String, EscapeWorld.Node)])] = [
    ("absent", []),
    ("file", [("L", .file("inside"))]),
    ("directory", [("L", .directory), ("L/secret", .file("no secret"))]),
    // Links that stay inside.
    ("link-file", [("L", .link("file"))]),
    ("link-dir", [("L", .link("dir"))]),
    ("link-dir-slash", [("L", .link("dir/"))]),
    ("link-file-slash", [("L", .link("file/"))]),
    ("link-dotted", [("L", .link("./dir//nested/../../file"))]),
    ("link-self", [("L", .link("."))]),
    ("link-parent", [("L", .link(".."))]),
    ("dangling", [("L", .link("nowhere"))]),
    ("dangling-slash", [("L", .link("nowhere/"))]),
    ("loop", [("L", .link("M")), ("M", .link("L"))]),
    ("hop", [("L", .link("M")), ("M", .link("dir/nested"))]),
    // Links that lead out, to what is there and to what is not.
    ("out-dir", [("L", .link("../../outside"))]),
    ("out-dir-slash", [("L", .link("../../outside/"))]),
    ("out-file", [("L", .link("../../outside/secret"))]),
    ("out-new", [("L", .link("../../outside/new"))]),
    ("out-new-slash", [("L", .link("../../outside/new/"))]),
    ("out-empty", [("L", .link("../../outside/empty"))]),
    ("out-dotted", [("L", .link("dir/nested/../../../../outside/secret"))]),
    ("out-parent", [("L", .link("../.."))]),
    ("out-parent-slash", [("L", .link("../../"))]),
    ("out-and-in", [("L", .link("../../grant/file"))]),
    ("out-readonly", [("L", .link("../../readonly"))]),
    ("out-readonly-file", [("L", .link("../../readonly/file"))]),
    ("out-second", [("L", .link("../../second"))]),
    ("out-hop", [("L", .link("M")), ("M", .link("../../outside"))]),
    ("out-hop-file", [("L", .link("M/secret")), ("M", .link("../../outside"))]),
    ("out-below", [("L", .link("dir/M")), ("dir/M", .link("../../../outside/dir"))]),
    // Absolute links, also one that would lead back in.
    ("absolute-dir", [("L", .link("{world}/outside"))]),
    ("absolute-file", [("L", .link("{world}/outside/secret"))]),
    ("absolute-new", [("L", .link("{world}/outside/new"))]),
    ("absolute-inside", [("L", .link("{world}/grant/file"))]),
    ("root", [("L", .link("/"))]),
    // Links of the kernel's that lead to where they like.
    ("magic-root", [("L", .link("/proc/self/root"))]),
    ("magic-cwd", [("L", .link("/proc/self/cwd/"))]),
  ]

  static let endings = ["", "/", "/.", "/..", "/secret"]

  /// Rights: 2 reads, 64 writes, 16384 lists.
  struct Operation: Sendable {
    var name: String
    /// `{path}` stands for the path, `{here}` for the directory in which the link is.
    var lines: [String]
    var setsTimes = false
  }

  static let operations: [Operation] = [
    Operation(name: "open", lines: ["open G 0 {path} 0 2 0 0 a", "read $a"]),
    Operation(name: "open-follow", lines: ["open G 1 {path} 0 2 0 0 a", "read $a"]),
    Operation(name: "open-dir", lines: ["open G 1 {path} 2 16384 0 0 a", "readdir $a"]),
    Operation(name: "open-for-nothing", lines: ["open G 1 {path} 0 0 0 0 a"]),
    Operation(name: "stat", lines: ["stat G 0 {path}"]),
    Operation(name: "stat-follow", lines: ["stat G 1 {path}"]),
    Operation(name: "readlink", lines: ["readlink G {path}"]),
    Operation(name: "write", lines: ["open G 0 {path} 0 64 0 0 a", "write $a X"]),
    Operation(name: "write-follow", lines: ["open G 1 {path} 0 64 0 1 a", "write $a X"]),
    Operation(name: "create", lines: ["open G 0 {path} 1 66 0 0 a", "write $a X"]),
    Operation(name: "create-follow", lines: ["open G 1 {path} 1 66 0 0 a", "write $a X"]),
    Operation(name: "create-new", lines: ["open G 1 {path} 5 66 0 0 a", "write $a X"]),
    Operation(name: "create-dir", lines: ["open G 1 {path} 3 66 0 0 a"]),
    Operation(name: "truncate", lines: ["open G 1 {path} 8 64 0 0 a"]),
    Operation(name: "truncate-to-read", lines: ["open G 1 {path} 8 2 0 0 a"]),
    Operation(name: "times", lines: ["times G 0 {path} 1000000000 1000000000 5"], setsTimes: true),
    Operation(name: "times-follow", lines: ["times G 1 {path} 1000000000 1000000000 5"], setsTimes: true),
    Operation(name: "mkdir", lines: ["mkdir G {path}"]),
    Operation(name: "rmdir", lines: ["rmdir G {path}"]),
    Operation(name: "unlink", lines: ["unlink G {path}"]),
    Operation(name: "symlink", lines: ["symlink file G {path}"]),
    Operation(
      name: "link", lines: ["link G 0 {path} S {here}stolen", "open S 1 {here}stolen 0 2 0 0 a", "read $a"]),
    Operation(
      name: "link-follow",
      lines: ["link G 1 {path} S {here}stolen", "open S 1 {here}stolen 0 2 0 0 a", "read $a"]),
    Operation(name: "link-to", lines: ["link G 0 {here}/file G {path}"]),
    Operation(
      name: "rename", lines: ["rename G {path} S {here}stolen", "open S 1 {here}stolen 0 2 0 0 a", "read $a"]),
    Operation(name: "rename-to", lines: ["rename G {here}/file G {path}"]),
    Operation(name: "rename-dir-to", lines: ["rename G {here}/dir G {path}"]),
  ]

  /// A world for each kind and ending, in which each operation has a directory. (Another one for those that set times,
  /// which nothing but the runtime can prevent.)
  static var cases: [EscapeCase] {
    kinds.flatMap { kind in
      endings.flatMap { ending in
        [false, true].map { setsTimes in
          var row = EscapeCase(name: kind.name + ending, nodes: [], parts: [])
          for (index, operation) in operations.filter({ $0.setsTimes == setsTimes }).enumerated() {
            let here: [(String, EscapeWorld.Node)] = [
              ("", .directory), ("/file", .file("inside")), ("/dir", .directory), ("/dir/nested", .directory),
              ("/dir/nested/deep", .file("deep")),
            ]
            row.nodes += here.map { ("grant/\(index)" + $0.0, $0.1) }
            row.nodes += kind.nodes.map { ("grant/\(index)/" + $0.0, $0.1) }
            // All worlds are one process's, which may have 1024 descriptors.
            let opens = operation.lines.contains { $0.hasPrefix("open ") }
            row.parts.append(
              EscapeCase.Part(
                name: operation.name, setsTimes: setsTimes,
                lines: (operation.lines + (opens ? ["close $a"] : [])).map {
                  .init(
                    text: $0.replacing("{path}", with: "\(index)/L" + ending).replacing(
                      "{here}", with: "\(index)"))
                }))
          }
          return row
        }
      }
    }
  }

  /// One line a kind of link and ending: what each operation answers.
  static func text(of cases: [EscapeCase], _ answers: [[String]]) -> String {
    var result = ""
    var current = ""
    for (row, answers) in zip(cases, answers) {
      if row.name != current {
        result += (result.isEmpty ? "" : "\n") + row.name + ":"
        current = row.name
      }
      var rest = answers[...]
      for part in row.parts {
        let words = zip(part.lines, rest).filter { !$0.0.text.hasPrefix("close ") }
          .map { $0.1.replacing(" ", with: ":") }
        rest = rest.dropFirst(part.lines.count)
        // What follows a failed open says no more.
        let shown = words[0].hasPrefix("0") ? words : [words[0]]
        result += " \(part.name)=\(shown.joined(separator: ","))"
      }
    }
    return result + "\n"
  }
}
