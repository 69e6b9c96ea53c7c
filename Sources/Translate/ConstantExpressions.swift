import IR
import Support
import WasmModule

extension ConstExpr {
  /// The value of a validated constant expression (specification, section 3.4.13), given the globals before
  /// it.
  func evaluate(globals: PrimaryMap<GlobalID, IR.Global>) -> Constant {
    var stack: [Constant] = []
    for op in ops {
      switch op {
      case .i32(let value): stack.append(.i32(UInt32(bitPattern: value)))
      case .i64(let value): stack.append(.i64(UInt64(bitPattern: value)))
      case .f32(let bits): stack.append(.f32(bits))
      case .f64(let bits): stack.append(.f64(bits))
      case .v128(let low, let high): stack.append(.v128(V128(low: low, high: high)))
      case .refNull(let heap): stack.append(.null(ModuleContext.irType(of: heap) ?? .funcref))
      case .refFunc(let function): stack.append(.function(FunctionID(function)))
      case .globalGet(let global): stack.append(globals[GlobalID(rawValue: global.rawValue)].initial)
      case .i32Add, .i64Add: stack.applyBinary({ $0 &+ $1 }, { $0 &+ $1 })
      case .i32Sub, .i64Sub: stack.applyBinary({ $0 &- $1 }, { $0 &- $1 })
      case .i32Mul, .i64Mul: stack.applyBinary({ $0 &* $1 }, { $0 &* $1 })
      }
    }
    precondition(stack.count == 1, "constant expression was not validated")
    return stack[0]
  }
}

extension [Constant] {
  fileprivate mutating func applyBinary(
    _ onI32: (UInt32, UInt32) -> UInt32, _ onI64: (UInt64, UInt64) -> UInt64
  ) {
    let right = removeLast()
    let left = removeLast()
    switch (left, right) {
    case (.i32(let left), .i32(let right)): append(.i32(onI32(left, right)))
    case (.i64(let left), .i64(let right)): append(.i64(onI64(left, right)))
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

  /// An i32 or i64 as an offset into a memory or table: unsigned.
  var address: UInt64 {
    switch self {
    case .i32(let value): UInt64(value)
    case .i64(let value): value
    default: preconditionFailure("offset of a segment is not an integer")
    }
  }
}
