import LLVMBackend
import Linker
import SystemPackage

/// What makes an output of objects: for programs the runtime and a linker, for what hosts load a linker at the
/// most. Found once a build.
struct Toolchain {
  private let runtime: RuntimeDirectory?
  private let linker: LinkerTool?
  private let environment: [String: String]

  init(for options: BuildOptions, environment: [String: String]) throws(Problem) {
    self.environment = environment
    do throws(LinkError) {
      runtime =
        options.emit != .exe
        ? nil
        : try RuntimeDirectory.find(
          target: "\(options.target.architecture)-linux", environment: environment, executable: Self.ownPath()
        )
      switch options.emit {
      case .exe, .shared: linker = try LinkerTool.find(environment: environment)
      // Most modules are one object: nothing to join.
      case .obj, .staticlib: linker = try? LinkerTool.find(environment: environment)
      case .asm, .llvmIR, .bitcode, .ir: linker = nil
      }
    } catch {
      throw Problem(error)
    }
  }

  /// For cache keys: what decides the bytes of an output besides its objects.
  func identity(_ digests: ToolDigests) -> [String] {
    var identity: [String] = []
    if let linker {
      // The family is known by the name.
      let digest = digests.digest(ofFile: linker.path.string, as: "linker")
      identity = ["linker \(linker.path) \(digest)"]
    }
    if let runtime {
      for file in runtime.start + runtime.libraries + runtime.end {
        let name = file.lastComponent?.string ?? ""
        identity.append("\(name) \(digests.digest(ofFile: file.string, as: "runtime-\(name)"))")
      }
    }
    return identity
  }

  /// Makes one file of a module's objects, for a host.
  func join(
    _ units: [[UInt8]], to kind: EmitKind, name: CIdentifier, keepsSymbols: Bool, scratch: FilePath
  ) async throws(Problem) -> [UInt8] {
    var object = LinkObject(name: "\(name.text).o", bytes: units[0])
    if units.count > 1 || kind == .shared {
      object.bytes = try await inScratch(scratch) { output throws(LinkError) in
        let linker: LinkerTool
        if let found = self.linker { linker = found } else { linker = try .find(environment: environment) }
        let plan = JoinPlan(
          kind == .shared ? .sharedLibrary : .relocatable,
          of: units.enumerated().map { LinkObject(name: "unit\($0).o", bytes: $1) }, output: output,
          linker: linker, keepsSymbols: keepsSymbols)
        try await plan.run()
      }
    }
    return kind == .staticlib ? archive(of: object, symbol: "\(name.text)_wasm") : object.bytes
  }

  /// Links in the folder `scratch` and returns the program's bytes.
  func link(
    _ objects: [[UInt8]], config: RuntimeConfig, keepsSymbols: Bool, scratch: FilePath
  ) async throws(Problem) -> [UInt8] {
    guard let runtime, let linker else { preconditionFailure("this toolchain is not for programs") }
    return try await inScratch(scratch) { output throws(LinkError) in
      let plan = LinkPlan(
        objects: objects.enumerated().map { LinkObject(name: "unit\($0).o", bytes: $1) }, output: output,
        runtime: runtime, linker: linker, requiredSymbols: config.requiredSymbols,
        keepsSymbols: keepsSymbols)
      try await plan.run()
    }
  }

  /// The bytes of what `make` puts at a path in the folder, which is removed.
  private func inScratch(
    _ scratch: FilePath, _ make: (FilePath) async throws(LinkError) -> Void
  ) async throws(Problem) -> [UInt8] {
    let output = scratch.appending(".wasmaot-\(UInt64.random(in: 0...UInt64.max)).tmp")
    defer { OutputFile.remove(output.string) }
    do throws(LinkError) { try await make(output) } catch { throw Problem(error) }
    return try OutputFile.read(output.string)
  }

  /// The program that runs this code: the runtime is found from where it is installed.
  private static func ownPath() -> FilePath {
    OutputFile.linkTarget("/proc/self/exe").map { FilePath($0) }
      ?? FilePath(CommandLine.arguments.first ?? "")
  }
}
