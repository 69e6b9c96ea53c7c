import ArgumentParser
import Driver

struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Check that modules are valid.",
    usage: "wasmaot validate MODULE ...",
    discussion: "Says nothing of valid modules. The exit status is 1 if one is not valid.")

  @Argument(help: ArgumentHelp("Modules in the binary format.", valueName: "MODULE"))
  var modules: [String]

  @OptionGroup var features: FeatureOptions

  func run() throws {
    var isValid = true
    for module in modules {
      do throws(Problem) {
        try validateModule(module, features: features.selected(), jobs: features.jobs)
      } catch {
        if error.kind == .usage { throw error }
        terminal.writeError(error.rendered(terminal.style))
        isValid = false
      }
    }
    if !isValid { throw ExitCode(1) }
  }
}
