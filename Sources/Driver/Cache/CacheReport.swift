import Support

/// `wasmaot cache`: what is kept, and making it less.
public struct CacheReport: Codable, Sendable {
  public struct Part: Codable, Sendable {
    public var entries = 0
    public var bytes: UInt64 = 0
  }
  public var directory: String
  /// Bytes; nil: none.
  public var sizeLimit: UInt64?
  public var outputs = Part()
  public var units = Part()
  /// Other keys of units.
  public var links = Part()
  public var entries: Int
  public var bytes: UInt64
  /// Seconds since the entry was used that has not been used for longest.
  public var oldestUse: Int?
  /// What this command removed.
  public var removed = Part()

  public func json() -> String { jsonText(of: self) }

  public func text() -> String {
    var lines = [
      ("directory", directory),
      ("size", "\(sizeText(Int(bytes)))" + (sizeLimit.map { " of \(sizeText(Int($0)))" } ?? ", no limit")),
      ("outputs", "\(outputs.entries), \(sizeText(Int(outputs.bytes)))"),
      ("units", "\(units.entries), \(sizeText(Int(units.bytes)))"),
      ("links", "\(links.entries), \(sizeText(Int(links.bytes)))"),
    ]
    if let oldestUse { lines.append(("unused for", "\(Self.ageText(oldestUse)) at most")) }
    if removed.entries > 0 {
      lines.append(("removed", "\(removed.entries), \(sizeText(Int(removed.bytes)))"))
    }
    return lines.map { $0.padding(to: 12) + $1 + "\n" }.joined()
  }

  private static func ageText(_ seconds: Int) -> String {
    switch seconds {
    case ..<120: "\(seconds) s"
    case ..<7200: "\(seconds / 60) min"
    case ..<172_800: "\(seconds / 3600) h"
    default: "\(seconds / 86_400) days"
    }
  }
}

extension BuildCache {
  public func info() throws(Problem) -> CacheReport {
    try folder.check()
    let count = CacheUsage(folder: folder).count()
    func part(_ kind: CacheFolder.Kind) -> CacheReport.Part {
      let entries = count.entries.filter { ($0.kind ?? .outputs) == kind }
      return CacheReport.Part(entries: entries.count, bytes: entries.reduce(0) { $0 + $1.size })
    }
    let oldest = count.entries.map(\.lastUse).min()
    return CacheReport(
      directory: directory, sizeLimit: folder.sizeLimit, outputs: part(.outputs), units: part(.units),
      links: part(.links),
      entries: count.entries.count, bytes: count.size,
      oldestUse: oldest.map { max(0, Int(CacheUsage.now / 1_000_000_000) - Int($0 / 1_000_000_000)) })
  }

  /// Removes what was used least recently until at most `limit` bytes are left (nil: the cache's own limit), and
  /// what was not used for `age` nanoseconds.
  public func prune(to limit: UInt64? = nil, unusedFor age: UInt64? = nil) throws(Problem) -> CacheReport {
    try folder.check()
    var removal = CacheUsage.Removal()
    if OutputFile.exists(directory) {
      guard let done = CacheUsage(folder: folder).prune(to: limit ?? folder.sizeLimit, unusedFor: age) else {
        throw Problem(
          "the cache \(directory) cannot be locked", help: "another process may be pruning it: try again")
      }
      removal = done
    }
    var report = try info()
    report.removed = CacheReport.Part(entries: removal.entries, bytes: removal.bytes)
    return report
  }
}
