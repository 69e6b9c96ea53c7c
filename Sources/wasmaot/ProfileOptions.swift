import ArgumentParser
import Driver

/// Optimising by what runs of a program did: for `build`.
struct ProfileOptions: ParsableArguments {
  @Flag(
    name: .customLong("profile-generate"),
    help: ArgumentHelp(
      "Let the program count how often its branches go each way, for --profile-use.",
      discussion: """
        It adds to what is in its profile: MODULE.profile, in the directory that it is started in. \
        --profile-generate=FILE names another one, WASMAOT_PROFILE_FILE one for a run.
        """))
  var countsBranches = false

  @Option(name: .customLong("profile-file"), help: .private)
  var file: String?

  @Option(
    name: .customLong("profile-use"),
    help: ArgumentHelp(
      "Optimise by a profile of this module.",
      discussion:
        "Give those options that the program which counted was built with. Several profiles add up.",
      valueName: "FILE"))
  var profiles: [String] = []

  func apply(to options: inout BuildOptions) throws(Problem) {
    options.countsBranches = countsBranches
    options.profileFile = file
    if countsBranches, options.emit.isEmbedded {
      throw .usage(
        "--profile-generate is for programs, and --emit \(options.emit.rawValue) is for hosts",
        help: "count in a program of the same module; --profile-use is for both")
    }
    if countsBranches, !profiles.isEmpty {
      throw .usage("both --profile-generate and --profile-use are given", help: "leave out one of them")
    }
    if file != nil, !countsBranches {
      throw .usage("--profile-file is given alone", help: "write --profile-generate=FILE")
    }
    if !profiles.isEmpty { options.profile = try ProfileInput(contentsOf: profiles) }
  }

  /// `--profile-generate=FILE` as the parser takes it, which has no options whose value may be missing without a `=`.
  static func spelledOut(_ arguments: [String]) throws(Problem) -> [String] {
    let name = "--profile-generate"
    var result: [String] = []
    for argument in arguments {
      guard argument.hasPrefix(name + "=") else {
        result.append(argument)
        continue
      }
      let file = argument.dropFirst(name.count + 1)
      guard !file.isEmpty else {
        throw .usage("\(argument) names no file", help: "write \(name)=FILE, or \(name)")
      }
      result += [name, "--profile-file=\(file)"]
    }
    return result
  }
}
