// What semantics.table calls: float and vector arithmetic that Swift's operators don't have. Everything is inlined
// into the loops.

// MARK: - Floats

/// `bitPattern`, which is a call into the standard library.
@inline(__always)
func rawBits(_ x: Float) -> UInt32 { reinterpreted(x) }
@inline(__always)
func rawBits(_ x: Double) -> UInt64 { reinterpreted(x) }

@inline(__always)
private func reinterpreted<T, U>(_ x: T) -> U { unsafeBitCast(x, to: U.self) }

/// NaN if one operand is, -0 below +0 (specification, fmin).
@inline(__always)
func wasmMin<F: BinaryFloatingPoint>(_ x: F, _ y: F) -> F {
  if x < y { return x }
  if y < x { return y }
  // Equal, so that only zeros differ, or not ordered: the sum is a quiet NaN.
  if x == y { return x.sign == .minus ? x : y }
  return x + y
}

@inline(__always)
func wasmMax<F: BinaryFloatingPoint>(_ x: F, _ y: F) -> F {
  if x > y { return x }
  if y > x { return y }
  if x == y { return x.sign == .minus ? y : x }
  return x + y
}

/// Saturating conversions; NaN is 0. An f32 is a Double exactly.
@inline(__always)
func saturatedInt32(_ x: Double) -> Int32 {
  if x != x { return 0 }
  return x <= -2147483648.0 ? .min : x >= 2147483648.0 ? .max : Int32(x)
}
@inline(__always)
func saturatedUInt32(_ x: Double) -> UInt32 {
  if !(x > -1.0) { return 0 }
  return x >= 4294967296.0 ? .max : UInt32(x)
}
@inline(__always)
func saturatedInt64(_ x: Double) -> Int64 {
  if x != x { return 0 }
  return x <= -9223372036854775808.0 ? .min : x >= 9223372036854775808.0 ? .max : Int64(x)
}
@inline(__always)
func saturatedUInt64(_ x: Double) -> UInt64 {
  if !(x > -1.0) { return 0 }
  return x >= 18446744073709551616.0 ? .max : UInt64(x)
}
/// The relaxed conversion: what does not fit is the least integer, as `cvttps2dq` has it (docs/features.md).
@inline(__always)
func indefiniteInt32(_ x: Double) -> Int32 {
  x > -2147483649.0 && x < 2147483648.0 ? Int32(x) : .min
}

// MARK: - Vectors

@inline(__always)
func loaded<T: BitwiseCopyable>(_ p: UnsafeMutableRawPointer, _ type: T.Type) -> T {
  p.loadUnaligned(as: type)
}

/// The lanes of a mask: all ones or zero.
@inline(__always)
func bits<V: SIMD>(_ mask: SIMDMask<V>) -> V where V: BitwiseCopyable { unsafeBitCast(mask, to: V.self) }

extension SIMD {
  @inline(__always)
  init<V: SIMD>(bits: V) { self = unsafeBitCast(bits, to: Self.self) }
}

@inline(__always)
func mapped<V: SIMD>(_ x: V, _ f: (V.Scalar) -> V.Scalar) -> V {
  var result = x
  for lane in 0..<x.scalarCount { result[lane] = f(x[lane]) }
  return result
}

@inline(__always)
func zipped<V: SIMD>(_ x: V, _ y: V, _ f: (V.Scalar, V.Scalar) -> V.Scalar) -> V {
  var result = x
  for lane in 0..<x.scalarCount { result[lane] = f(x[lane], y[lane]) }
  return result
}

/// Between vectors of as many lanes.
@inline(__always)
func converted<V: SIMD, R>(_ x: V, _ f: (V.Scalar) -> R) -> SIMD4<R> {
  SIMD4(f(x[0]), f(x[1]), f(x[2]), f(x[3]))
}

@inline(__always)
func replaced<V: SIMD>(_ x: V, _ lane: Int, _ value: V.Scalar) -> V {
  var result = x
  result[lane] = value
  return result
}

@inline(__always)
func shuffled(_ x: SIMD16<UInt8>, _ y: SIMD16<UInt8>, _ lanes: SIMD16<UInt8>) -> SIMD16<UInt8> {
  let both = SIMD32(lowHalf: x, highHalf: y)
  var result = SIMD16<UInt8>()
  for lane in 0..<16 { result[lane] = both[Int(lanes[lane] & 31)] }
  return result
}

@inline(__always)
func allTrue<V: SIMD>(_ x: V) -> Bool where V.Scalar: FixedWidthInteger {
  for lane in 0..<x.scalarCount where x[lane] == 0 { return false }
  return true
}

@inline(__always)
func bitmask<V: SIMD>(_ x: V) -> UInt32 where V.Scalar: SignedInteger {
  var result: UInt32 = 0
  for lane in 0..<x.scalarCount where x[lane] < 0 { result |= 1 << UInt32(lane) }
  return result
}

/// Lanes from `first` on, as many as the wider result has.
@inline(__always)
func widened<V: SIMD, R: SIMD>(_ x: V, _ first: Int, into: R.Type) -> R
where V.Scalar: FixedWidthInteger, R.Scalar: FixedWidthInteger {
  var result = R()
  for lane in 0..<result.scalarCount { result[lane] = R.Scalar(truncatingIfNeeded: x[first + lane]) }
  return result
}

@inline(__always)
func narrowed<V: SIMD, R: SIMD>(_ x: V, _ y: V, into: R.Type) -> R
where V.Scalar: FixedWidthInteger, R.Scalar: FixedWidthInteger {
  var result = R()
  for lane in 0..<x.scalarCount {
    result[lane] = R.Scalar(clamping: x[lane])
    result[x.scalarCount + lane] = R.Scalar(clamping: y[lane])
  }
  return result
}

@inline(__always)
func pairSums<V: SIMD, R: SIMD>(_ x: V, into: R.Type) -> R
where V.Scalar: FixedWidthInteger, R.Scalar: FixedWidthInteger {
  var result = R()
  for lane in 0..<result.scalarCount {
    result[lane] =
      R.Scalar(truncatingIfNeeded: x[2 * lane]) &+ R.Scalar(truncatingIfNeeded: x[2 * lane + 1])
  }
  return result
}

@inline(__always)
func dotProducts(_ x: SIMD8<Int16>, _ y: SIMD8<Int16>) -> SIMD4<Int32> {
  var result = SIMD4<Int32>()
  for lane in 0..<4 {
    // Twice the square of -32768 wraps.
    result[lane] =
      Int32(x[2 * lane]) &* Int32(y[2 * lane]) &+ Int32(x[2 * lane + 1]) &* Int32(y[2 * lane + 1])
  }
  return result
}

/// As `pmaddubsw` has it: the second operand's bytes are unsigned, the sums saturate (docs/features.md).
@inline(__always)
func relaxedDot(_ x: SIMD16<Int8>, _ y: SIMD16<UInt8>) -> SIMD8<Int16> {
  var result = SIMD8<Int16>()
  for lane in 0..<8 {
    result[lane] = Int16(
      clamping: Int32(x[2 * lane]) &* Int32(y[2 * lane]) &+ Int32(x[2 * lane + 1]) &* Int32(y[2 * lane + 1]))
  }
  return result
}
