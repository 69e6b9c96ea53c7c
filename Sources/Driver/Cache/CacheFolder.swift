import FoundationEssentials
import Synchronization
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The files of the cache on this machine: they appear by rename, and are only believed if nobody else can have
/// written them.
///
/// What is in the cache gets executed. So the folder must be the user's own and closed to all others: with `sudo`,
/// HOME can be somebody else's, and a folder below /tmp anybody's.
final class CacheFolder: Sendable {
  /// A subfolder each; within it, one for each first byte of a key. `links` are keys under which there is a unit, too.
  enum Kind: String, CaseIterable { case outputs, units, links }

  let path: String
  /// Bytes; nil: no limit.
  let sizeLimit: UInt64?

  private struct State {
    var isChecked = false
    var problem: Problem?
    /// Bytes written and not yet in the count of `usage`.
    var added: UInt64 = 0
    var madeFolders: Set<String> = []
  }
  private let state = Mutex(State())

  init(path: String, sizeLimit: UInt64?) {
    self.path = path
    self.sizeLimit = sizeLimit
  }

  static let help = "set WASMAOT_CACHE_DIR to a directory that can be written, or use --no-cache"

  /// Why nothing can be kept here, once that is known.
  var problem: Problem? { state.withLock { $0.problem } }

  /// Of bytes written since the last call.
  func takeAdded() -> UInt64 {
    state.withLock { state in
      defer { state.added = 0 }
      return state.added
    }
  }

  func path(of key: String, _ kind: Kind) -> String { "\(path)/\(kind.rawValue)/\(key.prefix(2))/\(key)" }

  // MARK: - Reading

  /// Nil where there is no such file, or it is not to be believed. Counts as a use of the entry.
  func file(_ path: String) -> OpenFile? {
    guard isUsable() else { return nil }
    let file = OpenFile(open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) { $0.st_uid == geteuid() }
    // What was used last goes last.
    file?.touch()
    return file
  }

  /// The same, read.
  func contents(of path: String) -> [UInt8]? { file(path)?.bytes }

  /// The folder exists, is the user's, and only the user's. (One that does not exist has nothing to read.)
  private func isUsable() -> Bool {
    state.withLock { state in
      if !state.isChecked {
        var status = stat()
        guard stat(path, &status) == 0 else { return false }
        state.isChecked = true
        state.problem = refusal(status)
      }
      return state.problem == nil
    }
  }

  /// For those who ask for the cache by name: throws what a build would warn of.
  func check() throws(Problem) { if !isUsable(), let problem { throw problem } }

  private func refusal(_ status: stat) -> Problem? {
    guard status.st_mode & S_IFMT == S_IFDIR else {
      return Problem("\(path) is not a directory", help: Self.help)
    }
    guard status.st_uid == geteuid() else {
      return Problem("the cache directory \(path) belongs to another user", help: Self.help)
    }
    guard status.st_mode & (S_IWGRP | S_IWOTH) == 0 else {
      return Problem(
        "the cache directory \(path) can be written by others", help: "chmod go-w \(path), or use --no-cache")
    }
    return nil
  }

  // MARK: - Writing

  /// Makes the folder where it is missing.
  func write(_ bytes: [UInt8], to file: String, isExecutable: Bool = false) throws(Problem) {
    if let problem { throw problem }
    do throws(Problem) {
      try makeFolder(of: file)
      try OutputFile.write(bytes, to: file, isExecutable: isExecutable)
    } catch {
      // Once is enough: a full disk would otherwise be met by each unit.
      let problem = Problem(error.summary, help: error.help.map { _ in Self.help })
      state.withLock { $0.problem = problem }
      throw problem
    }
    // What it takes of the disk, which is what is counted: thousands of links are small.
    state.withLock { $0.added += (UInt64(bytes.count) + 4095) & ~4095 }
  }

  private func makeFolder(of file: String) throws(Problem) {
    let folder = FilePath(file).removingLastComponent().string
    if state.withLock({ $0.madeFolders.contains(folder) }) { return }
    do {
      // Only the user reads it: what a module holds, and which grants it was given, is nobody else's.
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw Problem("cannot create the cache directory \(folder)", help: Self.help)
    }
    guard isUsable() else {
      throw problem ?? Problem("cannot use the cache directory \(path)", help: Self.help)
    }
    state.withLock { _ = $0.madeFolders.insert(folder) }
  }
}
