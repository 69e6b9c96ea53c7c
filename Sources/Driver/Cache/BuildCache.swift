import Crypto
import FoundationEssentials
import LLVMBackend
import SystemPackage

/// What was built, by what it was made from: finished outputs, and codegen units. Two files an output: `<key>` and
/// `<key>.json`, its report; what hosts load has a header besides, `<key>.h`.
///
/// The cache never fails a build: an entry that is damaged (its size or digest is not the report's) is a
/// miss, and where nothing can be written there is a warning. Entries appear by rename, and two builds of
/// one key write the same bytes, so any number of processes may share a directory. docs/cache.md has the whole of it.
public struct BuildCache: Sendable {
  let folder: CacheFolder
  /// Asked for what the folder does not have.
  let remote: RemoteCache?

  public var directory: String { folder.path }

  /// `sizeLimit` is in bytes; nil: none.
  public init(
    directory: String, sizeLimit: UInt64? = defaultSizeLimit, remote: RemoteCacheOptions? = nil
  ) {
    folder = CacheFolder(path: directory, sizeLimit: sizeLimit)
    self.remote = remote.map { RemoteCache($0) }
  }

  public static let defaultSizeLimit: UInt64 = 5 << 30

  /// WASMAOT_CACHE_DIR, else XDG_CACHE_HOME/wasmaot, else ~/.cache/wasmaot; nil where none is set. WASMAOT_CACHE_SIZE
  /// is the limit; 0 is none.
  public static func standard(
    environment: [String: String], remote: RemoteCacheOptions? = nil
  ) throws(Problem) -> BuildCache? {
    func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    let size = try variable("WASMAOT_CACHE_SIZE").map { text throws(Problem) in
      try parseSize(text, option: "WASMAOT_CACHE_SIZE")
    }
    let limit = size == 0 ? nil : size ?? defaultSizeLimit
    if let directory = variable("WASMAOT_CACHE_DIR") {
      return BuildCache(directory: directory, sizeLimit: limit, remote: remote)
    }
    // The XDG specification: relative paths are to be ignored.
    if let base = variable("XDG_CACHE_HOME"), base.hasPrefix("/") {
      return BuildCache(directory: base + "/wasmaot", sizeLimit: limit, remote: remote)
    }
    return variable("HOME").map {
      BuildCache(directory: $0 + "/.cache/wasmaot", sizeLimit: limit, remote: remote)
    }
  }

  /// Everything that an output depends on.
  public struct Key: Hashable, Sendable {
    public let text: String

    /// `tools` names the versions of all that takes part: wasmaot, LLVM, the runtime archive's digest.
    public init(module: UnsafeRawBufferPointer, options: BuildOptions, tools: [String]) {
      self.init(size: module.count, options, tools) { $0.update(bufferPointer: module) }
    }

    /// Nil where the module can't be read, or has become shorter.
    init?(module: OpenFile, options: BuildOptions, tools: [String]) {
      do {
        try self.init(size: module.size, options, tools) { hash in
          try module.read { hash.update(bufferPointer: $0) }
        }
      } catch {
        return nil
      }
    }

    private init<E: Error>(
      size: Int, _ options: BuildOptions, _ tools: [String], _ update: (inout SHA256) throws(E) -> Void
    ) throws(E) {
      var hash = SHA256()
      hash.update(data: Array("wasmaot output, \(size) bytes\n".utf8))
      try update(&hash)
      hash.update(data: Array(jsonText(of: options).utf8))
      for tool in tools { hash.update(data: Array("\0\(tool)".utf8)) }
      text = hash.finalize().hexadecimal
    }
  }

  public struct Entry: Sendable {
    /// In the folder; nil where it could not be put there.
    public var path: String?
    public var report: BuildReport
    var contents: OutputContents
    public var header: [UInt8]?
    /// Nil where its file can't be read any more.
    var bytes: [UInt8]? { contents.bytes }
  }

  public func entry(for key: Key) -> Entry? { localEntry(for: key) ?? remoteEntry(for: key) }

  private func localEntry(for key: Key) -> Entry? {
    let path = folder.path(of: key.text, .outputs)
    guard let json = folder.contents(of: path + ".json"),
      let report = try? JSONDecoder().decode(BuildReport.self, from: Data(json)),
      let output = folder.file(path), output.size == report.output.size,
      output.sha256 == report.output.sha256
    else { return nil }
    var entry = Entry(path: path, report: report, contents: .file(output))
    if let file = report.header {
      guard let header = contents(path + ".h", like: file) else { return nil }
      entry.header = header
    }
    return entry
  }

  private func remoteEntry(for key: Key) -> Entry? {
    guard let remote, let (result, files) = remote.find(key.text, RemoteFile.all) else { return nil }
    func contents(_ path: String, like file: BuildReport.File) -> [UInt8]? {
      let index = result.files.firstIndex { $0.path == path && $0.digest == file.sha256 }
      return index.map { files[$0] }
    }
    guard let report = try? JSONDecoder().decode(BuildReport.self, from: Data(result.standardOutput)),
      let bytes = contents(RemoteFile.output, like: report.output),
      case let header = report.header.map({ contents(RemoteFile.header, like: $0) }), header != .some(nil)
    else {
      remote.disbelieve("the report of the entry \(key.text) is not that of its files")
      return nil
    }
    var entry = Entry(report: report, contents: .bytes(bytes), header: header ?? nil)
    // Where that fails, there was a warning already, or will be one.
    entry.path = try? keep(bytes, header: entry.header, report: report, for: key)
    entry.report.isFromRemoteCache = true
    return entry
  }

  /// Paths in an `ActionResult`.
  private enum RemoteFile {
    static let output = "output"
    static let header = "output.h"
    static let all: Set = [output, header]
  }

  /// Nil if they are not what was written.
  private func contents(_ path: String, like file: BuildReport.File) -> [UInt8]? {
    guard let bytes = folder.contents(of: path), bytes.count == file.size, sha256(bytes) == file.sha256 else {
      return nil
    }
    return bytes
  }

  /// Returns the path of the entry. It is put into the remote cache when the build ends (`settle`).
  @discardableResult
  public func store(
    _ bytes: [UInt8], header: [UInt8]? = nil, report: BuildReport, for key: Key
  ) throws(Problem) -> String {
    if let remote {
      typealias File = ActionResult.File
      let isProgram = report.options.emit == .exe
      let output = File(
        path: RemoteFile.output, digest: report.output.sha256, size: bytes.count, isExecutable: isProgram)
      var files = [(output, bytes)]
      if let header, let file = report.header {
        files.append((File(path: RemoteFile.header, digest: file.sha256, size: header.count), header))
      }
      remote.put(files, standardOutput: Array(report.json().utf8), for: [key.text])
    }
    return try keep(bytes, header: header, report: report, for: key)
  }

  private func keep(
    _ bytes: [UInt8], header: [UInt8]?, report: BuildReport, for key: Key
  ) throws(Problem) -> String {
    let path = folder.path(of: key.text, .outputs)
    try folder.write(bytes, to: path, isExecutable: report.options.emit == .exe)
    if let header { try folder.write(header, to: path + ".h") }
    try folder.write(Array(report.json().utf8), to: path + ".json")
    return path
  }

  /// Ends a build: uploads what it has made, counts what it has added, and removes what is too much, but not what
  /// it has made. Returns warnings.
  public func settle(keeping key: Key? = nil) -> [String] {
    finish(keeping: key)
    return remote?.takeWarnings() ?? []
  }

  /// The same for a build that failed: warnings are left for others that use this cache.
  func finish(keeping key: Key? = nil) {
    remote?.finishUploads()
    CacheUsage(folder: folder).settle(keeping: key?.text)
  }
}

/// Objects of units. A file is the digest of what follows it, and the object; or, in a folder of its own, the key of another
/// one, for objects that have several.
struct CachedUnits: UnitCache {
  let cache: BuildCache
  /// The versions of all that takes part behind the lowering.
  let tools: [String]

  private static let digestSize = SHA256Digest.byteCount
  /// The path in an `ActionResult`.
  private static let remoteFile = "unit.o"

  func key(of input: UnsafeRawBufferPointer, settings: String) -> String {
    var hash = SHA256()
    hash.update(data: Array("wasmaot unit\0\(tools.joined(separator: "\0"))\0\(settings)\0".utf8))
    hash.update(bufferPointer: input)
    return hash.finalize().hexadecimal
  }

  func object(for key: String) -> [UInt8]? {
    if let object = localObject(for: key) { return object }
    guard let remote = cache.remote, let object = remote.find(key, [Self.remoteFile])?.files.first else {
      return nil
    }
    // It goes to the linker, which takes much else for what it should do: scripts, archives, libraries.
    guard Self.isObject(object) else {
      remote.disbelieve("the unit \(key) is no object file")
      return nil
    }
    keep(object, SHA256.hash(data: object), for: key)
    return object
  }

  /// A relocatable file of ELF, for x86-64.
  private static func isObject(_ bytes: [UInt8]) -> Bool {
    bytes.count > 64 && bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1])
      && bytes[16..<20].elementsEqual([1, 0, 62, 0])
  }

  private func localObject(for key: String) -> [UInt8]? {
    let object =
      contents(for: key, .units)
      ?? contents(for: key, .links).flatMap { contents(for: String(decoding: $0, as: UTF8.self), .units) }
    return object.flatMap { Self.isObject($0) ? $0 : nil }
  }

  /// Nil if they are not what was written.
  private func contents(for key: String, _ kind: CacheFolder.Kind) -> [UInt8]? {
    guard let file = cache.folder.contents(of: cache.folder.path(of: key, kind)), file.count > Self.digestSize
    else { return nil }
    let contents = file.dropFirst(Self.digestSize)
    let isWhole = contents.withUnsafeBytes {
      var hash = SHA256()
      hash.update(bufferPointer: $0)
      return hash.finalize().elementsEqual(file.prefix(Self.digestSize))
    }
    return isWhole ? Array(contents) : nil
  }

  func store(_ object: [UInt8], for keys: [String]) {
    let digest = SHA256.hash(data: object)
    keep(object, digest, for: keys[0])
    for key in keys.dropFirst() { keepLink(key, to: keys[0]) }
    put(object, digest, for: keys)
  }

  func link(_ other: String, to key: String, of object: [UInt8]) {
    keepLink(other, to: key)
    // A server has no links. It may not have the object either: this machine's folder can be what found it.
    if cache.remote != nil { put(object, SHA256.hash(data: object), for: [other]) }
  }

  private func keepLink(_ other: String, to key: String) {
    let key = Array(key.utf8)
    keep(key, SHA256.hash(data: key), for: other, .links)
  }

  private func put(_ object: [UInt8], _ digest: SHA256Digest, for keys: [String]) {
    let file = ActionResult.File(path: Self.remoteFile, digest: digest.hexadecimal, size: object.count)
    cache.remote?.put([(file, object)], for: keys)
  }

  private func keep(
    _ contents: [UInt8], _ digest: SHA256Digest, for key: String, _ kind: CacheFolder.Kind = .units
  ) {
    // A failure stays in the folder's `problem`, and becomes one warning for the whole build.
    try? cache.folder.write(digest + contents, to: cache.folder.path(of: key, kind))
  }
}
