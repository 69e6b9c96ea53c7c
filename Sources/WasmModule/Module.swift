public import Support

/// A decoded module: the sections as values, function bodies as ranges of `bytes`.
///
/// Index spaces hold imports first, as in the specification. Nothing here is copied from the function
/// bodies or the data segments; they are read from `bytes` where they lie.
public struct Module: Sendable {
  public var bytes: ModuleBytes
  public var types = TypeStore()
  public var imports: [Import] = []
  public var functions = PrimaryMap<FuncIdx, FunctionDecl>()
  public var tables = PrimaryMap<TableIdx, TableDecl>()
  public var memories = PrimaryMap<MemIdx, MemoryDecl>()
  public var globals = PrimaryMap<GlobalIdx, GlobalDecl>()
  public var tags = PrimaryMap<TagIdx, TagDecl>()
  public var exports: [Export] = []
  public var start: FuncIdx?
  public var elements = PrimaryMap<ElemIdx, ElementSegment>()
  public var data = PrimaryMap<DataIdx, DataSegment>()
  public var customSections: [CustomSection] = []
  /// Every feature beyond the MVP that the module was seen to use.
  public var featuresUsed: Features = []
  /// What the data count section says, if there is one.
  public var dataCount: Int?
  /// By function index: named outside of function bodies, so that `ref.func` may name it (the `refs` of the
  /// specification's contexts).
  public var isDeclaredReference: [Bool] = []

  public init(bytes: ModuleBytes) { self.bytes = bytes }

  /// Defined functions start at this index.
  public internal(set) var importedFunctionCount = 0
  public func type(of function: FuncIdx) -> FuncType { types.functionType(functions[function].type) }
}

/// Half-open range of byte offsets in the module.
public struct ByteRange: Hashable, Sendable {
  public var start: Int
  public var end: Int
  public init(start: Int, end: Int) {
    self.start = start
    self.end = end
  }
  public var count: Int { end - start }
}

/// Where an entity of an index space comes from.
public enum Origin: Hashable, Sendable {
  /// Position in `Module.imports`.
  case imported(Int)
  case defined
}

public struct FunctionDecl: Sendable {
  public var type: TypeIdx
  public var origin: Origin
  /// Locals and code of a defined function (without the size that precedes it).
  public var body: ByteRange
  public init(type: TypeIdx, origin: Origin, body: ByteRange) {
    self.type = type
    self.origin = origin
    self.body = body
  }
}

public struct TableDecl: Sendable {
  public var type: TableType
  public var origin: Origin
  /// Initial value of every entry; nil is null.
  public var initializer: ConstExpr?
}

public struct MemoryDecl: Sendable {
  public var type: MemType
  public var origin: Origin
}

public struct GlobalDecl: Sendable {
  public var type: GlobalType
  public var origin: Origin
  /// Nil for imports.
  public var initializer: ConstExpr?
}

public struct TagDecl: Sendable {
  public var type: TypeIdx
  public var origin: Origin
}

public struct Import: Sendable {
  public var module: ByteString
  public var name: ByteString
  public var desc: ExternDesc
  /// Byte offset of the entry.
  public var offset: Int
}

public enum ExternDesc: Sendable {
  case function(FuncIdx)
  case table(TableIdx)
  case memory(MemIdx)
  case global(GlobalIdx)
  case tag(TagIdx)
}

public struct Export: Sendable {
  public var name: ByteString
  public var desc: ExternDesc
}

/// A validated constant expression, in postfix order.
public struct ConstExpr: Sendable {
  public enum Op: Hashable, Sendable {
    case i32(Int32)
    case i64(Int64)
    /// Bit patterns.
    case f32(UInt32)
    case f64(UInt64)
    case v128(low: UInt64, high: UInt64)
    case refNull(HeapType)
    case refFunc(FuncIdx)
    case globalGet(GlobalIdx)
    case i32Add, i32Sub, i32Mul, i64Add, i64Sub, i64Mul
  }
  public var ops: [Op]
  public var range: ByteRange
  public init(ops: [Op], range: ByteRange) {
    self.ops = ops
    self.range = range
  }
}

public enum SegmentMode: Sendable {
  case passive
  case declarative
  /// `index` is a table or memory index.
  case active(index: UInt32, offset: ConstExpr)
}

public struct ElementSegment: Sendable {
  public enum Items: Sendable {
    case functions([FuncIdx])
    case expressions([ConstExpr])
  }
  public var type: ValType
  public var mode: SegmentMode
  public var items: Items
}

public struct DataSegment: Sendable {
  public var mode: SegmentMode
  public var bytes: ByteRange
}

public struct CustomSection: Sendable {
  public var name: ByteString
  public var contents: ByteRange
}
