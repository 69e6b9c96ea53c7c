internal import SystemPackage

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

func fileExists(_ path: FilePath) -> Bool { access(path.string, F_OK) == 0 }

/// A regular file that this process may run.
func isProgram(_ path: FilePath) -> Bool {
  var status = stat()
  return stat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    && access(path.string, X_OK) == 0
}

func readFile(_ path: FilePath) throws(Errno) -> [UInt8] {
  do {
    let file = try FileDescriptor.open(path, .readOnly)
    return try file.closeAfter {
      var bytes: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
        if count == 0 { return bytes }
        bytes += chunk[..<count]
      }
    }
  } catch { throw error as? Errno ?? .ioError }
}

func writeFile(_ path: FilePath, _ bytes: [UInt8]) throws(Errno) {
  do {
    let file = try FileDescriptor.open(
      path, .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
    _ = try file.closeAfter { try file.writeAll(bytes) }
  } catch { throw error as? Errno ?? .ioError }
}

func moveFile(from source: FilePath, to destination: FilePath) throws(Errno) {
  if rename(source.string, destination.string) != 0 { throw Errno(rawValue: errno) }
}

/// A folder of its own, mode 0700, inside `parent`; removed with what `files` lists.
///
/// It stands beside the output, so that the finished file can be put in place by a rename: another file
/// system (as /tmp often is) would make that a copy, which can be seen half done.
struct TemporaryDirectory: ~Copyable {
  let path: FilePath
  private var files: [FilePath] = []

  init(in parent: FilePath, prefix: String) throws(Errno) {
    let directory = parent.isEmpty ? FilePath(".") : parent
    var template = Array(directory.appending(prefix + "XXXXXX").string.utf8CString)
    guard template.withUnsafeMutableBufferPointer({ mkdtemp($0.baseAddress!) != nil }) else {
      throw Errno(rawValue: errno)
    }
    path = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }

  /// A path in the folder that will be removed with it.
  mutating func file(_ name: String) -> FilePath {
    let file = path.appending(name)
    files.append(file)
    return file
  }

  deinit {
    for file in files { unlink(file.string) }
    rmdir(path.string)
  }
}
