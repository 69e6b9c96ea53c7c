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
  public static func cpus(for target: Target) -> [(name: String, description: String)] {
    switch target.architecture {
    case .x86_64:
      x86CPUNames() + [("native", "this machine's CPU (\(hostCPU)) and the features found on it")]
    }
  }

  /// LLVM's name of this machine's CPU.
  public static var hostCPU: String { takeMessage(LLVMGetHostCPUName()) }

  /// The names of the features that this machine's CPU and kernel have.
  public static var hostFeatures: [String] {
    takeMessage(LLVMGetHostCPUFeatures()).split(separator: ",").filter { $0.hasPrefix("+") }
      .map { String($0.dropFirst()) }
  }
}

/// A string that LLVM allocated.
func takeMessage(_ message: UnsafeMutablePointer<CChar>?) -> String {
  guard let message else { return "" }
  defer { LLVMDisposeMessage(message) }
  return String(cString: message)
}
