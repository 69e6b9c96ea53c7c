internal import CLLVM

/// What the command line says about LLVM and the CPUs that it knows.
public enum LLVMInfo {
  /// Of the library that is linked, as `19.1.7`.
  public static var version: String {
    var (major, minor, patch): (UInt32, UInt32, UInt32) = (0, 0, 0)
    LLVMGetVersion(&major, &minor, &patch)
    return "\(major).\(minor).\(patch)"
  }

  /// Names for `BackendOptions.cpu` and what they stand for.
  public static func cpus(for target: Target) -> [(name: String, description: String)] { [] }

  /// LLVM's name of this machine's CPU.
  public static var hostCPU: String { "" }

  /// The names of the features that this machine's CPU and kernel have.
  public static var hostFeatures: [String] { [] }
}
