internal import CRuntimeABI
internal import Support

/// What an app is told at build time: the grants, its name, what to call. The runtime reads it from the
/// generated symbol `wasmaot_note`, whose bytes `note()` makes.
public struct RuntimeConfig: Equatable, Sendable {
  /// A directory of the host that the guest sees under another name.
  public struct DirectoryGrant: Equatable, Sendable {
    public var host: String
    public var guest: String
    public var isReadOnly: Bool
    public init(host: String, guest: String, isReadOnly: Bool = false) {
      self.host = host
      self.guest = guest
      self.isReadOnly = isReadOnly
    }
  }

  public enum EnvironmentGrant: Equatable, Sendable {
    case value(name: String, value: String)
    /// The value that the variable has when the app runs; absent if it has none.
    case inherit(name: String)
  }

  /// argv[0] of the guest.
  public var programName: String
  public var directories: [DirectoryGrant] = []
  public var environment: [EnvironmentGrant] = []
  /// Sockets that the program is given to listen at, `ADDRESS:PORT` each.
  public var listeners: [String] = []
  /// Terminals get control characters that the guest writes.
  public var hasRawTerminal = false
  /// The app takes leading `--dir`, `--env`, `--listen` and `--raw-terminal` options itself.
  public var takesRuntimeGrants = false
  /// Export to call instead of `_start`, with the app's arguments as its parameters.
  public var invoke: String?
  /// Bytes; nil is the runtime's default.
  public var stackSize: UInt64?
  /// Bytes of all memories; nil: no limit.
  public var maxMemory: UInt64?
  /// Nanoseconds from the start; nil: no limit.
  public var timeout: UInt64?
  /// Operators that the app may execute; nil: no limit.
  public var fuel: UInt64?
  /// The app's code counts fuel.
  public var countsFuel = false
  /// The app says at its end how much fuel it consumed.
  public var reportsFuel = false
  /// Path of the file that the app counts its branches into; nil: its code does not count.
  public var profile: String?
  /// The app is a test driver that reads invocations from standard input.
  public var isScript = false
  /// The second wall; nil: none, and no part of the runtime to put it up.
  public var sandbox: SandboxPlan?
  /// For who inspects the app: what made it, and the host functions that are linked in.
  public var product: String?
  public var hostFunctions: [String]?

  public init(programName: String) { self.programName = programName }

  /// Directories are granted, or can be when the app is started.
  public var canHaveDirectories: Bool { takesRuntimeGrants || !directories.isEmpty }
}

/// Why a configuration can't be built into an app.
public enum RuntimeConfigError: Error, Equatable, CustomStringConvertible {
  case containsNUL(field: String)
  case empty(field: String)
  case equalsSignInName(String)
  case stackSize(UInt64)
  case timeout(UInt64)
  case fuel(UInt64)
  case fuelIsNotCounted
  case scriptAndInvoke

  public var description: String {
    switch self {
    case .containsNUL(let field): "\(field) contains a NUL byte"
    case .empty(let field): "\(field) is empty"
    case .equalsSignInName(let name): "the name of environment variable '\(name)' contains '='"
    case .stackSize(let size):
      "a stack of \(size) bytes is out of range: the least is 64 KiB, the most 64 GiB"
    case .timeout(let timeout): "a timeout of \(timeout) ns is out of range"
    case .fuel(let fuel): "\(fuel) is more fuel than can be counted"
    case .fuelIsNotCounted: "an app has a limit of fuel, or reports it, but does not count it"
    case .scriptAndInvoke: "an app is either a test driver or calls one export, not both"
    }
  }
}

extension RuntimeConfig {
  static let stackSizes: ClosedRange<UInt64> =
    UInt64(WASMAOT_STACK_SIZE_MIN)...UInt64(WASMAOT_STACK_SIZE_MAX)

  /// The runtime reads strings up to a NUL, so one inside would cut a grant short: `/srv\0/etc` would grant
  /// `/srv` while the build says something else.
  public func validate() throws(RuntimeConfigError) {
    func check(_ text: String, _ field: String, mayBeEmpty: Bool = false) throws(RuntimeConfigError) {
      if text.utf8.contains(0) { throw .containsNUL(field: field) }
      if text.isEmpty && !mayBeEmpty { throw .empty(field: field) }
    }
    try check(programName, "the program's name", mayBeEmpty: true)
    for directory in directories {
      try check(directory.host, "the host path of a directory grant")
      try check(directory.guest, "the guest path of a directory grant")
    }
    for grant in environment {
      let name =
        switch grant {
        case .value(let name, _), .inherit(let name): name
        }
      try check(name, "the name of an environment variable")
      if name.utf8.contains(UInt8(ascii: "=")) { throw .equalsSignInName(name) }
      if case .value(_, let value) = grant {
        try check(value, "the value of environment variable '\(name)'", mayBeEmpty: true)
      }
    }
    for listener in listeners { try check(listener, "the address of a listener") }
    if let invoke { try check(invoke, "the name of the export to invoke", mayBeEmpty: true) }
    if let profile { try check(profile, "the name of the profile") }
    if let stackSize, !Self.stackSizes.contains(stackSize) { throw .stackSize(stackSize) }
    if let timeout, timeout == 0 || timeout > Int64.max { throw .timeout(timeout) }
    if let fuel, fuel > Int64.max { throw .fuel(fuel) }
    if fuel != nil || reportsFuel, !countsFuel { throw .fuelIsNotCounted }
    if isScript && invoke != nil { throw .scriptAndInvoke }
  }

  /// The records that wasmaot_abi.h describes. Only for a validated configuration.
  public func serialized() -> [UInt8] {
    var records = ConfigRecords()
    records.append(WASMAOT_CONFIG_PROGRAM_NAME, terminated(programName))
    for directory in directories {
      let flags = directory.isReadOnly ? UInt8(WASMAOT_CONFIG_DIR_READ_ONLY) : 0
      records.append(
        WASMAOT_CONFIG_DIR, [flags] + terminated(directory.host) + terminated(directory.guest))
    }
    for grant in environment {
      switch grant {
      case .value(let name, let value):
        records.append(WASMAOT_CONFIG_ENV, terminated("\(name)=\(value)"))
      case .inherit(let name): records.append(WASMAOT_CONFIG_ENV_INHERIT, terminated(name))
      }
    }
    if takesRuntimeGrants { records.append(WASMAOT_CONFIG_RUNTIME_GRANTS, []) }
    if let invoke { records.append(WASMAOT_CONFIG_INVOKE, terminated(invoke)) }
    if let stackSize { records.append(WASMAOT_CONFIG_STACK_SIZE, littleEndian(stackSize)) }
    if let maxMemory { records.append(WASMAOT_CONFIG_MAX_MEMORY, littleEndian(maxMemory)) }
    if let timeout { records.append(WASMAOT_CONFIG_TIMEOUT, littleEndian(timeout)) }
    if fuel != nil || reportsFuel {
      let flags = reportsFuel ? UInt8(WASMAOT_CONFIG_FUEL_REPORT) : 0
      records.append(WASMAOT_CONFIG_FUEL, littleEndian(fuel ?? .max) + [flags])
    }
    if isScript { records.append(WASMAOT_CONFIG_SCRIPT, []) }
    if let profile { records.append(WASMAOT_CONFIG_PROFILE, terminated(profile)) }
    for listener in listeners { records.append(WASMAOT_CONFIG_LISTEN, terminated(listener)) }
    if hasRawTerminal { records.append(WASMAOT_CONFIG_RAW_TERMINAL, []) }
    if let sandbox {
      records.append(WASMAOT_CONFIG_SANDBOX, [UInt8(sandbox.mode.number), sandbox.flags])
      if needsSandbox { records.append(WASMAOT_CONFIG_SECCOMP, sandbox.filter.bytes) }
    }
    if let product { records.append(WASMAOT_CONFIG_PRODUCT, terminated(product)) }
    if let hostFunctions {
      records.append(WASMAOT_CONFIG_IMPORTS, hostFunctions.flatMap(terminated))
    }
    records.append(WASMAOT_CONFIG_END, [])
    return records.bytes
  }

  /// An ELF note with the records: what the runtime reads, and tools find without running the app.
  public func note() -> [UInt8] {
    let name = terminated(WASMAOT_NOTE_NAME)
    var records = serialized()
    // Notes are padded to words, also the last of a segment.
    records += Array(repeating: 0, count: -records.count & 3)
    return littleEndian(UInt32(name.count)) + littleEndian(UInt32(records.count))
      + littleEndian(UInt32(WASMAOT_NOTE_TYPE)) + name + records
  }
  public static let noteSymbol = "wasmaot_note"
  public static let noteSection = WASMAOT_NOTE_SECTION

  /// It can be switched on when the app is started, if that is what its command line is for.
  private var needsSandbox: Bool { sandbox.map { $0.mode != .off || takesRuntimeGrants } ?? false }

  /// Parts of the runtime that stay out of the link unless the configuration asks for them.
  public var requiredSymbols: [String] {
    var symbols: [String] = []
    if takesRuntimeGrants { symbols.append("wasmaot_grants_parse") }
    if takesRuntimeGrants || !listeners.isEmpty { symbols.append("wasmaot_wasi_start_listeners") }
    if invoke != nil { symbols.append("wasmaot_invoke") }
    if timeout != nil || takesRuntimeGrants { symbols.append("wasmaot_timeout_start") }
    if maxMemory != nil || takesRuntimeGrants { symbols.append("wasmaot_max_memory_start") }
    if countsFuel { symbols.append("wasmaot_fuel_start") }
    if profile != nil { symbols.append("wasmaot_profile_start") }
    if isScript { symbols.append("wasmaot_script") }
    if needsSandbox { symbols.append("wasmaot_sandbox_start") }
    return symbols
  }
}

private struct ConfigRecords {
  var bytes: [UInt8] = []

  mutating func append(_ kind: wasmaot_config_kind, _ payload: [UInt8]) {
    bytes += littleEndian(kind.rawValue)
    bytes += littleEndian(UInt32(payload.count))
    bytes += payload
  }
}

func littleEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

/// The runtime uses strings where they lie, so each ends with NUL.
private func terminated(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }
