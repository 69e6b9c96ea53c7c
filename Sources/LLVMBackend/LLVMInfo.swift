internal import CLLVM

/// What the command line says about LLVM and the CPUs that it knows.
public enum LLVMInfo {
  /// Of the library that is used, as `19.1.7`; `missing` where it can't be loaded.
  public static var version: String {
    guard loadProblem == nil else { return "missing" }
    var (major, minor, patch): (UInt32, UInt32, UInt32) = (0, 0, 0)
    LLVMGetVersion(&major, &minor, &patch)
    return "\(major).\(minor).\(patch)"
  }

  /// Of the headers that this was compiled with, and so of all libraries that are loaded.
  public static var major: Int { Int(LLVM_VERSION_MAJOR) }

  /// The file that LLVM is in, or will be: this alone does not load it. Nil where there is none.
  public static var library: String? { cllvm_library().map { String(cString: $0) } }

  /// Loads the library; nil, or why that can't be done.
  static var loadProblem: String? { cllvm_load().map { String(cString: $0) } }

  /// Names for `BackendOptions.cpu` and what they stand for.
  public static func cpus(for target: Target) -> [(name: String, description: String)] {
    switch target.architecture {
    case .x86_64:
      x86CPUNames() + [("native", "this machine's CPU (\(hostCPU)) and the features found on it")]
    }
  }

  /// LLVM's name of this machine's CPU; empty without LLVM.
  public static var hostCPU: String { loadProblem == nil ? takeMessage(LLVMGetHostCPUName()) : "" }

  /// The names of the features that this machine's CPU and kernel have; empty without LLVM.
  public static var hostFeatures: [String] {
    guard loadProblem == nil else { return [] }
    return takeMessage(LLVMGetHostCPUFeatures()).split(separator: ",").filter { $0.hasPrefix("+") }
      .map { String($0.dropFirst()) }
  }
}

/// A string that LLVM allocated.
func takeMessage(_ message: UnsafeMutablePointer<CChar>?) -> String {
  guard let message else { return "" }
  defer { LLVMDisposeMessage(message) }
  return String(cString: message)
}
