import IR
import Support
import TestSupport
import Testing

/// What is unpacked is what was packed.
@Suite struct PackedFunctionTests {
  @Test(arguments: Filetest.all(in: "ir", extension: "ir"))
  func filetests(test: Filetest) throws {
    var module = try parseModule(test.text)
    try expectRoundTrips(module)
    // With aliases, and instructions that are in no block.
    try optimize(&module, options: PassOptions(verify: false))
    try expectRoundTrips(module)
  }

  @Test(arguments: 1...40)
  func randomFunctions(seed: Int) throws {
    var random = RandomFunctions(seed: UInt64(seed))
    try expectRoundTrips(random.module(functions: 3, size: 400))
  }

  @Test func sizesAreAPartOfWhatTheyWere() throws {
    var random = RandomFunctions(seed: 7)
    let body = try #require(random.module(functions: 1, size: 3000).bodies[FunctionID(0)])
    #expect(PackedFunction(body).bytes.count < 16 * body.insts.count)
  }

  /// Numbers of all sizes, "none", and results that do not follow each other.
  @Test func extremes() throws {
    var function = Function(signature: SignatureID(rawValue: .max - 1))
    for word: UInt32 in [0, 1, 127, 128, 1 << 31, .max - 1, .max] {
      let inst = function.insts.append(InstData(.iadd, .i64, a: word, b: word, c: word))
      function.insts[inst].flags = UInt8(truncatingIfNeeded: word)
      function.firstResults[inst] = Value(rawValue: word)
      function.resultCounts[inst] = UInt16(truncatingIfNeeded: word)
      function.sourceOffsets[inst] = word
      function.values.append(
        ValueData(kind: .alias, type: .exnref, owner: word, number: UInt16(truncatingIfNeeded: word)))
      function.memArgs.append(
        MemArg(
          offset: UInt64(word) << 32, memory: MemoryID(rawValue: word), alignLog2: 255, lane: 15))
      function.vectorConstants.append(V128(low: UInt64(word) << 32 | 1, high: ~UInt64(word)))
    }
    let unpacked = PackedFunction(function).unpacked()
    expectSame(unpacked, function)
  }

  private func expectRoundTrips(_ module: Module) throws {
    for id in module.bodies.ids {
      guard let body = module.bodies[id] else { continue }
      let packed = PackedFunction(body)
      let unpacked = packed.unpacked()
      #expect(PackedFunction(unpacked).bytes == packed.bytes)
      #expect(unpacked.description == body.description)
      expectSame(unpacked, body)
    }
  }

  /// The bodies have no other properties: one that is added must be packed, too.
  private func expectSame(_ a: Function, _ b: Function) {
    #expect(
      Set(Mirror(reflecting: a).children.map(\.label)) == [
        "signature", "insts", "values", "firstResults", "resultCounts", "blockParams", "valueLists",
        "blockCalls",
        "jumpTables", "memArgs", "vectorConstants", "blockOrder", "blockInsts", "sourceOffsets",
      ])
    #expect(a.signature == b.signature)
    #expect(a.insts.values == b.insts.values)
    #expect(a.values.values == b.values.values)
    #expect(a.insts.ids.allSatisfy { a.firstResults[$0] == b.firstResults[$0] })
    #expect(a.insts.ids.allSatisfy { a.resultCounts[$0] == b.resultCounts[$0] })
    #expect(a.insts.ids.allSatisfy { a.sourceOffsets[$0] == b.sourceOffsets[$0] })
    #expect(a.blockParams.values == b.blockParams.values)
    #expect(a.valueLists.words == b.valueLists.words)
    #expect(a.blockCalls.values == b.blockCalls.values)
    #expect(a.jumpTables.values == b.jumpTables.values)
    #expect(a.memArgs.values == b.memArgs.values)
    #expect(a.vectorConstants.values == b.vectorConstants.values)
    #expect(a.blockOrder == b.blockOrder)
    #expect(a.blockInsts.values == b.blockInsts.values)
  }
}
