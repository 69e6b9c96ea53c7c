import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Files: read at once, and written so that they appear whole or not at all.
enum OutputFile {
  static func write(_ bytes: [UInt8], to path: String, isExecutable: Bool = false) throws(Problem) {
    try replace(path) { (temporary) throws(Problem) in
      do {
        let file = try FileDescriptor.open(
          temporary, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
          permissions: FilePermissions(rawValue: isExecutable ? 0o777 : 0o666))
        _ = try file.closeAfter { try file.writeAll(bytes) }
      } catch {
        throw .cannotWrite(path, error)
      }
    }
  }

  /// Calls `make` with a temporary path in the folder of `path`, then renames what it made to `path`.
  /// Whatever fails, nothing is left behind and an older file at `path` is as it was.
  static func replace(_ path: String, make: (String) throws(Problem) -> Void) throws(Problem) {
    let temporary = "\(path).\(getpid())-\(UInt64.random(in: 0...UInt64.max)).tmp"
    do throws(Problem) {
      try make(temporary)
      guard rename(temporary, path) == 0 else { throw .cannotWrite(path, Errno(rawValue: errno)) }
    } catch {
      unlink(temporary)
      throw error
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

  /// Both paths name one existing file.
  static func isSame(_ a: String, _ b: String) -> Bool {
    var (statA, statB) = (stat(), stat())
    return stat(a, &statA) == 0 && stat(b, &statB) == 0 && statA.st_dev == statB.st_dev
      && statA.st_ino == statB.st_ino
  }

  static func temporaryFolder(environment: [String: String]) -> FilePath {
    let folder = environment["TMPDIR"] ?? ""
    return folder.isEmpty ? "/tmp" : FilePath(folder)
  }

  /// Larger files are errors: whatever never ends (/dev/zero) must not take all memory.
  static let sizeLimit = 1 << 30

  static func read(_ path: String) throws(Problem) -> [UInt8] {
    do {
      let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
      return try file.closeAfter {
        var bytes: [UInt8] = []
        var status = stat()
        // A pipe has no size, and a folder's is none.
        if fstat(file.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
          let size = min(Int(status.st_size), sizeLimit)
          bytes = try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            // It may have become shorter meanwhile, or longer: what follows reads on.
            while count < size {
              let rest = UnsafeMutableRawBufferPointer(
                rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
              let got = try file.read(into: rest)
              if got == 0 { break }
              count += got
            }
          }
        }
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        while true {
          let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
          if count == 0 { return bytes }
          bytes += chunk[..<count]
          if bytes.count > sizeLimit { throw Errno.fileTooLarge }
        }
      }
    } catch {
      throw .cannotRead(path, error)
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

  static func cannotWrite(_ path: String, _ error: any Error) -> Problem {
    Problem("cannot write \(path): \(error)", help: "choose another place with -o")
  }
}
