internal import Support

/// Types one after the other in memory that the context owns.
struct TypeList {
  var start: UnsafePointer<ValType>
  var count: Int

  @inline(__always)
  subscript(index: Int) -> ValType { start[index] }

  var description: String {
    "[" + (0..<count).map { self[$0].description }.joined(separator: " ") + "]"
  }
}

/// What the bodies of a module are validated against (the context C of specification section 3.1), laid
/// out flat: reading the module's own arrays would count references for each operator.
///
/// Made once, read by all threads.
final class ValidationContext: @unchecked Sendable {
  struct FunctionType {
    var params: TypeList
    var results: TypeList
  }
  struct Global {
    var type: ValType
    var isMutable: Bool
  }
  struct Table {
    var element: ValType
    var address: ValType
  }

  let module: Module
  let base: UnsafeRawPointer
  let features: Features
  let types: UnsafeMutableBufferPointer<FunctionType>
  /// Type index of each function.
  let functions: UnsafeMutableBufferPointer<UInt32>
  let globals: UnsafeMutableBufferPointer<Global>
  let tables: UnsafeMutableBufferPointer<Table>
  /// Type index of each tag.
  let tags: UnsafeMutableBufferPointer<UInt32>
  /// Address type of each memory.
  let memories: UnsafeMutableBufferPointer<ValType>
  let operators: OperatorTables
  /// Off in tests that compare the fast path with the other.
  let takesFastPath: Bool

  /// The first 128 are the value types of one byte, each at its own byte's place, so that a block type that
  /// is one of them has a list too; then the function types.
  private let pool: UnsafeMutableBufferPointer<ValType>

  init(module: Module, features: Features, takesFastPath: Bool = true) {
    self.module = module
    self.takesFastPath = takesFastPath
    self.features = features.intersection(.supported)
    operators = .tables(for: self.features)
    base = module.bytes.buffer.baseAddress ?? UnsafeRawPointer(bitPattern: 1)!

    let functionTypes = module.types.types.ids.map { module.types.functionType($0) }
    pool = .allocate(capacity: 128 + functionTypes.reduce(0) { $0 + $1.params.count + $1.results.count })
    types = .allocate(capacity: functionTypes.count)
    for byte in 0..<128 {
      pool.initializeElement(at: byte, to: ValType(byte: UInt8(byte)) ?? .bottom)
    }
    let poolStart = UnsafePointer(pool.baseAddress!)
    var next = 128
    for (index, type) in functionTypes.enumerated() {
      let params = TypeList(start: poolStart + next, count: type.params.count)
      let results = TypeList(start: poolStart + next + params.count, count: type.results.count)
      for valType in type.params + type.results {
        pool.initializeElement(at: next, to: valType)
        next += 1
      }
      types.initializeElement(at: index, to: FunctionType(params: params, results: results))
    }

    functions = Self.flat(module.functions.values) { $0.type.rawValue }
    globals = Self.flat(module.globals.values) { Global(type: $0.type.type, isMutable: $0.type.isMutable) }
    tables = Self.flat(module.tables.values) {
      Table(element: $0.type.element, address: $0.type.address.valType)
    }
    tags = Self.flat(module.tags.values) { $0.type.rawValue }
    memories = Self.flat(module.memories.values) { $0.type.address.valType }
  }

  deinit {
    pool.deallocate()
    types.deallocate()
    functions.deallocate()
    globals.deallocate()
    tables.deallocate()
    tags.deallocate()
    memories.deallocate()
  }

  private static func flat<Element, Flat: BitwiseCopyable>(
    _ elements: [Element], _ body: (Element) -> Flat
  ) -> UnsafeMutableBufferPointer<Flat> {
    let buffer = UnsafeMutableBufferPointer<Flat>.allocate(capacity: elements.count)
    for (index, element) in elements.enumerated() { buffer.initializeElement(at: index, to: body(element)) }
    return buffer
  }

  /// The list with just this type, which has an encoding of one byte.
  func single(byte: UInt8) -> TypeList {
    TypeList(start: UnsafePointer(pool.baseAddress!) + Int(byte), count: 1)
  }

  var noTypes: TypeList { TypeList(start: UnsafePointer(pool.baseAddress!), count: 0) }
}
