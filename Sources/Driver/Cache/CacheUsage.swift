import FoundationEssentials
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How much the cache holds, and what goes when that is too much: entries that were used least recently.
///
/// `usage` in the cache's folder has an estimate, so that a build need not look at every file: what the last
/// count found, and what builds have added since. It may be wrong after crashes; the next count puts it right,
/// at the latest after a day.
struct CacheUsage {
  let folder: CacheFolder

  /// All files of one key.
  struct Entry {
    var key: String
    var kind: CacheFolder.Kind?
    var files: [String] = []
    var size: UInt64 = 0
    /// Nanoseconds since 1970.
    var lastUse: Int64 = 0
  }

  struct Count {
    var entries: [Entry] = []
    /// Left by builds that ended in the middle of writing.
    var remnants: [String] = []
    var size: UInt64 { entries.reduce(0) { $0 + $1.size } }
  }

  struct Removal: Equatable {
    var entries = 0
    var bytes: UInt64 = 0
  }

  /// Entries go until this part of the limit is left, so that not every build after that has to remove some.
  private static let lowMark = 0.9
  private static let secondsBetweenCounts: Int64 = 24 * 3600
  /// No write takes that long: whoever began it is gone.
  private static let ageOfRemnants: Int64 = 3600

  /// Nanoseconds since 1970.
  static var now: Int64 { Int64(time(nil)) * 1_000_000_000 }

  // MARK: - Looking

  /// Only what the cache itself has written: whatever else is in the folder is not the cache's to count or remove.
  func count() -> Count {
    var count = Count()
    // Entries of the first versions were in the folder itself.
    add(folder.path, kind: nil, to: &count)
    for kind in CacheFolder.Kind.allCases {
      let path = "\(folder.path)/\(kind.rawValue)"
      for name in names(in: path) where name.utf8.count == 2 {
        add("\(path)/\(name)", kind: kind, to: &count)
      }
    }
    return count
  }

  private func add(_ path: String, kind: CacheFolder.Kind?, to count: inout Count) {
    var entries: [String: Entry] = [:]
    for name in names(in: path) {
      let key = String(name.prefix { $0 != "." })
      guard key.utf8.count == 64, key.utf8.allSatisfy(\.isLowerHexadecimal) else { continue }
      let file = "\(path)/\(name)"
      var status = stat()
      guard lstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      if name.hasSuffix(".tmp") {
        if Int64(time(nil)) - Int64(status.st_mtim.tv_sec) > Self.ageOfRemnants {
          count.remnants.append(file)
        }
        continue
      }
      guard ["", ".json", ".h"].contains(name.dropFirst(64)) else { continue }
      let use = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
      var entry = entries[key] ?? Entry(key: key, kind: kind)
      entry.files.append(file)
      entry.size += UInt64(status.st_blocks) * 512
      entry.lastUse = max(entry.lastUse, use)
      entries[key] = entry
    }
    count.entries += entries.values
  }

  private func names(in path: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
  }

  // MARK: - Removing

  /// Removes what was used least recently until at most `limit` bytes are left, and what was not used for `age`
  /// nanoseconds. Safe beside builds: whoever has opened a file reads it to its end, and an entry without one of its
  /// files is a miss.
  /// Nil where another process does the same.
  func prune(to limit: UInt64?, unusedFor age: UInt64? = nil) -> Removal? {
    withLock { prune(count(), to: limit, unusedFor: age) }
  }

  private func prune(
    _ count: Count, to limit: UInt64?, unusedFor age: UInt64? = nil, keeping key: String? = nil
  ) -> Removal {
    for file in count.remnants { unlink(file) }
    var removal = Removal()
    var left = count.size
    let now = Self.now
    let entries = count.entries.sorted { ($0.lastUse, $0.files[0]) < ($1.lastUse, $1.files[0]) }
    for entry in entries where entry.kind != .outputs || entry.key != key {
      let isTooMuch = limit.map { left > $0 } ?? false
      let isTooOld = age.map { now - entry.lastUse > Int64(clamping: $0) } ?? false
      guard isTooMuch || isTooOld else { continue }
      for file in entry.files { unlink(file) }
      removal.entries += 1
      removal.bytes += entry.size
      left -= entry.size
    }
    writeEstimate(left)
    return removal
  }

  /// Of what is left after a build: counts what it has added, and removes what is too much, but not the output `key`,
  /// which is about to be started.
  func settle(keeping key: String? = nil) {
    let added = folder.takeAdded()
    guard added > 0, folder.problem == nil else { return }
    withLock {
      if let known = readEstimate() {
        let age = Int64(time(nil)) - known.countedAt
        let (bytes, overflow) = known.bytes.addingReportingOverflow(added)
        let isTooMuch = folder.sizeLimit.map { bytes > $0 } ?? false
        if !overflow, !isTooMuch, 0..<Self.secondsBetweenCounts ~= age {
          writeEstimate(bytes, countedAt: known.countedAt)
          return
        }
      }
      let count = self.count()
      let isTooMuch = folder.sizeLimit.map { count.size > $0 } ?? false
      let target = isTooMuch ? folder.sizeLimit.map { UInt64(Double($0) * Self.lowMark) } : nil
      _ = prune(count, to: target, keeping: key)
    }
  }

  // MARK: - The estimate

  private var estimateFile: String { "\(folder.path)/usage" }

  private func readEstimate() -> (bytes: UInt64, countedAt: Int64)? {
    guard let text = folder.contents(of: estimateFile) else { return nil }
    let words = String(decoding: text, as: UTF8.self).split(separator: " ")
    guard words.count == 2, let bytes = UInt64(words[0]), let time = Int64(words[1]), time >= 0 else {
      return nil
    }
    return (bytes, time)
  }

  private func writeEstimate(_ bytes: UInt64, countedAt: Int64 = Int64(time(nil))) {
    // Without an estimate the next build counts.
    try? OutputFile.write(Array("\(bytes) \(countedAt)".utf8), to: estimateFile)
  }

  /// Runs `body` while no other process does. Nil where that does not come to pass soon: nobody waits for a process
  /// that was stopped in here.
  @discardableResult
  private func withLock<R>(_ body: () -> R) -> R? {
    let descriptor = open("\(folder.path)/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    for _ in 0..<20 {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return body() }
      guard errno == EWOULDBLOCK else { return nil }
      usleep(5_000)
    }
    return nil
  }
}

extension UInt8 {
  fileprivate var isLowerHexadecimal: Bool { (0x30...0x39).contains(self) || (0x61...0x66).contains(self) }
}
