import ArgumentParser
import Driver

/// What a module is built to: on the command line of `build`, and for each module of a manifest.
struct ModuleOptions: ParsableArguments {
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

  @OptionGroup(title: "Profiles") var profiles: ProfileOptions

  func buildOptions() throws(Problem) -> BuildOptions {
    var options = BuildOptions()
    options.emit = emit
    try codegen.apply(to: &options)
    try grants.apply(to: &options)
    try limits.apply(to: &options)
    options.grants.isOpenAtRunTime = takesRuntimeGrants
    try profiles.apply(to: &options)
    try options.setHostNames(module: name, header: header)
    return options
  }
}
