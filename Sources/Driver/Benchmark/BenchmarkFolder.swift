import FoundationEssentials
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A folder that nobody else may look into, for what a benchmark makes.
struct BenchmarkFolder {
  let path: FilePath

  init(in parent: FilePath) throws(Problem) {
    path = parent.appending("wasmaot-bench-\(UInt64.random(in: 0...UInt64.max))")
    // Fails where something is there already, a link included.
    guard mkdir(path.string, 0o700) == 0 else {
      throw Problem(
        "cannot make the folder \(path): \(Errno(rawValue: errno))",
        help: "set TMPDIR to a folder that can be written")
    }
  }

  func file(_ name: String) -> FilePath { path.appending(name) }

  func makeFolder(_ name: String) throws(Problem) {
    guard mkdir(file(name).string, 0o700) == 0 else {
      throw .cannotWrite(file(name).string, Errno(rawValue: errno))
    }
  }

  func remove() { try? FileManager.default.removeItem(atPath: path.string) }

  /// The start of a file, as text.
  func text(of name: String, limit: Int) -> String {
    guard let file = try? FileDescriptor.open(file(name), .readOnly, options: .closeOnExec) else { return "" }
    defer { try? file.close() }
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = (try? bytes.withUnsafeMutableBytes { try file.read(into: $0) }) ?? 0
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  func size(of name: String) -> Int? {
    var status = stat()
    return stat(file(name).string, &status) == 0 ? Int(status.st_size) : nil
  }

  /// The place of the first byte in which two files differ; nil if they are the same.
  func difference(_ a: String, _ b: String) throws(Problem) -> Int? {
    do {
      let (first, second) = (
        try FileDescriptor.open(file(a), .readOnly, options: .closeOnExec),
        try FileDescriptor.open(file(b), .readOnly, options: .closeOnExec)
      )
      defer {
        try? first.close()
        try? second.close()
      }
      var place = 0
      while true {
        let (left, right) = (try Self.chunk(of: first), try Self.chunk(of: second))
        if left == right {
          if left.isEmpty { return nil }
          place += left.count
          continue
        }
        return place + zip(left, right).prefix { $0 == $1 }.count
      }
    } catch {
      throw .cannotRead(path.string, error)
    }
  }

  /// As much as there is, up to a limit: a file may be larger than the memory.
  private static func chunk(of file: FileDescriptor) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    var count = 0
    while count < bytes.count {
      let read = try bytes.withUnsafeMutableBytes { try file.read(into: .init(rebasing: $0[count...])) }
      if read == 0 { break }
      count += read
    }
    return Array(bytes[..<count])
  }
}
