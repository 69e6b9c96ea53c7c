import Glibc
import LLVMBackend
import SystemPackage
import TestSupport
import Testing

@testable import Driver

/// The cache's size: what is counted, what goes, and what stays.
@Suite struct CacheUsageTests {
  private static let entrySize = 1 << 16

  private static func report(for bytes: [UInt8]) -> BuildReport {
    BuildReport(
      llvm: "19", input: .init(path: "", size: 1, sha256: sha256([1])),
      output: .init(path: "", size: bytes.count, sha256: sha256(bytes)), options: BuildOptions(), features: []
    )
  }

  private static func key(_ number: Int) -> BuildCache.Key {
    [UInt8(number)].withUnsafeBytes { BuildCache.Key(module: $0, options: BuildOptions(), tools: []) }
  }

  private static let bytes = [UInt8](repeating: 7, count: entrySize)

  /// Stores entries that were used so many hours ago.
  private static func fill(_ cache: BuildCache, hoursAgo: [Int]) throws {
    for (number, hours) in hoursAgo.enumerated() {
      let path = try cache.store(bytes, report: report(for: bytes), for: key(number))
      for file in [path, path + ".json"] { setAge(of: file, hours: hours) }
    }
  }

  private static func setAge(of file: String, hours: Int) {
    var times = [timespec](repeating: timespec(tv_sec: time(nil) - hours * 3600, tv_nsec: 0), count: 2)
    utimensat(AT_FDCWD, file, &times, 0)
  }

  private static func kept(_ cache: BuildCache, of count: Int) -> [Int] {
    (0..<count).filter { OutputFile.exists(cache.folder.path(of: key($0).text, .outputs)) }
  }

  @Test func leastRecentlyUsedGoFirst() async throws {
    try await TemporaryFolder.with { folder in
      let cache = BuildCache(directory: folder.string)
      try Self.fill(cache, hoursAgo: [1, 5, 3, 2, 4])
      // Finding it is a use.
      #expect(cache.entry(for: Self.key(1)) != nil)
      let limit = UInt64(Self.entrySize * 3 + Self.entrySize / 2)
      let report = try cache.prune(to: limit)
      #expect(Self.kept(cache, of: 5) == [0, 1, 3])
      #expect(report.removed.entries == 2)
      #expect(report.bytes <= limit)
      #expect(report.outputs.entries == 3)
      for number in [0, 1, 3] { #expect(cache.entry(for: Self.key(number))?.bytes == Self.bytes) }
    }
  }

  @Test func whatWasNotUsedForLongGoes() async throws {
    try await TemporaryFolder.with { folder in
      let cache = BuildCache(directory: folder.string)
      try Self.fill(cache, hoursAgo: [1, 50, 3])
      _ = try cache.prune(unusedFor: 10 * 3600 * 1_000_000_000)
      #expect(Self.kept(cache, of: 3) == [0, 2])
    }
  }

  @Test func buildsKeepTheLimit() async throws {
    try await TemporaryFolder.with { folder in
      let limit = UInt64(Self.entrySize * 4)
      for number in 0..<20 {
        // Times of files have the resolution of the kernel's clock.
        usleep(10_000)
        // A process each.
        let cache = BuildCache(directory: folder.string, sizeLimit: limit)
        try cache.store(Self.bytes, report: Self.report(for: Self.bytes), for: Self.key(number))
        _ = cache.settle()
        // Written just now: the newest is never what goes, as long as it fits.
        #expect(cache.entry(for: Self.key(number)) != nil)
        #expect(try cache.info().bytes <= limit)
      }
    }
  }

  @Test func noLimit() async throws {
    try await TemporaryFolder.with { folder in
      let cache = BuildCache(directory: folder.string, sizeLimit: nil)
      try Self.fill(cache, hoursAgo: Array(repeating: 1000, count: 5))
      _ = cache.settle()
      #expect(Self.kept(cache, of: 5).count == 5)
    }
  }

  /// Whoever crashed left no more than that: counting again puts the estimate right.
  @Test(arguments: ["", "nonsense", "18446744073709551615 99999999999", "-1 0"])
  func brokenEstimate(text: String) async throws {
    try await TemporaryFolder.with { folder in
      let limit = UInt64(Self.entrySize * 3)
      let cache = BuildCache(directory: folder.string, sizeLimit: limit)
      try Self.fill(cache, hoursAgo: [1, 2, 3, 4, 5])
      try TestSupport.write(Array(text.utf8), to: folder.appending("usage"))
      _ = cache.settle()
      #expect(try cache.info().bytes <= limit)
      #expect(Self.kept(cache, of: 5).first == 0)
    }
  }

  /// A process that was stopped while it held the lock must not stop all others.
  @Test func nobodyWaitsForTheLock() async throws {
    try await TemporaryFolder.with { folder in
      let cache = BuildCache(directory: folder.string, sizeLimit: 1)
      try Self.fill(cache, hoursAgo: [1])
      let descriptor = open(folder.appending("lock").string, O_RDWR | O_CREAT, 0o600)
      try #require(flock(descriptor, LOCK_EX) == 0)
      let start = ContinuousClock.now
      _ = cache.settle()
      #expect(throws: Problem.self) { try cache.prune(to: 0) }
      #expect(ContinuousClock.now - start < .seconds(60))
      #expect(Self.kept(cache, of: 1) == [0])
      close(descriptor)
      #expect(try cache.prune(to: 0).entries == 0)
    }
  }

  /// The folder may be one that has other things in it.
  @Test func onlyTheCachesOwnFilesGo() async throws {
    try await TemporaryFolder.with { folder in
      let cache = BuildCache(directory: folder.string)
      try Self.fill(cache, hoursAgo: [1, 2])
      let digits = String(repeating: "a", count: 64)
      let others = [
        "note.txt", digits + ".txt", digits.uppercased(), String(digits.dropLast()), "outputs/file",
        "units/file",
      ]
      for name in others {
        try TestSupport.makeFolder(folder.appending(name).removingLastComponent())
        try TestSupport.write([1], to: folder.appending(name))
      }
      try TestSupport.makeFolder(folder.appending(digits + ".json"))
      // What the first versions wrote, and what a build that crashed left.
      try TestSupport.write([1], to: folder.appending(digits))
      let remnant = folder.appending("outputs/aa/\(digits).12-34.tmp")
      let fresh = folder.appending("outputs/aa/\(digits).12-35.tmp")
      try TestSupport.makeFolder(remnant.removingLastComponent())
      for file in [remnant, fresh] { try TestSupport.write([1], to: file) }
      Self.setAge(of: remnant.string, hours: 2)

      #expect(try cache.prune(to: 0).bytes == 0)
      #expect(Self.kept(cache, of: 2).isEmpty)
      for name in others { #expect(OutputFile.exists(folder.appending(name).string), "\(name)") }
      #expect(!OutputFile.exists(folder.appending(digits).string))
      #expect(!OutputFile.exists(remnant.string))
      #expect(OutputFile.exists(fresh.string))
    }
  }

  /// Builds and pruning side by side: an entry is whole, or a miss.
  @Test func pruningBesideBuilds() async throws {
    try await TemporaryFolder.with { folder in
      let limit = UInt64(Self.entrySize * 3)
      await withTaskGroup(of: Bool.self) { group in
        for worker in 0..<4 {
          group.addTask {
            for round in 0..<20 {
              let cache = BuildCache(directory: folder.string, sizeLimit: limit)
              let key = Self.key((worker * 7 + round) % 10)
              if let entry = cache.entry(for: key), entry.bytes != Self.bytes { return false }
              guard (try? cache.store(Self.bytes, report: Self.report(for: Self.bytes), for: key)) != nil
              else {
                return false
              }
              if !cache.settle().isEmpty { return false }
            }
            return true
          }
        }
        for await isGood in group { #expect(isGood) }
      }
      let cache = BuildCache(directory: folder.string, sizeLimit: limit)
      let left = try cache.prune().bytes
      #expect(left <= limit)
    }
  }

  @Test(.enabled(if: CommandLineTool.path != nil, "no wasmaot"))
  func commandLine() async throws {
    try await TemporaryFolder.with { folder in
      let environment = ["WASMAOT_CACHE_DIR": folder.string]
      try Self.fill(BuildCache(directory: folder.string), hoursAgo: [1, 30])
      let info = try await CommandLineTool.run(["cache", "info"], environment: environment)
      #expect(info.status == 0)
      #expect(info.text.contains(folder.string))
      #expect(info.text.contains("outputs     2, "))
      let json = try await CommandLineTool.run(
        ["cache", "prune", "--unused-for=24h", "--json"], environment: environment)
      #expect(json.text.contains("\"entries\" : 1"))
      #expect(json.status == 0)
      let cleared = try await CommandLineTool.run(["cache", "clear"], environment: environment)
      #expect(cleared.text.contains("removed     1, "))
      let empty = try await CommandLineTool.run(
        ["cache", "info"], environment: ["WASMAOT_CACHE_DIR": folder.appending("none").string])
      #expect(empty.status == 0)
      let wrong = try await CommandLineTool.run(["cache", "prune", "--max-size=x"], environment: environment)
      #expect(wrong.status == 2)
    }
  }
}
