import IR
import Support
import WasmModule

extension ConstExpr {
  /// The expression (specification, section 3.4.13) with everything worked out that is the same for all
  /// instances, given the globals before it: a constant, or what is left to do at instantiation.
  func reduced(globals: PrimaryMap<GlobalID, IR.Global>) -> ConstantExpression {
    var reduction = Reduction()
    for op in ops {
      switch op {
      case .i32(let value): reduction.push(.i32(UInt32(bitPattern: value)))
      case .i64(let value): reduction.push(.i64(UInt64(bitPattern: value)))
      case .f32(let bits): reduction.push(.f32(bits))
      case .f64(let bits): reduction.push(.f64(bits))
      case .v128(let low, let high): reduction.push(.v128(V128(low: low, high: high)))
      case .refNull(let heap): reduction.push(.null(ModuleContext.irType(of: heap) ?? .funcref))
      case .refFunc(let function): reduction.push(.function(FunctionID(function)))
      case .globalGet(let index):
        let global = GlobalID(rawValue: index.rawValue)
        if let value = globals[global].initial { reduction.push(value) } else { reduction.push(global) }
      case .i32Add: reduction.apply(.i32Add)
      case .i32Sub: reduction.apply(.i32Sub)
      case .i32Mul: reduction.apply(.i32Mul)
      case .i64Add: reduction.apply(.i64Add)
      case .i64Sub: reduction.apply(.i64Sub)
      case .i64Mul: reduction.apply(.i64Mul)
      }
    }
    return reduction.result
  }
}

/// Postfix in, postfix out, in linear time whatever the nesting.
private struct Reduction {
  private var operators: [ConstantExpression.Operator] = []
  /// Where in `operators` each value on the stack starts.
  private var starts: [Int] = []

  mutating func push(_ value: Constant) { push(.constant(value)) }
  mutating func push(_ global: GlobalID) { push(.global(global)) }
  private mutating func push(_ operation: ConstantExpression.Operator) {
    starts.append(operators.count)
    operators.append(operation)
  }

  mutating func apply(_ binary: ConstantExpression.Binary) {
    let right = starts.removeLast()
    let left = starts[starts.count - 1]
    if right == left + 1, operators.count == right + 1, case .constant(let a) = operators[left],
      case .constant(let b) = operators[right]
    {
      operators.removeLast()
      operators[left] = .constant(binary.evaluate(a, b))
    } else {
      operators.append(.binary(binary))
    }
  }

  var result: ConstantExpression {
    precondition(starts.count == 1, "constant expression was not validated")
    return ConstantExpression(operators)
  }
}

extension ConstantExpression.Binary {
  fileprivate func evaluate(_ left: Constant, _ right: Constant) -> Constant {
    switch (self, left, right) {
    case (.i32Add, .i32(let left), .i32(let right)): .i32(left &+ right)
    case (.i32Sub, .i32(let left), .i32(let right)): .i32(left &- right)
    case (.i32Mul, .i32(let left), .i32(let right)): .i32(left &* right)
    case (.i64Add, .i64(let left), .i64(let right)): .i64(left &+ right)
    case (.i64Sub, .i64(let left), .i64(let right)): .i64(left &- right)
    case (.i64Mul, .i64(let left), .i64(let right)): .i64(left &* right)
    default: preconditionFailure("constant expression was not validated")
    }
  }
}

extension Constant {
  /// The value that an undefined local, or a global that a stub stands in for, has.
  init(zeroOf type: Type) {
    self =
      switch type {
      case .i32: .i32(0)
      case .i64: .i64(0)
      case .f32: .f32(0)
      case .f64: .f64(0)
      case .v128: .v128(V128(low: 0, high: 0))
      case .funcref, .externref, .exnref: .null(type)
      }
  }

  var type: Type {
    switch self {
    case .i32: .i32
    case .i64: .i64
    case .f32: .f32
    case .f64: .f64
    case .v128: .v128
    case .null(let type): type
    case .function: .funcref
    }
  }

  var isNull: Bool { if case .null = self { true } else { false } }

  /// An i32 or i64 as an offset into a memory or table: unsigned.
  var address: UInt64 {
    switch self {
    case .i32(let value): UInt64(value)
    case .i64(let value): value
    default: preconditionFailure("offset of a segment is not an integer")
    }
  }
}
