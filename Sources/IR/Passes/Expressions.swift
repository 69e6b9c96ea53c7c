import Support

// Values as expressions that can be compared: equal numbers, equal values.

/// A sum of products of numbered expressions with constants, modulo two to the width of its type.
struct LinearSum: Hashable {
  struct Term: Hashable {
    var expression: UInt32
    var factor: UInt64
  }
  var type: Type
  /// By number, none with factor 0.
  private(set) var terms: [Term] = []
  private(set) var constant: UInt64 = 0

  init(_ type: Type, constant: UInt64 = 0) {
    self.type = type
    self.constant = Self.masked(constant, type)
  }

  init(_ type: Type, expression: UInt32) {
    self.type = type
    terms = [Term(expression: expression, factor: 1)]
  }

  /// The result of an operator; nil if it is no such sum.
  init?(_ opcode: Opcode, _ left: LinearSum, _ right: LinearSum) {
    switch opcode {
    case .iadd: self = left.adding(right)
    case .isub: self = left.adding(right, times: .max)
    case .imul:
      guard let factor = right.onlyConstant ?? left.onlyConstant else { return nil }
      self = (right.onlyConstant != nil ? left : right).times(factor)
    case .ishl:
      guard let count = right.onlyConstant else { return nil }
      self = left.times(1 << (count % (left.type == .i32 ? 32 : 64)))
    default: return nil
    }
  }

  /// The constant, if that is all.
  var onlyConstant: UInt64? { terms.isEmpty ? constant : nil }

  static func masked(_ bits: UInt64, _ type: Type) -> UInt64 { type == .i32 ? bits & 0xFFFF_FFFF : bits }
  private func masked(_ bits: UInt64) -> UInt64 { Self.masked(bits, type) }

  /// A pattern of bits as a number that may be negative.
  static func signed(_ bits: UInt64, _ type: Type) -> Int64 {
    type == .i32 ? Int64(Int32(truncatingIfNeeded: bits)) : Int64(bitPattern: bits)
  }

  func adding(_ other: LinearSum, times factor: UInt64 = 1) -> LinearSum {
    var result = LinearSum(type, constant: constant &+ other.constant &* factor)
    var (left, right) = (terms[...], other.terms[...])
    while let next = [left.first?.expression, right.first?.expression].compactMap({ $0 }).min() {
      var sum: UInt64 = 0
      if let term = left.first, term.expression == next { sum = left.removeFirst().factor }
      if let term = right.first, term.expression == next { sum &+= right.removeFirst().factor &* factor }
      sum = masked(sum)
      if sum != 0 { result.terms.append(Term(expression: next, factor: sum)) }
    }
    return result
  }

  func adding(_ number: UInt64) -> LinearSum {
    var result = self
    result.constant = masked(constant &+ number)
    return result
  }

  func times(_ factor: UInt64) -> LinearSum { LinearSum(type).adding(self, times: factor) }

  func factor(of expression: UInt32) -> UInt64 {
    terms.first { $0.expression == expression }?.factor ?? 0
  }
}

/// Numbers for expressions over values that are taken as they are.
struct ExpressionTable {
  enum Expression: Hashable {
    /// Defined elsewhere, or by an instruction that is not looked into.
    case value(Value)
    case sum(LinearSum)
    /// Operands are in the list; words that are not operands stay in the instruction.
    case operation(InstData, [UInt32])
    /// `version` says which contents of memory it reads.
    case load(Opcode, Shape, MemArg, address: UInt32, version: Int)
  }

  private var numbers: [Expression: UInt32] = [:]
  private var expressions: [Expression] = []

  mutating func number(_ expression: Expression) -> UInt32 {
    if let known = numbers[expression] { return known }
    let number = UInt32(expressions.count)
    expressions.append(expression)
    numbers[expression] = number
    return number
  }

  mutating func number(_ sum: LinearSum) -> UInt32 {
    if sum.constant == 0, sum.terms.count == 1, sum.terms[0].factor == 1 { return sum.terms[0].expression }
    return number(.sum(sum))
  }

  func sum(of number: UInt32, _ type: Type) -> LinearSum {
    if case .sum(let sum) = expressions[Int(number)] { return sum }
    return LinearSum(type, expression: number)
  }

  /// The value that an expression is, if it is one that is not looked into.
  func value(of number: UInt32) -> Value? {
    if case .value(let value) = expressions[Int(number)] { return value }
    return nil
  }

  /// The result of an operator without effects, given its operands' numbers; nil for formats that nothing here needs.
  mutating func number(of data: InstData, _ operands: [UInt32]) -> UInt32? {
    switch data.opcode.format {
    case .constant:
      guard data.opcode == .iconst, let type = data.shape.type else { break }
      return number(LinearSum(type, constant: data.constantBits))
    case .binary: if let sum = sum(of: data, operands[0], operands[1]) { return number(sum) }
    case .unary, .ternary: break
    default: return nil
    }
    var data = data
    if data.opcode.format != .constant { (data.a, data.b, data.c) = (0, 0, 0) }
    // Of floats the order can decide which NaN comes out.
    return number(.operation(data, data.opcode.isCommutative ? operands.sorted() : operands))
  }

  private func sum(of data: InstData, _ a: UInt32, _ b: UInt32) -> LinearSum? {
    guard data.shape == .i32 || data.shape == .i64, let type = data.shape.type else { return nil }
    return LinearSum(data.opcode, sum(of: a, type), sum(of: b, type))
  }
}
