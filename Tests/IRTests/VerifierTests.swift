import Support
import Testing

@testable import IR

/// One test an invariant (the numbers of Verifier.swift): a module that is right is broken in one place.
@Suite struct VerifierTests {
  static let source = """
    signature sig0 = (i32, i32) -> (i32)
    signature sig1 = () -> ()
    signature sig2 = (i32) -> ()
    memory mem0 = 1..2
      image 16 "abc"
    table table0 = funcref 2..4 [f0, null]
    table table1 = funcref 1..1 readonly [f1]
    global g0 = mut i32 5
    global g1 = i64 6
    data data0 = "xyz"
    elem elem0 = funcref [f0]
    tag tag0 = sig2
    export "run" = f0
    start f1
    function f0 sig0 "run" {
    block0(v0: i32, v1: i32):
      v2 = iadd.i32 v0, v1
      v3 = call f0(v2, v0)
      brif v3, block1(v2), block2
    block1(v4: i32):
      v5 = load.i32 v4, mem0+8
      br_table v5, block2, [block1(v4)]
    block2:
      v6 = global_get.i32 g0
      v8 = splat.i32x4 v6
      v7 = extract_lane.i32x4 v8, 1
      v9 = call_indirect sig0 table0 v6(v0, v7)
      memory_fill v0, v1, v9, mem0
      return v9
    }
    function f1 sig1 {
    block3:
      return
    }
    function f2 sig2 {
    block0(v0: i32):
      v1 = exception_new.exnref tag0(v0)
      v2 = exception_field.i32 v1, 0, tag0
      call f1()
      v3 = exception_pending
      brif v3, block1, block2
    block1:
      unwind
    block2:
      return
    }
    """

  let module: Module
  init() throws {
    module = try parseModule(Self.source)
    #expect(verify(module) == [])
  }

  /// Breaks a copy of the module and expects an error that says `message`.
  private func expectError(
    _ message: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ change: (inout Module, inout Function) -> Void
  ) {
    var broken = module
    var body = broken.bodies[FunctionID(0)]!
    change(&broken, &body)
    if broken.bodies.count > 0, broken.bodies[FunctionID(0)] != nil { broken.bodies[FunctionID(0)] = body }
    let errors = verify(broken)
    #expect(errors.contains { $0.message.contains(message) }, "\(errors)", sourceLocation: sourceLocation)
  }

  private func first(_ opcode: Opcode, in body: Function) -> Inst {
    for block in body.blockOrder {
      for inst in body.blockInsts[block] where body.insts[inst].opcode == opcode { return inst }
    }
    preconditionFailure("no \(opcode)")
  }

  /// Changes the first instruction with `opcode`.
  private func expectError(
    _ message: String, in opcode: Opcode, sourceLocation: SourceLocation = #_sourceLocation,
    _ change: (inout InstData) -> Void
  ) {
    expectError(message, sourceLocation: sourceLocation) { _, body in
      change(&body.insts[first(opcode, in: body)])
    }
  }

  // MARK: - Layout and data flow

  @Test func entry() {
    expectError("no entry block") { $1.blockOrder = [] }
    expectError("entry parameters") { $1.values[Value(1)].type = .i64 }
    expectError("branch goes to the entry") { $1.blockCalls[BlockCall(1)].block = Block(0) }
  }

  @Test func layout() {
    expectError("layout twice") { $1.blockOrder.append(Block(1)) }
    expectError("does not exist") { $1.blockOrder.append(Block(99)) }
    expectError("not in the layout") { $1.blockOrder.removeLast() }
  }

  @Test func terminators() {
    expectError("does not end in a terminator") { $1.blockInsts[Block(2)].removeLast() }
    expectError("terminator inside") { $1.blockInsts[Block(0)].swapAt(1, 2) }
    expectError("empty block") { $1.blockInsts[Block(2)] = [] }
    expectError("instruction is in the layout twice") { $1.blockInsts[Block(2)].insert(Inst(0), at: 0) }
  }

  @Test func entities() {
    expectError("block call 99", in: .brif) { $0.b = 99 }
    expectError("jump table 99", in: .brTable) { $0.c = 99 }
    expectError("memory argument 99", in: .load) { $0.c = 99 }
    expectError("operand list", in: .call) { $0.a = 9999 }
    expectError("function 99", in: .call) { $0.b = 99 }
    expectError("signature 99", in: .callIndirect) { $0.b = 99 }
    expectError("table 99", in: .callIndirect) { $0.c = 99 }
    expectError("global 99", in: .globalGet) { $0.c = 99 }
    expectError("memory 99", in: .memoryFill) { $0.b = 99 }
    expectError("v99 has no definition", in: .iadd) { $0.a = 99 }
    expectError("memory 99") { $1.memArgs[MemArgID(0)].memory = MemoryID(99) }
    expectError("without default") { $1.jumpTables[JumpTable(0)] = [] }
  }

  @Test func trapCodes() {
    expectError("trap code") { _, body in
      let inst = body.insts.append(InstData(.trapnz, a: 0, c: 99))
      body.blockInsts[Block(0)].insert(inst, at: 0)
    }
  }

  @Test func aliasCycles() {
    expectError("cycle of aliases") { _, body in
      let data = ValueData(kind: .alias, type: .i32, owner: body.values.nextID.rawValue + 1, number: 0)
      body.values.append(data)
      body.values.append(
        ValueData(kind: .alias, type: .i32, owner: body.values.nextID.rawValue - 1, number: 0))
    }
    expectError("cycle of aliases") { _, body in
      body.values.append(
        ValueData(kind: .alias, type: .i32, owner: body.values.nextID.rawValue, number: 0))
    }
    expectError("alias of a value that does not exist") { _, body in
      body.values.append(ValueData(kind: .alias, type: .i32, owner: 9999, number: 0))
    }
  }

  @Test func dominance() {
    expectError("does not dominate") { $1.blockInsts[Block(0)].swapAt(0, 1) }
    // v5 is block1's, block2 can be reached without it.
    expectError("v5 does not dominate", in: .splat) { $0.a = 5 }
    expectError("v4 does not dominate", in: .splat) { $0.a = 4 }
  }

  // MARK: - Types

  @Test func shapesAndTypes() {
    expectError("has no shape f32", in: .iadd) { $0.shape = .f32 }
    expectError("operand 0 of iadd.i64", in: .iadd) { $0.shape = .i64 }
    expectError("results", in: .iadd) { $0.shape = .i64 }
    expectError("operand 0 of extract_lane", in: .extractLane) { $0.a = 0 }
    expectError("lane 4 out of range", in: .extractLane) { $0.c = 4 }
  }

  @Test func branchArguments() {
    expectError("arguments of block1") { _, body in
      body.blockCalls[BlockCall(0)].arguments = .empty
    }
    expectError("arguments of block2") { _, body in
      body.blockCalls[BlockCall(1)].arguments = body.valueLists.make([Value(0)])
    }
    expectError("arguments of block1") { $1.values[Value(4)].type = .i64 }
  }

  @Test func calls() {
    expectError("arguments") { _, body in
      body.insts[first(.call, in: body)].a = body.valueLists.make([Value(0)]).handle
    }
    expectError("results") { _, body in body.values[body.result(of: first(.call, in: body))].type = .i64 }
    expectError("returned values", in: .return) { $0.a = 0 }
    expectError("results of a tail call") { _, body in
      body.blockInsts[Block(2)] = [body.insts.append(InstData(.returnCall, a: 0, b: 1))]
    }
  }

  @Test func exceptions() {
    func expectError(_ message: String, _ change: (inout Module, inout Function) -> Void) {
      var broken = module
      var body = broken.bodies[FunctionID(2)]!
      change(&broken, &body)
      broken.bodies[FunctionID(2)] = body
      let errors = verify(broken)
      #expect(errors.contains { $0.message.contains(message) }, "\(errors)")
    }
    expectError("without a call right before it") { _, body in
      let insts = body.blockInsts[Block(0)]
      body.blockInsts[Block(0)] = [insts[2], insts[0], insts[1]] + insts[3...]
    }
    expectError("payload") { _, body in
      body.insts[first(.exceptionNew, in: body)].a = body.valueLists.make([]).handle
    }
    expectError("tag 1 does not exist") { _, body in body.insts[first(.exceptionNew, in: body)].b = 1 }
    expectError("field 1 out of range") { _, body in body.insts[first(.exceptionField, in: body)].b = 1 }
    expectError("entity of type i32") { _, body in
      let field = first(.exceptionField, in: body)
      body.insts[field].shape = .i64
      body.values[body.result(of: field)].type = .i64
    }
    expectError("its signature does not exist or has results") { module, _ in
      module.tags[TagID(0)].signature = SignatureID(0)
    }
  }

  @Test func memories() {
    expectError("operands") { module, _ in module.memories[MemoryID(0)].isMemory64 = true }
    expectError("operand 0 of load") { module, _ in module.memories[MemoryID(0)].isMemory64 = true }
    expectError("offset out of range") { $1.memArgs[MemArgID(0)].offset = 1 << 32 }
    expectError("call through a table of externref") { module, _ in
      module.tables[TableID(0)] = Table(element: .externref, minimum: 1, maximum: nil)
    }
  }

  @Test func immutability() {
    func insert(_ data: InstData, _ body: inout Function) {
      body.blockInsts[Block(0)].insert(body.insts.append(data), at: 1)
    }
    expectError("global 0 is immutable") { module, body in
      module.globals[GlobalID(0)].isMutable = false
      insert(InstData(.globalSet, .i32, a: 2, c: 0), &body)
    }
    expectError("table 1 is read-only") { _, body in
      insert(InstData(.tableSet, .funcref, a: 2, b: 2, c: 1), &body)
    }
    expectError("function 0 is removed") { module, _ in module.functions[FunctionID(0)].definition = .removed
    }
  }

  @Test func constants() {
    expectError("upper bits") { _, body in
      let inst = body.insts.append(InstData(.iconst, .i32, b: 1, c: 1))
      body.blockInsts[Block(0)].insert(inst, at: 0)
    }
  }

  @Test func atomicWidths() {
    expectError("bytes wide") { _, body in
      let memArg = body.memArgs.append(MemArg(offset: 0, memory: MemoryID(0), alignLog2: 3))
      let inst = body.insts.append(
        InstData(.atomicStore, .i32, a: 0, b: 1, c: memArg.rawValue))
      body.blockInsts[Block(0)].insert(inst, at: 0)
    }
  }

  @Test func branchHints() {
    expectError("no branch hint 3") { _, body in
      let branch = body.blockInsts[Block(0)].last!
      body.insts[branch].flags = 3
    }
  }

  // MARK: - Module

  @Test func bodies() {
    expectError("bodies for") { module, _ in module.bodies.append(nil) }
    expectError("do not agree") { module, _ in module.bodies[FunctionID(1)] = nil }
    expectError("another signature") { $1.signature = SignatureID(1) }
  }

  @Test func references() {
    expectError("export run") { module, _ in module.exports[0].item = .function(FunctionID(99)) }
    expectError("start") { module, _ in module.start = FunctionID(99) }
    expectError("start has parameters") { module, _ in module.start = FunctionID(0) }
    expectError("table 0") { module, _ in module.tables[TableID(0)].initial[1] = FunctionID(99) }
    expectError("element segment 0") { module, _ in
      module.elementSegments[ElementID(0)].items = [FunctionID(99)]
    }
  }

  @Test func tables() {
    expectError("more entries") { module, _ in module.tables[TableID(0)].minimum = 1 }
    expectError("maximum below") { module, _ in module.tables[TableID(0)].maximum = 1 }
    expectError("not null") { module, _ in module.tables[TableID(0)].element = .externref }
  }

  @Test func images() {
    expectError("beyond the minimum") { module, _ in module.memories[MemoryID(0)].image[0].offset = 65534 }
    expectError("beyond the minimum") { module, _ in module.memories[MemoryID(0)].image[0].offset = .max }
    expectError("not ascending") { module, _ in
      module.memories[MemoryID(0)].image.append(ImageChunk(offset: 18, bytes: [1]))
    }
  }

  @Test func globals() {
    expectError("initial value of another type") { module, _ in
      module.globals[GlobalID(0)].initializer = .constant(.i64(1))
    }
  }

  @Test func imports() throws {
    let text = """
      signature sig0 = () -> ()
      memory mem0 = external 1..
      table table0 = external funcref 1..
      table table1 = funcref 2..2 fill (funcref f0) []
      global g0 = external i32
      global g1 = i32 (global g0, i32 1, i32_add)
      data data0 = active mem0 (global g0) "x"
      elem elem0 = active table1 (i32 0) funcref [f0]
      import "a" "m" = mem0
      import "a" "t" = table0
      import "a" "g" = g0
      import "a" "f" = f0
      export "m" = mem0
      function f0 sig0 = external
      """
    let module = try parseModule(text)
    #expect(verify(module) == [])
    func expect(_ message: String, _ change: (inout Module) -> Void) {
      var module = module
      change(&module)
      #expect(verify(module).contains { $0.message.contains(message) }, "\(message): \(verify(module))")
    }
    expect("imported twice") { $0.imports.append($0.imports[0]) }
    expect("external or imported, not both") { $0.imports.removeLast() }
    expect("does not exist") { $0.imports[0].item = .memory(MemoryID(7)) }
    expect("does not exist") { $0.exports[0].item = .global(GlobalID(7)) }
    expect("an import behind a definition") {
      $0.memories.append(Memory(minimum: 1, maximum: nil))
      $0.memories[MemoryID(1)].isExternal = true
      $0.memories[MemoryID(0)].isExternal = false
      $0.imports[0].item = .memory(MemoryID(1))
    }
    expect("does not exist there") {
      $0.globals[GlobalID(1)].initializer = .expression(ConstantExpression([.global(GlobalID(1))]))
    }
    expect("operands of another type") {
      $0.globals[GlobalID(1)].initializer = .expression(ConstantExpression([.binary(.i32Add)]))
    }
    expect("value of another type") {
      $0.dataSegments[DataID(0)].place!.offset = ConstantExpression([.constant(.i64(0))])
    }
    expect("memory 3 does not exist") { $0.dataSegments[DataID(0)].place!.target = MemoryID(3) }
    expect("table 3 does not exist") { $0.elementSegments[ElementID(0)].place!.target = TableID(3) }
    expect("two initial contents") { $0.tables[TableID(1)].initial = [FunctionID(0)] }
    expect("read-only but not known") { $0.tables[TableID(0)].isReadOnly = true }
    expect("external, but with contents") {
      $0.memories[MemoryID(0)].image = [ImageChunk(offset: 0, bytes: [1])]
    }
  }

  @Test func signatures() {
    expectError("twice") { module, _ in module.signatures.append(module.signatures[SignatureID(0)]) }
  }
}
