/// An instruction of the kernel's classic BPF, as `struct sock_filter` (linux/filter.h).
///
/// A machine with one accumulator that only jumps forward. Loads read `struct seccomp_data`: the call's number, the
/// architecture that it was made for, and its arguments, 32 bits at a time.
struct FilterInstruction: Equatable {
  var code: UInt16
  /// Instructions to skip when a comparison is true, or false.
  var whenTrue: UInt8 = 0
  var whenFalse: UInt8 = 0
  var operand: UInt32

  static let size = 8

  // Class, size and mode, or class, operation and source.
  static let loadWord: UInt16 = 0x20
  static let jump: UInt16 = 0x05
  static let jumpIfEqual: UInt16 = 0x15
  static let jumpIfAtLeast: UInt16 = 0x35
  static let jumpIfAnyBit: UInt16 = 0x45
  static let and: UInt16 = 0x54
  static let `return`: UInt16 = 0x06

  static func load(_ field: FilterField) -> Self { Self(code: loadWord, operand: field.offset) }
  static func `return`(_ action: FilterAction) -> Self { Self(code: `return`, operand: action.rawValue) }

  var bytes: [UInt8] {
    littleEndian(code) + [whenTrue, whenFalse] + littleEndian(operand)
  }
}

/// A word of `struct seccomp_data`.
enum FilterField: Hashable {
  case number
  case architecture
  case low(argument: Int)
  case high(argument: Int)

  var offset: UInt32 {
    switch self {
    case .number: 0
    case .architecture: 4
    case .low(let argument): UInt32(16 + 8 * argument)
    case .high(let argument): UInt32(20 + 8 * argument)
    }
  }

  /// Nil where no field starts, and for the instruction pointer.
  init?(offset: UInt32) {
    switch offset {
    case 0: self = .number
    case 4: self = .architecture
    case 16..<64 where offset % 8 == 0: self = .low(argument: Int(offset - 16) / 8)
    case 16..<64 where offset % 8 == 4: self = .high(argument: Int(offset - 20) / 8)
    default: return nil
    }
  }
}

/// What a filter answers (SECCOMP_RET_*).
struct FilterAction: Equatable {
  var rawValue: UInt32

  static let allow = Self(rawValue: 0x7FFF_0000)
  /// Ends all threads by SIGSYS, which can't be caught. A guest that reaches for a call that its program has no use
  /// for is an exploit at work: an error number would let it look for what does work, and a handler for SIGSYS would
  /// run in the process that it has taken over.
  static let killProcess = Self(rawValue: 0x8000_0000)
  static func fail(_ error: UInt16) -> Self { Self(rawValue: 0x0005_0000 | UInt32(error)) }

  init(rawValue: UInt32) { self.rawValue = rawValue }
  init(_ action: CallRule.Action) {
    switch action {
    case .allow: self = .allow
    case .fail(let error): self = .fail(error)
    }
  }
}

/// AUDIT_ARCH_X86_64: what a call by the 64-bit `syscall` instruction says it is. (Those of x32 say so too, but have
/// a bit in their numbers that no rule has.)
let auditArchitectureX86_64: UInt32 = 0xC000_003E
