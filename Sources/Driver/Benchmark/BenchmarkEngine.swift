/// Something that runs modules, and is measured.
struct BenchmarkEngine {
  /// What reports call it.
  var name: String
  /// Its version, in its own words; nil for wasmaot's own.
  var version: String?
  /// The command line that makes a file of a module, which is then run; nil if modules are run as they are.
  var prepare: ((_ module: String, _ output: String) -> [String])?
  /// The command line that runs a module, or the file that was made of it.
  var run: (_ file: String) -> [String]
  /// Whose failure is a failure of the benchmark: those of others are left out of the report's numbers.
  var isOwn: Bool
}

/// What all engines run.
struct BenchmarkedProgram {
  var grants = Grants()
  var invoke: String?
  /// The program's own.
  var arguments: [String] = []
}

/// Engines that are not wasmaot's, and how they are told what to run: a row each.
struct OtherEngine: Sendable {
  var name: String
  /// What is looked for on the PATH: the program that runs modules first.
  var programs: [String]
  var prepare: (@Sendable (_ module: String, _ output: String) -> [String])?
  /// The arguments before the file; nil if it can't grant what is asked.
  var options: @Sendable (BenchmarkedProgram) -> [String]?

  static let all: [OtherEngine] = [
    OtherEngine(
      name: "wasmtime", programs: ["wasmtime"], prepare: { ["wasmtime", "compile", "-o", $1, $0] },
      options: { program in
        guard let grants = grantOptions(program) else { return nil }
        return ["run", "--allow-precompiled"] + grants + (program.invoke.map { ["--invoke", $0] } ?? [])
      }),
    OtherEngine(
      name: "wasm3", programs: ["wasm3"],
      options: { program in
        // It shows programs all of the working directory, or nothing; results of functions it prints in its own way.
        program.grants == Grants() && program.invoke == nil ? [] : nil
      }),
    OtherEngine(
      name: "wasmkit", programs: ["wasmkit"],
      options: { program in
        // It has no other path for a directory than the host's, and finds out itself what to call.
        guard let grants = grantOptions(program, directory: \.host), program.invoke == nil,
          program.grants.directories.allSatisfy({ $0.host == $0.guest })
        else { return nil }
        return ["run"] + grants
      }),
    OtherEngine(name: "iwasm", programs: ["iwasm"], options: wamrOptions),
    OtherEngine(
      name: "wamrc", programs: ["iwasm", "wamrc"], prepare: { ["wamrc", "-o", $1, $0] }, options: wamrOptions),
  ]

  private static func wamrOptions(_ program: BenchmarkedProgram) -> [String]? {
    let grants = program.grants
    // It prints results of functions in its own way, so that they can't be compared.
    guard grants.hasOnlyFiles, !grants.directories.contains(where: \.isReadOnly), program.invoke == nil,
      grants.environment.allSatisfy({ $0.value != nil })
    else { return nil }
    return grants.directories.map { "--map-dir=\($0.guest)::\($0.host)" }
      + grants.environment.map { "--env=\($0.name)=\($0.value ?? "")" }
  }

  /// wasmtime's spelling, which others share; nil for what it can't express.
  private static func grantOptions(
    _ program: BenchmarkedProgram, directory: (DirectoryGrant) -> String = { "\($0.host)::\($0.guest)" }
  ) -> [String]? {
    let grants = program.grants
    guard grants.hasOnlyFiles, !grants.directories.contains(where: \.isReadOnly) else { return nil }
    return grants.directories.flatMap { ["--dir", directory($0)] }
      + grants.environment.flatMap { grant in
        ["--env", grant.value.map { "\(grant.name)=\($0)" } ?? grant.name]
      }
  }
}

extension Grants {
  /// Directories and variables, and nothing that engines do in their own ways.
  fileprivate var hasOnlyFiles: Bool { listeners.isEmpty && !isOpenAtRunTime }
}
