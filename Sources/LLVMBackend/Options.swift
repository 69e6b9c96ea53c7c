public import IR

/// The standard levels: `O0` compiles fastest, `Os` and `Oz` trade speed for size.
public enum OptimizationLevel: String, Sendable, CaseIterable {
  case O0, O1, O2, O3, Os, Oz
}

/// What the backend writes.
public enum Emission: Sendable {
  /// ELF relocatable objects.
  case object
  /// Target assembly.
  case assembly
  /// Optimised LLVM IR as text.
  case llvmIR
  /// Optimised LLVM IR as bitcode.
  case bitcode
}

/// How the code is entered, and with that the instance model.
public enum EntryPoint: Sendable {
  /// Calls this function (`_start`), which takes and returns nothing.
  case start(FunctionID)
  /// The runtime calls exports by name (`--invoke`, the test driver): each gets a wrapper.
  case invoke([Export])
  /// There is no program, but instances in a host: `embedded` model. All that outside of the object is known is
  /// the descriptor `<name>_wasm`, where the name is a C identifier.
  case embedded(name: String)

  var isEmbedded: Bool { if case .embedded = self { true } else { false } }
}

/// How accesses outside of a memory are found.
public enum BoundsChecks: String, Sendable, CaseIterable, Codable {
  /// They fault, in a reservation that is larger than any index; as do accesses below the stack. 64-bit
  /// memories and those with pages of one byte are checked explicitly all the same.
  case guardPages = "guard"
  /// By comparisons; so is the stack, and a failed check calls the runtime: no reservation, and no handler for
  /// signals.
  case explicit

  /// The reservation catches every access with a 32-bit index, but only at the granularity of the hardware's
  /// pages.
  public func areExplicit(for memory: IR.Memory) -> Bool {
    self == .explicit || memory.isMemory64 || memory.pageSizeLog2 < 12
  }
}

public struct BackendOptions: Sendable {
  public var level = OptimizationLevel.O2
  /// A name of `LLVMInfo.cpus(for:)`. `baseline` is x86-64-v2; `native` is the CPU of this machine.
  public var cpu = "baseline"
  public var target = Target.host
  public var emission = Emission.object
  /// Threads; the output does not depend on it.
  public var jobs = 1
  /// One unit, however large the module is: for output that is not linked.
  public var isOneUnit = false
  /// Run LLVM's verifier before and after optimisation.
  public var verify = false
  /// Put the functions' names into the object's symbol table (for profilers and debuggers).
  public var symbols = false
  /// Put the functions' names into the program, for backtraces.
  public var names = true
  public var entry: EntryPoint
  /// Address of memory 0; the runtime maps it there (`WASMAOT_MEMORY0_BASE`).
  public var memoryBase: UInt64 = 0x10000

  public var boundsChecks = BoundsChecks.guardPages
  /// Explicit checks hold for speculative execution, too.
  public var mitigatesSpectre = false
  /// The program counts how often its branches go each way (static model).
  public var countsBranches = false
  /// Such counts, to optimise by.
  public var profile: Profile?
  /// The output does not depend on it.
  public var unitCache: (any UnitCache)?

  public init(entry: EntryPoint) { self.entry = entry }
}

/// Keeps the objects of units by what they were made from. Used by several threads at once.
public protocol UnitCache: Sendable {
  /// Names whatever is made of `input` under these settings.
  func key(of input: UnsafeRawBufferPointer, settings: String) -> String
  func object(for key: String) -> [UInt8]?
  /// Keeps it once, to be found by each of the keys.
  func store(_ object: [UInt8], for keys: [String])
  /// What `key` found, this object, is found by `other` from now on.
  func link(_ other: String, to key: String, of object: [UInt8])
}

/// One codegen unit's output.
public struct UnitOutput: Sendable {
  public var bytes: [UInt8]
  public var isFromCache = false
  public var functionCount: Int
  /// Nil where it defines none.
  public var largestFunction: FunctionID?
  /// IR instructions.
  public var instructionCount: Int
  /// How long it took.
  public var seconds = 0.0
}

public struct CodegenResult: Sendable {
  /// In an order that depends on the module only.
  public var units: [UnitOutput]
  /// CPU features that the code may use, beyond the architecture's own: names as LLVM and clang spell them.
  public var requiredFeatures: [String]
  /// Functions that were too large for the full pipeline, with their number of IR instructions.
  public var giantFunctions: [(function: FunctionID, instructionCount: Int)]
  /// Functions with a body, and those of them that `profile` had nothing about; nil if there was none.
  public var profiled: (functions: Int, unknown: Int)?
}

public enum BackendError: Error, Hashable, Sendable, CustomStringConvertible {
  /// `--target` names what this compiler does not generate code for.
  case unsupportedTarget(String)
  case unknownCPU(String, target: String)
  /// The module needs what the options rule out.
  case unsupported(String)
  /// LLVM's library can't be loaded.
  case noLLVM(String)
  /// LLVM refused what this compiler gave it: a bug here.
  case internalError(String)

  public var description: String {
    switch self {
    case .unsupportedTarget(let triple):
      "target '\(triple)' is not supported; supported: \(Target.supportedTriples.joined(separator: ", "))"
    case .unknownCPU(let name, let target):
      "unknown CPU '\(name)' for \(target); '--cpu help' lists the names"
    case .unsupported(let what): what
    case .noLLVM(let why): "LLVM cannot be loaded: \(why)"
    case .internalError(let what): "internal error in code generation: \(what)"
    }
  }
}
