// What scalar operators give on constants: WebAssembly's semantics, on bit patterns (32-bit values in the low
// half, zero-extended). Nil where the operator traps, or where the result is a NaN whose bits the specification
// leaves open: those are decided at run time.

func evaluateUnary(_ opcode: Opcode, _ shape: Shape, _ a: UInt64, operand: Type) -> UInt64? {
  switch opcode {
  case .wrap: return a & 0xFFFF_FFFF
  case .uextend: return a
  case .sextend: return UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: a)))
  case .reinterpret: return a
  case .truncS, .truncU: return truncate(a, operand, to: shape, signed: opcode == .truncS)
  case .truncSatS, .truncSatU: return truncateSaturating(a, operand, to: shape, signed: opcode == .truncSatS)
  case .convertS, .convertU: return convert(a, operand, to: shape, signed: opcode == .convertS)
  case .demote: return bits(Float(Double(bitPattern: a)))
  case .promote: return bits(Double(Float(bitPattern: UInt32(a))))
  default: break
  }
  switch shape {
  case .i32: return evaluateInteger(opcode, Int32(truncatingIfNeeded: a))
  case .i64: return evaluateInteger(opcode, Int64(bitPattern: a))
  case .f32:
    switch opcode {
    case .fneg: return a ^ 0x8000_0000
    case .fabs: return a & 0x7FFF_FFFF
    default: return evaluateFloat(opcode, Float(bitPattern: UInt32(a))).flatMap { bits($0) }
    }
  case .f64:
    switch opcode {
    case .fneg: return a ^ 1 << 63
    case .fabs: return a & ~(1 << 63)
    default: return evaluateFloat(opcode, Double(bitPattern: a)).flatMap { bits($0) }
    }
  default: return nil
  }
}

func evaluateBinary(_ opcode: Opcode, _ shape: Shape, _ a: UInt64, _ b: UInt64) -> UInt64? {
  switch shape {
  case .i32: return evaluateInteger(opcode, Int32(truncatingIfNeeded: a), Int32(truncatingIfNeeded: b))
  case .i64: return evaluateInteger(opcode, Int64(bitPattern: a), Int64(bitPattern: b))
  case .f32:
    if opcode == .fcopysign { return a & 0x7FFF_FFFF | b & 0x8000_0000 }
    let x = Float(bitPattern: UInt32(a))
    let y = Float(bitPattern: UInt32(b))
    return compareFloat(opcode, x, y) ?? evaluateFloat(opcode, x, y).flatMap { bits($0) }
  case .f64:
    if opcode == .fcopysign { return a & ~(1 << 63) | b & 1 << 63 }
    let x = Double(bitPattern: a)
    let y = Double(bitPattern: b)
    return compareFloat(opcode, x, y) ?? evaluateFloat(opcode, x, y).flatMap { bits($0) }
  default: return nil
  }
}

private func bits(_ value: Float) -> UInt64? { value.isNaN ? nil : UInt64(value.bitPattern) }
private func bits(_ value: Double) -> UInt64? { value.isNaN ? nil : value.bitPattern }

// MARK: - Integers

private func evaluateInteger<T: FixedWidthInteger & SignedInteger>(_ opcode: Opcode, _ a: T) -> UInt64?
where T.Magnitude: FixedWidthInteger {
  func result(_ value: T) -> UInt64 { UInt64(T.Magnitude(truncatingIfNeeded: value)) }
  switch opcode {
  case .clz: return UInt64(a.leadingZeroBitCount)
  case .ctz: return UInt64(a.trailingZeroBitCount)
  case .popcnt: return UInt64(a.nonzeroBitCount)
  case .ieqz: return a == 0 ? 1 : 0
  case .extend8S: return result(T(Int8(truncatingIfNeeded: a)))
  case .extend16S: return result(T(Int16(truncatingIfNeeded: a)))
  case .extend32S: return result(T(Int32(truncatingIfNeeded: a)))
  default: return nil
  }
}

private func evaluateInteger<T: FixedWidthInteger & SignedInteger>(_ opcode: Opcode, _ a: T, _ b: T)
  -> UInt64?
where T.Magnitude: FixedWidthInteger {
  typealias U = T.Magnitude
  let ua = U(truncatingIfNeeded: a)
  let ub = U(truncatingIfNeeded: b)
  func result(_ value: T) -> UInt64 { UInt64(U(truncatingIfNeeded: value)) }
  func truth(_ value: Bool) -> UInt64 { value ? 1 : 0 }
  // Swift's &<< and &>> take the count modulo the width, as wasm does.
  switch opcode {
  case .iadd: return result(a &+ b)
  case .isub: return result(a &- b)
  case .imul: return result(a &* b)
  case .sdiv: return b == 0 || (a == T.min && b == -1) ? nil : result(a / b)
  case .udiv: return b == 0 ? nil : UInt64(ua / ub)
  case .srem: return b == 0 ? nil : b == -1 ? 0 : result(a % b)
  case .urem: return b == 0 ? nil : UInt64(ua % ub)
  case .band: return result(a & b)
  case .bor: return result(a | b)
  case .bxor: return result(a ^ b)
  case .ishl: return result(a &<< b)
  case .sshr: return result(a &>> b)
  case .ushr: return UInt64(ua &>> ub)
  case .rotl: return UInt64(ua &<< ub | ua &>> (0 &- ub))
  case .rotr: return UInt64(ua &>> ub | ua &<< (0 &- ub))
  case .ieq: return truth(a == b)
  case .ine: return truth(a != b)
  case .islt: return truth(a < b)
  case .iult: return truth(ua < ub)
  case .isgt: return truth(a > b)
  case .iugt: return truth(ua > ub)
  case .isle: return truth(a <= b)
  case .iule: return truth(ua <= ub)
  case .isge: return truth(a >= b)
  case .iuge: return truth(ua >= ub)
  default: return nil
  }
}

// MARK: - Floats

private func evaluateFloat<T: BinaryFloatingPoint>(_ opcode: Opcode, _ a: T) -> T? {
  switch opcode {
  case .fceil: return a.rounded(.up)
  case .ffloor: return a.rounded(.down)
  case .ftrunc: return a.rounded(.towardZero)
  case .fnearest: return a.rounded(.toNearestOrEven)
  case .fsqrt: return a.squareRoot()
  default: return nil
  }
}

private func evaluateFloat<T: BinaryFloatingPoint>(_ opcode: Opcode, _ a: T, _ b: T) -> T? {
  if a.isNaN || b.isNaN { return nil }
  switch opcode {
  case .fadd: return a + b
  case .fsub: return a - b
  case .fmul: return a * b
  case .fdiv: return a / b
  // -0 is less than +0 here.
  case .fmin: return a < b || (a == b && a.sign == .minus) ? a : b
  case .fmax: return a > b || (a == b && a.sign == .plus) ? a : b
  default: return nil
  }
}

private func compareFloat<T: BinaryFloatingPoint>(_ opcode: Opcode, _ a: T, _ b: T) -> UInt64? {
  switch opcode {
  case .feq: return a == b ? 1 : 0
  case .fne: return a != b ? 1 : 0
  case .flt: return a < b ? 1 : 0
  case .fgt: return a > b ? 1 : 0
  case .fle: return a <= b ? 1 : 0
  case .fge: return a >= b ? 1 : 0
  default: return nil
  }
}

// MARK: - Between them

/// Every f32 is an f64, so conversions from floats go through the latter.
private func double(_ bits: UInt64, _ type: Type) -> Double? {
  switch type {
  case .f32: Double(Float(bitPattern: UInt32(bits)))
  case .f64: Double(bitPattern: bits)
  default: nil
  }
}

private func truncate(_ bits: UInt64, _ type: Type, to shape: Shape, signed: Bool) -> UInt64? {
  guard let value = double(bits, type)?.rounded(.towardZero), value.isFinite else { return nil }
  switch (shape, signed) {
  case (.i32, true): return Int32(exactly: value).map { UInt64(UInt32(bitPattern: $0)) }
  case (.i32, false): return UInt32(exactly: value).map { UInt64($0) }
  case (.i64, true): return Int64(exactly: value).map { UInt64(bitPattern: $0) }
  case (.i64, false): return UInt64(exactly: value)
  default: return nil
  }
}

private func truncateSaturating(_ bits: UInt64, _ type: Type, to shape: Shape, signed: Bool) -> UInt64? {
  guard let value = double(bits, type) else { return nil }
  if value.isNaN { return 0 }
  if let result = truncate(bits, type, to: shape, signed: signed) { return result }
  let isNegative = value < 0
  switch (shape, signed) {
  case (.i32, true): return isNegative ? 0x8000_0000 : 0x7FFF_FFFF
  case (.i32, false): return isNegative ? 0 : 0xFFFF_FFFF
  case (.i64, true): return isNegative ? 1 << 63 : UInt64(Int64.max)
  case (.i64, false): return isNegative ? 0 : .max
  default: return nil
  }
}

private func convert(_ value: UInt64, _ type: Type, to shape: Shape, signed: Bool) -> UInt64? {
  // An i64 is rounded once, directly to the target's width.
  let wide: Int64 = type == .i32 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
  switch (shape, signed) {
  case (.f32, true): return bits(Float(wide))
  case (.f32, false): return bits(Float(value))
  case (.f64, true): return bits(Double(wide))
  case (.f64, false): return bits(Double(value))
  default: return nil
  }
}
