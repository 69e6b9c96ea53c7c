import IR
import Support
import Testing

@Suite struct BuilderTests {
  @Test func instructionIsSixteenBytes() {
    #expect(MemoryLayout<InstData>.size == 16)
    #expect(MemoryLayout<ValueData>.size == 8)
  }

  @Test func straightLine() {
    let (_, function) = build([.i32, .i32], [.i32]) { b in
      let params = b.params(of: b.entryBlock)
      let sum = b.binary(.iadd, .i32, params[0], params[1])
      b.emitReturn([sum])
    }
    expectText(
      function.description,
      """
      block0(v0: i32, v1: i32):
        v2 = iadd.i32 v0, v1
        return v2
      """)
  }

  @Test func diamondMakesOneParameter() {
    let (_, function) = build([.i32], [.i32]) { b in
      let changed = b.declareVariable(.i32)
      let kept = b.declareVariable(.i32)
      let (then, otherwise, join) = (b.createBlock(), b.createBlock(), b.createBlock())
      let param = b.params(of: b.entryBlock)[0]
      b.defVariable(kept, param)
      b.brif(param, then, otherwise)
      b.seal(then)
      b.seal(otherwise)
      b.switchTo(then)
      b.defVariable(changed, b.i32Const(1))
      b.jump(join)
      b.switchTo(otherwise)
      b.defVariable(changed, b.i32Const(2))
      b.jump(join)
      b.seal(join)
      b.switchTo(join)
      b.emitReturn([b.binary(.iadd, .i32, b.useVariable(changed), b.useVariable(kept))])
    }
    expectText(
      function.description,
      """
      block0(v0: i32):
        brif v0, block1, block2
      block1:
        v1 = iconst.i32 1
        jump block3(v1)
      block2:
        v2 = iconst.i32 2
        jump block3(v2)
      block3(v3: i32):
        v4 = iadd.i32 v3, v0
        return v4
      """)
  }

  @Test func loopKeepsOnlyWhatChanges() {
    let (_, function) = build([.i32, .i32], [.i32]) { b in
      let counter = b.declareVariable(.i32)
      let step = b.declareVariable(.i32)
      let params = b.params(of: b.entryBlock)
      b.defVariable(counter, params[0])
      b.defVariable(step, params[1])
      let (header, exit) = (b.createBlock(), b.createBlock())
      b.jump(header)
      b.switchTo(header)
      let next = b.binary(.isub, .i32, b.useVariable(counter), b.useVariable(step))
      b.defVariable(counter, next)
      b.brif(next, header, exit)
      b.seal(header)
      b.seal(exit)
      b.switchTo(exit)
      b.emitReturn([b.useVariable(counter)])
    }
    expectText(
      function.description,
      """
      block0(v0: i32, v1: i32):
        jump block1(v0)
      block1(v2: i32):
        v4 = isub.i32 v2, v1
        brif v4, block1(v4), block2
      block2:
        return v4
      """)
  }

  @Test func nestedLoops() {
    let (_, function) = build([.i32], [.i32]) { b in
      let sum = b.declareVariable(.i32)
      let limit = b.declareVariable(.i32)
      b.defVariable(limit, b.params(of: b.entryBlock)[0])
      let (outer, inner, exit) = (b.createBlock(), b.createBlock(), b.createBlock())
      let afterInner = b.createBlock()
      b.jump(outer)
      b.switchTo(outer)
      b.jump(inner)
      b.switchTo(inner)
      b.defVariable(sum, b.binary(.iadd, .i32, b.useVariable(sum), b.useVariable(limit)))
      b.brif(b.useVariable(sum), inner, afterInner)
      b.seal(inner)
      b.seal(afterInner)
      b.switchTo(afterInner)
      b.brif(b.useVariable(limit), outer, exit)
      b.seal(outer)
      b.seal(exit)
      b.switchTo(exit)
      b.emitReturn([b.useVariable(sum)])
    }
    // `sum` starts at zero and has a parameter in both headers, `limit` has none.
    #expect(function.blockParams.values.map(\.count) == [1, 1, 1, 0, 0])
    #expect(function.description.contains("iconst.i32 0"))
  }

  @Test(arguments: [Type.i32, .i64, .f32, .f64, .v128, .funcref, .externref])
  func undefinedVariableIsZero(type: Type) {
    let (_, function) = build([], [type]) { b in
      let variable = b.declareVariable(type)
      b.emitReturn([b.useVariable(variable)])
    }
    #expect(function.blockInsts[Block(0)].count == 2)
  }

  @Test func explicitParamsComeBeforeVariables() {
    let (_, function) = build([.i32], [.i32]) { b in
      let variable = b.declareVariable(.i32)
      let param = b.params(of: b.entryBlock)[0]
      let (then, join) = (b.createBlock(), b.createBlock())
      let result = b.appendBlockParam(.i32, to: join)
      b.brif(param, then, [], join, [param])
      b.seal(then)
      b.switchTo(then)
      b.defVariable(variable, b.i32Const(7))
      b.jump(join, [b.useVariable(variable)])
      b.seal(join)
      b.switchTo(join)
      b.emitReturn([b.binary(.iadd, .i32, result, b.useVariable(variable))])
    }
    #expect(function.description.contains("block2(v1: i32, v3: i32)"))
    #expect(function.description.contains("jump block2(v2, v2)"))
  }

  @Test func brTableSharesBlockCalls() {
    let (_, function) = build([.i32], [.i32]) { b in
      let variable = b.declareVariable(.i32)
      let (first, second) = (b.createBlock(), b.createBlock())
      let index = b.params(of: b.entryBlock)[0]
      b.defVariable(variable, index)
      b.brTable(index, [first, second, first, second, first], default: second)
      b.seal(first)
      b.switchTo(first)
      b.defVariable(variable, b.i32Const(3))
      b.jump(second)
      b.seal(second)
      b.switchTo(second)
      b.emitReturn([b.useVariable(variable)])
    }
    #expect(function.blockCalls.count == 3)
    #expect(
      function.description.contains(
        "br_table v0, block2(v0), [block1, block2(v0), block1, block2(v0), block1]"))
  }

  @Test func callsWithSeveralResults() {
    let (_, function) = build([.i32], [.i32]) { b in
      let results = b.call(FunctionID(0), [b.params(of: b.entryBlock)[0]])
      #expect(results.count == 1)
      b.returnCall(FunctionID(0), [results[0]])
    }
    #expect(function.description.contains("return_call f0(v1)"))
  }

  /// Blocks filled in an order that structured code never has: the dominator tree can't be used.
  @Test func unsealedBlocksInAnyOrder() {
    let (_, function) = build([.i32], [.i32]) { b in
      let variable = b.declareVariable(.i32)
      let param = b.params(of: b.entryBlock)[0]
      let (left, right, exit) = (b.createBlock(), b.createBlock(), b.createBlock())
      // An irreducible pair of blocks that jump to each other.
      b.switchTo(exit)
      b.emitReturn([b.useVariable(variable)])
      b.switchTo(left)
      b.defVariable(variable, b.binary(.iadd, .i32, b.useVariable(variable), param))
      b.brif(param, right, exit)
      b.switchTo(right)
      b.defVariable(variable, b.binary(.imul, .i32, b.useVariable(variable), param))
      b.brif(param, left, exit)
      b.switchTo(b.entryBlock)
      b.defVariable(variable, param)
      b.brif(param, left, right)
    }
    #expect(function.blockParams.values.map(\.count) == [1, 1, 1, 1])
  }

  @Test func unreachableBlockReadsZero() {
    _ = build([], [.i64]) { b in
      let variable = b.declareVariable(.i64)
      b.defVariable(variable, b.i64Const(1))
      b.trap(.unreachable)
      let dead = b.createBlock()
      b.seal(dead)
      b.switchTo(dead)
      b.emitReturn([b.useVariable(variable)])
    }
  }

  @Test func sourceOffsetsAreStamped() {
    let (_, function) = build([], [.i32]) { b in
      b.sourceOffset = 0x1A3
      b.emitReturn([b.i32Const(1)])
    }
    #expect(function.description.contains("@1a3 v0 = iconst.i32 1"))
  }

  // MARK: - Hostile shapes: nothing recurses, nothing is quadratic

  @Test func manyLocalsInDeepBlocks() {
    let depth = 20_000
    let (_, function) = build([.i32], [.i32]) { b in
      let param = b.params(of: b.entryBlock)[0]
      let variables = (0..<50_000).map { _ in b.declareVariable(.i32) }
      for variable in variables.prefix(100) { b.defVariable(variable, param) }
      var joins: [Block] = []
      for _ in 0..<depth {
        let (inner, join) = (b.createBlock(), b.createBlock())
        joins.append(join)
        b.brif(param, inner, join)
        b.seal(inner)
        b.switchTo(inner)
      }
      for join in joins.reversed() {
        b.jump(join)
        b.seal(join)
        b.switchTo(join)
      }
      var sum = param
      for variable in variables { sum = b.binary(.iadd, .i32, sum, b.useVariable(variable)) }
      b.emitReturn([sum])
    }
    #expect(function.blockParams.values.allSatisfy { $0.count <= 1 })
  }

  @Test func manyLocalsAfterManyDiamonds() {
    let (_, function) = build([.i32], [.i32]) { b in
      let param = b.params(of: b.entryBlock)[0]
      let changing = b.declareVariable(.i32)
      let variables = (0..<50_000).map { _ in b.declareVariable(.i32) }
      for _ in 0..<10_000 {
        let (then, join) = (b.createBlock(), b.createBlock())
        b.brif(param, then, join)
        b.seal(then)
        b.switchTo(then)
        b.defVariable(changing, param)
        b.jump(join)
        b.seal(join)
        b.switchTo(join)
      }
      var sum = b.useVariable(changing)
      for variable in variables { sum = b.binary(.iadd, .i32, sum, b.useVariable(variable)) }
      b.emitReturn([sum])
    }
    // One chain of parameters for `changing`, none for the others.
    #expect(function.blockParams.values.map(\.count).reduce(0, +) == 10_001)
  }

  @Test func deepLoops() {
    let depth = 10_000
    let (_, function) = build([.i32], [.i32]) { b in
      let variable = b.declareVariable(.i32)
      let constant = b.declareVariable(.i32)
      b.defVariable(constant, b.params(of: b.entryBlock)[0])
      var headers: [Block] = []
      for _ in 0..<depth {
        let header = b.createBlock()
        b.jump(header)
        b.switchTo(header)
        headers.append(header)
      }
      b.defVariable(variable, b.binary(.iadd, .i32, b.useVariable(variable), b.useVariable(constant)))
      for header in headers.reversed() {
        let after = b.createBlock()
        b.brif(b.useVariable(constant), header, after)
        b.seal(header)
        b.seal(after)
        b.switchTo(after)
      }
      b.emitReturn([b.useVariable(variable)])
    }
    // `constant` needs no parameter anywhere.
    #expect(function.blockParams.values.map(\.count).reduce(0, +) == depth + 1)
  }

  /// SSA form is quadratic here: the limit ends it.
  @Test func costLimit() {
    let (module, signature) = testModule()
    var b = FunctionBuilder(signature: signature, in: module)
    b.variableCostLimit = 100_000
    let variables = (0..<5_000).map { _ in b.declareVariable(.i32) }
    var headers: [Block] = []
    for _ in 0..<5_000 {
      let header = b.createBlock()
      b.jump(header)
      b.switchTo(header)
      headers.append(header)
    }
    for variable in variables { b.defVariable(variable, b.unary(.extend8S, .i32, b.useVariable(variable))) }
    for header in headers.reversed() {
      let after = b.createBlock()
      b.brif(b.useVariable(variables[0]), header, after)
      b.seal(header)
      b.seal(after)
      b.switchTo(after)
    }
    b.emitReturn([])
    _ = b.finalize()
    #expect(b.variableCost > b.variableCostLimit)
    #expect(b.variableCost < 2 * b.variableCostLimit)
  }

  /// A loop header that 50,000 variables enter, all changed: argument lists grow linearly.
  @Test func manyParameters() {
    let (_, function) = build([.i32], []) { b in
      let param = b.params(of: b.entryBlock)[0]
      let variables = (0..<50_000).map { _ in b.declareVariable(.i32) }
      let (header, exit) = (b.createBlock(), b.createBlock())
      b.jump(header)
      b.switchTo(header)
      for variable in variables {
        b.defVariable(variable, b.binary(.iadd, .i32, b.useVariable(variable), param))
      }
      b.brif(param, header, exit)
      b.seal(header)
      b.seal(exit)
      b.switchTo(exit)
      b.emitReturn([])
    }
    #expect(function.blockParams[Block(1)].count == 50_000)
  }
}
