import CRuntimeABI
import Linker
import Support

/// What an app may do, read from the note in it: what its runtime obeys, and what the kernel holds it to.
///
/// It says nothing of what a file does that only claims to be of wasmaot: whoever can make the note can make the code.
public struct AppAuthority: Codable, Equatable, Sendable {
  public struct Directory: Codable, Equatable, Sendable {
    public var host: String
    public var guest: String
    public var isReadOnly: Bool
  }
  public struct Limits: Codable, Equatable, Sendable {
    /// Bytes.
    public var stack: UInt64?
    public var memory: UInt64?
    public var timeoutNanoseconds: UInt64?
    public var fuel: UInt64?
  }
  public struct SystemCall: Codable, Equatable, Sendable {
    public var name: String
    public var number: UInt32
    /// Ways in which it is allowed: the conditions of each hold together. An empty list: always.
    public var ways: [[String]]
  }

  public var file: String
  public var product: String?
  public var programName: String?
  public var invokes: String?
  /// Host functions that are linked in.
  public var hostFunctions: [String] = []
  /// The same in words.
  public var words: [String] = []
  public var directories: [Directory] = []
  /// NAME=VALUE, or NAME of a variable that is inherited.
  public var environment: [String] = []
  public var listeners: [String] = []
  public var takesRuntimeGrants = false
  public var writesRawToTerminals = false
  public var isTestDriver = false
  /// Path of the file that it counts its branches into.
  public var profile: String?
  public var limits = Limits()
  public var sandbox = SandboxMode.off
  public var usesLandlock = false
  public var systemCalls: [SystemCall] = []
  /// Records that this version knows nothing of.
  public var unknownRecords: [UInt32] = []

  public init(of path: String) throws(Problem) {
    let bytes = try OutputFile.read(path)
    do throws(AppNoteError) { self = try AppAuthority(bytes, file: path) } catch {
      throw Problem(
        "\(path) has no authority to show: \(error)",
        help: "give a program that wasmaot built; for a module leave out --authority")
    }
  }

  init(_ bytes: [UInt8], file: String) throws(AppNoteError) {
    self.file = file
    var kinds: Set<UInt32> = []
    for record in try AppNote(ofProgram: bytes).records {
      // (A filter, for one, takes up to a million steps to be understood.)
      guard kinds.insert(record.kind).inserted || Self.repeatableKinds.contains(record.kind) else {
        throw .badRecord("there is another one of kind \(record.kind)", offset: record.offset)
      }
      var payload = RecordReader(record: record)
      switch wasmaot_config_kind(record.kind) {
      case WASMAOT_CONFIG_PROGRAM_NAME: programName = try payload.string()
      case WASMAOT_CONFIG_DIR:
        let flags = try payload.byte()
        directories.append(
          Directory(
            host: try payload.string(), guest: try payload.string(),
            isReadOnly: flags & UInt8(WASMAOT_CONFIG_DIR_READ_ONLY) != 0))
      case WASMAOT_CONFIG_ENV, WASMAOT_CONFIG_ENV_INHERIT: environment.append(try payload.string())
      case WASMAOT_CONFIG_RUNTIME_GRANTS: takesRuntimeGrants = true
      case WASMAOT_CONFIG_INVOKE: invokes = try payload.string()
      case WASMAOT_CONFIG_STACK_SIZE: limits.stack = try payload.number()
      case WASMAOT_CONFIG_SCRIPT: isTestDriver = true
      case WASMAOT_CONFIG_PROFILE: profile = try payload.string()
      case WASMAOT_CONFIG_MAX_MEMORY: limits.memory = try payload.number()
      case WASMAOT_CONFIG_TIMEOUT: limits.timeoutNanoseconds = try payload.number()
      case WASMAOT_CONFIG_FUEL:
        let fuel = try payload.number()
        limits.fuel = fuel == .max ? nil : fuel
      case WASMAOT_CONFIG_LISTEN: listeners.append(try payload.string())
      case WASMAOT_CONFIG_RAW_TERMINAL: writesRawToTerminals = true
      case WASMAOT_CONFIG_SANDBOX:
        let number = UInt32(try payload.byte())
        guard let mode = SandboxMode.allCases.first(where: { $0.number == number }) else {
          throw .badRecord("there is no such mode of the sandbox", offset: record.offset)
        }
        sandbox = mode
        usesLandlock = try payload.byte() & UInt8(WASMAOT_SANDBOX_PATHS) != 0
      case WASMAOT_CONFIG_SECCOMP:
        systemCalls = try FilterSummary(bytes: record.payload).calls.map {
          SystemCall(name: $0.call.name, number: $0.call.number, ways: $0.ways)
        }
      case WASMAOT_CONFIG_PRODUCT: product = try payload.string()
      case WASMAOT_CONFIG_IMPORTS: while !payload.isAtEnd { hostFunctions.append(try payload.string()) }
      default: unknownRecords.append(record.kind)
      }
    }
    words = Authority.asked(
      by: hostFunctions.map { ($0 == "thread-spawn" ? "wasi" : "wasi_snapshot_preview1", $0) }
    ).map(\.words)
  }

  public func json() -> String { jsonText(of: self) }
}

extension AppAuthority {
  /// Of records that may be there more than once: the others say one thing.
  private static let repeatableKinds = Set(
    [WASMAOT_CONFIG_DIR, WASMAOT_CONFIG_ENV, WASMAOT_CONFIG_ENV_INHERIT, WASMAOT_CONFIG_LISTEN].map(
      \.rawValue))
}

private struct RecordReader {
  let record: AppNote.Record
  private var position = 0

  init(record: AppNote.Record) { self.record = record }

  var isAtEnd: Bool { position == record.payload.count }

  mutating func byte() throws(AppNoteError) -> UInt8 {
    guard !isAtEnd else { throw .badRecord("it is too short", offset: record.offset) }
    position += 1
    return record.payload[position - 1]
  }

  mutating func number() throws(AppNoteError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 8) { value |= UInt64(try byte()) << shift }
    return value
  }

  /// Up to NUL. Bytes that are no UTF-8 are replaced: it is for people, whose terminal must not be driven by control
  /// characters, and who must not be shown another path by those that turn the direction of text.
  mutating func string() throws(AppNoteError) -> String {
    guard let end = record.payload[position...].firstIndex(of: 0) else {
      throw .badRecord("a text does not end", offset: record.offset)
    }
    defer { position = end + 1 }
    let text = String(decoding: record.payload[position..<end], as: UTF8.self)
    return String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { Self.misleads($0.properties.generalCategory) ? "?" : $0 }))
  }

  private static func misleads(_ category: Unicode.GeneralCategory) -> Bool {
    [.control, .format, .lineSeparator, .paragraphSeparator].contains(category)
  }
}

// MARK: - Text

extension AppAuthority {
  public func text(_ style: TerminalStyle) -> String {
    var text = "\(style.strong(file)): built by \(product ?? "an unnamed version of wasmaot")"
    text += programName.map { " from \($0)" } ?? ""
    text += invokes.map { ", calls \($0)" } ?? ""
    text += isTestDriver ? ", a driver of tests\n" : "\n"
    func list(_ title: String, _ lines: [String], none: String) {
      text += "\n\(style.strong(title))\n"
      for line in lines.isEmpty ? [none] : lines { text += "  \(line)\n" }
    }
    list("It can ask for", words.map { "- it \($0)" }, none: "nothing: it computes, and ends")
    list(
      "Directories",
      directories.map { "\($0.host) as \($0.guest)" + ($0.isReadOnly ? ", to be read only" : "") },
      none: "none")
    list(
      "Variables", environment.map { $0.contains("=") ? $0 : "\($0), as it is when the program starts" },
      none: "none")
    if !listeners.isEmpty { list("Listens at", listeners, none: "") }
    if takesRuntimeGrants {
      list("Whoever starts it", ["can grant more, and change limits and the sandbox"], none: "")
    }
    if writesRawToTerminals { list("Terminals", ["get control characters of the program's"], none: "") }
    if let profile { list("Counts its branches", ["into \(profile), as long as it runs"], none: "") }
    var lines: [String] = []
    if let memory = limits.memory { lines.append("memory: \(memory) bytes") }
    if let stack = limits.stack { lines.append("stack: \(stack) bytes") }
    if let timeout = limits.timeoutNanoseconds {
      lines.append("time: \(fixed(Double(timeout) / 1e9, digits: 3)) s")
    }
    if let fuel = limits.fuel { lines.append("fuel: \(fuel)") }
    list("Limits", lines, none: "none")
    list("Sandbox", sandboxLines, none: "")
    if !systemCalls.isEmpty { list("System calls", systemCalls.flatMap(\.lines), none: "") }
    if !unknownRecords.isEmpty {
      list("Records of another version", unknownRecords.map { "kind \($0)" }, none: "")
    }
    return text
  }

  private var sandboxLines: [String] {
    switch sandbox {
    case .off: ["off: the kernel does not confine it"]
    case .auto, .require:
      [sandbox == .auto ? "auto: with what the kernel has" : "require: it does not start without"]
        + ["a filter of system calls" + (usesLandlock ? ", and Landlock for the granted directories" : "")]
    }
  }
}

extension AppAuthority.SystemCall {
  fileprivate var lines: [String] {
    ways.map { $0.isEmpty ? name : "\(name), if \($0.joined(separator: ", "))" }
  }
}
