import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A finished program, and what it is started with.
public struct Program: Sendable {
  /// Where the cache has it.
  let cachedPath: String?
  let contents: OutputContents
  /// For a file of it where the cache has none.
  let scratch: FilePath
  /// From argv[0].
  let arguments: [String]

  /// Replaces this process by the program; returns only if that fails.
  public func execute() -> Problem {
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    pointers.append(nil)
    // Another process may have removed it meanwhile, and the cache's file system may be one that nothing is executed
    // from.
    if let cachedPath { execv(cachedPath, pointers) }
    let path: String
    do throws(Problem) { path = try Self.namelessFile(contents, in: scratch) } catch { return error }
    execv(path, pointers)
    return Problem("cannot start the program \(path): \(Errno(rawValue: errno))")
  }

  /// A path by which this process can execute the bytes, and that is gone with it: the file has no name any
  /// more, only a descriptor, which closes itself once the program has been loaded.
  private static func namelessFile(_ contents: OutputContents, in folder: FilePath) throws(Problem) -> String
  {
    let path = folder.appending("wasmaot-\(UInt64.random(in: 0...UInt64.max))").string
    try OutputFile.write(contents, to: path, isExecutable: true, option: "TMPDIR")
    defer { OutputFile.remove(path) }
    do {
      let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
      return "/proc/self/fd/\(file.rawValue)"
    } catch {
      throw .cannotRead(path, error)
    }
  }
}
