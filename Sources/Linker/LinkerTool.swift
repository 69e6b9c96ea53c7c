public import SystemPackage

/// A linker of this machine, and the family whose options it takes.
public struct LinkerTool: Equatable, Sendable {
  public enum Family: Equatable, Sendable {
    case lld
    /// GNU ld, gold, mold.
    case gnu
    /// A C compiler that calls a linker.
    case compiler
  }
  public var path: FilePath
  public var family: Family

  public init(path: FilePath, family: Family) {
    self.path = path
    self.family = family
  }

  /// The family by the program's name: `ld.lld-19`, `ld.bfd`, `x86_64-linux-gnu-gcc`.
  init(path: FilePath) {
    let name = path.lastComponent?.string ?? ""
    let family: Family =
      if name.contains("lld") {
        .lld
      } else if name == "ld" || name.hasSuffix("-ld") || name.contains("ld.")
        || name.contains("mold")
      { .gnu } else { .compiler }
    self.init(path: path, family: family)
  }

  private static let versions = [22, 21, 20, 19]

  /// Programs that are looked for, best first: lld is quicker, and makes the smaller file.
  static let candidates =
    ["ld.lld"] + versions.map { "ld.lld-\($0)" } + versions.map { "/usr/lib/llvm-\($0)/bin/ld.lld" }
    + ["ld", "cc"]

  public static func find(environment: [String: String]) throws(LinkError) -> LinkerTool {
    if let override = environment["WASMAOT_LINKER"], !override.isEmpty {
      guard let path = resolve(override, environment: environment) else {
        throw .linkerOverrideUnusable(override)
      }
      return LinkerTool(path: path)
    }
    for candidate in candidates {
      if let path = resolve(candidate, environment: environment) { return LinkerTool(path: path) }
    }
    throw .linkerNotFound(searched: candidates)
  }

  private static func resolve(_ program: String, environment: [String: String]) -> FilePath? {
    if program.utf8.contains(UInt8(ascii: "/")) {
      let path = FilePath(program)
      return isProgram(path) ? path : nil
    }
    for folder in (environment["PATH"] ?? "").split(separator: ":") {
      let path = FilePath(String(folder)).appending(program)
      if isProgram(path) { return path }
    }
    return nil
  }
}
