import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A finished program: a file of the cache, or bytes that no file holds.
public enum Program: Sendable {
  case file(String)
  case memory([UInt8])

  /// Replaces this process by the program; returns only if that fails.
  public func execute(arguments: [String]) -> Problem {
    do {
      switch self {
      case .file(let path): return run(path, arguments)
      case .memory(let bytes):
        let descriptor = memfd_create("wasmaot", UInt32(MFD_CLOEXEC))
        guard descriptor >= 0 else { return Problem("cannot start the program: \(Errno(rawValue: errno))") }
        try FileDescriptor(rawValue: descriptor).writeAll(bytes)
        // The descriptor closes itself only once the program has been loaded.
        return run("/proc/self/fd/\(descriptor)", arguments)
      }
    } catch {
      return Problem("cannot start the program: \(error)")
    }
  }

  private func run(_ path: String, _ arguments: [String]) -> Problem {
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    pointers.append(nil)
    execv(path, pointers)
    return Problem("cannot start the program \(path): \(Errno(rawValue: errno))")
  }
}
