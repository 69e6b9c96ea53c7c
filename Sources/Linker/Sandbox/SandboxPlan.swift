internal import CRuntimeABI

/// How an app confines itself before its guest runs (the second wall).
public enum SandboxMode: String, CaseIterable, Codable, Hashable, Sendable {
  case off
  /// With what the kernel has.
  case auto
  /// Or not at all: where the kernel can't, the app refuses to start.
  case require

  /// As the runtime's configuration has it.
  public var number: UInt32 {
    switch self {
    case .off: WASMAOT_SANDBOX_OFF.rawValue
    case .auto: WASMAOT_SANDBOX_AUTO.rawValue
    case .require: WASMAOT_SANDBOX_REQUIRE.rawValue
    }
  }
}

/// The wall of one app: made of what is linked into it, at build time.
public struct SandboxPlan: Equatable, Sendable {
  public var mode: SandboxMode
  public var filter: FilterProgram
  /// Paths can be opened: Landlock has to keep them inside the grants. Otherwise the filter refuses every call by
  /// which it could be asked, and there is nothing for it to do.
  public var opensPaths: Bool
  /// Files can be moved from directory to directory, which the first version of Landlock can't allow.
  public var movesFiles: Bool

  var flags: UInt8 {
    (opensPaths ? UInt8(WASMAOT_SANDBOX_PATHS) : 0) | (movesFiles ? UInt8(WASMAOT_SANDBOX_MOVES) : 0)
  }

  /// `hostFunctions` are names of WASI preview 1; those that are not in its table make no system calls.
  ///
  /// Where no directory is granted, or can be, functions that take paths find no descriptor to start from, and have no
  /// calls in the filter but those that look at one.
  public init(
    mode: SandboxMode, hostFunctions: [String], features: [RuntimeFeature], canHaveDirectories: Bool
  ) {
    self.mode = mode
    let named = Set(hostFunctions).sorted()
    let takesPaths = { (name: String) in name.hasPrefix("path_") }
    opensPaths = canHaveDirectories && named.contains(where: takesPaths)
    movesFiles = canHaveDirectories && (named.contains("path_rename") || named.contains("path_link"))
    // Who reads and writes streams and files makes few calls, or has so much data that they do not count. Servers and
    // threads make many small ones.
    let makesManyCalls = features.contains(.atomicWaits) || named.contains { $0.hasPrefix("sock_") }
    filter = FilterProgram(
      ([.always] + features).flatMap(SystemCallTable.rules(of:))
        + named.flatMap { name in
          takesPaths(name) && !canHaveDirectories
            ? SystemCallTable.stream : SystemCallTable.hostFunctions[name] ?? []
        },
      isAskedInAdvance: makesManyCalls)
  }
}
