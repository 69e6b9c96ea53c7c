/// The proposals that go beyond the MVP, in `wasmtime -W`'s spelling (see `name`).
public struct Features: OptionSet, Hashable, Sendable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  public static let mutableGlobal = Features(rawValue: 1 << 0)
  public static let signExtension = Features(rawValue: 1 << 1)
  public static let saturatingFloatToInt = Features(rawValue: 1 << 2)
  public static let multiValue = Features(rawValue: 1 << 3)
  public static let bulkMemory = Features(rawValue: 1 << 4)
  public static let referenceTypes = Features(rawValue: 1 << 5)
  public static let simd = Features(rawValue: 1 << 6)
  public static let relaxedSIMD = Features(rawValue: 1 << 7)
  public static let tailCall = Features(rawValue: 1 << 8)
  public static let extendedConst = Features(rawValue: 1 << 9)
  public static let multiMemory = Features(rawValue: 1 << 10)
  public static let threads = Features(rawValue: 1 << 11)
  public static let memory64 = Features(rawValue: 1 << 12)
  public static let exceptions = Features(rawValue: 1 << 13)
  public static let legacyExceptions = Features(rawValue: 1 << 14)
  public static let functionReferences = Features(rawValue: 1 << 15)
  public static let gc = Features(rawValue: 1 << 16)
  public static let wideArithmetic = Features(rawValue: 1 << 17)
  public static let customPageSizes = Features(rawValue: 1 << 18)
  public static let compactImports = Features(rawValue: 1 << 19)

  /// One row a feature: flag, name, and whether the pipeline supports it today.
  public static let table: [(flag: Features, name: String, isSupported: Bool)] = [
    (.mutableGlobal, "mutable-global", true),
    (.signExtension, "sign-extension", true),
    (.saturatingFloatToInt, "saturating-float-to-int", true),
    (.multiValue, "multi-value", true),
    (.bulkMemory, "bulk-memory", true),
    (.referenceTypes, "reference-types", true),
    (.simd, "simd", true),
    (.relaxedSIMD, "relaxed-simd", true),
    (.tailCall, "tail-call", true),
    (.extendedConst, "extended-const", true),
    (.multiMemory, "multi-memory", true),
    (.threads, "threads", true),
    (.memory64, "memory64", true),
    (.exceptions, "exceptions", true),
    (.legacyExceptions, "legacy-exceptions", true),
    (.functionReferences, "function-references", true),
    (.gc, "gc", false),
    (.wideArithmetic, "wide-arithmetic", true),
    (.customPageSizes, "custom-page-sizes", true),
    (.compactImports, "compact-imports", true),
  ]

  /// Everything that is finished: the default.
  public static let supported: Features = table.reduce(into: []) { if $1.isSupported { $0.insert($1.flag) } }

  /// Names of the members, in the table's order.
  public var names: [String] { Self.table.filter { contains($0.flag) }.map(\.name) }
}
