#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The bytes of a module: mapped from a file, or owned. Never changed once made.
public final class ModuleBytes: @unchecked Sendable {
  public let buffer: UnsafeRawBufferPointer
  private let isMapped: Bool

  public convenience init(_ bytes: [UInt8]) {
    self.init(capacity: bytes.count) {
      $0.copyBytes(from: bytes)
      return bytes.count
    }
  }

  /// `write` is given `capacity` bytes, and returns how many of them, from the first on, are the module.
  public init<E: Error>(
    capacity: Int, _ write: (UnsafeMutableRawBufferPointer) throws(E) -> Int
  ) throws(E) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
    do throws(E) {
      buffer = UnsafeRawBufferPointer(rebasing: memory[..<(try write(memory))])
    } catch {
      memory.deallocate()
      throw error
    }
    isMapped = false
  }

  private init(mapped buffer: UnsafeRawBufferPointer) {
    self.buffer = buffer
    isMapped = true
  }

  deinit {
    if isMapped {
      munmap(UnsafeMutableRawPointer(mutating: buffer.baseAddress!), buffer.count)
    } else {
      buffer.deallocate()
    }
  }

  public var count: Int { buffer.count }

  /// Maps a regular file; reads anything else (a pipe) to its end.
  ///
  /// A file that another process truncates while it is mapped raises SIGBUS on access, as for any compiler
  /// that maps its input.
  public static func map(path: String) throws(FileError) -> ModuleBytes {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, errno: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path: path, errno: errno) }
    guard status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else {
      return ModuleBytes(try readAll(descriptor, path: path))
    }
    let count = Int(status.st_size)
    let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let address, address != MAP_FAILED else { throw FileError(path: path, errno: errno) }
    return ModuleBytes(mapped: UnsafeRawBufferPointer(start: address, count: count))
  }

  private static func readAll(_ descriptor: Int32, path: String) throws(FileError) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let got = read(descriptor, &chunk, chunk.count)
      if got == 0 { return bytes }
      if got > 0 {
        bytes.append(contentsOf: chunk[..<got])
      } else if errno != EINTR {
        throw FileError(path: path, errno: errno)
      }
    }
  }
}

/// A file that can't be read.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
  public var path: String
  public var errno: Int32
  public var description: String { "can't read '\(path)': \(String(cString: strerror(errno)))" }
}
