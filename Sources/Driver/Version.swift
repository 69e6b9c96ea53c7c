import LLVMBackend

/// Versions that reports, `--version` and cache keys name.
public enum Version {
  public static let wasmaot = "0.1.0"

  /// What `--version` prints.
  public static var text: String { "wasmaot \(wasmaot) (LLVM \(LLVMInfo.version))" }
}
