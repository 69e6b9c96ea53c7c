import ArgumentParser
import Driver

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what is in a module, and what it asks for; or what an app may do.",
    usage: """
      wasmaot inspect MODULE [--json]
      wasmaot inspect --authority APP [--json]
      """,
    discussion: """
      Shows imports and exports, memories and tables, the features and tools that made the module, the size \
      of its sections, and in words what it could do once it is granted directories and variables. With \
      --authority it shows what a finished program may do: host functions, grants, limits, sandbox and system calls.
      """)

  @Argument(help: ArgumentHelp("The module, in the binary format; or the program.", valueName: "MODULE"))
  var module: String

  @Flag(help: "Show what a program may do that wasmaot built.")
  var authority = false

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    if authority {
      let authority = try AppAuthority(of: module)
      try writeOutput(json ? authority.json() + "\n" : authority.text(terminal.style))
      return
    }
    let summary = try ModuleSummary(of: module)
    try writeOutput(json ? summary.json() + "\n" : summary.text(terminal.style))
  }
}
