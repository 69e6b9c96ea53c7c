import Support
public import SystemPackage

/// The folder with the C runtime's archive and the C library's start files for one target: everything that
/// an app is linked with besides its own objects. `make runtime` makes it.
///
/// Its file `link.txt` says what goes where on the link line, so that this module needs not know the C
/// library: lines `start FILE…` (before the objects), `libraries FILE…` and `end FILE…` (after them).
public struct RuntimeDirectory: Equatable, Sendable {
  public let path: FilePath
  /// Files of `link.txt`, as absolute paths.
  public let start: [FilePath]
  public let libraries: [FilePath]
  public let end: [FilePath]

  /// C libraries by preference: musl's static programs are smaller and start faster.
  static let libraries = ["musl", "gnu"]

  /// Looks in `WASMAOT_RUNTIME`, then beside an installed program (`../lib/wasmaot/runtime`), then in the
  /// source tree that the program was built in. `target` is architecture and system: `x86_64-linux`.
  public static func find(
    target: String, environment: [String: String], executable: FilePath
  ) throws(LinkError) -> RuntimeDirectory {
    if let override = environment["WASMAOT_RUNTIME"], !override.isEmpty {
      let root = FilePath(override)
      if let found = try find(target: target, in: root) { return found }
      // The folder of one target may be named itself.
      if fileExists(root.appending(manifestName)) { return try RuntimeDirectory(reading: root) }
      throw .runtimeOverrideUnusable(root, target: target)
    }
    let roots = searchRoots(executable: executable)
    for root in roots {
      if let found = try find(target: target, in: root) { return found }
    }
    throw .runtimeNotFound(target: target, searched: roots)
  }

  static let manifestName = "link.txt"

  static func searchRoots(executable: FilePath) -> [FilePath] {
    let folder = executable.removingLastComponent()
    var roots = [folder.removingLastComponent().appending("lib/wasmaot/runtime")]
    // `swift build` puts the program some levels below the package's root; so does `swift test`.
    var parent = folder
    while !parent.components.isEmpty {
      if fileExists(parent.appending("runtime-c/abi/wasmaot_abi.h")) {
        roots.append(parent.appending("runtime-c/build"))
        break
      }
      parent = parent.removingLastComponent()
    }
    return roots
  }

  private static func find(target: String, in root: FilePath) throws(LinkError) -> RuntimeDirectory? {
    for library in libraries {
      let path = root.appending("\(target)-\(library)")
      if fileExists(path.appending(manifestName)) { return try RuntimeDirectory(reading: path) }
    }
    return nil
  }

  init(reading path: FilePath) throws(LinkError) {
    let manifest: String
    do { manifest = String(decoding: try readFile(path.appending(Self.manifestName)), as: UTF8.self) } catch {
      throw .runtimeDamaged(path, reason: "\(Self.manifestName): \(error)")
    }
    var files: [Substring: [FilePath]] = [:]
    for line in manifest.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let kind = words.first else { continue }
      files[kind, default: []] += words.dropFirst().map { path.appending(String($0)) }
    }
    for file in files.values.joined() where !fileExists(file) {
      throw .runtimeDamaged(path, reason: "'\(file.lastComponent?.string ?? "")' is missing")
    }
    guard let libraries = files["libraries"], !libraries.isEmpty else {
      throw .runtimeDamaged(path, reason: "\(Self.manifestName) names no libraries")
    }
    self.path = path
    self.start = files["start"] ?? []
    self.libraries = libraries
    self.end = files["end"] ?? []
  }
}
