import Crypto
import FoundationEssentials
import SystemPackage

/// Finished outputs by what they were made from. Two files an entry: `<key>` and `<key>.json`, its report; what
/// hosts load has a header besides, `<key>.h`.
///
/// The cache never fails a build: an entry that is damaged (its size or digest is not the report's) is a
/// miss, and where nothing can be written there is a warning. Entries appear by rename, and two builds of
/// one key write the same bytes, so any number of processes may share a directory.
public struct BuildCache: Sendable {
  public let directory: String

  public init(directory: String) { self.directory = directory }

  /// WASMAOT_CACHE_DIR, else XDG_CACHE_HOME/wasmaot, else ~/.cache/wasmaot; nil where none is set.
  public static func standard(environment: [String: String]) -> BuildCache? {
    func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    if let directory = variable("WASMAOT_CACHE_DIR") { return BuildCache(directory: directory) }
    // The XDG specification: relative paths are to be ignored.
    if let base = variable("XDG_CACHE_HOME"), base.hasPrefix("/") {
      return BuildCache(directory: base + "/wasmaot")
    }
    return variable("HOME").map { BuildCache(directory: $0 + "/.cache/wasmaot") }
  }

  /// Everything that an output depends on.
  public struct Key: Hashable, Sendable {
    public let text: String

    /// `tools` names the versions of all that takes part: wasmaot, LLVM, the runtime archive's digest.
    public init(module: UnsafeRawBufferPointer, options: BuildOptions, tools: [String]) {
      var hash = SHA256()
      hash.update(bufferPointer: module)
      hash.update(data: Array(jsonText(of: options).utf8))
      for tool in tools { hash.update(data: Array("\0\(tool)".utf8)) }
      text = hash.finalize().hexadecimal
    }
  }

  public struct Entry: Sendable {
    public var path: String
    public var report: BuildReport
    public var bytes: [UInt8]
    public var header: [UInt8]?
  }

  public func entry(for key: Key) -> Entry? {
    let path = self.path(of: key)
    guard let json = try? OutputFile.read(path + ".json"),
      let report = try? JSONDecoder().decode(BuildReport.self, from: Data(json)),
      let bytes = contents(path, like: report.output)
    else { return nil }
    var entry = Entry(path: path, report: report, bytes: bytes)
    if let file = report.header {
      guard let header = contents(path + ".h", like: file) else { return nil }
      entry.header = header
    }
    return entry
  }

  /// Nil if they are not what was written.
  private func contents(_ path: String, like file: BuildReport.File) -> [UInt8]? {
    guard let bytes = try? OutputFile.read(path), bytes.count == file.size, sha256(bytes) == file.sha256
    else {
      return nil
    }
    return bytes
  }

  /// Returns the path of the entry.
  @discardableResult
  public func store(
    _ bytes: [UInt8], header: [UInt8]? = nil, report: BuildReport, for key: Key
  ) throws(Problem) -> String {
    let path = self.path(of: key)
    do {
      // Only the user reads it: what a module holds, and which grants it was given, is nobody else's.
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw Problem("cannot create the cache directory \(directory)", help: Self.help)
    }
    do throws(Problem) {
      try OutputFile.write(bytes, to: path, isExecutable: report.options.emit == .exe)
      if let header { try OutputFile.write(header, to: path + ".h") }
      try OutputFile.write(Array(report.json().utf8), to: path + ".json")
    } catch {
      throw Problem(error.summary, help: Self.help)
    }
    return path
  }

  private static let help = "set WASMAOT_CACHE_DIR to a directory that can be written, or use --no-cache"

  private func path(of key: Key) -> String { "\(directory)/\(key.text)" }
}
