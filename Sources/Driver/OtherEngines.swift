/// Options of other engines, and of C compilers, for users whose fingers know those: what to write instead.
enum OtherEngines {
  /// Option, and what wasmaot calls it.
  private static let spellings: [(option: String, help: String)] = [
    ("--mapdir", "write --dir HOST::GUEST (host path first)"),
    ("--map-dir", "write --dir HOST::GUEST (host path first)"),
    ("--preopen", "write --dir HOST::GUEST"),
    ("--volume", "write --dir HOST::GUEST"),
    ("--reactor", "write --invoke NAME"),
    ("--entry", "write --invoke NAME"),
    ("--entrypoint", "write --invoke NAME"),
    ("-f", "write --invoke NAME"),
    ("--function", "write --invoke NAME"),
    ("-i", "write --invoke NAME"),
    ("--output", "write -o FILE"),
    ("--out", "write -o FILE"),
    ("--optimize", "write -O0, -O1, -O2, -O3, -Os or -Oz"),
    ("--opt-level", "write -O0, -O1, -O2, -O3, -Os or -Oz"),
    ("--size-level", "write -Os or -Oz"),
    ("--optimization-level", "write -O0, -O1, -O2, -O3, -Os or -Oz"),
    ("--generic-binary", "write --cpu baseline, which is the default"),
    ("--march", "write --cpu NAME; --cpu help lists the names"),
    ("-mcpu", "write --cpu NAME; --cpu help lists the names"),
    ("-march", "write --cpu NAME; --cpu help lists the names"),
    ("--format", "write --emit=KIND"),
    ("--object-format", "write --emit=KIND"),
    ("--max-wasm-stack", "write --max-stack SIZE"),
    ("--max-memory-size", "write --max-memory SIZE"),
    ("--time-limit", "write --timeout DURATION, such as --timeout 500ms"),
    ("--gas-limit", "write --fuel N"),
    ("--allow-unknown-imports", "write --stub-imports=trap"),
    ("--allow-undefined", "write --stub-imports=trap"),
    ("--no-debug", "symbols are left out unless -g is given"),
    ("--debug", "write -g"),
    ("--wasi", "WASI is always available; directories and variables are granted by --dir and --env"),
    ("--disable-cache", "write --no-cache"),
    ("--net", "programs get sockets to listen at, one by one: --listen ADDRESS:PORT"),
    ("--inherit-network", "programs get sockets to listen at, one by one: --listen ADDRESS:PORT"),
    ("--inherit-env", "write --env NAME for each variable that the program may see"),
    ("--forward-host-env", "write --env NAME for each variable that the program may see"),
    ("--tcplisten", "write --listen ADDRESS:PORT"),
    // wasmtime's, and C compilers'.
    ("-S", "write --emit=asm; WASI is always available, and --dir and --env grant directories and variables"),
    ("-C", "options for code have names of their own, such as -O3 and --cpu: see 'wasmaot help build'"),
    ("-c", "write --emit=obj: an object for host programs"),
    ("-shared", "write --emit=shared: a library for host programs"),
    ("-emit-llvm", "write --emit=llvm-ir, or --emit=bitcode"),
    ("--emit-llvm", "write --emit=llvm-ir, or --emit=bitcode"),
    ("-static", "leave it out: programs are always static"),
    ("-fPIC", "leave it out: code is always position-independent"),
    ("-fpic", "leave it out: code is always position-independent"),
    ("-s", "leave it out: symbols are left out unless -g (--symbols) is given"),
    ("--strip", "leave it out: symbols are left out unless -g (--symbols) is given"),
    ("-pthread", "leave it out: modules for wasi-threads need no option"),
    ("-flto", "leave it out: a module is optimised as a whole"),
    ("-ffast-math", "give it to the compiler that makes the module: here results are WebAssembly's"),
  ]

  /// Help for the first of the arguments that is another engine's spelling.
  static func help(for arguments: some Sequence<String>) -> (option: String, help: String)? {
    for argument in arguments {
      let option = argument.prefix { $0 != "=" }
      if let row = spellings.first(where: { $0.option == option }) { return row }
      if option.hasPrefix("--enable-") || option.hasPrefix("--disable-") {
        let isOn = option.hasPrefix("--enable-")
        let name = option.dropFirst(isOn ? 9 : 10)
        return (String(option), "write -W \(name)=\(isOn ? "y" : "n")")
      }
    }
    return nil
  }
}

extension Problem {
  /// The problem of a command line that the parser answers with help although nobody asked for it: it finds -h among
  /// the letters of -shared, and has help for any word behind `help`. Nil where help was asked for.
  public static func misreadAsHelp(_ arguments: [String]) -> Problem? {
    let own = arguments.prefix { $0 != "--" }
    if own.contains(where: ["-h", "-help", "--help"].contains) { return nil }
    if own.first == "help" {
      let name = own.dropFirst().first { !$0.hasPrefix("-") }
      return name.flatMap { commands.contains($0) ? nil : unknownCommand($0) }
    }
    let misread = own.first { word in
      // What may follow these in one word are their values.
      let takesTheRest = ["-o", "-O", "-j", "-W"].contains { word.hasPrefix($0) }
      return word.hasPrefix("-") && !word.hasPrefix("--") && word.contains("h") && !takesTheRest
    }
    return misread.map { .usage(parserMessage: "Unknown option '\($0)'", arguments: arguments) }
  }

  /// The problem of a command line that the parser does not accept, in the parser's words or in better ones.
  public static func usage(parserMessage: String, arguments: [String]) -> Problem {
    if let first = arguments.first, !first.hasPrefix("-"), !commands.contains(first) {
      if first.hasSuffix(".wasm") {
        return .usage("no command is given", help: "write wasmaot build \(first), or wasmaot run \(first)")
      }
      return unknownCommand(first)
    }
    // What stands behind the module of `run`, or '--', is the program's.
    let own = arguments.prefix { $0 != "--" && !(arguments.first == "run" && $0.hasSuffix(".wasm")) }
    if let known = OtherEngines.help(for: own) {
      return .usage("unknown option '\(known.option)'", help: known.help)
    }
    // What looks like an option to the parser is a number to the user.
    for (option, value) in zip(arguments, arguments.dropFirst())
    where parserMessage.contains("issing value for '\(option) ") {
      if value.dropFirst().first?.isNumber == true {
        return .usage("\(option) '\(value)' is negative", help: "write a number without a sign")
      }
      // A list of features begins with a minus where all others are allowed.
      if option == "--features", value.hasPrefix("-"), !value.hasPrefix("--") {
        return .usage(summary(ofParser: parserMessage), help: "write \(option)=\(value)")
      }
    }
    if parserMessage.contains("is invalid for '-O ") {
      return .usage(
        summary(ofParser: parserMessage), help: "levels are -O0, -O1, -O2 (the default), -O3, -Os and -Oz")
    }
    if arguments.first == "bench", parserMessage.contains("nexpected argument") {
      return .usage(
        summary(ofParser: parserMessage),
        help: "the program's own arguments stand behind '--': wasmaot bench MODULE -- ARGS")
    }
    let summary = summary(ofParser: parserMessage)
    if let question = summary.firstRange(of: ". Did you mean ") {
      return .usage(
        String(summary[..<question.lowerBound]), help: "did you mean \(summary[question.upperBound...])")
    }
    let command = arguments.first.map { commands.contains($0) ? " help \($0)" : " --help" } ?? " --help"
    return .usage(summary, help: "see 'wasmaot\(command)'")
  }

  private static let commands = ["build", "run", "validate", "inspect", "bench", "cache", "help"]

  private static func unknownCommand(_ name: String) -> Problem {
    // wasmtime's and wasmer's.
    let near = ["compile": "build", "create-exe": "build"][name] ?? nearest(to: name, among: commands)
    return .usage(
      "unknown command '\(name)'",
      help: near.map { "did you mean '\($0)'?" } ?? "commands are: \(commands.joined(separator: ", "))")
  }

  private static func summary(ofParser message: String) -> String {
    // Lists of values have a line each.
    let lines = message.split(separator: "\n").map { $0.drop { $0 == " " || $0 == "-" } }
    var summary = (lines.first ?? "wrong command line") + lines.dropFirst().map { " \($0)" }.joined()
    // Of a word of several letters it says what each of them could be.
    if let rest = summary.firstRange(of: " or: ") { summary = summary[..<rest.lowerBound] }
    if summary.hasSuffix(".") { summary.removeLast() }
    return summary.prefix(1).lowercased() + summary.dropFirst()
  }

  /// The problem of an option that wasmaot doesn't know.
  public static func unknownOption(_ option: String, command: String) -> Problem {
    let known = OtherEngines.help(for: [option])
    return .usage(
      "unknown option '\(known?.option ?? option)'", help: known?.help ?? "see 'wasmaot help \(command)'")
  }
}
