public import SystemPackage

/// Why an app could not be linked. The messages are for users: what is wrong, where, what to do.
public enum LinkError: Error, Equatable, CustomStringConvertible {
  case runtimeNotFound(target: String, searched: [FilePath])
  /// WASMAOT_RUNTIME is set, but there is no runtime in it.
  case runtimeOverrideUnusable(FilePath, target: String)
  case runtimeDamaged(FilePath, reason: String)
  case linkerNotFound(searched: [String])
  /// WASMAOT_LINKER is set, but is no program.
  case linkerOverrideUnusable(String)
  case linkerDidNotStart(FilePath, reason: String)
  case linkerFailed(FilePath, status: String, output: String)
  case cannotWrite(FilePath, reason: String)

  public var description: String {
    switch self {
    case .runtimeNotFound(let target, let searched):
      "the runtime for \(target) is missing: run 'make runtime' in wasmaot's source tree, or set "
        + "WASMAOT_RUNTIME to the folder that holds it (looked in: "
        + searched.map(\.string).joined(separator: ", ") + ")"
    case .runtimeOverrideUnusable(let path, let target):
      "WASMAOT_RUNTIME is '\(path)', which holds no runtime for \(target); 'make runtime' in wasmaot's "
        + "source tree makes it in runtime-c/build"
    case .runtimeDamaged(let path, let reason):
      "the runtime in '\(path)' is damaged (\(reason)): run 'make runtime' again"
    case .linkerNotFound(let searched):
      "no linker found: install lld (apt-get install lld) or binutils, or set WASMAOT_LINKER (looked for: "
        + searched.joined(separator: ", ") + ")"
    case .linkerOverrideUnusable(let value):
      "WASMAOT_LINKER is '\(value)', which is not a program that can be run"
    case .linkerDidNotStart(let path, let reason): "the linker '\(path)' did not start: \(reason)"
    case .linkerFailed(let path, let status, let output):
      "the linker '\(path)' failed (\(status))" + (output.isEmpty ? "" : ":\n" + output)
    case .cannotWrite(let path, let reason): "cannot write '\(path)': \(reason)"
    }
  }
}
