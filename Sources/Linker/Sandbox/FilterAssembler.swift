/// Assembles a filter from its end: jumps go forward only, so each finds what it jumps to in place.
struct FilterAssembler {
  /// An instruction, counted from the end.
  struct Label: Equatable {
    fileprivate var distance: Int
  }

  private var reversed: [FilterInstruction] = []
  /// The nearest instruction that gives an answer, by the answer.
  private var answers: [UInt32: Label] = [:]

  var instructions: [FilterInstruction] { reversed.reversed() }

  private mutating func add(_ instruction: FilterInstruction) -> Label {
    reversed.append(instruction)
    return Label(distance: reversed.count)
  }

  /// How many instructions the next one would have to skip.
  private func skip(to label: Label) -> Int { reversed.count - label.distance }

  /// The end of a filter's run. One will do for all that is near.
  mutating func answer(_ action: FilterAction) -> Label {
    // Room for the instructions between here and the comparison that jumps.
    if let near = answers[action.rawValue], skip(to: near) <= Int(UInt8.max) / 2 { return near }
    let label = add(.return(action))
    answers[action.rawValue] = label
    return label
  }

  mutating func load(_ field: FilterField, before next: Label) -> Label {
    goOn(at: next)
    return add(.load(field))
  }

  mutating func compare(
    _ comparison: UInt16, _ operand: UInt32, then: Label, else: Label
  ) -> Label {
    let (then, otherwise) = (near(then), near(`else`))
    return add(
      FilterInstruction(
        code: comparison, whenTrue: UInt8(skip(to: then)), whenFalse: UInt8(skip(to: otherwise)),
        operand: operand))
  }

  /// The same place, at most a comparison's reach away: by way of an unconditional jump, whose reach is any. (The other
  /// target of the comparison may need one, too.)
  private mutating func near(_ label: Label) -> Label {
    if skip(to: label) < Int(UInt8.max) { return label }
    return add(FilterInstruction(code: FilterInstruction.jump, operand: UInt32(skip(to: label))))
  }

  /// Makes the next instruction be followed by this one.
  private mutating func goOn(at label: Label) {
    if skip(to: label) != 0 {
      _ = add(FilterInstruction(code: FilterInstruction.jump, operand: UInt32(skip(to: label))))
    }
  }

  // MARK: Rules

  /// The answer to one call: that of the first rule whose conditions hold.
  mutating func answer(to rules: [CallRule.Alternative]) -> Label {
    let checks = rules.map { $0.conditions.flatMap(\.words) }
    var otherwise = answer(.killProcess)
    for (index, rule) in rules.enumerated().reversed() {
      var next = answer(FilterAction(rule.action))
      for (position, word) in checks[index].enumerated().reversed() {
        next = compare(FilterInstruction.jumpIfEqual, word.value, then: next, else: otherwise)
        if word.mask != .max {
          next = add(FilterInstruction(code: FilterInstruction.and, operand: word.mask))
        }
        // The rule before this one compared the same word, and nothing else.
        let isLoaded =
          position == 0 && index > 0 && checks[index - 1].count == 1 && checks[index - 1][0].mask == .max
          && checks[index - 1][0].field == word.field
        if !isLoaded { next = load(word.field, before: next) }
      }
      otherwise = next
    }
    return otherwise
  }
}

extension ArgumentCondition {
  /// The comparisons of 32 bits that it comes to.
  fileprivate var words: [(field: FilterField, mask: UInt32, value: UInt32)] {
    [
      (
        FilterField.low(argument: argument), UInt32(truncatingIfNeeded: mask),
        UInt32(truncatingIfNeeded: value)
      ),
      (FilterField.high(argument: argument), UInt32(mask >> 32), UInt32(value >> 32)),
    ].filter { $0.mask != 0 }
  }
}
