import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Tells two builds of one version of wasmaot apart: the ID that the linker gave this program, a digest of what is in
/// it; where it has none, when it was written and how large it is.
struct BuildID {
  let text: String

  /// Of the program that runs.
  static func own() -> BuildID {
    let path = "/proc/self/exe"
    if let id = ofFile(path) { return id }
    var status = stat()
    guard stat(path, &status) == 0 else { return BuildID(text: "") }
    return BuildID(text: "\(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec)")
  }

  /// Nil where it has none.
  static func ofFile(_ path: String) -> BuildID? {
    guard let file = try? FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec) else {
      return nil
    }
    defer { try? file.close() }
    return note(in: file).map { BuildID(text: $0) }
  }

  /// The program headers of a 64-bit ELF file lead to its notes.
  private static func note(in file: FileDescriptor) -> String? {
    let (headerSize, segmentSize) = (64, 56)
    guard let header = read(file, 0, headerSize), header.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]) else {
      return nil
    }
    let table = Int(truncatingIfNeeded: number(header, 32, 8))
    let count = Int(number(header, 56, 2))
    guard number(header, 54, 2) == segmentSize, let segments = read(file, table, count * segmentSize) else {
      return nil
    }
    for start in stride(from: 0, to: segments.count, by: segmentSize)
    where number(segments, start, 4) == 4 {  // PT_NOTE
      let offset = Int(truncatingIfNeeded: number(segments, start + 8, 8))
      let size = number(segments, start + 32, 8)
      if size < 1 << 16, let notes = read(file, offset, Int(size)), let id = gnuBuildID(in: notes) {
        return id
      }
    }
    return nil
  }

  /// Notes are a header of three words, a name and a description, padded to words.
  private static func gnuBuildID(in notes: [UInt8]) -> String? {
    func padded(_ size: UInt64) -> Int { (Int(size) + 3) & ~3 }
    var offset = 0
    while offset + 12 <= notes.count {
      let (nameSize, size) = (number(notes, offset, 4), number(notes, offset + 4, 4))
      let description = offset + 12 + padded(nameSize)
      guard description + Int(size) <= notes.count else { return nil }
      if number(notes, offset + 8, 4) == 3, notes[(offset + 12)...].starts(with: "GNU\0".utf8) {
        return notes[description..<(description + Int(size))].map { String($0, radix: 16) }.joined(
          separator: ".")
      }
      offset = description + padded(size)
    }
    return nil
  }

  /// Little-endian.
  private static func number(_ bytes: [UInt8], _ offset: Int, _ width: Int) -> UInt64 {
    bytes[offset..<(offset + width)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func read(_ file: FileDescriptor, _ offset: Int, _ count: Int) -> [UInt8]? {
    guard offset >= 0, count > 0 else { return nil }
    let bytes = try? [UInt8](unsafeUninitializedCapacity: count) { buffer, size in
      size = try file.read(fromAbsoluteOffset: Int64(offset), into: UnsafeMutableRawBufferPointer(buffer))
    }
    return bytes?.count == count ? bytes : nil
  }
}
