import SystemPackage
import WasmModule

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Files: read at once, and written so that they appear whole or not at all. Devices, FIFOs and streams that are open
/// already stay what they are, and are written to.
enum OutputFile {
  static func write(
    _ bytes: [UInt8], to path: String, isExecutable: Bool = false, option: String = "-o"
  ) throws(Problem) {
    try write(.bytes(bytes), to: path, isExecutable: isExecutable, option: option)
  }

  /// `option` is what chooses the place.
  static func write(
    _ contents: OutputContents, to path: String, isExecutable: Bool = false, option: String = "-o"
  ) throws(Problem) {
    if isWrittenInPlace(path) { return try writeInPlace(contents, to: path, option: option) }
    try replace(path, option: option) { (temporary) throws(Problem) in
      do {
        let file = try FileDescriptor.open(
          temporary, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
          permissions: FilePermissions(rawValue: isExecutable ? 0o777 : 0o666))
        try file.closeAfter { try contents.write(to: file) }
      } catch {
        throw .cannotWrite(path, error, option: option)
      }
    }
  }

  /// Calls `make` with a temporary path in the folder of `path`, then renames what it made to `path`.
  /// Whatever fails, nothing is left behind and an older file at `path` is as it was.
  static func replace(
    _ path: String, option: String = "-o", make: (String) throws(Problem) -> Void
  ) throws(Problem) {
    let temporary = "\(path).\(getpid())-\(UInt64.random(in: 0...UInt64.max)).tmp"
    do throws(Problem) {
      try make(temporary)
      guard rename(temporary, path) == 0 else {
        throw .cannotWrite(path, Errno(rawValue: errno), option: option)
      }
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// What would keep `write` from writing there, as far as that can be known in advance.
  static func obstacle(to path: String) -> Errno? {
    if isFolder(path) { return .isDirectory }
    if openDescriptor(path) != nil { return nil }
    let folder = FilePath(path).removingLastComponent()
    // A file takes the place of another in its folder.
    let place = isWrittenInPlace(path) ? path : "\(folder.isEmpty ? "." : folder.string)/."
    return access(place, W_OK) == 0 ? nil : Errno(rawValue: errno)
  }

  // MARK: - In place

  /// What the path names, links followed, is no regular file, but a device or a FIFO; or it is a descriptor of this
  /// process.
  static func isWrittenInPlace(_ path: String) -> Bool {
    if openDescriptor(path) != nil { return true }
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    return status.st_mode & S_IFMT != S_IFREG && status.st_mode & S_IFMT != S_IFDIR
  }

  private static func writeInPlace(
    _ contents: OutputContents, to path: String, option: String
  ) throws(Problem) {
    do {
      if let file = openDescriptor(path) {
        try contents.write(to: file)
      } else {
        let file = try FileDescriptor.open(FilePath(path), .writeOnly, options: .closeOnExec)
        try file.closeAfter { try contents.write(to: file) }
      }
    } catch {
      throw .cannotWrite(path, error, option: option)
    }
  }

  /// The descriptor that a path such as /dev/stdout names. Opened by that name, a file that the shell redirects to would
  /// be written from its start (`>>`); renamed to it, root's output would stand in its place.
  private static func openDescriptor(_ path: String) -> FileDescriptor? {
    switch path {
    case "/dev/stdin": return .standardInput
    case "/dev/stdout": return .standardOutput
    case "/dev/stderr": return .standardError
    default:
      let folder = ["/dev/fd/", "/proc/self/fd/"].first { path.hasPrefix($0) }
      return folder.flatMap { CInt(path.dropFirst($0.count)) }.map { FileDescriptor(rawValue: $0) }
    }
  }

  static func remove(_ path: String) { unlink(path) }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  static func size(of path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : nil
  }

  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Absolute and without links; nil where there is no such file.
  static func realPath(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  static func linkTarget(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes { readlink(path, $0.baseAddress!, $0.count) }
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }

  /// Both paths name one existing file, or are one path. (A terminal can be read and written under two names.)
  static func isSame(_ a: String, _ b: String) -> Bool {
    var (statA, statB) = (stat(), stat())
    return stat(a, &statA) == 0 && stat(b, &statB) == 0 && statA.st_dev == statB.st_dev
      && statA.st_ino == statB.st_ino && (a == b || statA.st_mode & S_IFMT == S_IFREG)
  }

  static func temporaryFolder(environment: [String: String]) -> FilePath {
    let folder = environment["TMPDIR"] ?? ""
    return folder.isEmpty ? "/tmp" : FilePath(folder)
  }

  /// Larger files are errors: whatever never ends (/dev/zero) must not take all memory.
  static let sizeLimit = 1 << 30

  static func read(_ path: String) throws(Problem) -> [UInt8] {
    try withFile(path) { file in
      var bytes = try [UInt8](unsafeUninitializedCapacity: knownSize(of: file)) { buffer, count in
        count = try fill(UnsafeMutableRawBufferPointer(buffer), from: file)
      }
      bytes += try rest(of: file, behind: bytes.count)
      return bytes
    }
  }

  /// Read and not mapped: another process may cut the file off meanwhile.
  static func readModule(_ path: String) throws(Problem) -> ModuleBytes {
    try withFile(path) { file in
      let bytes = try ModuleBytes(capacity: knownSize(of: file)) { try fill($0, from: file) }
      let rest = try rest(of: file, behind: bytes.count)
      return rest.isEmpty ? bytes : ModuleBytes(Array(bytes.buffer) + rest)
    }
  }

  private static func withFile<R>(_ path: String, _ body: (FileDescriptor) throws -> R) throws(Problem) -> R {
    do {
      let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
      return try file.closeAfter { try body(file) }
    } catch {
      throw .cannotRead(path, error)
    }
  }

  /// A pipe has none, and a folder's is none. It may become shorter meanwhile, or longer.
  private static func knownSize(of file: FileDescriptor) -> Int {
    var status = stat()
    guard fstat(file.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return 0 }
    return min(Int(status.st_size), sizeLimit)
  }

  /// Returns how much there was.
  private static func fill(_ buffer: UnsafeMutableRawBufferPointer, from file: FileDescriptor) throws -> Int {
    var count = 0
    while count < buffer.count {
      let got = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
      if got == 0 { break }
      count += got
    }
    return count
  }

  private static func rest(of file: FileDescriptor, behind known: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
      if known + bytes.count > sizeLimit { throw Errno.fileTooLarge }
      // It is a pipe.
      if chunk.count == count { chunk = [UInt8](repeating: 0, count: 1 << 18) }
    }
  }
}

extension Problem {
  static func cannotRead(_ path: String, _ error: any Error) -> Problem {
    let help: String? =
      switch error as? Errno {
      case .noSuchFileOrDirectory: "check the path; it is relative to the working directory"
      case .isDirectory: "give a file; '\(path)' is a directory"
      default: nil
      }
    return Problem("cannot read \(path): \(error)", help: help)
  }

  /// `option`, or variable, is what chooses the place.
  static func cannotWrite(_ path: String, _ error: any Error, option: String) -> Problem {
    Problem("cannot write \(path): \(error)", help: "choose another place with \(option)")
  }
}
