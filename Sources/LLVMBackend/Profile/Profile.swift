import CRuntimeABI

/// How often the functions of a program were called, and how often their branches went each way: what a program counts
/// that was built for it. `runtime-c/abi/wasmaot_abi.h` has the format of its file.
public struct Profile: Sendable {
  /// Of one function. `counts` lie as `CounterSites` says.
  struct Entry: Sendable {
    var function: UInt32
    /// Of the body that counted (`CounterSites.shape`).
    var shape: UInt64
    var counts: [UInt64]
  }
  private(set) var entries: [Entry] = []

  /// Reads a file's bytes, which may be anything.
  public init(_ bytes: [UInt8]) throws(ProfileError) {
    func number<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at offset: Int) -> T {
      bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
    }
    let headSize = Int(WASMAOT_PROFILE_HEAD_SIZE)
    guard bytes.starts(with: WASMAOT_PROFILE_MAGIC.utf8) else { throw .notAProfile }
    guard bytes.count >= headSize else { throw .endsEarly(at: bytes.count) }
    let version = number(UInt32.self, at: 8)
    guard version == WASMAOT_PROFILE_VERSION else { throw .version(version) }
    let functionCount = Int(number(UInt32.self, at: 12))
    let counterCount = number(UInt64.self, at: 16)
    let countersOffset = number(UInt64.self, at: 24)
    let rowSize = Int(WASMAOT_PROFILE_FUNCTION_SIZE)
    let rowsEnd = UInt64(headSize + functionCount * rowSize)
    guard countersOffset >= rowsEnd, countersOffset % 8 == 0 else {
      throw .malformed("its counts are not behind its functions", at: 24)
    }
    guard countersOffset <= bytes.count, counterCount <= (UInt64(bytes.count) - countersOffset) / 8 else {
      throw .endsEarly(at: bytes.count)
    }
    entries.reserveCapacity(functionCount)
    var first: UInt64 = 0
    for index in 0..<functionCount {
      let row = headSize + index * rowSize
      let count = UInt64(number(UInt32.self, at: row + 4))
      guard count > 0, count <= counterCount - first else {
        throw .malformed("a function has \(count) counts", at: row + 4)
      }
      let start = Int(countersOffset + first * 8)
      entries.append(
        Entry(
          function: number(UInt32.self, at: row), shape: number(UInt64.self, at: row + 8),
          counts: (0..<Int(count)).map { number(UInt64.self, at: start + $0 * 8) }))
      first += count
    }
  }

  /// Adds the counts of another one, of the same program or of another version of it.
  public mutating func merge(_ other: Profile) {
    var known: [UInt32: [Int]] = [:]
    for (index, entry) in entries.enumerated() { known[entry.function, default: []].append(index) }
    for entry in other.entries {
      let same = known[entry.function]?.first {
        entries[$0].shape == entry.shape && entries[$0].counts.count == entry.counts.count
      }
      guard let same else {
        entries.append(entry)
        continue
      }
      for index in entry.counts.indices {
        entries[same].counts[index] = entries[same].counts[index].addingClamped(entry.counts[index])
      }
    }
  }
}

/// Why a file is no profile.
public enum ProfileError: Error, Hashable, Sendable, CustomStringConvertible {
  case notAProfile
  case version(UInt32)
  case endsEarly(at: Int)
  case malformed(String, at: Int)

  public var description: String {
    switch self {
    case .notAProfile: "it does not begin as profiles do"
    case .version(let version):
      "it has format \(version), and this version of wasmaot reads format \(WASMAOT_PROFILE_VERSION)"
    case .endsEarly(let offset): "it ends early, at offset \(offset)"
    case .malformed(let what, let offset): "\(what), at offset \(offset)"
    }
  }
}

extension UInt64 {
  /// Counts are from a file: their sum may be too much.
  func addingClamped(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
