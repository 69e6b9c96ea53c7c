import Foundation
import Glibc
import SystemPackage
import TestSupport

/// What a guest is put into: the directories that it is granted, and a canary beside them.
///
///     NAME/outside     nothing of it is granted; what its files hold is a secret
///     NAME/grant       granted; descriptor G
///     NAME/readonly    granted with :ro; descriptor R
///     NAME/second      granted; descriptor S
struct EscapeWorld {
  enum Node {
    case directory
    /// With all those above it.
    case directories
    case file(String)
    /// `{world}` in a target stands for the world's path.
    case link(String)
    case hardLink(String)
    case fifo
    case socket
    case null
  }

  let path: String

  static let base: [(String, Node)] = [
    ("outside", .directory), ("outside/secret", .file("SECRET of outside")), ("outside/dir", .directory),
    ("outside/dir/inner", .file("SECRET of dir")), ("outside/empty", .directory),
    ("outside/link", .link("secret")), ("outside/hard", .hardLink("outside/secret")),
    ("grant", .directory), ("grant/file", .file("inside")), ("grant/dir", .directory),
    ("grant/dir/nested", .directory), ("grant/dir/nested/deep", .file("deep")), ("grant/empty", .directory),
    ("readonly", .directory), ("readonly/file", .file("constant")), ("readonly/dir", .directory),
    ("readonly/dir/inner", .file("constant, too")), ("readonly/empty", .directory),
    ("readonly/link", .link("file")), ("readonly/out", .link("../outside")),
    ("second", .directory),
  ]

  init(at path: String, with nodes: [(String, Node)]) throws {
    self.path = path
    try Self.check(mkdir(path, 0o755), path)
    for (name, node) in Self.base + nodes { try make(node, at: path + "/" + name) }
    for name in Self.names(below: path + "/outside") + Self.names(below: path + "/readonly") {
      // Reading does not change an access time that is in the future, so a snapshot can have it.
      var times = [timespec(tv_sec: 4_000_000_000, tv_nsec: 1), timespec(tv_sec: 1_000_000_000, tv_nsec: 2)]
      try Self.check(utimensat(AT_FDCWD, name, &times, AT_SYMLINK_NOFOLLOW), name)
    }
  }

  private func make(_ node: Node, at name: String) throws {
    switch node {
    case .directory: try Self.check(mkdir(name, 0o755), name)
    case .directories: try TestSupport.makeFolder(FilePath(name))
    case .file(let contents):
      let file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
      try Self.check(file, name)
      defer { close(file) }
      let written = contents.utf8.withContiguousStorageIfAvailable { write(file, $0.baseAddress, $0.count) }
      if written != contents.utf8.count { try Self.check(-1, name) }
    case .link(let target): try Self.check(symlink(target.replacing("{world}", with: path), name), name)
    case .hardLink(let other): try Self.check(link(path + "/" + other, name), name)
    case .fifo: try Self.check(mkfifo(name, 0o600), name)
    case .socket: try Self.check(mknod(name, S_IFSOCK | 0o600, 0), name)
    case .null: try Self.check(mknod(name, S_IFCHR | 0o600, 1 << 8 | 3), name)
    }
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }

  /// As the app's options, in the order of descriptors.
  func grants(readOnly: String = ":ro") -> [String] {
    // Guest paths are unique, like the host's.
    ["grant", "readonly", "second"].flatMap { name in
      ["--dir", "\(path)/\(name)::\(path)/\(name)" + (name == "readonly" ? readOnly : "")]
    }
  }

  static let grantCount = 3

  private static func check(_ result: Int32, _ name: String) throws {
    if result < 0 { throw Failure(description: "\(name): \(String(cString: strerror(errno)))") }
  }

  struct Failure: Error, CustomStringConvertible { var description: String }
}

// MARK: - Snapshots

extension EscapeWorld {
  /// All that is not the guest's to change: every node's type, mode, links, owner, size, times and contents, by name.
  func snapshot() -> [String: String] {
    var result: [String: String] = [:]
    // What stands beside the grants, too.
    let roots = Self.names(inside: path).filter { $0 != "grant" && $0 != "second" }
    result["."] = roots.joined(separator: " ")
    for root in roots {
      for name in Self.names(below: path + "/" + root) {
        result[String(name.dropFirst(path.utf8.count + 1))] = Self.description(of: name)
      }
    }
    return result
  }

  private static func description(of name: String) -> String {
    var status = stat()
    guard lstat(name, &status) == 0 else { return "gone" }
    func text(_ time: timespec) -> String { "\(time.tv_sec).\(time.tv_nsec)" }
    var result =
      "inode \(status.st_ino) mode \(String(status.st_mode, radix: 8)) links \(status.st_nlink) "
      + "owner \(status.st_uid):\(status.st_gid) size \(status.st_size)"
    switch status.st_mode & S_IFMT {
    case S_IFREG: result += " contents '\(contents(of: name))'"
    case S_IFLNK:
      result += " target '\((try? FileManager.default.destinationOfSymbolicLink(atPath: name)) ?? "")'"
    case S_IFDIR: result += " entries '\(names(inside: name).joined(separator: " "))'"
    default: break
    }
    // Last, so that a comparison can leave them out.
    return result + " times "
      + [status.st_atim, status.st_mtim, status.st_ctim].map(text).joined(separator: " ")
  }

  private static func contents(of name: String) -> String {
    let file = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { return "unreadable" }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = read(file, &buffer, buffer.count)
    return String(decoding: buffer[..<max(count, 0)], as: UTF8.self)
  }

  /// The names in a directory, sorted.
  static func names(inside path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var result: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { result.append(name) }
    }
    return result.sorted()
  }

  /// A path and all below it.
  static func names(below path: String) -> [String] {
    var status = stat()
    guard lstat(path, &status) == 0 else { return [] }
    guard status.st_mode & S_IFMT == S_IFDIR else { return [path] }
    return [path] + names(inside: path).flatMap { names(below: path + "/" + $0) }
  }

  /// What changed between two snapshots, in words; empty if nothing did.
  static func changes(
    from before: [String: String], to after: [String: String], ignoringTimes: Bool = false
  ) -> [String] {
    func relevant(_ text: String?) -> String {
      guard let text else { return "nothing" }
      return ignoringTimes
        ? String(text.prefix(upTo: text.firstRange(of: " times ")?.lowerBound ?? text.endIndex)) : text
    }
    return Set(before.keys).union(after.keys).sorted().compactMap { name in
      let (old, new) = (relevant(before[name]), relevant(after[name]))
      return old == new ? nil : "\(name) was \(old), is \(new)"
    }
  }
}
