import Support

// Bytes are compared one by one: `memcmp` is such a loop, and no optimiser may read further than the first difference,
// for the next byte may lie beyond the memory's end. Here it is asked once whether all that may be compared lies in the
// memory, which never shrinks. Then eight bytes at a time can be read, until eight differ or fewer than that are left, and
// the loop as it was does the rest.

extension Function {
  mutating func widenComparisons(in module: Module) {
    guard insts.values.contains(where: { $0.opcode.isLoad }) else { return }
    resolveAliases()
    let graph = ControlFlowGraph(self)
    let loops = innermostLoops(graph, Dominators(self, graph)).compactMap {
      ComparingLoop(self, $0, in: module)
    }
    for loop in loops { widen(loop, in: module) }
  }

  private mutating func widen(_ loop: ComparingLoop, in module: Module) {
    let turns = Self.chunk / loop.width
    let given = Array(valueLists[blockCalls[loop.entry].arguments])
    let start = makeBlock()
    let check = makeBlock()
    let wide = makeBlock()
    let advance = makeBlock()

    // How many turns surely pass the test of the count? All but the last one.
    var code: [Inst] = []
    let counter = sum(given[loop.counter.param], loop.counter.addend, &code)
    let limit = loop.limit.map { copy($0, of: loop, given, &code) } ?? constant(0, .i32, &code)
    let isUpwards = loop.steps[loop.counter.param] == 1
    let left = binary(.isub, isUpwards ? limit : counter, isUpwards ? counter : limit, &code)
    let areEnough = compare(.iuge, left, constant(turns, .i32, &code), &code)
    end(start, code, areEnough, then: call(check, []), otherwise: call(loop.header, given))

    // Is what they compare in the memory? No sum here is 2^35 or more.
    code = []
    let bytes = binary(.imul, extend(left, &code), constant(loop.width, .i64, &code), &code)
    let areInside = loop.sides.map { side in
      let first = extend(copy(side.address, of: loop, given, &code), &code)
      let end = sum(binary(.iadd, first, bytes, &code), side.memArg.offset, &code)
      return compare(.iule, end, size(of: side.memArg.memory, module, &code), &code)
    }
    let isInside = binary(.band, areInside[0], areInside[1], &code)
    end(check, code, isInside, then: call(wide, given + [left]), otherwise: call(loop.header, given))

    code = []
    let params = loop.params.map { appendParam(type(of: $0), to: wide) }
    let rest = appendParam(.i32, to: wide)
    let words = loop.sides.map { side in
      var memArg = side.memArg
      memArg.alignLog2 = 0
      let address = copy(side.address, of: loop, params, &code)
      return append(
        InstData(.load, .i64, a: address.rawValue, c: memArgs.append(memArg).rawValue), .i64, to: &code)
    }
    let areSame = compare(.ieq, words[0], words[1], &code)
    end(wide, code, areSame, then: call(advance, []), otherwise: call(loop.header, params))

    code = []
    let nexts = zip(params, loop.steps).map { sum($0, $1 &* turns, &code) }
    let nextRest = sum(rest, 0 &- turns, &code)
    let goesOn = compare(.iuge, nextRest, constant(turns, .i32, &code), &code)
    end(
      advance, code, goesOn, then: call(wide, nexts + [nextRest]), otherwise: call(loop.header, nexts))

    blockCalls[loop.entry] = BlockCallData(block: start, arguments: .empty)
  }

  /// In bytes.
  private static let chunk: UInt64 = 8

  private mutating func extend(_ value: Value, _ code: inout [Inst]) -> Value {
    append(InstData(.uextend, .i64, a: value.rawValue), .i64, to: &code)
  }

  /// Of a memory, in bytes.
  private mutating func size(of memory: MemoryID, _ module: Module, _ code: inout [Inst]) -> Value {
    let pages = append(InstData(.memorySize, .i32, c: memory.rawValue), .i32, to: &code)
    let shift = constant(UInt64(module.memories[memory].pageSizeLog2), .i64, &code)
    return binary(.ishl, extend(pages, &code), shift, &code)
  }

  /// The same sum of other values of the loop's parameters. What is known in front of the loop is itself.
  private mutating func copy(
    _ value: Value, of loop: ComparingLoop, _ params: [Value], _ code: inout [Inst]
  ) -> Value {
    let value = resolve(value)
    if let position = loop.params.firstIndex(of: value) { return params[position] }
    guard loop.own.contains(value), let data = definition(of: value) else { return value }
    if data.opcode == .iconst { return constant(data.constantBits, .i32, &code) }
    let left = copy(data.valueA, of: loop, params, &code)
    let right = copy(data.valueB, of: loop, params, &code)
    return binary(data.opcode, left, right, &code)
  }
}
