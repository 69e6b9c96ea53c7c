import Driver
import TestSupport

/// Modules as programs that read calls from standard input (`BuildOptions.isScriptDriven`), and print a line for each.
enum ScriptedProgram {
  /// A call of an export. Names are in hexadecimal digits; arguments are as `i:7`.
  static func call(_ name: String, _ arguments: [String] = []) -> String {
    let digits = name.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    return (["invoke", digits] + arguments).joined(separator: " ")
  }

  /// What the program prints: a line for its start, and one for each call that it gets to.
  static func run(
    _ module: [UInt8], _ calls: [String], options: BuildOptions, addressSpaceKiB: Int? = nil
  ) async throws -> [String] {
    var options = options
    options.isScriptDriven = true
    return try await TemporaryFolder.with { [options] folder in
      let (input, app) = (folder.appending("module.wasm"), folder.appending("app"))
      try TestSupport.write(module, to: input)
      let builder = Builder(options: options, jobs: 1, environment: TestSupport.environment)
      _ = try await builder.build(input.string, to: app.string)
      let limit = addressSpaceKiB.map(String.init) ?? "unlimited"
      let result = try await TestSupport.run(
        "/bin/sh", ["-c", "ulimit -v \(limit) && exec \"$0\"", app.string],
        input: Array(calls.map { $0 + "\n" }.joined().utf8))
      return result.text.split(separator: "\n").map(String.init)
    }
  }
}
