/// A condition on one argument of a system call: `argument & mask == value`.
///
/// A filter sees registers, never what they point to. Where the kernel takes an `int`, it looks at the low 32 bits
/// alone, and so does the condition.
public struct ArgumentCondition: Hashable, Sendable {
  /// 0 to 5.
  public var argument: Int
  public var mask: UInt64
  public var value: UInt64

  /// The argument as an `int` is this.
  static func int(_ argument: Int, is value: UInt32) -> Self {
    Self(argument: argument, mask: 0xFFFF_FFFF, value: UInt64(value))
  }
  /// The argument as an `int` has no bits but these.
  static func int(_ argument: Int, within bits: UInt32) -> Self {
    Self(argument: argument, mask: UInt64(~bits), value: 0)
  }
  /// All 64 bits of the argument are these: a `long`, or a pointer.
  static func word(_ argument: Int, is value: UInt64) -> Self {
    Self(argument: argument, mask: .max, value: value)
  }
  /// The argument is an address in the aligned area of `size` bytes, a power of two, at `start`.
  static func address(_ argument: Int, in start: UInt64, size: UInt64) -> Self {
    Self(argument: argument, mask: ~(size - 1), value: start)
  }
}

/// A system call that may be made if all conditions hold. Several rules for one call are alternatives.
public struct CallRule: Hashable, Sendable {
  public var call: SystemCall
  public var alternative: Alternative

  public struct Alternative: Hashable, Sendable {
    public var conditions: [ArgumentCondition]
    public var action: Action
  }

  public enum Action: Hashable, Sendable {
    case allow
    /// The call fails with this error number, unseen by the kernel.
    case fail(UInt16)
  }

  /// The name must be one of the kernel's: rules are written in tables, not made of input.
  init(_ name: String, _ conditions: ArgumentCondition..., action: Action = .allow) {
    guard let call = SystemCall(named: name) else { preconditionFailure("no system call '\(name)'") }
    self.call = call
    alternative = Alternative(conditions: conditions, action: action)
  }
}
