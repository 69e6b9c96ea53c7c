import ArgumentParser
import Driver

@main struct Wasmaot: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wasmaot",
    abstract: "Compiles WebAssembly modules to native programs.",
    discussion: """
      wasmaot build app.wasm        writes the program ./app
      wasmaot run app.wasm ARGS…    compiles to the cache, and runs
      wasmaot bench app.wasm        measures the program, and the interpreter beside it

      A program can touch nothing but its own memory and the standard streams, unless it is granted more: \
      see --dir and --env of 'wasmaot help build'.

      Exit status: 0 for success, 1 for bad input or a failed build, 2 for a wrong command line. Programs \
      exit with their own status, and with 134 after a trap.

      Environment for the remote cache: WASMAOT_REMOTE_CACHE (its URL), and the same with _UPLOAD, _TIMEOUT, _TOKEN, \
      _HEADER, _CA or _KEY behind it (docs/cache.md).

      Environment: WASMAOT_CACHE_DIR and WASMAOT_CACHE_SIZE (where builds are kept, and how much of them), WASMAOT_LINKER (the linker to use), \
      WASMAOT_RUNTIME (the folder with the runtime), NO_COLOR. Programs of --profile-generate: WASMAOT_PROFILE_FILE.
      """,
    subcommands: [
      BuildCommand.self, RunCommand.self, ValidateCommand.self, InspectCommand.self, BenchCommand.self,
      CacheCommand.self,
    ])

  @Flag(name: .customLong("version"), help: "Show the versions of wasmaot and of LLVM.")
  var showsVersion = false

  func run() async throws {
    if showsVersion {
      try writeOutput(Version.text + "\n")
    } else {
      throw CleanExit.helpRequest(self)
    }
  }

  /// Parses and runs. Not ArgumentParser's own `main`: that one exits with 64 for a wrong command line, and
  /// knows nothing of other engines' spellings.
  static func main() async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      var command = try parseAsRoot(
        arguments.first == "build" ? try ProfileOptions.spelledOut(arguments) : arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let problem as Problem {
      terminal.fail(with: problem)
    } catch let status as ExitCode {
      exit(withError: status)
    } catch {
      let status = exitCode(for: error)
      if status == .success {
        if let problem = Problem.misreadAsHelp(arguments) { terminal.fail(with: problem) }
        // Help that was asked for.
        let text = fullMessage(for: error)
        do throws(Problem) {
          try writeOutput(text.isEmpty ? "" : text + "\n")
        } catch {
          terminal.fail(with: error)
        }
        exit(withError: status)
      }
      terminal.fail(with: .usage(parserMessage: message(for: error), arguments: arguments))
    }
  }
}
