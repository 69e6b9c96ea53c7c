public import Support

/// A module in the IR's own terms: everything that a backend needs, nothing of the binary format.
///
/// Constant expressions are evaluated as far as they do not depend on imports (Instantiation.swift): initial
/// memory, tables and globals are data. In the `static` model nothing does.
public struct Module: Sendable {
  public var signatures = PrimaryMap<SignatureID, Signature>()
  public var functions = PrimaryMap<FunctionID, FunctionDecl>()
  /// Same indices as `functions`; nil for everything that is not `.body`.
  public var bodies = Bodies()
  public var globals = PrimaryMap<GlobalID, Global>()
  public var tables = PrimaryMap<TableID, Table>()
  public var memories = PrimaryMap<MemoryID, Memory>()
  public var tags = PrimaryMap<TagID, Tag>()
  /// Segments that `memory.init` and `table.init` can name. Active ones are written by instantiation, in their
  /// order, element segments first; those that became initial contents are empty and dropped.
  public var dataSegments = PrimaryMap<DataID, DataSegment>()
  public var elementSegments = PrimaryMap<ElementID, ElementSegment>()
  /// What an instance is given (`embedded` model), in the module's order.
  public var imports: [Import] = []
  /// What can be reached from outside, by name.
  public var exports: [Export] = []
  public var start: FunctionID = .none
  /// What new threads of a program run (wasi-threads' `wasi_thread_start`); none in programs that start no threads,
  /// and in the embedded model, where the host makes an instance for each thread.
  public var threadStart: FunctionID = .none
  /// Set when an active segment does not fit: instantiation writes what precedes it, then traps.
  public var instantiationTrap: TrapCode?

  public init() {}

  /// Each thread of the program has globals, tables and passive segments of its own.
  public var isThreaded: Bool { !threadStart.isNone }
}

/// Parameter and result types. Signatures are unique: two equal function types have one ID, so an ID is
/// the canonical type that `call_indirect` compares.
public struct Signature: Hashable, Sendable {
  public var params: [Type]
  public var results: [Type]
  /// Tells function types apart that differ only in what their references refer to: all of those are one type
  /// here, but not to `call_indirect`.
  public var variant: UInt32
  /// The types in others' terms, where one of them says more than `Type` does.
  public var precise: PreciseTypes?
  public init(params: [Type], results: [Type], variant: UInt32 = 0) {
    self.params = params
    self.results = results
    self.variant = variant
  }
}

public struct FunctionDecl: Sendable {
  public var signature: SignatureID
  /// From the name section, or the first export; for backtraces and symbols. May be empty.
  public var name: ByteString
  public var definition: Definition
  /// It ends with a trap, an exception, the program or not at all.
  public var neverReturns = false
  public enum Definition: Sendable {
    /// A function of the host: its linker symbol (C calling convention).
    case imported(symbol: String)
    /// An import that nothing provides: calling it traps.
    case stub(module: ByteString, name: ByteString)
    /// An import that each instance is given.
    case external
    /// Defined in the module: its body is in `Module.bodies`.
    case body
    /// Removed because nothing reaches it.
    case removed
  }
  public init(signature: SignatureID, name: ByteString, definition: Definition) {
    self.signature = signature
    self.name = name
    self.definition = definition
  }
}

/// A value known at compile time.
public enum Constant: Hashable, Sendable {
  case i32(UInt32)
  case i64(UInt64)
  /// Bit patterns.
  case f32(UInt32)
  case f64(UInt64)
  case v128(V128)
  case null(Type)
  case function(FunctionID)
}

public struct Global: Sendable {
  public var type: Type
  /// The type in others' terms (`PreciseTypes`), where it says more than `type` does.
  public var preciseType: String?
  /// Cleared by the pass that finds a global which nothing writes.
  public var isMutable: Bool
  public var initializer: Initializer
  public init(type: Type, isMutable: Bool, initializer: Initializer) {
    self.type = type
    self.isMutable = isMutable
    self.initializer = initializer
  }
  public init(type: Type, isMutable: Bool, initial: Constant) {
    self.init(type: type, isMutable: isMutable, initializer: .constant(initial))
  }

  /// The first value, if it is the same for all instances.
  public var initial: Constant? { if case .constant(let value) = initializer { value } else { nil } }
  public var isExternal: Bool { initializer == .external }
}

public struct Table: Sendable {
  public var element: Type
  /// The element type in others' terms (`PreciseTypes`), where it says more than `element` does.
  public var preciseElement: String?
  public var minimum: UInt64
  public var maximum: UInt64?
  public var isTable64: Bool
  /// Initial entries, `minimum` of them at the most (missing ones are null). Tables of funcref hold
  /// functions, all others only nulls. `none` is null.
  public var initial: [FunctionID]
  /// What instantiation puts into every entry before segments are written; then `initial` is empty.
  public var fill: ConstantExpression?
  /// Another instance's, or the host's; then `initial` is empty.
  public var isExternal = false
  /// Set by the pass that finds a table which nothing changes: it becomes constant data.
  public var isReadOnly = false
  public init(
    element: Type, minimum: UInt64, maximum: UInt64?, isTable64: Bool = false, initial: [FunctionID] = []
  ) {
    self.element = element
    self.minimum = minimum
    self.maximum = maximum
    self.isTable64 = isTable64
    self.initial = initial
  }
}

/// What kind of exception an exception is. Two tags are different, whatever their signatures are.
public struct Tag: Sendable {
  /// Parameters are the payload; no results.
  public var signature: SignatureID
  /// For messages. May be empty.
  public var name: ByteString
  /// Another instance's, or the host's.
  public var isExternal = false
  public init(signature: SignatureID, name: ByteString) {
    self.signature = signature
    self.name = name
  }
}

public struct Memory: Sendable {
  /// In pages.
  public var minimum: UInt64
  public var maximum: UInt64?
  public var isMemory64: Bool
  public var isShared: Bool
  public var pageSizeLog2: UInt8
  /// What the active segments put there: ascending, disjoint, `offset` in bytes, within the minimum.
  public var image: [ImageChunk]
  /// Another instance's, or the host's; then `image` is empty.
  public var isExternal = false
  public init(
    minimum: UInt64, maximum: UInt64?, isMemory64: Bool = false, isShared: Bool = false,
    pageSizeLog2: UInt8 = 16, image: [ImageChunk] = []
  ) {
    self.minimum = minimum
    self.maximum = maximum
    self.isMemory64 = isMemory64
    self.isShared = isShared
    self.pageSizeLog2 = pageSizeLog2
    self.image = image
  }
}

public struct ImageChunk: Hashable, Sendable {
  public var offset: UInt64
  public var bytes: [UInt8]
  public init(offset: UInt64, bytes: [UInt8]) {
    self.offset = offset
    self.bytes = bytes
  }
}

public struct DataSegment: Sendable {
  public var bytes: [UInt8]
  /// Nil: only `memory.init` reads it.
  public var place: SegmentPlace<MemoryID>?
  public init(bytes: [UInt8], place: SegmentPlace<MemoryID>? = nil) {
    self.bytes = bytes
    self.place = place
  }
}

public struct ElementSegment: Sendable {
  public var element: Type
  public var items: [FunctionID]
  /// In the place of `items`, where one of them depends on an imported global.
  public var expressions: [ConstantExpression]
  /// Nil: only `table.init` reads it.
  public var place: SegmentPlace<TableID>?
  public init(
    element: Type, items: [FunctionID], expressions: [ConstantExpression] = [],
    place: SegmentPlace<TableID>? = nil
  ) {
    self.element = element
    self.items = items
    self.expressions = expressions
    self.place = place
  }
}
