import Support

/// How a value comes about within one block of a loop, in a form that can be evaluated: constants, loads from
/// memory, values from outside of the loop, and scalar operators on them.
struct LoopExpression {
  enum Node {
    case constant(UInt64)
    case load(AccessRange, InstData)
    /// Defined outside of the loop: any value of its type.
    case outside(Value, Type)
    /// The header's parameter that the value is passed to in the next turn.
    case state
    /// Operands are positions of earlier nodes.
    case unary(InstData, Int, Type)
    case binary(InstData, Int, Int)
    case select(Int, Int, Int)
  }
  private(set) var nodes: [Node] = []
  private(set) var loads: [LoopValues.Access] = []
  /// Operands of instructions in the loop that are defined outside of it.
  private(set) var outsideOperands: [Operand] = []
  /// Parameters of the loop whose first value may be anything.
  private(set) var freeParams: [Value] = []
  private(set) var usesState = false

  struct Operand: Hashable {
    var inst: Inst
    var value: Value
  }

  /// Nil if `value` can't be told, or depends on something of which an optimiser may know more than that it is
  /// some value of its type.
  init?(_ value: Value, in block: Block, of values: LoopValues, state: Value = .none) {
    var positions: [Value: Int] = [:]
    // Operands before their uses, on an explicit stack.
    var stack = [values.function.resolve(value)]
    while let value = stack.last {
      if positions[value] != nil {
        stack.removeLast()
        continue
      }
      var missing: [Value] = []
      func position(_ operand: Value) -> Int {
        if let known = positions[operand] { return known }
        missing.append(operand)
        return 0
      }
      guard nodes.count + stack.count < Self.largest,
        let node = makeNode(value, block, values, state, position)
      else { return nil }
      if missing.isEmpty {
        positions[value] = nodes.count
        nodes.append(node)
        note(value, node, values)
        stack.removeLast()
      } else {
        stack += missing
      }
    }
  }

  private static let largest = 64

  private func makeNode(
    _ value: Value, _ block: Block, _ values: LoopValues, _ state: Value, _ position: (Value) -> Int
  ) -> Node? {
    let function = values.function
    let type = function.type(of: value)
    if type == .v128 || type.isReference { return nil }
    if value == state { return .state }
    if let bits = values.constant(value) { return .constant(bits) }
    guard let home = values.definingBlock(value) else { return .outside(value, type) }
    guard let data = values.definition(value) else {
      // A parameter of the loop's is, in the first turn, what it starts with.
      guard home == values.loop.header, let start = values.entryArgument(of: value) else { return nil }
      if let bits = values.constant(start) { return .constant(bits) }
      return values.isCounter(value) ? nil : .outside(value, type)
    }
    guard home == block else { return nil }
    if data.opcode.format == .load {
      let inst = Inst(rawValue: function.values[value].owner)
      guard let load = values.load(inst), values.readsMemory(load), !readsDifferently(load.range, data) else {
        return nil
      }
      return .load(load.range, data)
    }
    guard data.opcode.effects.isEmpty else { return nil }
    switch data.opcode.format {
    case .unary:
      let a = function.resolve(data.valueA)
      return .unary(data, position(a), function.type(of: a))
    case .binary:
      return .binary(
        data, position(function.resolve(data.valueA)), position(function.resolve(data.valueB)))
    case .ternary where data.opcode == .select:
      return .select(
        position(function.resolve(data.valueA)), position(function.resolve(data.valueB)),
        position(function.resolve(data.valueC)))
    default: return nil
    }
  }

  /// Whether some of these bytes are read as another type, too.
  private func readsDifferently(_ range: AccessRange, _ data: InstData) -> Bool {
    nodes.contains {
      if case .load(let other, let otherData) = $0 {
        return other.overlaps(range) && otherData.shape != data.shape
      }
      return false
    }
  }

  private mutating func note(_ value: Value, _ node: Node, _ values: LoopValues) {
    let function = values.function
    let inst = Inst(rawValue: function.values[value].owner)
    switch node {
    case .load: if let load = values.load(inst) { loads.append(load) }
    case .state: usesState = true
    case .unary, .binary, .select:
      function.forEachOperand(of: inst) {
        let operand = function.resolve($0)
        if values.constant(operand) == nil, values.definingBlock(operand) == nil {
          outsideOperands.append(Operand(inst: inst, value: operand))
        }
      }
    case .outside: if values.definingBlock(value) != nil { freeParams.append(value) }
    case .constant: break
    }
  }
}

// MARK: - Witnesses

// Whether the expression depends on the last byte of what a load reads is shown by example: two evaluations
// that differ in this byte only and give different results. No optimiser, however clever, can then do without
// the byte, nor without the address that it comes from.

extension LoopExpression {
  /// Whether its low `width` bytes depend on the load. If they are stored to where they come from, the last of
  /// them must be another one than it was, too: x86's code generator narrows the load and the store around
  /// `or x, 1`.
  func shows(_ load: LoopValues.Access, width: Int, storedTo target: AccessRange) -> Bool {
    let mask = width >= 8 ? UInt64.max : 1 << UInt64(8 * width) - 1
    let lastByte = mask & ~(mask >> 8)
    var depends = false
    var changesMemory = !loads.contains { $0.range.overlaps(target) }
    for trial in trials(with: target) {
      guard let first = evaluate(trial), let second = evaluate(trial, flipping: load.range) else { continue }
      if (first ^ second) & mask != 0 { depends = true }
      let old = trial.bytes(target, isFloat: isFloat)
      if (old ^ first) & lastByte != 0 { changesMemory = true }
      if depends && changesMemory { return true }
    }
    return false
  }

  /// Whether what goes round the loop tells, many turns later, what the load read in the first.
  ///
  /// It starts as `initial`, or as any value of this type.
  func remembers(_ load: LoopValues.Access, initial: UInt64?, _ type: Type) -> Bool {
    trials().contains { trial in
      var first = initial ?? trial.state(type)
      var second = first
      for turn in 0..<Self.turns {
        guard let a = evaluate(trial, turn: turn, state: first),
          let b = evaluate(trial, turn: turn, state: second, flipping: turn == 0 ? load.range : nil)
        else { return false }
        (first, second) = (a, b)
      }
      return first != second
    }
  }

  /// Whether no value of the sum is one at which it stays, whatever is read: between the sum and what it becomes there are only
  /// operators that have another result for each operand. `x & y` is 0 for good once one `y` was, and `x == 7 ? x : x + y`
  /// stays 7. (A float that is a NaN stays one; that a constant NaN is in memory where a sum begins is not worth the loops
  /// that would not be vectorised.)
  var neverStays: Bool {
    var dependsOnState: [Bool] = []
    for node in nodes {
      switch node {
      case .constant, .load, .outside: dependsOnState.append(false)
      case .state: dependsOnState.append(true)
      case .unary(let data, let a, _):
        if dependsOnState[a] && data.opcode != .fneg { return false }
        dependsOnState.append(dependsOnState[a])
      case .binary(let data, let a, let b):
        let depends = dependsOnState[a] || dependsOnState[b]
        if depends && !isInjective(data.opcode, a, b) { return false }
        dependsOnState.append(depends)
      case .select(let condition, let a, let b):
        if dependsOnState[condition] { return false }
        dependsOnState.append(dependsOnState[a] || dependsOnState[b])
      }
    }
    return true
  }

  /// In each of its operands, whatever the other is.
  private func isInjective(_ opcode: Opcode, _ a: Int, _ b: Int) -> Bool {
    switch opcode {
    case .iadd, .isub, .bxor, .fadd, .fsub, .fmul, .fdiv, .fmin, .fmax: return true
    case .imul:
      if case .constant(let bits) = nodes[a] { return bits & 1 != 0 }
      if case .constant(let bits) = nodes[b] { return bits & 1 != 0 }
      return false
    case .rotl, .rotr:
      if case .constant = nodes[b] { return true }
      return false
    default: return false
    }
  }

  /// Beside those for all, some for comparisons: what decides one is that its sides are about the same. These make up
  /// what a load reads as a whole, so no bytes may be read in two ways.
  private func trials(with target: AccessRange? = nil) -> [Trial] {
    let ranges = loads.map(\.range) + (target.map { [$0] } ?? [])
    let areApart = ranges.indices.allSatisfy { index in
      ranges[..<index].allSatisfy { $0 == ranges[index] || !$0.overlaps(ranges[index]) }
    }
    guard areApart else { return Trial.all }
    var constants: [UInt64] = [7]
    for case .constant(let bits) in nodes where constants.count < 5 { constants.append(bits) }
    return Trial.all + Trial.ofVariousFloats
      + constants.flatMap { constant in
        [constant, constant &- 1].flatMap { [Trial(same: $0, flip: 0x80), Trial(same: $0, flip: 0x40)] }
      }
  }

  private var isFloat: Bool {
    nodes.contains {
      if case .load(_, let data) = $0 { data.shape == .f32 || data.shape == .f64 } else { false }
    }
  }

  /// More than LLVM unrolls a loop completely.
  private static let turns = 80

  private func evaluate(
    _ trial: Trial, turn: Int = 0, state: UInt64 = 0, flipping flipped: AccessRange? = nil
  ) -> UInt64? {
    var results: [UInt64] = []
    results.reserveCapacity(nodes.count)
    for node in nodes {
      let result: UInt64?
      switch node {
      case .constant(let bits): result = bits
      case .state: result = state
      case .outside(let value, let type): result = trial.value(value, type)
      case .load(let range, let data):
        let isFloat = data.shape == .f32 || data.shape == .f64
        result = data.extended(trial.bytes(range, isFloat: isFloat, turn: turn, flipping: flipped))
      case .unary(let data, let a, let type):
        result = evaluateUnary(data.opcode, data.shape, results[a], operand: type)
      case .binary(let data, let a, let b):
        result = evaluateBinary(data.opcode, data.shape, results[a], results[b])
      case .select(let condition, let a, let b):
        result = results[condition] & 0xFFFF_FFFF != 0 ? results[a] : results[b]
      }
      guard let result else { return nil }
      results.append(result)
    }
    return results.last
  }
}

extension InstData {
  /// The result of a scalar load of these bytes.
  fileprivate func extended(_ bits: UInt64) -> UInt64 {
    let signed: Int64
    switch opcode {
    case .load8S: signed = Int64(Int8(truncatingIfNeeded: bits))
    case .load16S: signed = Int64(Int16(truncatingIfNeeded: bits))
    case .load32S: signed = Int64(Int32(truncatingIfNeeded: bits))
    default: return bits
    }
    return shape == .i32 ? UInt64(UInt32(truncatingIfNeeded: signed)) : UInt64(bitPattern: signed)
  }
}

/// A world to evaluate expressions in: what memory and the values from outside are, the same in every run.
private struct Trial {
  struct Same {
    var integer: UInt64
    var float: Double

    func byte(_ index: Int, ofFloat isFloat: Bool, width: Int64) -> UInt64 {
      let bits = !isFloat ? integer : width == 4 ? UInt64(Float(float).bitPattern) : float.bitPattern
      return bits >> UInt64(8 * index) & 0xFF
    }
  }
  /// What later turns of the loop read.
  enum Later: UInt64 { case random, zeros, ones, positive }
  var seed: UInt64
  var later: Later
  /// What is exclusive-ored to a byte to make it another one.
  var flip: UInt64
  /// The highest bytes of floats in memory.
  var exponents: [UInt64] = [0x3F]
  /// What memory and the values from outside are all alike, as integers and as floats.
  var same: Same?

  init(
    seed: UInt64, later: Later, flip: UInt64, exponents: [UInt64] = [0x3F]
  ) {
    self.seed = seed
    self.later = later
    self.flip = flip
    self.exponents = exponents
  }

  /// Everything is the same as a constant.
  init(same bits: UInt64, flip: UInt64) {
    self.init(seed: 0, later: .random, flip: flip)
    let isWide = bits >> 32 != 0
    same = Same(
      integer: bits,
      float: isWide ? Double(bitPattern: bits) : Double(Float(bitPattern: UInt32(bits & 0xFFFF_FFFF))))
  }

  static let all: [Trial] = [
    Trial(seed: 1, later: .random, flip: 0x80), Trial(seed: 2, later: .zeros, flip: 0x80),
    Trial(seed: 3, later: .ones, flip: 0x01), Trial(seed: 4, later: .positive, flip: 0xFF),
    Trial(seed: 5, later: .zeros, flip: 0x7F), Trial(seed: 6, later: .random, flip: 0x11),
  ]

  /// Much larger or smaller than each other, and negative.
  static let ofVariousFloats: [Trial] = [
    Trial(seed: 7, later: .random, flip: 0x80, exponents: [0x3F, 0x40, 0x41, 0xBF, 0xC0]),
    Trial(seed: 8, later: .random, flip: 0x80, exponents: [0x3F, 0x40, 0x41, 0xBF, 0xC0]),
  ]

  func state(_ type: Type) -> UInt64 { value(.none, type) }

  /// A value from outside: a float is of an ordinary size.
  func value(_ value: Value, _ type: Type) -> UInt64 {
    let bits = same?.integer ?? mix(UInt64(value.rawValue) << 1 | 1)
    if let same, type == .f32 { return UInt64(Float(same.float).bitPattern) }
    if let same, type == .f64 { return same.float.bitPattern }
    switch type {
    case .i32: return bits & 0xFFFF_FFFF
    case .f32: return UInt64(Float(1 + Double(bits & 0xFFFF) / 65536).bitPattern)
    case .f64: return (1 + Double(bits & 0xFFFF) / 65536).bitPattern
    default: return bits
    }
  }

  /// What memory holds, the first byte lowest; `flipped` has another last byte.
  func bytes(_ range: AccessRange, isFloat: Bool, turn: Int = 0, flipping flipped: AccessRange? = nil)
    -> UInt64
  {
    var result: UInt64 = 0
    for index in 0..<min(range.width, 8) {
      let offset = range.offset + index
      var byte = self.byte(range, offset, turn)
      // Sign and exponent of floats from 1 to 2: others would be lost beside each other.
      if isFloat, index == range.width - 1 {
        byte =
          exponents[
            Int(
              mix(UInt64(truncatingIfNeeded: range.offset) ^ UInt64(range.root) << 32)
                % UInt64(exponents.count))]
      }
      if isFloat, index == range.width - 2 { byte = byte & 0x0F | (range.width == 4 ? 0x80 : 0xF0) }
      if let same { byte = same.byte(Int(index), ofFloat: isFloat, width: range.width) }
      if let flipped, flipped.memory == range.memory, flipped.root == range.root,
        offset == flipped.offset + flipped.width - 1
      {
        byte ^= isFloat ? flip & 0x80 | 1 : flip
      }
      result |= byte << UInt64(8 * index)
    }
    return result
  }

  private func byte(_ range: AccessRange, _ offset: Int64, _ turn: Int) -> UInt64 {
    if turn > 0 {
      switch later {
      case .random: break
      case .zeros: return 0
      case .ones: return 0xFF
      case .positive: return 0x7F
      }
    }
    let place = UInt64(truncatingIfNeeded: offset) &* 0x1_0001 ^ UInt64(range.root) << 32
    return mix(place ^ UInt64(turn) << 24 ^ UInt64(range.memory.rawValue) << 56) & 0xFF
  }

  private func mix(_ bits: UInt64) -> UInt64 {
    var z = bits &+ seed &* 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
