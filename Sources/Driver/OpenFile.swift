import Crypto
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A regular file that is open for reading: what it holds stays there, whatever becomes of its name. It is read in pieces that
/// fit into the processor's cache, which takes half as long as having all of it in memory.
final class OpenFile: Sendable {
  private let descriptor: FileDescriptor
  /// Bytes.
  let size: Int

  private static let pieceSize = 1 << 17

  /// Takes over the descriptor. Nil if it is of no regular file, or of one that is too large to be read.
  init?(_ descriptor: CInt, isAcceptable: (stat) -> Bool = { _ in true }) {
    var status = stat()
    guard descriptor >= 0 else { return nil }
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_size <= OutputFile.sizeLimit, isAcceptable(status)
    else {
      close(descriptor)
      return nil
    }
    self.descriptor = FileDescriptor(rawValue: descriptor)
    size = Int(status.st_size)
  }

  /// A FIFO is not opened: whoever writes to it would find nobody when this is closed again.
  convenience init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    self.init(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK))
  }

  deinit { try? descriptor.close() }

  /// Gives all pieces in order; throws where the file has become shorter.
  func read(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    try withUnsafeTemporaryAllocation(byteCount: min(size, Self.pieceSize), alignment: 64) { buffer in
      var done = 0
      while done < size {
        let count = try descriptor.read(fromAbsoluteOffset: Int64(done), into: buffer)
        if count == 0 { throw Errno.ioError }
        try body(UnsafeRawBufferPointer(rebasing: buffer[..<min(count, size - done)]))
        done += count
      }
    }
  }

  /// As hexadecimal digits; nil where it can't be read.
  var sha256: String? {
    var hash = SHA256()
    guard (try? read { hash.update(bufferPointer: $0) }) != nil else { return nil }
    return hash.finalize().hexadecimal
  }

  var bytes: [UInt8]? {
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
        guard let got = try? descriptor.read(fromAbsoluteOffset: Int64(count), into: rest), got > 0 else {
          break
        }
        count += got
      }
    }
    return bytes.count == size ? bytes : nil
  }

  /// It was used now. (Times of access are often not kept.)
  func touch() { futimens(descriptor.rawValue, nil) }
}

/// What a build made: in memory, or in a file of the cache.
enum OutputContents: Sendable {
  case bytes([UInt8])
  case file(OpenFile)

  var bytes: [UInt8]? {
    switch self {
    case .bytes(let bytes): bytes
    case .file(let file): file.bytes
    }
  }

  func write(to output: FileDescriptor) throws {
    switch self {
    case .bytes(let bytes): try output.writeAll(bytes)
    case .file(let file): try file.read { try output.writeAll($0) }
    }
  }
}
