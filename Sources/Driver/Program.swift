import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A finished program, and what it is started with.
public struct Program: Sendable {
  enum Image: Sendable {
    /// In the cache.
    case file(String)
    case memory([UInt8], scratch: FilePath)
  }
  let image: Image
  /// From argv[0].
  let arguments: [String]

  /// Replaces this process by the program; returns only if that fails.
  public func execute() -> Problem {
    let path: String
    switch image {
    case .file(let file): path = file
    case .memory(let bytes, let scratch):
      do throws(Problem) { path = try Self.namelessFile(bytes, in: scratch) } catch { return error }
    }
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    pointers.append(nil)
    execv(path, pointers)
    return Problem("cannot start the program \(path): \(Errno(rawValue: errno))")
  }

  /// A path by which this process can execute the bytes, and that is gone with it: the file has no name any
  /// more, only a descriptor, which closes itself once the program has been loaded.
  private static func namelessFile(_ bytes: [UInt8], in folder: FilePath) throws(Problem) -> String {
    let path = folder.appending("wasmaot-\(UInt64.random(in: 0...UInt64.max))").string
    try OutputFile.write(bytes, to: path, isExecutable: true)
    defer { OutputFile.remove(path) }
    do {
      let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
      return "/proc/self/fd/\(file.rawValue)"
    } catch {
      throw .cannotRead(path, error)
    }
  }
}
