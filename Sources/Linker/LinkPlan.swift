public import SystemPackage

/// One object file that was made in memory.
public struct LinkObject: Sendable {
  /// For the linker's messages: `unit0.o`. A file name without slashes.
  public var name: String
  public var bytes: [UInt8]
  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }
}

/// Everything that decides the bytes of an app. Making the plan touches nothing; `run()` does.
///
/// The app is a static position-independent executable: no interpreter, no shared library, relocations
/// and tables read-only before the guest runs (full RELRO), no executable stack.
public struct LinkPlan: Sendable {
  public var objects: [LinkObject]
  public var output: FilePath
  public var runtime: RuntimeDirectory
  public var linker: LinkerTool
  /// Symbols to pull out of the runtime archive although no object refers to them.
  public var requiredSymbols: [String]
  /// Keep the symbol table, for profilers and debuggers.
  public var keepsSymbols: Bool

  public init(
    objects: [LinkObject], output: FilePath, runtime: RuntimeDirectory, linker: LinkerTool,
    requiredSymbols: [String] = [], keepsSymbols: Bool = false
  ) {
    self.objects = objects
    self.output = output
    self.runtime = runtime
    self.linker = linker
    self.requiredSymbols = requiredSymbols
    self.keepsSymbols = keepsSymbols
  }

  /// The linker's arguments when the objects are stored in these files.
  public func arguments(objectFiles: [FilePath], output: FilePath) -> [String] {
    var flags = [
      // No interpreter: the program relocates itself.
      "-static", "-pie", "--no-dynamic-linker", "-z", "text",
      // Full RELRO: read-only tables, vtables and the GOT can't be overwritten by a memory-safety bug.
      "-z", "relro", "-z", "now", "-z", "noexecstack",
      // The backtrace finds its unwind tables by this header.
      "--eh-frame-hdr",
      // Code has pages of its own. Otherwise the ends of what lies before and behind it in the file can be executed,
      // too, the module's data among it: bytes that a guest chooses.
      "-z", "separate-code",
      "--gc-sections", "--build-id=none",
    ]
    if linker.family == .lld {
      // __start_/__stop_ symbols keep their sections, as GNU ld does by itself.
      flags += ["-z", "nostart-stop-gc", "--icf=safe", "-O2"]
    }
    if !keepsSymbols { flags.append("-s") }
    flags += requiredSymbols.map { "--undefined=\($0)" }
    if linker.family == .compiler { flags = ["-nostdlib"] + Self.throughCompiler(flags) }
    let files = runtime.start + objectFiles + runtime.libraries + runtime.end
    return flags + ["-o", output.string] + files.map(\.string)
  }

  /// Linker flags as a C compiler takes them. `-static-pie` is its own name for the first three.
  private static func throughCompiler(_ flags: [String]) -> [String] {
    ["-static-pie"] + flags.dropFirst(3).flatMap { ["-Xlinker", $0] }
  }

  /// Links. The output appears complete or not at all: a file that stood there stays untouched on failure.
  public func run() async throws(LinkError) {
    try await linker.link(objects, to: output) { arguments(objectFiles: $0, output: $1) }
  }
}
