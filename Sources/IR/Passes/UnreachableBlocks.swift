import Support

extension Function {
  /// Takes blocks that the entry does not reach out of the layout.
  mutating func removeUnreachableBlocks() {
    guard let entry = blockOrder.first else { return }
    var isReached = Array(repeating: false, count: blockParams.count)
    isReached[entry.index] = true
    var work = [entry]
    while let block = work.popLast() {
      guard let last = terminator(of: block) else { continue }
      forEachBlockCall(of: last) { call in
        let target = blockCalls[call].block
        if !isReached[target.index] {
          isReached[target.index] = true
          work.append(target)
        }
      }
    }
    if blockOrder.allSatisfy({ isReached[$0.index] }) { return }
    for block in blockOrder where !isReached[block.index] {
      blockInsts[block] = []
      blockParams[block] = []
    }
    blockOrder.removeAll { !isReached[$0.index] }
  }
}
