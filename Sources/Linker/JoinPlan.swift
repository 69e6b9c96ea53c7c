public import SystemPackage

/// Joins the objects of one module: to one relocatable object, or to a shared library. Neither has anything of the
/// runtime's or of a C library in it; all but the module's descriptor is hidden.
public struct JoinPlan: Sendable {
  public enum Kind: Sendable {
    case relocatable
    case sharedLibrary
  }
  public var kind: Kind
  /// In the order in which their code and tables must lie.
  public var objects: [LinkObject]
  public var output: FilePath
  public var linker: LinkerTool
  /// Keep the symbols of functions.
  public var keepsSymbols: Bool

  public init(
    _ kind: Kind, of objects: [LinkObject], output: FilePath, linker: LinkerTool, keepsSymbols: Bool = false
  ) {
    self.kind = kind
    self.objects = objects
    self.output = output
    self.linker = linker
    self.keepsSymbols = keepsSymbols
  }

  func arguments(objectFiles: [FilePath], output: FilePath) -> [String] {
    var flags: [String]
    switch kind {
    case .relocatable: flags = ["-r"]
    case .sharedLibrary:
      flags = [
        "-shared",
        // Nothing of the host's is needed, and text is shared between processes.
        "-z", "defs", "-z", "text",
        // Tables of functions are read-only once the library is loaded.
        "-z", "relro", "-z", "now", "-z", "noexecstack",
        // The host's runtime unwinds through the code for backtraces.
        "--eh-frame-hdr", "--hash-style=gnu", "--build-id=none",
      ]
      if !keepsSymbols { flags.append("-s") }
    }
    if linker.family == .compiler {
      flags = ["-nostdlib", flags[0]] + flags.dropFirst().flatMap { ["-Xlinker", $0] }
    }
    return flags + ["-o", output.string] + objectFiles.map(\.string)
  }

  /// Writes the output, whole or not at all.
  public func run() async throws(LinkError) {
    try await linker.link(objects, to: output) { arguments(objectFiles: $0, output: $1) }
  }
}
