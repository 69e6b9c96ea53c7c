import IR
import Support
import Synchronization
import Testing

@testable import LLVMBackend

/// The first key of a unit has everything that its lowering may ask.
@Suite struct UnitKeyTests {
  /// Keys are what they were made of.
  private final class Cache: UnitCache {
    let objects = Mutex<[String: [UInt8]]>([:])
    let links = Mutex<[String: String]>([:])

    func key(of input: UnsafeRawBufferPointer, settings: String) -> String {
      settings + "\0" + input.map { String($0, radix: 16) }.joined(separator: " ")
    }
    func object(for key: String) -> [UInt8]? {
      let key = links.withLock { $0[key] } ?? key
      return objects.withLock { $0[key] }
    }
    func store(_ object: [UInt8], for keys: [String]) {
      objects.withLock { $0[keys[0]] = object }
      for key in keys.dropFirst() { link(key, to: keys[0], of: object) }
    }
    func link(_ other: String, to key: String, of object: [UInt8]) { links.withLock { $0[other] = key } }
  }

  private static func module(constant: Int32 = 1) -> IR.Module {
    var module = IR.Module()
    let signature = module.signatures.append(Signature(params: [.i32], results: [.i32]))
    module.memories.append(
      Memory(minimum: 1, maximum: nil, image: [ImageChunk(offset: 8, bytes: [1, 2, 3])]))
    module.globals.append(Global(type: .i32, isMutable: true, initial: .i32(5)))
    module.tables.append(
      Table(element: .funcref, minimum: 2, maximum: 2, initial: [FunctionID(0), FunctionID(1)]))
    module.tags.append(Tag(signature: signature, name: "tag"))
    module.dataSegments.append(DataSegment(bytes: [4, 5]))
    module.elementSegments.append(ElementSegment(element: .funcref, items: [FunctionID(0)]))
    for index in 0..<2 {
      module.functions.append(
        FunctionDecl(signature: signature, name: ByteString("f\(index)"), definition: .body))
      var builder = FunctionBuilder(signature: signature, in: module)
      let parameter = builder.params(of: builder.entryBlock)[0]
      builder.emitReturn([builder.binary(.iadd, .i32, parameter, builder.i32Const(constant))])
      module.bodies.append(builder.finalize())
    }
    return module
  }

  private func key(_ change: (inout IR.Module, inout BackendOptions) -> Void = { _, _ in }) throws -> String {
    var module = Self.module()
    var options = BackendOptions(entry: .invoke([]))
    change(&module, &options)
    return try CodegenPlan(module: module, options: options).facts.key(in: Cache())
  }

  @Test func everyFactIsInTheKey() throws {
    let changes: [(inout IR.Module, inout BackendOptions) -> Void] = [
      { module, _ in module.signatures.append(Signature(params: [], results: [])) },
      { module, _ in module.functions[FunctionID(1)].name = "g" },
      { module, _ in module.functions[FunctionID(1)].definition = .removed },
      { module, _ in module.globals[GlobalID(0)].isMutable = false },
      { module, _ in module.globals[GlobalID(0)].initializer = .constant(.i32(6)) },
      { module, _ in module.tables[TableID(0)].isReadOnly = true },
      { module, _ in module.tables[TableID(0)].initial.swapAt(0, 1) },
      { module, _ in module.memories[MemoryID(0)].minimum = 2 },
      { module, _ in module.memories[MemoryID(0)].isShared = true },
      { module, _ in module.memories[MemoryID(0)].image[0].offset = 16 },
      { module, _ in module.memories[MemoryID(0)].image[0].bytes[2] = 9 },
      { module, _ in module.tags[TagID(0)].name = "other" },
      { module, _ in module.dataSegments[DataID(0)].bytes[0] = 9 },
      { module, _ in module.elementSegments[ElementID(0)].items = [FunctionID(1)] },
      { module, _ in module.exports.append(Export(name: "f", item: .function(FunctionID(0)))) },
      { module, _ in module.start = FunctionID(0) },
      { module, _ in module.threadStart = FunctionID(0) },
      { module, _ in module.instantiationTrap = .unreachable },
      { _, options in options.level = .O3 },
      { _, options in options.cpu = "x86-64-v3" },
      { _, options in options.emission = .bitcode },
      { _, options in options.isOneUnit = true },
      { _, options in options.symbols = true },
      { _, options in options.names = false },
      { _, options in options.entry = .start(FunctionID(0)) },
      { _, options in options.entry = .embedded(name: "m") },
      { _, options in options.memoryBase = 0x20000 },
      { _, options in options.boundsChecks = .explicit },
      { _, options in options.mitigatesSpectre = true },
      { _, options in options.countsBranches = true },
      { module, options in options.profile = Profile(of: module, counts: [[3], [7]]) },
      // What bodies do.
      { module, _ in Self.changeBody(of: &module) { _ = $0.unaryEntity(.memoryGrow, .i32, $1, MemoryID(0)) }
      },
      { module, _ in Self.changeBody(of: &module) { builder, _ in builder.fuelCharge(1) } },
      { module, _ in Self.changeBody(of: &module) { _ = $0.call(FunctionID(0), [$1]) } },
      { module, _ in Self.changeBody(of: &module) { _ = $0.exceptionNew(TagID(0), [$1]) } },
    ]
    var keys = [try key()]
    for change in changes { keys.append(try key(change)) }
    for (index, key) in keys.enumerated() {
      #expect(keys.firstIndex(of: key) == index, "change \(index - 1)")
    }
  }

  @Test func whatTheOutputDoesNotDependOnIsNot() throws {
    let plain = try key()
    #expect(try key { _, options in options.jobs = 7 } == plain)
    #expect(try key { _, options in options.verify = true } == plain)
    #expect(try key { _, options in options.unitCache = Cache() } == plain)
    #expect(try key { module, _ in module = Self.module(constant: 2) } == plain)
  }

  /// Also which function has which counts: the facts have their summary only.
  @Test func countsAreInTheKeyOfTheUnit() throws {
    let module = Self.module()
    func key(_ counts: [[UInt64]]) throws -> String {
      var options = BackendOptions(entry: .invoke([]))
      options.profile = Profile(of: module, counts: counts)
      return try CodegenPlan(module: module, options: options).unit(0).key(in: Cache(), facts: "", [])
    }
    let all: [[[UInt64]]] = [[[3], [7]], [[7], [3]], [[3], []], [[], [3]], [[], []]]
    #expect(try Set(all.map { try key($0) }).count == all.count)
  }

  /// What the text of the facts leaves to the text of the module, and the list that a unit's own part of the plan is: a
  /// property that is added must be in `Printer.module`, or `UnitPlan.key`, too.
  @Test func propertiesAreThoseThatKeysKnow() throws {
    func labels(_ value: Any) -> [String] { Mirror(reflecting: value).children.compactMap(\.label) }
    let module = Self.module()
    let plan = try CodegenPlan(module: module, options: BackendOptions(entry: .invoke([])))
    #expect(
      labels(plan.unit(0)) == [
        "functions", "imports", "localFunctions", "definesData", "isLast", "isOnly", "level", "profiles",
      ])
    #expect(
      labels(module) == [
        "signatures", "functions", "bodies", "globals", "tables", "memories", "tags", "dataSegments",
        "elementSegments", "imports", "exports", "start", "threadStart", "instantiationTrap",
      ])
    #expect(labels(module.signatures[SignatureID(0)]) == ["params", "results", "variant", "precise"])
    #expect(labels(module.functions[FunctionID(0)]) == ["signature", "name", "definition", "neverReturns"])
    #expect(labels(module.globals[GlobalID(0)]) == ["type", "preciseType", "isMutable", "initializer"])
    #expect(
      labels(module.tables[TableID(0)]) == [
        "element", "preciseElement", "minimum", "maximum", "isTable64", "initial", "fill", "isExternal",
        "isReadOnly",
      ])
    #expect(labels(module.tags[TagID(0)]) == ["signature", "name", "isExternal"])
    #expect(
      labels(module.memories[MemoryID(0)]) == [
        "minimum", "maximum", "isMemory64", "isShared", "pageSizeLog2", "image", "isExternal",
      ])
    #expect(labels(module.memories[MemoryID(0)].image[0]) == ["offset", "bytes"])
    #expect(labels(module.dataSegments[DataID(0)]) == ["bytes", "place"])
    #expect(labels(module.elementSegments[ElementID(0)]) == ["element", "items", "expressions", "place"])
    #expect(
      labels(Import(module: "m", name: "n", item: .function(FunctionID(0)))) == ["module", "name", "item"])
    #expect(labels(Export(name: "n", item: .function(FunctionID(0)))) == ["name", "item"])
    let offset = ConstantExpression([])
    #expect(labels(offset) == ["operators"])
    #expect(labels(SegmentPlace(target: MemoryID(0), offset: offset)) == ["target", "offset"])
    #expect(labels(PreciseTypes(params: "", results: "")) == ["params", "results"])
  }

  /// A change of the facts that changes no code is found by the code, and by the new facts from then on.
  @Test func theSecondKeyLeadsToTheFirst() throws {
    let cache = Cache()
    func build(_ change: (inout IR.Module) -> Void = { _ in }) throws -> UnitOutput {
      var module = Self.module()
      change(&module)
      var options = BackendOptions(entry: .embedded(name: "m"))
      options.unitCache = cache
      options.names = false
      return try generateCode(for: module, options: options).units[0]
    }
    let first = try build()
    #expect(!first.isFromCache)
    #expect(try build().isFromCache)
    #expect(cache.objects.withLock(\.count) == 1)
    #expect(cache.links.withLock(\.count) == 1)
    for _ in 0..<2 {
      let renamed = try build { $0.functions[FunctionID(1)].name = "g" }
      #expect(renamed.isFromCache)
      #expect(renamed.bytes == first.bytes)
      #expect(cache.links.withLock(\.count) == 2)
    }
    #expect(try !build { $0 = Self.module(constant: 3) }.isFromCache)
  }

  /// Puts something in front of the return of function 1; it is given the parameter.
  private static func changeBody(
    of module: inout IR.Module, _ add: (inout FunctionBuilder, Value) -> Void
  ) {
    var builder = FunctionBuilder(signature: SignatureID(0), in: module)
    let parameter = builder.params(of: builder.entryBlock)[0]
    add(&builder, parameter)
    builder.emitReturn([parameter])
    module.bodies[FunctionID(1)] = builder.finalize()
  }
}
