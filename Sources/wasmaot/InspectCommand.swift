import ArgumentParser
import Driver

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show what is in a module, and what it asks for.",
    usage: "wasmaot inspect MODULE [--json]",
    discussion: """
      Shows imports and exports, memories and tables, the features and tools that made the module, the size \
      of its sections, and in words what it could do once it is granted directories and variables.
      """)

  @Argument(help: ArgumentHelp("The module, in the binary format.", valueName: "MODULE"))
  var module: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let summary = try ModuleSummary(of: module)
    print(json ? summary.json() : summary.text(terminal.style), terminator: json ? "\n" : "")
  }
}
