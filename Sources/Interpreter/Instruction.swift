/// One word of code: 16 bytes. Operations that need more take the words behind it, whose fields mean what the
/// operation says.
///
/// Operands are slots of the running frame, of 8 bytes each, and as wide as they can be: no function is too large.
/// An i32 or f32 in a slot is zero-extended, always, so that slots are copied and compared without regard to types. A
/// v128 takes two slots.
struct Instruction: BitwiseCopyable {
  private var operation: UInt16
  /// The number of a vector operator or an access.
  var aux: UInt16
  var a: UInt32
  var b: UInt32
  var c: UInt32

  init(_ opcode: Opcode, a: UInt32 = 0, b: UInt32 = 0, c: UInt32 = 0, aux: UInt16 = 0) {
    self.init(raw: opcode.rawValue, a: a, b: b, c: c, aux: aux)
  }

  /// - Parameter raw: a number out of `InstructionTable`.
  init(raw: UInt16, a: UInt32 = 0, b: UInt32 = 0, c: UInt32 = 0, aux: UInt16 = 0) {
    (operation, self.aux, self.a, self.b, self.c) = (raw, aux, a, b, c)
  }

  init(_ opcode: Opcode, a: UInt32 = 0, word: UInt64) {
    self.init(
      opcode, a: a, b: UInt32(truncatingIfNeeded: word), c: UInt32(truncatingIfNeeded: word >> 32))
  }

  /// A word behind an operation.
  init(head: UInt64 = 0, word: UInt64) {
    operation = UInt16(truncatingIfNeeded: head)
    aux = UInt16(truncatingIfNeeded: head >> 16)
    a = UInt32(truncatingIfNeeded: head >> 32)
    b = UInt32(truncatingIfNeeded: word)
    c = UInt32(truncatingIfNeeded: word >> 32)
  }

  /// A word behind an operation, of operands.
  init(a: UInt32, b: UInt32 = 0, c: UInt32 = 0) {
    (operation, aux, self.a, self.b, self.c) = (0, 0, a, b, c)
  }

  @inline(__always)
  var opcode: Opcode { unsafeBitCast(operation, to: Opcode.self) }

  /// As `InstructionTable` has it.
  var number: UInt16 { operation }

  @inline(__always)
  var word: UInt64 { UInt64(b) | UInt64(c) << 32 }

  @inline(__always)
  var head: UInt64 { UInt64(operation) | UInt64(aux) << 16 | UInt64(a) << 32 }
}

extension UnsafePointer where Pointee == Instruction {
  /// The second word of a shuffle.
  @inline(__always)
  var shuffleLanes: SIMD16<UInt8> { UnsafeRawPointer(self + 1).loadUnaligned(as: SIMD16<UInt8>.self) }
}

// MARK: - Pointers in words

extension UInt64 {
  @inline(__always)
  init<T>(at pointer: UnsafePointer<T>) { self = UInt64(UInt(bitPattern: pointer)) }
  @inline(__always)
  init<T>(at pointer: UnsafeMutablePointer<T>) { self = UInt64(UInt(bitPattern: pointer)) }
}

extension UnsafePointer {
  /// - Parameter word: never zero.
  @inline(__always)
  init(at word: UInt64) { self = UnsafePointer(bitPattern: UInt(truncatingIfNeeded: word)).unsafelyUnwrapped }
}

extension UnsafeMutablePointer {
  @inline(__always)
  init(at word: UInt64) {
    self = UnsafeMutablePointer(bitPattern: UInt(truncatingIfNeeded: word)).unsafelyUnwrapped
  }
}

extension UnsafeMutablePointer<UInt64> {
  @inline(__always)
  func vector<V: BitwiseCopyable>(_ slot: UInt32, as type: V.Type) -> V {
    UnsafeRawPointer(self + Int(slot)).loadUnaligned(as: type)
  }

  @inline(__always)
  func storeVector<V: BitwiseCopyable>(_ slot: UInt32, _ value: V) {
    UnsafeMutableRawPointer(self + Int(slot)).storeBytes(of: value, as: V.self)
  }
}
