import BenchReport
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

  /// The program that is measured must not be able to change what is run next, natively and without a sandbox.
  ///
  /// Devices and inodes are compared, and not paths: those may go through links.
  func checkOutside(of grants: Grants) throws(Problem) {
    let writable = grants.directories.filter { !$0.isReadOnly }
    guard !writable.isEmpty else { return }
    let places = try parents()
    for grant in writable {
      // What can't be found can't be granted.
      guard let place = Place(of: FilePath(grant.host)), places.contains(place) else { continue }
      throw Problem(
        "--dir \(visible(grant.host)) grants the folder of temporary files: the module could replace the programs that are measured",
        help:
          "set TMPDIR to a folder outside of what is granted, or grant it read-only: --dir \(visible(grant.text)):ro"
      )
    }
  }

  private struct Place: Hashable {
    var device: dev_t
    var inode: ino_t

    init?(of path: FilePath) {
      var status = stat()
      guard stat(path.string, &status) == 0 else { return nil }
      (device, inode) = (status.st_dev, status.st_ino)
    }
  }

  /// This folder and all above it.
  private func parents() throws(Problem) -> Set<Place> {
    var places: Set<Place> = []
    var current = path
    while true {
      guard let place = Place(of: current) else { throw .cannotRead(current.string, Errno(rawValue: errno)) }
      // The root is its own parent.
      guard places.insert(place).inserted else { return places }
      current.append("..")
    }
  }

  func file(_ name: String) -> FilePath { path.appending(name) }

  func makeFolder(_ name: String) throws(Problem) {
    guard mkdir(file(name).string, 0o700) == 0 else {
      throw .cannotWrite(file(name).string, Errno(rawValue: errno), option: "TMPDIR")
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
