import ArgumentParser
import Driver
import FoundationEssentials

struct BuildCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build", abstract: "Compile a module to a program.",
    usage: "wasmaot build MODULE [-o OUT] [options]",
    discussion: """
      The program is one static file that needs nothing installed where it runs. What it may touch is decided \
      here: directories (--dir), environment variables (--env) and sockets to listen at (--listen). With \
      --runtime-grants the program takes further ones itself, and --timeout, --max-memory, --max-stack and --fuel, \
      before its own arguments and ended by '--'.
      """)

  @Argument(help: ArgumentHelp("The module, in the binary format.", valueName: "MODULE"))
  var module: String?

  @Option(
    name: .customShort("o", allowingJoined: true),
    help: ArgumentHelp(
      "Output (default: the module's name without .wasm, in the working directory).", valueName: "OUT"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "What to write: exe (program), obj, staticlib or shared (for host programs), asm, llvm-ir, bitcode, or ir.",
      discussion: """
        What is for host programs comes with a C header, and is used through wasmaot.h: the host makes instances \
        of the module, gives them their imports and calls their exports. asm, llvm-ir and bitcode show the code of \
        a program, ir is wasmaot's own representation.
        """,
      valueName: "KIND"))
  var emit = EmitKind.exe

  @Option(
    help: ArgumentHelp(
      "For host programs: name of the module in C (default: as its file).", valueName: "NAME"))
  var name: String?

  @Option(
    help: ArgumentHelp(
      "For host programs: where to write the header (default: NAME.h beside the output).", valueName: "PATH"))
  var header: String?

  @OptionGroup(title: "Code generation") var codegen: CodegenOptions
  @OptionGroup(title: "Grants and entry") var grants: GrantOptions

  @OptionGroup(title: "Limits") var limits: LimitOptions

  @Flag(
    name: .customLong("runtime-grants"),
    help: """
      Let whoever starts the program grant more with --dir, --env, --listen and --raw-terminal, and set its limits.
      """)
  var takesRuntimeGrants = false

  @Flag(help: "Show how long each stage took.")
  var timings = false

  @Flag(help: "Print a report: sizes, times, digests and options.")
  var json = false

  func run() async throws {
    try codegen.target.printListsAskedFor()
    guard let module else {
      throw Problem.usage("no module is given", help: "write wasmaot build MODULE [-o OUT]")
    }
    codegen.startLogging()
    var options = BuildOptions()
    options.emit = emit
    try codegen.apply(to: &options)
    try grants.apply(to: &options)
    try limits.apply(to: &options)
    options.grants.isOpenAtRunTime = takesRuntimeGrants
    try options.setHostNames(module: name, header: header)

    let builder = Builder(
      options: options, jobs: codegen.jobs, cache: try codegen.cacheOptions.cache(),
      environment: ProcessInfo.processInfo.environment)
    let output = output ?? Builder.defaultOutput(for: module, emit: emit)
    let report = try await Progress(name: module).show { observe throws(Problem) in
      var builder = builder
      builder.observe = observe
      return try await builder.build(module, to: output, header: header)
    }
    for warning in report.warnings { terminal.warn(warning) }
    if timings { terminal.writeError(report.timings()) }
    if json { print(report.json()) }
  }
}
