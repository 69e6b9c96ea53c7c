import LLVMBackend
import Linker
import SystemPackage

/// What a program is linked with and by: the runtime and a linker. Found once a build.
struct Toolchain {
  private let runtime: RuntimeDirectory
  private let linker: LinkerTool

  init(target: Target, environment: [String: String]) throws(Problem) {
    do throws(LinkError) {
      runtime = try RuntimeDirectory.find(
        target: "\(target.architecture)-linux", environment: environment, executable: Self.ownPath())
      linker = try LinkerTool.find(environment: environment)
    } catch {
      throw Problem(error)
    }
  }

  /// For cache keys: what decides the bytes of a program besides its objects.
  func identity() throws(Problem) -> [String] {
    var identity = ["linker \(linker.path)"]
    for file in runtime.start + runtime.libraries + runtime.end {
      identity.append(sha256(try OutputFile.read(file.string)))
    }
    return identity
  }

  /// Links in the folder `scratch` and returns the program's bytes.
  func link(
    _ objects: [[UInt8]], config: RuntimeConfig, keepsSymbols: Bool, scratch: FilePath
  ) async throws(Problem) -> [UInt8] {
    let output = scratch.appending(".wasmaot-\(UInt64.random(in: 0...UInt64.max)).tmp")
    defer { OutputFile.remove(output.string) }
    let plan = LinkPlan(
      objects: objects.enumerated().map { LinkObject(name: "unit\($0).o", bytes: $1) }, output: output,
      runtime: runtime, linker: linker, requiredSymbols: config.requiredSymbols, keepsSymbols: keepsSymbols)
    do throws(LinkError) { try await plan.run() } catch { throw Problem(error) }
    return try OutputFile.read(output.string)
  }

  /// The program that runs this code: the runtime is found from where it is installed.
  private static func ownPath() -> FilePath {
    OutputFile.linkTarget("/proc/self/exe").map { FilePath($0) }
      ?? FilePath(CommandLine.arguments.first ?? "")
  }
}
