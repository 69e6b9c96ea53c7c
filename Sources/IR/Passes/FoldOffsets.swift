import Support

// Constants of addresses become offsets of accesses.
//
// An i32 index is extended to 64 bits before the offset is added, so that `load (a + 8)` is not `load a, +8`: the first
// sum wraps. LLVM sees an address of its own in each such sum, and can't tell that it is next to another one. Where the
// sum can't wrap, both are the same; that is known of numbers with a range, and of those that are multiples of a power
// of two: 4 is added to a multiple of 8 without a carry.

extension Function {
  mutating func foldOffsets() {
    let indices = blockOrder.flatMap { block in
      blockInsts[block].filter { foldableIndex(of: $0) != nil }
    }
    if indices.isEmpty { return }
    resolveAliases()
    let graph = ControlFlowGraph(self)
    let zeros = TrailingZeros(self, graph)
    var ranges = ValueRanges(self, graph, Dominators(self, graph))
    var added: [Inst: [Inst]] = [:]
    for access in indices {
      guard let (base, constant) = foldableIndex(of: access) else { continue }
      let offset = memArgs[MemArgID(rawValue: insts[access].c)].offset
      if ranges.range(of: base).high + constant <= UInt32.max {
        fold(access, base, offset + constant)
      } else if zeros[base] > 0 {
        let low = constant & (1 << UInt64(min(zeros[base], 31)) - 1)
        if low == 0 { continue }
        let sum = self.sum(base, constant - low, for: access, &added)
        fold(access, sum, offset + low)
      }
    }
    if added.isEmpty { return }
    for block in blockOrder where blockInsts[block].contains(where: { added[$0] != nil }) {
      blockInsts[block] = blockInsts[block].flatMap { (added[$0] ?? []) + [$0] }
    }
  }

  /// More would not fit into an instruction, with the address of a memory.
  private static let mostOffset: UInt64 = 1 << 30

  /// The i32 index of a load or store if it is a sum with a constant.
  private func foldableIndex(of inst: Inst) -> (base: Value, constant: UInt64)? {
    let data = insts[inst]
    guard [.load, .store, .loadLane].contains(data.opcode.format), !data.opcode.isAtomic else { return nil }
    guard type(of: data.valueA) == .i32 else { return nil }
    let (base, constant) = splitSum(data.valueA)
    let offset = memArgs[MemArgID(rawValue: data.c)].offset
    guard constant != 0, offset <= Self.mostOffset, integerConstant(base) == nil else { return nil }
    return (base, constant)
  }

  private mutating func fold(_ access: Inst, _ index: Value, _ offset: UInt64) {
    if offset > Self.mostOffset { return }
    var memArg = memArgs[MemArgID(rawValue: insts[access].c)]
    memArg.offset = offset
    insts[access].c = memArgs.append(memArg).rawValue
    insts[access].a = index.rawValue
  }

  /// The sum that the access's index has as an operand already, or a new one in front of the access.
  private mutating func sum(
    _ base: Value, _ constant: UInt64, for access: Inst, _ added: inout [Inst: [Inst]]
  ) -> Value {
    if constant == 0 { return base }
    let constantInst = insts.append(.constant(.iconst, .i32, bits: constant))
    let right = makeResult(.i32, of: constantInst)
    let sumInst = insts.append(InstData(.iadd, .i32, a: base.rawValue, b: right.rawValue))
    sourceOffsets[sumInst] = sourceOffsets[access]
    added[access] = [constantInst, sumInst]
    return makeResult(.i32, of: sumInst)
  }
}
