import ArgumentParser
import Driver
import FoundationEssentials

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Compile a module, or find it in the cache, and run it.",
    usage: "wasmaot run [options] MODULE [ARGS ...]",
    discussion: """
      Everything after MODULE is the program's: options for wasmaot stand before it. The program exits with \
      its own status, or with 134 after a trap.
      """)

  @OptionGroup(title: "Grants and entry") var grants: GrantOptions
  @OptionGroup(title: "Limits") var limits: LimitOptions
  @OptionGroup(title: "Code generation") var codegen: CodegenOptions

  @Flag(
    help: ArgumentHelp(
      "Run the module in the interpreter: nothing is compiled, and it starts at once.",
      discussion: """
        The program has one thread. Grants and limits are the same; options of code generation have no effect. See \
        docs/interpreter.md.
        """))
  var interpret = false

  // One list, so that what follows the module is never looked at.
  @Argument(
    parsing: .captureForPassthrough,
    help: ArgumentHelp("The module, then the program's arguments.", valueName: "MODULE ARGS"))
  var moduleAndArguments: [String] = []

  func run() async throws {
    try codegen.target.printListsAskedFor()
    var words = moduleAndArguments[...]
    if words.first == "--" { words = words.dropFirst() }
    if ["-h", "--help"].contains(moduleAndArguments.first) { throw CleanExit.helpRequest(self) }
    guard let module = words.first else {
      // The parser takes the next word as the value, and that was the module.
      if let option = CommandLine.arguments.first(where: { $0.hasPrefix("--") && $0.hasSuffix("=") }) {
        throw Problem.usage("'\(option)' has no value", help: "see 'wasmaot help run'")
      }
      throw Problem.usage("no module is given", help: "write wasmaot run [options] MODULE [ARGS ...]")
    }
    // Whatever the parser doesn't know ends up here too.
    if module.hasPrefix("-"), module != "-", words.count == moduleAndArguments.count {
      throw Problem.unknownOption(module, command: "run")
    }
    codegen.startLogging()
    var options = BuildOptions()
    try codegen.apply(to: &options)
    try grants.apply(to: &options)
    try limits.apply(to: &options)

    if interpret {
      // Whoever requires the second wall must not run without it unawares.
      if options.sandbox == .require {
        throw Problem.usage(
          "--sandbox=require is for compiled programs: the interpreter runs in wasmaot's own process, without a sandbox",
          help: "leave out --interpret, or --sandbox=require")
      }
      try codegen.checkForInterpreter()
      let interpretation = Interpretation(
        options: options, jobs: codegen.jobs, environment: ProcessInfo.processInfo.environment)
      throw ExitCode(try interpretation.run(module, arguments: Array(words.dropFirst())))
    }
    let builder = Builder(
      options: options, jobs: codegen.jobs, cache: try codegen.cacheOptions.cache(),
      environment: ProcessInfo.processInfo.environment)
    let (program, warnings) = try await Progress(name: module).show { observe throws(Problem) in
      var builder = builder
      builder.observe = observe
      return try await builder.program(for: module, arguments: Array(words.dropFirst()))
    }
    for warning in warnings { terminal.warn(warning) }
    throw program.execute()
  }
}
