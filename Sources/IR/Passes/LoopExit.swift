import Support

extension UnrolledLoop {
  /// What the left side of the exit's comparison must be increased by for the loop to end behind the same copy when
  /// each copy is a turn, and what must hold for that; nil if there is no telling.
  ///
  /// Be `d` the difference that the loop goes on with until it is zero, as of its first turn, and `step` what a copy
  /// adds to it. The loop ends in the first turn n for which `d + (n - 1) * copies * step` is zero. With the increase
  /// `step - copies * step` one turn a copy ends in the first m for which `d - copies * step + m * step` is zero:
  /// where m is a multiple of `copies`, that is the same. So no other m may come first.
  mutating func exit() -> Exit? {
    let type = function.type(of: scan.condition.left)
    guard type == .i32 || type == .i64 else { return nil }
    func masked(_ bits: UInt64) -> UInt64 { LinearSum.masked(bits, type) }
    let difference = conditionDifference(type)
    guard difference.terms.allSatisfy({ scan.table.value(of: $0.expression) != nil }) else { return nil }
    var step: UInt64 = 0
    // What it is before the first turn.
    var start = difference
    for (position, param) in scan.params.enumerated() {
      let factor = difference.factor(of: scan.numbers[param]!)
      if factor == 0 { continue }
      guard case .counter(let paramStep) = params[position], function.type(of: param) == type else {
        return nil
      }
      step &+= factor &* paramStep
      start = start.adding(LinearSum(type, expression: scan.numbers[param]!), times: 0 &- factor)
      start = start.adding(initialSum(position, type), times: factor)
    }
    step = masked(step)
    guard step != 0 else { return nil }
    let beforeFirstCopy = scan.decomposed(start.adding(0 &- step &* UInt64(copies)))
    let adjustment = masked(step &- step &* UInt64(copies))
    if isReachedOnlyByMultiples(beforeFirstCopy, step) {
      return Exit(adjustment: adjustment, multiple: nil)
    }
    // With step = 2^a * odd and copies = 2^b: if 2^(a+b) divides the start, then 2^b divides every solution.
    let zeros = step.trailingZeroBitCount + copies.trailingZeroBitCount
    guard copies.nonzeroBitCount == 1, zeros < 16, beforeFirstCopy.terms.count <= 4 else { return nil }
    return Exit(adjustment: adjustment, multiple: (beforeFirstCopy, 1 << UInt64(zeros)))
  }

  struct Exit {
    var adjustment: UInt64
    /// This sum of values from outside must be a multiple of this power of two.
    var multiple: (sum: LinearSum, of: UInt64)?
  }

  private func conditionDifference(_ type: Type) -> LinearSum {
    let left = scan.table.sum(of: scan.numbers[scan.condition.left]!, type)
    guard let other = scan.condition.right else { return left }
    return left.adding(scan.table.sum(of: scan.numbers[other]!, type), times: .max)
  }

  /// What a parameter starts with.
  private mutating func initialSum(_ position: Int, _ type: Type) -> LinearSum {
    let arguments = function.blockCalls[scan.entry].arguments
    return scan.sumOutside(function.valueLists.element(arguments, at: position), type)
  }

  /// Whether the smallest m > 0 for which `start + m * step` is zero is a multiple of the number of copies, if there
  /// is one.
  private func isReachedOnlyByMultiples(_ start: LinearSum, _ step: UInt64) -> Bool {
    let width = start.type == .i32 ? 32 : 64
    let stepZeros = step.trailingZeroBitCount
    if copies.nonzeroBitCount == 1 {
      let zeros = start.terms.map { term in
        let factorZeros = term.factor.trailingZeroBitCount
        return factorZeros + (scan.table.value(of: term.expression).map { function.trailingZeros($0) } ?? 0)
      }
      let all = (zeros + [start.constant == 0 ? width : start.constant.trailingZeroBitCount]).min()!
      let needed = stepZeros + copies.trailingZeroBitCount
      if all >= needed, needed <= width { return true }
    }
    guard let constant = start.onlyConstant else { return false }
    let distance = LinearSum.masked(0 &- constant, start.type)
    guard distance == 0 || distance.trailingZeroBitCount >= stepZeros else { return false }
    // In arithmetic modulo 2^(width - a) the odd part has an inverse.
    let remaining = width - stepZeros
    let mask: UInt64 = remaining == 64 ? .max : 1 << UInt64(remaining) - 1
    let solution = (distance >> UInt64(stepZeros)) &* inverse(step >> UInt64(stepZeros)) & mask
    // Zero stands for 2^remaining.
    if solution == 0 { return copies.nonzeroBitCount == 1 && copies.trailingZeroBitCount <= remaining }
    return solution % UInt64(copies) == 0
  }

  /// Of an odd number, modulo 2^64: Newton's iteration doubles the correct bits.
  private func inverse(_ odd: UInt64) -> UInt64 {
    var result = odd
    for _ in 0..<6 { result = result &* (2 &- odd &* result) }
    return result
  }
}

extension LoopScan {
  /// A value from outside as a sum of others.
  mutating func sumOutside(_ value: Value, _ type: Type, depth: Int = 8) -> LinearSum {
    let value = function.resolve(value)
    if depth > 0, let inst = function.definition(of: value) {
      if inst.shape == Shape(type), inst.opcode == .iconst {
        return LinearSum(type, constant: inst.constantBits)
      }
      if inst.shape == Shape(type), [.iadd, .isub, .imul, .ishl].contains(inst.opcode) {
        let left = sumOutside(inst.valueA, type, depth: depth - 1)
        let right = sumOutside(inst.valueB, type, depth: depth - 1)
        if let sum = LinearSum(inst.opcode, left, right) { return sum }
      }
    }
    return LinearSum(type, expression: table.number(.value(value)))
  }

  /// The same sum with its terms taken apart.
  mutating func decomposed(_ sum: LinearSum) -> LinearSum {
    var result = LinearSum(sum.type, constant: sum.constant)
    for term in sum.terms {
      let part =
        table.value(of: term.expression).map { sumOutside($0, sum.type) }
        ?? LinearSum(sum.type, expression: term.expression)
      result = result.adding(part, times: term.factor)
    }
    return result
  }
}
