public import Support

// What instantiation decides. In the `static` model that is nothing: the module is linked into one program, every
// import is resolved and every constant expression evaluated. In the `embedded` model imports are given to each
// instance, and what depends on them is worked out then.

/// How many instances of a module there are, and when it gets its imports.
public enum ModelKind: String, Hashable, Sendable, CaseIterable {
  /// One instance, which is the program.
  case `static`
  /// Many instances in a host program, each with imports of its own.
  case embedded
}

/// Something that can be imported or exported.
public enum ExternItem: Hashable, Sendable {
  case function(FunctionID)
  case table(TableID)
  case memory(MemoryID)
  case global(GlobalID)
  case tag(TagID)
}

/// Types as modules of other compilations see them: a reference to a function says of which signature, and whether
/// it may be null. Strings of runtime-c/abi/wasmaot_embedded.h.
public struct PreciseTypes: Hashable, Sendable {
  public var params: String
  public var results: String
  public init(params: String, results: String) {
    self.params = params
    self.results = results
  }
}

extension Type {
  /// The string of a type that says no more than this.
  public var preciseText: String {
    switch self {
    case .i32: "i"
    case .i64: "I"
    case .f32: "f"
    case .f64: "F"
    case .v128: "v"
    case .funcref: "r"
    case .externref: "e"
    case .exnref: "x"
    }
  }
}

extension Signature {
  public var preciseTypes: PreciseTypes {
    func text(_ types: [Type]) -> String { types.map(\.preciseText).joined() }
    return precise ?? PreciseTypes(params: text(params), results: text(results))
  }
}

/// What an instance is given under a name. Its declaration has the type.
public struct Import: Hashable, Sendable {
  public var module: ByteString
  public var name: ByteString
  public var item: ExternItem
  public init(module: ByteString, name: ByteString, item: ExternItem) {
    self.module = module
    self.name = name
    self.item = item
  }
}

public struct Export: Hashable, Sendable {
  public var name: ByteString
  public var item: ExternItem
  public init(name: ByteString, item: ExternItem) {
    self.name = name
    self.item = item
  }
  public init(name: ByteString, function: FunctionID) { self.init(name: name, item: .function(function)) }

  /// Nil if it is no function.
  public var function: FunctionID? { if case .function(let function) = item { function } else { nil } }
}

/// The first value of a global.
public enum Initializer: Hashable, Sendable {
  case constant(Constant)
  /// Depends on imported globals.
  case expression(ConstantExpression)
  /// The global is another instance's, or the host's.
  case external
}

/// A constant expression that only instantiation can evaluate, in postfix order.
public struct ConstantExpression: Hashable, Sendable {
  public enum Operator: Hashable, Sendable {
    case constant(Constant)
    /// An imported global, or one that is initialised before.
    case global(GlobalID)
    /// Second operand on top.
    case binary(Binary)
  }
  public enum Binary: String, Hashable, Sendable, CaseIterable {
    case i32Add, i32Sub, i32Mul, i64Add, i64Sub, i64Mul
    public var type: Type {
      switch self {
      case .i32Add, .i32Sub, .i32Mul: .i32
      case .i64Add, .i64Sub, .i64Mul: .i64
      }
    }
  }
  public var operators: [Operator]
  public init(_ operators: [Operator]) { self.operators = operators }

  /// The value, if it is the same for all instances.
  public var constant: Constant? {
    if operators.count == 1, case .constant(let value) = operators[0] { value } else { nil }
  }
}

/// Where instantiation writes an active segment.
public struct SegmentPlace<Target: EntityID>: Hashable, Sendable {
  public var target: Target
  /// In bytes or entries, of the target's address type.
  public var offset: ConstantExpression
  public init(target: Target, offset: ConstantExpression) {
    self.target = target
    self.offset = offset
  }
}

extension Module {
  /// Calls `body` with every constant expression that instantiation evaluates.
  public func forEachExpression(_ body: (ConstantExpression) -> Void) {
    for global in globals.values {
      if case .expression(let expression) = global.initializer { body(expression) }
    }
    for table in tables.values { if let fill = table.fill { body(fill) } }
    for segment in elementSegments.values {
      if let place = segment.place { body(place.offset) }
      segment.expressions.forEach(body)
    }
    for segment in dataSegments.values { if let place = segment.place { body(place.offset) } }
  }

  /// Whether code of other instances can come in by a reference that an indirect call may find.
  ///
  /// That is so if a reference to an import is taken, or can be handed in: by a table, a global, an argument, a
  /// result, an exception.
  public func hasForeignReferences(addressTaken: SecondaryMap<FunctionID, Bool>) -> Bool {
    func passes(_ types: [Type]) -> Bool { types.contains { $0 == .funcref || $0 == .exnref } }
    var isEntered = addressTaken
    if tables.values.contains(where: { $0.isExternal && $0.element != .externref }) { return true }
    if globals.values.contains(where: { $0.isExternal && passes([$0.type]) }) { return true }
    for export in exports {
      switch export.item {
      case .function(let id): isEntered[id] = true
      case .table(let id): if tables[id].element != .externref { return true }
      case .global(let id): if globals[id].isMutable && passes([globals[id].type]) { return true }
      case .memory, .tag: break
      }
    }
    if tags.values.contains(where: { passes(signatures[$0.signature].params) }) { return true }
    return functions.ids.contains { id in
      let signature = signatures[functions[id].signature]
      return isExternal(id)
        ? addressTaken[id] || passes(signature.results) : isEntered[id] && passes(signature.params)
    }
  }

  public func isExternal(_ function: FunctionID) -> Bool {
    if case .external = functions[function].definition { true } else { false }
  }
}
