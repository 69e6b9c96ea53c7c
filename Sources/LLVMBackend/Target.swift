/// A target that code can be generated for.
///
/// Everything that depends on the architecture hangs off `Architecture`, so that another one is added by
/// following the compiler's complaints about switches that are no longer exhaustive.
public struct Target: Hashable, Sendable {
  public enum Architecture: Sendable { case x86_64 }
  public enum Environment: String, Sendable { case gnu, musl }

  public var architecture: Architecture
  public var environment: Environment

  public static let supportedTriples = ["x86_64-linux-musl", "x86_64-linux-gnu"]

  /// The default. The only architecture there is: on another machine it is a cross build.
  public static let host = Target(architecture: .x86_64, environment: .musl)

  public init(architecture: Architecture, environment: Environment) {
    self.architecture = architecture
    self.environment = environment
  }

  /// Parses a triple, with or without vendor: `x86_64-linux-musl`, `x86_64-unknown-linux-gnu`.
  public init(triple: String) throws(BackendError) {
    var parts = triple.split(separator: "-", omittingEmptySubsequences: false)
    if parts.count == 4, ["unknown", "pc"].contains(parts[1]) { parts.remove(at: 1) }
    if parts.count == 2 { parts.append("musl") }
    guard parts.count == 3, ["x86_64", "amd64"].contains(parts[0]), parts[1] == "linux",
      let environment = Environment(rawValue: String(parts[2]))
    else { throw .unsupportedTarget(triple) }
    self.init(architecture: .x86_64, environment: environment)
  }

  /// As LLVM spells it.
  public var triple: String {
    switch architecture {
    case .x86_64: "x86_64-unknown-linux-\(environment.rawValue)"
    }
  }
}
