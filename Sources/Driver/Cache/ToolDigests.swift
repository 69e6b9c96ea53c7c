import LLVMBackend
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Digests of programs and libraries that take part in builds, for keys. Linkers can have a hundred megabytes, and C
/// libraries take as long as a module, so the cache's folder has the last digest of each, which holds as long as the
/// file's place, size and times are the same.
struct ToolDigests {
  let folder: CacheFolder

  /// Of the file that `path` leads to. `name` is the tool's part in builds.
  func digest(ofFile path: String, as name: String) -> String {
    var status = stat()
    // It was replaced while it ran, or will not be found: nothing is known of it, and so nothing is found by it.
    guard stat(path, &status) == 0 else { return "unknown \(UInt64.random(in: 0...UInt64.max))" }
    // The time of the last change of the file's status can't be set back.
    let times = [status.st_mtim, status.st_ctim].map { "\($0.tv_sec).\($0.tv_nsec)" }
    let state = "\(status.st_dev) \(status.st_ino) \(status.st_size) \(times[0]) \(times[1])\n"
    let memory = "\(folder.path)/digest-\(name)"
    if let known = folder.contents(of: memory), known.starts(with: state.utf8) {
      let digest = known.dropFirst(state.utf8.count)
      if digest.count == 64 { return String(decoding: digest, as: UTF8.self) }
    }
    // What can be executed need not be readable.
    guard let bytes = try? OutputFile.read(path) else { return state }
    let digest = sha256(bytes)
    // Where that fails, nothing else can be kept either, and there is a warning of that.
    try? folder.write(Array((state + digest).utf8), to: memory)
    return digest
  }

  /// Of the libLLVM that will be used: what distributions patch keeps its version. It is not loaded for this.
  func llvm() -> String {
    guard let library = LLVMInfo.library else { return "missing" }
    if let id = BuildID.ofFile(library) { return id.text }
    return digest(ofFile: library, as: "llvm")
  }
}
