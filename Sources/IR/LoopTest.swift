import Support

/// A comparison of a counter that a loop goes on with.
struct LoopTest {
  enum Relation { case different, below, above }
  var left: Value
  /// Nil: zero.
  var right: Value?
  var relation: Relation
  var isSigned = false
  /// The loop goes on if both are equal, too.
  var includesEqual = false

  init?(_ function: Function, _ condition: Value, goesOnIfTrue: Bool) {
    guard let data = function.definition(of: condition), data.shape == .i32 || data.shape == .i64,
      Self.opcodes.contains(data.opcode)
    else {
      guard goesOnIfTrue else { return nil }
      left = condition
      relation = .different
      return
    }
    left = function.resolve(data.valueA)
    if data.opcode == .ieqz {
      guard !goesOnIfTrue else { return nil }
      relation = .different
      return
    }
    right = function.resolve(data.valueB)
    switch (data.opcode, goesOnIfTrue) {
    case (.ine, true), (.ieq, false): relation = .different
    case (.iult, true), (.iuge, false), (.islt, true), (.isge, false): relation = .below
    case (.iule, true), (.iugt, false), (.isle, true), (.isgt, false):
      (relation, includesEqual) = (.below, true)
    case (.iugt, true), (.iule, false), (.isgt, true), (.isle, false): relation = .above
    case (.iuge, true), (.iult, false), (.isge, true), (.islt, false):
      (relation, includesEqual) = (.above, true)
    default: return nil
    }
    isSigned = [.islt, .isgt, .isle, .isge].contains(data.opcode)
  }

  private static let opcodes: Set<Opcode> = [
    .ieqz, .ieq, .ine, .iult, .iugt, .iule, .iuge, .islt, .isgt, .isle, .isge,
  ]

  /// How often a counter that starts in `first` and takes steps passes the test at most; nil if it may wrap before
  /// it fails.
  func turns(from first: NumberRange, step: Int64, _ limit: NumberRange, _ all: NumberRange) -> UInt64? {
    let stride = step.magnitude
    // Numbers that have no sign are the same to both kinds of comparisons.
    let largest = isSigned ? all.high >> 1 : all.high
    guard first.high <= largest, limit.high <= largest else { return nil }
    switch relation {
    case .different:
      guard limit.isConstant else { return nil }
      let distance = (step > 0 ? limit.low &- first.low : first.high &- limit.low) & all.high
      if first.isConstant { return distance % stride == 0 ? distance / stride : nil }
      // From wherever it starts it meets the limit before it wraps.
      let isAhead = step > 0 ? first.high <= limit.low : first.low >= limit.low
      return stride == 1 && isAhead ? distance : nil
    case .below:
      // The last that passes, and one step more.
      guard step > 0, limit.high > 0 || includesEqual else { return nil }
      let last = includesEqual ? limit.high : limit.high - 1
      guard last <= largest, largest - last >= stride else { return nil }
      return first.low > last ? 0 : (last - first.low) / stride + 1
    case .above:
      guard step < 0, limit.low < largest || includesEqual else { return nil }
      let last = includesEqual ? limit.low : limit.low + 1
      guard last >= stride else { return nil }
      return first.high < last ? 0 : (first.high - last) / stride + 1
    }
  }
  /// The same with its sides exchanged; nil if one of them is an implied zero.
  var exchanged: LoopTest? {
    guard let right else { return nil }
    var test = self
    (test.left, test.right) = (right, left)
    switch relation {
    case .different: break
    case .below: test.relation = .above
    case .above: test.relation = .below
    }
    return test
  }

  /// Whether a counter that takes steps fails the test at some time, wherever it starts, and even if it wraps before.
  ///
  /// `limit` is nil if it is not constant; `zeros` are the low bits that the counter and the limit have in common.
  func surelyFails(step: Int64, limit: UInt64?, zeros: Int, _ all: NumberRange) -> Bool {
    guard step != 0 else { return false }
    switch relation {
    case .different: return zeros >= step.trailingZeroBitCount
    case .below, .above:
      // It fails at some numbers in a row, and a step must not lead over them.
      guard let limit else { return step.magnitude == 1 && !includesEqual }
      let sign = isSigned ? (all.high >> 1) + 1 : 0
      let beyond = relation == .below ? all.high - (limit ^ sign) : limit ^ sign
      // Without the limit itself.
      if includesEqual { return beyond >= step.magnitude }
      return beyond >= step.magnitude - 1
    }
  }
}
